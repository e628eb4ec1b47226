"""What is stored comes back, and idempotent calls are."""

from datetime import timedelta
from typing import get_args

import pytest

from incident_commander.domain.ballot import Certificate, QuorumRule
from incident_commander.domain.base import Fingerprint, IncidentId, RunId
from incident_commander.domain.incident import IncidentStatus
from incident_commander.domain.plan import Action, Plan
from incident_commander.domain.ports import UnknownPracticeRun
from incident_commander.domain.practice import PracticeRun
from incident_commander.store import ActionKeyReused, CertificateConflict, Database, Door

from .databases import NOON, alert, incident

INC = IncidentId("inc-1")


async def test_incidents_are_paged_and_filtered(database: Database) -> None:
    statuses: tuple[IncidentStatus, ...] = get_args(IncidentStatus)
    async with database.write() as unit:
        for index, status in enumerate(statuses):
            await unit.incidents.add(
                incident(
                    f"inc-{index}",
                    status=status,
                    practice_run=RunId("run-1") if index % 2 else None,
                    ended_at=NOON if status == "closed" else None,
                )
            )
    async with database.read() as unit:
        assert [one.id for one in await unit.incidents.page(limit=2, offset=1)] == ["inc-3", "inc-2"]
        assert {one.status for one in await unit.incidents.page(limit=9, statuses=["open", "closed"])} == {
            "open",
            "closed",
        }
        assert await unit.incidents.count(practice=True) == 2
        assert await unit.incidents.count(practice=False) == 3
        assert await unit.incidents.count(practice_run=RunId("run-1")) == 2
        assert len(await unit.incidents.unfinished()) == 4
        assert [one.id for one in await unit.incidents.recent(1)] == ["inc-4"]


async def test_an_alert_stands_once_in_an_incident_and_is_listed_for_each_door(database: Database) -> None:
    later = NOON + timedelta(minutes=1)
    doors = (
        Door.of(alert()),
        Door(source="prometheus", status="firing", ends_at=None, first_received_at=later, last_received_at=later),
    )
    async with database.write() as unit:
        await unit.incidents.add(incident())
        await unit.alerts.save(alert(), INC)
        await unit.alerts.save(alert(), INC, doors)
    async with database.read() as unit:
        (stored,) = await unit.alerts.by_fingerprint(Fingerprint("f1"))
        assert (stored.incident_id, stored.doors) == (INC, doors)
        assert [one.source for one in await unit.alerts.of_incident(INC)] == ["alertmanager", "prometheus"]
        assert await unit.alerts.firing(INC) == (alert(),)
        assert await unit.alerts.unfinished_without_firing() == ()
    async with database.write() as unit:
        await unit.alerts.save(alert(status="resolved", ends_at=NOON), INC)
    async with database.read() as unit:
        assert await unit.alerts.firing(INC) == ()
        assert await unit.alerts.unfinished_without_firing() == (INC,)


async def test_an_alert_without_an_incident_is_kept(database: Database) -> None:
    async with database.write() as unit:
        await unit.alerts.save(alert(status="resolved"), None)
        await unit.alerts.save(alert(status="resolved"), None)
    async with database.read() as unit:
        (stored,) = await unit.alerts.recent(10)
        assert stored.incident_id is None


RUN = PracticeRun(id=RunId("run-1"), scenario="s", seed=1, epoch=NOON, opened_at=NOON, started_at=NOON, clock_at=NOON)


async def test_a_practice_run_is_kept_until_it_ended(database: Database) -> None:
    async with database.write() as unit:
        await unit.practice.add(RUN)
        assert await unit.practice.active() == (RUN,)
        await unit.practice.update(RUN.model_copy(update={"ended": True}))
        assert await unit.practice.active() == ()
        assert (await unit.practice.get(RUN.id)).ended
        with pytest.raises(UnknownPracticeRun, match="run-9"):
            await unit.practice.get(RunId("run-9"))


async def test_an_action_is_received_once_and_each_delivery_is_counted(database: Database) -> None:
    restart = Action.model_validate({"name": "restart", "target": "db"})
    async with database.write() as unit:
        await unit.practice.add(RUN)
        first = await unit.practice.receive(RUN.id, "k", restart, NOON, applied=True, detail="restarted")
        again = await unit.practice.receive(RUN.id, "k", restart, NOON + timedelta(1), applied=False, detail="late")
        assert (first.deliveries, again) == (1, first.model_copy(update={"deliveries": 2}))
        other = await unit.practice.receive(RUN.id, "k2", restart, NOON, applied=False, detail="busy")
        assert [entry.sequence for entry in await unit.practice.journal(RUN.id)] == [1, 2]
        assert await unit.practice.received(RUN.id, "k2") == other
        with pytest.raises(ActionKeyReused):
            await unit.practice.receive(
                RUN.id, "k", restart.model_copy(update={"name": "failover"}), NOON, applied=True, detail=""
            )
        with pytest.raises(UnknownPracticeRun):
            await unit.practice.receive(RunId("run-9"), "k", restart, NOON, applied=True, detail="")


async def test_a_round_has_one_certificate(database: Database) -> None:
    plan = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="wait")
    certificate = Certificate(
        incident_id=INC,
        round=1,
        plan_digest=plan.digest,
        rule=QuorumRule(n=5, f=1, required=4, weights={}),
        ballots=(),
        issued_at=NOON,
    )
    async with database.write() as unit:
        await unit.incidents.add(incident())
        await unit.certificates.save(certificate, plan)
        await unit.certificates.save(certificate, plan)
        assert await unit.certificates.of_incident(INC) == ((certificate, plan),)
        with pytest.raises(CertificateConflict, match="round 1"):
            await unit.certificates.save(certificate.model_copy(update={"issued_at": NOON + timedelta(1)}), plan)
        with pytest.raises(ValueError, match="plan"):
            await unit.certificates.save(certificate, plan.model_copy(update={"rationale": "another"}))


async def test_a_named_value_is_replaced(database: Database) -> None:
    async with database.write() as unit:
        assert await unit.values.get("n") is None
        await unit.values.put("n", {"a": [1, None]})
        await unit.values.put("n", {"a": 2})
        assert await unit.values.get("n") == {"a": 2}
