"""Ended incidents as knowledge articles in a folder: one a file, the same each time, without secrets."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue, TypeAdapter

from ..agents.article import article
from ..domain.base import IncidentId, Value
from ..domain.event import Event
from ..domain.operator import World
from ..reasoning.masking import Masks
from ..store import Database
from .remembering import said_of

V = TypeVar("V", bound=Value)
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True, slots=True)
class Article:
    """One incident's.

    Attributes:
        name: Its file's.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a folder, by names of files."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    gone: tuple[str, ...]


async def articles(database: Database, world: World) -> tuple[tuple[Article, ...], frozenset[str]]:
    """The articles of all ended incidents of a world, and the names of those that a person had forgotten."""
    found: list[Article] = []
    async with database.read() as unit:
        corrected, forgotten = await said_of(unit)
        for incident in await unit.incidents.all():
            if incident.ended_at is None or (incident.practice_run is None) != (world == "live"):
                continue
            if incident.id in forgotten:
                continue
            # One conversation each, so that an article does not change when another one comes.
            masks = Masks()
            # Masked before it is Markdown, whose escapes would cut a secret in two.
            text = article(
                _masked(masks, incident),
                tuple(_masked(masks, alert) for alert in await unit.alerts.of_incident(incident.id)),
                tuple(_masked_event(masks, event) for event in await unit.ledger.of_incident(incident.id)),
                corrected.get(incident.id),
            )
            found.append(Article(_name(incident.id), masks.mask(text)))
    return tuple(found), frozenset(_name(each) for each in forgotten)


def write(folder: Path, found: Iterable[Article], forgotten: frozenset[str]) -> Written:
    """Write articles into a folder, made where it is missing; what is there already and the same is left alone.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    new, changed, same = [], [], []
    for each in found:
        path, content = folder / each.name, each.text.encode()
        if not path.exists():
            new.append(each.name)
        elif path.read_bytes() == content:
            same.append(each.name)
            continue
        else:
            changed.append(each.name)
        path.write_bytes(content)
    gone = sorted(name for name in forgotten if (folder / name).exists())
    for name in gone:
        (folder / name).unlink()
    return Written(tuple(new), tuple(changed), tuple(same), tuple(gone))


def _masked(masks: Masks, value: V) -> V:
    return type(value).model_validate(_without_secrets(masks, _JSON.validate_python(value.model_dump(mode="json"))))


def _masked_event(masks: Masks, event: Event) -> Event:
    """The payload alone: the rest is ours, and no text from outside."""
    return event.model_copy(update={"payload": _without_secrets(masks, event.payload)})


def _without_secrets(masks: Masks, part: JsonValue) -> JsonValue:
    if isinstance(part, str):
        return masks.mask(part)
    if isinstance(part, list):
        return [_without_secrets(masks, each) for each in part]
    if isinstance(part, dict):
        return {name: _without_secrets(masks, each) for name, each in part.items()}
    return part


def _name(incident: IncidentId) -> str:
    return f"{incident}.md"
