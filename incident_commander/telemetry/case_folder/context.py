"""What surrounds an incident: deploys, commits and flags as changes, and the topology."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

from pydantic import JsonValue

from ...domain.base import ServiceName
from ...domain.telemetry import Change, ChangeKind, Service, ServiceKind, Topology
from .documents import Entry, Skipped, Unusable, read_document, read_entries
from .fields import SERVICES, TIMES, Fields, moment, number, pick, service, shown, text

_COMMITS = ("sha", "commit_sha", "commit", "id", "hash", "revision")
_DEPLOYED = ("commit_sha", "sha", "commit", "revision", "version", "id")
_AUTHORS = ("author", "actor", "user", "by", "deployed_by")
_MESSAGES = ("message", "summary", "title", "description")
_VERSIONS = ("version", "tag", "release", "image")
_FILES = ("files_changed", "files", "paths")
_DIFFS = ("diff", "patch")
_DEPLOYED_KINDS: tuple[ChangeKind, ...] = ("config", "scaling")
"""What goes out as deploys do, where an entry says so."""
_FLAGS = ("flag", "name", "key", "id")
_TURNED = ("change", "value", "state", "to", "new_value")
_LISTS_OF_SERVICES = ("services", "nodes")
_LISTS_OF_CALLS = ("calls", "edges", "dependencies", "links")
_ENDS = (("caller", "callee"), ("from", "to"), ("source", "target"), ("client", "server"), ("parent", "child"))
_KINDS: tuple[ServiceKind, ...] = get_args(ServiceKind)


def read_deploys(path: Path) -> tuple[tuple[Change, ...], Skipped]:
    """Deployments: `reference` is the commit that went out, where it is named."""
    return _changes(path, _deploy)


def read_commits(path: Path) -> tuple[tuple[Change, ...], Skipped]:
    """Commits, each with its diff and the files it touches."""
    return _changes(path, _commit)


def read_flags(path: Path) -> tuple[tuple[Change, ...], Skipped]:
    """Feature flags that were turned."""
    return _changes(path, _flag)


def read_topology(path: Path) -> tuple[tuple[Topology, ...], Skipped]:
    """Who calls whom. Nothing where the file is broken.

    Understood are lists of services and of calls, and a mapping of each caller to its callees.
    """
    skipped = Skipped(f"context/{path.name}", "topology", "entries")
    try:
        return (_topology(read_document(path), skipped),), skipped
    except Unusable as error:
        skipped.break_off(error)
    return (), skipped


def _changes(path: Path, read: Callable[[Entry, Skipped], Change | None]) -> tuple[tuple[Change, ...], Skipped]:
    skipped = Skipped(f"context/{path.name}", "changes", "entries")
    found = (read(entry, skipped) for entry in read_entries(path, skipped))
    return tuple(change for change in found if change is not None), skipped


def _deploy(entry: Entry, skipped: Skipped) -> Change | None:
    fields = entry.fields
    at, reference = moment(pick(fields, TIMES)), text(pick(fields, _DEPLOYED))
    if at is None or not reference:
        _skip(entry, skipped, "commit_sha")
        return None
    told = " ".join(part for part in ("deploy", text(pick(fields, _VERSIONS)), text(pick(fields, _MESSAGES))) if part)
    return Change(
        at=at,
        service=service(pick(fields, SERVICES)),
        kind=next((kind for kind in _DEPLOYED_KINDS if fields.get("kind") == kind), "deploy"),
        reference=reference,
        summary=text(fields.get("summary")) or told,
        author=text(pick(fields, _AUTHORS)),
        detail=text(pick(fields, _DIFFS)),
    )


def _commit(entry: Entry, skipped: Skipped) -> Change | None:
    fields = entry.fields
    at, reference = moment(pick(fields, TIMES)), text(pick(fields, _COMMITS))
    if at is None or not reference:
        _skip(entry, skipped, "sha")
        return None
    files = pick(fields, _FILES)
    return Change(
        at=at,
        service=service(pick(fields, SERVICES)),
        kind="commit",
        reference=reference,
        summary=text(pick(fields, _MESSAGES)),
        author=text(pick(fields, _AUTHORS)),
        detail=text(pick(fields, _DIFFS)),
        files=tuple(text(name) for name in files if isinstance(name, str)) if isinstance(files, list) else (),
    )


def _flag(entry: Entry, skipped: Skipped) -> Change | None:
    fields = entry.fields
    at, reference = moment(pick(fields, TIMES)), text(pick(fields, _FLAGS))
    if at is None or not reference:
        _skip(entry, skipped, "flag")
        return None
    turned = text(pick(fields, _TURNED))
    return Change(
        at=at,
        service=service(pick(fields, SERVICES)),
        kind="flag",
        reference=reference,
        summary=text(fields.get("summary")) or f"flag {reference} {turned}".rstrip(),
        author=text(pick(fields, _AUTHORS)),
        detail=turned,
    )


def _skip(entry: Entry, skipped: Skipped, key: str) -> None:
    given = pick(entry.fields, TIMES)
    reason = f"the time {shown(given)} cannot be read" if moment(given) is None else f"it has no {key!r}"
    skipped.skip(entry.place, reason)


def _topology(document: JsonValue, skipped: Skipped) -> Topology:
    if isinstance(document, list):
        document = {"calls": document}
    if not isinstance(document, dict):
        raise Unusable("line 1: this is neither an object nor an array; give the calls as a list of pairs")
    listed = pick(document, _LISTS_OF_SERVICES)
    given = pick(document, _LISTS_OF_CALLS)
    if listed is None and given is None:
        given = document
    calls = tuple(dict.fromkeys((*_calls(given, skipped), *_own_calls(listed))))
    services = {each.name: each for each in _services(listed, skipped)}
    for name in sorted({name for call in calls for name in call} - services.keys()):
        services[name] = Service(name=name, kind="unknown")
    return Topology(services=tuple(services.values()), calls=calls)


def _services(listed: JsonValue, skipped: Skipped) -> Iterator[Service]:
    if isinstance(listed, dict):
        listed = [{**(value if isinstance(value, dict) else {}), "name": name} for name, value in listed.items()]
    for place, each in enumerate(listed if isinstance(listed, list) else (), 1):
        fields: Fields = each if isinstance(each, dict) else {"name": each}
        name = service(pick(fields, ("name", "service", "id")))
        if name is None:
            skipped.skip(f"service {place}", "it has no name")
            continue
        kind = text(pick(fields, ("kind", "type"))).lower()
        tier = number(fields.get("tier"))
        yield Service(
            name=name,
            kind=next((known for known in _KINDS if known == kind), "unknown"),
            tier=int(tier) if tier is not None and 0 <= tier < 100 else 2,
        )


def _own_calls(listed: JsonValue) -> Iterator[tuple[ServiceName, ServiceName]]:
    """The calls that services name in their own entries."""
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and (caller := service(pick(each, ("name", "service", "id")))) is not None:
            callees = pick(each, ("depends_on", "dependencies", "calls", "downstream"))
            for callee in callees if isinstance(callees, list) else ():
                if (named := service(callee)) is not None and named != caller:
                    yield caller, named


def _calls(given: JsonValue, skipped: Skipped) -> Iterator[tuple[ServiceName, ServiceName]]:
    pairs: list[tuple[str, JsonValue, JsonValue]] = []
    if isinstance(given, dict):
        for name, callees in given.items():
            each = callees if isinstance(callees, list) else [callees]
            pairs.extend((f"the calls of {shown(name)}", name, callee) for callee in each)
    elif isinstance(given, list):
        for number_, call in enumerate(given, 1):
            place = f"call {number_}"
            if isinstance(call, list) and len(call) == 2:
                pairs.append((place, call[0], call[1]))
            elif isinstance(call, dict):
                ends = next(((call[a], call[b]) for a, b in _ENDS if a in call and b in call), (None, None))
                pairs.append((place, *ends))
            else:
                skipped.skip(place, "this is no pair of a caller and a callee")
    for place, first, second in pairs:
        caller, callee = service(first), service(second)
        if caller is None or callee is None:
            skipped.skip(place, "it names no caller, or no callee")
        elif caller != callee:
            yield caller, callee
