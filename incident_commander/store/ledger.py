"""The ledger: append-only, hash-chained, each event sealed and the whole signed by the installation's ledger key.

The chain finds an edited, deleted or moved event. The seal finds an invented one, also where somebody recomputed every
hash after it. The signed head finds a tail that was cut off. What is not found is an old copy of the whole database
put back in place of the present one: that needs a witness outside this machine.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from ..domain.base import Digest, IncidentId
from ..domain.event import Event, EventKind, NewEvent
from .chain import GENESIS, BrokenEvent, chained, event_hash, from_fields, head_text, sealed_text, to_fields
from .dialect import integrity_problem
from .ledger_key import LedgerKey
from .tables import EventRow, IncidentRow, LedgerHeadRow

_HEAD = 1
_FIELDS = tuple(Event.model_fields)
_COLUMNS = tuple(getattr(EventRow, name) for name in (*_FIELDS, "seal"))
_log = structlog.get_logger(__name__)
_BATCH = 500
"""Events verified at a time: small enough that a batch keeps a thread busy for some 100 ms only."""


class KeyReused(Exception):
    """An event's key already stands for an event with another content; the message names both."""


class LedgerBroken(Exception):
    """The ledger's end is not what was signed, so nothing may be appended to it; `ledger verify` says more."""


class LedgerReport(BaseModel):
    """What verifying the ledger found.

    Attributes:
        events: How many events there are.
        first_bad: Sequence number of the first event that is wrong or missing; None where all are right, or where only
            the head is wrong.
        reason: What is wrong; empty where nothing is.
    """

    model_config = ConfigDict(frozen=True)

    valid: bool
    events: int
    first_bad: int | None = None
    reason: str = ""


