"""The five voters side by side, in one call to a worker process."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from ..domain.ballot import VOTERS, Judgement, Voter
from ..domain.plan import Plan
from . import communication, detection, diagnosis, prediction, resolution
from .case import Case


@dataclass(frozen=True, slots=True)
class Vote:
    """One voter's judgement; None with the error where it failed. `duration_ms` and `started_at` are wall time."""

    voter: Voter
    judgement: Judgement | None
    error: str
    started_at: datetime
    duration_ms: float


def votes(case: Case, plans: tuple[Plan, ...]) -> tuple[Vote, ...]:
    """Have every voter judge the plans. None is told of another: each call gets the case and the plans alone."""
    return tuple(_cast(voter, case, plans) for voter in VOTERS)


def vote(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judgement:
    """Have one voter examine the case afresh and judge the plans by what it found, seeing nobody else's findings."""
    match voter:
        case "detection":
            return detection.judge(plans, detection.examine(case))
        case "diagnosis":
            return diagnosis.judge(plans, diagnosis.examine(case))
        case "prediction":
            return prediction.judge(plans, prediction.examine(case))
        case "resolution":
            return resolution.judge(plans, resolution.examine(case))
        case "communication":
            return communication.judge(plans, communication.examine(case))


def _cast(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Vote:
    started_at, start = datetime.now(UTC), time.perf_counter()
    judgement, failure = None, ""
    try:
        judgement = vote(voter, case, plans)
    except Exception as error:  # noqa: BLE001 - a voter that fails casts no ballot; its error goes on record
        failure = f"{type(error).__name__}: {error}"[:500]
    return Vote(voter, judgement, failure, started_at, (time.perf_counter() - start) * 1000)
