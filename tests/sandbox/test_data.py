"""The data files: what is assumed names its source, and a file that contradicts itself does not load."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from incident_commander.domain.incident import STAGES
from incident_commander.sandbox.alarms import load_rules
from incident_commander.sandbox.archive import COLUMN
from incident_commander.sandbox.assumptions import ASSUMPTIONS_FILE, Assumptions, assume, load_assumptions
from incident_commander.sandbox.scenarios import Scenario, load_scenarios
from incident_commander.sandbox.topology import COMPANY_FILE, load_company


def test_every_assumption_names_a_document_or_says_that_there_is_none() -> None:
    figures = load_assumptions()
    for name in Assumptions.model_fields:
        source: str = getattr(figures, name).source
        assert source.startswith("assumption, no source") or len(source) > 20
    assert figures.stage_seconds().keys() == set(STAGES)


def test_an_assumption_without_a_source_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "assumptions.toml"
    text = ASSUMPTIONS_FILE.read_text(encoding="utf-8")
    broken.write_text(text.replace('source = "assumption, no source"', 'source = ""'), encoding="utf-8")
    with pytest.raises(ValidationError, match="human_diagnose_seconds"):
        load_assumptions(broken)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("scrape_interval_seconds", 60.0, "no figure 'scrape_interval_seconds' can be chosen; there are human_"),
        ("human_patience", 60.0, "can be chosen"),
        ("action_seconds", 60.0, "can be chosen"),
        ("human_diagnose_seconds", -1.0, "from 0 to 7200, not -1"),
        ("human_diagnose_seconds", float("nan"), "from 0 to 7200"),
        ("usd_per_failed_request", 1e9, "from 0 to 1000"),
    ],
)
def test_a_figure_that_cannot_be_chosen_is_refused_with_what_can(name: str, value: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        assume(load_assumptions(), {name: value})


@pytest.mark.parametrize("smuggled", ["scrape_interval_seconds", "human_diagnose_seconds", "usd_per_failed_request"])
def test_a_scenario_cannot_change_an_assumption(smuggled: str) -> None:
    document = load_scenarios()[0].model_dump(mode="json")
    with pytest.raises(ValidationError, match=smuggled):
        Scenario.model_validate({**document, smuggled: 1})


def test_every_candidate_and_every_rule_speaks_of_what_there_is() -> None:
    company = load_company()
    for scenario in load_scenarios():
        for variant in scenario.variants:
            assert set(variant.candidates) <= set(company.index)
            assert "{service}" in variant.explanation or variant.candidates == ("card-processor",)
    assert all(rule.metric in COLUMN for rule in load_rules())


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "mailer"', 'name = "orders"', "same name"),
        ("calls = { core-db = 1.0 }", "calls = { core-bd = 1.0 }", "unknown services"),
        ("search = 0.20", "search = 0.25", "routes"),
    ],
)
def test_a_company_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    broken = tmp_path / "company.toml"
    text = COMPANY_FILE.read_text(encoding="utf-8")
    assert old in text
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValidationError, match=says):
        load_company(broken)
