"""Communication votes by what customers feel and through whom, and tells people what the ledger says."""

from dataclasses import replace
from datetime import timedelta

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import communication
from incident_commander.agents.case import Case
from incident_commander.agents.resolution import tell_a_person
from incident_commander.domain.base import ServiceName
from incident_commander.domain.plan import Plan
from incident_commander.domain.policy import Notice

from .shop import CALM, CHECKOUT, DATABASE, NOW, OVERLOADED, SEARCH, Shop, without_impact

CATALOGUE = load_catalogue()
NOTHING = tell_a_person()


def plan(name: str, target: ServiceName) -> Plan:
    return Plan.model_validate(
        {"action": {"name": name, "target": target}, "addresses": None, "undo": None, "reversible": True, "checks": (),
         "rationale": ""}
    )  # fmt: skip


ON_SEARCH, ON_CHECKOUT = plan("scale_out", SEARCH), plan("scale_out", CHECKOUT)


def chosen(case: Case, *plans: Plan) -> Plan:
    judgement = communication.judge(plans, communication.examine(case))
    return next(each for each in plans if each.digest == judgement.choice)


def test_where_customers_suffer_it_prefers_to_act_on_the_service_through_which_they_fail() -> None:
    assert chosen(OVERLOADED.case(), ON_CHECKOUT, ON_SEARCH, NOTHING) == ON_SEARCH


def test_a_service_that_no_failing_request_passes_through_is_left_alone() -> None:
    assert chosen(OVERLOADED.case(), ON_CHECKOUT, NOTHING) == NOTHING
    judgement = communication.judge((ON_CHECKOUT, NOTHING), communication.examine(OVERLOADED.case()))
    assert judgement.scores[ON_CHECKOUT.digest] == 0.0


def test_what_fails_deepest_is_blamed_rather_than_its_callers() -> None:
    failing = Shop(failing=frozenset((DATABASE,)), impact=0.3)
    findings = communication.examine(failing.case())
    assert findings.blame[DATABASE] == 1.0
    assert findings.blame[CHECKOUT] == 0.0
    assert findings.on_path[DATABASE] == 1.0


def test_where_no_customer_is_harmed_it_prefers_to_do_nothing() -> None:
    assert chosen(CALM.case(), ON_SEARCH, NOTHING) == NOTHING
    assert chosen(replace(OVERLOADED, impact=0.001).case(), ON_SEARCH, NOTHING) == NOTHING


def test_without_measured_impact_it_goes_by_what_the_edge_itself_shows() -> None:
    assert communication.examine(without_impact(OVERLOADED)).suffering > 0.8
    assert communication.examine(without_impact(CALM)).suffering == 0.0


def test_where_nothing_tells_how_customers_fare_it_abstains() -> None:
    case = without_impact(OVERLOADED)
    blind = replace(case, observations=replace(case.observations, metrics=(), traces=()))
    judgement = communication.judge((ON_SEARCH, NOTHING), communication.examine(blind))
    assert judgement.choice is None
    assert set(judgement.scores) == {ON_SEARCH.digest, NOTHING.digest}


def notice(kind: str, **more: object) -> Notice:
    return Notice.model_validate(
        {"kind": kind, "id": "n", "until": NOW + timedelta(hours=2), "reason": "the sale", **more}
    )


def judged(*notices: Notice) -> tuple[Plan, str]:
    """Its choice between acting on search, through which customers fail, and doing nothing, and the reason."""
    case = replace(OVERLOADED.case(), notices=notices)
    judgement = communication.judge((ON_SEARCH, NOTHING), communication.examine(case))
    return next(each for each in (ON_SEARCH, NOTHING) if each.digest == judgement.choice), judgement.reason


def test_inside_a_freeze_it_votes_against_acting_however_customers_suffer() -> None:
    choice, reason = judged(notice("freeze", tell=("ana", "ben")))
    assert choice == NOTHING
    assert reason == "changes are frozen until 2026-11-23 12:00 UTC (the sale); ana, ben must know"


def test_what_a_freeze_excepts_it_judges_as_on_any_other_day() -> None:
    assert judged(notice("freeze", excepted=("scale_out",)))[0] == ON_SEARCH


def test_while_what_alerts_is_worked_on_it_prefers_to_wait() -> None:
    choice, reason = judged(notice("maintenance", services=("sea*",)))
    assert choice == NOTHING
    assert reason == "what alerts is being worked on until 2026-11-23 12:00 UTC (the sale)"


def test_a_window_of_another_service_changes_nothing() -> None:
    assert judged(notice("maintenance", services=("wiki",)))[0] == ON_SEARCH
    assert judged()[0] == ON_SEARCH


def test_the_evidence_carries_the_numbers_and_where_they_come_from() -> None:
    told = {each.signal: each for each in communication.examine(OVERLOADED.case()).evidence}
    assert "10.0% of 100 customer requests a second" in told["impact"].what
    assert "12.50 USD a minute" in told["impact"].what
    assert told["impact"].provenance.kind == "assumed"
    assert "100% of" in told["traces"].what