class Ledger:
    """The ledger within one transaction."""

    def __init__(self, session: AsyncSession, key: LedgerKey, touch: Callable[[IncidentId], None]) -> None:
        self._session = session
        self._key = key
        self._touch = touch
        self._head: tuple[int, Digest] | None = None
        self._grown = False

    async def append(self, event: NewEvent) -> Event:
        """Append an event; the same key with the same content again returns the stored event.

        Its `occurred_at` may differ then: a repeated step happens later.

        Raises:
            KeyReused: the key stands for an event with another incident, kind, actor, clock or payload.
            LedgerBroken: the ledger's end was tampered with.
            rfc8785.CanonicalizationError: the payload cannot be written as canonical JSON.
        """
        stored = await self.get(event.key)
        if stored is None:
            return await self._extend(event)
        differing = [
            name
            for name in ("incident_id", "kind", "actor", "clock", "payload")
            if getattr(stored, name) != getattr(event, name)
        ]
        if differing:
            raise KeyReused(
                f"the key {event.key!r} already stands for event {stored.sequence} ({stored.kind}) and differs in "
                f"{', '.join(differing)}; give another happening another key"
            )
        return stored

    async def append_once(self, event: NewEvent) -> Event:
        """Append an event unless its key is there already: then the first one stands, whatever its payload.

        For steps that measure something (a duration) and may be repeated after a crash.

        Raises:
            KeyReused: the key stands for an event of another incident or kind.
            LedgerBroken: the ledger's end was tampered with.
        """
        stored = await self.get(event.key)
        if stored is None:
            return await self._extend(event)
        if (stored.incident_id, stored.kind) != (event.incident_id, event.kind):
            raise KeyReused(
                f"the key {event.key!r} already stands for event {stored.sequence}, a {stored.kind} of "
                f"{stored.incident_id}; give another happening another key"
            )
        return stored

    async def get(self, key: str) -> Event | None:
        """The event with that key."""
        events = await self._events(select(*_COLUMNS).where(col(EventRow.key) == key))
        return events[0] if events else None

    async def of_incident(self, incident_id: IncidentId) -> tuple[Event, ...]:
        """All events of an incident, oldest first."""
        query = select(*_COLUMNS).where(col(EventRow.incident_id) == incident_id).order_by(col(EventRow.sequence))
        return await self._events(query)

    async def after(self, sequence: int, limit: int) -> tuple[Event, ...]:
        """At most `limit` events that follow a sequence number, oldest first."""
        query = select(*_COLUMNS).where(col(EventRow.sequence) > sequence).order_by(col(EventRow.sequence)).limit(limit)
        return await self._events(query)

    async def recent(self, kind: EventKind | None, limit: int) -> tuple[Event, ...]:
        """At most `limit` events, of one kind or of every, newest first."""
        query = select(*_COLUMNS).order_by(col(EventRow.sequence).desc()).limit(limit)
        if kind is not None:
            query = query.where(col(EventRow.kind) == kind)
        return await self._events(query)

    async def of_kinds(self, kinds: Sequence[EventKind]) -> tuple[Event, ...]:
        """Every event of these kinds, oldest first."""
        query = select(*_COLUMNS).where(col(EventRow.kind).in_(kinds)).order_by(col(EventRow.sequence))
        return await self._events(query)

    async def last_of_kinds(self, kinds: Sequence[EventKind]) -> int:
        """The sequence number of the newest event of these kinds; 0 where there is none."""
        query = select(func.max(EventRow.sequence)).where(col(EventRow.kind).in_(kinds))
        return (await self._session.execute(query)).scalar_one() or 0

    async def verify(self) -> LedgerReport:
        """Check every event and the head. The hashing runs in a thread; a broken row is reported, never raised."""
        previous = GENESIS
        verified = 0
        try:
            while True:
                query = (
                    select(*_COLUMNS)
                    # The first page has no lower bound: an event numbered 0 or less is one that was put in.
                    .where(col(EventRow.sequence) > verified if verified else col(EventRow.sequence).is_not(None))
                    .order_by(col(EventRow.sequence))
                    .limit(_BATCH)
                )
                rows = [dict(row) for row in (await self._session.execute(query)).mappings()]
                if not rows:
                    break
                bad, previous = await asyncio.to_thread(_check, rows, verified + 1, previous, self._key)
                if bad is not None:
                    return LedgerReport(valid=False, events=await self._count(), first_bad=bad[0], reason=bad[1])
                verified += len(rows)
            report = await self._check_head(verified, previous)
            if report.valid and not verified and await self._has_incidents():
                reason = "every event and the signed head are gone, though there are incidents"
                return LedgerReport(valid=False, events=0, first_bad=1, reason=reason)
            problem = await self._integrity_problem() if report.valid else None
            if problem is not None:
                return LedgerReport(
                    valid=False, events=verified, reason=f"the database's own check of the table finds: {problem}"
                )
            return report
        except DatabaseError as error:
            return LedgerReport(
                valid=False,
                events=verified,
                first_bad=verified + 1,
                reason=f"the database cannot read on after event {verified}: {error.orig}",
            )

    async def sign_head(self) -> None:
        """Sign how the ledger ends now, once for a transaction that appended; the unit of work calls it."""
        if not self._grown or self._head is None:
            return
        events, last_hash = self._head
        signature = self._key.sign(head_text(events, last_hash))
        row = await self._session.get(LedgerHeadRow, _HEAD)
        if row is None:
            self._session.add(LedgerHeadRow(id=_HEAD, events=events, last_hash=last_hash, signature=signature))
        else:
            row.events, row.last_hash, row.signature = events, last_hash, signature
        await self._session.flush()

    async def _extend(self, new: NewEvent) -> Event:
        events, last_hash = self._head or await self._signed_head()
        event = chained(new, events + 1, datetime.now(UTC), last_hash)
        seal = self._key.sign(sealed_text(event.hash))
        self._session.add(EventRow.model_validate({**to_fields(event), "seal": seal}))
        await self._session.flush()
        self._head, self._grown = (event.sequence, event.hash), True
        self._touch(event.incident_id)
        return event

    async def _signed_head(self) -> tuple[int, Digest]:
        """The ledger's end, refused where it is not what was signed: signing it again would hide the tampering."""
        events, last_hash = await self._end()
        report = await self._check_head(events, last_hash)
        if not report.valid:
            raise LedgerBroken(f"nothing can be appended to the ledger: {report.reason}; run `ledger verify`")
        return events, last_hash

    async def _end(self) -> tuple[int, Digest]:
        query = select(col(EventRow.sequence), col(EventRow.hash)).order_by(col(EventRow.sequence).desc()).limit(1)
        last = (await self._session.execute(query)).first()
        return (0, GENESIS) if last is None else (last[0], Digest(last[1]))

    async def _check_head(self, events: int, last_hash: Digest) -> LedgerReport:
        head = await self._session.get(LedgerHeadRow, _HEAD, populate_existing=True)
        if head is None:
            reason = "" if events == 0 else f"the signed head is missing, though there are {events} events"
            return LedgerReport(valid=events == 0, events=events, reason=reason)
        if not self._key.signed(head_text(head.events, head.last_hash), head.signature):
            return LedgerReport(valid=False, events=events, reason="the head is forged: its signature is not the key's")
        if events < head.events:
            return LedgerReport(
                valid=False,
                events=events,
                first_bad=events + 1,
                reason=f"the tail is cut off: {head.events} events were signed and {events} are left",
            )
        if (events, last_hash) != (head.events, head.last_hash):
            return LedgerReport(
                valid=False,
                events=events,
                first_bad=min(events, head.events + 1),
                reason=f"the end is not the one that was signed: the head is for {head.events} events",
            )
        return LedgerReport(valid=True, events=events)

    async def _integrity_problem(self) -> str | None:
        connection = await self._session.connection()
        return await connection.run_sync(integrity_problem, str(EventRow.__tablename__))

    async def _has_incidents(self) -> bool:
        return (await self._session.execute(select(col(IncidentRow.id)).limit(1))).first() is not None

    async def _count(self) -> int:
        return (await self._session.execute(select(func.count()).select_from(EventRow))).scalar_one()

    async def _events(self, query: "Select[tuple[object, ...]]") -> tuple[Event, ...]:
        """The events that still read as such; a broken one is logged, and named by `verify`."""
        events: list[Event] = []
        for row in (await self._session.execute(query)).mappings():
            try:
                events.append(from_fields(_fields(row)))
            except BrokenEvent as error:
                _log.error(f"sequence=<{row['sequence']}> | a ledger event cannot be read: {error}")
        return tuple(events)


