"""Volumes: whether one fills, with what, or answers slowly, and whether a gauge alone says so."""

from typing import Literal

from ..domain.base import ServiceName
from ..domain.telemetry import Change, LogRecord
from .announced import announcement
from .anomaly import Deviation, clean
from .clues import Clue, Lead, Passing
from .forecast import time_to_limit
from .log_patterns import Pattern
from .resources import is_symptom, jumped, traffic_factor
from .words import multiple, sentence

Filler = Literal["logs", "temporary", "data"]

_FULL_WORDS = ("no space", "volume is", "disk full", "could not extend", "disk is", "could not write", "read-only file")
_SLOW_WORDS = ("write to volume took", "slow i/o", "i/o timeout", "fsync took", "sync took", "write took", "slow write")
_FILLERS: tuple[tuple[Filler, tuple[str, ...]], ...] = (
    ("temporary", ("temporary file", "temp file", "spool", "backup-", ".part", ".tmp")),
    ("logs", ("log rotated", "statement log", "log file", "logs kept")),
)
_HORIZON_SECONDS = 7200.0
_NEARLY_FULL = 0.9
_SNAPSHOT_PASSES = 8.0


def volume_leads(
    found: tuple[Deviation, ...], patterns: tuple[Pattern, ...], changes: tuple[Change, ...]
) -> tuple[tuple[Lead, ...], tuple[Passing, ...]]:
    """Volumes that fill, and volumes that became slow; and the slow ones whose reason was announced."""
    leads: list[Lead] = []
    passing: list[Passing] = []
    ongoing = tuple(d for d in found if d.ongoing and d.harmful)
    full: set[ServiceName] = set()
    for deviation in ongoing:
        if deviation.meaning.kind == "saturation" and deviation.meaning.resource == "disk":
            lead = _fills(deviation, ongoing, patterns)
            if lead.weight > 0:
                full.add(lead.service)
                leads.append(lead)
    for deviation in ongoing:
        if deviation.meaning.kind != "io":
            continue
        service = deviation.series.service
        planned = announcement(changes, "volume_work", service, deviation.onset)
        if planned is not None:
            what = f"{planned.summary!r} was announced for {service}: while it lasts its volume is slow"
            passing.append(Passing(service, Clue("changes", what, _SNAPSHOT_PASSES)))
        elif service not in full:
            leads.append(_slow(deviation, found, patterns))
    return tuple(leads), tuple(passing)


def what_fills(logs: tuple[LogRecord, ...], service: ServiceName, since: float) -> Filler:
    """What a service's own lines since a time say its volume fills with; data where they say nothing."""
    said: dict[Filler, int] = {}
    for record in logs:
        if record.service == service and record.at.timestamp() >= since:
            text = record.message.lower()
            for filler, words in _FILLERS:
                if any(word in text for word in words):
                    said[filler] = said.get(filler, 0) + 1
                    break
    return max(said, key=lambda filler: said[filler], default="data")


def seconds_until_full(deviation: Deviation, share: float = 1.0) -> float | None:
    """When a volume is used up to `share` of its capacity, by its latest trend; None: not foreseen."""
    if deviation.capacity is None:
        return None
    times, values = clean(deviation.series.timestamps, deviation.series.values)
    recent = times >= max(deviation.onset, times[-1] - 1800.0)
    forecast = time_to_limit(times[recent], values[recent], share * deviation.capacity, "above", _HORIZON_SECONDS)
    return forecast.seconds if forecast is not None else None


def _fills(deviation: Deviation, ongoing: tuple[Deviation, ...], patterns: tuple[Pattern, ...]) -> Lead:
    service = deviation.series.service
    own = [p for p in patterns if p.service == service and any(w in p.example.lower() for w in _FULL_WORDS)]
    failing = [
        d
        for d in ongoing
        if d.series.service == service and d.meaning.kind == "errors" and d.meaning.resource == "disk"
    ]
    clues = [Clue("logs", f"{service} logs {p}", 2.5, p.first_seen.timestamp()) for p in own[:1]]
    clues += [Clue("metrics", sentence(d), 2.0 * d.score, d.onset) for d in failing[:1]]
    until = seconds_until_full(deviation)
    if jumped(deviation):
        if not failing:
            what = f"{deviation.series.metric} of {service} jumped between two samples, and every write succeeds"
            clues.append(Clue("metrics", what, -7.0))
    elif until is not None and until > 0:
        clues.append(Clue("metrics", f"it fills steadily and is full in {until / 60:.0f} min at this pace", 3.0))
    borne_out = sum(clue.weight for clue in clues) > 1.5
    near = (deviation.fullness or 0.0) >= _NEARLY_FULL or (until is not None and until < 1800.0)
    concern = 1.0 if borne_out and near else 0.3 if borne_out else 0.0
    return Lead(service, "disk_full", deviation.onset, tuple(clues), concern)


def _slow(deviation: Deviation, found: tuple[Deviation, ...], patterns: tuple[Pattern, ...]) -> Lead:
    service = deviation.series.service
    own = [p for p in patterns if p.service == service and any(w in p.example.lower() for w in _SLOW_WORDS)]
    clues = [Clue("metrics", sentence(deviation), 4.5 * deviation.score, deviation.onset)]
    clues += [Clue("logs", f"{service} logs {p}", 1.5, p.first_seen.timestamp()) for p in own[:1]]
    grown = traffic_factor(service, found)
    if grown > 1.3:
        clues.append(Clue("metrics", f"requests to {service} grew to {multiple(grown)} times the usual", -2.0))
    felt = max((d.score for d in found if d.series.service == service and is_symptom(d) and d.ongoing), default=0.0)
    return Lead(service, "node_failure", deviation.onset, tuple(clues), 0.5 * felt)
