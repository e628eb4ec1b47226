"""Memory on /ops: what an incident taught is seen by everyone, and an operator corrects it or has it forgotten."""

import json

import pytest
from playwright.sync_api import expect
from pydantic import JsonValue

from tests.e2e.conftest import Server, Viewer
from tests.e2e.operators import sign_in
from tests.e2e.test_kill_switch import END_SECONDS, ended
from tests.e2e.test_pages import start_scenario
from tests.running import wait_until

pytestmark = pytest.mark.e2e

SCENARIO, SEED = "memory_leak", 1


def practice(server: Server) -> dict[str, JsonValue]:
    """What practice taught."""
    learned = server.get("/api/memory").json()["learned"]
    return next(each for each in learned if each["world"] == "practice")


def remembered(server: Server) -> str:
    """The practice incidents that are remembered, as JSON."""
    return json.dumps(practice(server)["latest"])


def test_what_an_incident_taught_is_shown_corrected_and_forgotten(server: Server, viewer: Viewer) -> None:
    acting, watching = viewer.open("/ops"), viewer.open("/ops", width=390)
    incident = ended(server, start_scenario(acting, SCENARIO, SEED))["id"]
    wait_until(lambda: incident in remembered(server), END_SECONDS, f"that {incident} is remembered")
    for page in (acting, watching):
        shown = page.locator("#memory [data-world=practice]")
        expect(shown).to_contain_text("simulated")
        shown.get_by_text("Newest", exact=True).click()
        expect(shown.locator(f"[data-incident='{incident}']")).to_be_visible()
        shown.get_by_text("Patterns", exact=True).click()
        expect(shown).to_contain_text("held in")
    expect(watching.locator(f"#memory [data-incident='{incident}']")).to_contain_text("Sign in")
    sign_in(acting)
    row = acting.locator(f"#memory [data-incident='{incident}']")
    row.get_by_text("Correct or forget").click()
    row.get_by_label("What it was").select_option("overload")
    row.get_by_label("Of which service").fill("orders")
    row.get_by_label("Reason", exact=True).fill("the heap was flat")
    row.get_by_role("button", name="Correct").click()
    expect(acting.locator("[data-control=memory]")).to_contain_text("Corrected: Overload of orders.")
    seen = watching.locator(f"#memory [data-incident='{incident}']")
    expect(seen).to_contain_text("Overload of orders, says Ada Lovelace: the heap was flat")
    for page in (acting, watching):
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    row.get_by_label("Reason to forget it").fill("a drill")
    row.get_by_role("button", name="Forget").click()
    expect(seen).to_have_count(0)
    assert incident not in remembered(server)
    assert practice(server)["forgotten"] != 0
    assert viewer.errors == []
