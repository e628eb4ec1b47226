"""What /ops shows of what is known of the shown incident elsewhere, each piece with who gave it and its sources."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from ..domain.base import Value
from ..domain.reasoning import Counsel, Knowledge, Passage
from ..domain.usage import Usage
from . import view_text as text
from .record import IncidentRecord
from .usage_report import IncidentUsage
from .view_ai import BudgetView, budget_view

MOST_TEXT = 600
"""Characters of an answer or a passage that a page carries; the timeline has them whole."""
LONGEST_LINK = 2_000


class SourceRow(Value):
    """A passage. `link` is an https address, empty where it has none; `where` is empty where the title says it."""

    title: str
    text: str
    where: str
    link: str
    note: str


class AnsweredBy(Value):
    """Who answered: a service of AWS, or what is here. `fell_back` says why another did not."""

    by: str
    kind: str
    source: str
    fell_back: str


class InsightRow(Value):
    """One thing that was asked, with the answer's sources; `steps`: what the service says it did."""

    name: str
    label: str
    text: str
    sources: tuple[SourceRow, ...]
    answered: tuple[AnsweredBy, ...]
    steps: tuple[str, ...] = ()


class InsightsView(Value):
    """What the reasoning services say of the shown incident, what a guard found in that, and what it took.

    `trouble`: why somebody could not be asked.
    """

    rows: tuple[InsightRow, ...] = ()
    trouble: str = ""
    guarded: tuple[str, ...] = ()
    budget: BudgetView = BudgetView()
    calls: str = ""


def insights_view(record: IncidentRecord, usage: IncidentUsage | None) -> InsightsView:
    """What was told of an incident, ready to show."""
    counsel = record.counsel
    return InsightsView(
        rows=insight_rows(counsel),
        trouble=short(counsel.trouble),
        guarded=tuple(dict.fromkeys(short(each) for each in counsel.guarded)),
        budget=budget_view("This incident", usage.budget) if usage else BudgetView(),
        calls=text.counted(len(usage.calls), "call") if usage else "",
    )


def answering(usage: Sequence[Usage]) -> tuple[tuple[str, str], ...]:
    """Each service that answered, once, with where it is: `loopback`, or its name at AWS; empty: all of it is local."""
    answered = (each for each in usage if each.service is not None and not each.error)
    return tuple(dict.fromkeys((str(each.service), each.provenance.source) for each in answered))


def insight_rows(counsel: Counsel) -> tuple[InsightRow, ...]:
    """What is known elsewhere: of such incidents, of similar ones, of how to mend it, and where its end is kept."""
    told = (
        _knowledge("knowledge", "Known of such incidents", counsel.knowledge, counsel.by("ask", "diagnosis")),
        _similar(counsel),
        _knowledge("guidance", "Recommended actions", counsel.guidance, counsel.by("ask", "resolution")),
        _remembered(counsel),
    )
    return tuple(row for row in told if row is not None)


def _knowledge(name: str, label: str, knowledge: Knowledge | None, usage: Usage | None) -> InsightRow | None:
    if knowledge is None or usage is None:
        return None
    return InsightRow(
        name=name,
        label=label,
        text=short(knowledge.text),
        sources=tuple(_source(passage) for passage in knowledge.passages),
        answered=(answered_by(usage, "Documents here"),),
    )


def _similar(counsel: Counsel) -> InsightRow | None:
    asked = {
        "Documents here": counsel.by("retrieve"),
        "Memory here": counsel.by("recall"),
        "Ordered here": counsel.by("embed"),
    }
    answered = tuple(answered_by(usage, here) for here, usage in asked.items() if usage is not None)
    if not answered:
        return None
    return InsightRow(
        name="similar",
        label="Similar incidents",
        text="",
        sources=tuple(_source(passage) for passage in counsel.similar),
        answered=answered,
    )


def _remembered(counsel: Counsel) -> InsightRow | None:
    usage = counsel.by("remember")
    if not counsel.remembered or usage is None:
        return None
    return InsightRow(
        name="remembered",
        label="How it ended is remembered",
        text=short(counsel.remembered),
        sources=(),
        steps=counsel.trace,
        answered=(answered_by(usage, "Memory here"),),
    )


def answered_by(usage: Usage, here: str) -> AnsweredBy:
    """Who answered; a local answer carries no name of AWS.

    Args:
        here: What answered where no service did.
    """
    return AnsweredBy(
        by=usage.service or here,
        kind=usage.provenance.kind,
        source=usage.provenance.source,
        fell_back=short(usage.fell_back),
    )


def _source(passage: Passage) -> SourceRow:
    notes = [f"rated {passage.score:.2f} by who found it"] if passage.score is not None else []
    notes += [f"of {text.date_time(passage.updated_at)} UTC"] if passage.updated_at else []
    return SourceRow(
        title=short(passage.title),
        text=short(passage.text),
        where="" if passage.where in passage.title else short(passage.where),
        link=passage.where if _is_https(passage.where) else "",
        note=", ".join(notes),
    )


def _is_https(address: str) -> bool:
    """Whether a page may link to it: what a document names is text from outside, and may be `javascript:`."""
    if len(address) > LONGEST_LINK or not address.isprintable() or any(sign.isspace() for sign in address):
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None


def short(said: str) -> str:
    """As much of a text from outside as a page carries."""
    return said if len(said) <= MOST_TEXT else f"{said[:MOST_TEXT]}..."
