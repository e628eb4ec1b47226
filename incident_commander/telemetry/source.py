"""What every telemetry source says of itself, for `doctor` and /health."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

State = Literal["ok", "degraded", "down", "off"]


class SourceMisconfigured(ValueError):
    """A setting of a source, or a file that it names, is wrong; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source as it was seen last; `detail` says what it gives, or what is wrong and how to mend it."""

    name: str
    state: State
    detail: str


class Source(Protocol):
    """Something that telemetry is read from."""

    def seen(self) -> SourceState:
        """How it was when it was asked last. Asks nobody."""
        ...

    async def check(self) -> SourceState:
        """Ask it now, by a call or two that cost next to nothing."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


class LastSeen:
    """Keeps what became of the last time that a source was asked."""

    def __init__(self, name: str) -> None:
        self._state = SourceState(name, "ok", "not asked yet")

    @property
    def state(self) -> SourceState:
        """How it was."""
        return self._state

    def note(self, state: State, detail: str) -> SourceState:
        """It was asked just now."""
        at = datetime.now(UTC)
        self._state = SourceState(self._state.name, state, f"{detail} (at {at:%H:%M:%S})")
        return self._state
