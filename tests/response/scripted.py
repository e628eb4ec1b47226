"""An incident whose plan is certified and permitted, in a world whose hands and gauges do as a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.actions.gate import Gate
from incident_commander.actions.ladder import Ladder
from incident_commander.actions.register import StoredRegister
from incident_commander.actions.trust import TRUST_FILE, load_trust
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.consensus.quarantine import load_rules
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Certificate
from incident_commander.domain.base import JsonObject, RunId, ServiceName, Value
from incident_commander.domain.event import EventKind, NewEvent
from incident_commander.domain.findings import Prediction
from incident_commander.domain.incident import ClockKind, Incident, Stage
from incident_commander.domain.plan import (
    Action,
    ActionName,
    ApprovalAnswer,
    Authorisation,
    Check,
    Ended,
    Plan,
    Receipt,
    TrustLevel,
)
from incident_commander.domain.ports import Environment, Executor, Notifier, SourceUnavailable
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Gap, Incomplete, MetricSeries, Window
from incident_commander.notify import AppriseNotifier
from incident_commander.response.counsel import Counsellor
from incident_commander.response.desk import Desk, Next, load_record, open_desk
from incident_commander.response.faults import Faults
from incident_commander.response.quarantine import Quarantine
from incident_commander.response.record import Comparison, IncidentRecord
from incident_commander.response.remembering import LocalMemory, Remembering
from incident_commander.response.scoring import Scores
from incident_commander.response.stages import Stages
from incident_commander.response.trusting import Trust
from incident_commander.response.view_timeline import TimelineRow, timeline_row
from incident_commander.response.voting import VotersHere
from incident_commander.response.workers import Workers
from incident_commander.store import Database
from incident_commander.telemetry.unconfigured import live_environment

from ..actions.sites import approval, says
from ..consensus.ballot_box import INCIDENT, KEYS, NOW, poll, sent, votes
from ..store.databases import incident, opened

CATALOGUE = load_catalogue()
ORDERS, GATEWAY = ServiceName("orders"), ServiceName("gateway")
PROMISE = Check(
    service=ORDERS, metric="latency_p99_ms", direction="below", threshold=100.0, deadline_seconds=600.0,
    hold_seconds=60.0,
)  # fmt: skip
GUARD = Check(
    service=GATEWAY, metric="error_ratio", direction="below", threshold=0.05, deadline_seconds=180.0,
    hold_seconds=60.0, guard=True,
)  # fmt: skip
ALLOWED = Authorisation(decision="allow", rule="any", reason="as told")
SCALED = CATALOGUE.action("scale_out", ORDERS)
LASTS = timedelta(seconds=90)
DENIED = Gap(signal="metrics", reason="access was denied", remedy="allow it")
Course = tuple[float, Callable[[float], float]]
Answer = Ended | Exception


def plan(action: Action = SCALED, checks: tuple[Check, ...] = (PROMISE, GUARD)) -> Plan:
    """A plan of the catalogue, with its own way back."""
    undo = CATALOGUE.undo(action)
    return Plan(
        action=action, addresses="overload", undo=undo, reversible=undo is not None, checks=checks, rationale="as told"
    )


@dataclass
class StillClock:
    """Waiting for a moment makes it that moment."""

    at: datetime = NOW
    kind: ClockKind = "simulated"

    async def now(self) -> datetime:
        """See Clock."""
        return self.at

    def translate(self, stamp: datetime) -> datetime:
        """See Clock."""
        return stamp

    async def advance_to(self, moment: datetime) -> None:
        """See Clock."""
        self.at = max(self.at, moment)


@dataclass
class Gauges:
    """Two metrics every 15 s: as they are, until something is done, and as they become. See MetricsPort.

    Attributes:
        acted_at: When the action was completed; None while none was.
        latency, errors: Before, and as a function of the seconds since the action.
        gone_after: Seconds after the action at which the source stops answering; `gone`: it never answers.
        hidden: Metrics that the source cannot read, while it reads the others.
    """

    clock: StillClock
    acted_at: datetime | None = None
    latency: Course = (400.0, lambda _: 50.0)
    errors: Course = (0.1, lambda _: 0.001)
    gone_after: float | None = None
    gone: bool = False
    hidden: frozenset[str] = frozenset()

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort."""
        acted = None if self.acted_at is None else self.acted_at.timestamp()
        now = self.clock.at.timestamp()
        if self.gone or (self.gone_after is not None and acted is not None and now > acted + self.gone_after):
            raise SourceUnavailable(DENIED)
        times = np.arange(window.start.timestamp(), window.end.timestamp() + 1, 15.0)

        def series(service: ServiceName, metric: str, unit: str, course: Course) -> MetricSeries:
            before, after = course
            values = [before if acted is None or at <= acted else after(at - acted) for at in times.tolist()]
            return MetricSeries(service, metric, unit, times, np.array(values))

        found = (
            series(ORDERS, "latency_p99_ms", "ms", self.latency),
            series(GATEWAY, "error_ratio", "ratio", self.errors),
        )
        seen = tuple(each for each in found if each.metric not in self.hidden)
        return seen if len(seen) == len(found) else Incomplete(seen, (DENIED,))


