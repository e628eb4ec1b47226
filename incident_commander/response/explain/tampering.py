"""Changing what is to be verified, in memory only, to show that verifying finds it."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ...domain.ballot import Certificate
from ...domain.base import Value
from ...domain.event import Event
from ...domain.plan import Plan

Tampering = Literal["ballot", "plan", "event"]
TAMPERINGS: tuple[Tampering, ...] = get_args(Tampering)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is verified."""

    certificate: Certificate | None
    plan: Plan | None
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change made in memory, in words and as it reads before and after."""

    text: str = ""
    before: str = ""
    after: str = ""


class NothingToTamper(LookupError):
    """The recording has no such thing; the message says what is missing."""


def tampered(subject: Subject, tampering: Tampering) -> tuple[Subject, Change]:
    """A subject in which one letter is another.

    Raises:
        NothingToTamper: it has no certificate to forge.
    """
    certificate, plan = subject.certificate, subject.plan
    if tampering == "event":
        return _tampered_event(subject)
    if certificate is None or plan is None:
        raise NothingToTamper("this recording has no certificate: no quorum was reached")
    if tampering == "plan":
        changed = plan.model_copy(update={"rationale": _one_letter_off(plan.rationale)})
        change = Change("One letter of the certified plan's rationale", *_around(plan, changed))
        return replace(subject, plan=changed), change
    signed = certificate.ballots[0]
    judgement = signed.ballot.judgement
    forged_judgement = judgement.model_copy(update={"reason": _one_letter_off(judgement.reason)})
    forged = signed.model_copy(update={"ballot": signed.ballot.model_copy(update={"judgement": forged_judgement})})
    change = Change(f"One letter of {signed.ballot.voter}'s ballot", *_around(signed.ballot, forged.ballot))
    ballots = (forged, *certificate.ballots[1:])
    return replace(subject, certificate=certificate.model_copy(update={"ballots": ballots})), change


def _tampered_event(subject: Subject) -> tuple[Subject, Change]:
    place = len(subject.events) // 2
    event = subject.events[place]
    changed = event.model_copy(update={"actor": _one_letter_off(event.actor)})
    events = (*subject.events[:place], changed, *subject.events[place + 1 :])
    return replace(subject, events=events), Change(f"One letter of event {event.sequence}", *_around(event, changed))


def _one_letter_off(words: str) -> str:
    """The same text with its first character replaced by the next one."""
    return chr(ord(words[0]) + 1) + words[1:] if words else "x"


def _around(before: Value, after: Value) -> tuple[str, str]:
    """The canonical JSON of both, around the first byte that differs."""
    left, right = before.canonical(), after.canonical()
    place = next(at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other)
    start, end = max(0, place - 24), place + 24
    shown, changed = (f"byte {place}: …{each[start:end].decode(errors='replace')}…" for each in (left, right))
    return shown, changed
