"""The stages of a recorded response in their order: what each claimed, how long it took and who spoke."""

from ...domain.base import Value
from ...domain.event import AgentRun, Event, EventKind
from ...domain.incident import STAGES, Stage
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from ..view_timeline import timeline_row
from .claims import ClaimRow, alert_claims, stage_claims
from .producers import ProducerRow, producer_row

STAGE_ACTOR: dict[Stage, str] = {
    "detect": "detection",
    "diagnose": "diagnosis",
    "predict": "prediction",
    "propose": "resolution",
    "deliberate": "consensus",
    "authorise": "policy",
    "execute": "executor",
    "verify": "verification",
    "communicate": "communication",
    "learn": "practice company",
}
"""Whose statements a stage's claims are."""

SHOWN_CLAIMS = 6
"""How many claims of a stage stand open; the others wait to be asked for."""

_CONCLUSION: dict[Stage, tuple[EventKind, ...]] = {
    "detect": ("anomalies.detected",),
    "diagnose": ("diagnosis.made",),
    "predict": ("predictions.made",),
    "propose": ("plans.proposed",),
    "deliberate": ("quorum.reached", "quorum.failed"),
    "authorise": ("approval.answered", "authorisation.decided"),
    "execute": ("action.received", "action.refused", "action.unknown"),
    "verify": ("rollback.received", "rollback.refused", "rollback.unknown", "checks.registered"),
    "learn": ("predictions.scored",),
}
"""The event that says what a stage came to."""


class StepRow(Value):
    """One step.

    Attributes:
        at: When it began, on the simulated clock; `took` is what it was charged there.
        computed: How long computing it took when it was recorded, wall clock.
        more: The claims after the first `SHOWN_CLAIMS`.
        read: What its agent read, counted.
    """

    name: str
    label: str
    ran: bool
    at: str = ""
    took: str = ""
    computed: str = ""
    conclusion: str = ""
    read: str = ""
    confidence: str = ""
    error: str = ""
    claims: tuple[ClaimRow, ...] = ()
    more: tuple[ClaimRow, ...] = ()
    more_text: str = ""
    claims_name: str = ""
    producer: ProducerRow = ProducerRow()


class ReasoningView(Value):
    """The Reasoning tab."""

    steps: tuple[StepRow, ...] = ()


def reasoning_view(recording: Recording) -> ReasoningView:
    """Every step from the first alert to what was learnt; no step where no alert came."""
    record = recording.record
    if record is None:
        return ReasoningView()
    return ReasoningView(steps=(_alerts(recording, record), *(_step(recording, record, stage) for stage in STAGES)))


def _alerts(recording: Recording, record: IncidentRecord) -> StepRow:
    grouped = record.of_kind("alert.grouped")
    return StepRow(
        name="alerts",
        label="Alerts",
        ran=True,
        at=text.clock_time(record.incident.began_at),
        conclusion=f"{len(grouped)} alert{'' if len(grouped) == 1 else 's'} grouped into one incident",
        claims=tuple(alert_claims(record)),
        claims_name="why they belong together",
        producer=producer_row(recording, "ingest"),
    )


def _step(recording: Recording, record: IncidentRecord, stage: Stage) -> StepRow:
    started, finished = record.stage_event("stage.started", stage), record.stage_event("stage.finished", stage)
    step = StepRow(
        name=stage,
        label=text.sentence(stage),
        ran=started is not None or finished is not None,
        producer=producer_row(recording, STAGE_ACTOR[stage]),
    )
    if not step.ran:
        return step
    claims, name = stage_claims(record, stage)
    run = _run(record, stage)
    return step.model_copy(
        update={
            "at": text.clock_time(started.occurred_at) if started else "",
            "took": _seconds(finished, "clock_seconds"),
            "computed": _milliseconds(finished, "wall_ms"),
            "conclusion": _conclusion(record, stage),
            "read": _read(run),
            "confidence": text.share(run.confidence) if run and run.confidence is not None else "",
            "error": run.error if run else "",
            "claims": claims[:SHOWN_CLAIMS],
            "more": claims[SHOWN_CLAIMS:],
            "more_text": f"{len(claims) - SHOWN_CLAIMS} more",
            "claims_name": name,
        }
    )


def _seconds(event: Event | None, field: str) -> str:
    value = event.payload.get(field) if event else None
    return text.duration(value) if isinstance(value, int | float) else ""


def _milliseconds(event: Event | None, field: str) -> str:
    value = event.payload.get(field) if event else None
    return text.milliseconds(value) if isinstance(value, int | float) else ""


def _conclusion(record: IncidentRecord, stage: Stage) -> str:
    if stage == "communicate":
        count = len(record.of_kind("update.published"))
        return f"{count} update{'' if count == 1 else 's'} to people during the whole response"
    if stage == "verify":
        return _verified(record)
    event = record.latest(*_CONCLUSION[stage])
    if event is None:
        return "It came to no conclusion of its own"
    return timeline_row(event, record.plans).title


def _verified(record: IncidentRecord) -> str:
    outcomes = record.check_outcomes
    met = sum(outcome.met for outcome in outcomes)
    undone = record.latest("rollback.received", "rollback.refused", "rollback.unknown")
    return f"{met} of {len(record.checks)} checks met" + (f". {timeline_row(undone).title}" if undone else "")


def _run(record: IncidentRecord, stage: Stage) -> AgentRun | None:
    """The one agent's run of a stage; None where none or several worked in it."""
    runs = [AgentRun.model_validate(event.payload) for event in record.of_kind("agent.ran")]
    found = [run for run in runs if run.stage == stage]
    return found[0] if len(found) == 1 else None


def _read(run: AgentRun | None) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in run.inputs.items() if count) if run else ""
