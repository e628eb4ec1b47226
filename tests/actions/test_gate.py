"""The gate stays shut for what is not certified, in bounds, first in its round, permitted now and approved if asked."""

from datetime import timedelta

import pytest

from incident_commander.actions.catalogue import OutOfBounds
from incident_commander.actions.gate import Expired, NothingToDo, Refused, RoundUsed, Stopped, Unauthorised, Uncertified
from incident_commander.actions.policy import DenyAll, FilePolicy
from incident_commander.actions.rules import Freeze, Limits
from incident_commander.domain.ballot import Certificate
from incident_commander.domain.base import ServiceName
from incident_commander.domain.plan import Action, ApprovalAnswer, Plan, TrustLevel
from incident_commander.domain.ports import ActionFailed
from incident_commander.domain.telemetry import Topology

from ..consensus.ballot_box import NOW
from .sites import (
    ON,
    ORDERS_DB,
    RESTART,
    SCALE,
    VOTES_LIVE,
    Known,
    MemoryRegister,
    Place,
    approval,
    certify,
    gate,
    incident,
    plan_to,
    says,
)

POOL = plan_to("raise_pool")
NOTHING = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="")


async def act(
    place: Place,
    plan: Plan = SCALE,
    *,
    key: str = "k",
    register: MemoryRegister | None = None,
    given: ApprovalAnswer | None = None,
    incident_id: str = "inc-1",
    round_number: int = 1,
) -> None:
    """Have a gate carry a certified plan out."""
    held = incident(incident_id)
    await gate(register).execute(plan, certify(plan, held, round_number), held, place, key, approval=given)


async def refused(error: type[Exception], says: str, place: Place, plan: Plan = SCALE, **how: object) -> None:
    """The gate refuses, says so in these words, and the world received nothing."""
    before = list(place.executor.done)
    with pytest.raises(error, match=says):
        await act(place, plan, **how)  # type: ignore[arg-type]
    assert place.executor.done == before


async def test_a_certified_and_permitted_plan_is_carried_out_once() -> None:
    place, register = Place(), MemoryRegister()
    for repeated in (False, True):
        receipt = await gate(register).execute(SCALE, certify(SCALE), incident(), place, "k")
        assert receipt.repeated is repeated
    assert place.executor.done == [SCALE.action]


@pytest.mark.parametrize(
    ("plan", "certificate", "says"),
    [
        (SCALE, None, "no certificate"),
        (SCALE.model_copy(update={"checks": ()}), certify(SCALE), "the certificate is for plan"),
        (SCALE, certify(SCALE, incident("inc-2")), "for incident 'inc-2', not 'inc-1'"),
        (POOL, certify(SCALE).model_copy(update={"plan_digest": POOL.digest}), "does not hold: its ballots are no"),
        (SCALE, certify(SCALE).model_copy(update={"round": 2}), "does not hold"),
    ],
)
async def test_what_no_quorum_is_proven_for_is_refused(plan: Plan, certificate: Certificate | None, says: str) -> None:
    place = Place()
    with pytest.raises(Uncertified, match=says):
        await gate().execute(plan, certificate, incident(), place, "k")
    with pytest.raises((Uncertified, NothingToDo)):
        await gate().undo(plan, certificate, incident(), place, "k/undo")
    assert place.executor.done == []


