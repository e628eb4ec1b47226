"""The ten stages. Each reads the record and the telemetry ports, asks its agents, and leaves events behind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..actions.authority import TRUST_RULE, missing_approval
from ..actions.catalogue import Catalogue
from ..actions.gate import Gate
from ..agents import communication, detection, diagnosis, prediction, resolution
from ..agents.case import Case
from ..consensus.deliberation import following
from ..consensus.poll import Poll
from ..consensus.tally import tally
from ..domain.advice import NO_ADVICE
from ..domain.ballot import Certificate, QuorumRule, Round
from ..domain.base import Digest
from ..domain.findings import Diagnosis, Prediction
from ..domain.incident import Incident, IncidentStatus
from ..domain.memory import NOTHING_RECALLED, Recalled
from ..domain.plan import ApprovalAnswer, ApprovalRequest, Authorisation, Plan
from ..domain.ports import Notifier
from ..domain.reasoning import NO_COUNSEL, Counsel
from ..store import Database
from . import view_text as text
from .acting import act, roll_back
from .approvals import bound, denied_before, edited, given_before
from .asking import ask, note_votes
from .counsel import Counsellor, drafted
from .desk import Desk, Next
from .faults import Faults
from .observe import observe
from .proving import alerts_clear, register_checks, watch_checks, why_unproven
from .quarantine import Quarantine
from .record import Comparison
from .remembering import Remembering, remembered_of
from .scoring import Scores
from .trusting import Trust
from .voting import Question, Voters
from .workers import Workers

MOST_ROUNDS = 8
"""After so many rounds of voting a person decides: each of them was asked for by disagreement or by a person."""
BALLOT_LIFE = timedelta(minutes=10)
"""How long a ballot is valid on the incident's clock: evidence older than that describes another situation."""
ROUND_LASTS = timedelta(seconds=30)
"""How long a round takes ballots; one that comes later is late."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages work with; the lifecycle calls them in order.

    Attributes:
        expire: Marks alerts that were not sent again in time.
        score: Tells how predictions came out, once the incident has ended.
        compare: What a practice incident cost beside its baselines; None for a real one.
        approval_wait: How long a person has to answer before a request expires, wall time.
        counsel: Asks the reasoning services; None: none is asked.
    """

    database: Database
    analysts: Workers
    catalogue: Catalogue
    voters: Voters
    faults: Faults
    quarantine: Quarantine
    rule: QuorumRule
    gate: Gate
    trust: Trust
    memory: Remembering
    notifier: Notifier
    expire: Callable[[], Awaitable[None]]
    score: Callable[[Incident, tuple[Prediction, ...]], Awaitable[Scores]]
    compare: Callable[[Incident, tuple[Prediction, ...]], Awaitable[Comparison | None]]
    approval_wait: timedelta
    counsel: Counsellor | None = None

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
        seen = done.evidence if done else ()
        await self._hear(desk, lambda counsel: counsel.on_severity(case, seen))
        return "go_on"

    async def diagnose(self, desk: Desk) -> Next:
        """Ranked root causes with evidence for and against, and a verdict."""
        case = await self._case(desk)
        case = replace(case, recalled=await self._recalled(desk, case))
        found = desk.record.diagnosis  # there already where the stage was cut off while people were told
        if found is None:
            found = await self._diagnosis(desk, case) or Diagnosis(verdict="inconclusive", gaps=desk.gaps)
            unaided, seen = found, desk.record.detection_evidence
            await self._hear(desk, lambda counsel: counsel.on_causes(case, unaided, seen))
            if desk.record.advice != NO_ADVICE:
                found = await self._diagnosis(desk, replace(case, advice=desk.record.advice)) or unaided
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
        found, seen = desk.record.diagnosis, desk.record.detection_evidence
        await self._hear(desk, lambda counsel: counsel.on_kind(case, found, seen))
        return "go_on"

    async def propose(self, desk: Desk) -> Next:
        """Candidate plans, each with its undo and the checks that would prove it."""
        case = await self._case(desk)
        found = desk.record.diagnosis or Diagnosis(verdict="inconclusive")
        done = await ask(desk, "resolution", case, self.analysts.run(resolution.propose, case, found, self.catalogue))
        plans = done.plans if done else (resolution.tell_a_person(),)
        await desk.note("plans.proposed", "resolution", {"plans": list(plans)})
        seen = desk.record.detection_evidence
        await self._hear(desk, lambda counsel: counsel.on_remedies(case, found, seen))
        return "go_on"

    async def deliberate(self, desk: Desk) -> Next:
        """Five judgements made apart, signed, and only then counted."""
        case = await self._case(desk)
        opened = desk.record.rounds[desk.round - 1]
        plans = desk.record.candidates(opened)
        poll = Poll(
            incident_id=desk.incident.id,
            round=desk.round,
            candidates=frozenset(plan.digest for plan in plans),
            opened_at=case.now,
            deadline=case.now + ROUND_LASTS,
            expires_at=case.now + BALLOT_LIFE,
        )
        question = Question(
            case,
            plans,
            poll,
            shared=desk.record.cited_evidence if opened.why == "disagreement" else None,
            seen=desk.record.all_ballots,
            faults=await self.faults.of(desk.incident),
        )
        cast = await self.voters.cast(question)
        await note_votes(desk, case, cast.votes)
        cited = {each.reference(): each for vote in cast.votes for each in vote.cited}
        await desk.note("evidence.cited", "response", {"evidence": list(cited.values())})
        for submission in cast.submissions:
            await desk.note("ballot.cast", submission.sender, submission.ballot)
        quarantined = await self.quarantine.uncounted(desk.record)
        outcome = tally(poll, cast.submissions, self.rule, self.voters.public_keys(), case.now, quarantined)
        for rejection in outcome.rejected:
            await desk.note("ballot.rejected", "consensus", rejection)
        await self.quarantine.note(desk, outcome)
        await desk.note("quorum.reached" if outcome.certificate else "quorum.failed", "consensus", outcome)
        if outcome.certificate is not None:
            desk.keep(outcome.certificate, _plan_of(outcome.certificate, plans))
            return "go_on"
        if await self._went_away(desk):
            return "stop"
        if following(outcome, opened) == "again":
            return await _open_round(desk, "disagreement", f"no quorum: {outcome.reason}", opened.candidates)
        await desk.set_status("escalated", f"no quorum: {outcome.reason}")
        return "stop"

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
        denial = denied_before(desk.record, plan)
        if denial is not None:
            reason = f"{denial.by} denied this for this incident: {denial.reason}"
            await desk.set_status("escalated", reason)
            return "stop"
        now = await desk.environment.clock.now()
        decided = await self.gate.decide(desk.incident, plan, desk.environment)
        await desk.note("authorisation.decided", "policy", {"plan": plan.digest, "authorisation": decided})
        if decided.decision == "deny":
            await desk.set_status("escalated", _why_not(decided, plan))
            return "stop"
        if not missing_approval(decided, given_before(desk.record, plan, now), plan, now):
            return "go_on"
        approver = desk.environment.approver
        expires_at = (now if approver else datetime.now(UTC)) + self.approval_wait
        request = ApprovalRequest(plan=plan.digest, expires_at=expires_at, reason=decided.reason)
        await desk.note("approval.requested", "policy", request)
        await desk.set_status("awaiting_approval", f"a person must agree: {decided.reason}")
        if approver is None:
            return "ask"
        await desk.flush()
        answer = await approver.answer(desk.incident, plan, now)
        await desk.environment.clock.advance_to(answer.answered_at)
        return await self.answered(desk, answer)

    async def answered(self, desk: Desk, answer: ApprovalAnswer) -> Next:
        """Record a person's answer and go by it. Changed arguments, and votes grown old, are voted on anew."""
        plan, now = _certified(desk), await desk.environment.clock.now()
        answer = bound(answer, plan, now, self.catalogue)
        await desk.note("approval.answered", answer.by, answer)
        if answer.answer != "approved":
            await desk.set_status("escalated", f"approval {answer.answer}: {answer.reason}")
            return "stop"
        await desk.set_status("open", f"approved by {answer.by}")
        wanted = edited(plan, answer, self.catalogue)
        if wanted != plan:
            await desk.note(
                "plan.edited",
                answer.by,
                {"plan": wanted, "edited": plan.digest, "by": answer.by, "reason": answer.reason},
            )
            nothing = next(each.digest for each in desk.record.plans if each.action is None)
            reason = f"{answer.by} changed the arguments of {text.plan_text(plan)}"
            return await _open_round(desk, "edited", reason, (wanted.digest, nothing))
        issued_at = _certificate(desk).issued_at
        if now - issued_at >= BALLOT_LIFE:
            reason = f"the approval came {text.duration((now - issued_at).total_seconds())} after the votes"
            return await _open_round(desk, "stale", reason, None)
        return "go_on"

    async def execute(self, desk: Desk) -> Next:
        """Register the checks, then carry the action out once, through the gate."""
        plan = _certified(desk)
        if plan.action is None or desk.environment.executor is None:
            await desk.set_status("escalated", "there is nothing here that could carry the action out")
            return "stop"
        certificate = _certificate(desk)
        key = f"{desk.incident.id}/{certificate.round}/{plan.digest[:16]}"
        unprovable = await register_checks(desk, plan)
        if unprovable:
            await desk.set_status("escalated", f"nothing was done: {unprovable}")
            return "stop"
        await desk.note(
            "action.requested", "response", {"plan": plan.digest, "action": plan.action, "idempotency_key": key}
        )
        await self._publish(desk, "acting")
        await desk.flush()
        approval = given_before(desk.record, plan, await desk.environment.clock.now())
        acted = await act(desk, self.gate, plan, certificate, key, approval)
        if acted.done:
            return "go_on"
        await desk.set_status("escalated", acted.said)
        return "stop"

    async def verify(self, desk: Desk) -> Next:
        """Judge the registered checks as time goes by: unmet ones are rolled back, met ones wait for the alerts."""
        receipt = desk.record.receipt
        if receipt is None:
            raise LookupError(f"incident {desk.incident.id!r} has no receipt to verify")
        unproven = why_unproven(await watch_checks(desk, receipt))
        if unproven:
            plan, key = _certified(desk), f"{receipt.idempotency_key}/undo"
            # First, since taking it back may last, and nothing else of its class is to be done meanwhile.
            lost = await self.trust.failed(desk.incident, plan, f"{unproven}, in {desk.incident.id}")
            undone = await roll_back(desk, self.gate, plan, _certificate(desk), key, unproven)
            told = "; ".join(part for part in (unproven, undone.said, lost) if part)
            await desk.set_status("escalated", told)
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
        """Score what was predicted, compare the cost, write the postmortem, remember how it ended."""
        await self.trust.verified(desk.record)
        scores = await self.score(desk.incident, desk.record.predictions)
        await desk.note("predictions.scored", "prediction", scores)
        comparison = await self.compare(desk.incident, desk.record.predictions)
        if comparison is not None:
            await desk.note("impact.compared", "practice company", comparison)
        await desk.flush()
        markdown = communication.postmortem(desk.incident, desk.record.events)
        await desk.note("postmortem.written", "communication", {"markdown": markdown})
        async with self.database.read() as unit:
            alerts = await unit.alerts.of_incident(desk.incident.id)
        await self.memory.remember(desk.record, alerts)
        if self.counsel is not None and self.counsel.remembers:
            outcome = remembered_of(desk.record, alerts).outcome
            await self._hear(desk, lambda counsel: counsel.on_end(desk.incident, outcome))
        return "go_on"

    async def _went_away(self, desk: Desk) -> bool:
        """Close the incident where no alert of it fires any more, before anything was done."""
        await self.expire()
        if await desk.firing():
            return False
        await desk.set_status("closed", "every alert went away before anything was done", when_clear=True)
        return True

    async def _hear(self, desk: Desk, put: Callable[[Counsellor], Awaitable[Counsel]]) -> Counsel:
        """Put something to the reasoning services, once: what was answered before the stage was cut off stands.

        Returns:
            What they said, at this stage or, where it is repeated, in all so far.
        """
        if self.counsel is None or not self.counsel.hears(desk.incident):
            return NO_COUNSEL
        name = desk.stage
        if desk.has_noted("counsel.given", name):
            return desk.record.counsel
        counsel = await put(self.counsel)
        await desk.note("counsel.given", "response", counsel, name=name)
        await desk.flush()
        return counsel

    async def _case(self, desk: Desk) -> Case:
        """What the agents see: everything until the stage began, whenever the stage is repeated."""
        observations, impact = await observe(desk.environment, desk.incident.began_at, desk.began_at)
        desk.gaps = observations.gaps
        async with self.database.read() as unit:
            alerts = await unit.alerts.of_incident(desk.incident.id)
        notices = desk.environment.policy.notices(desk.began_at)
        return Case(
            desk.incident, alerts, observations, impact, desk.began_at, notices,
            recalled=desk.record.recalled, advice=desk.record.advice,
        )  # fmt: skip

    async def _diagnosis(self, desk: Desk, case: Case) -> Diagnosis | None:
        done = await ask(desk, "diagnosis", case, self.analysts.run(diagnosis.examine, case))
        return done.diagnosis if done else None

    async def _recalled(self, desk: Desk, case: Case) -> Recalled:
        """What memory says, as it was when it was asked first: later stages go by the same."""
        recalled = desk.record.recalled
        if recalled == NOTHING_RECALLED:
            recalled = await self.memory.recall(desk.record, case.alerts)
            if recalled != NOTHING_RECALLED:
                await desk.note("memory.recalled", "memory", recalled)
        return recalled

    async def _publish(self, desk: Desk, moment: communication.Moment) -> None:
        """Tell people, once: an update that was sent before the stage was cut off is not sent again."""
        if desk.has_noted("update.published", moment):
            return
        update = communication.draft_update(moment, desk.record.incident, desk.record.events)
        if moment in ("fixed", "escalated", "closed"):
            update = drafted(update, await self._hear(desk, lambda counsel: counsel.on_words(desk.incident, update)))
        update = await self.notifier.send(update)
        await desk.note("update.published", "communication", update, name=moment)
        if update.delivered_to or update.failures:
            await desk.flush()


