"""What a third party's status page says: status_feed.json, in the shape that hosted status pages give."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from ...domain.telemetry import ProviderIncident
from .documents import Skipped, Unusable, read_document
from .fields import Fields, moment, pick, service, shown, text

_STARTS = ("started_at", "startedAt", "created_at", "start", "timestamp", "time")
_ENDS = ("resolved_at", "ended_at", "endedAt", "end")
_NAMES = ("name", "title", "summary", "description")
_HEALTHY = frozenset(("operational", "ok", "healthy", "up", "available", "none", ""))


def read_status(path: Path) -> tuple[tuple[ProviderIncident, ...], Skipped]:
    """The incidents that status pages report, and what was skipped."""
    skipped = Skipped(path.name, "alerts", "entries")
    try:
        document = read_document(path)
        pages = document if isinstance(document, list) else [document]
        incidents = tuple(incident for page in pages for incident in _incidents(page, skipped))
    except Unusable as error:
        skipped.break_off(error)
        return (), skipped
    return incidents, skipped


def _incidents(page: JsonValue, skipped: Skipped) -> Iterator[ProviderIncident]:
    if not isinstance(page, dict):
        raise Unusable("line 1: this is no JSON object; give a status page with its incidents")
    listed = page.get("incidents")
    provider = _provider(page)
    for place, each in enumerate(listed if isinstance(listed, list) else [page], 1):
        started_at = moment(pick(each, _STARTS)) if isinstance(each, dict) else None
        if not isinstance(each, dict) or started_at is None:
            skipped.skip(f"incident {place}", "it does not say when it started")
            continue
        name = _provider(each) or provider
        if not name:
            skipped.skip(f"incident {place}", f"the provider is {shown(page.get('provider'))}")
            continue
        yield ProviderIncident(
            provider=name,
            summary=_told((text(pick(each, _NAMES)), *_updates(each))),
            impact=text(pick(each, ("impact", "severity", "status"))),
            endpoints=_endpoints(each) or _endpoints(page),
            started_at=started_at,
            ended_at=_ended(each, started_at),
        )


def _told(said: Sequence[str]) -> str:
    """The title, and what was said since."""
    title, *updates = (each.strip() for each in said)
    return ": ".join(filter(None, (title, " ".join(updates))))


def _provider(fields: Fields) -> str:
    given = pick(fields, ("provider", "vendor", "page"))
    return service(pick(given, ("name", "id")) if isinstance(given, dict) else given) or ""


def _ended(incident: Fields, started_at: datetime) -> datetime | None:
    ended_at = moment(pick(incident, _ENDS))
    return ended_at if ended_at is not None and ended_at >= started_at else None


def _updates(incident: Fields) -> Iterator[str]:
    updates = pick(incident, ("updates", "incident_updates"))
    for update in updates if isinstance(updates, list) else ():
        if isinstance(update, dict) and (said := text(pick(update, ("body", "message", "text")))):
            yield said


def _endpoints(fields: Fields) -> tuple[str, ...]:
    """The hosts and paths of the components that are not well."""
    found = []
    listed = pick(fields, ("components", "affected", "endpoints"))
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, str):
            found.append(text(each))
        elif isinstance(each, dict) and text(each.get("status")).strip().lower() not in _HEALTHY:
            found.append(text(pick(each, ("endpoint", "url", "host", "name"))))
    return tuple(dict.fromkeys(name for name in found if name))
