"""A diagnosis for the terminal at three in the morning: who did it, what to do, why, and what could not be seen."""

import textwrap
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from ..domain.findings import Evidence, FaultKind, Hypothesis, Remediation
from ..domain.telemetry import Change
from ..telemetry.case_folder import CaseAlert
from .case_report import DiagnosedCase, commits_by_reference
from .diff_text import what_it_did

WIDTH = 100
_INDENT = 14
_MOST_INNOCENT, _MOST_OTHERS, _MOST_SERVICES, _MOST_OF_EVIDENCE = 8, 3, 12, 280
_FAULTS: dict[FaultKind, str] = {
    "bad_deploy": "a bad deploy",
    "memory_leak": "a memory leak",
    "disk_full": "a full disk",
    "node_failure": "failure of a node",
    "dependency_failure": "failure of something it depends on",
    "attack_traffic": "an attack",
    "noisy_neighbour": "a noisy neighbour",
    "unknown": "trouble of an unknown kind",
}
_REMEDIES: dict[Remediation, str] = {
    "rollback": "roll the change back",
    "roll-forward": "fix it forward; what the change destroyed does not come back with a rollback",
    "config-revert": "put the setting back as it was",
    "scale": "give it more room",
    "failover": "fail over to the standby, or to another provider",
    "reschedule": "restart it, or move it elsewhere",
    "rotate-cert": "renew the certificate or credential",
    "purge-bad-data": "purge the bad data",
    "escalate-upstream": "escalate to the provider; nothing of ours mends it",
    "feature-flag-disable": "switch the flag off",
}


def case_text(diagnosed: DiagnosedCase) -> str:
    """The diagnosis in at most 100 columns, without control characters."""
    return "\n".join(line.rstrip() for line in _lines(diagnosed))


def printable(text: str) -> str:
    """Text from outside, without anything that a terminal would obey: one line, control characters replaced."""
    joined = " ".join(text.split())
    return "".join("\ufffd" if unicodedata.category(character)[0] == "C" else character for character in joined)


def _lines(diagnosed: DiagnosedCase) -> Iterator[str]:
    findings, case = diagnosed.findings, diagnosed.case
    diagnosis = findings.diagnosis
    lead = diagnosis.hypotheses[0] if diagnosis.hypotheses else None
    yield from _wrapped(_headline(diagnosed, lead), "")
    yield ""
    if findings.remediation is not None and diagnosis.cause is not None:
        yield from _labelled("Do", f"{_REMEDIES[findings.remediation]} ({findings.remediation})")
    yield from _labelled("Alert", _alert(case.alert))
    if diagnosis.first_failing is not None:
        yield from _labelled("First failing", diagnosis.first_failing)
    yield from _labelled("Who suffers", _listed(diagnosis.blast_radius) or "nobody else, as far as can be seen")
    if lead is not None:
        yield from _section("Why", _told(lead.evidence), "+")
        # What speaks for the innocence of changes stands with these.
        against = tuple(each for each in lead.against if each.signal != "changes")
        yield from _section("What speaks against it", _told(against), "-")
    yield from _section("Changes that are not guilty", list(_innocent(diagnosed, lead)), "-")
    others = diagnosis.hypotheses[1 : _MOST_OTHERS + 1]
    yield from _section("Other causes weighed", [f"{_percent(h.probability)}: {_fault(h)}" for h in others], "-")
    yield from _section("Could not be seen", [_gap(gap.reason, gap.remedy) for gap in diagnosis.gaps], "-")
    if diagnosis.next_question:
        yield ""
        yield from _labelled("Ask next", diagnosis.next_question)
    observed = case.observations
    points = sum(series.values.size for series in observed.metrics)
    yield ""
    yield from _wrapped(
        f"Looked at {len(observed.metrics):,} metrics ({points:,} samples), {len(observed.logs):,} log lines, "
        f"{len(observed.traces):,} spans and {len(observed.changes):,} changes in {diagnosed.seconds:.2f} s.",
        "",
    )


def _headline(diagnosed: DiagnosedCase, lead: Hypothesis | None) -> str:
    findings = diagnosed.findings
    verdict = findings.diagnosis.verdict
    if lead is None:
        return "INCONCLUSIVE: nothing that was read is abnormal now, so no cause is named."
    day = diagnosed.case.alert.fired_at
    if verdict == "inconclusive":
        return f"INCONCLUSIVE: no cause is sure enough to name. Nearest, {_percent(lead.probability)}: {_fault(lead)}."
    since = f", since {_clock(lead.evidence[0].when, day)} UTC" if lead.evidence else ""
    blamed = _blamed(lead, diagnosed)
    return f"{verdict.upper()}, {_percent(lead.probability)}: {_fault(lead)}{since}{blamed}."


