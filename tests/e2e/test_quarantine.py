"""A live agent that is made to contradict itself is caught and quarantined before everyone's eyes, until a person
releases it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Server, Viewer
from tests.e2e.operators import sign_in
from tests.e2e.test_pages import alert_body

pytestmark = pytest.mark.e2e

VOTER = "prediction"


@pytest.fixture
def honest(server: Server) -> Iterator[Server]:
    """The session's server, whose voters are honest and counted again whatever happens here."""
    yield server
    server.act("PUT", f"/api/faults/{VOTER}", {"fault": None, "reason": "the test has ended"})
    server.act("POST", f"/api/agents/{VOTER}/release", {"reason": "the test has ended"})


def test_an_agent_that_equivocates_is_quarantined_until_a_person_releases_it(honest: Server, viewer: Viewer) -> None:
    acting, watching = viewer.open("/ops"), viewer.open("/ops")
    sign_in(acting)
    injected = honest.act("PUT", f"/api/faults/{VOTER}", {"fault": "equivocate", "reason": "a drill"})
    assert injected.status_code == 200, injected.text
    for page in (acting, watching):
        expect(page.locator(f"#faults li[data-voter={VOTER}]")).to_contain_text("equivocate")
    honest.post("/api/alerts/alertmanager", alert_body("Drill", "drilled"))
    for page in (acting, watching):
        expect(page.locator(f"#quarantined li[data-voter={VOTER}]")).to_contain_text("Equivocation")
    expect(watching.locator("#quarantined")).to_contain_text("Sign in to release it")

    fault = acting.locator(f"#faults li[data-voter={VOTER}]")
    fault.get_by_label("Reason").fill("the drill is over")
    fault.get_by_role("button", name="Let it vote honestly").click()
    for page in (acting, watching):
        expect(page.locator("#faults")).to_have_count(0)
    held = acting.locator(f"#quarantined li[data-voter={VOTER}]")
    held.get_by_label("Reason").fill("it was a drill")
    held.get_by_role("button", name="Release").click()
    for page in (acting, watching):
        expect(page.locator("#quarantined")).to_have_count(0)
    assert honest.get("/api/agents/quarantined").json() == {"quarantined": []}
    assert viewer.errors == []
