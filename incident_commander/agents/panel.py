"""The five voters side by side, in one call to a worker process."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ..domain.advice import NO_ADVICE
from ..domain.ballot import VOTERS, Judgement, Voter
from ..domain.findings import Evidence
from ..domain.memory import NOTHING_RECALLED
from ..domain.plan import Plan
from . import communication, detection, diagnosis, prediction, resolution
from .case import Case
from .hearsay import ADVISED, Judged, naming, reconsider_advised
from .sharing import Reading, reconsider

REMEMBERING: frozenset[Voter] = frozenset(("diagnosis", "resolution"))
"""The voters that memory speaks to: too few for a quorum, also where it would mislead both."""


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


def votes(case: Case, plans: tuple[Plan, ...], shared: Collection[Evidence] | None = None) -> tuple[Vote, ...]:
    """Have every voter judge the plans. None is told of another: each call gets the case and the plans alone.

    Args:
        shared: In a later round, the observations that all cited in the one before; None in the first.
    """
    if shared is None:
        return tuple(_cast(voter, case, plans) for voter in VOTERS)
    first = _readings(case, plans)
    others = first if case.recalled == NOTHING_RECALLED else _readings(_unaided(case), plans)
    return tuple(_recast(each, case, plans, first if each in REMEMBERING else others, shared) for each in VOTERS)


def vote(voter: Voter, case: Case, plans: tuple[Plan, ...], shared: Collection[Evidence] | None = None) -> Vote:
    """Have one voter examine the case afresh and judge the plans by what it found, seeing nobody else's findings.

    In a later round it reads its case by the others' methods too, since it takes nothing of theirs on trust.
    """
    if shared is None:
        return _cast(voter, case, plans)
    own = case if voter in REMEMBERING else _unaided(case)
    return _recast(voter, case, plans, _readings(own, plans), shared)


def _unaided(case: Case) -> Case:
    """The case without what memory says, for who reads it by others' methods too."""
    return replace(case, recalled=NOTHING_RECALLED)


def _readings(case: Case, plans: tuple[Plan, ...]) -> dict[Voter, Vote]:
    """What a case looks like by each faculty's method, without what models suspect."""
    unadvised = replace(case, advice=NO_ADVICE)
    return {voter: _cast(voter, unadvised, plans) for voter in VOTERS}


def _judged(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judged:
    """The judgement, and the observations that it names."""
    if case.advice == NO_ADVICE:
        return _examined(voter, case, plans)
    without = _examined(voter, replace(case, advice=NO_ADVICE), plans)
    return naming(case.advice, _examined(voter, case, plans), without[0]) if voter == ADVISED else without


def _examined(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judged:
    judgement, found = _found(voter, case, plans)
    return judgement, tuple(each for each in found if each.reference() in judgement.evidence)


def _found(voter: Voter, case: Case, plans: tuple[Plan, ...]) -> Judged:
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
    return _timed(voter, lambda: _judged(voter, case, plans))


def _recast(
    voter: Voter, case: Case, plans: tuple[Plan, ...], first: Mapping[Voter, Vote], shared: Collection[Evidence]
) -> Vote:
    """The vote of a later round; who failed at reading its case has failed again.

    Args:
        first: Its case by each faculty's method, without what models suspect.
    """
    if first[voter].judgement is None:
        return first[voter]
    readings = {each: Reading(vote.judgement, vote.cited) for each, vote in first.items() if vote.judgement is not None}
    advised = _cast(voter, case, plans) if voter == ADVISED and case.advice != NO_ADVICE else None
    if advised is None or advised.judgement is None:
        return advised or _timed(voter, lambda: reconsider(voter, plans, readings, shared))
    own = Reading(advised.judgement, advised.cited)
    return _timed(voter, lambda: reconsider_advised(case.advice, own, plans, readings, shared))


def _timed(voter: Voter, judge: Callable[[], Judged]) -> Vote:
    started_at, start = datetime.now(UTC), time.perf_counter()
    judgement: Judgement | None = None
    cited: tuple[Evidence, ...] = ()
    failure = ""
    try:
        judgement, cited = judge()
    except Exception as error:  # noqa: BLE001 - a voter that fails casts no ballot; its error goes on record
        failure = f"{type(error).__name__}: {error}"[:500]
    return Vote(voter, judgement, cited, failure, started_at, (time.perf_counter() - start) * 1000)
