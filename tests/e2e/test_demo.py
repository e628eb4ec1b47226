"""/demo as an executive meets it: a run of one's own, its figures, the player, the assumptions."""

import json
import re
import subprocess
import sys
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Page, expect

from incident_commander.response.report import RunReport
from incident_commander.response.view_text import duration
from tests.e2e.conftest import Server, Viewer
from tests.running import REPOSITORY, wait_until

pytestmark = pytest.mark.e2e

COMMAND = Path(sys.executable).parent / "incident-commander"
SCENARIO, SEED = "memory_leak", 4
"""One run serves most tests: the server remembers the last ones."""
RUN_MS = 120_000
"""How long to wait for a run: several times what one takes on a busy machine."""
REST_SECONDS = 60.0
WIDTHS = (390, 768, 1440, 2560)


def test_the_page_opens_with_a_recorded_run_that_can_be_played(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_have_text(re.compile(r"^-?\$[\d,.]+$"))
    expect(page.locator(".demo-eyebrow")).to_contain_text("recorded")
    expect(page.locator("#ending")).not_to_contain_text("Told at the end")
    page.get_by_role("button", name="Replay").click()
    expect(page.locator("#ending")).to_contain_text("Told at the end")
    expect(page.locator("#clock")).not_to_have_text("0:00")
    assert viewer.errors == []


def test_a_run_ends_with_the_figures_of_its_report(viewer: Viewer) -> None:
    printed = subprocess.run(
        [COMMAND, "scenario", "run", SCENARIO, "--seed", str(SEED), "--json"],
        cwd=REPOSITORY, capture_output=True, check=True, timeout=150,
    )  # fmt: skip
    report = RunReport.model_validate({"run_id": "", **json.loads(printed.stdout)})
    page = viewer.open("/demo")
    run(page)
    page.get_by_role("button", name="To the end").click()
    assert report.clock.mttd_seconds is not None
    assert report.clock.mttr_seconds is not None
    assert report.clock.baseline_mttr_seconds is not None
    expect(page.locator("#mttd-ours")).to_have_text(duration(report.clock.mttd_seconds))
    expect(page.locator("#mttr-ours")).to_have_text(duration(report.clock.mttr_seconds))
    expect(page.locator("#mttr-human")).to_have_text(duration(report.clock.baseline_mttr_seconds))
    outcomes = page.locator("#demo-predictions li")
    expect(outcomes).to_have_count(report.predictions.made)
    expect(page.locator("#demo-predictions li[data-state=hit]")).to_have_count(report.predictions.hits)
    expect(page.locator("#ending")).to_contain_text("What was really wrong")
    assert viewer.errors == []


def test_every_figure_says_where_it_comes_from(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    for cell in page.locator("#comparison tbody td").all():
        expect(cell.locator(".provenance-kind").first).to_have_text(re.compile("simulated|assumed"))
    expect(page.locator(".demo-headline .provenance[data-kind=assumed]")).to_be_visible()


def test_a_run_is_its_viewers_own(viewer: Viewer, server: Server) -> None:
    other, ops = viewer.open("/demo"), viewer.open("/ops")
    expect(other.locator("#saved")).to_be_visible()
    before = other.locator(".demo-eyebrow").inner_text()
    incidents = at_rest(server)
    expect(ops.locator("#figures")).to_contain_text("MTTR")
    figures = ops.locator("#figures").inner_text()
    mine = viewer.open("/demo")
    run(mine)
    expect(mine.locator(".demo-eyebrow")).to_contain_text(f"seed {SEED}")
    assert other.locator(".demo-eyebrow").inner_text() == before
    assert at_rest(server) == incidents
    assert ops.locator("#figures").inner_text() == figures
    assert viewer.errors == []


def test_the_player_pauses_steps_and_plays_again(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    run(page)
    clock = page.locator("#clock")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_role("slider", name="Position in simulated time").fill("0")
    expect(clock).to_have_text("0:00")
    told = page.locator("#side-ours li")
    expect(told).to_have_count(1)
    page.get_by_role("button", name="Next event").click()
    expect(told.filter(has_text="An alarm fires")).to_be_visible()
    stood = clock.inner_text()
    page.get_by_role("button", name="Replay").click()
    page.get_by_role("button", name="16x").click()
    expect(page.get_by_role("button", name="16x")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#player-status")).to_contain_text("The end", timeout=60_000)
    assert clock.inner_text() != stood
    expect(told.last).to_contain_text(re.compile("Resolved|calls a person|Closed|well again"))
    assert viewer.errors == []


def test_a_player_that_was_clicked_many_times_pauses_at_one_click(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    page.get_by_role("button", name="1x", exact=True).click()
    replay = page.get_by_role("button", name="Replay")
    for _ in range(5):
        replay.click()
    expect(page.locator("#clock")).not_to_have_text("0:00")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    stood = page.locator("#clock").inner_text()
    page.get_by_role("button", name="Next event").click()
    expect(page.locator("#clock")).not_to_have_text(stood)
    assert viewer.errors == []


def test_a_seed_that_is_none_is_refused_with_a_reason(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    page.get_by_label("Seed").fill("seven")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#demo-seed-note")).to_contain_text("'seven' is not a whole number from 0 to 4294967295")
    expect(page.get_by_label("Seed")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_price_changes_what_was_saved_at_once_and_can_be_put_back(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    run(page)
    page.get_by_role("button", name="To the end").click()
    saved = page.locator("#saved")
    expect(page.locator("#player-status")).to_contain_text("The end")
    before = saved.inner_text()
    price = page.get_by_label("A failed request costs")
    price.fill("2")
    expect(saved).not_to_have_text(before)
    field = page.locator("li[data-name=usd_per_failed_request]")
    expect(field).to_contain_text("your assumption")
    expect(field).to_contain_text("shipped: 0.02")
    page.get_by_role("button", name="Put all back").click()
    expect(saved).to_have_text(before)
    expect(price).to_have_value("0.02")
    expect(field).not_to_contain_text("your assumption")
    assert viewer.errors == []


@pytest.mark.parametrize(
    ("wrote", "why"), [("-1", "negative"), ("two", "not a number"), ("", "empty"), ("1e309", "too large")]
)
def test_a_figure_that_is_none_is_refused_at_its_field(viewer: Viewer, wrote: str, why: str) -> None:
    page = viewer.open("/demo")
    saved = page.locator("#saved")
    expect(saved).to_be_visible()
    before = saved.inner_text()
    page.get_by_label("A failed request costs").fill(wrote)
    expect(page.locator("li[data-name=usd_per_failed_request] .problem")).to_contain_text(why)
    assert saved.inner_text() == before


def test_what_changes_the_run_is_run_again(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    run(page)
    page.get_by_role("button", name="To the end").click()
    expect(page.locator("#player-status")).to_contain_text("The end")
    before = page.locator("#mtta-human").inner_text()
    page.get_by_label("The engineer takes it up after another").fill("3600")
    expect(page.locator("#untried")).to_contain_text("made without one of these")
    page.get_by_role("button", name="Run again with these").click()
    expect(page.locator("#demo-progress")).to_be_visible()
    expect(page.locator("#untried")).to_have_text("", timeout=RUN_MS)
    page.get_by_role("button", name="To the end").click()
    expect(page.locator("#player-status")).to_contain_text("The end")
    expect(page.locator("#mtta-human")).not_to_have_text(before)
    assert viewer.errors == []


def test_a_reload_keeps_what_was_run(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    run(page)
    page.reload()
    expect(page.locator(".demo-eyebrow")).to_contain_text(f"seed {SEED}")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    page.get_by_role("button", name="To the end").click()
    expect(page.locator("#player-status")).to_contain_text("The end")


def test_closing_the_page_ends_its_run(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    seed = "3141592"
    page.get_by_label("Seed").fill(seed)
    page.get_by_role("button", name="Run", exact=True).click()
    wait_until(lambda: recording_processes(seed) or None, 60, "the run's process")
    page.close()
    wait_until(lambda: not recording_processes(seed) or None, 60, "the end of the run's process")


def test_a_run_can_be_stopped(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    before = page.locator(".demo-eyebrow").inner_text()
    seed = "2718281"
    page.get_by_label("Seed").fill(seed)
    page.get_by_role("button", name="Run", exact=True).click()
    wait_until(lambda: recording_processes(seed) or None, 60, "the run's process")
    page.get_by_role("button", name="Stop this run").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    wait_until(lambda: not recording_processes(seed) or None, 60, "the end of the run's process")
    assert page.locator(".demo-eyebrow").inner_text() == before


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(viewer: Viewer, width: int) -> None:
    page = viewer.open("/demo", width=width)
    expect(page.locator("#saved")).to_be_visible()
    page.locator(".chart-table summary").click()
    page.locator(".demo-others summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_can_be_reached_by_keyboard(viewer: Viewer) -> None:
    page = viewer.open("/demo")
    expect(page.locator("#saved")).to_be_visible()
    page.locator("#demo-seed").focus()
    seen: list[str] = []
    while len(seen) < 60 and page.evaluate("document.activeElement !== document.body"):
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.slice(0, 30)"))
        page.keyboard.press("Tab")
    assert {"demo-seed", "Another seed", "Run", "Play", "Next event", "Replay", "position", "8x"} <= set(seen)
    assert any(name.startswith("assume-usd") for name in seen)


def at_rest(server: Server) -> list[dict[str, object]]:
    """The server's incidents, once nothing of earlier tests goes on in them."""

    def quiet() -> bool:
        return all(each["stage"] is None for each in server.get("/api/incidents").json()["incidents"])

    wait_until(quiet, REST_SECONDS, "a server at rest")
    incidents: list[dict[str, object]] = server.get("/api/incidents").json()["incidents"]
    return incidents


def run(page: Page, scenario: str = SCENARIO, seed: int = SEED) -> None:
    """Run one as a person does, and wait until it is played."""
    expect(page.locator("#saved")).to_be_visible()
    page.locator(f"[data-scenario={scenario}] input").click()
    expect(page.locator(f"[data-scenario={scenario}] input")).to_be_checked()
    page.get_by_label("Seed").fill(str(seed))
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".demo-eyebrow .provenance[data-kind=simulated]")).to_be_visible(timeout=RUN_MS)
    expect(page.locator(".demo-eyebrow")).to_contain_text(f"seed {seed}")


def recording_processes(seed: str) -> list[int]:
    """The processes that compute a run with this seed."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        arguments = process.info["cmdline"] or []
        if "record" in arguments and seed in arguments:
            found.append(process.info["pid"])
    return found
