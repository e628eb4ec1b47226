"""The ladder: so many verified agreements are a step up, one failure is a fall, and what stays never passes approve."""

from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.actions.ladder import Ladder
from incident_commander.actions.trust import (
    TRUST_FILE,
    Agreement,
    BeyondTrust,
    Standing,
    TrustError,
    decision_at,
    highest_level,
    load_trust,
)
from incident_commander.domain.base import Digest
from incident_commander.domain.operator import TrustChange
from incident_commander.domain.plan import TRUST_LEVELS, ActionName, TrustLevel
from incident_commander.sandbox import TRUST_FILE as PRACTICE_TRUST_FILE
from incident_commander.store import Database

from ..store.databases import Home, opened
from .sites import CATALOGUE, incident
from .worker import ladder

LIVE, PRACTICE = load_trust(TRUST_FILE, CATALOGUE), load_trust(PRACTICE_TRUST_FILE, CATALOGUE)
EVENTS = st.lists(st.sampled_from(["agreed", "disagreed", "failed"]), max_size=40)


def test_real_incidents_begin_with_a_person_and_practice_within_its_policy() -> None:
    assert set(LIVE.start.values()) == {"approve"}
    assert {name for name, level in PRACTICE.start.items() if level == "auto"} == {
        name for name, spec in CATALOGUE.actions.items() if spec.reversible
    }


def test_what_nothing_takes_back_can_never_pass_approve() -> None:
    assert {highest_level(name, CATALOGUE) for name in ("restart", "redrive", "runbook", "grow_storage")} == {"approve"}
    assert highest_level("scale_out", CATALOGUE) == "auto"


def test_only_auto_leaves_the_decision_to_policy() -> None:
    assert [decision_at(level) for level in TRUST_LEVELS] == ["deny", "deny", "needs_approval", "allow"]


def after(events: list[str], level: TrustLevel, highest: TrustLevel) -> list[Standing]:
    """Where a class stood, event by event, from where it began."""
    standings = [Standing(level=level, reason="")]
    for event in events:
        now = standings[-1]
        standings.append(
            now.agreed(LIVE, highest)
            if event == "agreed"
            else now.disagreed()
            if event == "disagreed"
            else now.failed(LIVE, "its checks were unmet")
        )
    return standings


@given(EVENTS, st.sampled_from(TRUST_LEVELS[:3]), st.sampled_from(["approve", "auto"]))
def test_a_step_up_takes_as_many_agreements_in_a_row_as_the_rules_say_and_is_one_step(
    events: list[str], level: TrustLevel, highest: TrustLevel
) -> None:
    standings = after(events, level, highest)
    for position, (before, now) in enumerate(pairwise(standings), 1):
        step = TRUST_LEVELS.index(now.level) - TRUST_LEVELS.index(before.level)
        assert step <= 1
        assert TRUST_LEVELS.index(now.level) <= TRUST_LEVELS.index(highest)
        if step == 1:
            assert events[position - LIVE.agreements : position] == ["agreed"] * LIVE.agreements
            assert now.agreements == 0


@given(EVENTS, st.sampled_from(TRUST_LEVELS))
def test_one_failure_takes_every_class_to_where_the_rules_say_or_leaves_it_lower(
    events: list[str], level: TrustLevel
) -> None:
    fallen = after([*events, "failed"], level, "auto")[-1]
    assert TRUST_LEVELS.index(fallen.level) <= TRUST_LEVELS.index("advise")
    assert fallen.agreements == 0


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("agreements = 5", "agreements = 0", "agreements: "),
        ("agreements = 5", "agreement = 5", "agreement"),
        ('demoted_to = "advise"', 'demoted_to = "auto"', "no demotion"),
        ('restart = "approve"', 'restart = "auto"', "start.restart: nothing takes it back"),
        ('restart = "approve"\n', "", "no level for restart"),
        ('restart = "approve"', 'restart = "aprove"', "start.restart: "),
        ('restart = "approve"', 'reboot = "approve"', "start.reboot"),
        ('["approved_and_verified", "reported"]', "[]", "counted: "),
        ("[start]", "[start", "mend the file"),
    ],
)
def test_a_wrong_file_is_refused_by_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = TRUST_FILE.read_text()
    assert old in text
    path = tmp_path / "trust.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(TrustError, match=says):
        load_trust(path, CATALOGUE)


async def agree(
    database: Database, number: int, how: Agreement = "approved_and_verified", name: ActionName = "scale_out",
    start: TrustLevel = "approve",
) -> TrustChange | None:  # fmt: skip
    """Count an agreement about a plan of its own."""
    async with database.write() as unit:
        return await ladder(start).agreed(
            unit, incident(), Digest(f"plan-{number}"), name, how, "ana", "approved, and its checks were met"
        )


