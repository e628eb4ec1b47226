"""The gate: the one way to an executor. It opens for a certified, permitted plan, once for each incident and round."""

from collections.abc import Callable
from typing import Protocol

from ..domain.ballot import Certificate
from ..domain.base import Digest, IncidentId
from ..domain.incident import Incident
from ..domain.plan import Action, ApprovalAnswer, Authorisation, Plan, Receipt
from ..domain.ports import Executor
from .catalogue import Catalogue

Verifier = Callable[[Certificate, Plan, Incident], None]
"""Raises whatever says that the certificate does not prove a quorum for this very plan of this incident."""


class Rounds(Protocol):
    """Which plan a round of an incident was used for; durable, so that it holds across restarts and workers."""

    async def claim(self, incident_id: IncidentId, round: int, plan_digest: Digest) -> Digest:
        """Bind the round to this plan unless it is bound already, and return the plan that it is bound to."""
        ...


class Refused(Exception):
    """The gate stays shut; nothing was done. The message says why."""


class Uncertified(Refused):
    """There is no certificate, or it does not prove a quorum for this plan of this incident."""


class Unauthorised(Refused):
    """Policy refused the plan, or asks for an approval that was not given."""


class RoundUsed(Refused):
    """This round of this incident was used for another plan."""


class NothingToDo(Refused):
    """The plan has no such action."""


class Gate:
    """Lets certified and permitted actions through to an executor.

    Args:
        catalogue: The bounds every action is checked against once more.
        verify: Proves a certificate; what it raises becomes `Uncertified`.
        rounds: Remembers which plan a round was used for.
    """

    def __init__(self, catalogue: Catalogue, verify: Verifier, rounds: Rounds) -> None:
        self._catalogue = catalogue
        self._verify = verify
        self._rounds = rounds

    async def execute(
        self,
        plan: Plan,
        certificate: Certificate | None,
        incident: Incident,
        executor: Executor,
        idempotency_key: str,
        *,
        authorisation: Authorisation,
        approval: ApprovalAnswer | None = None,
    ) -> Receipt:
        """Carry the plan's action out.

        Args:
            authorisation: What policy said of this plan.
            approval: The person's answer, where policy asked for one.

        Raises:
            Uncertified, Unauthorised, RoundUsed, NothingToDo: refused; nothing was done. What cannot be taken back is
                unauthorised without a person's approval, whatever policy says.
            OutOfBounds: the catalogue does not know such an action.
            ActionFailed: the world refused it.
        """
        if plan.action is None:
            raise NothingToDo("the plan is to do nothing, so there is nothing to execute")
        _permitted(authorisation, approval)
        if not self._catalogue.takes_back(plan) and not _approved(approval):
            raise Unauthorised(
                f"nothing takes {plan.action.name} of {plan.action.target!r} back, so a person must agree whatever "
                f"policy says, and {_answer(approval)}"
            )
        return await self._through(plan, plan.action, certificate, incident, executor, idempotency_key)

    async def undo(
        self,
        plan: Plan,
        certificate: Certificate | None,
        incident: Incident,
        executor: Executor,
        idempotency_key: str,
    ) -> Receipt:
        """Take the plan's action back. The same certificate covers it, since the plan's digest names its undo.

        Raises:
            As `execute`; no permission is asked, since it was given with the way back in view.
        """
        if plan.undo is None:
            raise NothingToDo("the plan has no undo; a person must decide what to do")
        return await self._through(plan, plan.undo, certificate, incident, executor, idempotency_key)

    async def _through(
        self,
        plan: Plan,
        action: Action,
        certificate: Certificate | None,
        incident: Incident,
        executor: Executor,
        idempotency_key: str,
    ) -> Receipt:
        digest = plan.digest
        if certificate is None:
            raise Uncertified(f"there is no certificate for plan {digest}; without a quorum nothing is executed")
        if certificate.plan_digest != digest:
            raise Uncertified(f"the certificate is for plan {certificate.plan_digest}, and this plan is {digest}")
        if certificate.incident_id != incident.id:
            raise Uncertified(f"the certificate is for incident {certificate.incident_id!r}, not {incident.id!r}")
        try:
            self._verify(certificate, plan, incident)
        except Exception as error:
            # The verifier is injected, so its own type of error is not known here; any of them keeps the gate shut.
            raise Uncertified(f"the certificate for plan {digest} does not hold: {error}") from error
        self._catalogue.check(action)
        holder = await self._rounds.claim(incident.id, certificate.round, digest)
        if holder != digest:
            raise RoundUsed(f"round {certificate.round} of incident {incident.id!r} was used for plan {holder}")
        return await executor.execute(action, idempotency_key)


def _permitted(authorisation: Authorisation, approval: ApprovalAnswer | None) -> None:
    if authorisation.decision == "deny":
        raise Unauthorised(f"policy refuses it by {authorisation.rule!r}: {authorisation.reason}")
    if authorisation.decision == "needs_approval" and not _approved(approval):
        raise Unauthorised(f"policy asks for an approval by {authorisation.rule!r}, and {_answer(approval)}")


def _approved(approval: ApprovalAnswer | None) -> bool:
    return approval is not None and approval.answer == "approved"


def _answer(approval: ApprovalAnswer | None) -> str:
    return "nobody answered" if approval is None else f"the answer was {approval.answer!r} by {approval.by}"
