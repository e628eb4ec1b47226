"""The five voters together: they agree where the cause is clear, and each goes by its own evidence alone."""

from collections import Counter

import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents.panel import vote, votes
from incident_commander.agents.resolution import propose
from incident_commander.domain.ballot import VOTERS

from .shop import CALM, CHECKOUT, LEAKING, OVERLOADED, SEARCH, Shop, causes

CATALOGUE = load_catalogue()
OVERLOAD = causes((SEARCH, "overload", 0.9))
LEAK = causes((CHECKOUT, "memory_leak", 0.9), change="4f2a9c")


@pytest.mark.parametrize(
    ("shop", "diagnosis", "action"), [(OVERLOADED, OVERLOAD, "scale_out"), (LEAKING, LEAK, "rollback")]
)
def test_at_least_four_agree_where_the_cause_is_clear(shop: Shop, diagnosis: object, action: str) -> None:
    assert isinstance(diagnosis, type(OVERLOAD))
    plans = propose(shop.case(), diagnosis, CATALOGUE).plans
    votes = Counter(vote(voter, shop.case(), plans).choice for voter in VOTERS)
    digest, number = votes.most_common(1)[0]
    chosen = next(plan for plan in plans if plan.digest == digest)
    assert number >= 4
    assert chosen.action is not None
    assert chosen.action.name == action


def test_all_choose_to_tell_a_person_where_nothing_is_wrong() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    assert {vote(voter, CALM.case(), plans).choice for voter in VOTERS} == {plans[-1].digest}


def test_every_judgement_scores_every_plan() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    for voter in VOTERS:
        judgement = vote(voter, OVERLOADED.case(), plans)
        assert set(judgement.scores) == {plan.digest for plan in plans}
        assert all(0 <= score <= 1 for score in judgement.scores.values())


def test_a_vote_carries_every_observation_that_its_judgement_names() -> None:
    plans = propose(OVERLOADED.case(), OVERLOAD, CATALOGUE).plans
    for cast in votes(OVERLOADED.case(), plans):
        assert cast.judgement is not None
        assert cast.judgement.evidence
        assert {each.reference() for each in cast.cited} == set(cast.judgement.evidence)
