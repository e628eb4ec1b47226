"""The kill switch on /ops: thrown by one operator, seen by everyone at once, and nothing is done while it is on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, Viewer
from tests.e2e.operators import sign_in
from tests.e2e.test_pages import start_scenario
from tests.running import wait_until

pytestmark = pytest.mark.e2e

SCENARIO, SEED = "memory_leak", 1
"""Its certified plan is carried out, and the incident resolved, where nothing stops it."""
END_SECONDS = 90


@pytest.fixture
def released(server: Server) -> Iterator[Server]:
    """The session's server, whose kill switch is off again whatever happens here."""
    yield server
    server.act("PUT", "/api/kill-switch", {"on": False, "reason": "the test has ended"})


def ended(server: Server, run: str) -> dict[str, str]:
    """The incident of a practice run, once it has ended."""

    def found() -> dict[str, str] | None:
        incidents = server.get(f"/api/incidents?practice_run={run}").json()["incidents"]
        over = [incident for incident in incidents if incident["status"] in ("resolved", "escalated", "closed")]
        return over[0] if incidents and len(over) == len(incidents) else None

    return wait_until(found, END_SECONDS, f"the end of {run}")


def kinds(server: Server, incident: str) -> set[str]:
    """The kinds of events on an incident's timeline."""
    return {event["kind"] for event in server.get(f"/api/incidents/{incident}/timeline").json()["events"]}


def reasons(server: Server, incident: str) -> list[str]:
    """Why an incident stands where it does, in words."""
    events = server.get(f"/api/incidents/{incident}/timeline").json()["events"]
    return [event["payload"]["reason"] for event in events if event["kind"] == "incident.status_changed"]


def throw(page: Page, button: str, reason: str) -> None:
    """Throw it as a person does."""
    panel = page.locator("#kill-switch")
    panel.get_by_label("Reason").fill(reason)
    panel.get_by_role("button", name=button).click()


def test_while_the_kill_switch_is_on_everyone_is_told_and_nothing_is_done(released: Server, viewer: Viewer) -> None:
    acting, watching = viewer.open("/ops"), viewer.open("/ops", width=390)
    expect(watching.locator("#kill-banner")).to_have_count(0)
    expect(watching.locator("#kill-switch")).to_contain_text("Sign in to throw it")
    sign_in(acting)
    throw(acting, "Stop every action", "a migration runs")
    for page in (acting, watching):
        expect(page.locator("#kill-banner")).to_contain_text("Thrown by Ada Lovelace")
        expect(page.locator("#kill-banner")).to_contain_text("a migration runs")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    expect(acting.locator("[data-control=kill-switch]")).to_contain_text("The kill switch is on.")

    stopped = ended(released, start_scenario(acting, SCENARIO, SEED))
    assert stopped["status"] == "escalated"
    assert "action.received" not in kinds(released, stopped["id"])
    acting.goto(f"{released.url}/ops?incident={stopped['id']}")
    expect(acting.locator("#timeline")).to_contain_text("kill switch")

    throw(acting, "Release the kill switch", "the migration is done")
    for page in (acting, watching):
        expect(page.locator("#kill-banner")).to_have_count(0)
        expect(page.locator("#kill-switch")).to_contain_text("Released by Ada Lovelace")
    went_on = ended(released, start_scenario(acting, SCENARIO, SEED))
    assert went_on["status"] == "resolved", reasons(released, went_on["id"])
    assert "action.received" in kinds(released, went_on["id"])
    assert viewer.errors == []


def test_a_reason_is_asked_for(released: Server, viewer: Viewer) -> None:
    page = viewer.open("/ops")
    sign_in(page)
    throw(page, "Stop every action", "   ")
    expect(page.locator("[data-control=kill-switch]")).to_contain_text("A reason is needed")
    assert released.get("/api/kill-switch").json()["on"] is False


def test_trust_is_set_by_hand_and_its_history_is_seen_by_everyone(server: Server, viewer: Viewer) -> None:
    acting, watching = viewer.open("/ops"), viewer.open("/ops")
    sign_in(acting)
    trust = acting.locator("#trust")
    trust.get_by_text("Set by hand", exact=True).click()
    for level, reason in (("observe", "we learn what it would do"), ("approve", "we saw enough")):
        trust.get_by_label("Class").select_option("block_sources")
        trust.get_by_label("Level").select_option(level)
        trust.get_by_label("Where").select_option("live")
        trust.get_by_label("Reason").fill(reason)
        trust.get_by_role("button", name="Set the level").click()
        row = watching.locator("#trust li[data-action=block_sources]")
        expect(row.locator(".trust-level")).to_have_text(level)
    row.locator("summary").click()
    expect(row).to_contain_text("observe to approve, set by hand by Ada Lovelace")
    expect(row).to_contain_text("we learn what it would do")
    trust.get_by_label("Class").select_option("restart")
    trust.get_by_label("Level").select_option("auto")
    trust.get_by_label("Reason").fill("too far")
    trust.get_by_role("button", name="Set the level").click()
    expect(trust.locator("[data-control=trust] .problem")).to_contain_text("restart")
    assert viewer.errors == []


def test_a_reset_of_practice_is_for_operators(server: Server, viewer: Viewer) -> None:
    page = viewer.open("/ops")
    page.get_by_text("Reset the practice data").click()
    expect(page.get_by_role("button", name="End all practice runs")).to_have_count(0)
    sign_in(page)
    page.get_by_role("button", name="End all practice runs").click()
    expect(page.locator("[data-control=practice]")).to_contain_text("Practice runs ended")
    assert viewer.errors == []
