"""Measurements in words: amounts with their units, and a deviation as one sentence a person can check."""

from ..domain.telemetry import from_epoch
from .anomaly import Deviation


def amount(value: float, unit: str) -> str:
    """A value with its unit, rounded to what a person reads."""
    match unit:
        case "ratio":
            return f"{value * 100:.3g} %"
        case "percent" | "%":
            return f"{value:.3g} %"
        case "per_second":
            return f"{value:.3g}/s"
        case "count" | "":
            return f"{value:.4g}"
        case "seconds":
            return f"{value:.3g} s"
        case _:
            return f"{value:.4g} {unit}"


def sentence(deviation: Deviation) -> str:
    """`connection pool utilization of orders-db rose from 41 % to 98 % at 09:31:20`."""
    series, excursion = deviation.series, deviation.excursion
    verb = "rose" if excursion.direction == "up" else "fell"
    tail = "" if excursion.ongoing else f", back to {amount(excursion.latest, series.unit)} since"
    return (
        f"{series.metric.replace('_', ' ')} of {series.service} {verb} from {amount(excursion.baseline, series.unit)}"
        f" to {amount(excursion.extreme, series.unit)} at {from_epoch(deviation.onset):%H:%M:%S}{tail}"
    )
