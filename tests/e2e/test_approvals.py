"""A person answers on /ops in place of the modelled operator: agrees, changes the plan first, or refuses."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Viewer
from tests.e2e.operators import question_of, sign_in, start_for_a_person
from tests.running import wait_until

pytestmark = pytest.mark.e2e

SCENARIO, SEED = "storage_failure", 1
"""Its certified plan grows a volume, which nothing takes back: a person must agree."""
END_MS = 90_000


def waiting(server: Server, run: str) -> tuple[str, str]:
    """The incident of a run that waits for a person, with the digest of the plan asked about."""

    def found() -> tuple[str, str] | None:
        incidents = server.get(f"/api/incidents?practice_run={run}").json()["incidents"]
        ids = {incident["id"] for incident in incidents}
        asked = [each for each in server.get("/api/approvals").json()["approvals"] if each["incident_id"] in ids]
        return (asked[0]["incident_id"], asked[0]["plan"]) if asked else None

    return wait_until(found, 90, f"a question of {run}")


def test_a_person_changes_the_plan_agrees_and_it_is_voted_on_anew_and_carried_out(
    server: Server, viewer: Viewer
) -> None:
    page = viewer.open("/ops")
    incident, plan = waiting(server, start_for_a_person(page, SCENARIO, SEED))
    question = question_of(page, incident)
    for said in ("Cannot be undone", "practice-irreversible", "voters", "Checks that must be met", plan):
        expect(question).to_contain_text(said)
    expect(question.get_by_text("Sign in to answer")).to_be_visible()
    expect(question.get_by_role("button", name="Approve")).to_have_count(0)

    sign_in(page, "Grace Hopper")
    question.get_by_text("Change the arguments first").click()
    question.get_by_label("Factor").fill("9")
    question.get_by_role("button", name="Approve").click()
    outcome = page.locator("[data-control=approvals]")
    expect(outcome).to_contain_text("factor = 9.0 is not a number in [1.25, 4.0]")
    expect(question).to_be_visible()

    question.get_by_label("Factor").fill("3")
    question.get_by_label("Reason to approve").fill("it will grow further")
    question.get_by_role("button", name="Approve").click()
    expect(outcome).to_contain_text("Approved by Grace Hopper. The changed plan goes to a new round of votes.")
    expect(question).to_have_count(0)
    page.goto(f"{server.url}/ops?incident={incident}")
    expect(page.locator("#action .action-text")).to_have_text("Grow the storage of core-db (factor 3)", timeout=END_MS)
    expect(page.locator("#ballots")).to_contain_text("Round 2")
    expect(page.locator("#action")).to_contain_text("Approved by Grace Hopper: it will grow further")
    expect(page.locator("#incident .head-marks .status")).to_have_text(re.compile("Resolved|Escalated"), timeout=END_MS)
    expect(page.locator("#action .status[data-state=applied]")).to_be_visible()
    assert viewer.errors == []


def test_a_person_refuses_with_a_reason_and_nothing_is_done(server: Server, viewer: Viewer) -> None:
    page = viewer.open("/ops")
    sign_in(page)
    incident, plan = waiting(server, start_for_a_person(page, SCENARIO, SEED))
    question = question_of(page, incident)
    question.get_by_label("Reason to deny").fill("we clean it up by hand")
    question.get_by_role("button", name="Deny").click()
    expect(page.locator("[data-control=approvals]")).to_contain_text("Denied by Ada Lovelace")
    expect(question).to_have_count(0)
    page.goto(f"{server.url}/ops?incident={incident}")
    expect(page.locator("#incident .head-marks .status")).to_have_text("Escalated", timeout=END_MS)
    expect(page.locator("#action")).to_contain_text("Denied by Ada Lovelace: we clean it up by hand")
    expect(page.locator("#action .status[data-state=waiting]")).to_have_text("Not carried out")

    at = f"/api/incidents/{incident}/approval"
    assert server.act("POST", at, {"plan": plan, "answer": "denied", "reason": "again"}).status_code == 202
    late = server.act("POST", at, {"plan": plan, "answer": "approved"})
    assert late.status_code == 409
    assert "denied by Ada Lovelace" in late.json()["error"]["problem"]
    foreign = server.act("POST", at, {"plan": "0" * 64, "answer": "approved"})
    assert foreign.status_code == 409
    assert viewer.errors == []


def test_what_was_refused_before_is_told_when_it_is_asked_again(server: Server, viewer: Viewer) -> None:
    page = viewer.open("/ops")
    sign_in(page)
    for reason in ("the first time", "the second time"):
        incident, _ = waiting(server, start_for_a_person(page, SCENARIO, SEED))
        question = question_of(page, incident)
        expect(question).to_be_visible()
        if reason == "the second time":
            expect(question).to_contain_text("by Ada Lovelace: the first time")
        question.get_by_label("Reason to deny").fill(reason)
        question.get_by_role("button", name="Deny").click()
        expect(question).to_have_count(0)


def test_a_wrong_token_signs_nobody_in_and_signing_out_takes_the_controls_away(viewer: Viewer) -> None:
    page = viewer.open("/ops")
    sign_in(page, token="a-guess-of-somebody-else")
    expect(page.locator("#sign-in-refusal")).to_contain_text("This is not the operator token")
    expect(page.get_by_role("button", name="Stop every action")).to_have_count(0)
    sign_in(page)
    expect(page.locator("#signed-in")).to_have_text("Ada Lovelace")
    expect(page.get_by_role("button", name="Stop every action")).to_be_visible()
    assert (
        page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])").find("token-of") < 0
    )
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Stop every action")).to_have_count(0)
    assert viewer.errors == []
