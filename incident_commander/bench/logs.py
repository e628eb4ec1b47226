"""`bench logs`: how well log lines are grouped by template, one configuration for all systems, beside published peers.

Grouping accuracy as in Zhu et al., "Tools and Benchmarks for Automated Log Parsing" (ICSE-SEIP 2019), section III: a
message is right when those that share its mined template are exactly those that share its label.
"""

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median

from pydantic import JsonValue

from ..analysis.log_templates import mine_templates
from .figures import table
from .log_data import LabelledLog, read_labelled_logs

_RUNS = 5
_DRAIN: Mapping[str, float] = {
    "HDFS": 0.998, "Hadoop": 0.948, "Spark": 0.920, "Zookeeper": 0.967, "BGL": 0.963, "HPC": 0.887,
    "Thunderbird": 0.955, "Windows": 0.997, "Linux": 0.690, "Android": 0.911, "HealthApp": 0.780, "Apache": 1.0,
    "Proxifier": 0.527, "OpenSSH": 0.788, "OpenStack": 0.733, "Mac": 0.787,
}  # fmt: skip
"""Published accuracy of Drain, configured for each system (Zhu et al. 2019, table II). Shown, never used."""
_PUBLISHED = "Published means of 16 systems: Drain configured for each .865, Brain (Yu et al. 2023) .983."


@dataclass(frozen=True, slots=True)
class SystemResult:
    """How one system's log was grouped. `events`: labelled templates; `templates`: mined ones."""

    system: str
    lines: int
    events: int
    templates: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class LogsResult:
    """What one run measured. `lines_per_second`: of mining alone, median of five runs over all systems."""

    systems: tuple[SystemResult, ...]
    lines_per_second: float

    @property
    def mean(self) -> float:
        """Mean accuracy, each system counted alike."""
        return fmean(each.accuracy for each in self.systems)

    def as_json(self) -> dict[str, JsonValue]:
        """The result as one JSON object."""
        return {
            "systems": {each.system: each.accuracy for each in self.systems},
            "mean": self.mean,
            "lines_per_second": self.lines_per_second,
        }


def run_logs(folder: Path) -> LogsResult:
    """Mine and score every system of a folder.

    Raises:
        BadData: The folder cannot be read.
    """
    logs = read_labelled_logs(folder)
    lines = sum(len(log.messages) for log in logs)
    return LogsResult(tuple(_score(log) for log in logs), lines / median(_mining_seconds(logs) for _ in range(_RUNS)))


def grouping_accuracy(groups: Sequence[Hashable], labels: Sequence[Hashable]) -> float:
    """Share of the items whose group holds exactly the items of one label; both sequences are of one length."""
    of_group: dict[Hashable, list[int]] = {}
    of_label: dict[Hashable, list[int]] = {}
    for i, (group, label) in enumerate(zip(groups, labels, strict=True)):
        of_group.setdefault(group, []).append(i)
        of_label.setdefault(label, []).append(i)
    right = {tuple(members) for members in of_label.values()}
    return sum(len(members) for members in of_group.values() if tuple(members) in right) / len(groups)


def logs_table(result: LogsResult) -> str:
    """The result for people, the published peers beside."""
    rows = [
        (each.system, str(each.lines), str(each.events), str(each.templates), f"{each.accuracy:.3f}", _drain(each))
        for each in result.systems
    ]
    published = [_DRAIN[each.system] for each in result.systems if each.system in _DRAIN]
    whole = len(published) == len(result.systems)
    rows.append(("mean", "", "", "", f"{result.mean:.3f}", f"{fmean(published):.3f}" if whole else "-"))
    head = ("system", "lines", "events", "templates", "grouping accuracy", "Drain, per system")
    speed = f"{result.lines_per_second:,.0f} lines/s, median of {_RUNS} runs"
    return "\n".join((table(head, rows), "", speed, _PUBLISHED))


def _drain(result: SystemResult) -> str:
    return f"{_DRAIN[result.system]:.3f}" if result.system in _DRAIN else "-"


def _score(log: LabelledLog) -> SystemResult:
    mined = mine_templates(log.messages)
    forms = [template.form for template in mined.of_lines]
    accuracy = grouping_accuracy(forms, log.events)
    return SystemResult(log.system, len(forms), len(set(log.events)), len(mined.templates), accuracy)


def _mining_seconds(logs: Sequence[LabelledLog]) -> float:
    begun = time.perf_counter()
    for log in logs:
        mine_templates(log.messages)
    return time.perf_counter() - begun
