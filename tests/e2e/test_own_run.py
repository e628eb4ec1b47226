"""A practice run of one's own on /transparency with agents that fail: the vote, its outcome, and nobody live hurt."""

import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, Viewer
from tests.e2e.test_demo import RUN_MS
from tests.e2e.test_pages import alert_body
from tests.running import wait_until

pytestmark = pytest.mark.e2e

SCENARIO, SEED = "memory_leak", 3
"""All five choose the same plan here when they are honest; the server remembers the last runs."""
END_SECONDS = 90.0


def opened(viewer: Viewer, *, width: int = 1440, dark: bool = False) -> Page:
    """The page where agents are made to fail, once it can be used."""
    page = viewer.open("/transparency?fail=own", width=width, dark=dark)
    expect(page.locator("#own-form .trial-agents > li")).to_have_count(5)
    return page


def run(page: Page, faults: Mapping[str, str]) -> None:
    """Make these agents fail, and run it to its end."""
    page.locator("#own-scenario").select_option(SCENARIO)
    page.locator("#own-seed").fill(str(SEED))
    for voter, fault in faults.items():
        page.locator(f"#own-fault-{voter}").select_option(fault)
        expect(page.locator(f"#own-form li[data-voter={voter}]")).to_have_attribute("data-fault", fault)
    page.locator("#own-run").click()
    expect(page.locator("#own-ending")).to_be_visible(timeout=RUN_MS)


def test_with_one_that_lies_the_others_decide_and_every_ballot_is_shown(viewer: Viewer) -> None:
    page = opened(viewer)
    run(page, {"detection": "lie"})
    (round_,) = page.locator("#own-vote .rounds > li").all()
    expect(round_).to_have_attribute("data-state", "reached")
    expect(round_.locator(".quorum-text")).to_have_text("4 of 5 for one plan, 4 needed: quorum reached")
    expect(round_.locator(".cast > li")).to_have_count(5)
    expect(round_.locator(".cast > li[data-state=for]")).to_have_count(4)
    liar = round_.locator(".cast > li[data-voter=detection]")
    expect(liar).to_have_attribute("data-state", "other")
    expect(liar).to_contain_text("made to lie")
    expect(liar).to_contain_text("confidence 100%")
    expect(round_.locator(".meaning")).to_contain_text("as many as the rule bears (f = 1): the others are enough")
    expect(page.locator("#own-ending")).to_have_attribute("data-status", "resolved")
    expect(page.locator("#own-ending")).to_contain_text("What was done was right")
    for panel in ("#own", "#own-vote"):
        expect(page.locator(f"{panel} .provenance").first).to_have_attribute("data-kind", "simulated")
    assert viewer.errors == []


def test_with_two_that_collude_nothing_is_certified_and_it_says_so(viewer: Viewer) -> None:
    page = opened(viewer)
    run(page, {"detection": "collude", "prediction": "collude"})
    expect(page.locator("#own-bears")).to_contain_text("2 of 5 fail: more than the rule bears (f = 1)")
    rounds = page.locator("#own-vote .rounds > li")
    expect(rounds).to_have_count(2)
    for round_ in rounds.all():
        expect(round_).to_have_attribute("data-state", "failed")
        expect(round_.locator(".quorum-text")).to_contain_text("4 needed: no quorum")
        expect(round_.locator(".cast > li[data-fault=true]")).to_have_count(2)
    expect(rounds.last.locator(".meaning")).to_contain_text("3 honest votes are left and 4 are needed")
    expect(rounds.last.locator(".meaning")).to_contain_text("nothing is done, and a person is told")
    expect(page.locator("#own-ending")).to_have_attribute("data-status", "escalated")
    expect(page.locator("#own-ending")).to_contain_text("Nothing was done")
    page.locator("#own-ending").get_by_role("link", name="Decisions").click()
    expect(page.locator("#label")).to_contain_text("Detection was made to collude")
    expect(page.locator("#recording-title")).to_be_visible()
    assert viewer.errors == []


