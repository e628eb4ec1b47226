"""What may be done about an incident: actions, the checks that prove them, the plans that hold both."""

from typing import Literal, Self

from pydantic import Field, model_validator

from .base import Digest, ServiceName, UtcDatetime, Value
from .findings import FaultKind
from .provenance import Provenance

ActionName = Literal[
    "rollback", "restart", "scale_out", "failover", "raise_pool", "rate_limit",
    "block_sources", "free_storage", "grow_storage", "revoke_credentials", "redrive", "pause", "runbook",
]  # fmt: skip
Argument = int | float | str
TrustLevel = Literal["observe", "advise", "approve", "auto"]
TRUST_LEVELS: tuple[TrustLevel, ...] = ("observe", "advise", "approve", "auto")
"""From the least trusted: what would be done is recorded; a person is told it; a person must agree; policy decides."""
Ended = Literal["applied", "refused", "dry_run", "half_done", "unknown"]
"""How an action ended: only `applied` counts as done.

`refused`: nothing was done. `dry_run`: it was only rehearsed. `half_done`: it was begun and did not come to its end.
`unknown`: it may or may not have been done.
"""


class Action(Value):
    """One step from the catalogue, bound to a target and to arguments within the catalogue's bounds."""

    name: ActionName
    target: ServiceName
    arguments: dict[str, Argument] = {}


class Check(Value):
    """A promise made before acting: `metric` of `service` is `direction` of `threshold` within `deadline_seconds`.

    Attributes:
        threshold: In the metric's own unit.
        deadline_seconds: After the action ended, on the incident's clock.
        hold_seconds: How long it must stay so to count as met.
        guard: True for a metric that must not get worse, rather than one that must get better.
    """

    service: ServiceName
    metric: str
    direction: Literal["above", "below"]
    threshold: float
    deadline_seconds: float = Field(gt=0)
    hold_seconds: float = Field(default=0, ge=0)
    guard: bool = False


class Registered(Value):
    """A check as it is registered right before the action, with its metric's value then; None: it was not seen."""

    check: Check
    before: float | None


class CheckOutcome(Value):
    """How a check ended, in the metric's unit.

    Attributes:
        observed: The last value; None: there was nothing to see.
        before: The value right before the action; None where it is not known.
        seen: Whether the metric could be watched: one that could not proves neither that it worked nor that it did not.
    """

    check: Check
    met: bool
    observed: float | None
    judged_at: UtcDatetime
    reason: str
    before: float | None = None
    seen: bool = True


class Plan(Value):
    """A candidate answer to an incident. `action` None is the plan to do nothing and tell a person.

    Attributes:
        addresses: The kind of fault it would mend.
        undo: What takes it back; None where nothing needs to be, or can be, taken back.
        checks: What will prove it, registered before it runs. Never empty when there is an action.
    """

    action: Action | None
    addresses: FaultKind | None
    undo: Action | None
    reversible: bool
    checks: tuple[Check, ...]
    rationale: str

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical plan: what ballots name and the executor recomputes."""
        return self.content_digest()


def _ended_by(known: dict[str, object]) -> Ended:
    return "applied" if known.get("applied") else "refused"


class Receipt(Value):
    """An executor's word that it received an action, once for each idempotency key.

    Attributes:
        applied: Whether it was done, whole; where not, `ended` says what became of it and `detail` why.
        repeated: True when this key had been received before, and nothing was done again.
    """

    idempotency_key: str
    action: Action
    received_at: UtcDatetime
    completed_at: UtcDatetime
    applied: bool
    repeated: bool
    detail: str
    provenance: Provenance
    ended: Ended = Field(default_factory=_ended_by)

    @model_validator(mode="after")
    def _one_word(self) -> Self:
        if self.applied != (self.ended == "applied"):
            raise ValueError(f"a receipt that is {'applied' if self.applied else 'not applied'} ended {self.ended!r}")
        return self


class Authorisation(Value):
    """What may become of a plan: allowed, refused, or allowed once a person agrees.

    Attributes:
        rule: Names the policy's line, or what else decided it.
        approvers: Who may answer where a person must agree; empty: any operator.
        trust: How far this class of actions is trusted in the incident's world; None where that was not asked.
    """

    decision: Literal["allow", "deny", "needs_approval"]
    rule: str
    reason: str
    approvers: tuple[str, ...] = ()
    trust: TrustLevel | None = None


class ApprovalRequest(Value):
    """A question to a person: payload of `approval.requested`.

    Attributes:
        reason: Why a person must agree.
        expires_at: When it is taken for unanswered.
    """

    plan: Digest
    expires_at: UtcDatetime
    reason: str = ""


class ApprovalAnswer(Value):
    """A person's answer (or, in the practice company, the modelled operator's, named so in `by`).

    Attributes:
        plan: The plan that was asked about; an answer counts for no other. None in ledgers of before that was kept.
        action: The class of that plan; None in ledgers of before that was kept.
        scope: `class`: this incident's later plans of the same action need no further approval.
        arguments: The action's arguments as the person changed them; None where they stay.
        expires_at: When an approval that has not been used by then is void; None: it is used at once.
    """

    answer: Literal["approved", "denied", "expired"]
    by: str
    reason: str
    answered_at: UtcDatetime
    plan: Digest | None = None
    action: ActionName | None = None
    scope: Literal["plan", "class"] = "plan"
    arguments: dict[str, Argument] | None = None
    expires_at: UtcDatetime | None = None
