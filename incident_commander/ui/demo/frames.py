"""The figures of a run at each moment of the player: before they are reached they run with its clock.

At the end they are those of the run's report, and so of `scenario run --json` for the same scenario and seed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from ...business.cost import cumulative_failed, cumulative_usd, reached
from ...domain.base import Value
from ...domain.practice import Course
from ...response import view_text as text
from ...response.recording import Recording
from .telling import Sentence, human_side, length_seconds, our_side, since, stopwatch

CourseName = Literal["ours", "human", "nobody"]

_UNRESOLVED = {"escalated": "a person was called", "closed": "closed without action"}


class Cell(Value):
    """A figure at one moment: still `running`, `reached` for good, or `never`, in words that say why."""

    text: str = "-"
    state: Literal["running", "reached", "never"] = "running"


class Side(Value):
    """The figures of one course at one moment; durations count from the fault's onset."""

    mttd: Cell = Cell()
    mtta: Cell = Cell()
    mttr: Cell = Cell()
    usd: Cell = Cell()
    failed: Cell = Cell()


class Frame(Value):
    """What changes while a run is played: one moment of it.

    Attributes:
        saved: The modelled human's cost so far less ours; `gain` says which of the two is more.
    """

    clock: str = ""
    saved: str = ""
    gain: Literal["saved", "lost", "even"] = "even"
    ended: bool = False
    ours: Side = Side()
    human: Side = Side()
    nobody: Side = Side()


class Played:
    """A run as it is played, at some prices; its sums are made once, so that a frame is a look-up.

    A plain class on purpose: a state hands it back as it is, without a proxy that watches it for changes.
    """

    def __init__(self, recording: Recording, prices: Mapping[str, float]) -> None:
        """Make the sums.

        Raises:
            NoPrice: a kind of harm has no price.
        """
        courses = recording.courses
        self.recording = recording
        self.seconds = length_seconds(courses)
        self.interval_seconds = courses.interval_seconds
        self.ours: tuple[Sentence, ...] = our_side(recording)
        self.human: tuple[Sentence, ...] = human_side(courses)
        self._courses: dict[CourseName, Course] = {
            "ours": courses.ours,
            "human": courses.human,
            "nobody": courses.nobody,
        }
        self._usd = {
            name: cumulative_usd(course, self.interval_seconds, prices) for name, course in self._courses.items()
        }
        self._failed = {
            name: cumulative_failed(course, self.interval_seconds) for name, course in self._courses.items()
        }

    def usd(self, course: CourseName) -> tuple[float, ...]:
        """What a course had cost by the end of each scrape, float[n_scrapes + 1] in USD."""
        return self._usd[course]

    def usd_at(self, course: CourseName, seconds: float) -> float:
        """What a course had cost so many simulated seconds after the start, in USD to the cent."""
        return round(reached(self._usd[course], self.interval_seconds, seconds), 2)

    def saved_usd_at(self, seconds: float) -> float:
        """The modelled human's cost less ours by then, in USD to the cent; negative where ours is more."""
        return round(self.usd_at("human", seconds) - self.usd_at("ours", seconds), 2)

    def frame(self, seconds: float) -> Frame:
        """The figures so many simulated seconds after the start."""
        saved = self.saved_usd_at(seconds)
        return Frame(
            clock=stopwatch(seconds),
            saved=text.usd(saved),
            gain="saved" if saved > 0 else "lost" if saved < 0 else "even",
            ended=seconds >= self.seconds,
            ours=self._side("ours", seconds),
            human=self._side("human", seconds),
            nobody=self._side("nobody", seconds),
        )

    def next_moment(self, seconds: float) -> float:
        """When something happens next on either side; the end where nothing does any more."""
        later = [sentence.at for sentence in (*self.ours, *self.human) if sentence.at > seconds]
        return min([self.seconds, *later])

    def _side(self, name: CourseName, now: float) -> Side:
        counted: Literal["running", "reached"] = "reached" if now >= self.seconds else "running"
        failed = reached(self._failed[name], self.interval_seconds, now)
        return Side(
            mttd=self._detected(name, now),
            mtta=self._taken_up(name, now),
            mttr=self._mended(name, now),
            usd=Cell(text=text.usd(self.usd_at(name, now)), state=counted),
            failed=Cell(text=f"{failed:,.0f}", state=counted),
        )

    def _detected(self, name: CourseName, now: float) -> Cell:
        alarm = self._since_onset(self.recording.courses.alerted_at)
        measured = self.recording.report.clock.mttd_seconds
        if name != "ours" or measured is not None:
            return self._duration(now, measured if name == "ours" else alarm, "no alarm")
        if alarm is None or now < self.seconds:
            return self._duration(now, alarm, "no alarm")
        return Cell(text="no fault to detect", state="never")  # not said before the end: it would tell the answer

    def _taken_up(self, name: CourseName, now: float) -> Cell:
        if name == "nobody":
            return Cell(text="nobody looks", state="never")
        if name == "human":
            return self._duration(now, self.recording.baseline.acknowledged_seconds, "no alarm")
        return self._duration(now, self._since_onset(self.recording.courses.ours.acknowledged_at), "no alarm")

    def _mended(self, name: CourseName, now: float) -> Cell:
        report, incident = self.recording.report, self.recording.incident
        if name == "nobody":
            return self._duration(now, self._since_onset(self.recording.courses.nobody.well_at), "not mended")
        if name == "human":
            return self._duration(now, report.clock.baseline_mttr_seconds, "not mended")
        given_up = self._since_onset(incident.ended_at) if incident else None
        return self._duration(now, report.clock.mttr_seconds, _UNRESOLVED.get(report.status, "not resolved"), given_up)

    def _duration(
        self, now: float, reached_seconds: float | None, never: str, known_seconds: float | None = None
    ) -> Cell:
        """A duration on the player's clock.

        Args:
            reached_seconds: How long it was in the end; None: it never came to that, as `never` says.
            known_seconds: When that was known; None: at the end.
        """
        if reached_seconds is not None and (now >= reached_seconds or now >= self.seconds):
            return Cell(text=text.duration(reached_seconds), state="reached")
        if reached_seconds is None and now >= min(
            self.seconds, self.seconds if known_seconds is None else known_seconds
        ):
            return Cell(text=never, state="never")
        return Cell(text=text.duration(round(now)), state="running")

    def _since_onset(self, moment: datetime | None) -> float | None:
        onset = self.recording.answer.onset or self.recording.courses.start
        return None if moment is None else since(onset, moment)
