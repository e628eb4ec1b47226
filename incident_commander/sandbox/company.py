"""The practice company: starts, keeps, rebuilds and ends practice runs, and knows the answers the ports do not."""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from ..domain.base import JsonObject, RunId
from ..domain.findings import Prediction
from ..domain.ports import Environment, Policy
from ..domain.practice import Answer, Baseline, PracticeRun
from ..store import Database
from .alarms import Alarms
from .answers import Work, answer, baseline_knowing, cost_with, untouched_crosses
from .archive import Archive
from .assumptions import load_assumptions
from .clock import Dial
from .exposition import expose
from .keeper import STRETCH_TICKS, keep
from .line import Line
from .model import TICK_SECONDS
from .ports import environment_of
from .remedies import Received
from .runs import Runs
from .scenarios import Scenario, draw, load_scenarios, scenario_named
from .topology import load_company
from .world import DAY_SECONDS, HISTORY_SECONDS, World

POLICY_FILE = Path(__file__).parent / "policy.toml"
"""What may be done in the practice company, in the format of the actions' policy."""
FASTEST_PACE = 600.0
_REMEMBERED = 64

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept:
    """A world that a task keeps, and what may be shown of it."""

    run: PracticeRun
    line: Line
    dial: Dial
    archive: Archive
    task: asyncio.Task[None]


