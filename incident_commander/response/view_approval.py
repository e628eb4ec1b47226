"""What a person is asked to agree to, as the pages, REST and Slack show it."""

from collections.abc import Sequence
from typing import Literal

from ..actions.catalogue import ArgumentSpec, Catalogue, ChoiceArgument, NumberArgument
from ..domain.base import Digest, IncidentId, UtcDatetime, Value
from ..domain.plan import Argument, Plan
from . import view_text as text
from .record import IncidentRecord


class ArgumentField(Value):
    """One argument of the action, which a person may change within the catalogue's bounds."""

    name: str
    type: Literal["number", "choice", "text"]
    value: Argument
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    describe: str


class PendingApproval(Value):
    """One question that waits for a person.

    Attributes:
        plan: The digest that an answer must name.
        reason: Why a person must agree.
        approvers: Who may answer; empty: any operator.
        votes: Who voted for it and who did not, in words.
        denied_before: Earlier refusals of the same action on the same target, in other incidents, newest first.
        requested_at: On the wall clock, as is `expires_at`.
        simulated: Whether it is about a practice incident.
    """

    incident_id: IncidentId
    title: str
    severity: str
    simulated: bool
    plan: Digest
    action: str
    target: str
    text: str
    rationale: str
    undo: str
    irreversible: bool
    arguments: tuple[ArgumentField, ...]
    checks: tuple[str, ...]
    blast_radius: str
    reason: str
    approvers: tuple[str, ...] = ()
    votes: str
    denied_before: tuple[str, ...] = ()
    requested_at: UtcDatetime
    expires_at: UtcDatetime


def pending_approval(
    record: IncidentRecord, catalogue: Catalogue, denied_before: Sequence[str]
) -> PendingApproval | None:
    """The question that an incident waits with; None where it waits for nobody."""
    request, event, tally = record.request, record.latest("approval.requested"), record.tally
    plan = record.plan(request.plan) if request else None
    if record.incident.status != "awaiting_approval" or request is None or event is None:
        return None
    if plan is None or plan.action is None:
        return None
    supporters = tally.votes.get(plan.digest, ()) if tally else ()
    diagnosis = record.diagnosis
    return PendingApproval(
        incident_id=record.incident.id,
        title=record.incident.title,
        severity=record.incident.severity,
        simulated=record.incident.practice_run is not None,
        plan=plan.digest,
        action=plan.action.name,
        target=plan.action.target,
        text=text.plan_text(plan),
        rationale=plan.rationale,
        undo=text.action_text(plan.undo) if plan.undo else "",
        irreversible=plan.undo is None,
        arguments=_fields(plan, catalogue),
        checks=tuple(text.check_text(check) for check in plan.checks),
        blast_radius=(", ".join(diagnosis.blast_radius) or "nobody else, as far as can be seen") if diagnosis else "",
        reason=request.reason,
        approvers=record.authorisation.approvers if record.authorisation else (),
        votes=f"{len(supporters)} of {tally.certificate.rule.n} voters: {', '.join(supporters)}"
        if tally and tally.certificate
        else "",
        denied_before=tuple(denied_before),
        requested_at=event.recorded_at,
        expires_at=request.expires_at,
    )


def _fields(plan: Plan, catalogue: Catalogue) -> tuple[ArgumentField, ...]:
    action = plan.action
    if action is None:
        return ()
    return tuple(_field(name, spec, action.arguments[name]) for name, spec in catalogue[action.name].arguments.items())


def _field(name: str, spec: ArgumentSpec, value: Argument) -> ArgumentField:
    field = ArgumentField(name=name, type=spec.type, value=value, describe=spec.describe)
    if isinstance(spec, NumberArgument):
        return field.model_copy(update={"minimum": spec.minimum, "maximum": spec.maximum})
    if isinstance(spec, ChoiceArgument):
        return field.model_copy(update={"choices": spec.choices})
    return field