def _fields(row: Mapping[str, object] | RowMapping) -> dict[str, object]:
    return {name: row[name] for name in _FIELDS}


def _check(
    rows: Sequence[Mapping[str, object]], expected: int, previous: Digest, key: LedgerKey
) -> tuple[tuple[int, str] | None, Digest]:
    """The first bad event of consecutive rows with what is wrong with it, and the hash the last good one ends with."""
    for row in rows:
        sequence = row["sequence"]
        if isinstance(sequence, int) and sequence > expected:
            return (expected, f"event {expected} is missing; the next one stored is {sequence}"), previous
        if sequence != expected:
            number = sequence if isinstance(sequence, int) else expected
            return (number, f"event {sequence!r} was put in: the ledger counts from 1 without holes"), previous
        reason = _wrong_with(row, previous, key)
        if reason:
            return (expected, f"event {expected}: {reason}"), previous
        previous = Digest(str(row["hash"]))
        expected += 1
    return None, previous


def _wrong_with(row: Mapping[str, object], previous: Digest, key: LedgerKey) -> str:
    try:
        event = from_fields(_fields(row))
    except BrokenEvent as error:
        return f"edited: {error}"
    sealed = key.signed(sealed_text(event.hash), str(row["seal"]))
    if event_hash(event) != event.hash:
        if sealed:
            return "edited or moved: its content does not have the hash that was sealed"
        return "edited: its content does not have its hash, and the hash is not sealed by this installation's key"
    if not sealed:
        return "put in or rewritten: this installation's key did not seal it"
    if event.previous_hash != previous:
        return "moved: it does not follow the event before it"
    return ""