async def test_a_plan_to_do_nothing_is_no_action() -> None:
    await refused(NothingToDo, "to do nothing", Place(), NOTHING)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"name": "scale_out", "target": "orders", "arguments": {"factor": 90}}, "factor = 90"),
        ({"name": "scale_out", "target": "orders", "arguments": {"factor": 2, "force": 1}}, "unknown argument 'force'"),
        ({"name": "scale_out", "target": "orders-db", "arguments": {"factor": 2}}, "it is a database"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_even_when_certified(action: dict[str, object], says: str) -> None:
    wild = SCALE.model_copy(update={"action": Action.model_validate(action)})
    await refused(OutOfBounds, says, Place(), wild)


async def test_a_round_that_was_used_takes_no_other_plan() -> None:
    place, register = Place(), MemoryRegister()
    await act(place, register=register)
    await refused(RoundUsed, "was used for plan", place, POOL, register=register, key="k2")
    await act(place, POOL, register=register, key="k2", round_number=2)
    assert place.executor.done == [SCALE.action, POOL.action]


async def test_a_valid_certificate_that_no_count_here_came_to_is_refused() -> None:
    place, register = Place(), MemoryRegister()
    register.pages.issued = (certify(POOL),)
    await refused(Uncertified, "came to this certificate", place, register=register)
    with pytest.raises(Uncertified, match="came to this certificate"):
        await gate(register).undo(SCALE, certify(SCALE), incident(), place, "k/undo")
    await act(place, POOL, register=register)
    assert place.executor.done == [POOL.action]


async def test_votes_that_have_expired_move_nothing_any_more_but_what_they_moved_is_still_taken_back() -> None:
    place, register = Place(), MemoryRegister()
    await act(place, register=register)
    place.clock.at = NOW + VOTES_LIVE
    await refused(Expired, "were valid until 2026-11-24", place, POOL, register=register, key="k2", round_number=2)
    await gate(register).undo(SCALE, certify(SCALE), incident(), place, "k/undo")
    assert place.executor.done == [SCALE.action, SCALE.undo]


async def test_a_round_is_over_when_a_later_one_was_opened() -> None:
    place, register = Place(), MemoryRegister()
    register.pages.opened[incident().id] = 2
    await refused(RoundUsed, "was over when round 2 was opened", place, register=register)
    await act(place, POOL, register=register, key="k2", round_number=2)
    assert place.executor.done == [POOL.action]


async def test_a_refused_plan_uses_up_neither_its_round_nor_a_slot() -> None:
    place, register = Place(policy=says("deny")), MemoryRegister()
    await refused(Unauthorised, "says deny", place, register=register)
    place.policy = says("allow", limits=Limits(max_per_hour=1))
    await act(place, POOL, register=register)
    assert place.executor.done == [POOL.action]


async def test_while_the_kill_switch_is_on_nothing_is_done_or_taken_back() -> None:
    place, register = Place(), MemoryRegister()
    await act(place, register=register)
    register.pages.switch = ON
    for again in ("k", "k2"):
        await refused(Stopped, r"the kill switch is on \(ana: the region is failing over\)", place, register=register,
                      key=again)  # fmt: skip
    with pytest.raises(Stopped):
        await gate(register).undo(SCALE, certify(SCALE), incident(), place, "k/undo")
    assert place.executor.done == [SCALE.action]
    decided = await gate(register).decide(incident(), POOL, place)
    assert (decided.decision, decided.rule) == ("deny", "kill-switch")


async def test_policy_is_asked_again_when_the_plan_passes() -> None:
    place = Place()
    assert (await gate().decide(incident(), SCALE, place)).decision == "allow"
    freeze = Freeze(id="sale", start=NOW, end=NOW + timedelta(days=1), reason="the busiest day")
    place.policy = FilePolicy(name="test", rules=place.policy.rules, freezes=(freeze,))
    await refused(Unauthorised, "refused by 'sale': scale_out is frozen until .*: the busiest day", place)


async def test_without_a_policy_nothing_passes() -> None:
    place = Place()
    place.policy = DenyAll()  # type: ignore[assignment]
    await refused(Unauthorised, "no policy is configured", place)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, "nobody answered"),
        (approval(answer="denied"), "the answer was 'denied' by ana"),
        (approval(answer="expired"), "the answer was 'expired'"),
        (approval(POOL), "the approval by ana is for"),
        (approval(plan=None), "is for no plan that was kept"),
        (approval(POOL, scope="class"), "the approval by ana is for"),
        (approval(plan=None, action=None, scope="class"), "is for no plan that was kept"),
        (approval(expires_at=NOW), "expired at 2026-11-23T09:30:00"),
        (approval(by="cem"), "'cem' may not answer for it; ana, ben may"),
    ],
)
async def test_an_approval_counts_for_the_plan_it_was_given_for_from_who_may_give_it_while_it_lasts(
    given: ApprovalAnswer | None, says: str
) -> None:
    place = Place(policy=_asking())
    await refused(Unauthorised, says, place, given=given)
    await act(place, given=approval())
    assert place.executor.done == [SCALE.action]


def _asking() -> FilePolicy:
    return says("needs_approval", approvers=("ana", "ben"))


