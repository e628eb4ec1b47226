"""The gate stays shut for whatever is not certified, permitted, within bounds and first in its round."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_commander.actions.catalogue import OutOfBounds, load_catalogue
from incident_commander.actions.gate import Gate, NothingToDo, RoundUsed, Unauthorised, Uncertified
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Certificate
from incident_commander.domain.base import Digest, IncidentId, ServiceName
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Action, ApprovalAnswer, Authorisation, Plan, Receipt
from incident_commander.domain.provenance import Provenance

from ..consensus.ballot_box import INCIDENT, KEYS, NOW, poll, sent, votes
from ..consensus.ballot_box import RIGHT as STAYS

CATALOGUE = load_catalogue()


def scaled(target: str) -> Plan:
    """A plan that can be taken back."""
    action = CATALOGUE.action("scale_out", ServiceName(target))
    return STAYS.model_copy(update={"action": action, "undo": CATALOGUE.undo(action), "reversible": True})


RIGHT, WRONG = scaled("orders"), scaled("search")
ALLOWED = Authorisation(decision="allow", rule="r", reason="")
DENIED = Authorisation(decision="deny", rule="freeze", reason="sale")
ASKED = Authorisation(decision="needs_approval", rule="databases", reason="")


def incident(name: str = INCIDENT) -> Incident:
    return Incident(
        id=IncidentId(name), title="t", status="open", severity="high", services=(), sources=(),
        clock="simulated", began_at=NOW, opened_at=NOW,
    )  # fmt: skip


class World:
    """An executor that keeps what it receives; the same key again is a repetition."""

    def __init__(self) -> None:
        self.receipts: dict[str, Receipt] = {}

    async def received(self, idempotency_key: str) -> Receipt | None:
        return self.receipts.get(idempotency_key)

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        if idempotency_key in self.receipts:
            return self.receipts[idempotency_key].model_copy(update={"repeated": True})
        self.receipts[idempotency_key] = Receipt(
            idempotency_key=idempotency_key, action=action, received_at=NOW, completed_at=NOW + timedelta(seconds=90),
            applied=True, repeated=False, detail="", provenance=Provenance(kind="simulated", source="practice company"),
        )  # fmt: skip
        return self.receipts[idempotency_key]


class Claims:
    """Rounds kept in a dictionary."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, int], Digest] = {}

    async def claim(self, incident_id: IncidentId, round: int, plan_digest: Digest) -> Digest:
        return self.held.setdefault((incident_id, round), plan_digest)


def prove(certificate: Certificate, plan: Plan, held: Incident) -> None:
    verify_certificate(certificate, plan.digest, held.id, KEYS.public_keys)


def gate(claims: Claims | None = None) -> Gate:
    return Gate(CATALOGUE, prove, claims or Claims())


def certify(plan: Plan) -> Certificate:
    candidates = (plan, RIGHT, WRONG, STAYS)
    cast = sent(votes(dict.fromkeys(VOTERS, plan.digest), candidates))
    certificate = tally(poll(candidates), cast, rule(), KEYS.public_keys, NOW).certificate
    assert certificate is not None
    return certificate


async def test_a_certified_and_permitted_plan_is_carried_out_once() -> None:
    world, claims = World(), Claims()
    for repeated in (False, True):
        receipt = await gate(claims).execute(RIGHT, certify(RIGHT), incident(), world, "key-1", authorisation=ALLOWED)
        assert receipt.repeated is repeated
    assert [receipt.action for receipt in world.receipts.values()] == [RIGHT.action]


async def test_without_a_certificate_nothing_reaches_the_world() -> None:
    world = World()
    with pytest.raises(Uncertified, match="no certificate"):
        await gate().execute(RIGHT, None, incident(), world, "k", authorisation=ALLOWED)
    assert world.receipts == {}


async def test_a_plan_changed_after_its_certificate_is_refused() -> None:
    world = World()
    other = RIGHT.model_copy(update={"checks": ()})
    with pytest.raises(Uncertified, match="the certificate is for plan"):
        await gate().execute(other, certify(RIGHT), incident(), world, "k", authorisation=ALLOWED)
    assert world.receipts == {}


async def test_another_incidents_certificate_is_refused() -> None:
    with pytest.raises(Uncertified, match="for incident 'inc-1', not 'inc-2'"):
        await gate().execute(RIGHT, certify(RIGHT), incident("inc-2"), World(), "k", authorisation=ALLOWED)


