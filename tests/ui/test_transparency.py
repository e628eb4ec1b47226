"""What the handlers of /transparency do, without a browser, without a response engine and without a store."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_commander.analysis.calibration import Stated
from incident_commander.bench.calibration import Halves, report_of
from incident_commander.response.demo_runs import DemoRuns
from incident_commander.response.explain.held import held_view
from incident_commander.response.recording import RECORDING_FORMAT, write_recording
from incident_commander.response.shelf import Shelf
from incident_commander.ui import services
from incident_commander.ui.exhibits import Exhibits
from incident_commander.ui.transparency.charts import draw_reliability
from incident_commander.ui.transparency.markdown import as_html
from incident_commander.ui.transparency.state import TransparencyState
from tests.response import recorded
from tests.ui.recorded import recording as quiet_recording
from tests.ui.test_states import entered, handler

RECORDING = recorded.recording()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """A folder of recordings: one that holds, one cut off, one newer, one edited; the accessor filled with it alone."""
    write_recording(RECORDING, tmp_path / "whole.json")
    raw = (tmp_path / "whole.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(raw[: len(raw) // 2])
    (tmp_path / "newer.json").write_text(json.dumps({**json.loads(raw), "format": 99}))
    (tmp_path / "edited.json").write_bytes(raw.replace(b"Connections run out", b"Connections ran out"))
    services.provide_exhibits(Exhibits(DemoRuns(), Shelf(tmp_path)))
    yield tmp_path
    services.provide_exhibits(None)


async def opened(path: str) -> TransparencyState:
    """The state of a viewer who has opened this address."""
    state = await entered(TransparencyState, path)
    await handler(state, "enter")
    return state


async def test_the_first_recording_that_can_be_shown_is_shown_at_its_first_tab(shelf: Path) -> None:
    state = await opened("/transparency")
    assert (state.name, state.tab, state.problem) == ("whole", "reasoning", "")
    assert state.head.scenario == "database_cascade"
    assert len(state.reasoning.steps) == 11
    assert state.decisions.alternatives == (), "a tab that was not opened was not sent"


async def test_files_that_cannot_be_shown_are_listed_with_their_reason(shelf: Path) -> None:
    cards = {card.name: card.problem for card in (await opened("/transparency")).cards}
    assert list(cards) == ["cut", "edited", "newer", "whole"]
    assert "is cut off or no JSON" in cards["cut"]
    assert "was changed since it was recorded" in cards["edited"]
    assert f"is of format 99, newer than {RECORDING_FORMAT}" in cards["newer"]
    assert cards["whole"] == ""


@pytest.mark.parametrize(("name", "reason"), [("cut", "cut off"), ("newer", "newer than"), ("edited", "was changed")])
async def test_asking_for_one_of_them_says_why_and_shows_nothing(shelf: Path, name: str, reason: str) -> None:
    state = await opened(f"/transparency?recording={name}&tab=decisions")
    assert reason in state.problem
    assert state.head.name == ""
    assert state.decisions.alternatives == ()


@pytest.mark.parametrize("name", ["no-such", "..", "../../etc/passwd", "x" * 10_000, "%00", "<b>"])
async def test_a_name_that_no_recording_has_is_refused_with_what_there_is(shelf: Path, name: str) -> None:
    state = await opened(f"/transparency?recording={name}")
    assert state.problem
    assert state.head.name == ""
    assert [card.name for card in state.cards][-1] == "whole"


@pytest.mark.parametrize(
    ("tab", "filled"),
    [
        ("reasoning", "reasoning"),
        ("decisions", "decisions"),
        ("confidence", "confidence"),
        ("communication", "communication"),
        ("analytics", "analytics"),
        ("nonsense", "reasoning"),
    ],
)
async def test_the_address_says_which_tab_is_filled(shelf: Path, tab: str, filled: str) -> None:
    state = await opened(f"/transparency?recording=whole&tab={tab}")
    assert state.tab == filled
    held = {
        "reasoning": len(state.reasoning.steps),
        "decisions": len(state.decisions.alternatives),
        "confidence": len(state.confidence.agents),
        "communication": len(state.communication.messages),
        "analytics": len(state.analytics.durations),
    }
    assert [name for name, rows in held.items() if rows] == [filled]


async def test_a_claim_is_opened_on_demand_with_its_metric_drawn(shelf: Path) -> None:
    state = await opened("/transparency")
    assert state.opened == {}
    await handler(state, "open_claim", "anomaly.0")
    claim = state.opened["anomaly.0"]
    assert claim.drawn
    assert [mark.text for mark in claim.chart.marks] == ["onset", "first alert"]
    assert [curve.name for curve in claim.chart.curves][1] == "usual value: 40%"
    assert claim.evidence.trace is None, "the samples are drawn, not sent again"


@pytest.mark.parametrize("claim", ["", "anomaly.7", "x" * 5000, None, {"a": 1}, 7])
async def test_nonsense_for_a_claim_opens_nothing(shelf: Path, claim: object) -> None:
    state = await opened("/transparency")
    await handler(state, "open_claim", claim)
    assert state.opened == {}
    assert state.problem == ""


async def test_verifying_passes_and_a_tampered_ballot_fails(shelf: Path) -> None:
    state = await opened("/transparency?tab=decisions")
    await handler(state, "verify")
    assert state.proof.holds
    await handler(state, "tamper", "ballot")
    assert not state.proof.holds
    assert any("bad_signature" in step.detail for step in state.proof.steps)
    await handler(state, "verify")
    assert state.proof.holds


@pytest.mark.parametrize("what", ["", "file", None, ["ballot"]])
async def test_nonsense_for_what_to_tamper_with_changes_nothing(shelf: Path, what: object) -> None:
    state = await opened("/transparency?tab=decisions")
    await handler(state, "tamper", what)
    assert not state.proof.done


async def test_there_is_nothing_to_forge_where_there_is_no_certificate(shelf: Path) -> None:
    write_recording(recorded.recording(for_it=3), shelf / "undecided.json")
    state = await opened("/transparency?recording=undecided&tab=decisions")
    await handler(state, "tamper", "plan")
    assert not state.proof.done
    assert "no certificate" in state.problem


async def test_another_recording_shows_nothing_of_the_one_before(shelf: Path) -> None:
    write_recording(quiet_recording(alarm=False), shelf / "silent.json")
    state = await opened("/transparency?recording=whole&tab=decisions")
    await handler(state, "verify")
    await handler(state, "open_claim", "ballot.detection")
    state.router = (await opened("/transparency?recording=silent&tab=decisions")).router
    await handler(state, "enter")
    assert (state.name, state.opened, state.proof.done) == ("silent", {}, False)
    assert state.decisions.alternatives == ()


async def test_a_recording_that_vanished_meanwhile_is_said_to_be_gone(shelf: Path) -> None:
    state = await opened("/transparency")
    (shelf / "whole.json").unlink()
    await handler(state, "verify")
    assert "there is no recording 'whole'" in state.problem


async def test_a_socket_that_is_on_another_page_is_sent_nothing(shelf: Path) -> None:
    state = await opened("/ops")
    assert (state.loaded, state.cards, state.name) == (False, [], "")


async def test_before_the_server_is_ready_it_says_so() -> None:
    state = await opened("/transparency")
    assert "not ready yet" in state.problem


async def test_an_empty_folder_is_no_error(tmp_path: Path) -> None:
    services.provide_exhibits(Exhibits(DemoRuns(), Shelf(tmp_path / "none")))
    state = await opened("/transparency")
    services.provide_exhibits(None)
    assert (state.loaded, state.cards, state.problem) == (True, [], "")


def test_a_postmortem_is_shown_as_a_document_that_cannot_act() -> None:
    html = as_html(recorded.POSTMORTEM)
    assert "<h3>orders-db is full</h3>" in html
    assert "<b>" not in html
    assert "<a" not in html
    assert "<img" not in html
    assert "&lt;b&gt; &lt;b&gt;bold&lt;/b&gt; [a link](https://example.com) ![](x.png)" in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://example.com/x.png)",
        "<https://example.com>",
        "[x]: https://example.com\n\n[x]",
        "| a |\n|---|\n| <b>x</b> |",
        "```\n</code><script>\n```",
    ],
)
def test_no_markup_of_its_own_survives(hostile: str) -> None:
    html = as_html(hostile)
    for forbidden in ("<script", "<img", "<a ", "<b>", "href", "src=x>"):
        assert forbidden not in html


def test_what_is_left_to_do_has_a_box() -> None:
    assert "☐ Answer it" in as_html("- [ ] Answer it\n")


def test_the_reliability_figure_is_drawn_from_the_report_with_its_counts_and_its_command(tmp_path: Path) -> None:
    statements = [Stated(0.25, place % 4 == 0) for place in range(8)] + [Stated(0.75, True)] * 3
    halves = Halves("leading cause", "even seeds", "odd seeds", statements, statements)
    path = tmp_path / "calibration.json"
    path.write_text(report_of([halves], datetime(2026, 11, 24, tzinfo=UTC), "make it so").model_dump_json())
    held = held_view(path)
    assert (held.missing, held.command, held.measured) == ("", "make it so", "2026-11-24 00:00:00 UTC")
    assert [(row.name, row.counted, row.reported_on) for row in held.rows] == [
        ("Leading cause", "5 of 11", "odd seeds")
    ]
    drawn = draw_reliability(held)
    assert drawn.curves[0].path == "M250.0 300.0L750.0 0.0"
    assert [(each.time, each.cells) for each in drawn.rows] == [
        ("20% to 30%", ("25%: 2 of 8", "25%")),
        ("70% to 80%", ("100%: 3 of 3", "75%")),
    ]
    assert "stated 75%, came true 100%: 3 of 3" in drawn.summary


def test_without_a_report_it_says_why_and_how_to_make_one(tmp_path: Path) -> None:
    held = held_view(tmp_path / "calibration.json")
    assert "bench calibration --write" in held.missing
    assert draw_reliability(held).curves == ()


async def test_the_reliability_figure_comes_with_the_confidence_tab(shelf: Path) -> None:
    assert (await opened("/transparency?recording=whole&tab=decisions")).held.rows == ()
    state = await opened("/transparency?recording=whole&tab=confidence")
    assert state.held.rows
    assert state.reliability.rows