async def level(database: Database, held: Ladder, name: ActionName = "scale_out") -> TrustLevel:
    async with database.read() as unit:
        return (await held.standing(unit, name, "live")).level


async def test_agreements_lift_a_class_and_survive_restarts(home: Home) -> None:
    async with opened(home) as database:
        first = await agree(database, 1)
        assert (first is not None and first.cause, await level(database, ladder("approve"))) == ("agreed", "approve")
    async with opened(home) as database:
        second = await agree(database, 2)
        assert second is not None
        assert (second.cause, second.before, second.after, second.agreements) == ("promoted", "approve", "auto", 0)
        assert await level(database, ladder("approve")) == "auto"


async def test_a_plan_counts_once_however_often_its_step_is_repeated(home: Home) -> None:
    async with opened(home) as database:
        assert await agree(database, 1) is not None
        assert await agree(database, 1) is None
        assert await level(database, ladder("approve")) == "approve"


@pytest.mark.parametrize(
    ("start", "how", "counts"),
    [
        ("observe", "reported", True),
        ("advise", "reported", True),
        ("approve", "reported", False),
        ("advise", "approved_and_verified", False),
        ("approve", "approved_and_verified", True),
        ("auto", "approved_and_verified", False),
    ],
)
async def test_each_kind_of_agreement_counts_at_its_own_levels(
    home: Home, start: TrustLevel, how: Agreement, counts: bool
) -> None:
    async with opened(home) as database:
        assert (await agree(database, 1, how, start=start) is not None) is counts


async def test_what_nothing_takes_back_stays_at_approve_after_any_number_of_agreements(home: Home) -> None:
    async with opened(home) as database:
        for number in range(5):
            await agree(database, number, name="restart")
        assert await level(database, ladder("approve"), "restart") == "approve"
        with pytest.raises(BeyondTrust, match="nothing takes restart back, so it cannot pass 'approve'"):
            async with database.write() as unit:
                await ladder().put(unit, "restart", "live", "auto", "ana", "it always works")


async def test_one_failure_demotes_at_once_even_for_a_plan_that_was_agreed_to(home: Home) -> None:
    async with opened(home) as database:
        await agree(database, 1)
        async with database.write() as unit:
            change = await ladder("approve").failed(unit, incident(), Digest("plan-1"), "scale_out", "errors rose")
            again = await ladder("approve").failed(unit, incident(), Digest("plan-1"), "scale_out", "errors rose")
        assert (change.cause, change.before, change.after) == ("demoted", "approve", "advise")
        assert again == change
        assert await level(database, ladder("approve")) == "advise"


async def test_the_two_worlds_are_counted_apart(home: Home) -> None:
    async with opened(home) as database:
        async with database.write() as unit:
            await ladder().failed(unit, incident(practice=True), Digest("p"), "scale_out", "errors rose")
        assert await level(database, ladder()) == "auto"


async def test_an_operators_hand_is_in_the_history_with_the_reason(home: Home) -> None:
    async with opened(home) as database:
        async with database.write() as unit:
            await ladder().put(unit, "scale_out", "live", "observe", "ana", "new here")
        async with database.write() as unit:
            await ladder().put(unit, "scale_out", "live", "approve", "ben", "looked at it for a week")
        async with database.read() as unit:
            rows = await ladder().rows(unit)
            assert (await unit.ledger.verify()).valid
    row = next(row for row in rows if (row.action, row.world) == ("scale_out", "live"))
    assert (row.level, row.reason) == ("approve", "set by ben: looked at it for a week")
    assert [(change.by, change.before, change.after) for change in row.history] == [
        ("ben", "observe", "approve"),
        ("ana", "auto", "observe"),
    ]
    assert {(row.action, row.world) for row in rows} == {
        (name, world) for name in get_args(ActionName) for world in ("live", "practice")
    }


async def test_nobody_sets_a_level_without_a_name_and_a_reason(home: Home) -> None:
    async with opened(home) as database:
        for by, reason in (("", "why"), ("ana", " ")):
            with pytest.raises(ValueError, match="say who sets the level, and why"):
                async with database.write() as unit:
                    await ladder().put(unit, "scale_out", "live", "observe", by, reason)


async def test_a_standing_that_cannot_be_read_is_trusted_least(home: Home) -> None:
    async with opened(home) as database:
        async with database.write() as unit:
            await unit.values.put("trust/live/scale_out", {"level": "full"})
        assert await level(database, ladder()) == "observe"
