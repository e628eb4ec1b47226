"""How often the diagnosis alone is right: worlds of the practice company looked at once, when the first alarm fires.

A run of `bench scenarios` votes, acts, verifies and tries every action to know what would have been right; this asks
for the cause only, which is some ten times faster, so that many seeds can be looked at, and with signals kept back.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import fmean, median

from pydantic import Field

from ..agents import diagnosis
from ..domain.base import ServiceName, Value
from ..domain.findings import FaultKind, Hypothesis, Impact
from ..domain.telemetry import Gap, Observations, Signal, Topology, Window
from ..response.observe import LOOKBACK
from ..sandbox.answers import Course, finish
from ..sandbox.rehearsal import SIMULATED, observe
from ..sandbox.scenarios import draw, load_scenarios, scenario_named
from ..sandbox.topology import load_company
from .figures import table
from .scenarios import OUTCOMES, Outcome, VerdictCount

_PATIENCE_SECONDS = 3 * 3600.0
"""An alarm that has not fired by then, in simulated seconds, never does."""
_IMPACT_SECONDS = 300.0
LEGEND = """\
service: share of the runs in which the service at fault was named, or none was where nothing is at fault. and kind: in
which the kind of fault was right too. Under each verdict: how often the service was right + how often it was wrong; for
inconclusive, which names no cause: right where nothing is at fault. quiet: no alarm fired, so nothing was looked at."""


class Diagnosed(Value):
    """One world's diagnosis beside what is so; `verdict` none: no alarm fired.

    Attributes:
        variant: What the seed made of the scenario.
        hypotheses: All that were listed, whatever the verdict; left out of what is printed.
        seconds: That the diagnosis took, wall clock.
    """

    scenario: str
    seed: int
    variant: str
    expected_service: ServiceName | None
    expected_fault: FaultKind | None
    verdict: Outcome
    service: ServiceName | None = None
    fault: FaultKind | None = None
    probability: float | None = None
    hypotheses: tuple[Hypothesis, ...] = Field(default=(), exclude=True)
    seconds: float = 0.0

    @property
    def right(self) -> bool:
        """The service is right, or rightly none is named."""
        return self.service == self.expected_service

    @property
    def right_kind(self) -> bool:
        """So is the kind of fault."""
        return self.right and (self.service is None or self.fault == self.expected_fault)


class DiagnosisSummary(Value):
    """The runs of one scenario, or of all."""

    scenario: str
    runs: int
    right_service: float
    right_service_and_fault: float
    verdicts: dict[Outcome, VerdictCount]
    confirmed_wrongly: int
    median_seconds: float


class DiagnosisScores(Value):
    """What `bench diagnoses --json` prints; `without`: the signals that were kept back."""

    seeds: int
    first_seed: int
    without: tuple[Signal, ...]
    scenarios: tuple[DiagnosisSummary, ...]
    overall: DiagnosisSummary
    runs: tuple[Diagnosed, ...]


def diagnose_worlds(seeds: Iterable[int], without: Sequence[Signal] = ()) -> Iterator[Diagnosed]:
    """Every scenario with every seed, one after another."""
    for seed in seeds:
        for scenario in load_scenarios():
            yield diagnose_world(scenario.name, seed, without)


def diagnose_world(scenario: str, seed: int, without: Sequence[Signal] = ()) -> Diagnosed:
    """Diagnose one world when its first alarm has fired and the detection stage is over.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    episode = draw(company, scenario_named(scenario), seed)
    course = Course.start(company, episode)
    fired = finish(course.run_to_alarm(_PATIENCE_SECONDS))
    quiet = Diagnosed(
        scenario=scenario,
        seed=seed,
        variant=episode.variant,
        expected_service=episode.service,
        expected_fault=episode.fault,
        verdict="none",
    )
    if fired is None:
        return quiet
    world = course.world
    finish(course.run(fired + world.assumptions.stage_seconds()["detect"]))
    began = world.moment(fired)
    window = Window(start=began - LOOKBACK, end=world.moment(world.seconds))
    alerting = {alarm.service: world.moment(alarm.fired_at) for alarm in course.alarms.alarms if alarm.fired_at}
    seen = _without(observe(world, window, began), without)
    begun = time.perf_counter()
    found = diagnosis.diagnose(seen, alerting, None if "impact" in without else _impact(course)).diagnosis
    took = time.perf_counter() - begun
    cause = found.cause
    return quiet.model_copy(
        update={
            "verdict": found.verdict,
            "service": cause.service if cause else None,
            "fault": cause.fault if cause else None,
            "probability": cause.probability if cause else None,
            "hypotheses": found.hypotheses,
            "seconds": took,
        }
    )


