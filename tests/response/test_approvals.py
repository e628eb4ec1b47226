"""What a person is asked and answers: nothing runs that they did not agree to, or that was not voted on as it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal, Self

import pytest

from incident_commander.actions.catalogue import OutOfBounds
from incident_commander.composition import Commander
from incident_commander.domain.base import Digest, IncidentId, RunId
from incident_commander.domain.plan import Argument
from incident_commander.response import approvals, lifecycle
from incident_commander.response.approvals import NotAwaiting, given_before
from incident_commander.response.record import IncidentRecord
from incident_commander.response.view_approval import PendingApproval
from incident_commander.response.view_timeline import timeline_row

from ..actions.sites import approval
from ..consensus.ballot_box import NOW
from ..store.databases import Home, sqlite_home
from .scripted import CATALOGUE, ORDERS, plan, scene
from .serving import commander, ended, first

SCENARIO, SEED = "storage_failure", 1
"""A volume fills: growing it cannot be taken back, so that a person is asked, and it has an argument to change."""


@asynccontextmanager
async def asked(home: Home) -> AsyncIterator[tuple[Commander, PendingApproval]]:
    """A practice run whose approvals a person answers, once it asks."""
    async with commander(home) as serving:
        await serving.operations.start_scenario(SCENARIO, SEED, approver="person")

        async def look() -> PendingApproval | None:
            waiting = await serving.operations.approvals()
            return waiting[0] if waiting else None

        yield serving, await first(serving, look)


async def answer(
    serving: Commander,
    about: PendingApproval,
    given: Literal["approved", "denied"],
    reason: str = "I looked at it",
    arguments: dict[str, Argument] | None = None,
) -> None:
    await serving.operations.answer_approval(about.incident_id, about.plan, given, "Ada", reason, arguments=arguments)


async def test_the_question_says_what_would_be_done_why_and_what_may_be_changed(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        await answer(serving, about, "denied")
        record = await ended(serving, about.incident_id)
    assert (about.action, about.target) == ("grow_storage", "core-db")
    assert about.irreversible
    assert about.undo == ""
    (factor,) = about.arguments
    assert (factor.name, factor.minimum, factor.maximum) == ("factor", 1.25, 4.0)
    assert about.checks
    assert about.reason
    assert about.blast_radius == "nobody else, as far as can be seen"
    (row,) = [timeline_row(event) for event in record.of_kind("approval.requested")]
    assert row.detail == f"Expires {about.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    assert about.votes.startswith(("4 of 5", "5 of 5"))
    assert about.expires_at - about.requested_at > timedelta(days=2)


async def test_what_a_person_approved_is_done_and_the_ledger_says_who_and_why(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        await answer(serving, about, "approved", "the volume is nearly full")
        record = await ended(serving, about.incident_id)
    assert record.incident.status == "resolved"
    assert record.approval is not None
    assert (record.approval.by, record.approval.reason) == ("Ada", "the volume is nearly full")
    assert record.approval.plan == about.plan
    assert record.receipt is not None
    assert record.receipt.applied


async def test_what_a_person_denied_is_not_done_and_is_remembered_when_it_comes_up_again(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        await answer(serving, about, "denied", "we grow it by hand")
        record = await ended(serving, about.incident_id)
        await serving.operations.start_scenario(SCENARIO, SEED, approver="person")

        async def look() -> PendingApproval | None:
            waiting = await serving.operations.approvals()
            return waiting[0] if waiting else None

        again = await first(serving, look)
        await answer(serving, again, "denied")
        await ended(serving, again.incident_id)
    assert record.incident.status == "escalated"
    assert record.receipt is None
    (told,) = again.denied_before
    assert "by Ada: we grow it by hand" in told


async def test_changed_arguments_are_voted_on_before_they_run(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        await answer(serving, about, "approved", arguments={"factor": 3.0})
        record = await ended(serving, about.incident_id)
    (edited,) = record.of_kind("plan.edited")
    assert edited.actor == "Ada"
    (_, second) = record.rounds
    assert second.why == "edited"
    assert record.tally is not None
    assert record.tally.round == 2
    assert record.receipt is not None
    assert record.receipt.action.arguments == {"factor": 3.0}
    assert record.tally.certificate is not None
    assert record.tally.certificate.plan_digest != about.plan
    assert len(record.approvals) == 1, "nobody is asked again about what they wrote themselves"


@pytest.mark.parametrize(
    ("answered", "covered"),
    [
        ({"scope": "class"}, True),
        ({"scope": "plan"}, False),
        ({"scope": "class", "answer": "denied"}, False),
        ({"scope": "class", "expires_at": NOW}, False),
    ],
)
async def test_a_class_approved_for_an_incident_needs_no_other_answer_for_its_next_plan_while_that_lasts(
    tmp_path: Path, answered: dict[str, object], covered: bool
) -> None:
    first_plan = plan(CATALOGUE.action("scale_out", ORDERS))
    next_plan = plan(CATALOGUE.action("scale_out", ORDERS, {"factor": 3.0}))
    other_class = plan(CATALOGUE.action("restart", ORDERS))
    async with scene(tmp_path, first_plan, approval(first_plan, **answered)) as world:
        record = await world.record()
    assert (given_before(record, next_plan, NOW) is not None) == covered
    assert given_before(record, other_class, NOW) is None


async def test_arguments_beyond_the_catalogues_bounds_are_refused_and_the_question_stays(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        with pytest.raises(OutOfBounds, match=r"factor = 40\.0 is not a number in \[1\.25, 4\.0\]"):
            await answer(serving, about, "approved", arguments={"factor": 40.0})
        assert [each.plan for each in await serving.operations.approvals()] == [about.plan]
        await answer(serving, about, "denied")
        await ended(serving, about.incident_id)


async def test_votes_that_had_grown_old_when_the_approval_came_are_held_again(
    tmp_path: Path,
) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        await serving.company.let_pass(await _run(serving, about.incident_id), 660)
        await answer(serving, about, "approved")
        record = await ended(serving, about.incident_id)
    assert [each.why for each in record.rounds] == ["first", "stale"]
    assert record.incident.status in ("resolved", "escalated")


async def test_an_answer_for_another_plan_or_to_no_question_is_refused(tmp_path: Path) -> None:
    async with asked(sqlite_home(tmp_path)) as (serving, about):
        with pytest.raises(NotAwaiting, match="asks about plan"):
            await serving.operations.answer_approval(about.incident_id, Digest("0" * 64), "approved", "Eve", "")
        await answer(serving, about, "denied")
        await ended(serving, about.incident_id)
        with pytest.raises(NotAwaiting, match="is closed: denied by Ada"):
            await answer(serving, about, "approved")


@pytest.mark.parametrize("version", [lifecycle.WORKFLOW_VERSION, "an earlier version's"])
def test_a_question_waits_through_a_restart_and_an_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    present = lifecycle.WORKFLOW_VERSION

    async def until_asked() -> PendingApproval:
        async with asked(sqlite_home(tmp_path)) as (_, about):
            return about

    async def answered_later(about: PendingApproval) -> IncidentRecord:
        async with commander(sqlite_home(tmp_path)) as serving:
            (still,) = await serving.operations.approvals()
            assert still == about
            await answer(serving, still, "approved")
            return await ended(serving, still.incident_id)

    # Two event loops, as in two processes: the workflow engine leaves nothing of the first one usable.
    monkeypatch.setattr(lifecycle, "WORKFLOW_VERSION", version)
    about = asyncio.run(until_asked())
    monkeypatch.setattr(lifecycle, "WORKFLOW_VERSION", present)
    record = asyncio.run(answered_later(about))
    assert record.incident.status == "resolved"


class DaysLater(datetime):
    """The wall clock of a machine that was off for longer than an answer is waited for."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """See datetime."""
        return super().now(tz) + timedelta(days=4)


def test_a_question_expires_also_while_nothing_runs_and_is_not_answered_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def until_asked() -> PendingApproval:
        async with asked(sqlite_home(tmp_path)) as (_, about):
            return about

    async def days_later(about: PendingApproval) -> IncidentRecord:
        async with commander(sqlite_home(tmp_path)) as serving:
            if [each.plan for each in await serving.operations.approvals()] == [about.plan]:
                with pytest.raises(NotAwaiting, match=r"expired at|is closed: expired"):
                    await answer(serving, about, "approved")
            return await ended(serving, about.incident_id)

    monkeypatch.setattr(lifecycle, "_LISTEN", timedelta(milliseconds=50))
    about = asyncio.run(until_asked())
    for module in (lifecycle, approvals):
        monkeypatch.setattr(module, "datetime", DaysLater)
    record = asyncio.run(days_later(about))
    assert record.incident.status == "escalated"
    assert record.approval is not None
    assert (record.approval.answer, record.receipt) == ("expired", None)


async def test_a_question_that_nobody_answers_expires_and_a_person_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_commander.response.lifecycle._LISTEN", timedelta(milliseconds=50))
    async with commander(sqlite_home(tmp_path), approval_wait_hours=0.0001) as serving:
        run = await serving.operations.start_scenario(SCENARIO, SEED, approver="person")

        async def look() -> IncidentId | None:
            incident = await serving.operations.incident_of(run.id)
            return incident.id if incident else None

        record = await ended(serving, await first(serving, look))
    assert record.incident.status == "escalated"
    assert record.approval is not None
    assert record.approval.answer == "expired"


async def _run(serving: Commander, incident_id: IncidentId) -> RunId:
    async with serving.database.read() as unit:
        run = (await unit.incidents.get(incident_id)).practice_run
    assert run is not None
    return run
