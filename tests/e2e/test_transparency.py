"""/transparency as an engineer meets it: every tab shows what a shipped recording holds, and its proof can be seen."""

import re

import pytest
from playwright.sync_api import Page, expect

from incident_commander.domain.findings import Hypothesis
from incident_commander.domain.incident import STAGES
from incident_commander.response.record import IncidentRecord
from incident_commander.response.recording import Recording
from incident_commander.ui.transparency.address import TABS, tab_label
from tests.e2e.conftest import Server, Viewer
from tests.ui.recorded import FILES, kept

pytestmark = pytest.mark.e2e


def acted() -> tuple[str, Recording, IncidentRecord, Hypothesis]:
    """A shipped recording in which a certified action was carried out: its name, its record and the cause named."""
    for file in FILES:
        record = kept(file.name).record
        if record is not None and record.receipt is not None and record.diagnosis and record.diagnosis.cause:
            return file.stem, kept(file.name), record, record.diagnosis.cause
    raise LookupError("no shipped recording holds an action; record one with `incident-commander record-scenarios`")


NAME, RECORDING, RECORD, CAUSE = acted()


def opened(viewer: Viewer, tab: str, *, width: int = 1440, dark: bool = False) -> Page:
    """The page at this tab of the recording, once it shows it."""
    page = viewer.open(f"/transparency?recording={NAME}&tab={tab}", width=width, dark=dark)
    expect(page.locator(f".tab[data-tab={tab}] .panel").first).to_be_visible()
    return page


def test_every_recording_is_listed_and_one_is_shown_with_its_label(viewer: Viewer) -> None:
    page = viewer.open("/transparency")
    expect(page.locator(".recordings li")).to_have_count(len(FILES))
    label = page.locator("#label")
    expect(label).to_contain_text("simulated practice company")
    expect(label).to_contain_text("No language model was asked")
    expect(label).to_contain_text(re.compile(r"recorded.*on \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC.*seed \d+"))
    assert viewer.errors == []


def test_another_recording_is_one_click_and_one_address_away(viewer: Viewer) -> None:
    other = next(file.stem for file in FILES if file.stem != NAME)
    page = opened(viewer, "decisions")
    page.locator(f".recordings a[href*='recording={other}&']").click()
    expect(page.locator("#recording-title")).to_have_text(kept(f"{other}.json").title)
    expect(page.locator("#label")).to_contain_text(f"seed {kept(f'{other}.json').run.seed}")
    assert f"recording={other}&tab=decisions" in page.url
    page.go_back()
    expect(page.locator("#label")).to_contain_text(f"seed {RECORDING.run.seed}")
    assert viewer.errors == []


def test_the_tabs_are_links_that_a_keyboard_reaches(viewer: Viewer) -> None:
    page = opened(viewer, "reasoning")
    for tab in TABS[1:]:
        link = page.locator(".tabs a", has_text=tab_label(tab))
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator(f".tab[data-tab={tab}]")).to_be_visible()
        expect(link).to_have_attribute("aria-current", "page")
        assert f"tab={tab}" in page.url
    assert viewer.errors == []


def test_the_reasoning_names_every_stage_and_what_produced_it(viewer: Viewer) -> None:
    page = opened(viewer, "reasoning")
    expect(page.locator(".chain > li")).to_have_count(1 + len(STAGES))
    step = page.locator("#step-diagnose")
    expect(step.locator(".claim")).to_have_count(len(RECORD.diagnosis.hypotheses if RECORD.diagnosis else ()))
    expect(step.locator(".claim").first).to_contain_text(CAUSE.service)
    expect(step.locator(".producer").last).to_contain_text("no language model asked")


def test_evidence_opens_on_demand_with_weights_and_provenance(viewer: Viewer) -> None:
    page = opened(viewer, "reasoning")
    claim = page.locator("[data-claim='hypothesis.1']")
    expect(claim.locator(".observations")).to_have_count(0)
    claim.locator("summary").click()
    rows = claim.locator(".observations > li")
    expect(rows).to_have_count(len(CAUSE.evidence) + len(CAUSE.against))
    expect(rows.first).to_contain_text(CAUSE.evidence[0].what)
    expect(rows.first.locator(".weight-figure")).to_have_text(f"{CAUSE.evidence[0].weight:+.2f}")
    expect(rows.first.locator(".provenance")).to_have_attribute("data-kind", "simulated")
    assert viewer.errors == []


def test_an_anomaly_opens_to_its_metric_with_the_onset_marked(viewer: Viewer) -> None:
    page = opened(viewer, "reasoning")
    claim = page.locator("[data-claim='anomaly.0']")
    claim.locator("summary").first.click()
    expect(claim.locator(".chart-line").first).to_be_attached()
    expect(claim.locator(".chart-mark").first).to_contain_text("onset")
    expect(claim.locator(".chart-keys")).to_contain_text("usual value")
    assert viewer.errors == []