def _blamed(lead: Hypothesis, diagnosed: DiagnosedCase) -> str:
    """The guilty change, whose it is, and what it did."""
    if lead.change is None:
        return "; no change is guilty"
    changes = diagnosed.case.observations.changes
    change = commits_by_reference(changes).get(lead.change)
    change = change or next((each for each in changes if each.reference == lead.change), None)
    if change is None:
        return f", after {lead.change}"
    by = f" by {change.author}" if change.author else ""
    did = what_it_did(change)
    return f', from {_named(change)}{by} ("{_short(change.summary)}"{": " + did if did else ""})'


def _innocent(diagnosed: DiagnosedCase, lead: Hypothesis | None) -> Iterator[str]:
    """Each change that was held against the trouble and fits it not, in a line with its reason."""
    day = diagnosed.case.alert.fired_at
    seen = {lead.change} if lead is not None else set()
    reviews = [r for r in diagnosed.findings.reviews if not r.convicted and r.service is not None]
    told = 0
    for review in reviews:
        change = review.change
        if change.reference in seen:
            continue
        seen.add(change.reference)
        told += 1
        if told <= _MOST_INNOCENT:
            where = f" on {review.service}" if review.service else ""
            yield _in_one_line(f"{_named(change)}{where}, {_clock(change.at, day)}: ", review.reason)
    if told > _MOST_INNOCENT:
        yield f"and {told - _MOST_INNOCENT} more"


def _told(pieces: tuple[Evidence, ...]) -> list[str]:
    """Evidence in its order, each sentence once."""
    return list(dict.fromkeys(f"{each.signal}: {_short(each.what, _MOST_OF_EVIDENCE)}" for each in pieces))


def _in_one_line(subject: str, reason: str) -> str:
    """The reason in what room the subject leaves: its first clause and its last where all would not fit."""
    room = WIDTH - len(subject) - len("  - ")
    clauses = reason.split("; ")
    fitting = reason if len(reason) <= room else "; ".join(dict.fromkeys((clauses[0], clauses[-1])))
    if len(fitting) > room:
        fitting = clauses[0] if len(clauses[0]) <= room else clauses[0].partition(": ")[0]
    return subject + _short(fitting, room)


def _fault(hypothesis: Hypothesis) -> str:
    return f"{_FAULTS.get(hypothesis.fault, hypothesis.fault.replace('_', ' '))} in {hypothesis.service}"


def _named(change: Change) -> str:
    sha = len(change.reference) >= 20 and change.reference.isalnum()
    return f"{change.kind} {change.reference[:10] if sha else change.reference}"


def _alert(alert: CaseAlert) -> str:
    observed = "" if alert.observed is None else f" at {alert.observed:g}"
    limit = "" if alert.threshold is None else f" (limit {alert.threshold:g})"
    what = " ".join(part for part in (alert.service or "", alert.metric) if part) or alert.summary or "an alert"
    return f"{what}{observed}{limit}, fired {alert.fired_at:%Y-%m-%d %H:%M:%S} UTC {alert.severity}".rstrip()


def _listed(services: tuple[str, ...]) -> str:
    more = len(services) - _MOST_SERVICES
    return ", ".join(services[:_MOST_SERVICES]) + (f" and {more} more" if more > 0 else "")


def _gap(reason: str, remedy: str) -> str:
    return f"{reason}; {remedy}" if remedy else reason


def _percent(probability: float) -> str:
    """In whole percent, never claiming certainty."""
    return "over 99 %" if probability > 0.99 else "under 1 %" if probability < 0.01 else f"{probability * 100:.0f} %"


def _clock(moment: datetime, day: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.date() == day.date() else f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(text: str, characters: int = 70) -> str:
    first = (text.splitlines() or [""])[0]
    return first if len(first) <= characters else first[: max(0, characters - 3)] + "..."


def _section(title: str, entries: list[str], bullet: str) -> Iterator[str]:
    if entries:
        yield ""
        yield title
        for entry in entries:
            yield from _wrapped(entry, f"  {bullet} ")


def _labelled(label: str, text: str) -> Iterator[str]:
    yield from _wrapped(text, f"{label}:".ljust(_INDENT + 1))


def _wrapped(text: str, lead: str) -> list[str]:
    return textwrap.wrap(
        printable(text), WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    )
