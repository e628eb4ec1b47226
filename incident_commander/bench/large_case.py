"""A large recorded incident, made from a seed: a day of metrics of many services, one of which brings others down.

Services form a tree with cross calls. One service's connection pool is held by a change shortly before the end of the
day; its own latency and errors rise, and those of every service that calls it, directly or not. The rest breathes
through the day with noise. What is written says nothing of the answer but what any monitoring would.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from ..domain.telemetry import FloatArray

MINUTES = 24 * 60
METRICS = (
    "requests_per_sec", "http_server_duration_p99_ms", "error_rate_5xx_ratio", "cpu_utilization", "memory_used_ratio",
    "db_pool_in_use", "queue_depth", "gc_pause_ms", "disk_used_pct", "cache_hit_ratio",
)  # fmt: skip
_MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
_ONSET, _FIRED = MINUTES - 40, MINUTES - 30
_MINUTES_AT_ONCE = 60
_USUAL = np.array([200.0, 90.0, 0.002, 0.35, 0.45, 12.0, 4.0, 8.0, 0.4, 0.95])
_SWING = np.array([0.3, 0.05, 0.0, 0.2, 0.03, 0.15, 0.1, 0.05, 0.0, 0.01])
_NOISE = np.array([0.03, 0.05, 0.2, 0.04, 0.01, 0.08, 0.2, 0.1, 0.002, 0.005])
_AT_FAULT = {"http_server_duration_p99_ms": 40.0, "error_rate_5xx_ratio": 100.0, "db_pool_in_use": 4.2}
_OF_VICTIMS = {"http_server_duration_p99_ms": 20.0, "error_rate_5xx_ratio": 40.0}


@dataclass(frozen=True, slots=True)
class LargeCase:
    """What was written, and the answer: the service at fault and the commit that did it."""

    folder: Path
    rows: int
    service: str
    commit: str


def write_large_case(folder: Path, services: int, seed: int) -> LargeCase:
    """Write a case of `services` with ten metrics each, every minute of a day, in order of time."""
    random = np.random.default_rng(seed)
    names = [f"service-{number:04}" for number in range(services)]
    parents = {number: int(random.integers(max(0, (number - 1) // 3), number)) for number in range(1, services)}
    calls = [[names[parent], names[child]] for child, parent in parents.items()]
    at_fault = int(random.integers(services // 2, services))
    victims = _ancestors(at_fault, parents)
    (folder / "context").mkdir(parents=True, exist_ok=True)
    commit = _write_context(folder, names, calls, names[at_fault], random)
    alert = {
        "service": names[victims[-1]], "metric": "http_server_duration_p99_ms", "threshold": 500, "observed": 1800.0,
        "fired_at": _stamp(_FIRED), "severity": "critical", "summary": f"{names[victims[-1]]} answers slowly",
    }  # fmt: skip
    (folder / "alert.json").write_text(json.dumps(alert))
    _write_metrics(folder / "metrics.csv", names, at_fault, victims, random)
    return LargeCase(folder, services * len(METRICS) * MINUTES, names[at_fault], commit)


def _ancestors(service: int, parents: dict[int, int]) -> list[int]:
    """Who depends on a service, nearest first."""
    found = []
    while service in parents:
        service = parents[service]
        found.append(service)
    return found


def _write_metrics(
    path: Path, names: list[str], at_fault: int, victims: list[int], random: np.random.Generator
) -> None:
    import pyarrow as pa
    from pyarrow import csv

    usual = _USUAL * random.uniform(0.6, 1.4, (len(names), len(METRICS)))
    usual[:, _USUAL < 1.0] = np.minimum(usual[:, _USUAL < 1.0], 0.97)
    phase = random.uniform(0.0, 0.5, (len(names), 1))
    of_series = [np.repeat(names, len(METRICS)), np.tile(METRICS, len(names))]
    schema = pa.schema([(name, pa.string()) for name in ("timestamp", "service", "metric")] + [("value", pa.float64())])
    with csv.CSVWriter(path, schema, write_options=csv.WriteOptions(quoting_style="none")) as writer:
        for first in range(0, MINUTES, _MINUTES_AT_ONCE):
            minutes = range(first, min(first + _MINUTES_AT_ONCE, MINUTES))
            values = np.concatenate([_minute(minute, usual, phase, at_fault, victims, random) for minute in minutes])
            columns = [
                pa.array(np.repeat([_stamp(minute) for minute in minutes], usual.size)),
                *(pa.array(np.tile(column, len(minutes))) for column in of_series),
                pa.array(np.round(values, 4)),
            ]
            writer.write_table(pa.table(columns, schema=schema))


def _minute(
    minute: int, usual: FloatArray, phase: FloatArray, at_fault: int, victims: list[int], random: np.random.Generator
) -> FloatArray:
    """Every metric of every service at one minute, float64[n_services * n_metrics]."""
    swing = 1.0 + _SWING * np.sin(2 * np.pi * (minute / MINUTES + phase))
    values = np.maximum(usual * swing * (1.0 + _NOISE * random.standard_normal(usual.shape)), 0.0)
    if minute >= _ONSET:
        for metric, factor in _AT_FAULT.items():
            values[at_fault, METRICS.index(metric)] *= factor
        for metric, factor in _OF_VICTIMS.items() if minute > _ONSET else ():
            values[victims, METRICS.index(metric)] *= factor
    return np.asarray(values.ravel(), dtype=np.float64)


def _write_context(
    folder: Path, names: list[str], calls: list[list[str]], at_fault: str, random: np.random.Generator
) -> str:
    """Topology, commits and deploys: one that holds connections, and others that do not; the guilty commit."""
    commits, deploys = [], []
    for number in range(21):
        sha = f"{random.integers(2**62):016x}{number:024x}"
        minute = _ONSET - 4 if number == 0 else int(random.integers(MINUTES - 300, MINUTES))
        service = at_fault if number == 0 else names[int(random.integers(len(names)))]
        message, diff = (
            ("perf: reuse sessions", "@@ db/session.go @@\n-\tdefer conn.Release()\n+\tpool.Keep(conn)")
            if number == 0
            else ("docs: describe the endpoint", None)
        )
        commits.append(
            {"sha": sha, "author": "ada", "timestamp": _stamp(minute - 3), "message": message,
             "files_changed": [f"services/{service}/session.go"], "diff": diff}
        )  # fmt: skip
        deploys.append(
            {"timestamp": _stamp(minute), "service": service, "commit_sha": sha, "version": f"v{number}"}
        )  # fmt: skip
    documents = {"commits": commits, "deploys": deploys, "flags": [], "topology": {"calls": calls}}
    for name, document in documents.items():
        (folder / "context" / f"{name}.json").write_text(json.dumps(document))
    return str(commits[0]["sha"])


def _stamp(minute: int) -> str:
    return f"{_MIDNIGHT + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
