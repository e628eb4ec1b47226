"""What every domain value shares: immutability, strict fields, canonical JSON and its digest."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, NewType

import rfc8785
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue

IncidentId = NewType("IncidentId", str)
RunId = NewType("RunId", str)
ServiceName = NewType("ServiceName", str)
Digest = NewType("Digest", str)
Fingerprint = NewType("Fingerprint", str)

JsonObject = dict[str, JsonValue]


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"the time {value.isoformat()!r} has no time zone; write it with an offset, such as Z")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"the time {value.isoformat()!r} is out of range in UTC; give another") from error


UtcDatetime = Annotated[datetime, AfterValidator(_as_utc)]
"""A timezone-aware time, normalised to UTC. A naive one is refused."""


class Value(BaseModel):
    """Base of the domain's values: frozen, no unknown fields, NaN and infinity refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def canonical(self) -> bytes:
        """This value as canonical JSON (RFC 8785), without the fields that have their default.

        So what was digested or signed holds on when a later version adds a field.
        """
        return canonical_json(self.model_dump(mode="json", exclude_defaults=True))

    def content_digest(self) -> Digest:
        """SHA-256 of the canonical JSON, in hex."""
        return Digest(hashlib.sha256(self.canonical()).hexdigest())


def canonical_json(value: JsonValue) -> bytes:
    """Serialise as canonical JSON (RFC 8785): equal values give equal bytes on every machine.

    Raises:
        rfc8785.CanonicalizationError: the value holds NaN, infinity, an integer beyond 2**53 or a lone surrogate.
    """
    return rfc8785.dumps(value)
