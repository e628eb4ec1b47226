"""Reading a case folder as a whole: every file that is there, and a gap for each that is not, or is broken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from ...domain.provenance import Provenance
from ...domain.telemetry import Gap, LogRecord, MetricSeries, Observations, Signal, Span, Topology, Window, from_epoch
from .alert import FILE as ALERT
from .alert import CaseAlert, read_alert
from .context import read_commits, read_deploys, read_flags, read_topology
from .documents import CaseFolderError, Skipped
from .logs import read_logs, read_patterns
from .metrics import DAYS_AFTER, DAYS_BEFORE, read_metrics
from .status import read_status
from .traces import read_traces

METRICS, LOGS, PATTERNS = "metrics.csv", "logs.ndjson", "patterns.json"
TRACES, STATUS, CONTEXT = "traces.json", "status_feed.json", "context"
DEPLOYS, COMMITS, FLAGS, TOPOLOGY = (f"context/{name}.json" for name in ("deploys", "commits", "flags", "topology"))
KNOWN = frozenset((ALERT, METRICS, LOGS, PATTERNS, TRACES, STATUS, DEPLOYS, COMMITS, FLAGS, TOPOLOGY))
_ANSWERS = ("ground_truth", "ground-truth")
"""What files that hold the answer begin with: they are never opened."""
_DATA = (".json", ".ndjson", ".jsonl", ".csv", ".log", ".txt")
_LAG = timedelta(minutes=5)
"""How far behind the alert metrics may end and still tell how things stood when it fired."""

T = TypeVar("T")
Timed = TypeVar("Timed", LogRecord, Span)


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """A recorded incident.

    Attributes:
        observations: Its window spans metrics, logs and traces; changes may be older, or younger than its end.
    """

    alert: CaseAlert
    observations: Observations


def read_case(folder: Path) -> CaseFolder:
    """Read the case folder that holds alert.json; whatever else is missing or broken is a gap of the observations.

    Raises:
        CaseFolderError: there is no such folder, or no usable alert in it; says what to do.
    """
    _check(folder)
    alert = read_alert(folder / ALERT)
    fired_at = alert.fired_at
    files = _Files(folder)
    metrics = files.read(METRICS, lambda path: read_metrics(path, fired_at.timestamp()))
    logs = files.read(LOGS, lambda path: _near(read_logs(path), fired_at, lambda record: record.at))
    summaries = files.read(PATTERNS, read_patterns)
    traces = files.read(TRACES, lambda path: _near(read_traces(path), fired_at, lambda span: span.start))
    providers = files.read(STATUS, read_status)
    changes = (*files.read(DEPLOYS, read_deploys), *files.read(COMMITS, read_commits), *files.read(FLAGS, read_flags))
    topologies = files.read(TOPOLOGY, read_topology)
    return CaseFolder(
        alert=alert,
        observations=Observations(
            window=_window(fired_at, metrics, (*(record.at for record in logs), *(span.start for span in traces))),
            onset_hint=fired_at,
            metrics=metrics,
            logs=logs,
            traces=traces,
            changes=tuple(sorted(changes, key=lambda change: change.at)),
            log_summaries=summaries,
            providers=providers,
            topology=topologies[0] if topologies else Topology(),
            gaps=(*files.gaps, *files.missing(traced=any(span.parent_id for span in traces)), *files.unknown()),
            provenance=Provenance(kind="recorded", source="local"),
        ),
    )


class _Files:
    """The files of one folder: reads those that are there and keeps the gaps."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._present = frozenset(_names(folder))
        self.gaps: list[Gap] = []

    def read(self, name: str, reader: Callable[[Path], tuple[tuple[T, ...], Skipped]]) -> tuple[T, ...]:
        """What a file holds; nothing where there is no such file."""
        if name not in self._present:
            return ()
        found, skipped = reader(self._folder / name)
        self.gaps.extend(skipped.found())
        return found

    def missing(self, traced: bool) -> tuple[Gap, ...]:
        """A gap for each kind of telemetry of which a file is missing; traces that show the calls stand in for one."""
        wanted: tuple[tuple[Signal, tuple[str, ...], str], ...] = (
            ("metrics", (METRICS,), "no metric can be looked at"),
            ("logs", (LOGS,), "no log line can be looked at"),
            ("traces", (TRACES,), "it cannot be seen where requests spend their time or fail"),
            ("changes", (DEPLOYS, COMMITS, FLAGS), "what was changed is not known in full"),
            ("topology", () if traced else (TOPOLOGY,), "who calls whom is known from log lines at best"),
        )
        found = []
        for signal, names, harm in wanted:
            absent = [name for name in names if name not in self._present]
            if absent:
                listed = " and ".join((", ".join(absent[:-1]), absent[-1])) if len(absent) > 1 else absent[0]
                reason = f"there is no {listed}: {harm}"
                found.append(Gap(signal=signal, reason=reason, remedy=f"export {listed} with the case"))
        return tuple(found)

    def unknown(self) -> tuple[Gap, ...]:
        """A gap for each file with data whose name says nothing to us."""
        return tuple(
            Gap(
                signal="changes" if name.startswith(CONTEXT) else "alerts",
                reason=f"{name!a} was not read: its name says nothing to this reader",
                remedy=f"look at it yourself, or name it as one of {', '.join(sorted(KNOWN))}",
            )
            for name in sorted(self._present - KNOWN)
            if name.endswith(_DATA)
        )


