"""Policy: which plan may run where and when, and who may agree to it. What no rule allows is refused."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from ..domain.base import Value
from ..domain.incident import Incident
from ..domain.plan import Action, Authorisation, Plan
from ..domain.policy import Circumstances, Notice
from .rules import DECISIONS, Decision, Freeze, Limits, Maintenance, Rule

_NOTHING = Authorisation(decision="allow", rule="do-nothing", reason="doing nothing needs no permission")


class FilePolicy(Value):
    """A policy as its file says. Implements the Policy port.

    Freezes come first. Of the rules that speak of a plan the strictest decides, so their order does not matter. Where
    none does, the answer is no. Then limits and maintenance windows may make it stricter.

    Attributes:
        approvers: Who may answer where no rule names anybody; None: any operator.
    """

    name: str = Field(min_length=1)
    approvers: tuple[str, ...] | None = Field(default=None, min_length=1)
    limits: Limits = Limits()
    rules: tuple[Rule, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        ids = [rule.id for rule in self.rules]
        ids += [freeze.id for freeze in self.freezes] + [window.id for window in self.maintenance]
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"the id {twice!r} is used twice; give every rule, freeze and window its own")
        return self

    def notices(self, now: datetime) -> tuple[Notice, ...]:
        """See the Policy port."""
        found = [freeze.at(now) for freeze in self.freezes] + [window.at(now) for window in self.maintenance]
        return tuple(notice for notice in found if notice is not None)

    def authorise(self, incident: Incident, plan: Plan, circumstances: Circumstances) -> Authorisation:
        """See the Policy port. Doing nothing is always allowed."""
        if plan.action is None:
            return _NOTHING
        action, notices = plan.action, self.notices(circumstances.now)
        freeze = next((notice for notice in notices if notice.stops(action)), None)
        if freeze is not None:
            return _denied(freeze.id, f"{action.name} is frozen until {freeze.until.isoformat()}: {freeze.reason}")
        spoken = [(rule, rule.speaks_of(incident, action, circumstances)) for rule in self.rules]
        if not any(speaks for _, speaks in spoken):
            return self._unspoken(action, unsure=[rule for rule, speaks in spoken if speaks is None])
        speaking = [rule for rule, speaks in spoken if speaks is not False]
        strictest = max(speaking, key=lambda rule: DECISIONS.index(rule.decision))
        if strictest.decision == "deny":
            return _denied(strictest.id, f"the rule {strictest.id!r} of the policy {self.name!r} says deny")
        for rule in speaking:
            exceeded = rule.exceeded(incident, action, circumstances)
            if exceeded:
                return _denied(rule.id, exceeded)
        exceeded = self.limits.exceeded(incident, action, circumstances)
        if exceeded:
            return _denied("limits", exceeded)
        return self._granted(incident, action, strictest, speaking, notices)

    def _unspoken(self, action: Action, unsure: list[Rule]) -> Authorisation:
        unknown = (
            f"; {unsure[0].id!r} would, if the topology told the kind and tier of {action.target!r}" if unsure else ""
        )
        return _denied(
            "default",
            f"no rule of the policy {self.name!r} speaks of {action.name} on {action.target!r} now{unknown}; "
            "what is not allowed is refused. Add a rule if it should be",
        )

    def _granted(
        self,
        incident: Incident,
        action: Action,
        strictest: Rule,
        speaking: list[Rule],
        notices: tuple[Notice, ...],
    ) -> Authorisation:
        """The strictest rule's word, or a person's where a service is worked on, and who that person may be."""
        named = [frozenset(rule.approvers) for rule in speaking if rule.approvers is not None]
        permitted = frozenset.intersection(*named) if named else frozenset(self.approvers or ())
        if named and not permitted:
            rules = ", ".join(repr(rule.id) for rule in speaking if rule.approvers is not None)
            return _denied(strictest.id, f"the rules {rules} name no approver in common, so nobody may agree to it")
        approvers = tuple(sorted(permitted))
        window = next(
            (
                notice
                for notice in notices
                if notice.kind == "maintenance"
                and any(notice.concerns(service) for service in (action.target, *incident.services))
            ),
            None,
        )
        if strictest.decision == "allow" and window is not None:
            return Authorisation(
                decision="needs_approval",
                rule=window.id,
                reason=f"the rule {strictest.id!r} allows it, but alerts are expected until "
                f"{window.until.isoformat()} ({window.reason}), so a person must agree",
                approvers=approvers,
            )
        return Authorisation(
            decision=strictest.decision,
            rule=strictest.id,
            reason=f"the rule {strictest.id!r} of the policy {self.name!r} says {strictest.decision}",
            approvers=approvers,
        )


class DenyAll:
    """The policy where none is configured: nothing may be done but nothing. Implements the Policy port."""

    def notices(self, now: datetime) -> tuple[Notice, ...]:
        """None: nothing is written down."""
        return ()

    def authorise(self, incident: Incident, plan: Plan, circumstances: Circumstances) -> Authorisation:
        """Refuses every action, and says how to change that."""
        if plan.action is None:
            return _NOTHING
        return _denied(
            "no-policy",
            f"{plan.action.name} on {plan.action.target!r} is refused, as no policy is configured; "
            "write one as docs/policy.md shows and name it by IC_POLICY_FILE",
        )


def strictest_of(decisions: Iterable[Decision]) -> Decision:
    """The strictest of some decisions."""
    return max(decisions, key=DECISIONS.index)


def _denied(rule: str, reason: str) -> Authorisation:
    return Authorisation(decision="deny", rule=rule, reason=reason)
