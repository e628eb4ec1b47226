"""What becomes of alerts: incidents open, widen, and alerts are re-sent, resolved or expire, each once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from incident_commander.domain.alert import Alert, AlertSource, AlertStatus
from incident_commander.domain.base import IncidentId, ServiceName
from incident_commander.domain.event import Event
from incident_commander.domain.incident import Incident
from incident_commander.ingest import Intake, Overloaded
from incident_commander.ingest.labels import fingerprint, service, severity
from incident_commander.response.record import grouping_reasons
from incident_commander.store import Database
from incident_commander.telemetry.unconfigured import NoTelemetry

from ..store.databases import opened
from .worlds import NOON, SetClock, Worlds

MINUTE = timedelta(minutes=1)


def alert(
    name: str = "HighErrorRate",
    service_name: str | None = "checkout",
    *,
    status: AlertStatus = "firing",
    source: AlertSource = "alertmanager",
    starts_at: datetime = NOON,
    ends_at: datetime | None = None,
    summary: str = "",
    **labels: str,
) -> Alert:
    named = {"alertname": name, **({"service": service_name} if service_name else {}), **labels}
    return Alert(
        fingerprint=fingerprint(named),
        name=name,
        service=service(named),
        severity=severity(named),
        status=status,
        labels=named,
        annotations={"summary": summary} if summary else {},
        starts_at=starts_at,
        ends_at=ends_at,
        source=source,
        received_at=NOON,
    )


@dataclass
class Bench:
    """An intake on a database and worlds, and the incidents it called out."""

    database: Database
    worlds: Worlds = field(default_factory=Worlds)
    called: list[IncidentId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.intake = Intake(self.database, self.worlds, self._opened)

    async def _opened(self, incident_id: IncidentId) -> None:
        self.called.append(incident_id)

    async def accept(self, *alerts: Alert) -> list[str]:
        return [outcome.became for outcome in (await self.intake.accept(alerts)).outcomes]

    async def incidents(self) -> tuple[Incident, ...]:
        async with self.database.read() as unit:
            return tuple(reversed(await unit.incidents.recent(100)))

    async def only_incident(self) -> Incident:
        (incident,) = await self.incidents()
        return incident

    async def events(self) -> tuple[Event, ...]:
        async with self.database.read() as unit:
            assert (await unit.ledger.verify()).valid
            return await unit.ledger.after(0, 1000)

    async def groupings(self, incident: Incident) -> tuple[str, ...]:
        """Why each alert of an incident belongs to it, in the order they came."""
        async with self.database.read() as unit:
            return tuple(grouping_reasons(await unit.ledger.of_incident(incident.id)).values())

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.events()]

    async def firing(self) -> int:
        async with self.database.read() as unit:
            return sum([len(await unit.alerts.firing(incident.id)) for incident in await unit.incidents.recent(100)])

    async def end(self, incident: Incident, status: str = "resolved", at: datetime = NOON + 5 * MINUTE) -> None:
        async with self.database.write() as unit:
            await unit.incidents.update(incident.model_copy(update={"status": status, "ended_at": at}))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(tmp_path) as database:
        yield Bench(database)


async def test_a_firing_alert_opens_an_incident_and_calls_for_a_response(bench: Bench) -> None:
    bench.worlds.live.at = NOON + MINUTE
    assert await bench.accept(alert(severity="critical")) == ["opened"]
    incident = await bench.only_incident()
    assert bench.called == [incident.id]
    assert (incident.status, incident.severity, incident.services, incident.sources) == (
        "open", "critical", ("checkout",), ("alertmanager",),
    )  # fmt: skip
    assert (incident.began_at, incident.opened_at, incident.clock) == (NOON, NOON + MINUTE, "wall")
    assert await bench.groupings(incident) == ("opens this incident",)
    assert await bench.kinds() == ["incident.opened", "alert.grouped"]


async def test_a_mere_re_sending_leaves_no_event(bench: Bench) -> None:
    await bench.accept(alert(summary="5.1 % fail for 3 min"))
    assert await bench.accept(alert(summary="7 % fail for 4 min")) == ["resent"]
    assert await bench.kinds() == ["incident.opened", "alert.grouped"]
    async with bench.database.read() as unit:
        (stored,) = await unit.alerts.by_fingerprint(alert().fingerprint)
    assert stored.doors[0].deliveries == 2
    assert stored.alert.annotations["summary"] == "7 % fail for 4 min"


async def test_a_changed_text_is_told(bench: Bench) -> None:
    await bench.accept(alert(summary="some fail"))
    await bench.accept(alert(summary="all fail"))
    assert (await bench.events())[-1].payload["reason"] == "its text changed"


async def test_one_alert_through_two_doors_is_one_incident_with_two_sources(bench: Bench) -> None:
    await bench.accept(alert())
    assert await bench.accept(alert(source="prometheus", ends_at=NOON + 4 * MINUTE)) == ["resent"]
    incident = await bench.only_incident()
    assert incident.sources == ("alertmanager", "prometheus")
    assert (await bench.kinds())[-1] == "alert.resent"
    assert (await bench.events())[-1].payload["reason"] == "also reported by prometheus"
    assert len(bench.called) == 1


async def test_many_posts_of_one_alert_at_once_make_one_incident(bench: Bench) -> None:
    await asyncio.gather(*(bench.intake.accept([alert()]) for _ in range(20)))
    assert len(await bench.incidents()) == 1
    assert len(bench.called) == 1
    assert await bench.kinds() == ["incident.opened", "alert.grouped"]


async def test_a_resolved_alert_is_over_by_every_door(bench: Bench) -> None:
    await bench.accept(alert(), alert(source="prometheus", ends_at=NOON + 4 * MINUTE))
    assert await bench.accept(alert(status="resolved", ends_at=NOON)) == ["resolved"]
    assert await bench.firing() == 0
    assert (await bench.kinds())[-1] == "alert.resolved"
    assert await bench.accept(alert(status="resolved", ends_at=NOON)) == ["recorded"]
    assert (await bench.kinds()).count("alert.resolved") == 1


async def test_prometheus_resolves_by_an_end_that_has_come(bench: Bench) -> None:
    await bench.accept(alert(source="prometheus", ends_at=NOON + MINUTE))
    bench.worlds.live.at = NOON + MINUTE
    assert await bench.accept(alert(source="prometheus", ends_at=NOON + MINUTE)) == ["resolved"]


async def test_an_alert_not_sent_again_by_its_end_expires_once(bench: Bench) -> None:
    await bench.accept(alert(source="prometheus", ends_at=NOON + 4 * MINUTE))
    await bench.intake.expire()
    assert await bench.firing() == 1
    bench.worlds.live.at = NOON + 4 * MINUTE
    await bench.intake.expire()
    await bench.intake.expire()
    assert await bench.firing() == 0
    assert (await bench.kinds()).count("alert.expired") == 1


async def test_a_re_sending_puts_the_expiry_off(bench: Bench) -> None:
    await bench.accept(alert(source="prometheus", ends_at=NOON + 4 * MINUTE))
    await bench.accept(alert(source="prometheus", ends_at=NOON + 8 * MINUTE))
    bench.worlds.live.at = NOON + 5 * MINUTE
    await bench.intake.expire()
    assert await bench.firing() == 1


async def test_an_alert_that_another_door_calls_open_ended_does_not_expire(bench: Bench) -> None:
    await bench.accept(alert(source="prometheus", ends_at=NOON + 4 * MINUTE), alert())
    bench.worlds.live.at = NOON + 60 * MINUTE
    await bench.intake.expire()
    assert await bench.firing() == 1


async def test_a_resolution_of_something_never_seen_is_kept_without_an_incident(bench: Bench) -> None:
    assert await bench.accept(alert(status="resolved", ends_at=NOON)) == ["recorded"]
    assert await bench.incidents() == ()
    assert await bench.events() == ()
    async with bench.database.read() as unit:
        (stored,) = await unit.alerts.recent(10)
    assert (stored.alert.status, stored.incident_id) == ("resolved", None)
    assert await bench.accept(alert()) == ["opened"]


async def test_an_alert_that_fires_again_goes_on_in_its_unfinished_incident(bench: Bench) -> None:
    await bench.accept(alert())
    await bench.accept(alert(status="resolved", ends_at=NOON))
    assert await bench.accept(alert(starts_at=NOON + MINUTE)) == ["resent"]
    assert (await bench.events())[-1].payload["reason"] == "fires again after it was resolved"
    assert await bench.firing() == 1


async def test_an_alert_that_fires_again_after_its_incident_ended_opens_another_and_says_so(bench: Bench) -> None:
    await bench.accept(alert())
    await bench.accept(alert(status="resolved", ends_at=NOON))
    first = await bench.only_incident()
    await bench.end(first)
    assert await bench.accept(alert(starts_at=NOON + 9 * MINUTE)) == ["opened"]
    _, second = await bench.incidents()
    assert first.id in (await bench.groupings(second))[0]
    assert "new episode" in (await bench.groupings(second))[0]


async def test_an_alert_that_kept_firing_when_its_incident_ended_does_not_open_another(bench: Bench) -> None:
    await bench.accept(alert())
    await bench.end(await bench.only_incident(), "closed")
    assert await bench.accept(alert()) == ["resent"]
    assert len(await bench.incidents()) == 1


async def test_an_incident_handed_to_a_person_takes_alerts_while_it_fires(bench: Bench) -> None:
    await bench.accept(alert())
    await bench.end(await bench.only_incident(), "escalated")
    assert await bench.accept(alert("SlowQueries", "payments", starts_at=NOON + 6 * MINUTE)) == ["grouped"]
    await bench.accept(alert(status="resolved"), alert("SlowQueries", "payments", status="resolved"))
    assert await bench.accept(alert("Other", "payments", starts_at=NOON + 7 * MINUTE)) == ["opened"]


async def test_an_alert_that_begins_anew_while_a_person_has_its_incident_goes_on_there(bench: Bench) -> None:
    await bench.accept(alert())
    await bench.end(await bench.only_incident(), "escalated")
    assert await bench.accept(alert(starts_at=NOON + 7 * MINUTE)) == ["resent"]
    assert await bench.accept(alert(starts_at=NOON + 9 * MINUTE)) == ["resent"]
    await bench.only_incident()
    assert await bench.firing() == 1


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (alert("Slow", "checkout", starts_at=NOON + 2 * MINUTE), "same service 'checkout', began 2 min from"),
        (alert("Slow", "db", starts_at=NOON + timedelta(seconds=90)), "2 calls apart (db - payments - checkout)"),
        (alert("Slow", "edge", starts_at=NOON), "1 call apart (edge - checkout), began 0 s from 'HighErrorRate'"),
        (alert("Slow", None, node="n1", zone="z"), "shares node 'n1', zone 'z'"),
    ],
)
async def test_related_alerts_join_and_the_reason_says_why(bench: Bench, second: Alert, reason: str) -> None:
    await bench.accept(alert(node="n1", zone="z"))
    assert await bench.accept(second) == ["grouped"]
    incident = await bench.only_incident()
    assert reason in (await bench.groupings(incident))[1]
    assert len(bench.called) == 1


@pytest.mark.parametrize(
    "second",
    [
        alert("Slow", "island"),
        alert("Slow", "db", starts_at=NOON + 30 * MINUTE),
        alert("Slow", None),
        alert("Slow", None, zone="z"),
        alert("Slow", "unheard-of", region="r"),
    ],
)
async def test_unrelated_alerts_open_their_own_incident(bench: Bench, second: Alert) -> None:
    await bench.accept(alert(zone="z", region="r"))
    assert await bench.accept(second) == ["opened"]


async def test_a_joining_alert_widens_the_incident(bench: Bench) -> None:
    await bench.accept(alert(severity="low"))
    await bench.accept(alert("Down", "payments", source="prometheus", starts_at=NOON - MINUTE, severity="critical"))
    incident = await bench.only_incident()
    assert (incident.severity, incident.services, incident.began_at) == (
        "critical", ("checkout", "payments"), NOON - MINUTE,
    )  # fmt: skip
    assert incident.sources == ("alertmanager", "prometheus")


async def test_practice_runs_and_real_alerts_never_mix(bench: Bench) -> None:
    bench.worlds.runs = {"run-1": SetClock(kind="simulated"), "run-2": SetClock(kind="simulated")}
    await bench.accept(alert(), alert(practice_run="run-1"), alert(practice_run="run-2"))
    real, one, two = await bench.incidents()
    assert [incident.practice_run for incident in (real, one, two)] == [None, "run-1", "run-2"]
    assert [incident.clock for incident in (real, one, two)] == ["wall", "simulated", "simulated"]


async def test_an_unknown_practice_run_is_treated_as_live_and_says_so(bench: Bench) -> None:
    await bench.accept(alert(practice_run="nobody's"))
    incident = await bench.only_incident()
    assert incident.practice_run is None
    assert "nobody's" in (await bench.groupings(incident))[0]
    assert "live" in (await bench.groupings(incident))[0]


async def test_times_are_kept_on_the_clock_of_the_world(bench: Bench) -> None:
    hour = timedelta(hours=1)
    bench.worlds.runs = {"run-1": SetClock(at=NOON + hour, kind="simulated", ahead=hour)}
    sent = alert(practice_run="run-1", source="prometheus", ends_at=NOON + 4 * MINUTE)
    assert await bench.accept(sent) == ["opened"]
    incident = await bench.only_incident()
    assert (incident.began_at, incident.opened_at) == (NOON + hour, NOON + hour)
    bench.worlds.live.at = NOON + 2 * hour
    await bench.intake.expire()
    assert await bench.firing() == 1
    bench.worlds.runs["run-1"].at = NOON + hour + 4 * MINUTE
    await bench.intake.expire()
    assert await bench.firing() == 0


async def test_without_a_topology_alerts_are_grouped_by_service_and_the_gap_is_told(bench: Bench) -> None:
    bench.worlds.topology = NoTelemetry()
    await bench.accept(alert(), alert("Slow", "checkout"), alert("Slow", "payments"))
    one, other = await bench.incidents()
    assert len(await bench.groupings(one)) == 2
    assert "topology could not be read" in (await bench.groupings(other))[0]


async def test_a_response_that_cannot_start_does_not_lose_the_alert(bench: Bench) -> None:
    async def fail(_: IncidentId) -> None:
        raise ZeroDivisionError

    intake = Intake(bench.database, bench.worlds, fail)
    assert [outcome.became for outcome in (await intake.accept([alert()])).outcomes] == ["opened"]
    assert (await bench.only_incident()).status == "open"


async def test_a_service_that_its_sender_calls_otherwise_is_known_by_our_name_in_the_live_world_alone(
    bench: Bench,
) -> None:
    bench.intake = Intake(bench.database, bench.worlds, bench._opened, {"ShopStack-Cart-1X2Y": ServiceName("cart")})
    await bench.accept(alert("Failing", "ShopStack-Cart-1X2Y"))
    await bench.accept(alert("Slow", "cart"))
    incident = await bench.only_incident()
    assert incident.services == ("cart",)
    assert len(await bench.groupings(incident)) == 2


async def test_too_many_posts_at_once_are_turned_away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incident_commander.ingest.intake.MAX_WAITING", 2)
    answers = await asyncio.gather(*(bench.intake.accept([alert()]) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(answer, Overloaded) for answer in answers) == 2
    assert await bench.accept(alert()) == ["resent"]


async def test_a_storm_in_one_post_is_one_incident(bench: Bench) -> None:
    await bench.accept(*(alert(instance=f"i{index}") for index in range(45)))
    assert len(await bench.groupings(await bench.only_incident())) == 45
    assert len(bench.called) == 1
