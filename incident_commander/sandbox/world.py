"""One practice world: a pure function of (scenario, seed, received actions with their simulated times)."""

from datetime import UTC, datetime, timedelta

import numpy as np

from ..domain.plan import Action
from ..domain.telemetry import Change, FloatArray
from .archive import COLUMN, Archive, metrics_of
from .assumptions import Assumptions, load_assumptions
from .forces import apply_forces
from .load import Demand, stream
from .meters import NOISES, Meters
from .model import Model
from .remedies import Received, check_action, disturb, finish
from .scenarios import Episode
from .state import TICK_SECONDS, Influence, State
from .topology import Company

CALENDAR_STARTS = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday: the first day of the practice calendar."""
HISTORY_SECONDS = 3600.0
"""Quiet history before anyone looks."""
DAY_SECONDS = 3 * 3600.0
"""From the epoch to the end of a practice day: by then an alert has fired or none will."""

_NOISE_BLOCK = 64
_FELT = 6


class World:
    """The company under one episode. Moves forward only; `archive` holds what has been scraped so far."""

    def __init__(self, company: Company, episode: Episode, assumptions: Assumptions | None = None) -> None:
        self.company = company
        self.assumptions = assumptions or load_assumptions()
        self.epoch = CALENDAR_STARTS + timedelta(days=episode.day, hours=episode.start_hour)
        self.tick = 0
        self._episode = episode
        self._model = Model(company)
        self._meters = Meters(company)
        self._influence = Influence.calm(self._model.size)
        self.state = self._model.rest()
        for i, percent in episode.disk_start.items():
            self.state.disk[i] = percent
        for i, memory in episode.memory_start.items():
            self.state.memory[i] = [memory - 0.6 * k for k in range(len(self.state.memory[i]))]
        self._demand = Demand(episode.seed, episode.start_hour, company.company.daily_swing)
        self._received: list[Received] = []
        self._cleared: set[int] = set()
        self._finished = 0
        self._kills = [0.0] * len(company.services)
        self._felt = [0.0] * _FELT
        self._felt_ticks = 0
        self._ticks_per_scrape = round(self.assumptions.scrape_interval_seconds.value / TICK_SECONDS)
        self._noise: tuple[int, FloatArray] = (-1, np.zeros(0))
        edges = [
            (company.index[s.name], company.index[c], weight) for s in company.services for c, weight in s.calls.items()
        ]
        self.archive = Archive(
            epoch=self.epoch,
            interval=self.assumptions.scrape_interval_seconds.value,
            services=company.services,
            topology=company.topology(),
            exported=tuple(
                metrics_of(s, holds_credentials=company.holds_credentials(s.name)) for s in company.services
            ),
            edges=tuple(edges),
            text_seed=int(stream(episode.seed, 20).integers(2**31)),
        )
        self._changes = [
            Change(
                at=self.moment(c.at), service=c.service, kind=c.kind, reference=c.reference, summary=c.summary,
                author=c.author, detail=c.detail,
            )
            for c in episode.changes
        ]  # fmt: skip
        self._deployed = {c.service: c.at for c in episode.changes if c.kind == "deploy"}

    @property
    def seconds(self) -> float:
        """Seconds since the epoch that have been computed."""
        return self.tick * TICK_SECONDS

    def moment(self, seconds: float) -> datetime:
        """The simulated time so many seconds after the epoch."""
        return self.epoch + timedelta(seconds=seconds)

    def seconds_at(self, moment: datetime) -> float:
        """The inverse of `moment`."""
        return (moment - self.epoch).total_seconds()

    def consider(self, action: Action, at: float) -> Received:
        """Whether this world would take an action at `at` seconds since the epoch. Nothing is done yet.

        Raises:
            Impossible: it would not; the message says why.
        """
        deployed = {service: when for service, when in self._deployed.items() if when <= at}
        return check_action(self.company, self.assumptions, self.state, action, at, deployed)

    def accept(self, action: Action, at: float) -> Received:
        """Take an action, at a time that must not lie before what has been computed.

        Raises:
            Impossible: the world refuses it; nothing is done.
        """
        received = self.consider(action, at)
        self.replay(received)
        return received

    def replay(self, received: Received) -> None:
        """Have an action that was accepted before take effect at its own times."""
        self._received.append(received)
        self._received.sort(key=lambda r: (r.completed_at, r.received_at))

    def advance(self, until: float) -> None:
        """Compute up to `until` seconds since the epoch. Telling it twice the same moment is harmless."""
        last = int(until / TICK_SECONDS + 1e-9)
        while self.tick < last:
            self._step()

    def goes_on_as(self, state: State, cleared: frozenset[int]) -> bool:
        """Whether no action is under way and everything stands as given, so that what follows is the same too."""
        return self._finished == len(self._received) and self.cleared == cleared and self.state == state

    @property
    def cleared(self) -> frozenset[int]:
        """The forces that actions have ended for good."""
        return frozenset(self._cleared)

    def fork(self) -> "World":
        """An independent world with the same past, whose archive begins anew."""
        twin = World(self.company, self._episode, self.assumptions)
        twin.tick = self.tick
        twin.state = self.state.fork()
        twin._received = self._received[:]
        twin._cleared = set(self._cleared)
        twin._finished = self._finished
        twin._kills = self._kills[:]
        twin._felt = self._felt[:]
        twin._felt_ticks = self._felt_ticks
        twin.archive.count = self.archive.count
        twin.archive.rows = self.archive.rows.copy()
        twin.archive.failing = self.archive.failing.copy()
        twin.archive.customers = self.archive.customers.copy()
        twin.archive.intrusion = self.archive.intrusion.copy()
        twin.archive.changes = self.archive.changes[:]
        return twin

    def _step(self) -> None:
        at = self.tick * TICK_SECONDS
        influence = self._influence = Influence.calm(self._model.size)
        influence.demand = self._demand.at(self.tick)
        while self._finished < len(self._received) and self._received[self._finished].completed_at <= at:
            received = self._received[self._finished]
            finish(self.company, self.state, self._episode.forces, self._cleared, received)
            self._finished += 1
        running = [r for r in self._received if r.received_at <= at < r.completed_at]
        disturb(self.company, self.state, running)
        apply_forces(self._episode.forces, self._cleared, at, influence)
        self._model.step(self.state, influence)
        self.tick += 1
        state = self.state
        for i, kills in enumerate(state.oom_kills):
            self._kills[i] += kills
        felt_now = (state.customers, state.failed, state.slow, state.late, state.exposed, state.stolen)
        for k, felt in enumerate(felt_now):
            self._felt[k] += felt
        self._felt_ticks += 1
        if self.tick % self._ticks_per_scrape == 0:
            self._scrape()

    def _scrape(self) -> None:
        """Measure every service, as an exporter would: a little wrong."""
        now = self.tick * TICK_SECONDS
        number = self.tick // self._ticks_per_scrape
        state = self.state
        row = self._meters.read(state, self._influence, self._kills, self._noise_of(number))
        for glitch in self._episode.glitches:
            if glitch.start <= now < glitch.end:
                column = COLUMN[glitch.metric]
                row[glitch.position, column] = min(glitch.most, row[glitch.position, column] + glitch.add)
        failing = [state.timed_out.get((caller, callee), 0.0) for caller, callee, _ in self.archive.edges]
        felt = [each / self._felt_ticks for each in self._felt]
        self.archive.append(row, failing, felt[:4], felt[4:])
        while len(self.archive.changes) < len(self._changes):
            change = self._changes[len(self.archive.changes)]
            if self.seconds_at(change.at) > now:
                break
            self.archive.changes.append(change)
        self._kills = [0.0] * len(self._kills)
        self._felt = [0.0] * _FELT
        self._felt_ticks = 0

    def _noise_of(self, number: int) -> FloatArray:
        block, inside = divmod(number, _NOISE_BLOCK)
        if self._noise[0] != block:
            shape = (_NOISE_BLOCK, len(self.company.services))
            old = stream(self._episode.seed, 3, block).normal(0, 0.025, (*shape, 8))
            new = stream(self._episode.seed, 4, block).normal(0, 0.025, (*shape, NOISES - 8))
            self._noise = (block, np.concatenate([old, new], axis=2))
        found: FloatArray = self._noise[1][inside]
        return found
