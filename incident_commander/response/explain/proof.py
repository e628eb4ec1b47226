"""Verifying a recorded decision: everything is computed again, and each check says what it compared."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from ...consensus.examination import examine
from ...domain.ballot import Certificate
from ...domain.base import Value
from ...domain.event import Event
from ...domain.plan import Plan
from ...store.chain import GENESIS, event_hash
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from .tampering import Change, Subject, Tampering, tampered

_SHOWN = 12
"""How much of a digest is shown."""


class ProofStep(Value):
    """One check: what was compared, and how it came out; `open` where there was nothing to compare."""

    group: Literal["certificate", "ledger", "file"]
    name: str
    state: Literal["pass", "fail", "open"]
    state_text: str
    detail: str


class ProofView(Value):
    """What verifying found.

    Attributes:
        done: Whether it was done at all.
        tampered: What was changed in memory before; empty for the recording as it is.
        limits: What it does not prove.
    """

    done: bool = False
    holds: bool = False
    text: str = ""
    tampered: str = ""
    before: str = ""
    after: str = ""
    steps: tuple[ProofStep, ...] = ()
    limits: tuple[str, ...] = ()


def prove(recording: Recording, tampering: Tampering | None = None) -> ProofView:
    """Verify a recording's certificate, ledger and file.

    Args:
        tampering: What to change in memory before; None verifies the recording as it is.

    Raises:
        NothingToTamper: it holds no certificate, or no event, to change.
    """
    record = recording.record
    if record is None:
        whole = _file(recording)
        return ProofView(
            done=True, holds=whole.state == "pass", text="No alert came, so nothing was decided", steps=(whole,)
        )
    tally = record.tally
    subject = Subject(tally.certificate if tally else None, record.chosen, recording.events)
    change = Change()
    if tampering is not None:
        subject, change = tampered(subject, tampering)
    steps = (
        *_certificate_steps(recording, record, subject),
        *_ledger_steps(recording, subject.events),
        _file(recording),
    )
    failed = [step for step in steps if step.state == "fail"]
    return ProofView(
        done=True,
        holds=not failed,
        text=f"{len(failed)} of {len(steps)} checks fail" if failed else _all_hold(steps),
        tampered=change.text,
        before=change.before,
        after=change.after,
        steps=steps,
        limits=LIMITS,
    )


LIMITS = (
    "It proves that ballots, plan and events belong together and were not changed since. It does not prove that the "
    "diagnosis is right: honest voters can be wrong together.",
    "The voters' public keys come with the recording. Who made the recording could have made the keys.",
    "The seals of the ledger, signed with the installation's own key, stay with that installation; here each event's "
    "hash and its link to the one before are computed again.",
)


def _all_hold(steps: tuple[ProofStep, ...]) -> str:
    passed = sum(step.state == "pass" for step in steps)
    left = len(steps) - passed
    return f"All {passed} checks pass" + (f"; {left} had nothing to compare" if left else "")


def _certificate_steps(recording: Recording, record: IncidentRecord, subject: Subject) -> Iterator[ProofStep]:
    certificate, plan = subject.certificate, subject.plan
    if certificate is None:
        reason = record.tally.reason if record.tally else "no vote was held"
        yield _step("certificate", "Certificate", None, f"There is none: {reason}")
        return
    if plan is None:
        named = f"the plan {certificate.plan_digest[:_SHOWN]}… that it names was never proposed"
        yield _step("certificate", "Certificate", False, named)
        return
    for finding in examine(certificate, plan, recording.public_keys, record.incident.id):
        yield _step("certificate", finding.name, finding.holds, finding.detail)
    yield _cast(record, certificate)
    yield _acted(record, plan)


def _cast(record: IncidentRecord, certificate: Certificate) -> ProofStep:
    on_ledger = {signed.content_digest() for signed in record.ballots}
    missing = [signed.ballot.voter for signed in certificate.ballots if signed.content_digest() not in on_ledger]
    detail = (
        f"the ledger does not hold the ballot of {', '.join(missing)} as it is in the certificate"
        if missing
        else f"all {len(certificate.ballots)} stand in the ledger, byte for byte"
    )
    return _step("certificate", "Ballots as the ledger holds them", not missing, detail)


def _acted(record: IncidentRecord, plan: Plan) -> ProofStep:
    receipt, name = record.receipt, "What was done is what was certified"
    if receipt is None:
        return _step("certificate", name, None, "no action was received")
    return _step("certificate", name, receipt.action == plan.action, text.action_text(receipt.action))


def _ledger_steps(recording: Recording, events: tuple[Event, ...]) -> Iterator[ProofStep]:
    broken = [event for event in events if event_hash(event) != event.hash]
    yield _step(
        "ledger",
        "Every event's hash computed again",
        not broken,
        f"event {broken[0].sequence} ({broken[0].kind}) does not have the hash it carries"
        if broken
        else f"SHA-256 over canonical JSON of {len(events)} events",
    )
    pairs = [(one, after) for one, after in pairwise(events) if after.sequence == one.sequence + 1]
    unlinked = [after for before, after in pairs if after.previous_hash != before.hash]
    begins = events[0].sequence == 1 and events[0].previous_hash != GENESIS
    yield _step(
        "ledger",
        "Every event linked to the one before",
        not unlinked and not begins,
        f"event {unlinked[0].sequence} does not name the hash of the one before"
        if unlinked
        else "the first event of the ledger names one before it"
        if begins
        else f"{len(pairs)} links",
    )
    yield _complete(recording, events)
    repeated = [key for key, times in Counter(event.key for event in events).items() if times > 1]
    yield _step(
        "ledger",
        "Nothing written twice",
        not repeated,
        f"the key {repeated[0]!r} stands more than once" if repeated else f"{len(events)} different keys",
    )


def _complete(recording: Recording, events: tuple[Event, ...]) -> ProofStep:
    """Whether all events of the ledger are here; where it held those of other incidents too, that cannot be told."""
    name, held = "Every event of the ledger is here", recording.report.ledger.events
    if [event.sequence for event in events] == list(range(1, held + 1)):
        return _step("ledger", name, True, f"events 1 to {held}, without a hole")
    return _step("ledger", name, None, f"{len(events)} of the {held} events that the ledger held then")


def _file(recording: Recording) -> ProofStep:
    return _step(
        "file",
        "File as it was recorded",
        recording.is_as_recorded(),
        f"SHA-256 of everything else in it is {recording.digest[:_SHOWN]}…",
    )


def _step(group: Literal["certificate", "ledger", "file"], name: str, passed: bool | None, detail: str) -> ProofStep:
    state: Literal["pass", "fail", "open"] = "open" if passed is None else "pass" if passed else "fail"
    words = {"pass": "Passes", "fail": "Fails", "open": "Nothing to compare"}
    return ProofStep(group=group, name=name, state=state, state_text=words[state], detail=detail)
