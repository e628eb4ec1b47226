"""The ledger's chain as pure functions: what is hashed, what is sealed, and what is wrong with a stored event."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError
from rfc8785 import CanonicalizationError

from ..domain.base import Digest, canonical_json
from ..domain.event import Event, NewEvent

GENESIS = Digest("0" * 64)
"""What the first event names as the hash before it."""

StoredFields = dict[str, int | str]
"""An event as its table columns hold it."""


def chained(new: NewEvent, sequence: int, recorded_at: datetime, previous_hash: Digest) -> Event:
    """The event that `new` becomes at the end of the chain.

    Raises:
        rfc8785.CanonicalizationError: the payload holds what canonical JSON cannot: NaN, an integer beyond 2**53
            or a lone surrogate.
    """
    unsealed = Event(
        **new.model_dump(), sequence=sequence, recorded_at=recorded_at, previous_hash=previous_hash, hash=GENESIS
    )
    return unsealed.model_copy(update={"hash": event_hash(unsealed)})


def event_hash(event: Event) -> Digest:
    """SHA-256 over the canonical JSON of every field but the hash itself."""
    return Digest(hashlib.sha256(canonical_json(event.model_dump(mode="json", exclude={"hash"}))).hexdigest())


def sealed_text(event_hash: str) -> bytes:
    """What the seal of an event signs."""
    return canonical_json({"ledger": "event", "hash": event_hash})


def head_text(events: int, last_hash: str) -> bytes:
    """What the signature of the ledger's head signs."""
    return canonical_json({"ledger": "head", "events": events, "last_hash": last_hash})


def to_fields(event: Event) -> StoredFields:
    """The columns of an event: each field as the text that was hashed."""
    fields = event.model_dump(mode="json")
    fields["payload"] = canonical_json(fields["payload"]).decode("utf-8")
    return fields


def from_fields(fields: Mapping[str, object]) -> Event:
    """The event that such columns hold.

    Raises:
        BrokenEvent: they hold none, or not in the exact text that was written.
    """
    try:
        payload = json.loads(str(fields["payload"]))
        event = Event.model_validate({**fields, "payload": payload})
        rewritten = to_fields(event)
    except (ValueError, ValidationError, CanonicalizationError, RecursionError) as error:
        raise BrokenEvent(f"it no longer reads as an event ({type(error).__name__})") from error
    changed = sorted(name for name, value in rewritten.items() if fields[name] != value)
    if changed:
        raise BrokenEvent(f"it is not stored as it was written ({', '.join(changed)})")
    return event


class BrokenEvent(Exception):
    """A stored event is not one; the message says how, continuing a sentence about it."""
