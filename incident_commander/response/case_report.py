"""The diagnosis of a recorded incident: read, ranked, and as the JSON object that others read."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..agents.diagnosis import DiagnosisFindings, diagnose
from ..domain.base import ServiceName, UtcDatetime, Value
from ..domain.findings import Evidence, FaultKind, Hypothesis, Remediation, Verdict
from ..domain.telemetry import Change, Gap, Signal
from ..telemetry.case_folder import CaseFolder, read_case

NO_COMMIT = "none"


class ReportedEvidence(Value):
    """One observation; `weight` is its log-likelihood ratio in nats, negative where it speaks against."""

    signal: Signal
    what: str
    when: UtcDatetime
    weight: float


class ReportedHypothesis(Value):
    """One possible cause; `commit` is the sha of the guilty commit, or `none`."""

    rank: int
    service: ServiceName
    fault: FaultKind
    commit: str
    probability: float
    evidence: tuple[ReportedEvidence, ...]
    against: tuple[ReportedEvidence, ...]


class CaseReport(Value):
    """What `diagnose --json` prints; `seconds` is how long reading and diagnosing took."""

    verdict: Verdict
    hypotheses: tuple[ReportedHypothesis, ...]
    first_failing_service: ServiceName | None
    blast_radius: tuple[ServiceName, ...]
    remediation: Remediation | None
    gaps: tuple[Gap, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class DiagnosedCase:
    """A case with what was found in it; `seconds` is how long reading and diagnosing took."""

    case: CaseFolder
    findings: DiagnosisFindings
    seconds: float

    def report(self) -> CaseReport:
        """The same for machines."""
        diagnosis = self.findings.diagnosis
        commits = commits_by_reference(self.case.observations.changes)
        return CaseReport(
            verdict=diagnosis.verdict,
            hypotheses=tuple(_reported(each, commits) for each in diagnosis.hypotheses),
            first_failing_service=diagnosis.first_failing,
            blast_radius=diagnosis.blast_radius,
            remediation=self.findings.remediation,
            gaps=diagnosis.gaps,
            seconds=round(self.seconds, 3),
        )


def diagnose_folder(folder: Path) -> DiagnosedCase:
    """Read a case folder and rank its causes.

    Raises:
        CaseFolderError: it cannot be read; says why, and what to do.
    """
    begun = time.perf_counter()
    case = read_case(folder)
    alert = case.alert
    findings = diagnose(case.observations, {} if alert.service is None else {alert.service: alert.fired_at})
    return DiagnosedCase(case, findings, time.perf_counter() - begun)


def commits_by_reference(changes: tuple[Change, ...]) -> dict[str, Change]:
    """The changes that a commit stands for: the commit itself, or the deploy that names it where it is not listed."""
    deploys = {change.reference: change for change in changes if change.kind == "deploy"}
    return deploys | {change.reference: change for change in changes if change.kind == "commit"}


def _reported(hypothesis: Hypothesis, commits: Mapping[str, Change]) -> ReportedHypothesis:
    change = hypothesis.change
    return ReportedHypothesis(
        rank=hypothesis.rank,
        service=hypothesis.service,
        fault=hypothesis.fault,
        commit=change if change is not None and change in commits else NO_COMMIT,
        probability=hypothesis.probability,
        evidence=_evidence(hypothesis.evidence),
        against=_evidence(hypothesis.against),
    )


def _evidence(pieces: tuple[Evidence, ...]) -> tuple[ReportedEvidence, ...]:
    return tuple(
        ReportedEvidence(signal=each.signal, what=each.what, when=each.when, weight=each.weight) for each in pieces
    )
