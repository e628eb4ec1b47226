"""A recording: one practice run with all that is needed to show it and to check it, as one JSON file.

Nothing else is needed to play it, no store and no running service: /demo plays what its viewer's own run wrote, and
/transparency the files under `assets/scenarios/`, which `incident-commander record-scenarios` makes.
"""

import os
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..domain.ballot import Voter
from ..domain.base import Digest, UtcDatetime, Value
from ..domain.event import Actor, Event
from ..domain.incident import Incident
from ..domain.practice import Answer, Baseline, Courses, PracticeRun
from ..domain.provenance import Provenance
from .record import IncidentRecord
from .report import RunReport

RECORDING_FORMAT = 2
"""Raised when a recording of an older version could not be read any more."""
MAX_RECORDING_BYTES = 16 * 2**20
_AGAIN = "record it again with `incident-commander record-scenarios`"


class AssumedFigure(Value):
    """One assumed figure of the run.

    Attributes:
        source: The document it is cited from, or the word that there is none.
        shipped: What the cited file says, where the viewer chose another value; None otherwise.
    """

    name: str
    value: float
    source: str
    shipped: float | None = None


class MetricTrace(Value):
    """A metric as it was sampled, for a chart; `values[i]` was scraped at `start + i * interval_seconds`."""

    service: str
    metric: str
    unit: str
    start: UtcDatetime
    interval_seconds: float = Field(gt=0)
    values: tuple[float | None, ...]


class Producer(Value):
    """What produced the statements of one actor.

    Attributes:
        what: The method, in a sentence.
        models: Language models that were asked; empty: none was.
    """

    actor: Actor
    what: str
    models: tuple[str, ...] = ()
    provenance: Provenance


class Recording(Value):
    """One run.

    Attributes:
        versions: Of this product, and of what its figures depend on: Python, numpy, ...
        report: What `scenario run --json` prints for the same scenario and seed.
        incident: None when the run ended without an alert; then there are no events.
        events: The incident's whole ledger, oldest first.
        public_keys: The voters' keys, by which the certificate can be checked.
        answer: What was really wrong; no agent saw it.
        traces: The metrics that the agents spoke of.
        digest: SHA-256 of everything else: a file that was edited by hand is told from one that was recorded.
    """

    format: int = RECORDING_FORMAT
    recorded_at: UtcDatetime
    versions: dict[str, str]
    title: str
    description: str
    run: PracticeRun
    report: RunReport
    incident: Incident | None
    events: tuple[Event, ...]
    public_keys: dict[Voter, str]
    answer: Answer
    baseline: Baseline
    courses: Courses
    assumptions: tuple[AssumedFigure, ...]
    traces: tuple[MetricTrace, ...] = ()
    producers: tuple[Producer, ...]
    digest: Digest = Digest("")

    @property
    def record(self) -> IncidentRecord | None:
        """The incident with its events; None when the run ended without an alert."""
        incident = self.incident
        if incident is None:
            return None
        return IncidentRecord(incident, tuple(event for event in self.events if event.incident_id == incident.id))

    def sealed(self) -> "Recording":
        """The same with its digest."""
        return self.model_copy(update={"digest": self._digest()})

    def _digest(self) -> Digest:
        return self.model_copy(update={"digest": Digest("")}).content_digest()

    def is_as_recorded(self) -> bool:
        """Whether its digest holds."""
        return self.digest == self._digest()


class UnreadableRecording(Exception):
    """A file that is no recording which this version can play; the message says why and what to do."""


class _Envelope(BaseModel):
    """The one field that every version's recordings have."""

    model_config = ConfigDict(extra="ignore")

    format: int


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording to a file, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:
            file.write(recording.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_recording(path: Path) -> Recording:
    """Read a recording from a file.

    Raises:
        UnreadableRecording: as `read_recording`, and where the file cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_RECORDING_BYTES:
            raise UnreadableRecording(_too_large(path.name, size))
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableRecording(
            f"{path.name} cannot be read: {error.strerror}; give this user access to it, or {_AGAIN}"
        ) from error
    return read_recording(raw, path.name)


def read_recording(raw: bytes, name: str) -> Recording:
    """Read a recording.

    Args:
        name: Of the file, for the message.

    Raises:
        UnreadableRecording: it is truncated, too large, no recording, of a newer version, or was edited.
    """
    if len(raw) > MAX_RECORDING_BYTES:
        raise UnreadableRecording(_too_large(name, len(raw)))
    try:
        found = _Envelope.model_validate_json(raw).format
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        what = "is cut off or no JSON" if first["type"] == "json_invalid" else "is no recording"
        raise UnreadableRecording(f"{name} {what}: {first['msg']}; {_AGAIN}") from error
    if found > RECORDING_FORMAT:
        raise UnreadableRecording(
            f"{name} is of format {found}, newer than {RECORDING_FORMAT}, the newest read here; update this program"
        )
    if found < RECORDING_FORMAT:
        raise UnreadableRecording(f"{name} is of format {found}, older than {RECORDING_FORMAT}; {_AGAIN}")
    try:
        recording = Recording.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableRecording(f"{name} is damaged at {where!r}: {first['msg']}; {_AGAIN}") from error
    if not recording.is_as_recorded():
        raise UnreadableRecording(f"{name} was changed since it was recorded: its digest does not hold; {_AGAIN}")
    return recording


def _too_large(name: str, size: int) -> str:
    return f"{name} has {size} bytes, more than {MAX_RECORDING_BYTES}; {_AGAIN}"
