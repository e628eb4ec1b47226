"""What cannot be taken back always needs a person, whatever the policy's file allows."""

from collections.abc import Sequence
from datetime import datetime

from ...domain.incident import Incident
from ...domain.plan import Action, Authorisation, Plan
from ...domain.ports import ActionFailed, Policy
from ...domain.telemetry import Service
from .executor import AwsExecutor


class PersonForIrreversible:
    """A policy that turns "allow" into "needs approval" where nothing takes the action back. See the Policy port."""

    def __init__(self, policy: Policy, executor: AwsExecutor) -> None:
        self._policy = policy
        self._executor = executor

    def authorise(
        self,
        incident: Incident,
        plan: Plan,
        now: datetime,
        target: Service | None = None,
        taken: Sequence[Action] = (),
    ) -> Authorisation:
        """As the policy says, or stricter; what no resource is named for is refused."""
        decided = self._policy.authorise(incident, plan, now, target, taken)
        if plan.action is None or decided.decision != "allow":
            return decided
        try:
            if not self._executor.irreversible(plan.action) and plan.undo is not None:
                return decided
        except ActionFailed as error:
            return Authorisation(decision="deny", rule="resources", reason=str(error))
        return Authorisation(
            decision="needs_approval",
            rule="irreversible",
            reason=f"the rule {decided.rule!r} allows it, but nothing takes {plan.action.name} of "
            f"{plan.action.target!r} back, so a person must agree",
        )
