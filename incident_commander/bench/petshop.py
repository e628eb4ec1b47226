"""`bench petshop`: the service at fault from CloudWatch metrics and the X-Ray graph, beside what its authors measured.

Judged by the authors' rules (github.com/amazon-science/petshop-root-cause-analysis, rca_task.py): a ranking is right at
k when the labelled node is among its first k, by name; specificity is the share of stretches of normal times in which
nothing is named.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np
from pydantic import JsonValue

from ..analysis.excess_harm import CallMetrics, Harm
from ..analysis.localisation import Localisation, localise
from ..domain.telemetry import FloatArray
from .figures import table
from .petshop_data import MetricTable, PetShopScenario, Split, Target, read_petshop
from .reading import BadData

TargetMetric = Literal["latency", "availability"]
_HARMS: Mapping[str, Harm] = {"latency": "latency", "availability": "errors"}
_PERCENT = 100.0
_PUBLISHED = (
    ("traversal (mean of 10 hash seeds)", ".653", ".856"),
    ("traversal (best of 10 hash seeds)", ".694", ".889"),
    ("ranked correlation", ".667", ".806"),
    ("CIRCA", ".278", ".722"),
)


@dataclass(frozen=True, slots=True)
class IssueResult:
    """How one issue went. `rank`: place of the labelled node, from 1; None where it was not named."""

    scenario: str
    split: Split
    issue: str
    metric: str
    rank: int | None
    named: tuple[str, ...]
    probability: float
    seconds: float


@dataclass(frozen=True, slots=True)
class NormalResult:
    """The stretches of normal times of one scenario and target, and in how many of them nothing was named."""

    scenario: str
    metric: str
    stretches: int
    quiet: int


@dataclass(frozen=True, slots=True)
class PetShopResult:
    """What one run measured. `seconds`: of all localisations, reading the files not included."""

    issues: tuple[IssueResult, ...]
    normal: tuple[NormalResult, ...]
    left_out: tuple[str, ...]
    seconds: float

    def as_json(self) -> dict[str, JsonValue]:
        """The result as one JSON object; a share of nothing is null."""
        names = sorted({each.scenario for each in self.normal} | {each.scenario for each in self.issues})
        return {
            **_recall(self.issues),
            "specificity_latency": specificity(self.normal, "latency"),
            "specificity_availability": specificity(self.normal, "availability"),
            "seconds": self.seconds,
            "seconds_per_issue": fmean(each.seconds for each in self.issues) if self.issues else None,
            "slowest_issue_seconds": max((each.seconds for each in self.issues), default=None),
            "per_scenario": {name: self._scenario(name) for name in names},
            "left_out": list(self.left_out),
        }

    def of(self, scenario: str, split: Split) -> tuple[IssueResult, ...]:
        """The issues of one scenario and split."""
        return tuple(each for each in self.issues if (each.scenario, each.split) == (scenario, split))

    def _scenario(self, name: str) -> dict[str, JsonValue]:
        normal = [each for each in self.normal if each.scenario == name]
        splits: dict[str, JsonValue] = {}
        for split in ("train", "test"):
            if issues := [each for each in self.issues if (each.scenario, each.split) == (name, split)]:
                splits[split] = {
                    **_recall(issues),
                    "ranks": {each.issue: each.rank for each in issues},
                }
        return {
            **splits,
            "specificity_latency": specificity(normal, "latency"),
            "specificity_availability": specificity(normal, "availability"),
        }


def run_petshop(folder: Path) -> PetShopResult:
    """Localise every issue of a folder in the data set's layout, and every stretch of its normal times.

    Raises:
        BadData: The folder cannot be read, or a target has no metrics.
    """
    data = read_petshop(folder)
    begun = time.perf_counter()
    issues: list[IssueResult] = []
    normal: list[NormalResult] = []
    for scenario in data.scenarios:
        for issue in scenario.issues:
            where = f"{folder}: {scenario.name}/{issue.split}/{issue.name}"
            started = time.perf_counter()
            found = locate(scenario, issue.target, scenario.normal, issue.metrics, where)
            named = tuple(suspect.node for suspect in found.suspects)
            rank = named.index(issue.label.node) + 1 if issue.label.node in named else None
            probability = found.suspects[0].probability if found.suspects else 0.0
            issues.append(
                IssueResult(
                    scenario.name, issue.split, issue.name, issue.target.metric, rank, named, probability,
                    time.perf_counter() - started,
                )
            )  # fmt: skip
        normal.extend(_normal_times(scenario, folder))
    return PetShopResult(tuple(issues), tuple(normal), data.left_out, time.perf_counter() - begun)


def locate(
    scenario: PetShopScenario, target: Target, reference: MetricTable, window: MetricTable, where: str
) -> Localisation:
    """Rank the suspects of one window. `where` names the case in errors.

    Raises:
        BadData: The target is not among the metrics.
    """
    if target.metric not in _HARMS:
        raise BadData(f"{where}: target metric {target.metric!r}; known are {', '.join(sorted(_HARMS))}")
    if (target.node, target.metric, target.agg) not in window.columns:
        raise BadData(
            f"{where}: target {target.node!r} {target.metric!r} {target.agg!r} has no column in metrics.csv; "
            "compare target.json with its head"
        )
    harm = _HARMS[target.metric]
    other: Harm = "errors" if harm == "latency" else "latency"
    alerted = call_metrics(harm, target.agg, reference, window)
    return localise(scenario.calls, target.node, alerted, call_metrics(other, "Average", reference, window))


def call_metrics(harm: Harm, statistic: str, reference: MetricTable, window: MetricTable) -> CallMetrics:
    """One kind of harm of every node that either table has a column for."""
    metric = "latency" if harm == "latency" else "availability"
    nodes = tuple(sorted({
        node for columns in (reference.columns, window.columns)
        for node, of, by in columns if (of, by) == (metric, statistic)
    }))  # fmt: skip

    def picked(source: MetricTable, of: str, by: str) -> FloatArray:
        blank = np.full(source.timestamps.size, np.nan)
        columns = [source.columns.get((node, of, by)) for node in nodes]
        picks = [blank if column is None else source.values[:, column] for column in columns]
        return np.column_stack(picks) if picks else np.empty((source.timestamps.size, 0))

    def harmed(source: MetricTable) -> FloatArray:
        values = picked(source, metric, statistic)
        return values if harm == "latency" else np.asarray(1.0 - values / _PERCENT)

    return CallMetrics(
        harm,
        nodes,
        harmed(reference),
        harmed(window),
        picked(reference, "requests", "Sum"),
        picked(window, "requests", "Sum"),
    )


def specificity(normal: Iterable[NormalResult], metric: TargetMetric) -> float | None:
    """Mean over scenarios and targets of the share of normal stretches in which nothing was named; None without any."""
    shares = [each.quiet / each.stretches for each in normal if each.metric == metric and each.stretches]
    return fmean(shares) if shares else None


def petshop_table(result: PetShopResult) -> str:
    """The result for people, the published peers beside."""
    rows: list[tuple[str, ...]] = []
    whole = result.as_json()
    for name in sorted({each.scenario for each in result.normal}):
        normal = [each for each in result.normal if each.scenario == name]
        quiet = [_share(specificity(normal, "latency")), _share(specificity(normal, "availability"))]
        splits: tuple[Split, ...] = ("train", "test")
        for split in splits:
            if issues := result.of(name, split):
                rows.append((f"{name}, {split}", str(len(issues)), _top(issues, 1), _top(issues, 3), *quiet))
    quiet = [_share(specificity(result.normal, "latency")), _share(specificity(result.normal, "availability"))]
    rows.append(("all", str(len(result.issues)), _top(result.issues, 1), _top(result.issues, 3), *quiet))
    head = ("", "issues", "top-1", "top-3", "specificity: latency", "availability")
    missed = [
        f"{each.scenario} {each.split} {each.issue} ({each.metric}): "
        + (f"place {each.rank}, behind {each.named[0]}" if each.rank else f"not named; {_first(each.named)}")
        for each in result.issues
        if each.rank != 1
    ]
    slowest = whole["slowest_issue_seconds"]
    lines = [
        table(head, rows),
        "",
        *(["Not in first place:", *(f"  {line}" for line in missed), ""] if missed else []),
        f"{result.seconds:.2f} s in all" + (f", {slowest:.3f} s the slowest issue" if slowest is not None else ""),
        *(f"left out: {why}" for why in result.left_out),
        "",
        "The authors' own code on their 36 test issues of low and high traffic; specificity on normal latency .167 to "
        ".333:",
        table(("", "top-1", "top-3"), _PUBLISHED),
    ]
    return "\n".join(lines)


def _normal_times(scenario: PetShopScenario, folder: Path) -> Iterable[NormalResult]:
    targets = {(issue.target.node, issue.target.metric, issue.target.agg): issue.target for issue in scenario.issues}
    n_rows = scenario.normal.timestamps.size
    step = max(1, int(n_rows * 0.1))
    for _, target in sorted(targets.items()):
        quiet = [
            not locate(
                scenario, target, scenario.normal.rows(0, at), scenario.normal.rows(at), f"{folder}: {scenario.name}"
            ).suspects
            for at in range(n_rows // 2, n_rows - 3, step)
        ]
        yield NormalResult(scenario.name, target.metric, len(quiet), sum(quiet))


def _recall(issues: Iterable[IssueResult]) -> dict[str, JsonValue]:
    ranks = [each.rank for each in issues]
    return {
        "issues": len(ranks),
        "top1": _within(ranks, 1),
        "top3": _within(ranks, 3),
    }


def _within(ranks: list[int | None], k: int) -> float | None:
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks) if ranks else None


def _top(issues: Iterable[IssueResult], k: int) -> str:
    return _share(_within([each.rank for each in issues], k))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _first(named: tuple[str, ...]) -> str:
    return f"{named[0]} is first" if named else "nothing is"
