"""The practice company: starts, keeps, rebuilds and ends practice runs, and knows the answers the ports do not."""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from ..domain.ballot import Voter
from ..domain.base import Digest, JsonObject, RunId
from ..domain.fault import VoterFault
from ..domain.findings import Prediction
from ..domain.ports import Environment, Policy
from ..domain.practice import Answer, ApproverKind, Baseline, Courses, PracticeRun
from ..store import Database
from .alarms import Alarms
from .archive import Archive
from .assumptions import Assumptions, load_assumptions
from .clock import Dial
from .exposition import expose
from .hindsight import Hindsight, Outcome, courses, hindsight_of, outcome_of
from .keeper import STRETCH_TICKS, keep
from .line import Line
from .logs import written
from .ports import environment_of
from .remedies import Received
from .runs import Runs
from .scenarios import Scenario, draw, load_scenarios, scenario_named
from .state import TICK_SECONDS
from .topology import load_company
from .traces import sampled
from .world import DAY_SECONDS, HISTORY_SECONDS, World

POLICY_FILE = Path(__file__).parent / "policy.toml"
TRUST_FILE = Path(__file__).parent / "trust.toml"
"""What may be done in the practice company, in the format of the actions' policy."""
FASTEST_PACE = 600.0
_REMEMBERED = 64

K = TypeVar("K")
V = TypeVar("V")


class Compute(Protocol):
    """Computes hindsight, in another process where there is one to spare."""

    async def hindsight(self, scenario: str, seed: int, figures: Assumptions) -> Hindsight:
        """See hindsight_of."""
        ...

    async def outcome(
        self,
        scenario: str,
        seed: int,
        received: Sequence[Received],
        predictions: Sequence[Prediction],
        figures: Assumptions,
    ) -> Outcome:
        """See outcome_of."""
        ...


class _Here:
    async def hindsight(self, scenario: str, seed: int, figures: Assumptions) -> Hindsight:
        return await asyncio.to_thread(hindsight_of, scenario, seed, figures)

    async def outcome(
        self,
        scenario: str,
        seed: int,
        received: Sequence[Received],
        predictions: Sequence[Prediction],
        figures: Assumptions,
    ) -> Outcome:
        return await asyncio.to_thread(outcome_of, scenario, seed, received, predictions, figures)


