"""Faults in the live agents on /transparency: by an operator's word alone, seen by all in a real incident's vote."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from incident_commander.domain.ballot import VOTERS
from tests.e2e.conftest import Server, Viewer
from tests.e2e.operators import sign_in
from tests.e2e.test_pages import alert_body

pytestmark = pytest.mark.e2e


@pytest.fixture
def honest(server: Server) -> Iterator[Server]:
    """The session's server, whose agents are honest again whatever happens here."""
    yield server
    for voter in VOTERS:
        server.act("PUT", f"/api/faults/{voter}", {"fault": None, "reason": "the test has ended"})


def opened(viewer: Viewer, *, width: int = 1440, dark: bool = False) -> Page:
    """The live agents, once they are shown."""
    page = viewer.open("/transparency?fail=live", width=width, dark=dark)
    expect(page.locator("#live-agents li[data-voter]")).to_have_count(5)
    return page


def change(page: Page, voter: str, fault: str) -> None:
    """Change an agent as an operator does."""
    form = page.locator("#live-form")
    form.get_by_label("Agent").select_option(voter)
    form.get_by_label("From its next vote on").select_option(fault)
    form.get_by_label("Reason").fill("a drill")
    form.get_by_role("button", name="Change it").click()
    expect(page.locator(f"#live-agents li[data-voter={voter}]")).to_have_attribute("data-fault", fault)


def alerted(server: Server, page: Page) -> None:
    """Send a real alert, and wait until its incident's vote has ended on the page."""
    answer = server.post("/api/alerts/alertmanager", alert_body("DrillLatency", "checkout")).json()
    (incident,) = {outcome["incident_id"] for outcome in answer["outcomes"]}
    expect(page.locator(f"#live-incident[data-incident={incident}][data-status=escalated]")).to_be_visible()


def test_without_the_token_nothing_is_changed(honest: Server, viewer: Viewer) -> None:
    page = opened(viewer)
    expect(page.locator("#live-change")).to_contain_text("Sign in to change it")
    expect(page.locator("#live-form")).to_have_count(0)
    sign_in(page, token="a wrong token that is long enough")
    expect(page.locator("#sign-in-refusal")).not_to_be_empty()
    expect(page.locator("#live-form")).to_have_count(0)
    body = {"fault": "lie", "reason": "nobody may"}
    assert httpx.put(f"{honest.url}/api/faults/detection", json=body, timeout=20).status_code == 401
    assert honest.get("/api/faults").json() == {"faults": {}}
    assert viewer.errors == []


def test_a_fault_is_seen_by_everyone_and_in_the_next_real_vote(honest: Server, viewer: Viewer) -> None:
    acting, watching = opened(viewer), opened(viewer, width=390, dark=True)
    sign_in(acting)
    change(acting, "detection", "lie")
    expect(acting.locator("[data-control=live-faults]")).to_have_text("Detection is made to lie. The ledger has it.")
    for page in (acting, watching):
        expect(page.locator("#live-agents li[data-voter=detection]")).to_have_attribute("data-fault", "lie")
        expect(page.locator("#live-changes li").first).to_contain_text("Detection is made to lie")
        expect(page.locator("#live-changes li").first).to_contain_text("by Ada Lovelace")
        expect(page.locator("#live-bears")).to_contain_text("1 of 5 fails: as many as the rule bears (f = 1)")

    alerted(honest, watching)
    round_ = watching.locator("#live-vote .rounds > li").last
    expect(round_.locator(".cast > li")).to_have_count(5)
    liar = round_.locator(".cast > li[data-voter=detection]")
    expect(liar).to_contain_text("made to lie")
    expect(liar).to_contain_text("confidence 100%")
    expect(round_.locator(".cast > li[data-fault=true]")).to_have_count(1)
    assert watching.evaluate("document.documentElement.scrollWidth") <= 390
    assert viewer.errors == []


def test_beyond_what_the_rule_bears_a_real_decision_is_refused_and_it_says_so(honest: Server, viewer: Viewer) -> None:
    page = opened(viewer)
    sign_in(page)
    change(page, "detection", "collude")
    change(page, "prediction", "collude")
    expect(page.locator("#live-bears")).to_have_attribute("data-beyond", "true")
    alerted(honest, page)
    round_ = page.locator("#live-vote .rounds > li").last
    expect(round_).to_have_attribute("data-state", "failed")
    expect(round_.locator(".cast > li[data-fault=true]")).to_have_count(2)
    expect(round_.locator(".meaning")).to_contain_text("3 honest votes are left and 4 are needed")
    expect(page.locator("#live-vote .provenance").first).to_have_attribute("data-kind", "live")

    change(page, "detection", "honest")
    change(page, "prediction", "honest")
    expect(page.locator("#live-bears")).to_have_count(0)
    alerted(honest, page)
    expect(page.locator("#live-vote .cast > li[data-fault=true]")).to_have_count(0)
    assert viewer.errors == []


def test_an_agent_that_equivocates_is_quarantined_until_an_operator_releases_it(honest: Server, viewer: Viewer) -> None:
    page = opened(viewer)
    sign_in(page)
    change(page, "resolution", "equivocate")
    alerted(honest, page)
    try:
        expect(page.locator("#live-agents .quarantined")).to_contain_text(
            "Resolution is quarantined until a person releases it: equivocation"
        )
        expect(page.locator("#live-vote .refused").first).to_contain_text("Resolution: equivocation, 2 ballots")
    finally:
        honest.act("POST", "/api/agents/resolution/release", {"reason": "the test has ended"})
    expect(page.locator("#live-agents .quarantined")).to_have_count(0)
    assert viewer.errors == []
