"""What the reasoning services said in a recorded response: each answer with who gave it, and what every call took."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from ...domain.base import Value
from ...domain.reasoning import Counsel, Suspicion
from ...domain.usage import ReasoningTask, Usage
from .. import view_text as text
from ..recording import Recording
from ..view_insights import InsightRow, answered_by, insight_rows, short

_TASKS: dict[ReasoningTask, str] = {
    "classify": "Severity",
    "match": "Kind of trouble",
    "analyse": "Suspected cause",
    "investigate": "Investigation",
    "draft": "Draft",
    "embed": "Embedding",
    "retrieve": "Documents",
    "ask": "Knowledge",
    "remember": "Remembering",
    "recall": "Memory",
    "guard": "Guard",
}


class CallRow(Value):
    """One call. `by` names a service of AWS only where it answered; `failed` says why it did not.

    Attributes:
        again: An earlier answer to the very same question was given again, and nothing was sent or paid.
    """

    task: str
    agent: str
    by: str
    source: str
    model: str
    latency: str
    tokens: str
    cost: str
    request: str
    failed: str
    fell_back: str
    again: bool


class ServicesView(Value):
    """The Services tab; without answers no service was asked.

    Attributes:
        totals: What all calls took.
    """

    answers: tuple[InsightRow, ...] = ()
    calls: tuple[CallRow, ...] = ()
    guarded: tuple[str, ...] = ()
    trouble: str = ""
    totals: str = ""


def services_view(recording: Recording) -> ServicesView:
    """What was asked and answered, in the order of the response; nothing where nobody was asked."""
    record = recording.record
    if record is None:
        return ServicesView()
    counsel = record.counsel
    return ServicesView(
        answers=tuple(_as_recorded(row) for row in (*_opinions(counsel), *insight_rows(counsel), *_words(counsel))),
        calls=tuple(_call(usage) for usage in counsel.usage),
        guarded=tuple(dict.fromkeys(short(each) for each in counsel.guarded)),
        trouble=short(counsel.trouble),
        totals=_totals(counsel.usage),
    )


def _opinions(counsel: Counsel) -> Iterator[InsightRow]:
    if counsel.severity is not None:
        yield from _said(counsel, "classify", "Severity", text.sentence(counsel.severity.severity))
    if counsel.analysis is not None:
        asked = f" Next question: {counsel.analysis.next_question}" if counsel.analysis.next_question else ""
        yield from _said(counsel, "analyse", "Suspected cause", _causes(counsel.analysis.suspicions) + asked)
    if counsel.investigation is not None:
        found = counsel.investigation
        looked = f"It looked at {'; '.join(found.looked_at)}" if found.looked_at else ""
        ended = f"It ended: {found.ended}" if found.ended else ""
        told = (part.strip().rstrip(".") for part in (_causes(found.suspicions), found.summary, looked, ended))
        yield from _said(counsel, "investigate", "Investigation", " ".join(f"{part}." for part in told if part))
    if counsel.pattern is not None:
        kind = counsel.pattern.category or "None that tells"
        yield from _said(counsel, "match", "Kind of trouble", f"{kind}: {counsel.pattern.reasoning}")


def _words(counsel: Counsel) -> Iterator[InsightRow]:
    if counsel.draft is not None:
        yield from _said(counsel, "draft", "How it ended, in words", counsel.draft.text)


def _said(counsel: Counsel, task: ReasoningTask, label: str, said: str) -> Iterator[InsightRow]:
    usage = counsel.by(task)
    if usage is not None:
        answered = (answered_by(usage, "Local analysis"),)
        yield InsightRow(name=task, label=label, text=short(said), sources=(), answered=answered)


def _causes(suspicions: Sequence[Suspicion]) -> str:
    if not suspicions:
        return "Inconclusive."
    return " ".join(f"{text.sentence(each.fault)} of {each.service}: {each.reason}." for each in suspicions)


def _as_recorded(row: InsightRow) -> InsightRow:
    answered = tuple(each.model_copy(update={"kind": "recorded"}) for each in row.answered)
    return row.model_copy(update={"answered": answered})


def _call(usage: Usage) -> CallRow:
    answered = not usage.error
    tokens = usage.input_tokens, usage.output_tokens
    return CallRow(
        task=_TASKS[usage.task],
        agent=text.sentence(usage.agent),
        by=(usage.service or "Local") if answered else "Nobody",
        source=usage.provenance.source if answered else "",
        model=usage.model,
        latency=text.milliseconds(usage.latency_ms),
        tokens="" if tokens == (None, None) else f"{tokens[0] or 0:,} in, {tokens[1] or 0:,} out",
        cost=_cost(usage),
        request=usage.request_id,
        failed=short(usage.error),
        fell_back=short(usage.fell_back),
        again=usage.cached,
    )


def _cost(usage: Usage) -> str:
    """What it cost; an answer that could not be used is paid for like any other."""
    if usage.service is None or usage.cached:
        return ""
    if usage.cost.usd is None:
        return "unpriced" if usage.requests else ""
    return f"{text.exact_usd(usage.cost.usd)} {usage.cost.price}"


def _totals(usage: Sequence[Usage]) -> str:
    if not usage:
        return ""
    sent = sum(each.requests for each in usage)
    priced = [each.cost.usd for each in usage if each.service is not None and each.cost.usd is not None]
    unpriced = sum(each.requests > 0 and each.cost.usd is None for each in usage)
    told = [f"{text.counted(sent, 'request')} sent", text.exact_usd(sum(priced, Decimal(0)))]
    if unpriced:
        told.append(f"{text.counted(unpriced, 'call')} unpriced")
    return ", ".join(told)