_HERE = _Here()


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
        compute: Where hindsight is computed, minutes of simulated trials; None: in a thread of this one.
        assumptions: What is assumed; None: as the cited file says. They hold for every run of this company.
    """

    def __init__(
        self,
        database: Database,
        policy: Policy,
        post_alerts: Callable[[JsonObject], Awaitable[None]],
        wall: Callable[[], datetime],
        compute: Compute | None = None,
        assumptions: Assumptions | None = None,
    ) -> None:
        self.assumptions = assumptions or load_assumptions()
        self._compute = compute or _HERE
        self._runs = Runs(database)
        self._policy = policy
        self._post_alerts = post_alerts
        self._wall = wall
        self._kept: dict[RunId, _Kept] = {}
        self._building = asyncio.Lock()
        self._taken_up = False
        self._hindsight: dict[tuple[str, int], asyncio.Future[Hindsight]] = {}
        self._outcomes: dict[tuple[RunId, int, tuple[Digest, ...]], Outcome] = {}

    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios there are."""
        return load_scenarios()

    async def start(
        self,
        scenario: str | None,
        seed: int | None,
        *,
        pace: float | None = None,
        external_alerting: bool = False,
        approver: ApproverKind = "modelled",
        faults: Mapping[Voter, VoterFault] | None = None,
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
        world = World(company, draw(company, chosen, seed), self.assumptions)
        opened_at = world.moment(HISTORY_SECONDS)
        run = PracticeRun(
            id=RunId(f"run-{secrets.token_hex(6)}"),
            scenario=chosen.name,
            seed=seed,
            pace=pace,
            external_alerting=external_alerting,
            approver=approver,
            faults=dict(faults or {}),
            epoch=world.epoch,
            opened_at=opened_at,
            started_at=self._wall(),
            clock_at=opened_at,
        )
        await self._runs.add(run)
        await self._keep(run.id)
        self._derive(run.scenario, run.seed)
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
        environment = environment_of(kept.dial, kept.line, kept.archive, self._policy, self.assumptions)
        return replace(environment, approver=None) if kept.run.approver == "person" else environment

    async def let_pass(self, run: RunId, seconds: float) -> None:
        """Let simulated time pass."""
        environment = await self.environment(run)
        await environment.clock.advance_to(await environment.clock.now() + timedelta(seconds=seconds))

    async def end(self, run: RunId) -> None:
        """End a run: its world stays as it is, tells of nothing any more, and is not exported."""
        async with self._building:  # so that nobody rebuilds the world before it is stored that it ended
            kept = self._kept.pop(run, None)
            stored = await self._runs.get(run)
            if kept is not None:
                reached = kept.dial.now()
                await _let_go(kept)
                kept.dial.stop(reached)
            else:
                reached = self._dial(stored).now()
            if not stored.ended:
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
            await _let_go(each)

    async def answer(self, run: RunId) -> Answer:
        """What was really wrong. For the judge, after the end; no port leads here.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        return (await self._derive(stored.scenario, stored.seed)).answer

    async def baseline(self, scenario: str, seed: int) -> Baseline:
        """The same seed answered by the modelled human and by nobody.

        Raises:
            ValueError: there is no such scenario.
        """
        return (await self._derive(scenario, seed)).baseline

    async def outcome(self, run: RunId, predictions: tuple[Prediction, ...]) -> Outcome:
        """What the run's incident cost its customers, and which predictions came to pass in the untouched world.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        received = await self._journal(stored)
        asked = (run, len(received), tuple(prediction.reference() for prediction in predictions))
        known = self._outcomes.get(asked)
        if known is None:
            known = await self._compute.outcome(stored.scenario, stored.seed, received, predictions, self.assumptions)
            _remember(self._outcomes, asked, known)
        return known

    async def courses(self, run: RunId, predictions: tuple[Prediction, ...]) -> Courses:
        """The three courses of a run, which the costs of `baseline` and `outcome` are the sums of.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        stored = await self._runs.get(run)
        return courses(await self._derive(stored.scenario, stored.seed), await self.outcome(run, predictions))

    def exposition(self) -> str:
        """Prometheus text of every running world that has a pace."""
        return expose({run: kept.archive for run, kept in self._kept.items() if kept.dial.pace is not None})

    def _derive(self, scenario: str, seed: int) -> "asyncio.Future[Hindsight]":
        """The hindsight on a seed, begun with its run so that it is there when the run ends."""
        known = self._hindsight.get((scenario, seed))
        if known is None or (known.done() and (known.cancelled() or known.exception() is not None)):
            known = asyncio.ensure_future(self._compute.hindsight(scenario, seed, self.assumptions))
            _remember(self._hindsight, (scenario, seed), known)
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
            world = World(company, draw(company, scenario_named(run.scenario), run.seed), self.assumptions)
            for received in await self._journal(run):
                world.replay(received)
            alarms = Alarms(world.archive, world.assumptions)
            end = world.seconds_at(dial.now())
            while world.seconds + TICK_SECONDS <= end:
                world.advance(min(end, world.seconds + STRETCH_TICKS * TICK_SECONDS))
                for row in range(alarms.scrapes, world.archive.count):
                    alarms.evaluate(world.archive, row)
                    written(world.archive, row)
                    sampled(world.archive, row)
                await asyncio.sleep(0)
            line = Line()
            task = asyncio.create_task(
                keep(run, world, alarms, line, dial, self._runs, self._post_alerts), name=f"practice world {run_id}"
            )
            task.add_done_callback(lambda _: line.close())
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
        taken: list[Received] = []
        for entry in await self._runs.journal(run.id):
            if entry.applied:
                at = (entry.received_at - run.epoch).total_seconds()
                taken.append(Received(entry.action, at, at + self.assumptions.action_seconds(entry.action.name)))
        return taken


async def _let_go(kept: _Kept) -> None:
    kept.task.cancel()
    await asyncio.gather(kept.task, return_exceptions=True)


def _remember(known: dict[K, V], key: K, value: V) -> None:
    known[key] = value
    while len(known) > _REMEMBERED:
        known.pop(next(iter(known)))
