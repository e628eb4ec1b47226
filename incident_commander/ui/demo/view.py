"""What /demo shows of one run as long as its prices stay: the words, the chart and how it came out."""

from datetime import datetime
from typing import Literal

from ...domain.base import Value
from ...domain.practice import Answer
from ...response import view_text as text
from ...response.recording import Recording
from ..components.charts import ChartView, Series, Tone, draw
from .frames import CourseName, Played
from .telling import PredictionLine, Sentence, action_words, predictions, since

COMMANDER, ENGINEER, NOBODY = "Incident Commander", "Engineer on call", "Nobody"
Origin = Literal["none", "recorded", "run"]

_ACRONYMS = {"api": "API", "ddos": "DDoS"}
_DRAWN: tuple[tuple[CourseName, str, Tone], ...] = (
    ("nobody", NOBODY, "nobody"),
    ("human", ENGINEER, "human"),
    ("ours", COMMANDER, "ours"),
)
"""From the back to the front."""


class Ending(Value):
    """How a run came out, judged against the answer that no agent saw."""

    tone: Literal["good", "warn", "bad"] = "warn"
    title: str = ""
    really: str = ""
    named: str = ""
    did: str = ""


class DemoView(Value):
    """One run.

    Attributes:
        origin: `none` while there is no run to show.
        when: When and how it was computed.
        seconds: Simulated time that is counted.
        lasts: The same in words.
        result: How long it took us and the human, in a sentence.
    """

    origin: Origin = "none"
    scenario: str = ""
    title: str = ""
    seed: str = ""
    when: str = ""
    seconds: float = 0.0
    lasts: str = ""
    result: str = ""
    chart: ChartView = ChartView()
    ours: tuple[Sentence, ...] = ()
    human: tuple[Sentence, ...] = ()
    predictions: tuple[PredictionLine, ...] = ()
    ending: Ending = Ending()


def demo_view(played: Played, origin: Origin) -> DemoView:
    """A run as the page shows it."""
    recording = played.recording
    return DemoView(
        origin=origin,
        scenario=recording.run.scenario,
        title=label(recording.run.scenario),
        seed=str(recording.run.seed),
        when=f"computed {text.date_time(recording.recorded_at)} UTC in {text.duration(recording.report.wall_seconds)}",
        seconds=played.seconds,
        lasts=text.duration(played.seconds),
        result=_result(recording),
        chart=_chart(played),
        ours=played.ours,
        human=played.human,
        predictions=predictions(recording),
        ending=_ending(recording),
    )


def label(scenario: str) -> str:
    """`ddos_attack` as `DDoS attack`."""
    first, _, rest = text.words(scenario).partition(" ")
    return f"{_ACRONYMS.get(first, first.capitalize())} {rest}".strip()


def _chart(played: Played) -> ChartView:
    courses = played.recording.courses
    moments: tuple[tuple[datetime | None, str, Tone], ...] = (
        (courses.alerted_at, "alarm", "plain"),
        (courses.ours.acted_at, "commander acts", "ours"),
        (courses.human.acted_at, "engineer acts", "human"),
    )
    ends = ", ".join(f"{name}: {text.usd(played.usd_at(course, played.seconds))}" for course, name, _ in _DRAWN)
    return draw(
        "cost",
        "Cost to customers since it began, in USD",
        f"Three curves that only rise. After {text.duration(played.seconds)} they have reached: {ends}.",
        [Series(name=name, tone=tone, values=played.usd(course)) for course, name, tone in _DRAWN],
        interval_seconds=played.interval_seconds,
        unit="USD",
        least_top=1.0,
        marks=[(since(courses.start, moment), words, tone) for moment, words, tone in moments if moment is not None],
    )


def _result(recording: Recording) -> str:
    report = recording.report
    ours, human = report.clock.mttr_seconds, report.clock.baseline_mttr_seconds
    if ours is not None and human is not None:
        return f"Back to normal in {text.duration(ours)} instead of {text.duration(human)}, counted from its beginning."
    if ours is not None:
        return f"Back to normal in {text.duration(ours)}; the engineer would not have mended it in the time counted."
    if report.status == "closed":
        return "It passed by itself; nothing was done to it."
    if report.plan.executed:
        said = "It acted, could not prove that this worked, and called a person."
    elif not recording.answer.acceptable:
        said = "It called a person instead of acting: nothing in its power would have mended this."
    else:
        said = "It did not act, and called a person."
    return f"{said} What that person then does is not modelled: costs run on as with nobody."


def _ending(recording: Recording) -> Ending:
    report, answer = recording.report, recording.answer
    tone, title = _judgement(recording)
    cause = report.root_cause
    if cause.service is None:
        named = "It named no cause" + (", and said that it could not know." if report.verdict else ".")
    else:
        right = "which is right" if cause.correct else "which is wrong"
        named = f"It named {text.words(cause.fault or 'unknown')} of {cause.service} ({report.verdict}), {right}."
    chosen = recording.record.chosen if recording.record else None
    if report.plan.executed and chosen is not None:
        mends = "which mends this" if report.plan.acceptable else "which does not mend this"
        did = f"It did {action_words(chosen.action)}, {mends}."
    else:
        did = "It changed nothing, " + (
            "which is right: nothing in its power mends this."
            if report.plan.acceptable
            else "though acting would have helped."
        )
    return Ending(tone=tone, title=title, really=_really(answer), named=named, did=did)


def _judgement(recording: Recording) -> tuple[Literal["good", "warn", "bad"], str]:
    report = recording.report
    cause, plan = report.root_cause, report.plan
    if plan.executed and not plan.acceptable:
        return "bad", "It acted, and it was the wrong thing to do"
    if plan.executed and report.status != "resolved":
        return "warn", "It did the right thing, but could not prove it in time"
    if plan.executed:
        return (
            ("good", "Right cause, right action, proven") if cause.correct else ("warn", "Mended, for the wrong reason")
        )
    if not plan.acceptable:
        if cause.service is None:
            return "warn", "Inconclusive: it said so, and called a person"
        return ("warn", "Right cause, but it did not act") if cause.correct else ("bad", "It named the wrong cause")
    if cause.correct:
        return "good", "Right to leave it alone"
    return "warn", "Right to leave it alone, but " + (
        "no cause named" if cause.service is None else "wrong about the cause"
    )


def _really(answer: Answer) -> str:
    fault = f" The fault: {text.words(answer.fault)} of {answer.service}." if answer.service and answer.fault else ""
    return f"{answer.explanation}{fault}"