def _check(folder: Path) -> None:
    try:
        if not folder.is_dir():
            raise CaseFolderError(f"{folder} is not a folder; name the one that holds {ALERT}")
        if not (folder / ALERT).exists():
            inner = folder / "data"
            hint = f"name {inner}" if (inner / ALERT).exists() else f"name the folder that holds {ALERT}"
            raise CaseFolderError(f"{folder} holds no {ALERT}; {hint}")
    except (OSError, ValueError) as error:
        raise CaseFolderError(f"{folder} cannot be opened: {error}; name a folder that holds {ALERT}") from error


def _names(folder: Path) -> Sequence[str]:
    """The files of the folder and of its context, by their names within it; never one that holds the answer."""
    try:
        paths = [*folder.iterdir(), *((folder / CONTEXT).iterdir() if (folder / CONTEXT).is_dir() else ())]
    except OSError as error:
        raise CaseFolderError(f"{folder} cannot be listed: {error.strerror or error}; mend its rights") from error
    return [
        path.relative_to(folder).as_posix()
        for path in paths
        if path.name != CONTEXT and not path.name.startswith((*_ANSWERS, "."))
    ]


def _near(
    read: tuple[tuple[Timed, ...], Skipped], fired_at: datetime, at: Callable[[Timed], datetime]
) -> tuple[tuple[Timed, ...], Skipped]:
    """What lies near enough to the alert to belong to it; the rest is skipped."""
    found, skipped = read
    earliest, latest = fired_at - timedelta(days=DAYS_BEFORE), fired_at + timedelta(days=DAYS_AFTER)
    near = tuple(each for each in found if earliest <= at(each) <= latest)
    if len(near) < len(found):
        reason = f"the time is more than {DAYS_BEFORE} days before the alert, or more than {DAYS_AFTER} day after it"
        skipped.skip("some line", reason, len(found) - len(near))
    return near, skipped


def _window(fired_at: datetime, metrics: tuple[MetricSeries, ...], others: tuple[datetime, ...]) -> Window:
    """From the first observation to just after the last; where metrics reach the alert, to the last of these.

    Logs that go on longer than metrics must not make every metric look as if it had fallen silent.
    """
    firsts = [from_epoch(float(series.timestamps[0])) for series in metrics]
    lasts = [from_epoch(float(series.timestamps[-1])) for series in metrics]
    end = max(lasts, default=fired_at)
    if not metrics or end < fired_at - _LAG:
        end = max((fired_at, end, *others))
    return Window(start=min((fired_at, *firsts, *others)), end=end + timedelta(seconds=1))
