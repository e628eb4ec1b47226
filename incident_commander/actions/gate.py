"""The gate: the one way to an executor. It opens for a certified, permitted plan, once for each incident and round.

It asks in this order, and the first "no" keeps it shut: is there an action, does the certificate prove a quorum for
this very plan, is the action within bounds, was the certificate issued here and in the newest round, are its votes
still valid, is the kill switch off, is the round free, do policy, rates and trust permit it now, did a permitted person
agree where they ask for one. All but the first three are asked in the one transaction that takes the round and the
slot, whatever was decided before: between asking and acting, days may pass.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ..domain.ballot import Certificate
from ..domain.incident import Incident
from ..domain.operator import world_of
from ..domain.plan import Action, ApprovalAnswer, Authorisation, Plan, Receipt
from ..domain.policy import Circumstances, PastAction
from ..domain.ports import ActionFailed, Clock, Executor, Policy, SourceUnavailable, TopologyPort
from ..domain.telemetry import ServiceKind, Topology
from .authority import authorised, missing_approval, remembered_since, repeated_too_soon
from .catalogue import Catalogue, OutOfBounds
from .kill_switch import stopped_by
from .register import Entry, Register

Verifier = Callable[[Certificate, Plan, Incident], None]
"""Raises whatever says that the certificate does not prove a quorum for this very plan of this incident."""


class Site(Protocol):
    """Where an action is to be done: the part of an Environment that the gate needs."""

    @property
    def clock(self) -> Clock: ...

    @property
    def topology(self) -> TopologyPort: ...

    @property
    def policy(self) -> Policy: ...

    @property
    def executor(self) -> Executor | None: ...


class Refused(Exception):
    """The gate stays shut; nothing was done. The message says why."""


class Uncertified(Refused):
    """There is no certificate, it does not prove a quorum for this plan of this incident, or was not issued here."""


class Expired(Refused):
    """The votes are older than they may be; a new decision needs a new round."""


class Stopped(Refused):
    """The kill switch is on."""


class RoundUsed(Refused):
    """This round of this incident was used for another plan, or is over."""


class Unauthorised(Refused):
    """Policy, a rate or trust refused the plan, or asks for an approval that was not given."""


class NothingToDo(Refused):
    """The plan has no such action, or nothing here could carry it out."""


class Gate:
    """Lets certified and permitted actions through to an executor.

    Args:
        catalogue: The bounds every action is checked against once more.
        verify: Proves a certificate; what it raises becomes `Uncertified`.
        register: The kill switch, the rounds, what passed before, and how far each class is trusted.
    """

    def __init__(self, catalogue: Catalogue, verify: Verifier, register: Register) -> None:
        self._catalogue = catalogue
        self._verify = verify
        self._register = register

    async def decide(self, incident: Incident, plan: Plan, site: Site) -> Authorisation:
        """What the gate would say of a certified plan now, without its passing; a person is asked by it."""
        topology = await _known_topology(site)
        async with self._register.reading() as entry:
            stopped = stopped_by(await entry.kill_switch())
            if stopped and plan.action is not None:
                return Authorisation(decision="deny", rule="kill-switch", reason=stopped)
            return await self._decided(entry, incident, plan, site, topology, without="")

    async def execute(
        self,
        plan: Plan,
        certificate: Certificate | None,
        incident: Incident,
        site: Site,
        idempotency_key: str,
        *,
        approval: ApprovalAnswer | None = None,
    ) -> Receipt:
        """Carry the plan's action out.

        Args:
            approval: The person's answer, where one was asked.

        Raises:
            Uncertified, Expired, Stopped, RoundUsed, Unauthorised, NothingToDo: refused; nothing was done.
            OutOfBounds: the catalogue does not know such an action, or not for such a target.
            ActionFailed: the world refused it.
        """
        if plan.action is None:
            raise NothingToDo("the plan is to do nothing, so there is nothing to execute")
        topology = await _known_topology(site)
        proof = self._certified(plan, plan.action, certificate, incident, topology)
        executor = _executor(site)
        async with self._register.writing() as entry:
            await _issued(entry, proof)
            await _in_force(entry, proof, await site.clock.now())
            await _open(entry, incident, proof.round, plan)
            decided = await self._decided(entry, incident, plan, site, topology, without=idempotency_key)
            if decided.decision == "deny":
                raise Unauthorised(f"it is refused by {decided.rule!r}: {decided.reason}")
            now = await site.clock.now()
            missing = missing_approval(decided, approval, plan, now)
            if missing:
                raise Unauthorised(f"a person must agree by {decided.rule!r}, and {missing} ({decided.reason})")
            await entry.let_through(idempotency_key, incident, _past(plan.action, incident, now))
        return await self._carried_out(executor, plan.action, idempotency_key)

    async def undo(
        self, plan: Plan, certificate: Certificate | None, incident: Incident, site: Site, idempotency_key: str
    ) -> Receipt:
        """Take the plan's action back. The same certificate covers it, since the plan's digest names its undo.

        Raises:
            As `execute`; no permission is asked, no rate counted and no vote too old, since whoever permitted the
                action had the way back in view.
        """
        if plan.undo is None:
            raise NothingToDo("the plan has no undo; a person must decide what to do")
        proof = self._certified(plan, plan.undo, certificate, incident, None)
        executor = _executor(site)
        async with self._register.writing() as entry:
            await _issued(entry, proof)
            await _open(entry, incident, proof.round, plan)
            past = _past(plan.undo, incident, await site.clock.now(), undoes=True)
            await entry.let_through(idempotency_key, incident, past)
        return await self._carried_out(executor, plan.undo, idempotency_key)

    def _certified(
        self,
        plan: Plan,
        action: Action,
        certificate: Certificate | None,
        incident: Incident,
        topology: Topology | None,
    ) -> Certificate:
        """The certificate, which proves this plan's quorum."""
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
        self._bounded(action, topology)
        return certificate

    def _bounded(self, action: Action, topology: Topology | None) -> None:
        kind: ServiceKind = "unknown" if topology is None else topology.kind_of(action.target)
        self._catalogue.check(action, None if kind == "unknown" else kind)

    async def _decided(
        self, entry: Entry, incident: Incident, plan: Plan, site: Site, topology: Topology | None, without: str
    ) -> Authorisation:
        """The strictest of policy, rates and trust, by what stands in the register now."""
        now = await site.clock.now()
        history = await entry.history(incident, remembered_since(self._catalogue, now), without)
        by_policy = site.policy.authorise(incident, plan, Circumstances(now, topology, history))
        if plan.action is None:
            return by_policy
        try:
            self._bounded(plan.action, topology)
        except OutOfBounds as error:
            return Authorisation(decision="deny", rule="catalogue", reason=str(error))
        too_soon = repeated_too_soon(self._catalogue[plan.action.name], plan.action, history, now)
        if by_policy.decision != "deny" and too_soon:
            by_policy = Authorisation(decision="deny", rule="catalogue", reason=too_soon)
        standing = await entry.standing(plan.action.name, world_of(incident))
        return authorised(by_policy, plan, incident, standing, self._catalogue)

    async def _carried_out(self, executor: Executor, action: Action, idempotency_key: str) -> Receipt:
        try:
            return await executor.execute(action, idempotency_key)
        except ActionFailed:
            await self._register.forget(idempotency_key)
            raise


