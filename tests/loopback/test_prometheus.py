"""A real Prometheus and the whole product: what is exported comes back, and a real incident is diagnosed from it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from incident_commander.api.incidents import IncidentPage, Timeline
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.findings import Diagnosis
from incident_commander.domain.incident import Incident
from incident_commander.domain.telemetry import Change, MetricSeries, Window
from incident_commander.sandbox.scenarios import draw, scenario_named
from incident_commander.sandbox.topology import load_company
from incident_commander.sandbox.world import DAY_SECONDS, HISTORY_SECONDS, World
from incident_commander.telemetry.prometheus import PrometheusAt, PrometheusSource

from ..running import wait_until
from .installation import installation
from .monitoring import prometheus

PACE = 15.0
"""Simulated seconds in one of wall time."""
SCENARIO, SEED = "database_cascade", 3
ENOUGH = 12
"""Samples of a series."""


async def read(url: str, window: Window, run: str = "") -> tuple[MetricSeries, ...]:
    source = PrometheusSource(PrometheusAt(url, run=run))
    try:
        return await source.metrics(window)
    finally:
        await source.close()


@pytest.fixture(scope="module")
def practising(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with installation(tmp_path_factory.mktemp("practising") / "app") as url:
        yield url


def posted(url: str, body: object) -> httpx.Response:
    return httpx.post(url, json=body, timeout=60).raise_for_status()


def wait_for_samples(url: str, run: str) -> None:
    def enough() -> bool:
        query = f'min(count_over_time(request_rate{{practice_run="{run}"}}[5m]))'
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query}).json()["data"]["result"]
        return bool(answer) and float(answer[0]["value"][1]) >= ENOUGH + 2

    wait_until(enough, 60, "enough scrapes")


async def test_what_a_practice_world_exports_comes_back_as_its_very_series(practising: str, tmp_path: Path) -> None:
    body = {"scenario": SCENARIO, "seed": SEED, "pace": PACE, "external_alerting": True}
    asked = datetime.now(UTC)
    run = posted(f"{practising}/api/incidents/demo", body).json()["run_id"]
    began = datetime.now(UTC)
    with prometheus(tmp_path / "prometheus", scrape=f"{practising}/sandbox/metrics") as server:
        wait_for_samples(server.url, run)
        window = Window(start=began, end=datetime.now(UTC))
        found = await read(server.url, window, run)
        of_real_incidents = await read(server.url, window)

    assert {each.metric for each in of_real_incidents} <= {"instances"}, "which Prometheus has of whatever it scrapes"
    world = world_of(HISTORY_SECONDS + (window.end - asked).total_seconds() * PACE)
    truth = {(each.service, each.metric): each for each in world.archive.series(whole(world))}
    ours = {(each.service, each.metric): each for each in found}
    assert ours.keys() == truth.keys()
    for key, series in ours.items():
        assert series.unit == truth[key].unit
        assert series.values.size >= ENOUGH
        for at, value in zip(series.timestamps.tolist(), series.values.tolist(), strict=True):
            assert value in rows_shown(truth[key], world, at - began.timestamp(), at - asked.timestamp())


def world_of(seconds: float) -> World:
    """The same world, computed here, up to so many seconds after its epoch."""
    company = load_company()
    world = World(company, draw(company, scenario_named(SCENARIO), SEED))
    world.advance(seconds)
    return world


def whole(world: World) -> Window:
    return Window(start=world.epoch, end=world.moment(world.seconds + 1))


def rows_shown(series: MetricSeries, world: World, least: float, most: float) -> list[float]:
    """What the world showed between so many seconds of wall time after it was opened, and up to two scrapes before."""
    early = world.epoch.timestamp() + HISTORY_SECONDS + least * PACE
    late = world.epoch.timestamp() + HISTORY_SECONDS + most * PACE
    shown = (series.timestamps > early - 3 * PACE) & (series.timestamps <= late)
    return list(series.values[shown])


BROKE_AFTER = 4 * 60.0
"""Seconds from the first alert to now."""


def test_a_real_incident_is_diagnosed_from_what_prometheus_has(tmp_path: Path) -> None:
    world = world_of(DAY_SECONDS)
    of_checkout = next(
        each
        for each in world.archive.series(whole(world))
        if (each.service, each.metric) == ("checkout", "error_ratio")
    )
    alerted = float(of_checkout.timestamps[np.flatnonzero(of_checkout.values > 0.1)[0]])
    moved = time.time() - BROKE_AFTER - alerted
    history = exported(world, alerted - 65 * 60, alerted + BROKE_AFTER, moved)
    with (
        prometheus(tmp_path / "prometheus", history=history) as server,
        installation(tmp_path / "app", IC_PROMETHEUS_URL=server.url) as url,
    ):
        for change in world.archive.changes:
            report(url, change, moved)
        alert = {
            "labels": {"alertname": "HighErrorRatio", "service": "checkout", "severity": "critical"},
            "annotations": {"summary": "checkout fails"},
            "startsAt": datetime.fromtimestamp(alerted + moved, UTC).isoformat(),
        }
        posted(f"{url}/api/v2/alerts", [alert])
        ended = wait_until(lambda: ended_incident(url), 120, "the end of the incident")
        events = Timeline.model_validate(httpx.get(f"{url}/api/incidents/{ended.id}/timeline").json()).events
        health = httpx.get(f"{url}/health").raise_for_status().json()["dependencies"]

    diagnosis = Diagnosis.model_validate(one(events, "diagnosis.made").payload)
    assert diagnosis.cause is not None, diagnosis.next_question
    assert (diagnosis.cause.service, diagnosis.first_failing) == ("accounts", "accounts")
    name = f"Prometheus {urlsplit(server.url).netloc}"
    cited = {(each.signal, each.provenance.source) for each in diagnosis.cause.evidence}
    assert ("metrics", name) in cited
    assert {source for signal, source in cited if signal in ("metrics", "topology")} == {name}
    assert {gap.signal for gap in diagnosis.gaps} == {"logs", "traces", "impact"}
    (row,) = (each for each in health if each["name"] == name)
    assert row["state"] == "ok"
    assert "series read" in row["detail"]
    assert ended.status == "escalated", "there are no hands yet, so a person is told"


def exported(world: World, since: float, until: float, moved: float) -> str:
    """A world's metrics as OpenMetrics with their times moved, and as a service graph who calls whom."""
    window = Window(start=datetime.fromtimestamp(since, UTC), end=datetime.fromtimestamp(until, UTC))
    lines = []
    stamps = np.arange(since, until + 1800, 15.0) + moved
    for series in world.archive.series(window):
        for at, value in zip(series.timestamps.tolist(), series.values.tolist(), strict=True):
            lines.append(f'{series.metric}{{service="{series.service}"}} {value!r} {at + moved:.3f}')
    for caller, callee in world.archive.topology.calls:
        of = f'traces_service_graph_request_total{{client="{caller}",server="{callee}"}}'
        lines += [f"{of} {number * 15} {at:.3f}" for number, at in enumerate(stamps)]
    lines += [f'up{{job="heartbeat",instance="a:1"}} 1 {at:.3f}' for at in stamps]
    return "\n".join([*lines, "# EOF", ""])


def report(url: str, change: Change, moved: float) -> None:
    body = {
        "routing_key": "0123456789abcdef0123456789abcdef",
        "payload": {
            "summary": change.summary,
            "source": "pipeline",
            "timestamp": datetime.fromtimestamp(change.at.timestamp() + moved, UTC).isoformat(),
            "custom_details": {"service": change.service, "kind": change.kind, "commit": change.reference},
        },
    }
    posted(f"{url}/v2/change/enqueue", body)


def ended_incident(url: str) -> Incident | None:
    found = IncidentPage.model_validate(httpx.get(f"{url}/api/incidents", timeout=30).json()).incidents
    return found[0] if found and found[0].ended_at is not None else None


def one(events: tuple[Event, ...], kind: EventKind) -> Event:
    (event,) = (event for event in events if event.kind == kind)
    return event