async def test_a_certificate_that_does_not_verify_is_refused_with_the_reason() -> None:
    world = World()
    forged = certify(RIGHT).model_copy(update={"plan_digest": WRONG.digest})
    with pytest.raises(Uncertified, match="does not hold: its ballots are no quorum"):
        await gate().execute(WRONG, forged, incident(), world, "k", authorisation=ALLOWED)
    assert world.receipts == {}


async def test_a_round_that_was_used_takes_no_other_plan() -> None:
    world, claims = World(), Claims()
    await gate(claims).execute(RIGHT, certify(RIGHT), incident(), world, "k1", authorisation=ALLOWED)
    with pytest.raises(RoundUsed, match="was used for plan"):
        await gate(claims).execute(WRONG, certify(WRONG), incident(), world, "k2", authorisation=ALLOWED)
    assert list(world.receipts) == ["k1"]


def approval(answer: str) -> ApprovalAnswer:
    return ApprovalAnswer.model_validate(
        {"answer": answer, "by": "modelled operator", "reason": "", "answered_at": datetime(2026, 11, 23, tzinfo=UTC)}
    )


@pytest.mark.parametrize(
    ("authorisation", "answer", "says"),
    [
        (DENIED, None, "policy refuses it by 'freeze': sale"),
        (DENIED, "approved", "policy refuses it"),
        (ASKED, None, "nobody answered"),
        (ASKED, "denied", "the answer was 'denied'"),
        (ASKED, "expired", "the answer was 'expired'"),
    ],
)
async def test_what_policy_or_a_person_did_not_allow_is_refused(
    authorisation: Authorisation, answer: str | None, says: str
) -> None:
    world = World()
    with pytest.raises(Unauthorised, match=says):
        await gate().execute(
            RIGHT, certify(RIGHT), incident(), world, "k", authorisation=authorisation,
            approval=approval(answer) if answer else None,
        )  # fmt: skip
    assert world.receipts == {}


async def test_an_approved_plan_passes() -> None:
    world = World()
    await gate().execute(
        RIGHT, certify(RIGHT), incident(), world, "k", authorisation=ASKED, approval=approval("approved")
    )
    assert list(world.receipts) == ["k"]


async def test_an_action_out_of_bounds_is_refused_even_when_certified() -> None:
    world = World()
    wild = RIGHT.model_copy(
        update={"action": Action.model_validate({"name": "scale_out", "target": "orders", "arguments": {"factor": 90}})}
    )
    with pytest.raises(OutOfBounds):
        await gate().execute(wild, certify(wild), incident(), world, "k", authorisation=ALLOWED)
    assert world.receipts == {}


async def test_the_same_certificate_covers_the_way_back() -> None:
    world, claims = World(), Claims()
    await gate(claims).execute(RIGHT, certify(RIGHT), incident(), world, "k", authorisation=ALLOWED)
    receipt = await gate(claims).undo(RIGHT, certify(RIGHT), incident(), world, "k/undo")
    assert receipt.action.arguments == {"factor": 0.5}
    with pytest.raises(NothingToDo, match="no undo"):
        await gate().undo(STAYS, certify(STAYS), incident(), world, "k")


@pytest.mark.parametrize("answer", [None, "denied", "expired"])
async def test_what_cannot_be_taken_back_needs_a_person_whatever_policy_says(answer: str | None) -> None:
    world = World()
    given = approval(answer) if answer else None
    with pytest.raises(Unauthorised, match="nothing takes restart of 'orders' back, so a person must agree"):
        await gate().execute(STAYS, certify(STAYS), incident(), world, "k", authorisation=ALLOWED, approval=given)
    assert world.receipts == {}
    agreed = approval("approved")
    await gate().execute(STAYS, certify(STAYS), incident(), world, "k", authorisation=ALLOWED, approval=agreed)
    assert list(world.receipts) == ["k"]


async def test_a_plan_whose_own_undo_is_not_the_catalogues_needs_a_person() -> None:
    claimed = STAYS.model_copy(update={"undo": RIGHT.undo, "reversible": True})
    with pytest.raises(Unauthorised, match="a person must agree"):
        await gate().execute(claimed, certify(claimed), incident(), World(), "k", authorisation=ALLOWED)