async def _issued(entry: Entry, certificate: Certificate) -> None:
    """Refuse what was not counted here: a ballot that was held back could complete a round that came to nothing."""
    if not await entry.issued(certificate):
        raise Uncertified(
            f"no count in round {certificate.round} of incident {certificate.incident_id!r} came to this certificate"
        )


async def _in_force(entry: Entry, certificate: Certificate, now: datetime) -> None:
    """Refuse an earlier round's decision, and one that nobody stands by any more: its process may have been dead."""
    incident_id, round = certificate.incident_id, certificate.round
    newest = await entry.newest_round(incident_id)
    if round < newest:
        raise RoundUsed(f"round {round} of incident {incident_id!r} was over when round {newest} was opened")
    valid_until = min((signed.ballot.expires_at for signed in certificate.ballots), default=certificate.issued_at)
    if now >= valid_until:
        raise Expired(
            f"the votes of round {round} of incident {incident_id!r} were valid until {valid_until.isoformat()}, "
            f"and it is {now.isoformat()}; look at the incident anew"
        )


async def _open(entry: Entry, incident: Incident, round: int, plan: Plan) -> None:
    """Refuse while the kill switch is on, and in a round that another plan was carried out in."""
    stopped = stopped_by(await entry.kill_switch())
    if stopped:
        raise Stopped(f"{stopped}; while it is, nothing is done or taken back")
    holder = await entry.claim(incident.id, round, plan.digest)
    if holder != plan.digest:
        raise RoundUsed(f"round {round} of incident {incident.id!r} was used for plan {holder}")


async def _known_topology(site: Site) -> Topology | None:
    try:
        return await site.topology.topology()
    except SourceUnavailable:
        return None


def _executor(site: Site) -> Executor:
    if site.executor is None:
        raise NothingToDo("there is nothing here that could carry the action out")
    return site.executor


def _past(action: Action, incident: Incident, now: datetime, *, undoes: bool = False) -> PastAction:
    return PastAction(name=action.name, target=action.target, incident_id=incident.id, at=now, undoes=undoes)
