"""The pages as people meet them: what is shown, how it fits, that text stays text."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server, Viewer
from tests.running import wait_until

pytestmark = pytest.mark.e2e

SCENARIOS = ("memory_leak", "api_overload", "database_cascade")
WIDTHS = (390, 768, 1440, 2560)


def alert_body(name: str, service: str, summary: str = "p99 above 2 s") -> dict[str, object]:
    """An Alertmanager webhook with one firing alert, which is like no other: tests share the server."""
    alert = {
        "status": "firing",
        "labels": {"alertname": name, "service": f"{service}-{uuid4()}", "severity": "critical", "test": str(uuid4())},
        "annotations": {"summary": summary},
        "startsAt": datetime.now(UTC).isoformat(),
    }
    return {"version": "4", "status": "firing", "alerts": [alert]}


def test_the_landing_page_says_what_this_is_and_leads_on(viewer: Viewer, server: Server) -> None:
    page = viewer.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("From alert to verified fix")
    expect(page.locator("#installation")).to_contain_text("database")
    expect(page.get_by_role("region", name="Command that sends a first alert")).to_contain_text(server.url)
    page.get_by_role("link", name="Open operations").click()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    assert viewer.errors == []


def test_every_link_of_the_landing_page_leads_somewhere(viewer: Viewer, server: Server) -> None:
    page = viewer.open("/")
    expect(page.get_by_role("link", name="Open operations")).to_be_visible()
    found = [link.get_attribute("href") or "" for link in page.get_by_role("link").all()]
    paths = {path for path in found if not path.endswith("#content")}
    assert paths == {"/", "/demo", "/ops", "/transparency", "/docs"}
    assert {path: server.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_the_connection_shows_a_latency_that_was_measured(viewer: Viewer) -> None:
    page = viewer.open("/ops")
    latency = page.locator("#latency")
    expect(latency).to_have_text(re.compile(r"^[\d.]+ ms$"))
    assert 0 < float(latency.inner_text().removesuffix(" ms")) < 10_000


def test_a_posted_alert_appears_on_an_open_page(viewer: Viewer, server: Server) -> None:
    page = viewer.open("/ops")
    name = f"Posted{uuid4()}"
    assert server.post("/api/alerts/alertmanager", alert_body(name, "posted")).status_code < 300
    expect(page.locator("#incidents li").filter(has_text=name).first).to_be_visible()


def test_hostile_text_is_shown_as_text(viewer: Viewer, server: Server) -> None:
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    page = viewer.open("/ops")
    name = f"Hostile{uuid4()}"
    answer = server.post(
        "/api/alerts/alertmanager", alert_body(f"{name} {hostile}", f"svc {hostile}", f"{hostile} {'long' * 200}")
    )
    assert answer.status_code < 300, answer.text
    page.locator("#incidents li").filter(has_text=name).first.get_by_role("button").click()
    expect(page.locator("#alerts")).to_contain_text(hostile)
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Operations · Incident Commander"
    assert viewer.errors == []


def test_a_scenario_started_here_is_pushed_from_its_alerts_to_its_ballots_and_end(viewer: Viewer) -> None:
    page = viewer.open("/ops")
    start_scenario(page, "database_cascade", 1)
    expect(page.locator("#incident .clock[data-state=simulated]")).to_be_visible()
    expect(page.locator(".votes > li")).to_have_count(5)
    expect(page.locator("#quorum-text")).to_contain_text("4 needed")
    expect(page.locator("#incident .head-marks .status")).not_to_have_text("Open", timeout=60_000)
    expect(page.locator("#figures .figure-value").first).to_be_visible()
    assert viewer.errors == []


def test_an_action_is_pushed_with_its_certificate_and_checks(viewer: Viewer, server: Server) -> None:
    """Not every seed is one to act on; among the first of each scenario at least one is."""
    page = viewer.open("/ops")
    for scenario, seed in ((scenario, seed) for seed in range(1, 6) for scenario in SCENARIOS):
        run = start_scenario(page, scenario, seed)
        expect(page.locator("#incident")).to_contain_text(run)
        expect(page.locator("#incident .head-marks .status")).not_to_have_text("Open", timeout=60_000)
        if page.locator("#action .status[data-state=applied]").count():
            expect(page.locator("#action")).to_contain_text("signed ballots")
            assert page.locator(".checks > li").count() > 0
            return
    pytest.fail("no scenario was acted upon")


def test_the_evidence_opens_on_demand(viewer: Viewer, server: Server) -> None:
    incident = diagnosed(server)
    page = viewer.open("/ops")
    page.locator("#incidents li").filter(has_text=incident).first.get_by_role("button").click()
    first = page.locator("#hypotheses details").first
    expect(first.locator(".evidence").first).to_be_hidden()
    first.locator("summary").click()
    expect(first.locator(".evidence li").first).to_be_visible()


def test_a_seed_that_is_none_is_refused_with_a_reason(viewer: Viewer) -> None:
    page = viewer.open("/ops")
    page.get_by_label("Seed").fill("seven")
    page.get_by_role("button", name="Start scenario").click()
    expect(page.locator(".practice-notice .problem")).to_contain_text("not a whole number")
    expect(page.get_by_role("button", name="Start scenario")).to_be_enabled()


@pytest.mark.parametrize("path", ["/", "/ops"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(viewer: Viewer, path: str, width: int) -> None:
    page = viewer.open(path, width=width)
    expect(page.locator("main")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_follows_the_system_until_the_user_chooses_and_is_then_remembered(viewer: Viewer, dark: bool) -> None:
    page = viewer.open("/ops", dark=dark)
    assert is_dark(page) is dark
    page.get_by_role("button", name="Switch between light and dark").click()
    page.wait_for_function(
        "expected => document.documentElement.classList.contains(expected)", arg="light" if dark else "dark"
    )
    assert is_dark(page) is not dark
    page.reload()
    page.wait_for_selector("#connection[data-state=live]")
    assert is_dark(page) is not dark


def test_everything_can_be_reached_and_seen_by_keyboard(viewer: Viewer) -> None:
    page = viewer.open("/ops")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    seen: set[str] = set()
    while page.evaluate("document.activeElement !== document.body") and len(seen) < 60:
        name = page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 30)")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", f"no focus on {name!r}"
        seen.add(name)
        page.keyboard.press("Tab")
    assert {"scenario", "seed"} <= seen


def start_scenario(page: Page, scenario: str, seed: int) -> str:
    """Start one as a person does; returns the practice run's id."""
    notice = page.locator(".practice-notice")
    before = notice.inner_text()
    page.get_by_label("Scenario").select_option(scenario)
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_role("button", name="Start scenario").click()
    expect(notice).not_to_have_text(before)
    expect(notice).to_contain_text(f"started: {scenario}, seed {seed}")
    return notice.locator("code").inner_text()


def is_dark(page: Page) -> bool:
    """Whether the page's ground is darker than its text."""
    ground = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3)"
    return bool(page.evaluate(f"{ground}.reduce((sum, part) => sum + +part, 0) < 200"))


def diagnosed(server: Server) -> str:
    """The title of an incident that has been diagnosed with evidence."""
    started = server.post("/api/incidents/demo", {"scenario": "database_cascade", "seed": 2})
    assert started.status_code < 300, started.text

    def found() -> str | None:
        for incident in server.get("/api/incidents").json()["incidents"]:
            if incident["practice_run"] and incident["verdict"] in ("confirmed", "likely"):
                return str(incident["title"])
        return None

    return wait_until(found, 60, "a diagnosed incident")
