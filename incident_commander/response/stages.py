"""The ten stages. Each reads the record and the telemetry ports, asks its agents, and leaves events behind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from ..actions.catalogue import Catalogue, OutOfBounds
from ..actions.gate import Gate, Refused
from ..agents import communication, detection, diagnosis, panel, prediction, resolution
from ..agents.case import Case
from ..consensus.keys import Keyring
from ..consensus.tally import tally
from ..domain.ballot import Ballot, Certificate, QuorumRule
from ..domain.findings import Diagnosis, Prediction
from ..domain.incident import Incident, IncidentStatus
from ..domain.plan import Action, ApprovalAnswer, Authorisation, Plan
from ..domain.ports import ActionFailed, Notifier, SourceUnavailable
from ..domain.telemetry import Service
from ..store import Database
from .asking import ask, ask_voters
from .desk import Desk, Next
from .observe import observe
from .proving import alerts_clear, roll_back, watch_checks
from .record import Comparison
from .scoring import Scores
from .workers import Workers

ROUND = 1
"""The one round of voting there is; a plan certified in it closes it to every other plan."""
BALLOT_LIFE = timedelta(minutes=10)
"""How long a ballot is valid on the incident's clock: evidence older than that describes another situation."""
APPROVAL_LIFE = timedelta(minutes=30)
"""How long a person has to answer before a request expires."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages work with; the lifecycle calls them in order.

    Attributes:
        expire: Marks alerts that were not sent again in time.
        score: Tells how predictions came out, once the incident has ended.
        compare: What a practice incident cost beside its baselines; None for a real one.
    """

    database: Database
    analysts: Workers
    catalogue: Catalogue
    keyring: Callable[[], Keyring]
    rule: QuorumRule
    gate: Gate
    notifier: Notifier
    expire: Callable[[], Awaitable[None]]
    score: Callable[[Incident, tuple[Prediction, ...]], Awaitable[Scores]]
    compare: Callable[[Incident, tuple[Prediction, ...]], Awaitable[Comparison | None]]

    async def detect(self, desk: Desk) -> Next:
        """Which metrics are abnormal, since when, and whether they still are."""
        await self._publish(desk, "opened")
        case = await self._case(desk)
        done = await ask(desk, "detection", case, self.analysts.run(detection.examine, case))
        if done is not None:
            await desk.note(
                "anomalies.detected",
                "detection",
                {"anomalies": list(done.anomalies), "evidence": list(done.evidence)},
            )
        return "go_on"

    async def diagnose(self, desk: Desk) -> Next:
        """Ranked root causes with evidence for and against, and a verdict."""
        case = await self._case(desk)
        found = desk.record.diagnosis  # there already where the stage was cut off while people were told
        if found is None:
            done = await ask(desk, "diagnosis", case, self.analysts.run(diagnosis.examine, case))
            found = done.diagnosis if done else Diagnosis(verdict="inconclusive", gaps=desk.gaps)
        desk.set_verdict(found.verdict)
        await desk.note("diagnosis.made", "diagnosis", found)
        return "go_on"

    async def predict(self, desk: Desk) -> Next:
        """What breaks next if nobody acts, by when, and what it costs. People are told what is known by now."""
        await self._publish(desk, "diagnosed")
        case = await self._case(desk)
        done = await ask(desk, "prediction", case, self.analysts.run(prediction.examine, case))
        await desk.note(
            "predictions.made",
            "prediction",
            {"predictions": list(done.predictions) if done else [], "impact": case.impact},
        )
        return "go_on"

    async def propose(self, desk: Desk) -> Next:
        """Candidate plans, each with its undo and the checks that would prove it."""
        case = await self._case(desk)
        found = desk.record.diagnosis or Diagnosis(verdict="inconclusive")
        done = await ask(desk, "resolution", case, self.analysts.run(resolution.propose, case, found, self.catalogue))
        plans = done.plans if done else (resolution.tell_a_person(),)
        await desk.note("plans.proposed", "resolution", {"plans": list(plans)})
        return "go_on"

    async def deliberate(self, desk: Desk) -> Next:
        """Five judgements made apart, signed, and only then counted."""
        case = await self._case(desk)
        plans = desk.record.plans
        cast = await ask_voters(desk, case, self.analysts.run(panel.votes, case, plans))
        keyring = self.keyring()
        ballots = [
            keyring.signer(vote.voter).sign(
                Ballot(
                    voter=vote.voter,
                    incident_id=desk.incident.id,
                    round=ROUND,
                    judgement=vote.judgement,
                    cast_at=case.now,
                    expires_at=case.now + BALLOT_LIFE,
                )
            )
            for vote in cast
            if vote.judgement is not None
        ]
        cited = {each.reference(): each for vote in cast for each in vote.cited}
        await desk.note("evidence.cited", "response", {"evidence": list(cited.values())})
        for ballot in ballots:
            await desk.note("ballot.cast", ballot.ballot.voter, ballot)
        outcome = tally(desk.incident.id, ROUND, plans, ballots, self.rule, keyring.public_keys, case.now)
        for rejection in outcome.rejected:
            await desk.note("ballot.rejected", "consensus", rejection)
        await desk.note("quorum.reached" if outcome.certificate else "quorum.failed", "consensus", outcome)
        if outcome.certificate is not None:
            desk.keep(outcome.certificate, _plan_of(outcome.certificate, plans))
        else:
            if not await self._went_away(desk):
                await desk.set_status("escalated", f"no quorum: {outcome.reason}")
            return "stop"
        return "go_on"

    async def authorise(self, desk: Desk) -> Next:
        """Whether the certified plan may run: it must be an action, still be needed, and be allowed by policy."""
        plan = _certified(desk)
        if await self._went_away(desk):
            return "stop"
        if plan.action is None:
            await desk.set_status("escalated", "the quorum decided to do nothing and to tell a person")
            return "stop"
        if desk.incident.verdict == "inconclusive":
            await desk.set_status("escalated", "the cause is inconclusive, and nothing acts on an unknown cause")
            return "stop"
        now = await desk.environment.clock.now()
        decided = desk.environment.policy.authorise(
            desk.incident, plan, now, await _target(desk, plan.action), desk.record.actions_taken
        )
        await desk.note("authorisation.decided", "policy", {"plan": plan.digest, "authorisation": decided})
        if decided.decision == "deny":
            await desk.set_status("escalated", f"policy does not allow it: {decided.reason}")
            return "stop"
        if decided.decision == "allow":
            return "go_on"
        expires_at = now + APPROVAL_LIFE
        await desk.note("approval.requested", "policy", {"plan": plan.digest, "expires_at": expires_at})
        await desk.set_status("awaiting_approval", f"policy asks for a person: {decided.reason}")
        if desk.environment.approver is None:
            return "ask"
        await desk.flush()
        answer = await desk.environment.approver.answer(desk.incident, plan, now)
        await desk.environment.clock.advance_to(answer.answered_at)
        return await self.answered(desk, answer)

    async def answered(self, desk: Desk, answer: ApprovalAnswer) -> Next:
        """Record a person's answer and go by it."""
        await desk.note("approval.answered", answer.by, answer)
        if answer.answer == "approved":
            await desk.set_status("open", f"approved by {answer.by}")
            return "go_on"
        await desk.set_status("escalated", f"approval {answer.answer}: {answer.reason}")
        return "stop"

    async def execute(self, desk: Desk) -> Next:
        """Register the checks, then carry the action out once, through the gate."""
        plan, executor = _certified(desk), desk.environment.executor
        if plan.action is None or executor is None:
            await desk.set_status("escalated", "there is nothing here that could carry the action out")
            return "stop"
        key = f"{desk.incident.id}/{ROUND}/{plan.digest[:16]}"
        await desk.note("checks.registered", "verification", {"plan": plan.digest, "checks": list(plan.checks)})
        await desk.note(
            "action.requested", "response", {"plan": plan.digest, "action": plan.action, "idempotency_key": key}
        )
        await self._publish(desk, "acting")
        await desk.flush()
        try:
            receipt = await executor.received(key) or await self.gate.execute(
                plan,
                _certificate(desk),
                desk.incident,
                executor,
                key,
                authorisation=_authorisation(desk),
                approval=desk.record.approval,
            )
        except (ActionFailed, Refused, OutOfBounds) as error:
            await desk.note("action.refused", "executor", {"plan": plan.digest, "reason": str(error)})
            await desk.set_status("escalated", f"the action was refused: {error}")
            return "stop"
        await desk.note("action.received", "executor", receipt)
        if not receipt.applied:
            await desk.set_status("escalated", f"the action was not applied: {receipt.detail}")
            return "stop"
        await desk.environment.clock.advance_to(receipt.completed_at)
        return "go_on"

    async def verify(self, desk: Desk) -> Next:
        """Judge the registered checks as time goes by: unmet ones are rolled back, met ones wait for the alerts."""
        receipt = desk.record.receipt
        if receipt is None:
            raise LookupError(f"incident {desk.incident.id!r} has no receipt to verify")
        unmet = [outcome for outcome in await watch_checks(desk, receipt) if not outcome.met]
        executor = desk.environment.executor
        if unmet and executor is not None:
            plan, key = _certified(desk), f"{receipt.idempotency_key}/undo"
            undone = await roll_back(desk, self.gate, plan, _certificate(desk), executor, key)
            await desk.set_status("escalated", f"the fix did not prove itself: {unmet[0].reason}; {undone}")
        elif await alerts_clear(desk, self.expire):
            reason = "a certified action ran, its checks are met and no alert fires"
            await desk.set_status("resolved", reason, when_clear=True)
        else:
            await desk.set_status("escalated", "the checks are met, but alerts fire on")
        return "go_on"

    async def communicate(self, desk: Desk) -> Next:
        """Tell people how it ended."""
        moments: dict[IncidentStatus, communication.Moment] = {"resolved": "fixed", "closed": "closed"}
        await self._publish(desk, moments.get(desk.incident.status, "escalated"))
        return "go_on"

    async def give_up(self, desk: Desk, reason: str) -> Next:
        """Hand the incident to a person because the response itself failed."""
        if desk.incident.status in ("open", "awaiting_approval"):
            await desk.set_status("escalated", f"the response failed and goes no further: {reason}"[:500])
            await desk.flush()
        return await self.communicate(desk)

    async def learn(self, desk: Desk) -> Next:
        """Score what was predicted, compare the cost, write the postmortem."""
        scores = await self.score(desk.incident, desk.record.predictions)
        await desk.note("predictions.scored", "prediction", scores)
        comparison = await self.compare(desk.incident, desk.record.predictions)
        if comparison is not None:
            await desk.note("impact.compared", "practice company", comparison)
        await desk.flush()
        markdown = communication.postmortem(desk.incident, desk.record.events)
        await desk.note("postmortem.written", "communication", {"markdown": markdown})
        return "go_on"

    async def _went_away(self, desk: Desk) -> bool:
        """Close the incident where no alert of it fires any more, before anything was done."""
        await self.expire()
        if await desk.firing():
            return False
        await desk.set_status("closed", "every alert went away before anything was done", when_clear=True)
        return True

    async def _case(self, desk: Desk) -> Case:
        """What the agents see: everything until the stage began, whenever the stage is repeated."""
        observations, impact = await observe(desk.environment, desk.incident.began_at, desk.began_at)
        desk.gaps = observations.gaps
        async with self.database.read() as unit:
            alerts = await unit.alerts.of_incident(desk.incident.id)
        return Case(desk.incident, alerts, observations, impact, desk.began_at)

    async def _publish(self, desk: Desk, moment: communication.Moment) -> None:
        """Tell people, once: an update that was sent before the stage was cut off is not sent again."""
        if desk.has_noted("update.published", moment):
            return
        update = await self.notifier.send(communication.draft_update(moment, desk.record.incident, desk.record.events))
        await desk.note("update.published", "communication", update, name=moment)
        if update.delivered_to or update.failures:
            await desk.flush()


def _certificate(desk: Desk) -> Certificate:
    outcome = desk.record.tally
    if outcome is None or outcome.certificate is None:
        raise LookupError(f"incident {desk.incident.id!r} has no certificate")
    return outcome.certificate


async def _target(desk: Desk, action: Action) -> Service | None:
    """The target as the topology knows it; None where it does not, or cannot be read."""
    try:
        topology = await desk.environment.topology.topology()
    except SourceUnavailable as error:
        desk.gaps = (*desk.gaps, error.gap)
        return None
    return next((service for service in topology.services if service.name == action.target), None)


def _authorisation(desk: Desk) -> Authorisation:
    authorisation = desk.record.authorisation
    if authorisation is None:
        raise LookupError(f"incident {desk.incident.id!r}: policy was never asked")
    return authorisation


def _plan_of(certificate: Certificate, plans: tuple[Plan, ...]) -> Plan:
    return next(plan for plan in plans if plan.digest == certificate.plan_digest)


def _certified(desk: Desk) -> Plan:
    plan = desk.record.plan(_certificate(desk).plan_digest)
    if plan is None:
        raise LookupError(f"incident {desk.incident.id!r}: the certified plan is not among the proposed ones")
    return plan
