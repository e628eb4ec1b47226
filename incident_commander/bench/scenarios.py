"""How often the response is right over many seeds, beside two guessers, judged by the same answers."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median
from typing import Literal, get_args

import numpy as np

from ..actions.catalogue import Catalogue
from ..domain.base import Value
from ..domain.telemetry import Signal
from ..response.report import RunReport
from .figures import table
from .guessers import Guess, oldest_alert_guess, random_guess
from .practice import WatchedRun

CAUSES_LEGEND = """\
service: share of all runs in which the service at fault was named, or none was where nothing is at fault. and kind: in
which the kind of fault was right too. with fault: share of the runs with a fault in which its service was named, which
is what the guessers are judged by. random: a guesser that picks any service. oldest: one that blames the service that
alerted first. Under each verdict: how often the service was right + how often it was wrong; for inconclusive, which
names no cause: right where nothing is at fault, wrong where something is. quiet: no alert came."""
DEEDS_LEGEND = """\
plan: share of all runs in which what was executed mends the fault, or nothing was executed where nothing does; the
guessers pick any action, one of them for the service that alerted first. MTTR: in simulated seconds, median of the
resolved runs; human's: the modelled human's on the same seeds."""

Outcome = Literal["confirmed", "likely", "inconclusive", "none"]
"""A verdict, or none where no alert came."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Share(Value):
    """How often something is right, in [0, 1]: ours, and what guessing would earn; None where nothing can be right."""

    ours: float | None
    random_guesser: float | None
    oldest_alert_guesser: float | None


class VerdictCount(Value):
    """How many runs ended with one verdict, by whether the service named is right, or rightly none is named."""

    right: int = 0
    wrong: int = 0


class Summary(Value):
    """The runs of one scenario, or of all.

    Attributes:
        with_fault: How many of the runs had a fault; `right_cause` is a share of these.
        right_service: Share of all runs in which the service named is the one at fault, or rightly none is named.
        right_service_and_fault: Share of all runs in which the kind of fault is right too.
        right_cause: The service named is the one at fault.
        verdicts: By verdict, with `none` for the runs without an incident.
        confirmed_wrongly: Runs in which a cause was confirmed that is not it: the worst kind of answer.
        acceptable_plan: The action executed mends it, or nothing was executed where nothing does.
        acted_wrongly: Runs in which something was executed that is not acceptable.
        named_without_fault: Runs without a fault in which a cause was named.
        statuses: How many runs ended in each status.
        median_mttr_seconds: Simulated, over the resolved runs.
        median_baseline_mttr_seconds: Simulated, of the modelled human on the same seeds.
        p95_wall_seconds: Of a whole run, wall clock.
    """

    scenario: str
    runs: int
    with_fault: int
    right_service: float
    right_service_and_fault: float
    right_cause: Share
    verdicts: dict[Outcome, VerdictCount]
    confirmed_wrongly: int
    acceptable_plan: Share
    acted_wrongly: int
    named_without_fault: int
    statuses: dict[str, int]
    median_mttr_seconds: float | None
    median_baseline_mttr_seconds: float | None
    predictions_made: int
    predictions_hit: int
    median_wall_seconds: float
    p95_wall_seconds: float


class ScenarioScores(Value):
    """What `bench scenarios --json` prints.

    Attributes:
        seeds: How many of each scenario, from `first_seed` on.
        without: The signals that were kept from the agents.
    """

    seeds: int
    first_seed: int
    without: tuple[Signal, ...]
    scenarios: tuple[Summary, ...]
    overall: Summary
    runs: tuple[RunReport, ...]


def score(
    runs: Sequence[WatchedRun], catalogue: Catalogue, seeds: int, first_seed: int = 1, without: Sequence[Signal] = ()
) -> ScenarioScores:
    """Summarise ended runs, at least one."""
    names = list(dict.fromkeys(run.report.scenario for run in runs))
    return ScenarioScores(
        seeds=seeds,
        first_seed=first_seed,
        without=tuple(without),
        scenarios=tuple(_summary(name, [r for r in runs if r.report.scenario == name], catalogue) for name in names),
        overall=_summary("all", runs, catalogue),
        runs=tuple(run.report for run in runs),
    )


def scores_table(scores: ScenarioScores) -> str:
    """For people: what was concluded, and what was done; one line a scenario in each, and one for all."""
    summaries = (*scores.scenarios, scores.overall)
    kept = f" Kept from the agents: {', '.join(scores.without)}." if scores.without else ""
    last = scores.first_seed + scores.seeds - 1
    return (
        f"{_causes_table(summaries)}\n\n{_deeds_table(summaries)}\n\n"
        f"Seeds {scores.first_seed} to {last} of each scenario of the simulated practice company.{kept}\n"
        f"{CAUSES_LEGEND}\n{DEEDS_LEGEND}"
    )


