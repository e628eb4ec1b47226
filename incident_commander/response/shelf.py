"""The recordings that were kept, as files in one folder."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from ..domain.base import UtcDatetime, Value
from ..domain.findings import Verdict
from ..domain.incident import IncidentStatus
from .recording import Recording, UnreadableRecording, load_recording
from .view_insights import answering

SUFFIX = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_KEPT_OPEN = 16
"""How many recordings are kept in memory; the others are read again."""


class Card(Value):
    """A recording on the shelf, or a file there that cannot be played.

    Attributes:
        name: By which to open it: the file's without its suffix.
        title: The file's name where it cannot be played; the other fields are None then.
        acceptable: Whether what was done, or left undone, was right, as the report judges it.
        services: Each reasoning service that answered in it, with where it is.
        problem: Why it cannot be played and what to do; empty where it can.
    """

    name: str
    title: str
    scenario: str | None = None
    seed: int | None = Field(default=None, ge=0)
    recorded_at: UtcDatetime | None = None
    status: IncidentStatus | None = None
    verdict: Verdict | None = None
    acceptable: bool | None = None
    services: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file held when it had this stamp: its time of change and its size."""

    stamp: tuple[int, int]
    card: Card


class Shelf:
    """The recordings in a folder, read anew when a file changes. A folder that is not there holds none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cards: dict[str, _Read] = {}
        self._recordings: dict[str, tuple[tuple[int, int], Recording]] = {}
        self._reading = asyncio.Lock()

    async def cards(self) -> tuple[Card, ...]:
        """A card for every recording of the folder, by name. A file that cannot be played has one that says why."""
        async with self._reading:
            return await asyncio.to_thread(self._list)

    async def open(self, name: str) -> Recording:
        """Read one recording.

        Raises:
            UnreadableRecording: there is none of that name, or it cannot be played; the message says why.
        """
        async with self._reading:
            return await asyncio.to_thread(self._open, name)

    def _list(self) -> tuple[Card, ...]:
        names = self._names()
        self._cards = {name: read for name, read in self._cards.items() if name in names}
        return tuple(self._card(name) for name in names)

    def _names(self) -> tuple[str, ...]:
        try:
            return tuple(sorted(path.stem for path in self._folder.iterdir() if path.suffix == SUFFIX))
        except OSError:
            return ()

    def _card(self, name: str) -> Card:
        known = self._cards.get(name)
        try:
            stamp = self._stamp(name)
            if known is not None and known.stamp == stamp:
                return known.card
            recording = self._open(name)
        except UnreadableRecording as error:
            return Card(name=name, title=name + SUFFIX, problem=str(error))
        card = Card(
            name=name,
            title=recording.title,
            scenario=recording.run.scenario,
            seed=recording.run.seed,
            recorded_at=recording.recorded_at,
            status=recording.report.status,
            verdict=recording.report.verdict,
            acceptable=recording.report.plan.acceptable,
            services=answering(recording.record.counsel.usage) if recording.record else (),
        )
        self._cards[name] = _Read(stamp, card)
        return card

    def _open(self, name: str) -> Recording:
        stamp = self._stamp(name)
        known = self._recordings.pop(name, None)
        recording = known[1] if known is not None and known[0] == stamp else load_recording(self._path(name))
        self._recordings[name] = (stamp, recording)
        while len(self._recordings) > _KEPT_OPEN:
            self._recordings.pop(next(iter(self._recordings)))
        return recording

    def _path(self, name: str) -> Path:
        """Where a recording of that name is, and nowhere outside of the folder."""
        if not _NAME.fullmatch(name):
            raise UnreadableRecording(
                f"{name[:100]!r} cannot be a recording's name; one is made of letters, digits, - and _, at most 100"
            )
        path = self._folder / f"{name}{SUFFIX}"
        if path.is_symlink() or not path.is_file():
            known = ", ".join(each for each in self._names() if _NAME.fullmatch(each)) or "none"
            raise UnreadableRecording(f"there is no recording {name!r}; there are: {known}")
        return path

    def _stamp(self, name: str) -> tuple[int, int]:
        try:
            found = self._path(name).stat()
        except OSError as error:
            raise UnreadableRecording(f"{name}{SUFFIX} cannot be read: {error.strerror}") from error
        return found.st_mtime_ns, found.st_size
