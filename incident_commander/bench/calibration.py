"""`bench calibration`: whether stated probabilities hold, fitted on one half of seeds or folds, reported on the other.

Sources: practice runs (the leading cause, the other listed causes), forecasts of simulated series, and with a folder
also the data sets found in it, each told by its layout: forecasts of given series, suspects of an issue, first failing
services of recorded cases.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ..analysis.calibration import LogOdds, Reliability, Stated, fit_log_odds, mapped, reliability
from ..analysis.calibration_report import CalibrationReport, SourceReport
from ..analysis.forecast import time_to_limit
from .diagnoses import Diagnosed
from .figures import table
from .forecast import ask
from .forecast_series import LimitedSeries, given, simulated
from .petshop import run_petshop
from .reading import BadData
from .rootcause import run_rootcause

FORECAST_SEEDS = 12
"""Seeds of simulated series from 0 on, the even ones to fit on."""
LEGEND = """\
Brier: mean squared distance of probability and outcome; same for all: that of always stating the share that came true.
error: mean distance of stated and true share over ten bands. calibrated: after a map of the log odds that was fitted on
the other half; it is reported only, and changes no stated probability."""


@dataclass(frozen=True, slots=True)
class Halves:
    """Statements of one kind, parted by seed or fold before anything is fitted."""

    name: str
    fitted_on: str
    reported_on: str
    fitted: list[Stated] = field(default_factory=list)
    reported: list[Stated] = field(default_factory=list)

    def half(self, number: int) -> list[Stated]:
        """The half that a seed, or a fold's number, belongs to: the even ones are fitted on."""
        return self.reported if number % 2 else self.fitted


def practice_halves(runs: Iterable[Diagnosed], seeds: range) -> list[Halves]:
    """What was stated of the causes in practice runs; one is true where its service and its kind of fault are so."""
    span = f"seeds of {seeds[0]} to {seeds[-1]}"
    lead, others = (
        Halves(name, f"practice runs, even {span}", f"practice runs, odd {span}")
        for name in ("leading cause", "other listed causes")
    )
    for run in runs:
        for each in run.hypotheses:
            true = (each.service, each.fault) == (run.expected_service, run.expected_fault)
            (lead if each.rank == 1 else others).half(run.seed).append(Stated(each.probability, true))
    return [lead, others]


def forecast_halves(seeds: int = FORECAST_SEEDS) -> Halves:
    """Crossings of simulated series within their horizon."""
    span = f"seeds of 0 to {seeds - 1}"
    halves = Halves("crossings of simulated series", f"simulated series, even {span}", f"simulated series, odd {span}")
    for seed in range(seeds):
        halves.half(seed).extend(_crossings(simulated(range(seed, seed + 1))))
    return halves


def data_halves(folder: Path) -> list[Halves]:
    """What is stated of the data sets in a folder, or of the one that it is.

    Raises:
        BadData: none is there, or one cannot be read.
    """
    if not folder.is_dir():
        raise BadData(f"{folder} is no folder; give --data one that holds data sets, or a data set")
    children = sorted(path for path in folder.iterdir() if path.is_dir())
    found = [halves for root in (folder, *children) for halves in _of(root)]
    if not found:
        raise BadData(
            f"{folder} holds no data set whose layout is known: data/*/*.csv with labels, dataset/*/graph.csv, or "
            "cases/*/ground_truth.json, there or one folder below"
        )
    return found


def report_of(halves: Sequence[Halves], measured_at: datetime, command: str) -> CalibrationReport:
    """Fit each source's map on its one half and report raw and calibrated on the other."""
    sources, left_out = [], []
    for each in halves:
        fit = fit_log_odds(each.fitted)
        raw, calibrated = reliability(each.reported), reliability(mapped(each.reported, fit))
        if raw is None or calibrated is None:
            left_out.append(f"{each.name}: nothing was stated in {each.reported_on}")
            continue
        sources.append(
            SourceReport(
                name=each.name, fitted_on=each.fitted_on, reported_on=each.reported_on, fitted=len(each.fitted),
                map=fit, raw=raw, calibrated=calibrated,
            )
        )  # fmt: skip
    return CalibrationReport(measured_at=measured_at, command=command, sources=tuple(sources), left_out=tuple(left_out))


def calibration_table(report: CalibrationReport) -> str:
    """For people: one line a source, then the bands of each."""
    head = ("", "reported on", "came true", "Brier", "same for all", "error", "calibrated: Brier", "error", "map")
    rows = [
        (
            each.name, str(each.raw.count), str(each.raw.true), f"{each.raw.brier:.3f}", f"{each.raw.base_brier:.3f}",
            f"{each.raw.error:.3f}", f"{each.calibrated.brier:.3f}", f"{each.calibrated.error:.3f}", _map(each.map),
        )
        for each in report.sources
    ]  # fmt: skip
    bands = [
        f"\n{each.name}, reported on {each.reported_on}, as stated:\n{_bands(each.raw)}" for each in report.sources
    ]
    left_out = "".join(f"\nleft out: {why}" for why in report.left_out)
    return f"{table(head, rows)}\n{LEGEND}\n" + "\n".join(bands) + left_out


def _map(each: LogOdds) -> str:
    return f"{each.slope:.2f} x {each.shift:+.2f}"


def _bands(held: Reliability) -> str:
    rows = [
        (f"{b.low:.1f} to {b.high:.1f}", str(b.count), f"{b.stated:.3f}", f"{b.true / b.count:.3f}") for b in held.bands
    ]
    return table(("band", "count", "stated", "came true"), rows)


def _crossings(cases: Sequence[LimitedSeries]) -> Iterator[Stated]:
    for case in cases:
        for each in ask(time_to_limit, case):
            yield Stated(each.forecast.probability, each.came)


def _of(root: Path) -> Iterator[Halves]:
    """The statements of one data set, told by its layout; nothing where it has none of them."""
    odd, even = "the first, third, fifth, ... of its", "the second, fourth, sixth, ... of its"
    if any(root.glob("data/*/*.csv")):
        halves = Halves(f"crossings of given series ({root.name})", f"{odd} series", f"{even} series")
        # Each series is asked about in four ways; all of them belong to the same half.
        for number, case in enumerate(given(root)):
            halves.half(number // 4).extend(_crossings([case]))
        yield halves
    if any(root.glob("dataset/*/graph.csv")):
        halves = Halves(f"first suspect of an issue ({root.name})", f"{odd} issues", f"{even} issues")
        for number, issue in enumerate(run_petshop(root).issues):
            if issue.named:
                halves.half(number).append(Stated(issue.probability, issue.rank == 1))
        yield halves
    if any(root.glob("cases/*/ground_truth.json")):
        halves = Halves(f"first failing service of a case ({root.name})", f"{odd} cases", f"{even} cases")
        for number, result in enumerate(run_rootcause(root).cases):
            if result.first_failing:
                halves.half(number).append(Stated(result.probability, result.first_failing_right))
        yield halves
