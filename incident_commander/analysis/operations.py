"""Causes that no change of ours brings: a provider that fails, a certificate that ran out, a neighbour, a lost node.

Each is told by what only it leaves behind. The phrases are data, in `operations.toml`.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import RootModel

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Observations, from_epoch
from .anomaly import Deviation
from .call_graph import CallGraph, mentioned
from .clues import Clue, Lead
from .harm_reach import is_machine
from .resources import is_symptom, traffic_factor
from .symptoms import Symptom
from .words import multiple, sentence

_HOST = re.compile(
    r"(?:https?://|\b)((?:[a-z0-9-]+\.)+(?:com|io|net|org|dev|cloud|co|app|ai))(?::\d+)?(/[\w./{}<>*-]*)?",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\b[0-9a-f]*\d[0-9a-f]*\b|\d+")
_LEAST_GROWTH = 1.6
_GREW = 1.25
_MORE_OFTEN = 3.0
_OFTEN = 3
_SHORTLY_SECONDS, _AT_ONCE_SECONDS, _JUST_AFTER_SECONDS = 3600.0, 300.0, 60.0
_LEAST_TEXT, _MOST_TEXT = 12, 160
_Line = tuple[ServiceName, str, float, int]
"""Who says what, when first (seconds since the epoch), and how often."""


class _Phrases(RootModel[dict[str, tuple[str, ...]]]):
    pass


@lru_cache(maxsize=1)
def _phrases() -> dict[str, re.Pattern[str]]:
    path = Path(__file__).with_name("operations.toml")
    loaded = _Phrases.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).root
    return {name: re.compile("|".join(phrases), re.IGNORECASE) for name, phrases in loaded.items()}


def operational_leads(
    observations: Observations,
    found: tuple[Deviation, ...],
    symptoms: tuple[Symptom, ...],
    graph: CallGraph,
    names: frozenset[ServiceName],
    since: float,
    alerting: frozenset[ServiceName],
) -> tuple[Lead, ...]:
    """Every cause without a change that what was observed speaks of.

    Args:
        since: Shortly before the trouble began, seconds since the epoch.
    """
    lines = tuple(_failing_lines(observations, since))
    return tuple(
        lead
        for lead in (
            *_outside(observations, lines, found, names),
            *_certificates(lines, names),
            *_credentials(observations, lines),
            *_neighbours(lines, found),
            *_jobs(observations, found, names),
            *_nodes(observations, lines, found),
            *_bad_data(lines, symptoms),
            *_clocks(observations, lines, found),
            *_demand(observations, found, graph, alerting),
        )
        if lead.weight > 0
    )


def _failing_lines(observations: Observations, since: float) -> Iterator[_Line]:
    """Warnings, errors, events and failed spans that came more often since a time (in epoch seconds) than before.

    With their other fields, one of each template.
    """
    seen: dict[tuple[ServiceName, str], tuple[str, list[float]]] = {}
    for record in observations.logs:
        event = any(name in ("reason", "event_type") for name, _ in record.attributes)
        if record.level in ("WARN", "ERROR", "FATAL") or event:
            fields = " ".join(f"{name}={value}" for name, value in record.attributes if "trace" not in name)
            text = f"{record.message} {fields}".strip()
            seen.setdefault((record.service, _VARIABLE.sub("#", text)), (text, []))[1].append(record.at.timestamp())
    for span in observations.traces:
        if span.error:
            text = " ".join((span.name, *(value for _, value in span.attributes)))
            seen.setdefault((span.service, _VARIABLE.sub("#", text)), (text, []))[1].append(span.start.timestamp())
    before = max(since - observations.window.start.timestamp(), 1.0)
    after = max(observations.window.end.timestamp() - since, 1.0)
    for (service, _), (text, times) in seen.items():
        recent = [at for at in times if at >= since]
        if recent and len(recent) / after >= _MORE_OFTEN * (len(times) - len(recent)) / before:
            yield service, text, min(recent), len(recent)
    for summary in observations.log_summaries:
        if summary.bad and summary.count >= _MORE_OFTEN * max(1, summary.usual):
            yield summary.service, summary.template, since, summary.count


def _said(text: str) -> str:
    """A line without its other fields, cut at a word."""
    message = re.split(r" [\w.]+=", text, maxsplit=1)[0] if not re.match(r"^\S+=", text) else text
    return _cut(message if len(message) > _LEAST_TEXT else text)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[:_MOST_TEXT].rpartition(" ")[0] + " ..."


def _outside(
    observations: Observations, lines: tuple[_Line, ...], found: tuple[Deviation, ...], names: frozenset[ServiceName]
) -> Iterator[Lead]:
    """Calls that leave the system and fail there; what a status page says of it."""
    inside = {re.sub(r"[^a-z0-9]", "", name.lower()) for name in names}
    by_service: dict[ServiceName, list[tuple[str, str, float, int]]] = {}
    for service, text, first, count in lines:
        called = _HOST.search(text)
        if (
            called is None
            or not _phrases()["failed"].search(text)
            or re.sub(r"[^a-z0-9]", "", called[1].split(".")[0].lower()) in inside
        ):
            continue
        by_service.setdefault(service, []).append((called[1].lower(), text, first, count))
    for service, calls in sorted(by_service.items()):
        total = sum(count for *_, count in calls)
        if total < _OFTEN:
            continue
        host = max({h for h, *_ in calls}, key=lambda each: (sum(n for h, *_, n in calls if h == each), each))
        example = next(text for h, text, *_ in calls if h == host)
        refused = sum(count for _, text, _, count in calls if _phrases()["quota"].search(text)) > 0.5 * total
        fault: FaultKind = "quota_exhaustion" if refused else "dependency_failure"
        clues = [Clue("logs", f"{service} logs {_said(example)!r} of calls that leave the system ({total} times)", 3.0)]
        for incident in observations.providers:
            hosts = {endpoint.split("/")[0].lower() for endpoint in incident.endpoints}
            if host in hosts or incident.provider.lower() in host:
                since, said = f"{incident.started_at:%H:%M}", _cut(incident.summary)
                what = f"the status page of {incident.provider} says since {since}: {said}"
                clues.append(Clue("changes", what, 2.5, incident.started_at.timestamp()))
                break
        flat = traffic_factor(service, found)
        if 0.7 < flat < 1.3:
            clues.append(Clue("metrics", f"{service} is asked no more than usual", 0.4))
        outside = [
            d
            for d in found
            if d.series.service == service and {"provider", "upstream", "external"} & set(d.series.metric.split("_"))
        ]
        clues += [Clue("metrics", sentence(d), 1.0 * d.score, d.onset) for d in outside[:1] if d.harmful]
        onset = min(first for _, _, first, _ in calls)
        onset = min(
            (d.onset for d in found if d.series.service == service and is_symptom(d) and d.harmful), default=onset
        )
        yield Lead(service, fault, onset, tuple(clues), 0.8)


def _certificates(lines: tuple[_Line, ...], names: frozenset[ServiceName]) -> Iterator[Lead]:
    expired = [line for line in lines if _phrases()["expired"].search(line[1])]
    if not expired:
        return
    blamed: Counter[ServiceName] = Counter()
    for service, text, _, count in expired:
        others = [name for name in mentioned(re.sub(r"[/:\[\]()@]", " ", text), names) if name != service]
        for name in others or [service]:
            blamed[name] += count
    service = sorted(blamed.items(), key=lambda entry: (-entry[1], entry[0]))[0][0]
    example, onset = expired[0][1], min(at for _, _, at, _ in expired)
    total = sum(count for *_, count in expired)
    yield Lead(
        service,
        "certificate_expiry",
        onset,
        (Clue("logs", f"{expired[0][0]} logs {_said(example)!r} ({total} such lines)", 5.0),),
        0.8,
    )


def _credentials(observations: Observations, lines: tuple[_Line, ...]) -> Iterator[Lead]:
    """A secret that is refused: surest where the log, or the changes, tell that one was exchanged shortly before."""
    refused = [line for line in lines if _phrases()["refused"].search(line[1]) and line[3] >= _OFTEN]
    if not refused:
        return
    service, text, onset, count = max(refused, key=lambda line: (line[3], line[1]))
    clues = [Clue("logs", f"{service} logs {_said(text)!r} ({count} times)", 2.5)]
    told = [(r.at.timestamp(), f"{r.service} logs {_cut(r.message)!r}") for r in observations.logs]
    told += [(c.at.timestamp(), f"{c.kind} {c.reference}: {_cut(c.summary)}") for c in observations.changes]
    exchanged = [
        (at, what)
        for at, what in told
        if -_JUST_AFTER_SECONDS <= onset - at <= _SHORTLY_SECONDS and _phrases()["rotated"].search(what)
    ]
    if exchanged:
        at, what = max(exchanged)
        clues.append(Clue("logs", f"{what} at {from_epoch(at):%H:%M:%S}, shortly before", 2.5, at))
    yield Lead(service, "certificate_expiry", onset, tuple(clues), 0.8)


def _neighbours(lines: tuple[_Line, ...], found: tuple[Deviation, ...]) -> Iterator[Lead]:
    """A service held back by what else runs on its machine."""
    held = {
        d.series.service: d
        for d in found
        if d.harmful and d.ongoing and {"throttled", "throttling", "steal"} & set(d.series.metric.lower().split("_"))
    }
    busy = [(s, t, at, n) for s, t, at, n in lines if _phrases()["contended"].search(t)]
    machines = [
        d
        for d in found
        if d.ongoing
        and d.harmful
        and d.series.metric.lower().startswith("node")
        and d.meaning.kind in ("saturation", "other", "errors")
    ]
    for service, deviation in sorted(held.items()):
        clues = [Clue("metrics", sentence(deviation), 2.0 * deviation.score, deviation.onset)]
        grown = traffic_factor(service, found)
        asked = "kept their usual rate" if grown < _GREW else f"grew to {multiple(grown)} times the usual"
        clues.append(Clue("metrics", f"requests to {service} {asked}", 0.8 if grown < _GREW else -2.5))
        clues += [Clue("metrics", sentence(d), 1.2 * d.score, d.onset) for d in machines[:1]]
        clues += [Clue("logs", f"{s} logs {_said(t)!r} ({n} times)", 1.5, at) for s, t, at, n in busy[:1]]
        if not machines and not busy:
            clues.append(Clue("metrics", "nothing shows that its machine is full", -1.5))
        yield Lead(service, "noisy_neighbour", deviation.onset, tuple(clues), 0.5)


def _jobs(observations: Observations, found: tuple[Deviation, ...], names: frozenset[ServiceName]) -> Iterator[Lead]:
    """A service whose machine is busy since a job at it began, although it is asked no more than usual."""
    busy = [
        d
        for d in found
        if d.harmful and d.ongoing and d.meaning.kind in ("saturation", "io") and d.meaning.resource in ("cpu", "disk")
    ]
    began = [r for r in observations.logs if busy and _phrases()["job_begins"].search(r.message)]
    for deviation in busy:
        service = deviation.series.service
        jobs = [
            r
            for r in began
            if -_JUST_AFTER_SECONDS <= deviation.onset - r.at.timestamp() <= _AT_ONCE_SECONDS
            and (r.service == service or service in mentioned(r.message, names))
        ]
        fills = deviation.meaning.resource == "disk" and deviation.capacity is not None
        if not jobs or fills:
            continue
        job, grown = max(jobs, key=lambda r: r.at), traffic_factor(service, found)
        if grown >= _GREW:
            continue
        said = f"{job.service} logs {_cut(job.message)!r} at {job.at:%H:%M:%S}, and {service} is busy since"
        clues = (
            Clue("logs", said, 3.0, job.at.timestamp()),
            Clue("metrics", sentence(deviation), 2.0 * deviation.score, deviation.onset),
            Clue("metrics", f"requests to {service} kept their usual rate", 0.8),
        )
        yield Lead(service, "noisy_neighbour", deviation.onset, clues, 0.5)


def _nodes(observations: Observations, lines: tuple[_Line, ...], found: tuple[Deviation, ...]) -> Iterator[Lead]:
    down = [(s, t, at, n) for s, t, at, n in lines if _phrases()["node_down"].search(t)]
    if not down:
        return
    services = {s.service for s in observations.metrics if not is_machine(s.service, observations)}
    fewer = [
        d
        for d in found
        if d.harmful and d.ongoing and d.meaning.kind == "availability" and not d.series.metric.startswith("node")
    ]
    suffering = [
        d for d in found if d.harmful and d.ongoing and (is_symptom(d) or d in fewer) and d.series.service in services
    ]
    if not suffering:
        return
    named = [name for _, text, *_ in down for name in mentioned(text, services)]
    worst = min(fewer or suffering, key=lambda d: (d.onset, -d.score))
    candidates = [d for d in suffering if d.series.service in named] or [worst]
    chosen = min(candidates, key=lambda d: (d.onset, -d.score)).series.service
    example = down[0]
    clues = [Clue("logs", f"{example[0]} logs {_said(example[1])!r}", 3.5)]
    clues += [Clue("metrics", sentence(d), 1.5 * d.score, d.onset) for d in fewer if d.series.service == chosen][:1]
    yield Lead(chosen, "node_failure", min(at for _, _, at, _ in down), tuple(clues), 0.7)


def _bad_data(lines: tuple[_Line, ...], symptoms: tuple[Symptom, ...]) -> Iterator[Lead]:
    """The same message or record that fails again and again."""
    same = [
        (s, t, at, n)
        for s, t, at, n in lines
        if _phrases()["bad_data"].search(t) and _phrases()["same_again"].search(t) and n >= _OFTEN
    ]
    if not same:
        return
    service, text, onset, count = max(same, key=lambda line: (line[3], line[1]))
    clues = [
        Clue("logs", f"{service} logs {_said(text)!r} ({count} times): the same record fails again and again", 3.2)
    ]
    queue = [s for s in symptoms if s.kind in ("queue", "stale") and s.signal == "metrics"]
    clues += [Clue("metrics", s.text, 0.8, s.onset) for s in queue[:1]]
    yield Lead(service, "bad_data", onset, tuple(clues), 0.6)


def _clocks(observations: Observations, lines: tuple[_Line, ...], found: tuple[Deviation, ...]) -> Iterator[Lead]:
    """A clock that is wrong: what its machine says, and the service that suffers first."""
    said = [(s, t, at, n) for s, t, at, n in lines if _phrases()["clock"].search(t) and n >= _OFTEN]
    if not said:
        return
    service, text, onset, count = max(said, key=lambda line: (line[3], line[1]))
    clues = [Clue("logs", f"{service} logs {_said(text)!r} ({count} times)", 3.0)]
    if is_machine(service, observations) or not any(s.service == service for s in observations.metrics):
        suffering = [d for d in found if d.harmful and d.ongoing and not is_machine(d.series.service, observations)]
        if not suffering:
            return
        first = min(suffering, key=lambda d: (d.onset, -d.score, d.series.service))
        service = first.series.service
        clues.append(Clue("metrics", sentence(first), 1.0 * first.score, first.onset))
    yield Lead(service, "node_failure", onset, tuple(clues), 0.5)


def _demand(
    observations: Observations, found: tuple[Deviation, ...], graph: CallGraph, alerting: frozenset[ServiceName]
) -> Iterator[Lead]:
    """More is asked of the system at its door, and everything behind it is asked more in proportion."""
    grown = {
        d.series.service: d
        for d in found
        if d.meaning.kind == "traffic"
        and d.ongoing
        and d.excursion.direction == "up"
        and not {"sent", "queries", "bytes", "messages", "lps"} & set(d.series.metric.lower().split("_"))
    }
    asked = {
        s.service for s in observations.metrics if {"requests", "request", "rps"} & set(s.metric.lower().split("_"))
    }
    grown = {service: d for service, d in grown.items() if service in asked}
    if not grown or len(grown) < 0.6 * len(asked) or len(asked) < 2:
        return
    factors = {service: traffic_factor(service, found) for service in grown}
    doors = [service for service in grown if not (graph.callers.get(service, frozenset()) & asked)]
    door = max(doors or sorted(grown), key=lambda service: (factors[service], service))
    if factors[door] < _LEAST_GROWTH or min(factors.values()) < 0.5 * factors[door]:
        return
    pressed = [
        d
        for d in found
        if d.harmful
        and d.ongoing
        and d.meaning.kind in ("saturation", "latency", "errors")
        and d.onset >= grown[door].onset - 90.0
    ]
    if not pressed:
        return
    where = min(
        (d for d in pressed if d.series.service in grown), key=lambda d: (-d.score, d.onset), default=pressed[0]
    )
    paged = sorted(service for service in alerting & grown.keys() if any(d.series.service == service for d in pressed))
    service = door if any(d.series.service == door for d in pressed) else where.series.service
    if len(paged) == 1:
        service = paged[0]
    clues = (
        Clue(
            "metrics",
            f"requests grew {multiple(factors[door])} times at {door}, "
            f"and alike at {len(grown)} of {len(asked)} services",
            4.0,
        ),
        Clue("metrics", f"the demand came first: {sentence(grown[door])}", 0.6, grown[door].onset),
    )
    yield Lead(service, "overload", grown[door].onset, clues, 0.5)
