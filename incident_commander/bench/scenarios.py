"""How often the response is right over many seeds, beside two guessers, judged by the same answers."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median

import numpy as np

from ..actions.catalogue import Catalogue
from ..domain.base import Value
from ..response.report import RunReport
from .figures import table
from .guessers import Guess, oldest_alert_guess, random_guess
from .practice import WatchedRun

LEGEND = """\
cause: share of the runs with a fault in which the service at fault was named. plan: share of all runs in which what was
executed mends the fault, or nothing was executed where nothing does. random: a guesser that picks any service and any
action. oldest: one that blames the service that alerted first, and picks any action for it. MTTR: in simulated seconds,
median of the resolved runs; human's: the modelled human's on the same seeds."""


class Share(Value):
    """How often something is right, in [0, 1]: ours, and what guessing would earn; None where nothing can be right."""

    ours: float | None
    random_guesser: float | None
    oldest_alert_guesser: float | None


class Summary(Value):
    """The runs of one scenario, or of all.

    Attributes:
        with_fault: How many of the runs had a fault; `right_cause` is a share of these.
        right_cause: The service named is the one at fault.
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
    right_cause: Share
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
    """What `bench scenarios --json` prints."""

    seeds: int
    scenarios: tuple[Summary, ...]
    overall: Summary
    runs: tuple[RunReport, ...]


def score(runs: Sequence[WatchedRun], catalogue: Catalogue, seeds: int) -> ScenarioScores:
    """Summarise ended runs, at least one."""
    names = list(dict.fromkeys(run.report.scenario for run in runs))
    return ScenarioScores(
        seeds=seeds,
        scenarios=tuple(_summary(name, [r for r in runs if r.report.scenario == name], catalogue) for name in names),
        overall=_summary("all", runs, catalogue),
        runs=tuple(run.report for run in runs),
    )


def scores_table(scores: ScenarioScores) -> str:
    """For people: one line a scenario, and one for all."""

    def shares(share: Share) -> tuple[str, str, str]:
        return _percent(share.ours), _percent(share.random_guesser), _percent(share.oldest_alert_guesser)

    rows = [
        (
            each.scenario,
            str(each.runs),
            *shares(each.right_cause),
            *shares(each.acceptable_plan),
            str(each.acted_wrongly),
            str(each.named_without_fault),
            ", ".join(f"{count} {status}" for status, count in sorted(each.statuses.items())),
            _seconds(each.median_mttr_seconds),
            _seconds(each.median_baseline_mttr_seconds),
            f"{each.predictions_hit}/{each.predictions_made}",
            f"{each.p95_wall_seconds:.2f} s",
        )
        for each in (*scores.scenarios, scores.overall)
    ]
    head = (
        "scenario", "runs", "cause", "random", "oldest", "plan", "random", "oldest", "acted wrongly", "cause w/o fault",
        "ended", "MTTR", "human's", "predicted", "wall p95",
    )  # fmt: skip
    return f"{table(head, rows)}\n\n{scores.seeds} seeds of each scenario of the simulated practice company.\n{LEGEND}"


def _summary(scenario: str, runs: Sequence[WatchedRun], catalogue: Catalogue) -> Summary:
    reports = [run.report for run in runs]
    faulty = [run for run in runs if run.answer.service is not None]
    random = [random_guess(run.topology, catalogue, run.answer) for run in runs]
    oldest = [oldest_alert_guess(run.topology, catalogue, run.answer, run.alerts) for run in runs]
    walls = [run.seconds for run in runs]
    return Summary(
        scenario=scenario,
        runs=len(runs),
        with_fault=len(faulty),
        right_cause=Share(
            ours=_mean([run.report.root_cause.service == run.answer.service for run in faulty]),
            random_guesser=_mean(_causes(random)),
            oldest_alert_guesser=_mean(_causes(oldest)),
        ),
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


def _causes(guesses: Sequence[Guess]) -> list[float]:
    return [guess.cause for guess in guesses if guess.cause is not None]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
