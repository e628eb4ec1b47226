"""`bench rootcause`: the guilty commit, or none, of recorded incidents in the layout of RootCauseBench.

The diagnosis is given a case's `data` folder alone; the ground truth beside it is opened by the scorer, afterwards.
A commit is right when it is the one that the authors hold guilty, and `none` where they hold none guilty; a decoy is
hit when a commit is named that was put there to mislead.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter

from ..response.case_report import NO_COMMIT, CaseReport, diagnose_folder
from ..telemetry.case_folder import CaseFolderError
from .figures import table
from .reading import BadData, read_json

_TRUTH = "ground_truth.json"
_SHORTEST_SHA = 7
_PUBLISHED = (
    ("best script without a language model", "7 of 24", "17 of 24"),
    ("always `none`", "7 of 24", "0 of 24"),
    ("language models", "29-100 %", ""),
)


class _Truth(BaseModel):
    model_config = ConfigDict(extra="ignore")
    root_cause_commit: str
    first_failing_service: str
    blast_radius: tuple[str, ...] = ()
    remediation: str
    decoy_deploy_commits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went: what was answered, and whether it was right."""

    name: str
    commit: str
    commit_right: bool
    decoy_hit: bool
    first_failing: str
    first_failing_right: bool
    remediation: str
    remediation_right: bool
    blast_radius_f1: float
    probability: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RootCauseResult:
    """What one run measured."""

    cases: tuple[CaseResult, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """The result as one JSON object; counts are out of `cases`."""
        return {
            "cases": len(self.cases),
            "commit_correct": sum(case.commit_right for case in self.cases),
            "first_failing_service_correct": sum(case.first_failing_right for case in self.cases),
            "remediation_correct": sum(case.remediation_right for case in self.cases),
            "blast_radius_f1": round(fmean(case.blast_radius_f1 for case in self.cases), 4),
            "decoys_hit": sum(case.decoy_hit for case in self.cases),
            "seconds": round(sum(case.seconds for case in self.cases), 3),
            "per_case": {
                case.name: {
                    "commit": case.commit,
                    "commit_correct": case.commit_right,
                    "decoy_hit": case.decoy_hit,
                    "first_failing_service": case.first_failing,
                    "first_failing_service_correct": case.first_failing_right,
                    "remediation": case.remediation,
                    "remediation_correct": case.remediation_right,
                    "blast_radius_f1": round(case.blast_radius_f1, 4),
                    "probability": round(case.probability, 4),
                    "seconds": case.seconds,
                }
                for case in self.cases
            },
        }


def run_rootcause(data: Path) -> RootCauseResult:
    """Diagnose every case of a folder and score the answers.

    Raises:
        BadData: there is no case in it, or one cannot be read.
    """
    folders = _cases(data)
    return RootCauseResult(tuple(_run(folder) for folder in folders))


def rootcause_table(result: RootCauseResult) -> str:
    """One line a case, the sums, and what others reach."""
    rows = [
        (
            case.name,
            f"{_mark(case.commit_right)} {case.commit[:10]}" + (" (decoy)" if case.decoy_hit else ""),
            f"{_mark(case.first_failing_right)} {case.first_failing}",
            f"{_mark(case.remediation_right)} {case.remediation}",
            f"{case.blast_radius_f1:.2f}",
            f"{case.probability:.2f}",
            f"{case.seconds:.2f} s",
        )
        for case in result.cases
    ]
    count = len(result.cases)
    sums = (
        "all",
        f"{sum(case.commit_right for case in result.cases)} of {count}",
        f"{sum(case.first_failing_right for case in result.cases)} of {count}",
        f"{sum(case.remediation_right for case in result.cases)} of {count}",
        f"{fmean(case.blast_radius_f1 for case in result.cases):.2f}",
        "",
        f"{sum(case.seconds for case in result.cases):.2f} s",
    )
    head = ("case", "commit", "first failing", "remediation", "blast radius F1", "probability", "time")
    hit = sum(case.decoy_hit for case in result.cases)
    published = table(("published (24 cases)", "commits right", "decoys hit"), _PUBLISHED)
    return f"{table(head, [*rows, sums])}\n\nDecoys hit: {hit} of {count}.\n\n{published}"


def _cases(data: Path) -> tuple[Path, ...]:
    root = data / "cases" if (data / "cases").is_dir() else data
    if not root.is_dir():
        raise BadData(f"{data} is no folder; give the one that holds cases/<name>/{{data/,{_TRUTH}}}")
    found = tuple(sorted(path for path in root.iterdir() if (path / _TRUTH).is_file()))
    if not found:
        raise BadData(f"no case in {root}: each is a folder with data/ and {_TRUTH} in it")
    return found


def _run(folder: Path) -> CaseResult:
    try:
        report = diagnose_folder(folder / "data").report()
    except CaseFolderError as error:
        raise BadData(f"{folder / 'data'}: {error}") from error
    return _scored(folder.name, report, read_json(folder / _TRUTH, TypeAdapter(_Truth)))


def _scored(name: str, report: CaseReport, truth: _Truth) -> CaseResult:
    lead = report.hypotheses[0] if report.hypotheses else None
    commit = lead.commit if lead is not None else NO_COMMIT
    return CaseResult(
        name=name,
        commit=commit,
        commit_right=_same(commit, truth.root_cause_commit),
        decoy_hit=any(_same(commit, decoy) for decoy in truth.decoy_deploy_commits),
        first_failing=report.first_failing_service or "",
        first_failing_right=report.first_failing_service == truth.first_failing_service,
        remediation=report.remediation or "",
        remediation_right=report.remediation == truth.remediation,
        blast_radius_f1=f1(frozenset(report.blast_radius), frozenset(truth.blast_radius)),
        probability=lead.probability if lead is not None else 0.0,
        seconds=report.seconds,
    )


def f1(named: frozenset[str], right: frozenset[str]) -> float:
    """The harmonic mean of precision and recall of a set; 1 where both are empty."""
    if not named and not right:
        return 1.0
    return 2.0 * len(named & right) / (len(named) + len(right))


def _same(commit: str, other: str) -> bool:
    """Whether two names are of one commit; either may be cut to its first characters."""
    if commit == other:
        return True
    shorter, longer = sorted((commit, other), key=len)
    return len(shorter) >= _SHORTEST_SHA and longer.startswith(shorter)


def _mark(right: bool) -> str:
    return "+" if right else "-"
