"""`bench learning`: one stream of practice incidents without memory, with it, and with a person's word after each.

All three see the very same worlds in the same order. An incident is met with what earlier ones taught; only those of
the later half of the seeds are judged. What an action would really have done is tried out in the world, which no agent
sees; by that the outcome is remembered as the response's own checks would have it.
"""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from statistics import fmean, median
from typing import Literal

from ..agents import detection, diagnosis
from ..analysis import recollection
from ..analysis.recollection import symptoms_of
from ..consensus.certificate import verify_certificate
from ..consensus.rule import rule
from ..domain.ballot import Certificate
from ..domain.base import ServiceName, Value
from ..domain.findings import FaultKind, Verdict
from ..domain.incident import Incident
from ..domain.memory import NOTHING_RECALLED, Cause, Correction, Memory, Proof, Recalled, Remembered, Tried
from ..domain.plan import Action, Plan
from ..domain.practice import Answer
from ..domain.reasoning import Outcome
from ..domain.telemetry import Signal
from ..response.decide import Booth
from ..response.hearing import Hearing, Sight, Withheld, hear, keep_back, look
from ..response.rehearsed_gate import RehearsedGate
from ..sandbox.answers import answer_on, finish
from ..sandbox.scenarios import load_scenarios
from .figures import table

Arm = Literal["without", "outcomes", "told"]
ARMS: tuple[Arm, ...] = ("without", "outcomes", "told")
ARM_WORDS: dict[Arm, str] = {
    "without": "without memory",
    "outcomes": "memory of outcomes",
    "told": "and of what a person says",
}
_Z95 = 1.959964
LEGEND = """\
The same incidents in the same order three times; judged are those of the later half of the seeds, each met with what
all before it taught. memory of outcomes: what the response did and whether that held. and of what a person says: the
true cause is told after every incident, as a diligent postmortem would (simulated). service, and kind: as in `bench
diagnoses`. plan: what was executed mends it, or rightly nothing was. Brier: of the leading cause's probability, service
and kind right. better, worse: incidents in which memory made the cause, service and kind, right or wrong, with the
difference of shares and its 95 % interval for pairs (Agresti and Min 2005). recalled: met with a similar incident in
memory. decided: simulated, from the first alarm to the end of the last round of voting. diagnosis: wall clock, with
calling to mind."""


class Met(Value):
    """How one incident was met by one arm.

    Attributes:
        recalled: Whether a similar incident was in memory.
        stated: The leading hypothesis's probability; None where there is none. lead_right: whether it is true.
        rounds: Of voting.
        decided_seconds: Simulated, from the first alarm to the end of the last round.
        diagnosis_seconds: Wall clock.
    """

    arm: Arm
    scenario: str
    seed: int
    recalled: bool
    verdict: Verdict
    right_service: bool
    right_kind: bool
    right_plan: bool
    acted_wrongly: bool
    confirmed_wrongly: bool
    stated: float | None
    lead_right: bool
    rounds: int
    decided_seconds: float
    diagnosis_seconds: float


class ArmSummary(Value):
    """The judged incidents of one arm."""

    arm: Arm
    incidents: int
    recalled: int
    right_service: float
    right_service_and_fault: float
    right_plan: float
    acted_wrongly: int
    confirmed_wrongly: int
    brier: float | None
    mean_decided_seconds: float
    median_diagnosis_seconds: float
    better: int = 0
    worse: int = 0
    difference: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)


class LearningScores(Value):
    """What `bench learning --json` prints."""

    seeds: int
    first_seed: int
    judged_from_seed: int
    without: tuple[Signal, ...]
    arms: tuple[ArmSummary, ...]
    met: tuple[Met, ...]


@dataclass(slots=True)
class _Mind:
    """What one arm remembers."""

    arm: Arm
    memories: list[Memory] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Heard:
    """One incident as an arm saw it."""

    hearing: Hearing
    recalled: Recalled
    symptoms: tuple[str, ...]
    seconds: float


def meet_incidents(
    seeds: Sequence[int], without: Sequence[Signal] = (), names: Sequence[str] | None = None
) -> Iterator[Met]:
    """Every scenario, or those of these names, with every seed, one after another, each met by the three arms."""
    minds = [_Mind(arm) for arm in ARMS]
    withheld = Withheld(signals=tuple(without))
    for seed in seeds:
        for name in names or [scenario.name for scenario in load_scenarios()]:
            sight = look(name, seed)
            if sight is None:
                continue
            hearings: dict[Recalled, Hearing] = {}
            heard = [_hear(mind, sight, withheld, hearings) for mind in minds]
            plans = {plan.digest: plan for each in heard for plan in each.hearing.plans}
            asked = {(p.action.name, p.action.target) for p in plans.values() if p.action is not None}
            truth = finish(answer_on(name, seed, sorted(asked)))
            known: dict[Recalled, tuple[Plan | None, int]] = {}
            for mind, each in zip(minds, heard, strict=True):
                # Whom memory tells the same, votes the same.
                if each.recalled not in known:
                    known[each.recalled] = asyncio.run(_vote(each.hearing))
                executed, rounds = known[each.recalled]
                yield _met(mind.arm, name, seed, sight, each, truth, executed, rounds)
                _learn(mind, sight, each, truth, executed)


