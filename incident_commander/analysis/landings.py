"""Where and when a change came into force: by the deploy that names it, by the paths it touches, or by a flag.

A commit has no service of its own. A deploy that names it is certain; else a service whose name its paths carry, or,
for shared code, any service that was deployed after it, may have taken it in.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from ..domain.base import ServiceName
from ..domain.telemetry import Change
from .call_graph import mentioned
from .change_effects import flags_read

_SUFFIX = re.compile(r"(service|svc|server|srv)$")
_PLAIN = frozenset(
    [
        "services",
        "service",
        "apps",
        "app",
        "pkg",
        "internal",
        "lib",
        "libs",
        "common",
        "shared",
        "src",
        "cmd",
        "config",
        "configs",
        "conf",
        "deploy",
        "deployments",
        "main",
        "java",
        "com",
        "test",
        "tests",
        "k8s",
        "helm",
        "charts",
        "infra",
        "api",
        "db",
        "migrations",
        "workers",
        "worker",
        "platform",
        "core",
        "util",
        "utils",
        "proto",
        "values",
        "prod",
        "production",
        "staging",
        "base",
        "overlays",
        "resources",
        "python",
        "go",
        "node",
        "web",
        "server",
        "client",
        "kubernetes",
        "manifests",
        "terraform",
        "env",
        "environments",
        "packages",
        "modules",
        "components",
        "static",
        "data",
    ]
)
_SHARED = re.compile(
    r"(^|/)(pkg|internal|libs?|common|shared|core|platform|proto|api|vendor|packages|middleware)/|(^|/)(go\.(mod|sum)|"
    r"package(-lock)?\.json|requirements[^/]*\.txt|Dockerfile|pom\.xml|Cargo\.(toml|lock)|[\w.-]+\.(ya?ml|toml))$"
)


@dataclass(frozen=True, slots=True)
class Landing:
    """A change in force at a service.

    Attributes:
        change: What has the content: the commit, or the change itself.
        at: Since when, seconds since the epoch.
        certain: Whether a deploy, or the change itself, names the service.
        by: The deploy or flag that brought it; None where it is the change itself, or was inferred.
    """

    change: Change
    service: ServiceName
    at: float
    certain: bool
    by: Change | None = None


@lru_cache(maxsize=4)
def landings_of(changes: tuple[Change, ...], names: frozenset[ServiceName]) -> tuple[Landing, ...]:
    """Every place where each change may be in force, in the order of time.

    Whoever asks again about the same changes, for another possible cause, is answered from memory.
    """
    commits = {c.reference: c for c in changes if c.kind == "commit"}
    deploys = sorted((c for c in changes if c.kind == "deploy" and c.service is not None), key=lambda c: c.at)
    found: list[Landing] = []
    deployed: set[tuple[str, ServiceName]] = set()
    for change in changes:
        if change.kind in ("commit", "scaling"):
            continue
        at = change.at.timestamp()
        commit = _commit_of(change, commits) if change.kind == "deploy" else None
        services = (change.service,) if change.service is not None else mentioned(change.summary, names)
        for service in services:
            found.append(Landing(commit or change, service, at, True, change if commit is not None else None))
            if commit is not None:
                deployed.add((commit.reference, service))
    for commit in commits.values():
        found += _inferred(commit, deploys, names, deployed)
        asked = flags_read(commit)
        found += [
            Landing(commit, flag.service, flag.at.timestamp(), True, flag)
            for flag in changes
            if flag.kind == "flag" and flag.reference in asked and flag.service is not None and flag.at >= commit.at
        ]
    return tuple(sorted(found, key=lambda landing: (landing.at, landing.service, landing.change.reference)))


def named_in_path(path: str, names: frozenset[ServiceName]) -> frozenset[ServiceName]:
    """The services whose names a path carries, with or without `service` at their end."""
    segments = {_plain(part) for part in re.split(r"[/\\]", path) if part.lower() not in _PLAIN}
    segments |= {_plain(piece) for part in path.split("/") for piece in re.split(r"[-_.]", part) if piece not in _PLAIN}
    short = _short_names(names)
    exact = frozenset(name for segment in segments if len(segment) >= 3 for name in short.get(segment, ()))
    if exact:
        return exact
    parts = tuple(segment for segment in segments if len(segment) >= 4)
    return frozenset(
        name
        for plain, named in short.items()
        if any(plain.startswith(part) or plain.endswith(part) for part in parts)
        for name in named
    )


@lru_cache(maxsize=8)
def _short_names(names: frozenset[ServiceName]) -> dict[str, tuple[ServiceName, ...]]:
    found: dict[str, list[ServiceName]] = {}
    for name in sorted(names):
        found.setdefault(_plain(name), []).append(name)
    return {plain: tuple(named) for plain, named in found.items()}


def _plain(text: str) -> str:
    return _SUFFIX.sub("", re.sub(r"[^a-z0-9]", "", text.lower()))


def _commit_of(deploy: Change, commits: dict[str, Change]) -> Change | None:
    """The commit that a deploy names, in full or by its first characters."""
    known = commits.get(deploy.reference)
    if known is not None or len(deploy.reference) < 7:
        return known
    fitting = [
        c
        for sha, c in commits.items()
        if sha.startswith(deploy.reference) or (deploy.reference.startswith(sha[:12]) and len(sha) >= 12)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _inferred(
    commit: Change, deploys: list[Change], names: frozenset[ServiceName], deployed: set[tuple[str, ServiceName]]
) -> list[Landing]:
    if commit.service is not None:
        return [Landing(commit, commit.service, commit.at.timestamp(), True)]
    by_path = frozenset(name for path in commit.files for name in named_in_path(path, names))
    shared = any(_SHARED.search(path) for path in commit.files) and not by_path
    found: list[Landing] = []
    taken: set[ServiceName] = set()
    for deploy in deploys:
        service = deploy.service
        if service is None or deploy.at < commit.at or service in taken or (commit.reference, service) in deployed:
            continue
        if service in by_path or shared:
            taken.add(service)
            found.append(Landing(commit, service, deploy.at.timestamp(), False, deploy))
    anywhere = any(commit.reference == reference for reference, _ in deployed)
    if not anywhere:
        # What watches its configuration needs no deploy that anybody lists.
        found += [Landing(commit, name, commit.at.timestamp(), False) for name in sorted(by_path - taken)]
    return found
