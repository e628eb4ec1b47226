"""What a viewer supposes of a recorded vote, read from a form that anybody may have sent."""

from collections.abc import Mapping

from ...consensus.faults import DESCRIPTIONS, FAULT_KINDS
from ...consensus.rule import rule
from ...domain.ballot import VOTERS, Voter
from ...domain.base import ServiceName, Value
from ...domain.fault import VoterFault
from ...domain.telemetry import Signal
from ...response.counterfactuals import Question
from ...response.explain.what_if import LEFT_OUT
from ...response.hearing import Withheld
from ...response.recording import Recording
from ...response.replay import SIGNALS
from ...response.replayed import Supposition
from ...response.view_text import metric_text, sentence
from .agents import HONEST, AgentRow, fault_named

ABSENT = "absent"
CHOICES: tuple[tuple[str, str], ...] = (
    (HONEST, sentence(HONEST)),
    (ABSENT, sentence(LEFT_OUT)),
    *((kind, sentence(kind)) for kind in FAULT_KINDS),
)
"""What an agent may be supposed to be, with its words."""
SIGNAL_WORDS: Mapping[Signal, str] = {
    "metrics": "metrics",
    "logs": "logs",
    "traces": "traces",
    "changes": "changes",
    "topology": "topology",
    "impact": "customer impact",
}
Metric = tuple[ServiceName, str]


class MetricRow(Value):
    """A single series that can be kept back; `name` is what a form calls it."""

    name: str
    label: str


class NotSupposable(ValueError):
    """What a form asks for cannot be supposed; the message says what can."""


def supposed_rows(chosen: Mapping[Voter, str]) -> list[AgentRow]:
    """The five agents as they are supposed to be."""
    return [
        AgentRow(voter=voter, label=sentence(voter), fault=chosen.get(voter, HONEST), does=_does(chosen.get(voter)))
        for voter in VOTERS
    ]


def metric_rows(recording: Recording) -> list[MetricRow]:
    """The series that the recorded agents spoke of."""
    return [
        MetricRow(name=_name((each.service, each.metric)), label=f"{metric_text(each.metric)} of {each.service}")
        for each in recording.traces
    ]


def question_of(form: Mapping[str, object], chosen: Mapping[Voter, str], recording: Recording) -> Question:
    """What a form supposes of a recorded vote.

    Args:
        chosen: What was chosen before for the agents that the form does not name.

    Raises:
        NotSupposable: it asks for what there is not, or for nothing.
    """
    recorded = recording.run.faults
    absent: list[Voter] = []
    faults: dict[Voter, VoterFault] = {}
    honest: list[Voter] = []
    for voter in VOTERS:
        asked = form.get(f"agent-{voter}", chosen.get(voter, HONEST))
        if asked == ABSENT:
            absent.append(voter)
            continue
        try:
            fault = fault_named(asked)
        except ValueError as error:
            raise NotSupposable(str(error)) from error
        if fault is None and voter in recorded:
            honest.append(voter)
        elif fault is not None and fault != recorded.get(voter):
            faults[voter] = fault
    question = Question(
        suppose=Supposition(
            absent=tuple(absent),
            withheld=Withheld(signals=_signals(form), metrics=_metrics(form, recording)),
            required=_required(form),
            faults=faults,
        ),
        honest=tuple(honest),
    )
    if question == Question():
        raise NotSupposable(
            "Nothing is supposed: leave an agent out or make it fail, keep something back, or change the threshold."
        )
    return question


def choice_named(choice: object) -> str:
    """What an agent is supposed to be.

    Raises:
        NotSupposable: it is nothing an agent can be.
    """
    if choice == ABSENT:
        return ABSENT
    try:
        return fault_named(choice) or HONEST
    except ValueError as error:
        raise NotSupposable(str(error)) from error


def _signals(form: Mapping[str, object]) -> tuple[Signal, ...]:
    known = {f"without-{signal}" for signal in SIGNALS}
    unknown = [str(name)[:40] for name in form if str(name).startswith("without-") and name not in known]
    if unknown:
        raise NotSupposable(f"There is no signal {unknown[0]!r}; there are {', '.join(SIGNALS)}.")
    return tuple(signal for signal in SIGNALS if form.get(f"without-{signal}"))


def _metrics(form: Mapping[str, object], recording: Recording) -> tuple[Metric, ...]:
    asked = str(form.get("metric") or "")
    if not asked:
        return ()
    found = next(
        ((each.service, each.metric) for each in recording.traces if _name((each.service, each.metric)) == asked), None
    )
    if found is None:
        raise NotSupposable(f"No agent spoke of {asked[:80]!r} in this run; choose a series of the list.")
    return ((ServiceName(found[0]), found[1]),)


def _required(form: Mapping[str, object]) -> int | None:
    written = str(form.get("required") or rule().required).strip()
    if not (written.isascii() and written.isdigit() and len(written) < 3 and 1 <= int(written) <= len(VOTERS)):
        raise NotSupposable(f"The threshold {written[:40]!r} is not a whole number from 1 to {len(VOTERS)}.")
    return None if int(written) == rule().required else int(written)


def _name(metric: tuple[str, str]) -> str:
    return "/".join(metric)


def _does(chosen: str | None) -> str:
    if chosen == ABSENT:
        return "is not there, and stays one of the five"
    return next((DESCRIPTIONS[kind] for kind in FAULT_KINDS if kind == chosen), "votes by its own evidence")
