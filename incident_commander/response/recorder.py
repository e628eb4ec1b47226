"""Making a recording: a practice run is started and followed to its end, and all that it left put into one value."""

import asyncio
import contextlib
import platform
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from ..consensus.keys import Keyring
from ..domain.base import RunId, Value
from ..domain.event import Actor
from ..domain.practice import PracticeRun
from ..domain.provenance import Provenance
from ..domain.telemetry import Window
from ..sandbox import Assumptions, PracticeCompany, load_assumptions
from ..sandbox.scenarios import Scenario, scenario_named
from ..store import Database
from .desk import load_record
from .kept_traces import kept_traces
from .observe import LOOKBACK
from .operations import Operations
from .progress import Progress, Step, begun, told
from .record import IncidentRecord
from .recording import AssumedFigure, MetricTrace, Producer, Recording
from .report import RunReport

PATIENCE_SECONDS = 120.0
"""How long to wait for a run before giving up on it: several times what one takes."""
PRODUCERS_FILE = Path(__file__).parent / "producers.toml"

_LOOK_SECONDS = 0.2
"""How often to look for the end of a run: one without an incident touches none when it ends."""
_EVENTS_AT_ONCE = 500

Tell = Callable[[Progress], None]


class Recorder:
    """Records practice runs of one installation.

    Its ledger should hold one run alone, since a recording's events are the whole ledger and begin with the first.
    """

    def __init__(
        self, database: Database, company: PracticeCompany, operations: Operations, keyring: Callable[[], Keyring]
    ) -> None:
        self._database = database
        self._company = company
        self._operations = operations
        self._keyring = keyring

    async def record(self, scenario: str, seed: int, tell: Tell) -> Recording:
        """Run a scenario to its end and record it.

        Args:
            tell: Is told of each stage as it begins and ends, and of what happens between.

        Raises:
            ValueError: the scenario or the seed is not possible; the message says what is.
            TimeoutError: the run did not end within `PATIENCE_SECONDS`.
        """
        following = _Following(self._database, self._operations, tell)
        async with asyncio.timeout(PATIENCE_SECONDS):
            run, report = await following.to_the_end(scenario, seed)
            tell(begun("record", "The run has ended; what it left behind is put together"))
            return await self._recording(run.id, report)

    async def _recording(self, run_id: RunId, report: RunReport) -> Recording:
        record = await load_record(self._database, report.incident_id) if report.incident_id else None
        async with self._database.read() as unit:
            run = await unit.practice.get(run_id)
        scenario = scenario_named(run.scenario)
        return Recording(
            recorded_at=datetime.now(UTC),
            versions={
                "incident-commander": version("incident-commander"),
                "python": platform.python_version(),
                "numpy": version("numpy"),
            },
            title=scenario.title,
            description=_description(scenario),
            run=run,
            report=report,
            incident=record.incident if record else None,
            events=record.events if record else (),
            public_keys=dict(self._keyring().public_keys),
            answer=await self._company.answer(run_id),
            baseline=await self._company.baseline(run.scenario, run.seed),
            courses=await self._company.courses(run_id, record.predictions if record else ()),
            assumptions=_assumed_figures(self._company.assumptions),
            traces=await self._traces(run, record) if record else (),
            producers=_producers_of(record) if record else (),
        ).sealed()

    async def _traces(self, run: PracticeRun, record: IncidentRecord) -> tuple[MetricTrace, ...]:
        """The metrics spoken of, from the beginning of what was looked at until the world stood still."""
        environment = await self._company.environment(run.id)
        window = Window(start=record.incident.began_at - LOOKBACK, end=run.clock_at)
        series = await environment.metrics.metrics(window)
        return kept_traces(record, series, self._company.assumptions.scrape_interval_seconds.value)


class _Following:
    """Follows one run, telling what happens."""

    def __init__(self, database: Database, operations: Operations, tell: Tell) -> None:
        self._database = database
        self._operations = operations
        self._tell = tell
        self._step: Step = "company"
        self._heard = 0

    async def to_the_end(self, scenario: str, seed: int) -> tuple[PracticeRun, RunReport]:
        """Start the run and wait for its report."""
        changed = asyncio.Event()
        unsubscribe = self._operations.subscribe(lambda _: changed.set())
        try:
            run = await self._operations.start_scenario(scenario, seed)
            self._tell(begun("company", "The practice company's day has begun; it goes on until the first alarm"))
            while True:
                changed.clear()
                report = await self._operations.run_report(run.id)
                await self._tell_news(run.id)
                if report is not None:
                    return run, report
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), timeout=_LOOK_SECONDS)
        finally:
            unsubscribe()

    async def _tell_news(self, run_id: RunId) -> None:
        incident = await self._operations.incident_of(run_id)
        if incident is None:
            return
        async with self._database.read() as unit:
            events = await unit.ledger.after(self._heard, _EVENTS_AT_ONCE)
        for progress in told([event for event in events if event.incident_id == incident.id], self._step):
            self._tell(progress)
            self._step = progress.stage
        if events:
            self._heard = events[-1].sequence


def _description(scenario: Scenario) -> str:
    """What the seed had to choose from; a scenario says nothing of the choice itself."""
    ways = ", ".join(variant.name.replace("_", " ") for variant in scenario.variants)
    return f"The seed decides where, when, how much, and which of these it is: {ways}."


def _assumed_figures(used: Assumptions) -> tuple[AssumedFigure, ...]:
    """Every figure as it was used, and beside those that the viewer chose what the cited file says."""
    shipped = dict(load_assumptions())
    return tuple(
        AssumedFigure(
            name=name,
            value=figure.value,
            source=figure.source,
            shipped=shipped[name].value if figure != shipped[name] else None,
        )
        for name, figure in used
    )


class _Method(Value):
    what: str


@lru_cache(maxsize=1)
def _methods(path: Path = PRODUCERS_FILE) -> dict[Actor, _Method]:
    return TypeAdapter(dict[Actor, _Method]).validate_python(tomllib.loads(path.read_text(encoding="utf-8")))


def _producers_of(record: IncidentRecord) -> tuple[Producer, ...]:
    """One for every actor of the record, in the order in which they first appear.

    Raises:
        KeyError: an actor is not described in `producers.toml`.
    """
    actors = dict.fromkeys(event.actor for event in record.events)
    simulated = Provenance(kind="simulated", source="local")
    return tuple(Producer(actor=actor, what=_methods()[actor].what, provenance=simulated) for actor in actors)
