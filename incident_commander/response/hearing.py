"""A practice incident up to its vote, built again from what it is a function of: no store, no clock, nobody waiting.

A world is a function of its scenario, its seed and the actions it received. So what its voters were asked can be asked
again, whole or with something taken away: by the benchmark over many seeds, and by a counterfactual of one run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType

from ..actions.catalogue import load_catalogue
from ..actions.policy_file import load_policy
from ..agents import diagnosis, panel, resolution
from ..agents.case import Case
from ..agents.sharing import Reading
from ..domain.advice import NO_ADVICE, Advice
from ..domain.alert import SEVERITIES, Alert
from ..domain.ballot import Voter
from ..domain.base import IncidentId, RunId, ServiceName, Value
from ..domain.findings import Diagnosis
from ..domain.incident import Incident
from ..domain.memory import NOTHING_RECALLED, Recalled
from ..domain.plan import Plan
from ..domain.telemetry import Gap, Signal, Topology, Window
from ..ingest.alertmanager import parse_alertmanager
from ..sandbox import POLICY_FILE
from ..sandbox.alarms import Stamp, webhook_body
from ..sandbox.answers import Course, finish
from ..sandbox.assumptions import Assumptions
from ..sandbox.ports import impact_of
from ..sandbox.rehearsal import observe
from ..sandbox.scenarios import draw, scenario_named
from ..sandbox.topology import load_company
from ..sandbox.world import DAY_SECONDS
from .observe import LOOKBACK

ROUNDS = 2
"""Of voting, by disagreement alone: after the second a person decides."""
_IMPACT = timedelta(minutes=5)


class Withheld(Value):
    """What is kept from every agent: whole kinds of telemetry, and single series as (service, metric)."""

    signals: tuple[Signal, ...] = ()
    metrics: tuple[tuple[ServiceName, str], ...] = ()


NOTHING = Withheld()


class Stops(Value):
    """When an incident's stages began that lead to a decision, on its own clock.

    Attributes:
        rounds: When each round of voting began.
        over: When the last of them was over.
    """

    diagnose: datetime
    propose: datetime
    rounds: tuple[datetime, ...]
    over: datetime


@dataclass(frozen=True, slots=True)
class Sight:
    """What could be seen of an incident when each of these stages began. Picklable.

    Attributes:
        rounds: For each round of voting, were there that many, what its voters see.
        firing: For each of them, whether an alert still fires once it is over.
    """

    diagnose: Case
    propose: Case
    rounds: tuple[Case, ...]
    firing: tuple[bool, ...]


class Hearing:
    """What the voters of one incident are asked, and what each makes of it; in each round they look at it anew.

    Attributes:
        cases: What they see, by round; their incident carries the verdict.
        firing: Whether an alert still fires once that round is over.
    """

    def __init__(
        self, cases: Sequence[Case], firing: Sequence[bool], found: Diagnosis, plans: tuple[Plan, ...]
    ) -> None:
        self.cases = tuple(cases)
        self.firing = tuple(firing)
        self.diagnosis = found
        self.plans = plans
        self.readings = cache(self._read)
        """By the number of a round, what each voter makes of its case by its own method; who failed is absent."""
        self.unadvised = cache(self._read_unadvised)
        """The same had no model been heard."""

    def _read(self, round: int) -> Mapping[Voter, Reading]:
        return self._by_method(self.cases[round - 1])

    def _read_unadvised(self, round: int) -> Mapping[Voter, Reading]:
        case = self.cases[round - 1]
        return self.readings(round) if case.advice == NO_ADVICE else self._by_method(replace(case, advice=NO_ADVICE))

    def _by_method(self, case: Case) -> Mapping[Voter, Reading]:
        votes = panel.votes(case, self.plans)
        return MappingProxyType(
            {vote.voter: Reading(vote.judgement, vote.cited) for vote in votes if vote.judgement is not None}
        )


def look(scenario: str, seed: int, figures: Assumptions | None = None, stops: Stops | None = None) -> Sight | None:
    """See what happens in a world until the vote, as the response does; None where no alarm fires all day.

    Args:
        figures: What is assumed; None: as the cited file says.
        stops: When the stages began; None: one after the other from the first alarm, each as long as is assumed.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    course = Course.start(company, draw(company, scenario_named(scenario), seed), figures)
    fired = finish(course.run_to_alarm(DAY_SECONDS))
    if fired is None:
        return None
    at = stops or _one_after_the_other(course, fired)
    policy = load_policy(POLICY_FILE)

    def seen(moment: datetime) -> Case:
        finish(course.run(course.world.seconds_at(moment)))
        case = _case(course, RunId(f"run-{scenario}-{seed}"), moment)
        return replace(case, notices=policy.notices(moment))

    diagnose, propose = seen(at.diagnose), seen(at.propose)
    rounds: list[Case] = []
    firing: list[bool] = []
    for began, over in zip(at.rounds, (*at.rounds[1:], at.over), strict=True):
        rounds.append(seen(began))
        finish(course.run(course.world.seconds_at(over)))
        firing.append(course.alarms.any_firing())
    return Sight(diagnose, propose, tuple(rounds), tuple(firing))