class PracticeCompany:
    """All practice runs of this installation.

    Args:
        policy: What may be done in practice worlds.
        post_alerts: Posts an Alertmanager webhook v4 body through the doors that everybody uses.
        wall: The wall clock.
    """

    def __init__(
        self,
        database: Database,
        policy: Policy,
        post_alerts: Callable[[JsonObject], Awaitable[None]],
        wall: Callable[[], datetime],
    ) -> None:
        self._runs = Runs(database)
        self._policy = policy
        self._post_alerts = post_alerts
        self._wall = wall
        self._kept: dict[RunId, _Kept] = {}
        self._building = asyncio.Lock()
        self._taken_up = False
        self._deriving = asyncio.Lock()
        self._answers: dict[tuple[str, int], Answer] = {}
        self._baselines: dict[tuple[str, int], Baseline] = {}

    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios there are."""
        return load_scenarios()

    async def start(
        self, scenario: str | None, seed: int | None, *, pace: float | None = None, external_alerting: bool = False
    ) -> PracticeRun:
        """Start a run, its quiet history computed; None lets the company choose.

        Raises:
            ValueError: the scenario, seed or pace is not possible; the message says what is.
        """
        if seed is None:
            seed = secrets.randbelow(100_000)
        if not 0 <= seed < 2**32:
            raise ValueError(f"the seed must be a whole number from 0 to {2**32 - 1}, not {seed}")
        if pace is not None and not (math.isfinite(pace) and 0 < pace <= FASTEST_PACE):
            raise ValueError(f"the pace must be above 0 and at most {FASTEST_PACE:g}, not {pace:g}")
        if external_alerting and pace is None:
            raise ValueError("outside servers can only alert on a world that moves: give it a pace")
        chosen = scenario_named(scenario) if scenario is not None else secrets.choice(load_scenarios())
        company = load_company()
        world = World(company, draw(company, chosen, seed))
        opened_at = world.moment(HISTORY_SECONDS)
        run = PracticeRun(
            id=RunId(f"run-{secrets.token_hex(6)}"),
            scenario=chosen.name,
            seed=seed,
            pace=pace,
            external_alerting=external_alerting,
            epoch=world.epoch,
            opened_at=opened_at,
            started_at=self._wall(),
            clock_at=opened_at,
        )
        await self._runs.add(run)
        await self._keep(run.id)
        return run

    async def run_to_first_alert(self, run: RunId) -> bool:
        """Move a world that stands still on until its alerts have been posted; False: the day ended quietly."""
        kept = await self._keep(run)
        day_ends = kept.run.epoch + timedelta(seconds=DAY_SECONDS)
        return await kept.line.advance(day_ends, stop_at_alert=True)

    async def environment(self, run: RunId) -> Environment:
        """The ports over a run's world.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        kept = await self._keep(run)
        return environment_of(kept.dial, kept.line, kept.archive, self._policy, load_assumptions())

    async def let_pass(self, run: RunId, seconds: float) -> None:
        """Let simulated time pass."""
        environment = await self.environment(run)
        await environment.clock.advance_to(await environment.clock.now() + timedelta(seconds=seconds))

    async def end(self, run: RunId) -> None:
        """End a run: its world stays as it is, tells of nothing any more, and is not exported."""
        kept = self._kept.pop(run, None)
        stored = await self._runs.get(run)
        if stored.ended:
            return
        reached = kept.dial.now() if kept is not None else self._dial(stored).now()
        if kept is not None:
            await _cancelled(kept.task)
            kept.dial.stop(reached)
        await self._runs.reached(run, reached, ended=True)

    async def reset(self) -> None:
        """End every run."""
        for run in await self._runs.active():
            await self.end(run.id)

    async def tick(self) -> None:
        """Take up the paced runs that an earlier process left; those move on by themselves from then on."""
        if not self._taken_up:
            for run in await self._runs.active():
                if run.pace is not None:
                    await self._keep(run.id)
            self._taken_up = True

    async def close(self) -> None:
        """Let go of every world. The runs go on where they stood when somebody asks for them again."""
        kept, self._kept = self._kept, {}
        for each in kept.values():
            await _cancelled(each.task)

    async def answer(self, run: RunId) -> Answer:
        """What was really wrong. For the judge, after the end; no port leads here.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        return await self._answer(stored.scenario, stored.seed)

    async def baseline(self, scenario: str, seed: int) -> Baseline:
        """The same seed answered by the modelled human and by nobody.

        Raises:
            ValueError: there is no such scenario.
        """
        right = await self._answer(scenario, seed)
        async with self._deriving:
            known = self._baselines.get((scenario, seed))
            if known is None:
                known = await _unhurried(baseline_knowing(scenario, seed, right))
                _remember(self._baselines, (scenario, seed), known)
            return known

    async def customer_cost(self, run: RunId) -> float:
        """USD that the run's incident costs its customers, over the same time as its baseline's figures.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        return await _unhurried(cost_with(stored.scenario, stored.seed, await self._journal(stored)))

    async def untouched_crosses(self, run: RunId, prediction: Prediction) -> bool:
        """Whether what was predicted came to pass in the same world with nobody acting.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        return await _unhurried(untouched_crosses(stored.scenario, stored.seed, prediction))

    def exposition(self) -> str:
        """Prometheus text of every running world that has a pace."""
        return expose({run: kept.archive for run, kept in self._kept.items() if kept.dial.pace is not None})

    async def _answer(self, scenario: str, seed: int) -> Answer:
        async with self._deriving:
            known = self._answers.get((scenario, seed))
            if known is None:
                known = await _unhurried(answer(scenario, seed))
                _remember(self._answers, (scenario, seed), known)
            return known

    async def _keep(self, run_id: RunId) -> _Kept:
        """The kept world of a run, rebuilt from what is stored where no task keeps it."""
        async with self._building:
            kept = self._kept.get(run_id)
            if kept is not None and not kept.task.done():
                return kept
            run = await self._runs.get(run_id)
            dial = self._dial(run)
            company = load_company()
            world = World(company, draw(company, scenario_named(run.scenario), run.seed))
            for received in await self._journal(run):
                world.replay(received)
            alarms = Alarms(world.archive, world.assumptions)
            end = world.seconds_at(dial.now())
            while world.seconds + TICK_SECONDS <= end:
                world.advance(min(end, world.seconds + STRETCH_TICKS * TICK_SECONDS))
                for row in range(alarms.scrapes, world.archive.count):
                    alarms.evaluate(world.archive, row)
                await asyncio.sleep(0)
            line = Line()
            task = asyncio.create_task(
                keep(run, world, alarms, line, dial, self._runs, self._post_alerts), name=f"practice world {run_id}"
            )
            kept = self._kept[run_id] = _Kept(run, line, dial, world.archive, task)
            return kept

    def _dial(self, run: PracticeRun) -> Dial:
        dial = Dial(run.opened_at, run.started_at, run.pace, self._wall)
        if run.ended:
            dial.stop(run.clock_at)
        elif run.pace is None:
            dial.set(run.clock_at)
        return dial

    async def _journal(self, run: PracticeRun) -> list[Received]:
        """The actions that a run's world took, as the world takes them."""
        figures = load_assumptions()
        taken: list[Received] = []
        for entry in await self._runs.journal(run.id):
            if entry.applied:
                at = (entry.received_at - run.epoch).total_seconds()
                taken.append(Received(entry.action, at, at + figures.action_seconds(entry.action.name)))
        return taken


async def _unhurried(work: Work[T]) -> T:
    """Do it with pauses in which others run."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: T = done.value
            return result
        await asyncio.sleep(0)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _remember(known: dict[tuple[str, int], T], key: tuple[str, int], value: T) -> None:
    known[key] = value
    while len(known) > _REMEMBERED:
        known.pop(next(iter(known)))