def summarise(runs: Sequence[Diagnosed], seeds: int, first_seed: int, without: Sequence[Signal]) -> DiagnosisScores:
    """Count what was right, at least one run given."""
    names = list(dict.fromkeys(run.scenario for run in runs))
    return DiagnosisScores(
        seeds=seeds,
        first_seed=first_seed,
        without=tuple(without),
        scenarios=tuple(_summary(name, [run for run in runs if run.scenario == name]) for name in names),
        overall=_summary("all", runs),
        runs=tuple(runs),
    )


def diagnoses_table(scores: DiagnosisScores) -> str:
    """For people: a line for each scenario and one for all, and every run that was wrong."""
    head = ("scenario", "runs", "service", "and kind", *OUTCOMES[:-1], "quiet", "CONFIRMED WRONGLY", "median")
    rows = [
        (
            each.scenario,
            str(each.runs),
            f"{each.right_service:.0%}",
            f"{each.right_service_and_fault:.0%}",
            *(f"{count.right} + {count.wrong}" for count in (each.verdicts[outcome] for outcome in OUTCOMES)),
            str(each.confirmed_wrongly),
            f"{each.median_seconds:.2f} s",
        )
        for each in (*scores.scenarios, scores.overall)
    ]
    wrong = [
        f"  {run.scenario} seed {run.seed} ({run.variant}): {run.verdict} {_named(run.service, run.fault)}, "
        f"rightly {_named(run.expected_service, run.expected_fault)}"
        for run in scores.runs
        if not run.right_kind
    ]
    kept = f" Kept back: {', '.join(scores.without)}." if scores.without else ""
    last = scores.first_seed + scores.seeds - 1
    missed = ["", "wrong:", *wrong] if wrong else []
    told = f"Seeds {scores.first_seed} to {last} of each scenario of the simulated practice company.{kept}"
    return "\n".join([table(head, rows), *missed, "", told, LEGEND])


def _summary(scenario: str, runs: Sequence[Diagnosed]) -> DiagnosisSummary:
    verdicts: dict[Outcome, VerdictCount] = {}
    for outcome in OUTCOMES:
        told = [run.right for run in runs if run.verdict == outcome]
        verdicts[outcome] = VerdictCount(right=sum(told), wrong=len(told) - sum(told))
    return DiagnosisSummary(
        scenario=scenario,
        runs=len(runs),
        right_service=fmean(run.right for run in runs),
        right_service_and_fault=fmean(run.right_kind for run in runs),
        verdicts=verdicts,
        confirmed_wrongly=verdicts["confirmed"].wrong,
        median_seconds=median(run.seconds for run in runs),
    )


def _without(observations: Observations, signals: Sequence[Signal]) -> Observations:
    gaps = tuple(
        Gap(signal=signal, reason=f"{signal} were kept back for this measurement", remedy="measure without `--without`")
        for signal in signals
    )
    return replace(
        observations,
        metrics=() if "metrics" in signals else observations.metrics,
        logs=() if "logs" in signals else observations.logs,
        traces=() if "traces" in signals else observations.traces,
        changes=() if "changes" in signals else observations.changes,
        topology=Topology() if "topology" in signals else observations.topology,
        gaps=(*observations.gaps, *gaps),
    )


def _impact(course: Course) -> Impact:
    """What customers felt of late; what that costs makes no difference to a diagnosis."""
    now = course.world.seconds
    since = now - _IMPACT_SECONDS
    return Impact(
        failed_share=min(1.0, float(course.harmed_share(since, now).mean())),
        requests_per_second=float(course.world.archive.customers[slice(*course.rows(since, now)), 0].mean()),
        usd_per_minute=None,
        provenance=SIMULATED,
    )


def _named(service: ServiceName | None, fault: FaultKind | None) -> str:
    return "nobody" if service is None else f"{fault} of {service}"
