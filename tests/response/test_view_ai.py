"""What /ops says of the AI services: what is off and how to have it, and nothing that was not measured."""

from decimal import Decimal

import pytest

from incident_commander.business.usage import Call
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.usage import FREE, UNPRICED, Cost
from incident_commander.reasoning.services import configured, load_services
from incident_commander.response.usage_report import BudgetState
from incident_commander.response.view_ai import AiState, AiView, ai_view, budget_view
from incident_commander.response.view_text import exact_usd
from tests.api.used import called, reported

LOCAL = Provenance(kind="live", source="local")
SONNET = Cost(usd=Decimal("0.00375"), price="listed", basis="genai-prices 0.2.3")


def shown(*calls: Call, resting: tuple[str, ...] = (), **settings: object) -> AiView:
    return ai_view(AiState(configured(settings), resting, reported(*calls)))


def test_all_eight_services_are_told_each_with_how_to_have_it_while_it_is_off() -> None:
    view = shown()
    assert [row.name for row in view.services] == [service.name for service in load_services()]
    assert {(row.state, row.state_text, row.asked) for row in view.services} == {("off", "off", "")}
    assert all(row.how.startswith("Not configured: ") and "IC_AI" in row.how for row in view.services)
    assert "IC_AI_GUARDRAIL" in view.guardrails_how
    assert "IC_Q_BUSINESS_APP_ID" in view.insights_how
    assert "IC_AGENTCORE_MEMORY_ID" in view.memory_how
    assert (view.summary, view.worlds, view.counted) == ("0 of 8 configured", (), "Nothing has been asked yet.")


def test_what_is_on_needs_no_how_to() -> None:
    view = shown(ai="aws", q_business_app_id="a-1")
    on = {row.name for row in view.services if row.state == "ok"}
    assert on == {"Claude", "Nova", "Titan embeddings", "Q Business", "Strands"}
    assert (view.models_how, view.insights_how) == ("", "")
    assert "IC_AI_GUARDRAIL" in view.guardrails_how
    assert "IC_AI," not in view.guardrails_how


def test_a_service_that_was_down_when_last_asked_is_resting() -> None:
    view = shown(ai="aws", resting=("Nova (eu.amazon.nova-lite-v1:0)", "Guardrails (gr-1)"))
    states = {row.name: row.state_text for row in view.services}
    assert (states["Nova"], states["Claude"], states["Guardrails"]) == ("resting", "on", "off")


def test_each_model_is_shown_by_what_was_measured_against_its_tasks_goal() -> None:
    (world,) = shown(Call(called(latency_ms=120)), Call(called(latency_ms=640))).worlds
    (row,) = world.models
    assert (row.model, row.task, row.source) == ("eu.amazon.nova-micro-v1:0", "Classify", "loopback")
    assert (row.latency, row.goal, row.missed) == ("p50 120 ms, p95 640 ms", "1 of 2 within 500 ms", True)
    assert (row.calls, row.cost) == ("2 calls", "$0.00070 listed")


def test_a_model_that_gave_no_answer_has_no_latency() -> None:
    (world,) = shown(Call(called(error="denied", cost=UNPRICED, latency_ms=3))).worlds
    (row,) = world.models
    assert (row.latency, row.goal, row.missed) == ("no answer was measured", "", False)
    assert (row.calls, row.cost) == ("1 call, 1 failed", "1 call unpriced")


def test_a_local_answer_carries_no_name_of_aws_and_no_cost() -> None:
    answered = called(service=None, model="", provenance=LOCAL, cost=FREE, requests=0, fell_back="Nova: throttled")
    (world,) = shown(Call(answered)).worlds
    (line,) = world.lines
    assert world.models == ()
    assert (line.service, line.source, line.cost) == ("Local analysis", "local", "")
    assert line.calls == "1 call, 1 in place of another"


