"""Whether a change may have caused the trouble of a service: its service, its time and its content must all fit.

The content is judged by words: those of changes that alter nothing at run time, and those of what wears out a resource.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.findings import FaultKind
from ..domain.telemetry import Change, Observations, from_epoch
from .call_graph import mentioned
from .suspicion import GUILTY, TOO_LITTLE, Suspicion, Trouble, left_over, suspicions
from .symptoms import Symptom


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SUSPECT_SECONDS = 1800.0
"""A change older than this when the trouble began is not suspected of it."""
_SUDDEN_SECONDS = 600.0
"""A change whose content says nothing is convicted only of failures that began this soon after it."""
_SLACK_SECONDS = 60.0
_MOST = 2.0
"""Nats that a convicted change says at most for its service."""
_HARMLESS = _words(
    "docs doc readme typo comment comments copy copyright test tests lint format formatting css "
    "colour color style logo translation translations changelog ci rename imports docstring wording shutdown "
    "banner text label labels"
)


_TOUCHES: dict[FaultKind, frozenset[str]] = {
    "connection_pool_exhaustion": _words(
        "pool connection connections conn conns getconn session sessions transaction transactions max_size maxconns"
        " timeout idle lease acquire release cursor"
    ),
    "memory_leak": _words(
        "cache cached memo memoize buffer retain keep dict map list append global static history pool unbounded reuse"
        " collect accumulate queue session"
    ),
    "overload": _words(
        "retry retries loop batch concurrency workers threads limit rate timeout ttl cache query queries index poll"
        " interval parallel replicas budget throttle backoff sample sampling level debug"
    ),
    "disk_full": _words("log logging level debug verbose retention archive dump temp tmp rotate sample write"),
    "certificate_expiry": _words("certificate cert tls ssl ca truststore"),
    "credential_compromise": _words("secret token key credential password iam role policy auth"),
    "dependency_failure": _words("endpoint url host provider client timeout upstream"),
}


@dataclass(frozen=True, slots=True)
class Review:
    """A change held against the trouble of one service.

    Attributes:
        reason: Why it fits, or why it does not, in words.
        weight: What it says for that service being the cause, in nats.
        landed: Where it is in force; None where nothing tells.
        chain: What a convicted change brought about, the earliest first.
        does: What it does at run time, in words to follow `it`; empty where its content was not read.
    """

    change: Change
    service: ServiceName
    convicted: bool
    reason: str
    weight: float = 0.0
    landed: ServiceName | None = None
    chain: tuple[Symptom, ...] = ()
    does: str = ""


def review_changes(observations: Observations, trouble: Trouble, names: frozenset[ServiceName]) -> tuple[Review, ...]:
    """Every change held against the trouble of the service in its centre, the most suspicious first.

    The likeliest is convicted, if it is likely enough; one cause is enough for one trouble.
    """
    suspected = suspicions(observations, trouble, names)
    last = left_over(suspected, trouble)
    held = sorted(suspected, key=lambda suspicion: (suspicion is not last, *_order(suspicion)))
    reviews: list[Review] = []
    for rank, suspicion in enumerate(held):
        convicted = rank == 0 and (suspicion.convicted or suspicion is last)
        reason = suspicion.reason
        if suspicion is last:
            reason = reason.removesuffix(f"; {TOO_LITTLE}") + "; nothing else that was deployed before does anything"
        if not convicted and suspicion.convicted:
            reason += f"; but {held[0].landing.change.reference[:12]} explains it better"
        told = suspicion.landing.certain and suspicion.landing.service in trouble.centre
        reviews.append(
            Review(
                change=suspicion.landing.change,
                service=trouble.centre[0],
                convicted=convicted,
                reason=reason,
                landed=suspicion.landing.service or None,
                chain=suspicion.chain if convicted else (),
                does=suspicion.effect.what,
                weight=min(_MOST, 0.6 + 0.4 * max(0.0, suspicion.score - GUILTY))
                if convicted
                else (-0.1 if told else 0.0),
            )
        )
    return tuple(reviews)


def _order(suspicion: Suspicion) -> tuple[bool, float]:
    """The suspicious first, by how much; then what was deployed or named for certain before what was not."""
    sure = suspicion.landing.certain and suspicion.landing.change.kind != "flag"
    return not suspicion.convicted, -suspicion.score if suspicion.convicted else -float(sure)


def review_by_words(
    changes: tuple[Change, ...],
    began: dict[ServiceName, float],
    names: frozenset[ServiceName],
    faults: Mapping[ServiceName, FaultKind] | None = None,
) -> tuple[Review, ...]:
    """Review every change of a service in trouble (or that names one), the latest before the trouble first.

    Args:
        began: Onset of each service's own trouble, seconds since the epoch.
        faults: Its kind, where it is known; a change must touch what such a fault wears out.
    """
    reviews = []
    for change in sorted(changes, key=lambda c: c.at, reverse=True):
        if change.kind == "scaling":
            continue
        touched = (change.service,) if change.service is not None else mentioned(change.summary, names)
        for service in touched:
            if service in began:
                fault = faults.get(service, "unknown") if faults is not None else "unknown"
                reviews.append(_review(change, service, fault, began[service]))
    return tuple(reviews)


def _review(change: Change, service: ServiceName, fault: FaultKind, onset: float) -> Review:
    age = onset - change.at.timestamp()
    at = f"{from_epoch(onset):%H:%M:%S}"
    if age < -_SLACK_SECONDS:
        return Review(change, service, False, f"it came {-age / 60:.0f} min after the trouble began at {at}")
    if age > SUSPECT_SECONDS:
        return Review(change, service, False, f"{service} ran well for {age / 60:.0f} min after it")
    said = frozenset(re.findall(r"[a-z]+", change.summary.lower()))
    harmless = sorted(said & _HARMLESS)
    if harmless:
        return Review(change, service, False, f"its content ({', '.join(harmless[:3])}) cannot do this")
    after = f"the trouble of {service} began {max(age, 0) / 60:.0f} min after it"
    content = said | frozenset(re.findall(r"[a-z]+", change.detail.lower()))
    touched = sorted(content & _TOUCHES.get(fault, frozenset()))
    if touched:
        return Review(change, service, True, f"{after}, and it touches what fails ({', '.join(touched[:3])})")
    if fault in ("unknown", "bad_deploy") and age <= _SUDDEN_SECONDS:
        return Review(change, service, True, after)
    return Review(change, service, False, f"nothing in it touches what fails, although {after}")
