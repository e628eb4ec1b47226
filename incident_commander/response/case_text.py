"""A diagnosis for the terminal at three in the morning: who did it, what to do, why, and what could not be seen."""

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from ..analysis.diff_reading import is_quiet
from ..domain.findings import Evidence, FaultKind, Hypothesis, Remediation, ReviewedChange
from ..domain.telemetry import Change
from ..telemetry.case_folder import CaseAlert
from .case_report import DiagnosedCase, commits_by_reference

WIDTH = 100
_INDENT = 14
_MOST_INNOCENT, _MOST_REASONS, _MOST_SERVICES, _MOST_OF_EVIDENCE = 5, 8, 12, 280
_HARDLY = 0.01
"""What is less likely is named in passing."""
_FAULTS: dict[FaultKind, str] = {
    "bad_deploy": "a bad deploy of SERVICE",
    "memory_leak": "a memory leak in SERVICE",
    "connection_pool_exhaustion": "connection pool exhaustion in SERVICE",
    "overload": "overload of SERVICE",
    "disk_full": "a full disk at SERVICE",
    "node_failure": "a failed node of SERVICE",
    "dependency_failure": "an outside dependency failing at SERVICE",
    "attack_traffic": "an attack on SERVICE",
    "noisy_neighbour": "a noisy neighbour of SERVICE",
    "certificate_expiry": "a certificate or credential of SERVICE that is no longer valid",
    "credential_compromise": "stolen credentials of SERVICE",
    "quota_exhaustion": "a used-up quota of SERVICE",
    "bad_data": "data that SERVICE cannot read",
    "unknown": "trouble of an unknown kind in SERVICE",
}
_REMEDIES: dict[Remediation, str] = {
    "rollback": "roll back CHANGE",
    "roll-forward": "fix forward CHANGE; what it destroyed does not come back with a rollback",
    "config-revert": "put the settings back as they were before CHANGE",
    "scale": "give SERVICE more room",
    "failover": "fail SERVICE over to the standby, or to another provider",
    "reschedule": "restart SERVICE, or move it elsewhere",
    "rotate-cert": "renew the certificate or credential of SERVICE",
    "purge-bad-data": "take out the data that SERVICE cannot read",
    "escalate-upstream": "escalate to the provider of SERVICE; nothing of ours mends it",
    "feature-flag-disable": "switch off CHANGE",
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
        yield from _labelled("Do", f"{_remedy(findings.remediation, diagnosed)} ({findings.remediation})")
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
    yield from _section("Other causes weighed", list(_others(diagnosis.hypotheses[1:])), "-")
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
    since = f", since {_clock(lead.onset, day)} UTC" if lead.onset is not None else ""
    blamed = _blamed(lead, diagnosed)
    return f"{verdict.upper()}, {_percent(lead.probability)}: {_fault(lead)}{since}{blamed}."


def _blamed(lead: Hypothesis, diagnosed: DiagnosedCase) -> str:
    """The guilty change, whose it is, and what it does."""
    if lead.change is None:
        return "; no change is guilty"
    change = _guilty(lead.change, diagnosed)
    if change is None:
        return f", after {lead.change}"
    by = f" by {change.author}" if change.author else ""
    read = _review_of(lead, diagnosed)
    does = f": it {_short(read.does, _MOST_OF_EVIDENCE)}" if read is not None and read.does else ""
    return f', from {_named(change)}{by} ("{_short(change.summary)}"{does})'


def _guilty(reference: str, diagnosed: DiagnosedCase) -> Change | None:
    changes = diagnosed.case.observations.changes
    named = commits_by_reference(changes).get(reference)
    return named or next((each for each in changes if each.reference == reference), None)


def _review_of(lead: Hypothesis, diagnosed: DiagnosedCase) -> ReviewedChange | None:
    reviews = diagnosed.findings.reviews
    return next((each for each in reviews if each.convicted and each.change.reference == lead.change), None)


def _remedy(remediation: Remediation, diagnosed: DiagnosedCase) -> str:
    """What to do, with the names of what it is done to."""
    lead = diagnosed.findings.diagnosis.hypotheses[0]
    change = _guilty(lead.change, diagnosed) if lead.change is not None else None
    read = _review_of(lead, diagnosed)
    where = f" at {read.service}" if read is not None and read.service is not None else ""
    named = f"{_named(change)}{where}" if change is not None else lead.change or "the change"
    return _REMEDIES[remediation].replace("SERVICE", lead.service).replace("CHANGE", named)


def _others(hypotheses: tuple[Hypothesis, ...]) -> Iterator[str]:
    """Causes that are left, each with its probability; those that hardly may be in one line."""
    likely = [each for each in hypotheses if each.probability >= _HARDLY]
    yield from (f"{_percent(each.probability)}: {_fault(each)}" for each in likely)
    if len(likely) < len(hypotheses):
        yield "under 1 %: " + ", ".join(_fault(each) for each in hypotheses if each.probability < _HARDLY)


def _innocent(diagnosed: DiagnosedCase, lead: Hypothesis | None) -> Iterator[str]:
    """The most tempting changes that are not guilty, each with its reason, and a line about the others.

    A change tempts that runs and came before the alert, on the service at fault before others, the one nearest to the
    onset first.
    """
    day = diagnosed.case.alert.fired_at
    began = lead.onset if lead is not None and lead.onset is not None else day
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
    return bool(change.files) and all(is_quiet(path) for path in change.files)


def _told(pieces: tuple[Evidence, ...]) -> list[str]:
    """Evidence in its order, the weightiest pieces, each once: not again what one before has told."""
    told: list[str] = []
    lines: list[str] = []
    for each in pieces:
        if not any(each.what in before for before in told):
            what = each.what
            for before in told:
                what = what.replace(f"; {before}", "")
            told.append(each.what)
            lines.append(f"{each.signal}: {_short(what, _MOST_OF_EVIDENCE)}")
    more = len(lines) - _MOST_REASONS
    return lines if more <= 1 else [*lines[:_MOST_REASONS], f"and {more} more that weigh less (--json tells them)"]


def _fault(hypothesis: Hypothesis) -> str:
    return _FAULTS[hypothesis.fault].replace("SERVICE", hypothesis.service)


def _named(change: Change) -> str:
    sha = len(change.reference) >= 20 and change.reference.isalnum()
    return f"{change.kind} {change.reference[:10] if sha else change.reference}"


def _alert(alert: CaseAlert) -> str:
    observed = "" if alert.observed is None else f" at {alert.observed:g}"
    limit = "" if alert.threshold is None else f" (limit {alert.threshold:g})"
    what = " ".join(part for part in (alert.service or "", alert.metric) if part) or alert.summary or "an alert"
    return f"{what}{observed}{limit}, fired {alert.fired_at:%Y-%m-%d %H:%M:%S} UTC, {alert.severity}".rstrip(", ")


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
