"""A recording in brief: what it is of, when and by what it was made, and how it came out."""

from ...domain.base import Value
from .. import view_text as text
from ..recording import Recording
from ..view_decision import quorum_view
from ..view_incident import incident_head
from ..view_insights import answering
from ..view_rounds import FAULT_WORDS
from .producers import ProducerRow, producer_rows
from .rule import rule_of


class HeadView(Value):
    """The label that stands above everything that is shown of a recording; `name` empty where none is shown.

    Attributes:
        judgement: How the outcome compares with the answer, which no agent saw.
        right: Whether the cause was named right.
        faults: The voters that were made to fail in this run.
    """

    name: str = ""
    title: str = ""
    description: str = ""
    scenario: str = ""
    seed: int = 0
    recorded: str = ""
    versions: str = ""
    incident: str = ""
    status: str = ""
    status_text: str = ""
    severity: str = ""
    verdict: str = ""
    verdict_text: str = ""
    cause: str = ""
    action: str = ""
    votes: str = ""
    began: str = ""
    lasted: str = ""
    events: int = 0
    judgement: str = ""
    right: bool = False
    unasked: str = ""
    services: tuple[tuple[str, str], ...] = ()
    faults: tuple[str, ...] = ()
    producers: tuple[ProducerRow, ...] = ()


def head_view(name: str, recording: Recording) -> HeadView:
    """The label of the recording of that name."""
    report, record = recording.report, recording.record
    view = HeadView(
        name=name,
        title=recording.title,
        description=recording.description,
        scenario=recording.run.scenario,
        seed=recording.run.seed,
        recorded=text.date_time(recording.recorded_at),
        versions=", ".join(f"{what} {version}" for what, version in recording.versions.items()),
        status=report.status,
        status_text=text.sentence(report.status),
        judgement=_judgement(recording),
        right=report.root_cause.correct,
        unasked=_unasked(recording),
        faults=tuple(
            f"{text.sentence(voter)} was {FAULT_WORDS[fault]}" for voter, fault in recording.run.faults.items()
        ),
        producers=producer_rows(recording),
    )
    if record is None:
        return view
    head = incident_head(record, record.events[-1].occurred_at)
    return view.model_copy(
        update={
            "incident": head.title,
            "severity": head.severity,
            "verdict": head.verdict,
            "verdict_text": head.verdict_text,
            "cause": head.cause,
            "action": text.plan_text(record.chosen) if record.chosen else "No plan was certified",
            "votes": quorum_view(record, rule_of(record)).text,
            "began": head.began,
            "lasted": head.lasted,
            "events": head.events,
            "services": answering(record.counsel.usage),
        }
    )


def _judgement(recording: Recording) -> str:
    answer, report = recording.answer, recording.report
    right, mended = report.root_cause.correct, "right" if report.plan.acceptable else "wrong"
    if answer.service and answer.fault:
        named = "named right" if right else "not named right"
        return f"The cause was {answer.service}, {text.words(answer.fault)}: {named}. What was decided was {mended}."
    named = "no cause was named" if right else "a cause was named all the same"
    return f"Nothing was at fault: {named}. What was decided was {mended}."


def _unasked(recording: Recording) -> str:
    asked = recording.record is not None and recording.record.counsel.usage
    return "No AI service answered" if asked else "No language model was asked"
