"""Incidents written by hand, each a file of `incidents/`: what was observed, and what was to blame.

A file gives each metric as breakpoints (minute, value), drawn as straight lines with a little noise; log lines as
(service, level, text, from minute, to minute, count); deploys as (service, minute, sha); flags as (name, service,
minute, change); and commits with their diffs. Ordinary commits that blame nobody are added to every incident.
"""

import tomllib
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Remediation
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Change, LogRecord, LogSummary, MetricSeries, Observations, Window

FOLDER = Path(__file__).with_name("incidents")
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_MINUTES = 120
Level = Literal["INFO", "WARN", "ERROR", "FATAL"]


class _Commit(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sha: str
    minute: float
    message: str
    files: tuple[str, ...]
    diff: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    commit: str
    first: str
    blast: tuple[str, ...]
    remediation: Remediation
    decoys: tuple[str, ...]
    alert: tuple[str, float]
    metrics: tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...]
    logs: tuple[tuple[str, Level, str, float, float, int], ...]
    deploys: tuple[tuple[str, float, str], ...]
    flags: tuple[tuple[str, str, float, str], ...]
    commits: tuple[_Commit, ...]


_ORDINARY = (
    _Commit(sha="o1", minute=2, message="ci: cache go build", files=(".github/workflows/build.yml",)),
    _Commit(sha="o2", minute=17, message="docs: document feature flag lifecycle", files=("docs/flags.md",)),
    _Commit(
        sha="o3",
        minute=28,
        message="feat: add request id propagation header",
        files=("internal/middleware/reqid.go",),
        diff='@@ internal/middleware/reqid.go @@\n+\t\tif rid == "" { rid = uuid.NewString() }\n'
        '+\t\tw.Header().Set("X-Request-Id", rid)\n',
    ),
    _Commit(sha="o4", minute=39, message="refactor: move DTOs into api/types", files=("api/types/types.go",)),
    _Commit(
        sha="o5",
        minute=43,
        message="fix: handle empty slice in pagination helper",
        files=("pkg/paginate/paginate.go",),
        diff="@@ pkg/paginate/paginate.go @@\n+\tif len(items) == 0 { return nil, nil }\n",
    ),
    _Commit(
        sha="o6",
        minute=65,
        message="perf: reuse sync.Pool for buffers in encoder",
        files=("pkg/codec/pool.go",),
        diff="@@ pkg/codec/pool.go @@\n+var bufPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}\n"
        " \tb := bufPool.Get().(*bytes.Buffer)\n+\tdefer bufPool.Put(b)\n",
    ),
    _Commit(
        sha="o7",
        minute=89,
        message="fix(tax): correct rounding for EU VAT",
        files=("services/tax/tax.go",),
        diff="@@ services/tax/tax.go @@\n-\treturn math.Round(net * rate)\n+\treturn math.Round(net*rate*100) / 100\n",
    ),
)


@dataclass(frozen=True)
class Incident:
    """What was observed, with the answers.

    Attributes:
        commit: The guilty one, or `none`.
        decoys: Commits that were deployed and did nothing.
    """

    observations: Observations
    alerting: dict[ServiceName, datetime]
    commit: str
    first: str
    blast: tuple[str, ...]
    remediation: Remediation
    decoys: tuple[str, ...]


def incident(name: str) -> Incident:
    """The incident of a file."""
    given = _File.model_validate(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))
    commits = tuple(sorted((*given.commits, *_ORDINARY), key=lambda c: c.minute))
    records = sorted((record for line in given.logs for record in _lines(*line)), key=lambda r: (r.at, r.service))
    alert = _at(given.alert[1])
    return Incident(
        observations=Observations(
            window=Window(start=_START, end=_at(_MINUTES)),
            onset_hint=alert,
            metrics=tuple(_series(*metric) for metric in given.metrics),
            logs=tuple(records),
            log_summaries=tuple(_summary(*line) for line in given.logs),
            changes=(
                *(_deploy(*each) for each in given.deploys),
                *(_commit(each) for each in commits),
                *(_flag(*each) for each in given.flags),
            ),
            provenance=Provenance(kind="recorded", source="local"),
        ),
        alerting={ServiceName(given.alert[0]): alert},
        commit=given.commit,
        first=given.first,
        blast=given.blast,
        remediation=given.remediation,
        decoys=given.decoys,
    )


def _at(minute: float) -> datetime:
    return _START + timedelta(minutes=minute)


def _series(service: str, metric: str, points: tuple[tuple[float, float], ...]) -> MetricSeries:
    minutes = np.arange(_MINUTES + 1, dtype=np.float64)
    values = np.interp(minutes, [m for m, _ in points], [v for _, v in points])
    whole = metric.endswith(("_total", "_count", "_conns", "_limit_mb", "replicas_available", "node_ready"))
    noise = np.random.default_rng(zlib.crc32(f"{service} {metric}".encode())).standard_normal(minutes.size)
    values = np.round(values) if whole else values * (1.0 + 0.03 * noise)
    return MetricSeries(ServiceName(service), metric, "", _START.timestamp() + 60.0 * minutes, values)


def _lines(service: str, level: Level, text: str, first: float, last: float, count: int) -> list[LogRecord]:
    return [
        LogRecord(at=_at(float(m)), service=ServiceName(service), level=level, message=text)
        for m in np.linspace(first, last, count, endpoint=False)
    ]


def _summary(service: str, level: Level, text: str, first: float, last: float, count: int) -> LogSummary:
    usual = count if first == 0 else 0
    return LogSummary(ServiceName(service), text, 5 * count, 5 * usual, level not in ("INFO", "DEBUG"))


def _deploy(service: str, minute: float, sha: str) -> Change:
    return Change(
        at=_at(minute), service=ServiceName(service), kind="deploy", reference=sha, summary=f"deploy of {sha}"
    )


def _commit(commit: _Commit) -> Change:
    return Change(
        at=_at(commit.minute), service=None, kind="commit", reference=commit.sha, summary=commit.message,
        author="somebody", detail=commit.diff, files=commit.files,
    )  # fmt: skip


def _flag(name: str, service: str, minute: float, change: str) -> Change:
    return Change(
        at=_at(minute), service=ServiceName(service), kind="flag", reference=name, summary=f"{name}: {change}",
        detail=change,
    )  # fmt: skip
