"""What two recordings of the same run say differently: what was concluded, done and answered, not how long it took."""

from collections.abc import Iterator, Sequence

from ..domain.base import Value
from ..domain.reasoning import Counsel, Knowledge, Passage, Suspicion
from ..domain.usage import ReasoningTask, Usage
from . import view_text as text
from .record import IncidentRecord
from .recording import Recording

NOTHING = "nothing"


class Difference(Value):
    """One thing that the two say, each in words."""

    what: str
    before: str
    after: str


def differences(before: Recording, after: Recording) -> tuple[Difference, ...]:
    """What is said differently, in the order of the response; empty where all is the same."""
    then, now = dict(_said(before)), dict(_said(after))
    return tuple(
        Difference(what=what, before=then.get(what, NOTHING), after=now.get(what, NOTHING))
        for what in dict.fromkeys((*then, *now))
        if then.get(what, NOTHING) != now.get(what, NOTHING)
    )


def _said(recording: Recording) -> Iterator[tuple[str, str]]:
    record = recording.record
    yield "status", recording.report.status
    if record is None:
        return
    found = record.diagnosis
    if found is not None:
        yield "verdict", found.verdict
        for place, each in enumerate(found.hypotheses, 1):
            yield f"cause {place}", f"{text.words(each.fault)} of {each.service}, {text.share(each.probability)}"
    yield "plan", text.plan_text(record.chosen) if record.chosen else NOTHING
    yield from _votes(record)
    yield from _answers(record.counsel)


def _votes(record: IncidentRecord) -> Iterator[tuple[str, str]]:
    for signed in record.all_ballots:
        ballot = signed.ballot
        plan = record.plan(ballot.judgement.choice) if ballot.judgement.choice else None
        yield f"vote of {ballot.voter}, round {ballot.round}", text.plan_text(plan) if plan else "abstained"


def _answers(counsel: Counsel) -> Iterator[tuple[str, str]]:
    """What each service answered, and by whom."""
    told: tuple[tuple[str, ReasoningTask, str, str], ...] = (
        ("severity", "classify", "detection", counsel.severity.severity if counsel.severity else ""),
        ("kind of trouble", "match", "prediction", (counsel.pattern.category or "") if counsel.pattern else ""),
        ("suspected", "analyse", "diagnosis", _causes(counsel.analysis.suspicions) if counsel.analysis else ""),
        (
            "investigated",
            "investigate",
            "diagnosis",
            _causes(counsel.investigation.suspicions) if counsel.investigation else "",
        ),
        ("known", "ask", "diagnosis", _known(counsel.knowledge)),
        ("similar", "retrieve", "diagnosis", _passages(counsel.similar)),
        ("guidance", "ask", "resolution", _known(counsel.guidance)),
        ("draft", "draft", "communication", counsel.draft.text if counsel.draft else ""),
    )
    for what, task, agent, said in told:
        by = counsel.by(task, agent)
        if by is not None:
            yield f"{what}, answered by", _who(by)
            yield what, said or NOTHING


def _who(usage: Usage) -> str:
    if usage.service is None:
        return "local"
    return f"{usage.service} {usage.model} ({usage.provenance.source})"


def _causes(suspicions: Sequence[Suspicion]) -> str:
    return "; ".join(f"{text.words(each.fault)} of {each.service}" for each in suspicions)


def _known(knowledge: Knowledge | None) -> str:
    if knowledge is None:
        return ""
    return " | ".join(part for part in (knowledge.text, _passages(knowledge.passages)) if part)


def _passages(passages: Sequence[Passage]) -> str:
    return "; ".join(each.title for each in passages)
