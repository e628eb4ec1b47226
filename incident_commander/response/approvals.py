"""Approvals: what waits for a person, what an answer binds and covers, and the plan with the arguments they changed."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..actions.catalogue import Catalogue
from ..domain.base import Digest, IncidentId
from ..domain.incident import Incident
from ..domain.plan import ApprovalAnswer, Argument, Plan
from ..store import Database, Unit
from . import view_text as text
from .desk import load_record
from .record import IncidentRecord
from .view_approval import PendingApproval, pending_approval

APPROVAL_LIFE = timedelta(minutes=15)
"""How long an approval that was given is good for, on the incident's clock: later the situation is another."""
MOST_PENDING = 200
REMEMBERED_ANSWERS = 200
"""How many of the latest answers are searched for earlier refusals."""


def bound(answer: ApprovalAnswer, plan: Plan, now: datetime, catalogue: Catalogue) -> ApprovalAnswer:
    """The answer, bound to the plan it counts for and, where it approves, to a time after which it is void.

    Where arguments were changed it counts for the plan that has them: that is what the person agreed to.
    """
    name = plan.action.name if plan.action else None
    if answer.answer != "approved":
        return answer.model_copy(update={"answered_at": now, "plan": plan.digest, "action": name})
    wanted = edited(plan, answer, catalogue)
    return answer.model_copy(
        update={"answered_at": now, "plan": wanted.digest, "action": name, "expires_at": now + APPROVAL_LIFE}
    )


def edited(plan: Plan, answer: ApprovalAnswer, catalogue: Catalogue) -> Plan:
    """The plan with the arguments that the answer gives it, and the undo that belongs to them.

    Raises:
        OutOfBounds: the catalogue does not allow these arguments.
    """
    if plan.action is None or not answer.arguments:
        return plan
    action = catalogue.action(plan.action.name, plan.action.target, {**plan.action.arguments, **answer.arguments})
    if action == plan.action:
        return plan
    return plan.model_copy(update={"action": action, "undo": catalogue.undo(action)})


def given_before(record: IncidentRecord, plan: Plan, now: datetime) -> ApprovalAnswer | None:
    """The approval that covers this plan now: one for this very plan, or for this incident's actions of its class."""
    for answer in reversed(record.approvals):
        expired = answer.expires_at is not None and now >= answer.expires_at
        if answer.answer == "approved" and not expired and _covers(record, answer, plan):
            return answer
    return None


def denied_before(record: IncidentRecord, plan: Plan) -> ApprovalAnswer | None:
    """The answer by which a person refused this plan's action on this target for this incident, None if nobody did."""
    for answer in record.approvals:
        if answer.answer == "denied" and _same_step(_about(record, answer), plan):
            return answer
    return None


def _about(record: IncidentRecord, answer: ApprovalAnswer) -> Plan | None:
    return record.plan(answer.plan) if answer.plan else None


def _same_step(one: Plan | None, other: Plan | None) -> bool:
    """Whether both do the same to the same target, whatever the arguments."""
    if one is None or other is None or one.action is None or other.action is None:
        return False
    return (one.action.name, one.action.target) == (other.action.name, other.action.target)


def _covers(record: IncidentRecord, answer: ApprovalAnswer, plan: Plan) -> bool:
    if answer.plan == plan.digest:
        return True
    about = _about(record, answer)
    if answer.scope != "class" or about is None or about.action is None or plan.action is None:
        return False
    return about.action.name == plan.action.name


class NotAwaiting(Exception):
    """No question waits for this answer: none was asked, it was answered, has expired, or is about another plan."""


class NotPermitted(NotAwaiting):
    """The question waits for somebody else's answer: policy names who may give it."""


class Approvals:
    """The questions that wait for a person, and the way that answers take to them."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        deliver: Callable[[IncidentId, ApprovalAnswer], Awaitable[None]],
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._deliver = deliver

    async def pending(self) -> tuple[PendingApproval, ...]:
        """Every question that waits, the oldest first."""
        async with self._database.read() as unit:
            waiting = await unit.incidents.page(limit=MOST_PENDING, statuses=("awaiting_approval",))
            found = [await self._pending(unit, incident) for incident in reversed(waiting)]
        return tuple(each for each in found if each is not None)

    async def answer(
        self,
        incident_id: IncidentId,
        plan: Digest,
        answer: Literal["approved", "denied"],
        by: str,
        reason: str,
        scope: Literal["plan", "class"] = "plan",
        arguments: dict[str, Argument] | None = None,
    ) -> None:
        """Hand a person's answer over, durably. The same answer once more, whoever gives it, changes nothing.

        Raises:
            UnknownIncident: there is no such incident.
            NotAwaiting: nothing waits for this answer.
            NotPermitted: policy names others who may answer.
            OutOfBounds: the catalogue does not allow these arguments.
        """
        record = await load_record(self._database, incident_id)
        request = record.request
        if record.incident.status != "awaiting_approval" or request is None:
            given_already = record.approvals[-1] if record.approvals and request and request.plan == plan else None
            if given_already is None:
                raise NotAwaiting(
                    f"incident {incident_id!r} waits for no answer: it is {text.words(record.incident.status)}"
                )
            if given_already.answer == answer:
                return
            raise NotAwaiting(
                f"the question about plan {plan[:12]} of incident {incident_id!r} is closed: "
                f"{given_already.answer} by {given_already.by} at {text.date_time(given_already.answered_at)}"
            )
        asked = record.plan(request.plan)
        if request.plan != plan or asked is None:
            raise NotAwaiting(
                f"incident {incident_id!r} asks about plan {request.plan}, not about {plan}; look at what it asks now"
            )
        now = datetime.now(UTC)
        if request.expires_at <= now:
            raise NotAwaiting(
                f"the question about plan {plan[:12]} of incident {incident_id!r} expired at "
                f"{text.date_time(request.expires_at)}; a person must go on by hand"
            )
        permitted = record.authorisation.approvers if record.authorisation else ()
        if permitted and by not in permitted:
            raise NotPermitted(f"{by!r} may not answer for incident {incident_id!r}; {', '.join(permitted)} may")
        given = ApprovalAnswer(
            answer=answer,
            by=by,
            reason=reason,
            answered_at=now,
            plan=plan,
            scope=scope,
            arguments=arguments or None,
        )
        edited(asked, given, self._catalogue)
        await self._deliver(incident_id, given)

    async def _pending(self, unit: Unit, incident: Incident) -> PendingApproval | None:
        record = IncidentRecord(incident, await unit.ledger.of_incident(incident.id))
        asked = record.plan(record.request.plan) if record.request else None
        return pending_approval(record, self._catalogue, await _denials(unit, incident.id, asked))


async def _denials(unit: Unit, but: IncidentId, plan: Plan | None) -> list[str]:
    """How the same action on the same target was refused in other incidents, in words, the newest first."""
    told: list[str] = []
    for event in await unit.ledger.recent("approval.answered", REMEMBERED_ANSWERS):
        answer = ApprovalAnswer.model_validate(event.payload)
        if answer.answer != "denied" or event.incident_id == but:
            continue
        other = IncidentRecord(
            await unit.incidents.get(event.incident_id), await unit.ledger.of_incident(event.incident_id)
        )
        if _same_step(_about(other, answer), plan):
            told.append(f"{text.date_time(event.recorded_at)} by {answer.by}: {answer.reason}")
    return told
