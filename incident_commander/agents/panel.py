"""The five voters side by side, in one call to a worker process."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from ..domain.ballot import VOTERS, Judgement, Voter
from ..domain.findings import Evidence
from ..domain.plan import Plan
from . import communication, detection, diagnosis, prediction, resolution
from .case import Case


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's judgement; None with the error where it failed. `duration_ms` and `started_at` are wall time.

    Attributes:
        cited: The observations that the judgement names by their references.
    """

    voter: Voter
    judgement: Judgement | None
    cited: tuple[Evidence, ...]
    error: str
    started_at: datetime
    duration_ms: float


def votes(case: Case, plans: tuple[Plan, ...]) -> tuple[Vote, ...]:
    """Have every voter judge the plans. None is told of another: each call gets the case and the plans alone."""
    return tuple(_cast(voter, case, plans) for voter in VOTERS)


def vote(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judgement:
    """Have one voter examine the case afresh and judge the plans by what it found, seeing nobody else's findings."""
    return _judged(voter, case, plans)[0]


def _judged(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> tuple[Judgement, tuple[Evidence, ...]]:
    """The judgement, and all that the voter found to judge by."""
    match voter:
        case "detection":
            detected = detection.examine(case)
            return detection.judge(plans, detected), detected.evidence
        case "diagnosis":
            diagnosed = diagnosis.examine(case)
            return diagnosis.judge(plans, diagnosed), diagnosed.evidence
        case "prediction":
            predicted = prediction.examine(case)
            return prediction.judge(plans, predicted), predicted.evidence
        case "resolution":
            examined = resolution.examine(case)
            return resolution.judge(plans, examined), examined.evidence
        case "communication":
            felt = communication.examine(case)
            return communication.judge(plans, felt), felt.evidence


def _cast(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Vote:
    started_at, start = datetime.now(UTC), time.perf_counter()
    judgement: Judgement | None = None
    cited: tuple[Evidence, ...] = ()
    failure = ""
    try:
        judgement, found = _judged(voter, case, plans)
        cited = tuple(each for each in found if each.reference() in judgement.evidence)
    except Exception as error:  # noqa: BLE001 - a voter that fails casts no ballot; its error goes on record
        failure = f"{type(error).__name__}: {error}"[:500]
    return Vote(voter, judgement, cited, failure, started_at, (time.perf_counter() - start) * 1000)
