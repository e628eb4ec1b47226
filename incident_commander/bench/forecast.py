"""`bench forecast`: when a limit is crossed, or that it is not going to be, beside two simpler forecasters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from pydantic import JsonValue

from ..analysis.forecast import Forecast, time_to_limit
from ..domain.telemetry import FloatArray
from .figures import table
from .forecast_peers import last_value, linear
from .forecast_series import FAMILIES, Direction, LimitedSeries, given, simulated

Forecaster = Callable[[FloatArray, FloatArray, float, Direction, float], Forecast | None]
FORECASTERS: dict[str, Forecaster] = {"ours": time_to_limit, "linear": linear, "last value": last_value}
REPORTED_SEEDS = range(1, 40, 2)
"""Seeds to report on; what is fitted is fitted on even ones."""
LEGEND = """\
A forecast is asked for at up to 24 rows of each series, before the crossing, from the rows up to there. A warning says
that the crossing is more likely than not within the horizon. coverage: share of the warnings of series that cross in
which the crossing lies within the 80 % interval. lead time: median over the series that cross, in seconds, from the
first warning with a crossing within its horizon to that crossing; without one, 0. warned: share of those with one.
false crossings: share of all warnings made for series that never cross; alarmed: share of those series with a
warning. Brier: of the probability that the limit is crossed within the horizon, over all forecasts."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One forecast and what came to pass.

    Attributes:
        actual: Seconds to the crossing; None where the series never crosses any more.
        horizon: Seconds.
    """

    forecast: Forecast
    actual: float | None
    horizon: float

    @property
    def warned(self) -> bool:
        """Whether it called the crossing more likely than not."""
        return self.forecast.going_to

    @property
    def came(self) -> bool:
        """Whether the limit was crossed within the horizon."""
        return self.actual is not None and self.actual <= self.horizon

    @property
    def covered(self) -> bool:
        """Whether the crossing lies within the interval."""
        earliest, latest = self.forecast.earliest, self.forecast.latest
        if self.actual is None or earliest is None:
            return False
        return earliest <= self.actual and (latest is None or self.actual <= latest)


@dataclass(frozen=True, slots=True)
class ForecastScores:
    """What a forecaster reached; None where nothing can be said.

    Attributes:
        crossing: How many of the series cross.
        warnings: How many forecasts were warnings.
    """

    series: int
    crossing: int
    warnings: int
    coverage: float | None
    lead_time_seconds: float | None
    warned: float | None
    false_crossings: float | None
    alarmed: float | None
    brier: float | None

    def as_json(self) -> dict[str, JsonValue]:
        """The scores as one JSON object."""
        return {
            "series": self.series,
            "coverage": self.coverage,
            "lead_time_seconds": self.lead_time_seconds,
            "false_crossings": self.false_crossings,
            "crossing": self.crossing,
            "warnings": self.warnings,
            "share_of_crossings_warned": self.warned,
            "share_of_others_alarmed": self.alarmed,
            "brier": self.brier,
        }


@dataclass(frozen=True, slots=True)
class ForecastResult:
    """Scores by forecaster, and of ours by family; `source` says which series."""

    source: str
    scores: dict[str, ForecastScores]
    families: dict[str, ForecastScores]

    def as_json(self) -> dict[str, JsonValue]:
        """Our scores, with the peers' and the families' beside, as one JSON object."""
        ours = self.scores["ours"].as_json()
        return {
            **ours,
            "peers": {name.replace(" ", "_"): s.as_json() for name, s in self.scores.items() if name != "ours"},
            "families": {name: each.as_json() for name, each in self.families.items()},
            "source": self.source,
        }


def run_forecast(data: Path | None = None, seeds: range = REPORTED_SEEDS) -> ForecastResult:
    """Forecast the simulated series, or those of a folder in NAB's layout.

    Raises:
        BadData: the folder holds no such series, or one cannot be read.
    """
    if data is None:
        cases = simulated(seeds)
        source = f"{len(FAMILIES)} simulated families, seeds {seeds.start} to {seeds[-1]} in steps of {seeds.step}"
    else:
        cases = given(data)
        source = f"the series of {data}, four limits each"
    asked = {name: [ask(forecaster, case) for case in cases] for name, forecaster in FORECASTERS.items()}
    scores = {name: score_forecasts(each) for name, each in asked.items()}
    families: dict[str, ForecastScores] = {}
    for family in dict.fromkeys(case.family for case in cases):
        own = [each for case, each in zip(cases, asked["ours"], strict=True) if case.family == family]
        families[family] = score_forecasts(own)
    return ForecastResult(source, scores, families)


def ask(forecaster: Forecaster, case: LimitedSeries) -> list[Asked]:
    """Every forecast of a series, each from the rows up to where it is asked for; not where it is beyond already."""
    found = []
    for row in case.asked:
        actual = case.seconds_to_crossing(row)
        if actual == 0.0:
            continue
        seen = slice(0, row + 1)
        forecast = forecaster(
            case.timestamps[seen], case.values[seen], case.limit, case.direction, case.horizon_seconds
        )
        if forecast is not None:
            found.append(Asked(forecast, actual, case.horizon_seconds))
    return found


def score_forecasts(asked: Sequence[Sequence[Asked]]) -> ForecastScores:
    """Score the forecasts of each series."""
    crossing = [each for each in asked if any(one.actual is not None for one in each)]
    others = [each for each in asked if each and all(one.actual is None for one in each)]
    told = [one for each in crossing for one in each if one.warned and one.actual is not None]
    false = sum(one.warned for each in others for one in each)
    warnings = false + sum(one.warned for each in crossing for one in each)
    leads = [next((one.actual for one in each if one.warned and one.came), None) for each in crossing]
    every = [one for each in asked for one in each]
    return ForecastScores(
        series=len(asked),
        crossing=len(crossing),
        warnings=warnings,
        coverage=_share(sum(one.covered for one in told), len(told)),
        lead_time_seconds=median(lead or 0.0 for lead in leads) if leads else None,
        warned=_share(sum(lead is not None for lead in leads), len(leads)),
        false_crossings=_share(false, warnings),
        alarmed=_share(sum(any(one.warned for one in each) for each in others), len(others)),
        brier=_share(sum((one.forecast.probability - one.came) ** 2 for one in every), len(every)),
    )


def forecast_table(result: ForecastResult) -> str:
    """The result for people."""
    head = ("", "series", "crossing", "coverage", "lead time", "warned", "false crossings", "alarmed", "Brier")
    rows = [_row(name, scores) for name, scores in result.scores.items()]
    families = [_row(name, scores) for name, scores in result.families.items()]
    return f"{result.source}\n\n{table(head, rows)}\n\nOurs by kind:\n{table(head, families)}\n\n{LEGEND}"


def _row(name: str, scores: ForecastScores) -> tuple[str, ...]:
    return (
        name,
        str(scores.series),
        str(scores.crossing),
        _text(scores.coverage),
        "-" if scores.lead_time_seconds is None else f"{scores.lead_time_seconds:,.0f} s",
        _text(scores.warned),
        _text(scores.false_crossings),
        _text(scores.alarmed),
        _text(scores.brier),
    )


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
