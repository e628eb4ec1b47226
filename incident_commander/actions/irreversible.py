"""What cannot be taken back always needs a person: in every world, and whatever a policy's file allows."""

from collections.abc import Callable
from datetime import datetime

from ..domain.incident import Incident
from ..domain.plan import Action, Authorisation, Plan
from ..domain.policy import Circumstances, Notice
from ..domain.ports import ActionFailed, Policy
from .catalogue import Catalogue, OutOfBounds


def by_catalogue(action: Action) -> bool:
    """For a world in which every class of actions is taken back as the catalogue says."""
    return False


class PersonForIrreversible:
    """A policy that turns "allow" into "needs approval" where nothing takes the action back. See the Policy port.

    Args:
        stays: Whether nothing takes an action back in this world although the catalogue knows a way back. Raises
            ActionFailed where the action cannot be done there at all.
    """

    def __init__(self, policy: Policy, catalogue: Catalogue, stays: Callable[[Action], bool] = by_catalogue) -> None:
        self._policy = policy
        self._catalogue = catalogue
        self._stays = stays

    def notices(self, now: datetime) -> tuple[Notice, ...]:
        """As the policy says."""
        return self._policy.notices(now)

    def authorise(self, incident: Incident, plan: Plan, circumstances: Circumstances) -> Authorisation:
        """As the policy says, or stricter; what is out of bounds, or cannot be done in this world, is refused."""
        decided = self._policy.authorise(incident, plan, circumstances)
        if plan.action is None or decided.decision != "allow":
            return decided
        try:
            if not self._stays(plan.action) and self._catalogue.takes_back(plan):
                return decided
        except OutOfBounds as error:
            return Authorisation(decision="deny", rule="catalogue", reason=str(error))
        except ActionFailed as error:
            return Authorisation(decision="deny", rule="resources", reason=str(error))
        return Authorisation(
            decision="needs_approval",
            rule="irreversible",
            reason=f"the rule {decided.rule!r} allows it, but nothing takes {plan.action.name} of "
            f"{plan.action.target!r} back, so a person must agree",
            approvers=decided.approvers,
        )
