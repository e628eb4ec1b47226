"""A diagnosis for the terminal at three in the morning: who did it, what to do, why, and what could not be seen."""

import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from ..domain.findings import Evidence, FaultKind, Hypothesis, Remediation, ReviewedChange
from ..domain.telemetry import Change
from ..telemetry.case_folder import CaseAlert
from .case_report import DiagnosedCase, commits_by_reference
from .diff_text import what_it_did

WIDTH = 100
_INDENT = 14
_MOST_INNOCENT, _MOST_OTHERS, _MOST_SERVICES, _MOST_OF_EVIDENCE = 5, 3, 12, 280
_NOTHING_RUNS = re.compile(r"(^|/)(docs?|tests?|testdata)/|_test\.|\.(md|rst|txt)$")
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
    """The most tempting changes that are not guilty, each with its reason, and a line about the others.

    A change tempts that runs and came before the alert, on the service at fault before others, the one nearest to the
    onset first.
    """
    day = diagnosed.case.alert.fired_at
    began = lead.evidence[0].when if lead is not None and lead.evidence else day
    innocent: dict[str, ReviewedChange] = {}
    for review in diagnosed.findings.reviews:
        guilty = review.convicted or (lead is not None and review.change.reference == lead.change)
        if not guilty and review.service is not None:
            innocent.setdefault(review.change.reference, review)

    def temptation(review: ReviewedChange) -> tuple[bool, bool, float]:
        at = review.change.at
        elsewhere = lead is not None and review.service != lead.service
        return at > day or _nothing_runs(review.change), elsewhere, abs((at - began).total_seconds())

    ordered = sorted(innocent.values(), key=temptation)
    for review in ordered[:_MOST_INNOCENT]:
        where = f" on {review.service}" if review.service else ""
        reason = _short(review.reason, _MOST_OF_EVIDENCE)
        yield f"{_named(review.change)}{where}, {_clock(review.change.at, day)}: {reason}"
    others = Counter(_passed_over(review, began, lead) for review in ordered[_MOST_INNOCENT:])
    if others:
        kinds = ", ".join(f"{count} {kind}" for kind, count in others.most_common())
        yield f"and {others.total()} more: {kinds}"


def _passed_over(review: ReviewedChange, began: datetime, lead: Hypothesis | None) -> str:
    """Why a change is not worth a line of its own."""
    if _nothing_runs(review.change):
        return "of docs or tests alone"
    if review.change.at > began:
        return "after the onset"
    if lead is not None and review.service != lead.service:
        return "on other services"
    return f"earlier on {review.service}"


def _nothing_runs(change: Change) -> bool:
    return bool(change.files) and all(_NOTHING_RUNS.search(path) for path in change.files)


def _told(pieces: tuple[Evidence, ...]) -> list[str]:
    """Evidence in its order, each sentence once."""
    return list(dict.fromkeys(f"{each.signal}: {_short(each.what, _MOST_OF_EVIDENCE)}" for each in pieces))


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
