"""Several sources of one signal are one."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import (
    Change,
    ChangeKind,
    Gap,
    Incomplete,
    LogRecord,
    MetricSeries,
    Service,
    Span,
    Topology,
    Window,
)
from incident_commander.telemetry.merging import (
    MergedChanges,
    MergedLogs,
    MergedMetrics,
    MergedTopology,
    MergedTraces,
    PlacedMetrics,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = Window(start=NOON, end=NOON + timedelta(hours=1))
DENIED = Gap(signal="metrics", reason="x may not be called", remedy="allow it")
CART, MAIL, DB = ServiceName("cart"), ServiceName("mail"), ServiceName("db")


class Fixed:
    """A source that has what it is given, or cannot answer."""

    def __init__(
        self,
        *,
        metrics: tuple[MetricSeries, ...] = (),
        logs: tuple[LogRecord, ...] = (),
        traces: tuple[Span, ...] = (),
        changes: tuple[Change, ...] = (),
        topology: Topology | None = None,
        down: Gap | None = None,
    ) -> None:
        self._metrics, self._logs, self._traces, self._changes = metrics, logs, traces, changes
        self._topology = topology or Topology()
        self._down = down

    def _up(self) -> None:
        if self._down is not None:
            raise SourceUnavailable(self._down)

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        self._up()
        return self._metrics

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        self._up()
        return self._logs

    async def traces(self, window: Window) -> tuple[Span, ...]:
        self._up()
        return self._traces

    async def changes(self, window: Window) -> tuple[Change, ...]:
        self._up()
        return self._changes

    async def topology(self) -> Topology:
        self._up()
        return self._topology


def series(service: ServiceName, metric: str, source: str) -> MetricSeries:
    return MetricSeries(service, metric, "count", np.array([0.0]), np.array([1.0]), source)


def change(reference: str, minute: int, source: str, kind: ChangeKind = "deploy") -> Change:
    at = NOON + timedelta(minutes=minute)
    return Change(at=at, service=CART, kind=kind, reference=reference, summary="x", source=source)


async def test_a_metric_of_a_service_is_the_first_sources_and_names_the_others() -> None:
    first = Fixed(metrics=(series(CART, "errors", "A"), series(CART, "load", "A")))
    second = Fixed(metrics=(series(CART, "errors", "B"), series(MAIL, "errors", "B")))
    found = await MergedMetrics((first, second)).metrics(HOUR)
    assert [(each.service, each.metric, each.source) for each in found] == [
        (CART, "errors", "A (also B)"),
        (CART, "load", "A"),
        (MAIL, "errors", "B"),
    ]
    assert not isinstance(found, Incomplete)


async def test_what_one_source_cannot_say_is_a_gap_beside_what_the_others_say() -> None:
    partly = Fixed(metrics=Incomplete((series(MAIL, "load", "B"),), (DENIED,)))
    down = Fixed(down=Gap(signal="metrics", reason="it is down", remedy="mend it"))
    found = await MergedMetrics((down, partly, Fixed(metrics=(series(CART, "load", "C"),)))).metrics(HOUR)
    assert isinstance(found, Incomplete)
    assert [gap.reason for gap in found.gaps] == ["it is down", "x may not be called"]
    assert [each.service for each in found] == [MAIL, CART]


async def test_where_no_source_answers_the_gaps_of_all_are_told() -> None:
    other = Gap(signal="metrics", reason="it is down", remedy="mend it")
    with pytest.raises(SourceUnavailable) as caught:
        await MergedMetrics((Fixed(down=DENIED), Fixed(down=other))).metrics(HOUR)
    assert caught.value.gaps == (DENIED, other)


async def test_a_service_that_is_in_two_places_has_the_metrics_of_both() -> None:
    here = Fixed(metrics=(series(CART, "errors", "A"), series(MAIL, "load", "A")))
    there = Fixed(metrics=Incomplete((series(CART, "errors", "B"), series(CART, "load", "B")), (DENIED,)))
    found = await PlacedMetrics((("eu", here), ("us", there))).metrics(HOUR)
    assert [(each.service, each.metric, each.source) for each in found] == [
        (CART, "errors", "A"),
        (MAIL, "load", "A"),
        (CART, "errors_us", "B"),
        (CART, "load", "B"),
    ]
    assert isinstance(found, Incomplete)
    assert found.gaps == (DENIED,)


async def test_lines_of_all_sources_come_in_the_order_of_their_time() -> None:
    def line(minute: int, text: str) -> LogRecord:
        return LogRecord(NOON + timedelta(minutes=minute), CART, "ERROR", text)

    found = await MergedLogs((Fixed(logs=(line(3, "c"), line(5, "d"))), Fixed(logs=(line(1, "a"),)))).logs(HOUR)
    assert [record.message for record in found] == ["a", "c", "d"]


async def test_a_span_that_two_sources_have_comes_once() -> None:
    def span(source: str) -> Span:
        return Span("t", "s", None, CART, "GET /", NOON, 3.0, False, source=source)

    found = await MergedTraces((Fixed(traces=(span("A"),)), Fixed(traces=(span("B"),)))).traces(HOUR)
    assert [each.source for each in found] == ["A"]


async def test_a_change_that_two_sources_tell_of_comes_once_and_a_flag_turned_twice_comes_twice() -> None:
    doors = Fixed(changes=(change("d-1", 5, "doors"), change("f", 7, "doors", "flag"), change("f", 9, "doors", "flag")))
    cloud = Fixed(changes=(change("d-1", 6, "cloud"), change("d-2", 8, "cloud")))
    found = await MergedChanges((doors, cloud)).changes(HOUR)
    assert [(each.reference, each.source) for each in found] == [
        ("d-1", "doors"),
        ("f", "doors"),
        ("d-2", "cloud"),
        ("f", "doors"),
    ]


async def test_what_one_topology_knows_of_a_service_another_completes() -> None:
    one = Topology(services=(Service(name=DB, kind="unknown"),), calls=((CART, DB),), source="A")
    other = Topology(
        services=(Service(name=DB, kind="database", tier=3), Service(name=MAIL, kind="worker", tier=1)),
        calls=((CART, DB), (MAIL, DB)),
        gaps=(DENIED,),
        source="B",
    )
    found = await MergedTopology((Fixed(topology=one), Fixed(topology=other))).topology()
    assert {(each.name, each.kind, each.tier) for each in found.services} == {(DB, "database", 2), (MAIL, "worker", 1)}
    assert found.calls == ((CART, DB), (MAIL, DB))
    assert (found.gaps, found.source) == ((DENIED,), "A; B")