def _hear(mind: _Mind, sight: Sight, withheld: Withheld, known: dict[Recalled, Hearing]) -> _Heard:
    case = keep_back(sight.diagnose, withheld)
    symptoms = symptoms_of(detection.examine(case).anomalies, case.alerts)
    recalling = time.perf_counter()
    found = recollection.similar(symptoms, mind.memories)
    recalled = recollection.recall(found, "simulated") if found else NOTHING_RECALLED
    diagnosis.examine(replace(case, recalled=recalled))
    seconds = time.perf_counter() - recalling
    if recalled not in known:
        known[recalled] = hear(sight, withheld, recalled)
    return _Heard(known[recalled], recalled, symptoms, seconds)


async def _vote(hearing: Hearing) -> tuple[Plan | None, int]:
    """The plan that passes the gate after the vote, and how many rounds it took."""
    booth = Booth(hearing, rule())
    decision = booth.decide()
    certificate, rounds = decision.certificate, len(decision.rounds)
    if certificate is None:
        return None, rounds

    def verify(shown: Certificate, plan: Plan, incident: Incident) -> None:
        verify_certificate(shown, plan.digest, incident.id, booth.public_keys, booth.rule)

    plan = next(each for each in hearing.plans if each.digest == certificate.plan_digest)
    gate = RehearsedGate(hearing, verify)
    if plan.action is None or await gate.keeps_back(plan, rounds):
        return None, rounds
    return (plan if await gate.passed(((plan, certificate),), rounds, certificate) else None), rounds


def _met(
    arm: Arm, scenario: str, seed: int, sight: Sight, heard: _Heard, truth: Answer, executed: Plan | None, rounds: int
) -> Met:
    found = heard.hearing.diagnosis
    cause, lead = found.cause, found.hypotheses[0] if found.hypotheses else None
    right = (cause.service if cause else None) == truth.service
    plan_right = _mends(executed.action, truth) if executed is not None else not truth.acceptable
    began = min(alert.starts_at for alert in sight.diagnose.alerts)
    lasts = sight.rounds[1].now - sight.rounds[0].now
    return Met(
        arm=arm,
        scenario=scenario,
        seed=seed,
        recalled=bool(heard.recalled.similar),
        verdict=found.verdict,
        right_service=right,
        right_kind=right and (cause is None or cause.fault == truth.fault),
        right_plan=plan_right,
        acted_wrongly=executed is not None and not plan_right,
        confirmed_wrongly=found.verdict == "confirmed" and not right,
        stated=lead.probability if lead else None,
        lead_right=lead is not None and _is(lead.service, lead.fault, truth),
        rounds=rounds,
        decided_seconds=(sight.rounds[rounds - 1].now + lasts - began).total_seconds(),
        diagnosis_seconds=heard.seconds,
    )


def _is(service: ServiceName, fault: FaultKind, truth: Answer) -> bool:
    return (service, fault) == (truth.service, truth.fault)


def _mends(action: Action | None, truth: Answer) -> bool:
    return action is not None and (action.name, action.target) in truth.acceptable


def _learn(mind: _Mind, sight: Sight, heard: _Heard, truth: Answer, executed: Plan | None) -> None:
    """Remember the incident as the response would, and, where a person tells, what it was."""
    if mind.arm == "without":
        return
    incident, found = sight.diagnose.incident, heard.hearing.diagnosis
    lead = found.hypotheses[0] if found.hypotheses and found.hypotheses[0].fault != "unknown" else None
    action = executed.action if executed is not None else None
    proof: Proof = "open" if action is None else "proven" if _mends(action, truth) else "refuted"
    fitting = [each for each in found.hypotheses if executed is not None and each.fault == executed.addresses]
    there = [each for each in fitting if action is not None and each.service == action.target] or fitting
    remembered = Remembered(
        outcome=Outcome(
            incident_id=incident.id,
            services=incident.services,
            fault=lead.fault if lead else None,
            pattern="; ".join(heard.symptoms),
            resolution=action.name if action else "",
            success=proof == "proven",
            verified=proof == "proven",
            ended_at=sight.rounds[-1].now,
        ),
        run=incident.practice_run,
        symptoms=heard.symptoms,
        status="resolved" if proof == "proven" else "escalated",
        verdict=found.verdict,
        leading=Cause(service=lead.service, fault=lead.fault) if lead else None,
        stated=lead.probability if lead else None,
        addressed=Cause(service=there[0].service, fault=there[0].fault) if there else None,
        tried=Tried(action=action.name, target=action.target) if action else None,
        proof=proof,
    )
    correction = None
    if mind.arm == "told":
        cause = Cause(service=truth.service, fault=truth.fault) if truth.service and truth.fault else None
        correction = Correction(
            incident_id=incident.id, cause=cause, by="modelled engineer", reason="simulated", at=datetime.now(UTC)
        )
    mind.memories.append(Memory(remembered=remembered, correction=correction))