async def _open_round(
    desk: Desk, why: Literal["disagreement", "edited", "stale"], reason: str, candidates: tuple[Digest, ...] | None
) -> Next:
    """Have the voters vote again; where they did so often enough, a person goes on."""
    if desk.round >= MOST_ROUNDS:
        await desk.set_status("escalated", f"{desk.round} rounds of voting did not settle it; {reason}")
        return "stop"
    opened = Round(round=desk.round + 1, why=why, candidates=candidates, reason=reason)
    await desk.note("round.opened", "response", opened)
    return "again"


def _certificate(desk: Desk) -> Certificate:
    outcome = desk.record.tally
    if outcome is None or outcome.certificate is None:
        raise LookupError(f"incident {desk.incident.id!r} has no certificate")
    return outcome.certificate


def _why_not(decided: Authorisation, plan: Plan) -> str:
    """Why a certified plan is not carried out, and what a person is left with."""
    if decided.rule == TRUST_RULE and decided.trust == "advise":
        return f"for a person to carry out: {text.plan_text(plan)}; {decided.reason}"
    if decided.rule == TRUST_RULE and decided.trust == "observe":
        return f"only observed, nothing is asked: it would have been {text.plan_text(plan)}; {decided.reason}"
    return f"it is not allowed by {decided.rule!r}: {decided.reason}"


def _plan_of(certificate: Certificate, plans: tuple[Plan, ...]) -> Plan:
    return next(plan for plan in plans if plan.digest == certificate.plan_digest)


def _certified(desk: Desk) -> Plan:
    plan = desk.record.plan(_certificate(desk).plan_digest)
    if plan is None:
        raise LookupError(f"incident {desk.incident.id!r}: the certified plan is not among the proposed ones")
    return plan
