"""Ended incidents as knowledge articles in a folder: one a file, the same each time, without secrets."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..agents.article import article
from ..domain.base import IncidentId
from ..domain.operator import World
from ..reasoning.masking import Masks
from ..store import Database
from .remembering import said_of


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
            alerts = await unit.alerts.of_incident(incident.id)
            events = await unit.ledger.of_incident(incident.id)
            text = article(incident, alerts, events, corrected.get(incident.id))
            # One conversation each, so that an article does not change when another one comes.
            found.append(Article(_name(incident.id), Masks().mask(text)))
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


def _name(incident: IncidentId) -> str:
    return f"{incident}.md"
