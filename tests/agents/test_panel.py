"""The five voters together: they agree where the cause is clear, and each goes by its own evidence alone."""

import re
from collections import Counter
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.case import Case
from incident_commander.agents.panel import vote, votes
from incident_commander.agents.resolution import propose, tell_a_person
from incident_commander.agents.sharing import Reading, reconsider
from incident_commander.domain.ballot import VOTERS, Judgement, Voter
from incident_commander.domain.findings import Evidence
from incident_commander.domain.plan import Plan

from .cases import blinded, plan
from .shop import CALM, CHECKOUT, LEAKING, NOW, OVERLOADED, SEARCH, SIMULATED, Shop, causes

CATALOGUE = load_catalogue()
OVERLOAD = causes((SEARCH, "overload", 0.9))
LEAK = causes((CHECKOUT, "memory_leak", 0.9), change="4f2a9c")


def judged(voter: Voter, case: Case, plans: tuple[Plan, ...], shared: Collection[Evidence] | None = None) -> Judgement:
    cast = vote(voter, case, plans, shared)
    assert cast.judgement is not None, cast.error
    return cast.judgement


@pytest.mark.parametrize(
    ("shop", "diagnosis", "action"), [(OVERLOADED, OVERLOAD, "scale_out"), (LEAKING, LEAK, "rollback")]
)
def test_at_least_four_agree_where_the_cause_is_clear(shop: Shop, diagnosis: object, action: str) -> None:
    assert isinstance(diagnosis, type(OVERLOAD))
    plans = propose(shop.case(), diagnosis, CATALOGUE).plans
    digest, number = Counter(judged(voter, shop.case(), plans).choice for voter in VOTERS).most_common(1)[0]
    chosen = next(plan for plan in plans if plan.digest == digest)
    assert number >= 4
    assert chosen.action is not None
    assert chosen.action.name == action


def test_all_choose_to_tell_a_person_where_nothing_is_wrong() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    assert {judged(voter, CALM.case(), plans).choice for voter in VOTERS} == {plans[-1].digest}


def test_every_judgement_scores_every_plan() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    for voter in VOTERS:
        judgement = judged(voter, OVERLOADED.case(), plans)
        assert set(judgement.scores) == {plan.digest for plan in plans}
        assert all(0 <= score <= 1 for score in judgement.scores.values())


def test_a_vote_carries_every_observation_that_its_judgement_names() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    for cast in votes(OVERLOADED.case(), plans):
        assert cast.judgement is not None
        assert cast.judgement.evidence
        assert {each.reference() for each in cast.cited} == set(cast.judgement.evidence)


def judgements(case: Case, plans: tuple[Plan, ...], shared: Collection[Evidence]) -> list[Judgement | None]:
    return [cast.judgement for cast in votes(case, plans, shared)]


def cited_by_all(case: Case, plans: tuple[Plan, ...]) -> tuple[Evidence, ...]:
    return tuple({each.reference(): each for cast in votes(case, plans) for each in cast.cited}.values())


def what(each: Evidence) -> tuple[str, str]:
    """An observation, whatever it weighs to whom."""
    return each.signal, each.what


def test_in_a_second_round_each_voter_names_what_the_others_cited_and_it_found_too() -> None:
    case = OVERLOADED.case()
    plans = propose(case, OVERLOAD, CATALOGUE).plans
    shared = cited_by_all(case, plans)
    for cast in votes(case, plans, shared):
        assert cast.judgement is not None
        assert set(cast.judgement.evidence) == {each.reference() for each in cast.cited}
        assert cast.judgement.reason.endswith("in its own case")
        assert {what(each) for each in cast.cited} == {what(each) for each in shared}
        assert cast.judgement == judged(cast.voter, case, plans, shared)


INVENTED = st.builds(
    Evidence,
    signal=st.sampled_from(("metrics", "logs", "traces", "changes", "impact")),
    what=st.text(min_size=1, max_size=60),
    when=st.just(NOW),
    service=st.sampled_from((SEARCH, CHECKOUT, None)),
    weight=st.floats(-1000, 1000),
    provenance=st.just(SIMULATED),
)


@given(invented=st.lists(INVENTED, max_size=8), liar=st.sampled_from(VOTERS))
@settings(max_examples=25, deadline=None)
def test_what_a_liar_invents_moves_nobody(invented: list[Evidence], liar: Voter) -> None:
    case = OVERLOADED.case()
    plans = propose(case, OVERLOAD, CATALOGUE).plans
    honest = tuple(
        {each.reference(): each for cast in votes(case, plans) for each in cast.cited if cast.voter != liar}.values()
    )
    altered = tuple(each.model_copy(update={"weight": each.weight + 100.0}) for each in honest)
    for plain, told in zip(votes(case, plans, honest), votes(case, plans, (*honest, *altered, *invented)), strict=True):
        assert plain.judgement is not None
        assert told.judgement is not None
        assert (told.judgement.choice, told.judgement.scores) == (plain.judgement.choice, plain.judgement.scores)
        assert told.judgement.evidence == plain.judgement.evidence


def test_an_observation_counts_although_its_numbers_are_others_a_moment_later() -> None:
    case = OVERLOADED.case()
    plans = propose(case, OVERLOAD, CATALOGUE).plans
    shared = cited_by_all(case, plans)
    later = [each.model_copy(update={"what": re.sub(r"(?<!\w)\d+", "7", each.what), "weight": 0.1}) for each in shared]
    assert judgements(case, plans, later) == judgements(case, plans, shared)


def test_its_own_evidence_leads_a_voter_where_one_other_speaks_against_it() -> None:
    readings: dict[Voter, Reading] = {
        "detection": reading("detection", 0.8),
        "diagnosis": reading("diagnosis", 0.2),
    }
    shared = [each for read in readings.values() for each in read.cited]
    assert reconsider("detection", TWO, readings, shared)[0].choice == TWO[0].digest
    assert reconsider("diagnosis", TWO, readings, shared)[0].choice == TWO[1].digest


def test_three_others_whose_evidence_it_finds_too_outweigh_its_own() -> None:
    readings = {voter: reading(voter, 0.8 if voter == "detection" else 0.2) for voter in VOTERS}
    shared = [each for read in readings.values() for each in read.cited]
    changed, cited = reconsider("detection", TWO, readings, shared)
    assert changed.choice == TWO[1].digest
    assert "outweigh its own" in changed.reason
    assert cited == tuple(shared)
    assert reconsider("detection", TWO, readings, [])[0].choice == TWO[0].digest


def test_who_has_nothing_of_its_own_to_judge_by_abstains_in_the_second_round_too() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    shared = cited_by_all(OVERLOADED.case(), plans)
    assert judged("detection", blinded(OVERLOADED.case()), plans, shared).choice is None


TWO = (plan("rollback", "checkout", "bad_deploy", reference="4f2a9c"), tell_a_person())


def reading(voter: Voter, first: float) -> Reading:
    """A voter's that scores the first of two plans so, and cites one observation of its own."""
    choice = TWO[0 if first >= 0.5 else 1].digest
    seen = Evidence(signal="metrics", what=f"as {voter} reads it", when=NOW, weight=1.0, provenance=SIMULATED)
    judgement = Judgement(
        choice=choice,
        scores={TWO[0].digest: first, TWO[1].digest: 1.0 - first},
        confidence=0.5,
        reason=f"as {voter} reads it",
        evidence=(seen.reference(),),
        choice_without_models=choice,
    )
    return Reading(judgement, (seen,))
