"""Measurements in words: amounts with their units, and a deviation as one sentence a person can check."""

from ..domain.telemetry import from_epoch
from .anomaly import Deviation

_LONGEST = 1e12


def amount(value: float, unit: str) -> str:
    """A value with its unit, rounded to what a person reads."""
    match unit:
        case "ratio":
            return f"{_figures(value * 100, 3)} %"
        case "percent" | "%":
            return f"{_figures(value, 3)} %"
        case "per_second":
            return f"{_figures(value, 3)}/s"
        case "count" | "":
            return _figures(value, 4)
        case "seconds":
            return f"{_figures(value, 3)} s"
        case _:
            return f"{_figures(value, 4)} {unit}"


def _figures(value: float, figures: int) -> str:
    """A number with so many figures; `12,300` rather than `1.23e+04`."""
    rounded = float(f"{value:.{figures}g}")
    return f"{rounded:,.0f}" if 10.0**figures <= abs(rounded) < _LONGEST else f"{rounded:.{figures}g}"


def multiple(factor: float) -> str:
    """How many times the usual: `4.4`; from next to nothing it is `over 100`."""
    return "over 100" if factor > 100.0 else f"{factor:.2g}"


def sentence(deviation: Deviation) -> str:
    """`connection pool utilization of orders-db rose from 41 % to 98 % at 09:31:20`."""
    series, excursion = deviation.series, deviation.excursion
    verb = "rose" if excursion.direction == "up" else "fell"
    tail = "" if excursion.ongoing else f", back to {amount(excursion.latest, series.unit)} since"
    return (
        f"{series.metric.replace('_', ' ')} of {series.service} {verb} from {amount(excursion.baseline, series.unit)}"
        f" to {amount(excursion.extreme, series.unit)} at {from_epoch(deviation.onset):%H:%M:%S}{tail}"
    )