def test_the_vote_is_seen_while_the_run_goes_on_and_a_run_can_be_stopped(viewer: Viewer) -> None:
    page = opened(viewer)
    page.locator("#own-scenario").select_option(SCENARIO)
    page.get_by_role("button", name="Another seed").click()
    expect(page.locator("#own-seed")).not_to_have_value("1")
    page.locator("#own-fault-resolution").select_option("silent")
    page.locator("#own-run").click()
    expect(page.locator("#own-vote")).to_contain_text("No ballot yet")
    page.wait_for_function(
        "document.querySelector('#own .trial-progress') && document.querySelector('#own-vote .cast')", timeout=RUN_MS
    )
    page.get_by_role("button", name="Stop this run").click()
    expect(page.locator("#own-run")).to_be_enabled()
    expect(page.locator("#own-ending")).to_have_count(0)
    expect(page.locator("#own-vote .rounds")).to_have_count(0)
    assert viewer.errors == []


def test_an_agent_that_fails_in_practice_is_quarantined_there_and_nowhere_else(viewer: Viewer, server: Server) -> None:
    def state() -> tuple[object, object]:
        return server.get("/api/faults").json(), server.get("/api/agents/quarantined").json()

    before, known = state(), incidents(server)
    page = opened(viewer)
    run(page, {"detection": "equivocate"})
    expect(page.locator("#own-vote .refused")).to_contain_text("Detection: equivocation, 2 ballots")
    expect(page.locator("#own-vote .quarantined")).to_have_text(
        "Detection is quarantined for the rest of this incident: equivocation"
    )
    assert incidents(server) == known
    assert state() == before

    # The same in the server's own practice company, which shares its store and its keys with real incidents.
    asked = {"scenario": SCENARIO, "seed": SEED, "faults": {"detection": "equivocate"}}
    started = server.post("/api/incidents/demo", asked).json()["run_id"]
    wait_until(lambda: server.get(f"/api/practice/{started}").status_code == 200, END_SECONDS, f"the end of {started}")
    (incident,) = server.get(f"/api/incidents?practice_run={started}").json()["incidents"]
    assert "agent.quarantined" in kinds(server, incident["id"])
    assert state() == before

    outcomes = server.post("/api/alerts/alertmanager", alert_body("AfterPractice", "checkout")).json()["outcomes"]
    (real,) = {outcome["incident_id"] for outcome in outcomes}
    wait_until(lambda: "postmortem.written" in kinds(server, real), END_SECONDS, f"the end of {real}")
    assert not {"ballot.rejected", "agent.quarantined"} & set(kinds(server, real))
    assert viewer.errors == []


def test_what_is_no_seed_is_refused_in_words(viewer: Viewer) -> None:
    page = opened(viewer)
    page.locator("#own-seed").fill("seven")
    page.locator("#own-run").click()
    expect(page.locator("#own-seed-note")).to_contain_text("'seven' is not a whole number from 0 to 4294967295")
    expect(page.locator("#own-run")).to_be_enabled()
    expect(page.locator("#own-ending")).to_have_count(0)


def test_one_viewers_run_is_that_viewers(viewer: Viewer) -> None:
    mine, other = opened(viewer), opened(viewer)
    run(mine, {"detection": "lie"})
    expect(mine.locator(".recordings a", has_text="Your own run")).to_be_visible()
    other.reload()
    expect(other.locator("#own-form .trial-agents > li[data-fault=honest]")).to_have_count(5)
    expect(other.locator(".recordings a", has_text="Your own run")).to_have_count(0)
    other.goto(re.sub(r"\?.*", "?recording=your.run&tab=decisions", other.url))
    expect(other.get_by_role("alert")).to_contain_text("there is no run of your own in this browser tab")
    assert viewer.errors == []


@pytest.mark.parametrize("width", [390, 768, 2560])
def test_nothing_scrolls_sideways(viewer: Viewer, width: int) -> None:
    page = opened(viewer, width=width, dark=width == 390)
    run(page, {"detection": "collude", "prediction": "collude"})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def kinds(server: Server, incident: str) -> list[str]:
    """The kinds of events on an incident's timeline."""
    return [event["kind"] for event in server.get(f"/api/incidents/{incident}/timeline").json()["events"]]


def incidents(server: Server) -> list[str]:
    """The ids of the server's incidents; those of earlier tests may still change."""
    return [incident["id"] for incident in server.get("/api/incidents").json()["incidents"]]