async def test_a_class_approved_for_an_incident_covers_its_other_plans() -> None:
    place = Place(policy=_asking())
    elsewhere = plan_to("scale_out", ServiceName("search"))
    await act(place, elsewhere, given=approval(scope="class"))
    assert place.executor.done == [elsewhere.action]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("observe", "refused by 'trust': .*allow; in live incidents scale_out is only observed"),
        ("advise", "scale_out is only advised, for a person to carry out"),
        ("approve", "must agree by 'trust', and nobody answered .*scale_out is done once a person agrees"),
    ],
)
async def test_trust_makes_stricter_what_policy_allows_and_both_reasons_are_told(level: TrustLevel, words: str) -> None:
    register = MemoryRegister()
    register.pages.trust["scale_out", "live"] = level
    await refused(Unauthorised, words, Place(), register=register)


async def test_trust_does_not_loosen_what_policy_asks() -> None:
    await refused(Unauthorised, "by 'everything', and nobody answered", Place(policy=says("needs_approval")))


async def test_what_nothing_takes_back_always_needs_a_person() -> None:
    place = Place()
    await refused(Unauthorised, "by 'trust', and nobody answered .*nothing takes it back", place, RESTART)
    one_way = SCALE.model_copy(update={"undo": None, "reversible": False})
    await refused(Unauthorised, "nobody answered", place, one_way)
    claimed = RESTART.model_copy(update={"undo": SCALE.undo, "reversible": True})
    await refused(Unauthorised, "nobody answered", place, claimed)
    await act(place, RESTART, given=approval(RESTART))
    assert place.executor.done == [RESTART.action]


async def test_practice_and_live_are_trusted_apart() -> None:
    place, register = Place(), MemoryRegister()
    register.pages.trust["scale_out", "live"] = "observe"
    held = incident(practice=True)
    await gate(register).execute(SCALE, certify(SCALE, held), held, place, "k")
    assert place.executor.done == [SCALE.action]


async def test_an_action_cools_down_before_it_hits_the_same_target_again_in_any_incident() -> None:
    place, register = Place(), MemoryRegister()
    await act(place, register=register)
    elsewhere = plan_to("scale_out", ServiceName("search"))
    await act(place, elsewhere, register=register, key="k2", incident_id="inc-2")
    await refused(Unauthorised, "scale_out of 'orders' cools down for 300 s; it may run again at 2026-11-23T09:35",
                  place, register=register, key="k3", incident_id="inc-3")  # fmt: skip
    place.clock.at += timedelta(seconds=300)
    await act(place, register=register, key="k3", incident_id="inc-3")
    assert len(place.executor.done) == 3


async def test_an_action_hits_the_same_target_so_often_an_hour_and_no_more() -> None:
    place, register = Place(), MemoryRegister()
    for number in range(4):
        await act(place, register=register, key=f"k{number}", incident_id=f"inc-{number}")
        place.clock.at += timedelta(minutes=10)
    await refused(Unauthorised, "ran 4 times within an hour, and the catalogue allows 4; it may run again at "
                  "2026-11-23T10:30", place, register=register, key="k4", incident_id="inc-4")  # fmt: skip


async def test_a_slot_is_given_back_where_the_world_is_certain_that_nothing_was_done() -> None:
    place, register = Place(policy=says("allow", limits=Limits(max_per_hour=1))), MemoryRegister()
    place.executor.failures = 1
    await refused(ActionFailed, "throttled", place, register=register)
    await act(place, register=register)
    await refused(Unauthorised, "actions within an hour: 1 ran, and 1 may", place, POOL, register=register, key="k2",
                  incident_id="inc-2")  # fmt: skip


async def test_the_way_back_is_open_whatever_policy_rates_and_trust_say_by_now() -> None:
    place, register = Place(policy=says("allow", limits=Limits(max_per_hour=1))), MemoryRegister()
    await act(place, register=register)
    place.policy = says("deny")
    register.pages.trust["scale_out", "live"] = "observe"
    receipt = await gate(register).undo(SCALE, certify(SCALE), incident(), place, "k/undo")
    assert receipt.action.arguments == {"factor": 0.5}
    with pytest.raises(NothingToDo, match="no undo"):
        await gate().undo(RESTART, certify(RESTART), incident(), place, "k2/undo")


async def test_a_target_that_the_topology_does_not_know_is_no_reason_to_refuse_by_itself() -> None:
    place = Place(topology=Known(Topology()))
    await act(place, plan_to("scale_out", ORDERS_DB))
    assert len(place.executor.done) == 1


def test_every_refusal_is_told_apart_and_is_one() -> None:
    for kind in (Uncertified, Stopped, RoundUsed, Unauthorised, NothingToDo):
        assert issubclass(kind, Refused)