def test_a_service_is_one_line_for_all_its_models_and_tasks() -> None:
    view = shown(Call(called()), Call(called(model="eu.amazon.nova-lite-v1:0", task="match")), ai="aws")
    (line,) = view.worlds[0].lines
    assert (line.service, line.calls, line.tokens) == ("Nova", "2 calls", "2,000 tokens in, 100 out")
    assert line.cost == "$0.00070 listed"
    assert next(row.asked for row in view.services if row.name == "Nova") == "2 calls (loopback)"


def test_savings_say_against_what_and_that_it_was_not_asked() -> None:
    (world,) = shown(Call(called(), compared=SONNET)).worlds
    assert world.savings == "1 model call cost $0.00035: $0.0034 less than $0.0038 with claude-sonnet alone"
    assert "was not asked" in world.savings_basis
    assert "genai-prices 0.2.3" in world.savings_basis
    assert shown(Call(called())).worlds[0].savings == ""


def test_a_guardrails_interventions_are_counted_in_its_own_checks_and_in_models_answers() -> None:
    check = called(service="Guardrails", task="guard", model="gr-1", intervened=True)
    assert shown(Call(check), Call(called(intervened=True)), Call(called())).worlds[0].interventions == (
        "2 interventions; 1 check of their own"
    )
    assert shown(Call(called())).worlds[0].interventions == ""


def test_what_a_memory_of_aws_was_told_is_apart_from_what_it_was_asked() -> None:
    told = called(service="Agent memory", task="remember", model="mem-1")
    asked = called(service="Agent memory", task="recall", model="mem-1")
    here = called(service=None, task="remember", model="", provenance=LOCAL)
    lost = here.model_copy(update={"fell_back": "Agent memory (mem-1): denied"})
    failed = told.model_copy(update={"error": "denied"})
    assert shown(*(Call(each) for each in (told, told, asked, failed, lost))).worlds[0].told == (
        "Told 2 outcomes (loopback), the last at 2026-01-31 12:00:00 UTC, "
        "1 outcome could not be told, and is kept here alone"
    )
    assert shown(Call(lost), Call(lost)).worlds[0].told == "2 outcomes could not be told, and are kept here alone"
    assert shown(Call(asked), Call(here)).worlds[0].told == ""


def test_practice_runs_and_real_incidents_are_shown_apart() -> None:
    real, practice = shown(Call(called()), Call(called(), practice=True)).worlds
    assert (real.label, practice.label) == ("Real incidents", "Practice runs, simulated")
    assert real.summary == practice.summary == "1 call for 1 incident: $0.00035 listed"


def budget(limit: str | None, spent: str) -> BudgetState:
    left = None if limit is None else max(Decimal(0), Decimal(limit) - Decimal(spent))
    most = None if limit is None else Decimal(limit)
    return BudgetState(limit_usd=most, spent_usd=Decimal(spent), left_usd=left, setting="IC_AI_BUDGET_DAY_USD")


@pytest.mark.parametrize(
    ("limit", "spent", "said", "share", "spent_out"),
    [
        ("10", "2.5", "$2.50 spent of $10.00, $7.50 left", 0.25, False),
        ("10", "0.00035", "$0.00035 spent of $10.00, $10.00 left", 0.000035, False),
        ("0.50", "0.60", "$0.60 spent of $0.50, $0.00 left", 1, True),
        ("0", "0", "$0.00 spent of $0.00, $0.00 left", 1, True),
        (None, "3", "$3.00 spent, no limit", 0, False),
    ],
)
def test_a_budget_says_what_is_left_of_it(
    limit: str | None, spent: str, said: str, share: float, spent_out: bool
) -> None:
    view = budget_view("Today", budget(limit, spent))
    assert (view.text, view.share, view.spent_out) == (said, share, spent_out)


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0", "$0.00"),
        ("0.000000035", "$0.000000035"),
        ("0.00034567", "$0.00035"),
        ("0.5", "$0.50"),
        ("-0.0034", "-$0.0034"),
        ("1234.5", "$1,234"),
    ],
)
def test_what_costs_far_less_than_a_cent_is_not_shown_as_nothing(usd: str, shown: str) -> None:
    assert exact_usd(Decimal(usd)) == shown
