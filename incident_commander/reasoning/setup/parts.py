"""A part of the setup: what it found, what it made, or why it cannot; and waiting until something made is ready."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ...domain.base import Value
from ...domain.permission import Statement
from ...domain.usage import AiService

StepState = Literal["there", "missing", "made", "cannot", "failed"]
LOOKS = 60
"""How often it is looked whether something made is ready."""


class Step(Value):
    """How one part stands.

    Attributes:
        state: `missing`: it would be made; `cannot`: it is not for us to make; `failed`: it should have been possible.
        detail: What is there, would be made or was made; or why not.
        settings: The variables to set for it.
        statement: What IAM must allow and does not.
    """

    part: str
    service: AiService
    state: StepState
    detail: str
    settings: dict[str, str] = {}
    statement: Statement | None = None


class Part(Protocol):
    """One thing to make."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        ...

    @property
    def service(self) -> AiService:
        """Whose it is."""
        ...

    async def step(self, *, apply: bool) -> Step:
        """Look, and make what is missing where that is asked for; raises AwsError."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """A knowledge article to upload.

    Attributes:
        name: A file's.
    """

    name: str
    text: str


class NotReady(Exception):
    """Something that was made is not ready; the message says what it is instead."""


Pause = Callable[[], Awaitable[None]]


async def two_seconds() -> None:
    """Between two looks."""
    await asyncio.sleep(2)


async def ready(
    what: str, status: Callable[[], Awaitable[str]], good: frozenset[str], bad: frozenset[str], pause: Pause
) -> None:
    """Look until something is ready.

    Raises:
        NotReady: it failed, or is not ready for too long.
    """
    seen = ""
    for _ in range(LOOKS):
        seen = await status()
        if seen in good:
            return
        if seen in bad:
            raise NotReady(f"{what} is {seen}; look at it in the console, delete it, and run this again")
        await pause()
    raise NotReady(f"{what} is still {seen}; run this again later")


def token(request: Mapping[str, object]) -> str:
    """A client token: the same for the same request, so that one that is sent twice makes one thing."""
    return f"incident-commander-{hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:48]}"
