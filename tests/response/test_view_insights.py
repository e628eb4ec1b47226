"""What /ops shows of what is known elsewhere: each piece with who gave it, and links that lead nowhere unsafe."""

import pytest

from incident_commander.domain.event import EventKind
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.reasoning import Counsel, Knowledge, Passage
from incident_commander.domain.usage import FREE, Usage
from incident_commander.response.record import IncidentRecord
from incident_commander.response.view_insights import InsightsView, insights_view
from tests.api.used import asked_for, called
from tests.ui import story

LOCAL = Provenance(kind="live", source="local")
GIVEN: EventKind = "counsel.given"
POSTMORTEM = Passage(title="Postmortem of inc-77", text="a leak", where="https://wiki.example.com/inc-77", score=0.83)


def shown(*counsels: Counsel) -> InsightsView:
    told = [(GIVEN, "response", each.model_dump(mode="json"), float(place)) for place, each in enumerate(counsels)]
    record = IncidentRecord(story.incident(), story.events(*told))
    return insights_view(record, asked_for(story.ID))


def by(agent: str, task: str, **otherwise: object) -> Usage:
    asked = {"service": "Q Business", "agent": agent, "task": task, "model": "a-1"}
    return called(**asked | otherwise)


def test_knowledge_and_guidance_are_told_with_who_gave_each() -> None:
    first = Counsel(knowledge=Knowledge(text="It was a leak.", passages=(POSTMORTEM,)), usage=(by("diagnosis", "ask"),))
    here = by("resolution", "ask", service=None, model="", provenance=LOCAL, cost=FREE, fell_back="Q Business: denied")
    later = Counsel(guidance=Knowledge(text="", passages=(POSTMORTEM,)), usage=(by("resolution", "ask"), here))
    knowledge, guidance = shown(first, later).rows
    assert (knowledge.name, knowledge.text) == ("knowledge", "It was a leak.")
    assert [(each.by, each.source, each.fell_back) for each in knowledge.answered] == [("Q Business", "loopback", "")]
    assert [(each.by, each.source, each.fell_back) for each in guidance.answered] == [
        ("Documents here", "local", "Q Business: denied")
    ]
    (source,) = knowledge.sources
    assert (source.title, source.link) == ("Postmortem of inc-77", "https://wiki.example.com/inc-77")
    assert source.note == "rated 0.83 by who found it"


def test_similar_incidents_name_all_who_found_and_ordered_them() -> None:
    found = by("diagnosis", "retrieve").model_copy(update={"service": "Knowledge Bases"})
    remembered = by("diagnosis", "recall", service=None, provenance=LOCAL)
    ordered = by("diagnosis", "embed").model_copy(update={"service": "Titan embeddings"})
    (similar,) = shown(Counsel(similar=(POSTMORTEM,), usage=(found, remembered, ordered))).rows
    assert [each.by for each in similar.answered] == ["Knowledge Bases", "Memory here", "Titan embeddings"]
    assert len(similar.sources) == 1


def test_where_nobody_was_asked_there_is_nothing() -> None:
    assert shown().rows == ()
    assert shown(Counsel(usage=(called(),))).rows == ()


def test_what_was_asked_and_found_nothing_is_told_all_the_same() -> None:
    (similar,) = shown(Counsel(usage=(by("diagnosis", "retrieve"),))).rows
    assert (similar.name, similar.sources) == ("similar", ())


@pytest.mark.parametrize(
    "where",
    [
        "javascript:alert(1)",
        "http://wiki.example.com/plain",
        "s3://runbooks/pools.md",
        "https://",
        "https://user:secret@wiki.example.com/",
        "https://wiki.example.com/a b",
        "https://wiki.example.com/\u202egpj",
        "https://[wiki",
        f"https://wiki.example.com/{'a' * 3000}",
        "inc-77",
        "",
    ],
)
def test_only_a_plain_https_address_is_a_link(where: str) -> None:
    passage = POSTMORTEM.model_copy(update={"where": where})
    (row,) = shown(Counsel(knowledge=Knowledge(text="x", passages=(passage,)), usage=(by("diagnosis", "ask"),))).rows
    assert row.sources[0].link == ""


def test_what_a_guard_found_is_told_once_each_and_long_text_is_cut() -> None:
    view = shown(Counsel(guarded=("masked: email", "x" * 5000)), Counsel(guarded=("masked: email",)))
    assert [len(each) for each in view.guarded] == [len("masked: email"), 603]


def test_the_incidents_budget_and_calls_are_told() -> None:
    view = shown()
    assert (view.budget.name, view.calls) == ("This incident", "1 call")
    assert view.budget.text == "$0.00035 spent of $0.50, $0.50 left"