def hear(
    sight: Sight,
    withheld: Withheld = NOTHING,
    recalled: Recalled = NOTHING_RECALLED,
    advice: Advice = NO_ADVICE,
    diagnosed_on: Advice = NO_ADVICE,
) -> Hearing:
    """Diagnose and propose as the response would, with something kept from every agent.

    Args:
        recalled: What memory said of it.
        advice: What models suspected by the vote; `diagnosed_on`: by the diagnosis.
    """
    case = replace(keep_back(sight.diagnose, withheld), recalled=recalled, advice=diagnosed_on)
    found = diagnosis.examine(case).diagnosis
    plans = resolution.propose(keep_back(sight.propose, withheld), found, load_catalogue()).plans
    cases = [keep_back(case, withheld) for case in sight.rounds]
    judged = [
        replace(
            case,
            incident=case.incident.model_copy(update={"verdict": found.verdict}),
            recalled=recalled,
            advice=advice,
        )
        for case in cases
    ]
    return Hearing(judged, sight.firing, found, plans)


def _one_after_the_other(course: Course, fired: float) -> Stops:
    lasts = course.world.assumptions.stage_seconds()
    diagnose = course.world.moment(fired + lasts["detect"])
    propose = diagnose + timedelta(seconds=lasts["diagnose"] + lasts["predict"])
    first, round_lasts = propose + timedelta(seconds=lasts["propose"]), timedelta(seconds=lasts["deliberate"])
    rounds = tuple(first + number * round_lasts for number in range(ROUNDS))
    return Stops(diagnose=diagnose, propose=propose, rounds=rounds, over=rounds[-1] + round_lasts)


def _case(course: Course, run: RunId, now: datetime) -> Case:
    world = course.world
    alerts = _alerts(course, run, now)
    incident = _incident(alerts, run)
    window = Window(start=incident.began_at - LOOKBACK, end=now)
    felt = Window(start=max(window.start, now - _IMPACT), end=now)
    return Case(
        incident=incident,
        alerts=alerts,
        observations=observe(world, window, incident.began_at),
        impact=impact_of(world.archive, felt, world.assumptions),
        now=now,
    )


def _alerts(course: Course, run: RunId, now: datetime) -> tuple[Alert, ...]:
    """Every alarm that has fired, as it comes in by the door."""
    epoch = course.world.epoch
    body = webhook_body(course.alarms, run, Stamp(epoch, epoch, epoch, None), ended_since=None)
    return parse_alertmanager(body, now).alerts


def _incident(alerts: Sequence[Alert], run: RunId) -> Incident:
    first = min(alerts, key=lambda alert: alert.starts_at)
    return Incident(
        id=IncidentId(f"inc-{run.removeprefix('run-')}"),
        title=f"{first.name} on {first.service}",
        status="open",
        severity=min((alert.severity for alert in alerts), key=SEVERITIES.index),
        services=tuple(dict.fromkeys(alert.service for alert in alerts if alert.service is not None)),
        sources=("alertmanager",),
        clock="simulated",
        practice_run=run,
        began_at=first.starts_at,
        opened_at=first.starts_at,
    )


def keep_back(case: Case, withheld: Withheld) -> Case:
    """The case without what is withheld, which becomes gaps."""
    seen, signals = case.observations, withheld.signals
    gaps = tuple(
        Gap(signal=signal, reason=f"{signal} are kept back here, to see what they are worth", remedy="give them back")
        for signal in signals
    )
    observations = replace(
        seen,
        metrics=()
        if "metrics" in signals
        else tuple(each for each in seen.metrics if (each.service, each.metric) not in withheld.metrics),
        logs=() if "logs" in signals else seen.logs,
        traces=() if "traces" in signals else seen.traces,
        changes=() if "changes" in signals else seen.changes,
        topology=Topology() if "topology" in signals else seen.topology,
        gaps=(*seen.gaps, *gaps),
    )
    return replace(case, observations=observations, impact=None if "impact" in signals else case.impact)
