"""A source that cannot be asked is a gap, whoever asks, and the others answer as before."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from incident_commander.actions.policy import DenyAll
from incident_commander.domain.ports import SourceUnavailable
from incident_commander.domain.telemetry import LogRecord, Topology, Window
from incident_commander.telemetry.unconfigured import blindfolded, live_environment

WINDOW = Window(start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 2, tzinfo=UTC))


class Readable:
    """A topology and a log that can be read."""

    async def topology(self) -> Topology:
        return Topology()

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        return ()


READABLE = replace(live_environment(DenyAll()), topology=Readable(), logs=Readable())


def test_what_is_kept_back_is_a_gap_with_its_remedy() -> None:
    with pytest.raises(SourceUnavailable) as caught:
        asyncio.run(blindfolded(READABLE, frozenset({"logs"})).logs.logs(WINDOW))
    gap = caught.value.gap
    assert (gap.signal, gap.reason) == ("logs", "logs were kept back for this measurement")
    assert "--without" in gap.remedy


def test_what_is_not_kept_back_answers_as_before() -> None:
    assert asyncio.run(blindfolded(READABLE, frozenset({"logs"})).topology.topology()) == Topology()


def test_a_live_environment_without_sources_says_which_one_is_missing() -> None:
    with pytest.raises(SourceUnavailable) as caught:
        asyncio.run(live_environment(DenyAll()).metrics.metrics(WINDOW))
    assert caught.value.gap.reason == "no source of metrics is configured"
