"""Memory: how incidents ended, what people say of that afterwards, and what of it is called to mind for the next.

The ledger's events are its only store. What is forgotten is called to mind no more; the ledger, which only grows, goes
on holding that it happened, who had it forgotten, and why.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ..analysis import recollection
from ..analysis.track_record import Calibration, Pattern, Reliability, calibration, patterns, reliabilities
from ..domain.alert import Alert
from ..domain.base import IncidentId, RunId, Value
from ..domain.event import INSTALLATION, EventKind, NewEvent
from ..domain.memory import (
    NOTHING_RECALLED,
    Cause,
    Correction,
    Forgetting,
    Memory,
    MemoryMode,
    Proof,
    Recalled,
    Remembered,
    RememberedVote,
    Similar,
    Tried,
)
from ..domain.operator import WORLDS, World
from ..domain.plan import Plan
from ..domain.ports import MemoryPort
from ..domain.reasoning import Outcome
from ..store import Database, Unit
from . import view_text as text
from .record import IncidentRecord

MOST = 1000
"""So many of the newest incidents are remembered."""
NEWEST = 100
"""Of each world, so many are told one by one."""
_KINDS: tuple[EventKind, ...] = ("outcome.remembered", "memory.corrected", "memory.forgotten")


class NotRemembered(LookupError):
    """Memory does not hold the incident that something was said of; the message says why."""


class Learned(Value):
    """What the incidents of one world taught.

    Attributes:
        incidents: How many are remembered; known: of how many the cause is known; corrected: by a person.
        agents: How the voters' votes held. It weighs nothing in a quorum, whose rule stays as it is.
        latest: The newest first.
    """

    world: World
    mode: MemoryMode
    incidents: int
    known: int
    corrected: int
    forgotten: int
    patterns: tuple[Pattern, ...]
    agents: tuple[Reliability, ...]
    calibration: tuple[Calibration, ...]
    latest: tuple[Memory, ...]


class LocalMemory:
    """Memory as the ledger holds it; outcomes of real incidents also where they are looked through by words.

    See MemoryPort.

    Args:
        mode: Whose incidents are called to mind.
    """

    def __init__(self, database: Database, mode: MemoryMode) -> None:
        self.mode = mode
        self._database = database
        self._read: tuple[int, tuple[Memory, ...], tuple[Remembered, ...]] = (0, (), ())

    async def remember(self, outcome: Remembered) -> None:
        """See MemoryPort."""
        if self.mode == "off":
            return
        event = NewEvent(
            key=f"{outcome.id}/outcome.remembered",
            incident_id=outcome.id,
            kind="outcome.remembered",
            actor="memory",
            clock="wall" if outcome.run is None else "simulated",
            occurred_at=outcome.outcome.ended_at,
            payload=outcome.model_dump(mode="json"),
        )
        async with self._database.write() as unit:
            # Told once: by a second time a person may have corrected it, or had it forgotten.
            if await unit.ledger.get(event.key) is None:
                await unit.ledger.append_once(event)
                await _tell(unit, outcome, None)

    async def similar(self, symptoms: Sequence[str], limit: int, run: RunId | None) -> tuple[Similar, ...]:
        """See MemoryPort."""
        if self.mode == "off":
            return ()
        held, _ = await self._held()
        reached = [each for each in held if self._reaches(each.remembered, run)]
        return await asyncio.to_thread(recollection.similar, symptoms, reached, limit)

    async def learned(self) -> tuple[Learned, ...]:
        """What each world taught."""
        held, forgotten = await self._held()
        return tuple(_learned(world, self.mode, held, forgotten) for world in WORLDS)

    async def correct(self, incident_id: IncidentId, cause: Cause | None, by: str, reason: str) -> Memory:
        """Say what an incident's cause was, above whatever was concluded.

        Args:
            cause: None: nothing was wrong.

        Raises:
            NotRemembered: it is not held.
            ValueError: nobody is named, or no reason is given.
        """
        _named(by, reason)
        correction = Correction(incident_id=incident_id, cause=cause, by=by, reason=reason, at=datetime.now(UTC))
        async with self._database.write() as unit:
            remembered = await _require(unit, incident_id)
            await _say(unit, "memory.corrected", by, correction)
            await _tell(unit, remembered, correction)
        held, _ = await self._held()
        return next(each for each in held if each.remembered.id == incident_id)

    async def forget(self, incident_id: IncidentId, by: str, reason: str) -> None:
        """Call an incident to mind no more.

        Raises:
            NotRemembered: it is not held.
            ValueError: nobody is named, or no reason is given.
        """
        _named(by, reason)
        forgetting = Forgetting(incident_id=incident_id, by=by, reason=reason, at=datetime.now(UTC))
        async with self._database.write() as unit:
            await _require(unit, incident_id)
            await _say(unit, "memory.forgotten", by, forgetting)
            await unit.outcomes.forget(incident_id)

    def _reaches(self, remembered: Remembered, run: RunId | None) -> bool:
        if run is None or remembered.run is None:
            return run is None and remembered.run is None
        return self.mode == "shared" or remembered.run == run

    async def _held(self) -> tuple[tuple[Memory, ...], tuple[Remembered, ...]]:
        """What is remembered, the oldest first, and what was forgotten; read anew when something was said since."""
        async with self._database.read() as unit:
            version = await unit.ledger.last_of_kinds(_KINDS)
            if version != self._read[0]:
                self._read = (version, *await _folded(unit))
        return self._read[1], self._read[2]


class Remembering:
    """What the stages have memory do: call to mind at the diagnosis, remember at the end."""

    def __init__(self, memory: MemoryPort) -> None:
        self._memory = memory

    async def recall(self, record: IncidentRecord, alerts: Sequence[Alert]) -> Recalled:
        """What similar incidents say of one whose anomalies are on record."""
        symptoms = recollection.symptoms_of(record.anomalies, alerts)
        run = record.incident.practice_run
        found = await self._memory.similar(symptoms, recollection.LIMIT, run)
        return recollection.recall(found, "live" if run is None else "simulated") if found else NOTHING_RECALLED

    async def remember(self, record: IncidentRecord, alerts: Sequence[Alert]) -> None:
        """Keep how an incident ended."""
        await self._memory.remember(remembered_of(record, alerts))


def remembered_of(record: IncidentRecord, alerts: Sequence[Alert]) -> Remembered:
    """An ended incident as it is remembered."""
    incident, diagnosis, plan = record.incident, record.diagnosis, record.chosen
    receipt = record.receipt
    done = plan is not None and plan.action is not None and receipt is not None and receipt.applied
    proof = _proof(record) if done else "open"
    lead = diagnosis.hypotheses[0] if diagnosis is not None and diagnosis.hypotheses else None
    leading = Cause(service=lead.service, fault=lead.fault) if lead is not None and lead.fault != "unknown" else None
    symptoms = recollection.symptoms_of(record.anomalies, alerts)
    ended_at = incident.ended_at or record.events[-1].occurred_at
    resolved = incident.status == "resolved"
    return Remembered(
        outcome=Outcome(
            incident_id=incident.id,
            services=incident.services,
            fault=leading.fault if leading else None,
            pattern="; ".join(symptoms),
            resolution=text.plan_text(plan) if done else "",
            mttr_seconds=max(0.0, (ended_at - incident.began_at).total_seconds()) if resolved else None,
            success=resolved,
            verified=proof == "proven",
            learnings=diagnosis.next_question if diagnosis else "",
            ended_at=ended_at,
        ),
        run=incident.practice_run,
        symptoms=symptoms,
        status=incident.status,
        verdict=incident.verdict,
        leading=leading,
        stated=lead.probability if lead is not None and leading is not None else None,
        addressed=_addressed(record, plan) if done and plan else None,
        tried=Tried(action=plan.action.name, target=plan.action.target) if done and plan and plan.action else None,
        proof=proof,
        votes=_votes(record, plan) if done and plan else (),
    )


def _proof(record: IncidentRecord) -> Proof:
    """A check that was not seen refutes nothing; one that was unmet does."""
    if any(outcome.seen and not outcome.met for outcome in record.check_outcomes):
        return "refuted"
    return "proven" if record.incident.status == "resolved" else "open"


def _addressed(record: IncidentRecord, plan: Plan) -> Cause | None:
    """The hypothesis that a plan was made for: at its target, or, for requests refused at an edge, behind it."""
    hypotheses = record.diagnosis.hypotheses if record.diagnosis else ()
    fitting = [each for each in hypotheses if each.fault == plan.addresses]
    there = [each for each in fitting if plan.action is not None and each.service == plan.action.target]
    found = next(iter(there or fitting), None)
    return Cause(service=found.service, fault=found.fault) if found is not None else None


def _votes(record: IncidentRecord, plan: Plan) -> tuple[RememberedVote, ...]:
    cast = [signed.ballot for signed in record.ballots if signed.ballot.judgement.choice is not None]
    by_voter = {ballot.voter: ballot.judgement for ballot in cast}
    return tuple(
        RememberedVote(voter=voter, was_for=judgement.choice == plan.digest, confidence=judgement.confidence)
        for voter, judgement in by_voter.items()
    )


def _learned(world: World, mode: MemoryMode, held: Sequence[Memory], forgotten: Sequence[Remembered]) -> Learned:
    own = [each for each in held if each.remembered.world == world]
    return Learned(
        world=world,
        mode=mode,
        incidents=len(own),
        known=sum(each.known for each in own),
        corrected=sum(each.correction is not None for each in own),
        forgotten=sum(each.world == world for each in forgotten),
        patterns=patterns(own),
        agents=reliabilities(own),
        calibration=calibration(own),
        latest=tuple(reversed(own[-NEWEST:])),
    )


async def said_of(unit: Unit) -> tuple[Mapping[IncidentId, Correction], frozenset[IncidentId]]:
    """What people said of incidents afterwards: the newest correction of each, and those that were forgotten."""
    said = await unit.ledger.of_kinds(("memory.corrected", "memory.forgotten"))
    corrections = (Correction.model_validate(each.payload) for each in said if each.kind == "memory.corrected")
    gone = (Forgetting.model_validate(each.payload) for each in said if each.kind == "memory.forgotten")
    return {each.incident_id: each for each in corrections}, frozenset(each.incident_id for each in gone)


async def _folded(unit: Unit) -> tuple[tuple[Memory, ...], tuple[Remembered, ...]]:
    newest = await unit.ledger.recent("outcome.remembered", MOST)
    corrected, gone = await said_of(unit)
    all_of_them = [Remembered.model_validate(event.payload) for event in reversed(newest)]
    held = tuple(
        Memory(remembered=each, correction=corrected.get(each.id)) for each in all_of_them if each.id not in gone
    )
    return held, tuple(each for each in all_of_them if each.id in gone)


async def _require(unit: Unit, incident_id: IncidentId) -> Remembered:
    held, forgotten = await _folded(unit)
    if any(each.id == incident_id for each in forgotten):
        raise NotRemembered(f"incident {incident_id!r} was forgotten; nothing more can be said of it")
    found = next((each.remembered for each in held if each.remembered.id == incident_id), None)
    if found is None:
        raise NotRemembered(
            f"no incident {incident_id!r} is remembered: it has not ended yet, is not among the newest {MOST}, or "
            "ended while memory was off; `incident-commander memory list` shows those that are"
        )
    return found


async def _tell(unit: Unit, remembered: Remembered, said: Correction | None) -> None:
    """Keep a real incident's outcome among those that are looked through by words, as a person says it was."""
    if remembered.run is not None:
        return
    outcome = remembered.outcome
    if said is not None:
        learned = (
            f"{said.by} says: {text.words(said.cause.fault) if said.cause else 'nothing was wrong'}; {said.reason}"
        )
        outcome = outcome.model_copy(update={"fault": said.cause.fault if said.cause else None, "learnings": learned})
    await unit.outcomes.put(outcome)


def _named(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise ValueError("say who it is, and why: both go on record")


async def _say(unit: Unit, kind: EventKind, by: str, said: Correction | Forgetting) -> None:
    await unit.ledger.append(
        NewEvent(
            key=f"{INSTALLATION}/{kind}/{secrets.token_hex(8)}",
            incident_id=INSTALLATION,
            kind=kind,
            actor=by,
            clock="wall",
            occurred_at=said.at,
            payload=said.model_dump(mode="json"),
        )
    )
