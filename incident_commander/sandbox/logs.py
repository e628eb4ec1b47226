"""Log lines written from what was scraped: messages follow from state, amid ordinary noise and innocent warnings."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import numpy as np

from ..domain.telemetry import LogRecord, Window
from .archive import COLUMN, Archive
from .load import stream
from .trail import Said, access, audit, refusals, volume

_ROUTES = {
    "gateway": "GET /", "storefront": "GET /home", "search": "GET /search", "accounts": "GET /me",
    "checkout": "POST /checkout", "catalog": "GET /items", "orders": "POST /orders", "payments": "POST /charges",
}  # fmt: skip
_INNOCENT = (
    "deprecated header x-client-version from client {client}",
    "slow consumer of the metrics endpoint, answered in {odd} ms",
    "clock skew of {odd} ms against the time server",
    "retrying DNS lookup for telemetry collector, attempt 2",
    "cookie of session {client} was malformed, ignored",
)
LevelName = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
_MOST_ERRORS = 4
_LATE_MS = 900.0


def lines(archive: Archive, window: Window) -> Iterator[list[LogRecord]]:
    """Every scrape's lines inside the window, oldest first; one list a scrape, so that a caller can pause between."""
    low, high = archive.span(Window(start=window.start, end=window.end + timedelta(seconds=archive.interval)))
    for row in range(low, high):
        yield [record for record in written(archive, row) if window.start <= record.at < window.end]


def written(archive: Archive, row: int) -> list[LogRecord]:
    """The lines of one scrape, written the first time anybody asks."""
    if row not in archive.lines:
        archive.lines[row] = _of_scrape(archive, row)
    return archive.lines[row]


def _of_scrape(archive: Archive, row: int) -> list[LogRecord]:
    draw = stream(archive.text_seed, 1, row)
    trail = stream(archive.text_seed, 3, row)
    begins = archive.at(row) - timedelta(seconds=archive.interval)
    records: list[LogRecord] = []
    for i, spec in enumerate(archive.services):
        if spec.external:
            continue
        said = _said(archive, row, i, draw)
        for level, message in said:
            at = begins + timedelta(milliseconds=int(draw.integers(0, int(archive.interval * 1000))))
            records.append(LogRecord(at=at, service=spec.name, level=level, message=message))
        for level, message in _trailed(archive, row, i, trail):
            at = begins + timedelta(milliseconds=int(trail.integers(0, int(archive.interval * 1000))))
            records.append(LogRecord(at=at, service=spec.name, level=level, message=message))
    records.sort(key=lambda r: (r.at, r.service, r.message))
    return records


def _trailed(archive: Archive, row: int, i: int, draw: np.random.Generator) -> list[Said]:
    said = access(archive, row, draw) if i == 0 else []
    said += refusals(archive, row, i, draw)
    if archive.services[i].disk_percent is not None:
        said += volume(archive, row, i, draw)
    return said + audit(archive, row, i, draw)


def _said(archive: Archive, row: int, i: int, draw: np.random.Generator) -> list[tuple[LevelName, str]]:
    spec = archive.services[i]
    state = archive.rows[row, i]

    def now(column: str) -> float:
        return float(state[COLUMN[column]])

    said: list[tuple[LevelName, str]] = []
    request = f"{int(draw.integers(16**8)):08x}"
    rate, p50, p99 = now("request_rate"), now("latency_p50_ms"), now("latency_p99_ms")
    if spec.kind in ("edge", "api"):
        route = _ROUTES.get(spec.name, "GET /")
        said.append(("INFO", f"{route} 200 in {p50 * draw.uniform(0.7, 1.4):.0f} ms request={request}"))
    elif spec.kind == "worker" and draw.random() < 0.6:
        said.append(("INFO", f"handled order event {request} in {p50 * draw.uniform(0.7, 1.4):.0f} ms"))
    elif spec.kind == "database" and draw.random() < 0.25:
        said.append(("INFO", f"checkpoint complete: wrote {int(draw.integers(80, 900))} buffers"))
    elif draw.random() < 0.1:
        said.append(("INFO", f"served {rate * archive.interval:.0f} requests in the last {archive.interval:.0f} s"))
    if draw.random() < 0.012:
        text = _INNOCENT[int(draw.integers(len(_INNOCENT)))]
        said.append(("WARN", text.format(client=request[:6], odd=int(draw.integers(120, 700)))))
    if draw.random() < 0.004 and spec.kind == "api":
        said.append(("ERROR", f"request {request} failed validation: field 'quantity' must be positive"))

    interval = archive.interval

    def some(share: float, text: str, level: LevelName = "ERROR") -> None:
        """As many lines as requests met it, but no more than a sampling logger keeps."""
        expected = share * rate * interval * 0.05
        count = min(_MOST_ERRORS, int(draw.poisson(min(expected, 50.0)))) if share > 0.002 else 0
        for _ in range(count):
            said.append((level, f"{text} request={int(draw.integers(16**8)):08x}"))

    size = now("pool_size")
    in_use = now("connections_in_use")
    if spec.pool is not None:
        if spec.kind == "database":
            some(now("pool_refused"), f"too many connections: {in_use:.0f} of {size:.0f} in use, refusing")
        elif now("connection_pool_utilization") > 97:
            share = max(now("pool_refused"), 0.05)
            some(share, f"timed out waiting for a connection from the pool ({in_use:.0f} in use)")
        elif now("connection_pool_utilization") > 85 and draw.random() < 0.3:
            said.append(("WARN", f"connection pool is nearly used up: {in_use:.0f} in use"))
    some(now("refused"), "503 refused: the accept queue is full")
    some(now("shed"), "429 refused by the rate limit, Retry-After: 30", "WARN")
    memory = now("memory_utilization")
    if memory > 86 and spec.kind != "cache" and draw.random() < min(0.6, (memory - 84) / 20) and p99 > 0:
        pause = 40 + 900 * max(0.0, (memory - 84) / 16) * draw.uniform(0.5, 1.5)
        said.append(("WARN", f"gc pause of {pause:.0f} ms, heap {memory:.0f}% full"))
    for _ in range(int(now("oom_kills"))):
        said.append(("FATAL", "out of memory: killed by the kernel (exit code 137), restarting"))
    for k, (caller, callee, weight) in enumerate(archive.edges):
        if caller != i:
            continue
        failing = float(archive.failing[row, k])
        if failing > 0.004:
            other = archive.services[callee]
            late = float(archive.rows[row, callee, COLUMN["latency_p99_ms"]]) > 0.8 * spec.timeout_ms
            reason = f"timed out after {spec.timeout_ms:.0f} ms" if late else "answered 503"
            some(failing * min(1.0, weight), f"call to {other.name} {reason}")
    if p99 > _LATE_MS and spec.kind in ("edge", "api") and draw.random() < 0.35:
        said.append(("WARN", f"slow request: {p99 * draw.uniform(0.8, 1.1):.0f} ms request={request}"))
    age = now("oldest_message_age_seconds")
    if spec.kind == "queue" and age > 60 and draw.random() < 0.4:
        said.append(("WARN", f"consumer lag: {now('queue_depth'):.0f} messages, oldest {age:.0f} s"))
    return said
