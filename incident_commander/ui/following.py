"""Following a run that is computed for one viewer: what it has said so far, and whether they still wait for it."""

import time

from ..response.progress import Progress, Step
from ..response.view_rounds import RoundView
from .viewers import is_connected

AWAY_SECONDS = 5.0
"""How long a viewer may be gone, as in a reload, before their run is ended."""
TELL_SECONDS = 0.25
"""Between two updates of a run's progress, wall clock."""
LINES = 6
"""How many of the last lines of progress are shown."""

STEP_WORDS: dict[Step, str] = {
    "start": "Setting up a company of its own",
    "company": "The company's day, up to the first alarm",
    "detect": "Looking for signals that left normal",
    "diagnose": "Finding the cause",
    "predict": "Predicting what breaks next",
    "propose": "Proposing plans",
    "deliberate": "Five agents vote",
    "authorise": "Asking policy",
    "execute": "Acting",
    "verify": "Checking that it worked",
    "communicate": "Telling people",
    "learn": "Comparing with the engineer and with nobody",
    "record": "Putting the run together",
}


class Presence:
    """Whether a viewer is there, or has been gone for no longer than a reload takes."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._seen = time.monotonic()

    def lasts(self) -> bool:
        """To be asked again and again; a viewer who is back in time was never gone."""
        now, here = time.monotonic(), is_connected(self._token)
        self._seen = now if here else self._seen
        return here or now - self._seen < AWAY_SECONDS


class Telling:
    """What a run has said, to be passed on not more often than a person can read.

    Attributes:
        share: How much of the run is done, in [0, 100].
        rounds: The rounds of voting as far as they have come.
    """

    def __init__(self) -> None:
        self.step = ""
        self.share = 0.0
        self.lines: list[str] = []
        self.rounds: list[RoundView] = []
        self._told = 0.0

    def hear(self, progress: Progress) -> bool:
        """Keep what was said; whether it is time to pass it on."""
        self.lines = [*self.lines, progress.text][-LINES:]
        self.step = progress.text if progress.stage == "queue" else STEP_WORDS[progress.stage]
        self.share = round(100 * (progress.share or 0.0), 1)
        if progress.vote is not None:
            self.rounds = [each for each in self.rounds if each.round < progress.vote.round] + [progress.vote]
        now = time.monotonic()
        if now - self._told < TELL_SECONDS:
            return False
        self._told = now
        return True