@dataclass
class Hands:
    """An executor that does as it is told: each attempt of a kind takes the next answer, the last one again and again.

    Attributes:
        actions, undos: What comes of attempts at the action and at its undo.
        asked: The keys of all attempts, in order.
    """

    clock: StillClock
    gauges: Gauges
    actions: list[Answer] = field(default_factory=lambda: ["applied"])
    undos: list[Answer] = field(default_factory=lambda: ["applied"])
    asked: list[str] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)

    async def received(self, idempotency_key: str) -> Receipt | None:
        """See Executor."""
        return self.receipts.get(idempotency_key)

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """See Executor."""
        self.asked.append(idempotency_key)
        answers = self.undos if idempotency_key.endswith("/undo") else self.actions
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        completed = self.clock.at + LASTS
        if answer == "applied" and not idempotency_key.endswith("/undo"):
            self.gauges.acted_at = completed
        self.receipts[idempotency_key] = Receipt(
            idempotency_key=idempotency_key, action=action, received_at=self.clock.at, completed_at=completed,
            applied=answer == "applied", repeated=False, detail=f"the world says {answer}", ended=answer,
            provenance=Provenance(kind="simulated", source="a test"),
        )  # fmt: skip
        return self.receipts[idempotency_key]


@dataclass
class Scene:
    """One incident at the point where its certified plan is to be carried out.

    Attributes:
        executor: Other hands than those that do as they are told.
        handless: There are none at all.
        counsel: Whoever asks the reasoning services; nobody, unless a test says so.
    """

    database: Database
    clock: StillClock
    gauges: Gauges
    hands: Hands
    executor: Executor | None = None
    handless: bool = False
    counsel: Counsellor | None = None
    notifier: Notifier = field(default_factory=lambda: AppriseNotifier([]))
    analysts: Workers = field(default_factory=lambda: Workers(1))

    async def environment(self, run: RunId | None) -> Environment:
        """See the Environments port."""
        world = live_environment(says("allow"))
        hands = None if self.handless else self.executor or self.hands
        return replace(world, clock=self.clock, metrics=self.gauges, executor=hands)

    async def run(self, *stages: Stage) -> IncidentRecord:
        """Work through execute and verify, or those named, as the lifecycle does."""
        at = self._stages()
        work: dict[Stage, Callable[[Desk], Awaitable[Next]]] = {
            "diagnose": at.diagnose, "execute": at.execute, "verify": at.verify, "communicate": at.communicate,
        }  # fmt: skip
        for stage in stages or ("execute", "verify"):
            desk = await open_desk(self.database, self, await self.record(), stage)
            following = await work[stage](desk)
            await desk.finish(following)
            if following == "stop":
                break
        return await self.record()

    async def record(self) -> IncidentRecord:
        """What the ledger says."""
        return await load_record(self.database, INCIDENT)

    async def trusted(self, action: ActionName) -> TrustLevel:
        """How far a class of actions is trusted in real incidents."""
        rows = await self._stages().trust.rows()
        return next(row.level for row in rows if (row.action, row.world) == (action, "live"))

    async def timeline(self) -> list[TimelineRow]:
        """What a person reads."""
        record = await self.record()
        return [timeline_row(event, record.plans) for event in record.events]

    def _stages(self) -> Stages:
        def prove(certificate: Certificate, certified: Plan, held: Incident) -> None:
            verify_certificate(certificate, certified.digest, held.id, KEYS.public_keys)

        async def nothing() -> None:
            """No alert expires here."""

        async def score(held: Incident, predictions: tuple[Prediction, ...]) -> Scores:
            raise AssertionError("nothing is scored here")

        async def compare(held: Incident, predictions: tuple[Prediction, ...]) -> Comparison | None:
            return None

        trusted = load_trust(TRUST_FILE, CATALOGUE)
        ladder = Ladder({"live": trusted, "practice": trusted}, CATALOGUE)
        return Stages(
            database=self.database,
            analysts=self.analysts,
            catalogue=CATALOGUE,
            voters=VotersHere(self.analysts, lambda: KEYS),
            faults=Faults(self.database),
            quarantine=Quarantine(self.database, load_rules()),
            rule=rule(),
            gate=Gate(CATALOGUE, prove, StoredRegister(self.database, ladder)),
            trust=Trust(self.database, ladder),
            memory=Remembering(LocalMemory(self.database, "own")),
            notifier=self.notifier,
            expire=nothing,
            score=score,
            compare=compare,
            approval_wait=timedelta(minutes=30),
            counsel=self.counsel,
        )


@asynccontextmanager
async def scene(
    folder: Path, certified: Plan | None = None, answered: ApprovalAnswer | None = None
) -> AsyncIterator[Scene]:
    """An incident with a plan that is certified and permitted, and approved, or answered otherwise."""
    wanted = certified or plan()
    outcome = tally(poll((wanted,)), sent(votes(dict.fromkeys(VOTERS, wanted.digest), (wanted,))), rule(),
                    KEYS.public_keys, NOW)  # fmt: skip
    assert outcome.certificate is not None
    async with opened(folder) as database:
        clock = StillClock()
        gauges = Gauges(clock)
        async with database.write() as unit:
            await unit.incidents.add(incident(INCIDENT, verdict="confirmed", began_at=NOW - timedelta(minutes=10)))
            await unit.certificates.save(outcome.certificate, wanted)
        told: list[tuple[EventKind, Value | JsonObject]] = [
            ("plans.proposed", {"plans": [wanted.model_dump(mode="json")]}),
            ("quorum.reached", outcome),
            ("approval.answered", answered or approval(wanted)),
        ]
        async with database.write() as unit:
            for number, (kind, payload) in enumerate(told):
                await unit.ledger.append(
                    NewEvent(
                        key=f"told/{number}",
                        incident_id=INCIDENT,
                        kind=kind,
                        actor="test",
                        clock="simulated",
                        occurred_at=NOW,
                        payload=payload.model_dump(mode="json") if isinstance(payload, Value) else payload,
                    )
                )
        yield Scene(database, clock, gauges, Hands(clock, gauges))
