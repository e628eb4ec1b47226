"""Making a recording: a practice run is started and followed to its end, and all that it left put into one value."""

import asyncio
import contextlib
import platform
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from pydantic import TypeAdapter

from ..consensus.rule import rule
from ..domain.ballot import Voter
from ..domain.base import RunId, Value
from ..domain.event import INSTALLATION, Actor, Event
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.provenance import Provenance
from ..domain.telemetry import MetricSeries, Window
from ..sandbox import Assumptions, PracticeCompany, load_assumptions
from ..sandbox.scenarios import Scenario, scenario_named
from ..store import Database
from .desk import load_record
from .kept_traces import kept_traces
from .observe import LOOKBACK
from .operations import Operations
from .progress import VOTING, Progress, Step, begun, told
from .record import IncidentRecord
from .recording import AssumedFigure, Producer, Recording
from .report import RunReport
from .view_rounds import round_views

PATIENCE_SECONDS = 240.0
"""How long to wait for a run before giving up on it: many times what one takes on a machine that is not busy."""
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
        self,
        database: Database,
        company: PracticeCompany,
        operations: Operations,
        public_keys: Callable[[], Mapping[Voter, str]],
    ) -> None:
        self._database = database
        self._company = company
        self._operations = operations
        self._public_keys = public_keys

    async def record(
        self, scenario: str, seed: int, tell: Tell, faults: Mapping[Voter, VoterFault] | None = None
    ) -> Recording:
        """Run a scenario to its end and record it.

        Args:
            tell: Is told of each stage as it begins and ends, and of what happens between.
            faults: The voters that are made to fail in it, and how.

        Raises:
            ValueError: the scenario or the seed is not possible; the message says what is.
            TimeoutError: the run did not end within `PATIENCE_SECONDS`.
        """
        following = _Following(self._database, self._company, self._operations, tell)
        async with asyncio.timeout(PATIENCE_SECONDS):
            report = await following.to_the_end(scenario, seed, faults)
            tell(begun("record", "The run has ended; what it left behind is put together"))
            return await self._recording(report, following.scraped)

    async def _recording(self, report: RunReport, scraped: Sequence[MetricSeries]) -> Recording:
        record = await load_record(self._database, report.incident_id) if report.incident_id else None
        async with self._database.read() as unit:
            run = await unit.practice.get(report.run_id)
            installation = await unit.ledger.of_incident(INSTALLATION) if record else ()
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
            events=_together(record.events, installation) if record else (),
            public_keys=dict(self._public_keys()),
            answer=await self._company.answer(run.id),
            baseline=await self._company.baseline(run.scenario, run.seed),
            courses=await self._company.courses(run.id, record.predictions if record else ()),
            assumptions=_assumed_figures(self._company.assumptions),
            traces=kept_traces(record, scraped, self._company.assumptions.scrape_interval_seconds.value)
            if record
            else (),
            producers=_producers_of(record) if record else (),
        ).sealed()


def _together(events: tuple[Event, ...], installation: tuple[Event, ...]) -> tuple[Event, ...]:
    """An incident's events with those of the installation since its first: what the ledger has of the run, in order."""
    since = [event for event in installation if event.sequence > events[0].sequence]
    return tuple(sorted((*events, *since), key=lambda event: event.sequence))


class _Following:
    """Follows one run, telling what happens.

    Attributes:
        scraped: Every metric, from the beginning of what was looked at until all was done; empty without an incident.
    """

    def __init__(self, database: Database, company: PracticeCompany, operations: Operations, tell: Tell) -> None:
        self.scraped: tuple[MetricSeries, ...] = ()
        self._database = database
        self._company = company
        self._operations = operations
        self._tell = tell
        self._step: Step = "company"
        self._incident: Incident | None = None
        self._heard = 0
        self._events: list[Event] = []
        self._faults: Mapping[Voter, VoterFault] = {}

    async def to_the_end(self, scenario: str, seed: int, faults: Mapping[Voter, VoterFault] | None) -> RunReport:
        """Start the run and wait for its report."""
        changed = asyncio.Event()
        unsubscribe = self._operations.subscribe(lambda _: changed.set())
        try:
            run = await self._operations.start_scenario(scenario, seed, faults=faults)
            self._faults = run.faults
            self._tell(begun("company", "The practice company's day has begun; it goes on until the first alarm"))
            while True:
                changed.clear()
                await self._listen(run.id)
                if self._incident is None or self._step == "learn":
                    report = await self._operations.run_report(run.id)
                    if report is not None:
                        await self._listen(run.id)
                        return report
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), timeout=_LOOK_SECONDS)
        finally:
            unsubscribe()

    async def _listen(self, run_id: RunId) -> None:
        """Tell of what has happened since the last time."""
        self._incident = self._incident or await self._operations.incident_of(run_id)
        if self._incident is None:
            return
        async with self._database.read() as unit:
            events = await unit.ledger.after(self._heard, _EVENTS_AT_ONCE)
        for event in events:
            self._heard = event.sequence
            if event.incident_id != self._incident.id:
                continue
            self._events.append(event)
            progress = self._told(event, IncidentRecord(self._incident, tuple(self._events)))
            if progress is not None:
                self._tell(progress)
                self._step = progress.stage
            if event.kind == "stage.started" and event.payload["stage"] == "learn":
                await self._keep_scraped(run_id, self._incident, event.occurred_at)

    def _told(self, event: Event, record: IncidentRecord) -> Progress | None:
        if event.kind not in VOTING:
            return told(event, self._step)
        views = round_views(record, rule(), self._faults)
        return told(event, self._step, record.plans, views[-1] if views else None)

    async def _keep_scraped(self, run_id: RunId, incident: Incident, until: datetime) -> None:
        """Read the metrics while the world is still there: once the run has ended it would have to be rebuilt."""
        environment = await self._company.environment(run_id)
        self.scraped = await environment.metrics.metrics(Window(start=incident.began_at - LOOKBACK, end=until))


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
    return tuple(
        Producer(actor=actor, what=_methods()[actor].what, models=_asked_by(record, actor), provenance=simulated)
        for actor in actors
    )


def _asked_by(record: IncidentRecord, actor: Actor) -> tuple[str, ...]:
    """The models and services that answered to an actor, each with where it is."""
    answered = (each for each in record.counsel.usage if each.agent == actor and each.service and not each.error)
    return tuple(dict.fromkeys(f"{each.model or each.service} ({each.provenance.source})" for each in answered))
