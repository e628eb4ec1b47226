"""How far a practice run has come, for whoever waits for it: its stages as they begin and end, and what they find."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ..domain.base import Value
from ..domain.event import Event, EventKind
from ..domain.incident import STAGES, Stage
from ..domain.plan import Plan
from .view_rounds import RoundView
from .view_timeline import timeline_row

Step = Literal["queue", "start", "company", Stage, "record"]
"""Waiting for one's turn; starting; the practice company's day until its first alarm; the stages; what is kept."""

STEPS: tuple[Step, ...] = ("queue", "start", "company", *STAGES, "record")

_UNTOLD: frozenset[EventKind] = frozenset(("agent.ran", "alert.resent"))
"""Too many, and too small, to be told one by one."""
VOTING: frozenset[EventKind] = frozenset(
    ("ballot.cast", "ballot.rejected", "agent.quarantined", "quorum.reached", "quorum.failed")
)
"""What moves a vote towards the line, or away from it."""


class Progress(Value):
    """One thing that has just happened.

    Attributes:
        stage: The step that is under way.
        text: What happened, in a few words.
        share: Of all steps, how many are done, in [0, 1]; None while it is not known when the run can begin.
        queued_behind: Runs that must end before this one can begin.
        vote: Where the round of voting stands, when this has just changed.
    """

    stage: Step
    text: str
    share: float | None = Field(default=None, ge=0, le=1)
    queued_behind: int = Field(default=0, ge=0)
    vote: RoundView | None = None


def begun(step: Step, text: str) -> Progress:
    """Progress to the beginning of a step."""
    return Progress(stage=step, text=text, share=round(STEPS.index(step) / len(STEPS), 3))


def told(event: Event, step: Step, plans: Sequence[Plan] = (), vote: RoundView | None = None) -> Progress | None:
    """What an event of the incident says of the progress; None for one that is not told.

    Args:
        step: The step under way before it.
        plans: The candidates, so that a ballot is told with its plan's name.
        vote: Where the round of voting stands with this event.
    """
    if event.kind in _UNTOLD:
        return None
    if event.kind in ("stage.started", "stage.finished"):
        step = next(stage for stage in STAGES if stage == event.payload["stage"])
    done = STEPS.index(step) + (event.kind == "stage.finished")
    return Progress(stage=step, text=timeline_row(event, plans).title, share=round(done / len(STEPS), 3), vote=vote)