def _causes_table(summaries: Sequence[Summary]) -> str:
    head = (
        "scenario", "runs", "service", "and kind", "with fault", "random", "oldest", *OUTCOMES[:-1], "quiet",
        "CONFIRMED WRONGLY", "named w/o fault",
    )  # fmt: skip
    rows = []
    for each in summaries:
        counts = [each.verdicts.get(verdict, VerdictCount()) for verdict in OUTCOMES]
        rows.append(
            (
                each.scenario,
                str(each.runs),
                _percent(each.right_service),
                _percent(each.right_service_and_fault),
                *_shares(each.right_cause),
                *(f"{count.right} + {count.wrong}" for count in counts),
                str(each.confirmed_wrongly),
                str(each.named_without_fault),
            )
        )
    return table(head, rows)


def _deeds_table(summaries: Sequence[Summary]) -> str:
    head = (
        "scenario", "runs", "plan", "random", "oldest", "acted wrongly", "ended", "MTTR", "human's", "predicted",
        "wall p95",
    )  # fmt: skip
    rows = [
        (
            each.scenario,
            str(each.runs),
            *_shares(each.acceptable_plan),
            str(each.acted_wrongly),
            ", ".join(f"{count} {status}" for status, count in sorted(each.statuses.items())),
            _seconds(each.median_mttr_seconds),
            _seconds(each.median_baseline_mttr_seconds),
            f"{each.predictions_hit}/{each.predictions_made}",
            f"{each.p95_wall_seconds:.2f} s",
        )
        for each in summaries
    ]
    return table(head, rows)


def _summary(scenario: str, runs: Sequence[WatchedRun], catalogue: Catalogue) -> Summary:
    reports = [run.report for run in runs]
    faulty = [run for run in runs if run.answer.service is not None]
    random = [random_guess(run.topology, catalogue, run.answer) for run in runs]
    oldest = [oldest_alert_guess(run.topology, catalogue, run.answer, run.alerts) for run in runs]
    walls = [run.seconds for run in runs]
    verdicts = _verdicts(runs)
    return Summary(
        scenario=scenario,
        runs=len(runs),
        with_fault=len(faulty),
        right_service=fmean(_right_service(run) for run in runs),
        right_service_and_fault=fmean(
            _right_service(run) and (run.answer.service is None or run.report.root_cause.fault == run.answer.fault)
            for run in runs
        ),
        right_cause=Share(
            ours=_mean([_right_service(run) for run in faulty]),
            random_guesser=_mean(_causes(random)),
            oldest_alert_guesser=_mean(_causes(oldest)),
        ),
        verdicts=verdicts,
        confirmed_wrongly=verdicts.get("confirmed", VerdictCount()).wrong,
        acceptable_plan=Share(
            ours=_mean([report.plan.acceptable for report in reports]),
            random_guesser=_mean([guess.plan for guess in random]),
            oldest_alert_guesser=_mean([guess.plan for guess in oldest]),
        ),
        acted_wrongly=sum(report.plan.executed and not report.plan.acceptable for report in reports),
        named_without_fault=sum(
            run.answer.service is None and run.report.root_cause.service is not None for run in runs
        ),
        statuses=dict(Counter(report.status for report in reports)),
        median_mttr_seconds=_median([r.clock.mttr_seconds for r in reports]),
        median_baseline_mttr_seconds=_median([r.clock.baseline_mttr_seconds for r in reports]),
        predictions_made=sum(report.predictions.made for report in reports),
        predictions_hit=sum(report.predictions.hits for report in reports),
        median_wall_seconds=median(walls),
        p95_wall_seconds=float(np.quantile(walls, 0.95)),
    )


def _right_service(run: WatchedRun) -> bool:
    return run.report.root_cause.service == run.answer.service


def _verdicts(runs: Sequence[WatchedRun]) -> dict[Outcome, VerdictCount]:
    counted: dict[Outcome, VerdictCount] = {}
    for run in runs:
        verdict: Outcome = run.report.verdict or "none"
        known, right = counted.get(verdict, VerdictCount()), _right_service(run)
        counted[verdict] = VerdictCount(right=known.right + right, wrong=known.wrong + (not right))
    return counted


def _causes(guesses: Sequence[Guess]) -> list[float]:
    return [guess.cause for guess in guesses if guess.cause is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _shares(share: Share) -> tuple[str, str, str]:
    return _percent(share.ours), _percent(share.random_guesser), _percent(share.oldest_alert_guesser)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
