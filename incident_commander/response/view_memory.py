"""What /ops shows of memory: incidents learned from, patterns with their success, votes that held, calibration."""

from collections.abc import Sequence

from ..analysis.track_record import Calibration, Pattern, Reliability
from ..domain.base import Value
from ..domain.memory import Cause, Memory, Proof, Tried
from ..domain.operator import World
from ..domain.plan import Action
from . import view_text as text
from .remembering import Learned

SHOWN_PATTERNS, SHOWN_WINDOWS, SHOWN_INCIDENTS = 8, 6, 8
"""Of each world; `GET /api/memory` has them all."""
WORLD_WORDS: dict[World, str] = {"live": "Real incidents", "practice": "Practice runs, simulated"}
PROOF_WORDS: dict[Proof, str] = {"proven": "held", "refuted": "did not hold", "open": "nothing tells"}


class PatternRow(Value):
    """One cause with one way to answer it."""

    cause: str
    answer: str
    count: int
    success: str


class ReliabilityRow(Value):
    """How often a voter's vote was on the side that held."""

    agent: str
    held: str
    interval: str
    brier: str


class CalibrationRow(Value):
    """One window of judged incidents; `base` is what stating the same for all would earn."""

    window: str
    stated: str
    right: str
    brier: str
    base: str


class MemoryRow(Value):
    """One incident that is remembered."""

    incident: str
    cause: str
    answer: str
    correction: str


class MemoryView(Value):
    """What one world taught."""

    world: World
    label: str
    summary: str
    patterns: tuple[PatternRow, ...] = ()
    agents: tuple[ReliabilityRow, ...] = ()
    calibration: tuple[CalibrationRow, ...] = ()
    latest: tuple[MemoryRow, ...] = ()


def memory_views(learned: Sequence[Learned]) -> tuple[MemoryView, ...]:
    """Both worlds, ready to show."""
    return tuple(_view(each) for each in learned)


def _view(learned: Learned) -> MemoryView:
    return MemoryView(
        world=learned.world,
        label=WORLD_WORDS[learned.world],
        summary=_summary(learned),
        patterns=tuple(_pattern(each) for each in learned.patterns[:SHOWN_PATTERNS]),
        agents=tuple(_agent(each) for each in learned.agents if each.judged),
        calibration=tuple(_window(each) for each in learned.calibration[-SHOWN_WINDOWS:]),
        latest=tuple(_incident(each) for each in learned.latest[:SHOWN_INCIDENTS]),
    )


def _summary(learned: Learned) -> str:
    if learned.mode == "off":
        return "Memory is off: nothing new is remembered or called to mind (IC_MEMORY)."
    parts = [
        f"{learned.incidents} remembered",
        f"{learned.known} with a known cause",
        f"{learned.corrected} corrected by a person",
        f"{learned.forgotten} forgotten",
    ]
    return ", ".join(parts) + "."


def _pattern(pattern: Pattern) -> PatternRow:
    told = pattern.proven + pattern.refuted
    return PatternRow(
        cause=cause_text(pattern.cause),
        answer=_answer(pattern.tried),
        count=pattern.count,
        success=f"held in {pattern.proven} of {told}" if told else "nothing tells",
    )


def _agent(each: Reliability) -> ReliabilityRow:
    return ReliabilityRow(
        agent=text.sentence(each.voter),
        held=f"{each.held} of {each.judged}",
        interval=f"{text.share(each.low)} to {text.share(each.high)}",
        brier="" if each.brier is None else f"{each.brier:.3f}",
    )


def _window(each: Calibration) -> CalibrationRow:
    return CalibrationRow(
        window=f"{each.first} to {each.last}",
        stated=text.share(each.stated),
        right=text.share(each.right),
        brier=f"{each.brier:.3f}",
        base=f"{each.base_brier:.3f}",
    )


def _incident(memory: Memory) -> MemoryRow:
    remembered, said = memory.remembered, memory.correction
    answer = _answer(remembered.tried)
    return MemoryRow(
        incident=remembered.id,
        cause=cause_text(remembered.leading) if remembered.leading else "no cause was found",
        answer=f"{answer}: {PROOF_WORDS[remembered.proof]}" if remembered.tried else answer,
        correction=f"{cause_text(said.cause)}, says {said.by}: {said.reason}" if said else "",
    )


def cause_text(cause: Cause | None) -> str:
    """`Memory leak of orders`."""
    return f"{text.sentence(cause.fault)} of {cause.service}" if cause else "Nothing was wrong, or nothing was found"


def _answer(tried: Tried | None) -> str:
    return text.action_text(Action(name=tried.action, target=tried.target) if tried else None)
