"""Counterfactuals on /transparency: a recorded vote held again with something otherwise, and what flips it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Viewer
from tests.e2e.test_own_run import opened as own_form
from tests.e2e.test_own_run import run

pytestmark = pytest.mark.e2e

NAME, DECISION = "memory_leak-3", "Restart accounts"
"""All five chose this plan."""
COMPUTED_MS = 90_000
"""How long to wait for what is computed: many times what it takes on a machine that is not busy."""


def opened(viewer: Viewer, *, width: int = 1440, dark: bool = False) -> Page:
    """The tab, once its form is there."""
    page = viewer.open(f"/transparency?recording={NAME}&tab=what-if", width=width, dark=dark)
    expect(page.locator("#what-if-form .trial-agents > li")).to_have_count(5)
    return page


def suppose(page: Page, title: str) -> Locator:
    """Hold the vote again; returns what came of what was supposed."""
    page.locator("#suppose").click()
    outcome = page.locator("#what-if")
    expect(outcome.locator(".flips")).to_contain_text(title, timeout=COMPUTED_MS)
    return outcome


def fact(outcome: Locator, name: str) -> Locator:
    """One row of the table: nothing otherwise, and supposed."""
    return outcome.locator(".beside tbody tr").filter(has=outcome.page.get_by_role("rowheader", name=name, exact=True))


def test_it_stands_beside_the_recorded_vote_and_each_says_what_it_is(viewer: Viewer) -> None:
    page = opened(viewer)
    recorded = page.locator("#recorded-vote")
    expect(recorded).to_contain_text(DECISION)
    expect(recorded.locator(".cast > li[data-state=for]")).to_have_count(5)
    expect(recorded.locator(".provenance")).to_have_attribute("data-kind", "recorded")
    for panel in ("#suppose-form", "#flips"):
        expect(page.locator(f"{panel} .provenance")).to_have_attribute("data-kind", "simulated")
    page.locator("#suppose").click()
    expect(page.locator("#what-if-told")).to_contain_text("Nothing is supposed")
    assert viewer.errors == []


def test_without_one_agent_the_four_others_decide_and_without_two_nobody_does(viewer: Viewer) -> None:
    page = opened(viewer)
    page.locator("#what-if-detection").select_option("absent")
    outcome = suppose(page, "without detection")
    expect(outcome.locator(".flips")).to_contain_text("It does not change the decision")
    expect(outcome).to_contain_text("With nothing supposed, the vote computed anew comes out as recorded")
    expect(outcome.locator(".quorum-text")).to_have_text("4 of 5 for one plan, 4 needed: quorum reached")
    expect(outcome.locator(".cast > li[data-voter=detection]")).to_contain_text("left out")
    expect(outcome.locator(".provenance")).to_have_attribute("data-kind", "simulated")

    page.locator("#what-if-prediction").select_option("lie")
    outcome = suppose(page, "without detection, prediction: lie")
    expect(outcome.locator(".flips")).to_contain_text("It flips the decision")
    expect(fact(outcome, "Decision")).to_contain_text(DECISION)
    expect(fact(outcome, "Decision")).to_contain_text("No decision, tell a person")
    expect(outcome.locator(".rounds .meaning").last).to_contain_text("2 of 5 fail, more than the rule bears (f = 1)")
    assert viewer.errors == []


def test_without_a_kind_of_evidence_it_is_another_decision(viewer: Viewer) -> None:
    page = opened(viewer)
    page.get_by_label("no metrics").check()
    outcome = suppose(page, "without metrics")
    expect(outcome.locator(".flips")).to_have_attribute("data-flips", "true")
    expect(fact(outcome, "Decision")).to_contain_text("No decision, tell a person")
    expect(fact(outcome, "Cause named")).to_contain_text("none: inconclusive")
    page.get_by_role("button", name="As recorded").click()
    expect(page.get_by_label("no metrics")).not_to_be_checked()
    assert viewer.errors == []


def test_at_another_threshold_one_silent_voter_stops_it(viewer: Viewer) -> None:
    page = opened(viewer)
    page.get_by_label("Votes needed for one plan").select_option("5")
    outcome = suppose(page, "at 5 of 5 ballots")
    expect(outcome.locator(".flips")).to_contain_text("It does not change the decision")
    expect(fact(outcome, "Needed")).to_contain_text("5 of 5 votes")
    page.locator("#what-if-communication").select_option("silent")
    outcome = suppose(page, "at 5 of 5 ballots, communication: silent")
    expect(outcome.locator(".flips")).to_contain_text("It flips the decision")
    expect(outcome).to_contain_text("a single voter that is silent, or sees it otherwise, is enough")
    expect(outcome.locator(".quorum-text").last).to_have_text("4 of 5 for one plan, 5 needed: no quorum")
    assert viewer.errors == []


def test_what_flips_the_decision_is_found_and_what_does_not_is_told_too(viewer: Viewer) -> None:
    page = opened(viewer)
    page.locator("#search").click()
    flipping, holding = page.locator("#flipping > li"), page.locator("#holding li")
    expect(page.locator("#searched")).to_have_text(re.compile(r"^\d+ of \d+ flip the decision$"), timeout=COMPUTED_MS)
    expect(page.locator("#search")).to_be_enabled()
    expect(flipping.filter(has_text="without metrics")).to_contain_text("No decision, tell a person")
    found, held = flipping.count(), holding.count()
    expect(page.locator("#searched")).to_have_text(f"{found} of {found + held} flip the decision")
    page.get_by_text("What does not", exact=True).click()
    for alone in ("without detection", "at 5 of 5 ballots", "detection: lie", "without logs"):
        expect(holding.filter(has_text=alone).first).to_be_visible()
    assert viewer.errors == []


def test_a_refused_run_of_ones_own_is_decided_once_its_agents_are_honest(viewer: Viewer) -> None:
    page = own_form(viewer)
    run(page, {"detection": "collude", "prediction": "collude"})
    page.locator("#own-ending").get_by_role("link", name="What if").click()
    expect(page.locator("#what-if-detection")).to_have_value("collude")
    for voter in ("detection", "prediction"):
        page.locator(f"#what-if-{voter}").select_option("honest")
    outcome = suppose(page, "detection honest, prediction honest")
    expect(outcome.locator(".flips")).to_contain_text("It flips the decision")
    expect(fact(outcome, "Decision")).to_contain_text(DECISION)
    expect(outcome).to_contain_text("With nothing supposed, the vote computed anew comes out as recorded")
    assert viewer.errors == []


@pytest.mark.parametrize("width", [390, 768, 2560])
def test_nothing_scrolls_sideways(viewer: Viewer, width: int) -> None:
    page = opened(viewer, width=width, dark=width == 390)
    page.locator("#what-if-detection").select_option("equivocate")
    suppose(page, "detection: equivocate")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