def test_the_decision_shows_every_plan_with_every_voters_score_and_why_not(viewer: Viewer) -> None:
    page = opened(viewer, "decisions")
    plans = page.locator(".alternatives > li")
    expect(plans).to_have_count(len(RECORD.plans))
    expect(page.locator(".scores > li")).to_have_count(5 * len(RECORD.plans))
    expect(page.locator(".alternatives > li[data-chosen=true]")).to_have_count(1)
    expect(page.locator(".alternatives > li[data-chosen=false]").first).to_contain_text("ballots name it")
    expect(page.locator(".ballot")).to_have_count(5)
    expect(page.locator("#carried-out")).to_contain_text("Carried out")


def test_verifying_passes_and_the_tampered_one_fails_with_its_reason(viewer: Viewer) -> None:
    page = opened(viewer, "decisions")
    result = page.locator("#proof-result")
    expect(result).to_have_count(0)
    page.get_by_role("button", name="Verify").click()
    expect(result).to_have_attribute("data-holds", "true")
    expect(page.locator(".proof li[data-state=pass]")).not_to_have_count(0)
    expect(page.locator(".proof li[data-state=fail]")).to_have_count(0)
    page.get_by_role("button", name="one letter of a ballot").click()
    expect(result).to_have_attribute("data-holds", "false")
    expect(page.locator("#proof")).to_contain_text("A demonstration.")
    failed = page.locator(".proof li[data-state=fail]")
    expect(failed.filter(has_text="bad_signature")).to_have_count(1)
    expect(failed.last).to_contain_text("the ledger does not hold the ballot of")
    page.get_by_role("button", name="one letter of an event").click()
    expect(page.locator(".proof li[data-state=fail]")).to_have_count(1)
    expect(page.locator(".proof li[data-state=fail]")).to_contain_text("does not have the hash it carries")
    page.get_by_role("button", name="Verify").click()
    expect(result).to_have_attribute("data-holds", "true")
    assert viewer.errors == []


def test_confidence_stands_beside_the_answer(viewer: Viewer) -> None:
    page = opened(viewer, "confidence")
    answer = RECORDING.answer
    expect(page.locator("#truth")).to_contain_text(answer.explanation)
    expect(page.locator("#causes")).to_contain_text("First before second")
    expect(page.locator("#forecasts")).to_contain_text("Brier score")
    expect(page.locator("#sureness li")).not_to_have_count(0)


def test_communication_shows_each_message_and_the_postmortem_as_a_document(viewer: Viewer) -> None:
    page = opened(viewer, "communication")
    expect(page.locator(".messages > li")).to_have_count(len(RECORD.of_kind("update.published")))
    expect(page.locator(".prose h3")).to_have_text(RECORD.incident.title)
    assert page.locator(".prose table").count() > 0
    assert page.locator(".prose script, .prose img, .prose a").count() == 0


def test_analytics_tells_the_simulated_clock_from_the_wall_clock(viewer: Viewer) -> None:
    page = opened(viewer, "analytics")
    expect(page.locator("#durations thead")).to_contain_text("Simulated clock")
    expect(page.locator("#durations thead")).to_contain_text("wall clock")
    expect(page.locator("#durations tbody tr")).to_have_count(len(STAGES))
    expect(page.locator("#impact .chart-line").first).to_be_attached()
    expect(page.locator("#impact")).to_contain_text("Saved against the modelled human")
    expect(page.locator("#agreement tbody tr")).to_have_count(5)
    assert page.locator(".run-figures > div").count() == page.locator(".run-figures .provenance").count()


def test_a_recording_that_is_not_there_is_said_to_be_missing(viewer: Viewer) -> None:
    page = viewer.open("/transparency?recording=no-such&tab=decisions")
    expect(page.get_by_role("alert")).to_contain_text("there is no recording 'no-such'")
    expect(page.locator(".recordings li")).to_have_count(len(FILES))
    expect(page.locator("#label")).to_have_count(0)


def test_one_viewers_choice_is_that_viewers(viewer: Viewer, server: Server) -> None:
    first, second = opened(viewer, "decisions"), opened(viewer, "confidence")
    first.get_by_role("button", name="Verify").click()
    expect(first.locator("#proof-result")).to_be_visible()
    second.locator(".tabs a", has_text="Decisions").click()
    expect(second.locator("#certificate")).to_be_visible()
    expect(second.locator("#proof-result")).to_have_count(0)


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("width", [390, 768, 2560])
def test_nothing_scrolls_sideways(viewer: Viewer, tab: str, width: int) -> None:
    page = opened(viewer, tab, width=width, dark=width == 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
