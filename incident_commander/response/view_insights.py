"""What /ops shows of what is known of the shown incident elsewhere, each piece with who gave it and its sources."""

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
    """One thing that was asked, with the answer's sources."""

    name: str
    label: str
    text: str
    sources: tuple[SourceRow, ...]
    answered: tuple[AnsweredBy, ...]


class InsightsView(Value):
    """What the reasoning services say of the shown incident, what a guard found in that, and what it took.

    `trouble`: why nobody could be asked.
    """

    rows: tuple[InsightRow, ...] = ()
    trouble: str = ""
    guarded: tuple[str, ...] = ()
    budget: BudgetView = BudgetView()
    calls: str = ""


def insights_view(record: IncidentRecord, usage: IncidentUsage | None) -> InsightsView:
    """What was told of an incident, ready to show."""
    counsel = record.counsel
    told = (
        _knowledge("knowledge", "Known of such incidents", counsel.knowledge, counsel.by("ask", "diagnosis")),
        _similar(counsel),
        _knowledge("guidance", "Recommended actions", counsel.guidance, counsel.by("ask", "resolution")),
        _remembered(counsel),
    )
    return InsightsView(
        rows=tuple(row for row in told if row is not None),
        trouble=_short(counsel.trouble),
        guarded=tuple(dict.fromkeys(_short(each) for each in counsel.guarded)),
        budget=budget_view("This incident", usage.budget) if usage else BudgetView(),
        calls=text.counted(len(usage.calls), "call") if usage else "",
    )


def _knowledge(name: str, label: str, knowledge: Knowledge | None, usage: Usage | None) -> InsightRow | None:
    if knowledge is None or usage is None:
        return None
    return InsightRow(
        name=name,
        label=label,
        text=_short(knowledge.text),
        sources=tuple(_source(passage) for passage in knowledge.passages),
        answered=(_answered(usage, "Documents here"),),
    )


def _similar(counsel: Counsel) -> InsightRow | None:
    asked = {
        "Documents here": counsel.by("retrieve"),
        "Memory here": counsel.by("recall"),
        "Ordered here": counsel.by("embed"),
    }
    answered = tuple(_answered(usage, here) for here, usage in asked.items() if usage is not None)
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
        text=_short(counsel.remembered),
        sources=(),
        answered=(_answered(usage, "Memory here"),),
    )


def _answered(usage: Usage, here: str) -> AnsweredBy:
    """Who answered; a local answer carries no name of AWS.

    Args:
        here: What answered where no service did.
    """
    return AnsweredBy(
        by=usage.service or here,
        kind=usage.provenance.kind,
        source=usage.provenance.source,
        fell_back=_short(usage.fell_back),
    )


def _source(passage: Passage) -> SourceRow:
    notes = [f"rated {passage.score:.2f} by who found it"] if passage.score is not None else []
    notes += [f"of {text.date_time(passage.updated_at)} UTC"] if passage.updated_at else []
    return SourceRow(
        title=_short(passage.title),
        text=_short(passage.text),
        where="" if passage.where in passage.title else _short(passage.where),
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


def _short(said: str) -> str:
    return said if len(said) <= MOST_TEXT else f"{said[:MOST_TEXT]}..."
