"""What may become of a plan: the strictest of policy, the catalogue's rates and the trust ladder, with every reason."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ..domain.base import Digest
from ..domain.incident import Incident
from ..domain.operator import world_of
from ..domain.plan import TRUST_LEVELS, Action, ApprovalAnswer, Authorisation, Plan, TrustLevel
from ..domain.policy import PastAction
from .catalogue import ActionSpec, Catalogue
from .policy import strictest_of
from .rules import HOUR, free_at, within
from .trust import Standing, decision_at, highest_level

TRUST_RULE = "trust"
"""Named as the rule where trust is what decides."""

_TRUSTED: dict[TrustLevel, str] = {
    "observe": "only observed",
    "advise": "only advised, for a person to carry out",
    "approve": "done once a person agrees",
    "auto": "done within policy",
}


def repeated_too_soon(spec: ActionSpec, action: Action, history: Sequence[PastAction], now: datetime) -> str:
    """Why the catalogue does not let this action be repeated now, in words; empty where it does."""
    same = [past for past in history if (past.name, past.target) == (action.name, action.target) and not past.undoes]
    cool_down = timedelta(seconds=spec.cool_down_seconds)
    hot = within(cool_down, same, now)
    if hot:
        return (
            f"{action.name} of {action.target!r} cools down for {spec.cool_down_seconds:g} s; "
            f"it may run again at {free_at(cool_down, hot, 1)}"
        )
    lately = within(HOUR, same, now)
    if len(lately) >= spec.max_per_hour:
        return (
            f"{action.name} of {action.target!r} ran {len(lately)} times within an hour, and the catalogue allows "
            f"{spec.max_per_hour}; it may run again at {free_at(HOUR, lately, spec.max_per_hour)}"
        )
    return ""


def remembered_since(catalogue: Catalogue, now: datetime) -> datetime:
    """How far back other incidents' actions still count."""
    longest = max(spec.cool_down_seconds for spec in catalogue.actions.values())
    return now - max(HOUR, timedelta(seconds=longest))


def authorised(
    by_policy: Authorisation, plan: Plan, incident: Incident, standing: Standing, catalogue: Catalogue
) -> Authorisation:
    """What policy and trust say together: the stricter of the two decides, and both are told."""
    if plan.action is None:
        return by_policy
    name = plan.action.name
    highest: TrustLevel = highest_level(name, catalogue) if catalogue.takes_back(plan) else "approve"
    level = min(standing.level, highest, key=TRUST_LEVELS.index)
    because = standing.reason
    if level != standing.level:
        because = "nothing takes it back"
    elif level == highest == "approve":
        because = f"{because}; nothing takes it back"
    by_trust = decision_at(level)
    decision = strictest_of((by_policy.decision, by_trust))
    return Authorisation(
        decision=decision,
        rule=by_policy.rule if decision == by_policy.decision else TRUST_RULE,
        reason=f"{by_policy.reason}; in {world_of(incident)} incidents {name} is {_TRUSTED[level]} ({because})",
        approvers=by_policy.approvers,
        trust=level,
    )


def missing_approval(decided: Authorisation, approval: ApprovalAnswer | None, plan: Plan, now: datetime) -> str:
    """Why an answer does not count for this plan now, in words; empty where it does, or where none is needed."""
    if decided.decision != "needs_approval":
        return ""
    if approval is None:
        return "nobody answered"
    if approval.answer != "approved":
        return f"the answer was {approval.answer!r} by {approval.by}"
    if not _covers(approval, plan, plan.digest):
        about = approval.plan or "no plan that was kept"
        return f"the approval by {approval.by} is for {about}, and this plan is {plan.digest}"
    if approval.expires_at is not None and now >= approval.expires_at:
        return f"the approval by {approval.by} expired at {approval.expires_at.isoformat()}"
    if decided.approvers and approval.by not in decided.approvers:
        return f"{approval.by!r} may not answer for it; {', '.join(decided.approvers)} may"
    return ""


def _covers(approval: ApprovalAnswer, plan: Plan, digest: Digest) -> bool:
    if approval.plan == digest:
        return True
    return approval.scope == "class" and plan.action is not None and approval.action == plan.action.name
