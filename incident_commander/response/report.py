"""The report of a practice run: what was concluded and done, judged after the end against the hidden answer."""

from typing import Literal

from ..consensus.certificate import supporters
from ..domain.ballot import Voter
from ..domain.base import IncidentId, RunId, ServiceName, Value
from ..domain.fault import VoterFault
from ..domain.findings import FaultKind, Verdict
from ..domain.incident import IncidentStatus
from ..domain.plan import ActionName
from ..domain.practice import Answer, PracticeRun
from .record import Comparison, IncidentRecord


class RootCauseReport(Value):
    """The cause as named; `correct`: the service is the answer's, or none was named where there was no fault."""

    service: ServiceName | None
    fault: FaultKind | None
    correct: bool


class PlanReport(Value):
    """The plan as certified; `acceptable`: it mends the fault, or nothing was executed where nothing does."""

    action: ActionName | Literal["none"]
    target: ServiceName | None
    executed: bool
    acceptable: bool


class CertificateReport(Value):
    """Whether the certificate was checked and held, and how many ballots in it are for the plan."""

    valid: bool
    ballots: int


class ClockReport(Value):
    """Durations in simulated seconds, from the fault's onset; without one no MTTD, and MTTR from the first alert."""

    mttd_seconds: float | None
    mttr_seconds: float | None
    baseline_mttr_seconds: float | None
    source: Literal["simulated"] = "simulated"


class PredictionsReport(Value):
    """How many predictions were made, and how they came out."""

    made: int
    hits: int
    misses: int


class LedgerState(Value):
    """The ledger after the run."""

    events: int
    valid: bool


class RunReport(Value):
    """What `scenario run --json` prints.

    Attributes:
        incident_id: None when the run ended without an alert.
        faults: The voters that were made to fail in it, and how.
        wall_seconds: From the start of the run to its end, wall clock.
    """

    incident_id: IncidentId | None
    scenario: str
    seed: int
    run_id: RunId
    status: IncidentStatus
    verdict: Verdict | None
    root_cause: RootCauseReport
    plan: PlanReport
    certificate: CertificateReport
    clock: ClockReport
    predictions: PredictionsReport
    wall_seconds: float
    ledger: LedgerState
    faults: dict[Voter, VoterFault] = {}


def judge_run(
    run: PracticeRun,
    record: IncidentRecord | None,
    answer: Answer,
    comparison: Comparison,
    certificate_valid: bool,
    wall_seconds: float,
    ledger: LedgerState,
) -> RunReport:
    """Judge an ended run against its answer.

    Args:
        record: Of the run's incident; None when no alert fired.
        comparison: Its durations beside the baselines'.
        certificate_valid: Whether its certificate holds when checked now.
    """
    cause = record.diagnosis.cause if record and record.diagnosis else None
    chosen = record.chosen if record else None
    receipt = record.receipt if record else None
    executed = receipt is not None and receipt.applied
    action = chosen.action if chosen else None
    if executed and action is not None:
        acceptable = (action.name, action.target) in answer.acceptable
    else:
        acceptable = not answer.acceptable
    tally = record.tally if record else None
    outcomes = [outcome.outcome for outcome in record.prediction_outcomes] if record else []
    return RunReport(
        incident_id=record.incident.id if record else None,
        scenario=run.scenario,
        seed=run.seed,
        run_id=run.id,
        status=record.incident.status if record else "closed",
        verdict=record.incident.verdict if record else None,
        root_cause=RootCauseReport(
            service=cause.service if cause else None,
            fault=cause.fault if cause else None,
            correct=(cause.service if cause else None) == answer.service,
        ),
        plan=PlanReport(
            action=action.name if action else "none",
            target=action.target if action else None,
            executed=executed,
            acceptable=acceptable,
        ),
        certificate=CertificateReport(
            valid=certificate_valid and action is not None,
            ballots=len(supporters(tally.certificate)) if action and tally and tally.certificate else 0,
        ),
        clock=ClockReport(
            mttd_seconds=comparison.mttd_seconds,
            mttr_seconds=comparison.mttr_seconds,
            baseline_mttr_seconds=comparison.baseline_mttr_seconds,
        ),
        predictions=PredictionsReport(
            made=len(record.predictions) if record else 0, hits=outcomes.count("hit"), misses=outcomes.count("miss")
        ),
        wall_seconds=round(wall_seconds, 3),
        ledger=ledger,
        faults=run.faults,
    )
