"""The player of /demo: moves one viewer's position through the simulated time of the run they see."""

import asyncio
import math
import time

import reflex as rx

from ..viewers import is_connected
from .frames import Frame, Played

FRAME_SECONDS = 0.25
"""Between two frames, wall clock."""
SIMULATED_SECONDS_A_SECOND = 60.0
"""What passes in a second of wall time at speed 1."""
SPEEDS = (1, 2, 4, 8, 16)


class PlayerState(rx.State):
    """Where the viewer is in the run, and the figures there; apart from DemoState so that a frame redraws little.

    Attributes:
        position: Simulated seconds since the start; `at`: the same as a share of the whole, in [0, 1].
        speed: Simulated minutes in a second.
    """

    position: float = 0.0
    at: float = 1.0
    playing: bool = False
    speed: int = 8
    frame: Frame = Frame()
    _played: Played | None = None
    _turn: int = 0

    @rx.event(background=True)
    async def play(self) -> None:
        """Play on from here, from the beginning where this is the end; until paused, over, left or begun elsewhere."""
        async with self:
            if self._played is None:
                return
            self._turn += 1
            turn = self._turn
            token, session = self.router.session.client_token, self.router.session.session_id
            self.playing = True
            if self.position >= self._played.seconds:
                move(self, 0.0)
        before = time.monotonic()
        while True:
            await asyncio.sleep(FRAME_SECONDS)
            async with self:
                if self._turn != turn or self._played is None:
                    return
                if not is_connected(token) or self.router.session.session_id != session:
                    self.playing = False
                    return
                now = time.monotonic()
                move(self, self.position + (now - before) * self.speed * SIMULATED_SECONDS_A_SECOND)
                before = now
                if self.position >= self._played.seconds:
                    self.playing = False
                    return

    @rx.event()
    def pause(self) -> None:
        """Stay here."""
        _stop(self)

    @rx.event()
    def step(self) -> None:
        """Go to when something happens next, and stay there."""
        _stop(self)
        if self._played is not None:
            move(self, self._played.next_moment(self.position))

    @rx.event()
    def to_the_end(self) -> None:
        """Go to the end."""
        _stop(self)
        if self._played is not None:
            move(self, self._played.seconds)

    @rx.event()
    def seek(self, seconds: float) -> None:
        """Go to a moment; what is none is passed over."""
        try:
            moment = float(seconds)
        except (TypeError, ValueError):
            return
        if math.isfinite(moment):
            move(self, moment)

    @rx.event()
    def choose_speed(self, speed: int) -> None:
        """Play at one of the speeds there are."""
        if speed in SPEEDS:
            self.speed = int(speed)


def load(player: PlayerState, played: Played | None, *, at_end: bool | None = None) -> None:
    """Put a run into the player.

    Args:
        at_end: Whether to stand at its end or at its beginning; None: where the player is, which goes on.
    """
    player._played = played
    if played is None:
        _stop(player)
        player.position, player.at, player.frame = 0.0, 1.0, Frame()
        return
    if at_end is not None:
        _stop(player)
    move(player, player.position if at_end is None else played.seconds if at_end else 0.0)


def move(player: PlayerState, seconds: float) -> None:
    """Show the moment so many seconds after the start, or the nearest there is."""
    played = player._played
    if played is None:
        return
    player.position = min(max(0.0, seconds), played.seconds)
    player.at = round(player.position / played.seconds, 5) if played.seconds else 1.0
    player.frame = played.frame(player.position)


def _stop(player: PlayerState) -> None:
    player._turn += 1
    player.playing = False
