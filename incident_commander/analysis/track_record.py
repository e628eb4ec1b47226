"""What ended incidents teach in sum: patterns with their success, how the agents' votes held, and whether stated
probabilities did (Brier 1950), over time. Counts and squared errors only: nothing here can but go up."""

import math
from collections.abc import Sequence

from ..domain.ballot import VOTERS, Voter
from ..domain.base import IncidentId, Value
from ..domain.memory import Cause, Memory, Tried
from .calibration import wilson_interval

WINDOW = 20
"""So many judged incidents make one point of the calibration over time."""


class Pattern(Value):
    """Incidents with one cause, and what came of one way to answer them.

    Attributes:
        cause: As is known, else as it was taken for; None: nothing was wrong, or nothing was found.
        tried: None: nothing was done.
        known: Of how many it is known that this was the cause.
        open: Of how many nothing tells whether what was done held.
        mttr_seconds: Mean over those that were resolved, on their own clocks; None where none was.
    """

    cause: Cause | None
    tried: Tried | None
    count: int
    known: int
    proven: int
    refuted: int
    open: int
    mttr_seconds: float | None
    latest: IncidentId


class Reliability(Value):
    """How often one voter's vote was on the side that held, where the outcome tells.

    Attributes:
        judged: Incidents in which it voted and the action's checks were met or unmet.
        held: Of them, in how many it was for what held, or against what had to be taken back.
        low, high: 95 % interval of that share (Wilson 1927).
        brier: Of its confidence as the probability of being right; None where nothing was judged.
    """

    voter: Voter
    judged: int
    held: int
    low: float
    high: float
    brier: float | None


class Calibration(Value):
    """Whether the probability stated of the leading cause held, over one window of judged incidents.

    Attributes:
        first, last: Places of the window's incidents among all that are judged, from 1, in the order they ended.
        base_brier: The Brier score of stating the window's own share of right causes for every one.
    """

    first: int
    last: int
    stated: float
    right: float
    brier: float
    base_brier: float


def patterns(memories: Sequence[Memory]) -> tuple[Pattern, ...]:
    """Every cause with every way it was answered, the most frequent first."""
    grouped: dict[tuple[Cause | None, Tried | None], list[Memory]] = {}
    for each in memories:
        cause = each.cause if each.known else each.remembered.leading
        grouped.setdefault((cause, each.remembered.tried), []).append(each)
    found = [_pattern(cause, tried, group) for (cause, tried), group in grouped.items()]
    return tuple(sorted(found, key=lambda each: (-each.count, str(each.cause), str(each.tried))))


def _pattern(cause: Cause | None, tried: Tried | None, group: Sequence[Memory]) -> Pattern:
    proofs = [each.remembered.proof for each in group]
    repaired = [each.remembered.outcome.mttr_seconds for each in group]
    times = [seconds for seconds in repaired if seconds is not None]
    return Pattern(
        cause=cause,
        tried=tried,
        count=len(group),
        known=sum(each.known for each in group),
        proven=proofs.count("proven"),
        refuted=proofs.count("refuted"),
        open=proofs.count("open"),
        mttr_seconds=math.fsum(times) / len(times) if times else None,
        latest=group[-1].remembered.id,
    )


def reliabilities(memories: Sequence[Memory]) -> tuple[Reliability, ...]:
    """Each voter's record."""
    return tuple(_reliability(voter, memories) for voter in VOTERS)


def _reliability(voter: Voter, memories: Sequence[Memory]) -> Reliability:
    judged: list[tuple[bool, float]] = []
    for each in memories:
        proof = each.remembered.proof
        vote = next((vote for vote in each.remembered.votes if vote.voter == voter), None)
        if proof != "open" and vote is not None:
            judged.append((vote.was_for == (proof == "proven"), vote.confidence))
    held = sum(right for right, _ in judged)
    low, high = wilson_interval(held, len(judged)) if judged else (0.0, 1.0)
    brier = math.fsum((sure - right) ** 2 for right, sure in judged) / len(judged) if judged else None
    return Reliability(voter=voter, judged=len(judged), held=held, low=low, high=high, brier=brier)


def calibration(memories: Sequence[Memory], window: int = WINDOW) -> tuple[Calibration, ...]:
    """Windows of judged incidents, oldest first, the last one perhaps shorter.

    A stated cause is right where a person says so or where what was done for it held, and wrong where a person says
    otherwise or what was done for it was taken back. What nothing tells of is not judged.
    """
    judged = [(each.remembered.stated, right) for each in memories if (right := _right(each)) is not None]
    pairs = [(stated, float(right)) for stated, right in judged if stated is not None]
    points: list[Calibration] = []
    for start in range(0, len(pairs), window):
        part = pairs[start : start + window]
        share = math.fsum(right for _, right in part) / len(part)
        points.append(
            Calibration(
                first=start + 1,
                last=start + len(part),
                stated=math.fsum(stated for stated, _ in part) / len(part),
                right=share,
                brier=math.fsum((stated - right) ** 2 for stated, right in part) / len(part),
                base_brier=share * (1.0 - share),
            )
        )
    return tuple(points)


def _right(memory: Memory) -> bool | None:
    leading = memory.remembered.leading
    if leading is None or memory.remembered.stated is None:
        return None
    if memory.known:
        return leading == memory.cause
    return False if memory.refuted == leading else None