def score(met: Sequence[Met], seeds: int, first_seed: int, without: Sequence[Signal]) -> LearningScores:
    """Count the later half, at least one incident of it given."""
    judged_from = first_seed + seeds // 2
    judged = [each for each in met if each.seed >= judged_from]
    base = {(each.scenario, each.seed): each for each in judged if each.arm == "without"}
    return LearningScores(
        seeds=seeds,
        first_seed=first_seed,
        judged_from_seed=judged_from,
        without=tuple(without),
        arms=tuple(_summary(arm, [each for each in judged if each.arm == arm], base) for arm in ARMS),
        met=tuple(met),
    )


def _summary(arm: Arm, own: Sequence[Met], base: dict[tuple[str, int], Met]) -> ArmSummary:
    better = sum(each.right_kind and not base[each.scenario, each.seed].right_kind for each in own)
    worse = sum(base[each.scenario, each.seed].right_kind and not each.right_kind for each in own)
    stated = [(each.stated, each.lead_right) for each in own if each.stated is not None]
    difference, interval = paired_difference(better, worse, len(own))
    return ArmSummary(
        arm=arm,
        incidents=len(own),
        recalled=sum(each.recalled for each in own),
        right_service=fmean(each.right_service for each in own),
        right_service_and_fault=fmean(each.right_kind for each in own),
        right_plan=fmean(each.right_plan for each in own),
        acted_wrongly=sum(each.acted_wrongly for each in own),
        confirmed_wrongly=sum(each.confirmed_wrongly for each in own),
        brier=fmean((probability - right) ** 2 for probability, right in stated) if stated else None,
        mean_decided_seconds=fmean(each.decided_seconds for each in own),
        median_diagnosis_seconds=median(each.diagnosis_seconds for each in own),
        better=better,
        worse=worse,
        difference=difference,
        interval=interval,
    )


def paired_difference(better: int, worse: int, pairs: int) -> tuple[float, tuple[float, float]]:
    """The difference of two shares over the same incidents, and its 95 % interval (Agresti and Min 2005).

    With half an incident added to each side, so that no difference seen is not taken for none there is.
    """
    n = pairs + 2
    centre = (better - worse) / n
    half = _Z95 * math.sqrt((better + worse + 1) - (better - worse) ** 2 / n) / n
    return (better - worse) / pairs, (centre - half, centre + half)


def learning_table(scores: LearningScores) -> str:
    """For people."""
    head = (
        "", "incidents", "recalled", "service", "and kind", "plan", "acted wrongly", "CONFIRMED WRONGLY", "Brier",
        "better", "worse", "difference", "decided", "diagnosis",
    )  # fmt: skip
    rows = [
        (
            ARM_WORDS[each.arm], str(each.incidents), str(each.recalled), f"{each.right_service:.1%}",
            f"{each.right_service_and_fault:.1%}", f"{each.right_plan:.1%}", str(each.acted_wrongly),
            str(each.confirmed_wrongly), "-" if each.brier is None else f"{each.brier:.3f}", str(each.better),
            str(each.worse), "" if each.arm == "without" else _points(each), f"{each.mean_decided_seconds:.0f} s",
            f"{each.median_diagnosis_seconds * 1000:.0f} ms",
        )
        for each in scores.arms
    ]  # fmt: skip
    last = scores.first_seed + scores.seeds - 1
    kept = f" Kept back: {', '.join(scores.without)}." if scores.without else ""
    told = (
        f"Seeds {scores.first_seed} to {last} of each scenario of the simulated practice company, judged from "
        f"{scores.judged_from_seed} on.{kept}"
    )
    return "\n".join([table(head, rows), "", told, LEGEND])


def _points(each: ArmSummary) -> str:
    low, high = each.interval
    return f"{each.difference:+.1%} ({low:+.1%} to {high:+.1%})"
