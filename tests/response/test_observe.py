"""What is read for an incident, and who is named for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from incident_commander.actions.policy import DenyAll
from incident_commander.domain.base import ServiceName
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Gap, Incomplete, MetricSeries, Topology, Window
from incident_commander.response.observe import observe
from incident_commander.telemetry.unconfigured import live_environment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PART = Gap(signal="metrics", reason="two of three answered", remedy="see to the third")
LOST = Gap(signal="topology", reason="half of it is unknown", remedy="ask somebody")
CART, MAIL = ServiceName("cart"), ServiceName("mail")


class Partly:
    """Metrics of two services from three sources, and half a topology."""

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        def series(service: ServiceName, metric: str, source: str) -> MetricSeries:
            return MetricSeries(service, metric, "count", np.array([NOON.timestamp()]), np.array([1.0]), source)

        read = (
            series(CART, "a", "one"),
            series(CART, "b", "two"),
            series(CART, "c", "one"),
            series(MAIL, "a", "three"),
        )
        return Incomplete(read, (PART, PART))

    async def topology(self) -> Topology:
        return Topology(calls=((CART, MAIL),), gaps=(LOST,), source="a map")


async def test_a_part_that_is_missing_is_a_gap_once_and_every_statement_names_its_source() -> None:
    environment = replace(live_environment(DenyAll()), metrics=Partly(), topology=Partly())
    seen, impact = await observe(environment, NOON, NOON + timedelta(minutes=5))
    assert impact is None
    assert [gap for gap in seen.gaps if gap.signal in ("metrics", "topology")] == [PART, LOST]
    assert {gap.signal for gap in seen.gaps} == {"metrics", "topology", "logs", "traces", "changes", "impact"}
    assert seen.provenance_of("metrics", CART) == Provenance(kind="live", source="one; two")
    assert seen.provenance_of("metrics", MAIL).source == "three"
    assert seen.provenance_of("metrics").source == "one; two; three"
    assert seen.provenance_of("topology", CART).source == "a map"
    assert seen.provenance_of("logs", CART) == seen.provenance
