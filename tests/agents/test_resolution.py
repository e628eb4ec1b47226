"""Plans are within the catalogue, provable and worth a vote; the vote goes by the services' own signs."""

from dataclasses import replace
from datetime import timedelta

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import resolution
from incident_commander.agents.resolution import Proposal, propose, tell_a_person
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Diagnosis
from incident_commander.domain.plan import Plan

from .shop import BROKE, CALM, CHECKOUT, DATABASE, GATEWAY, LEAKING, OVERLOADED, SEARCH, Shop, causes, deploy, errors

CATALOGUE = load_catalogue()


def acts(proposal: Proposal) -> list[tuple[str, ServiceName] | None]:
    return [(plan.action.name, plan.action.target) if plan.action else None for plan in proposal.plans]


def chosen(shop: Shop, plans: tuple[Plan, ...]) -> Plan:
    judgement = resolution.judge(plans, resolution.examine(shop.case()))
    return next(plan for plan in plans if plan.digest == judgement.choice)


def test_an_overload_gets_several_plans_the_least_risky_first_and_doing_nothing_last() -> None:
    proposal = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE)
    assert acts(proposal) == [("scale_out", SEARCH), ("rate_limit", SEARCH), None]
    assert proposal.confidence == 0.9


def test_every_plan_has_checks_and_an_undo_where_there_is_one() -> None:
    proposal = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE)
    for plan in proposal.plans[:-1]:
        assert plan.action is not None
        CATALOGUE.check(plan.action, "api")
        assert plan.undo == CATALOGUE.undo(plan.action)
        assert plan.reversible is CATALOGUE[plan.action.name].reversible
        assert [check.guard for check in plan.checks].count(False) >= 1
        assert any(check.guard and check.service == GATEWAY for check in plan.checks)


def test_a_suspected_deploy_is_rolled_back_by_its_reference_before_anything_else_is_tried() -> None:
    proposal = propose(LEAKING.case(), causes((CHECKOUT, "memory_leak", 0.9), change="4f2a9c"), CATALOGUE)
    assert acts(proposal) == [("rollback", CHECKOUT), ("restart", CHECKOUT), None]
    first = proposal.plans[0].action
    assert first is not None
    assert first.arguments == {"reference": "4f2a9c", "direction": "back"}


def test_a_plan_whose_precondition_does_not_hold_is_ruled_out_with_the_reason() -> None:
    proposal = propose(replace(LEAKING, changes=()).case(), causes((CHECKOUT, "memory_leak", 0.9)), CATALOGUE)
    assert acts(proposal) == [("restart", CHECKOUT), None]
    assert proposal.ruled_out == ("rollback of checkout: checkout was not deployed before its trouble began",)


def test_a_deploy_after_the_trouble_began_is_no_reason_to_roll_back() -> None:
    late = replace(LEAKING, changes=(deploy(CHECKOUT, BROKE + timedelta(minutes=5), "Keep responses in a cache"),))
    assert acts(propose(late.case(), causes((CHECKOUT, "memory_leak", 0.9)), CATALOGUE)) == [
        ("restart", CHECKOUT),
        None,
    ]


def test_the_second_cause_gets_a_plan_too_and_an_unthinkable_one_does_not() -> None:
    both = Shop(broken={**OVERLOADED.broken, **LEAKING.broken}, impact=0.1)
    found = causes((SEARCH, "overload", 0.6), (CHECKOUT, "memory_leak", 0.3), (GATEWAY, "overload", 0.01))
    assert acts(propose(both.case(), found, CATALOGUE)) == [
        ("scale_out", SEARCH), ("rate_limit", SEARCH), ("restart", CHECKOUT), None
    ]  # fmt: skip


def test_without_a_cause_there_is_still_something_to_refuse_where_the_trouble_shows() -> None:
    proposal = propose(OVERLOADED.case(), Diagnosis(verdict="inconclusive"), CATALOGUE)
    assert len(proposal.plans) >= 2
    assert proposal.plans[-1] == tell_a_person()
    assert proposal.confidence == 0.0


def test_where_nothing_is_abnormal_nothing_but_telling_a_person_is_proposed() -> None:
    assert propose(CALM.case(), Diagnosis(verdict="inconclusive"), CATALOGUE).plans == (tell_a_person(),)


def test_the_vote_goes_to_the_action_that_the_targets_own_signs_bear_out() -> None:
    plans = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    assert chosen(OVERLOADED, plans) == plans[0]


def test_the_vote_goes_to_the_rollback_where_the_deploy_may_have_done_it() -> None:
    plans = propose(LEAKING.case(), causes((CHECKOUT, "memory_leak", 0.9), change="4f2a9c"), CATALOGUE).plans
    assert chosen(LEAKING, plans) == plans[0]
    assert chosen(LEAKING, (plans[1], plans[0], plans[2])) == plans[0]


def test_the_vote_goes_to_a_person_where_the_services_say_that_they_are_well() -> None:
    plans = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    assert chosen(CALM, plans).action is None


def test_a_lone_gauge_that_nothing_else_bears_out_is_not_acted_upon() -> None:
    plans = propose(LEAKING.case(), causes((CHECKOUT, "memory_leak", 0.9)), CATALOGUE).plans
    assert chosen(Shop(broken={(CHECKOUT, "memory_utilization"): 95.0}), plans).action is None


def test_a_pool_that_waits_for_a_database_in_trouble_is_not_raised() -> None:
    waiting = Shop(
        broken={
            (DATABASE, "cpu_utilization"): 99.0, (DATABASE, "latency_p99_ms"): 900.0,
            (CHECKOUT, "connection_pool_utilization"): 98.0, (CHECKOUT, "latency_p99_ms"): 1000.0,
        },
        impact=0.1,
    )  # fmt: skip
    plans = propose(waiting.case(), causes((CHECKOUT, "connection_pool_exhaustion", 0.5)), CATALOGUE).plans
    assert plans[0].action is not None
    judgement = resolution.judge(plans, resolution.examine(waiting.case()))
    assert judgement.scores[plans[0].digest] < 0.5
    assert judgement.choice == plans[-1].digest


def test_a_database_that_stalls_without_more_requests_is_failed_over_rather_than_given_connections() -> None:
    stalling = Shop(
        broken={
            (DATABASE, "cpu_utilization"): 99.0, (DATABASE, "latency_p99_ms"): 2000.0,
            (DATABASE, "connection_pool_utilization"): 97.0, (CHECKOUT, "latency_p99_ms"): 2500.0,
        },
        logs=errors(DATABASE, "write took 2100 ms, volume is slow"),
        impact=0.2,
    )  # fmt: skip
    found = causes((DATABASE, "connection_pool_exhaustion", 0.5), (DATABASE, "node_failure", 0.45))
    plans = propose(stalling.case(), found, CATALOGUE).plans
    action = chosen(stalling, plans).action
    assert action is not None
    assert action.name == "failover"


def test_without_any_metric_it_abstains() -> None:
    case = OVERLOADED.case()
    plans = propose(case, causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    blind = replace(case, observations=replace(case.observations, metrics=()))
    assert resolution.judge(plans, resolution.examine(blind)).choice is None
