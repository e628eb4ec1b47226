"""Models in a decision: one witness that one voter hears, which convicts nobody, acts by itself never, and is named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import diagnosis, panel
from incident_commander.agents.case import Case
from incident_commander.agents.diagnosis import CONFIRMED, LIKELY, SEEN_UNAIDED
from incident_commander.agents.hearsay import ADVISED
from incident_commander.agents.resolution import propose
from incident_commander.analysis.advice import CAP, advice_of
from incident_commander.domain.advice import Advice
from incident_commander.domain.ballot import VOTERS, Judgement, Voter
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Evidence
from incident_commander.domain.memory import Cause
from incident_commander.domain.plan import Plan
from incident_commander.domain.telemetry import Signal

from ..analysis.counsels import NOVA, analysed, investigated
from .shop import CALM, CHECKOUT, DATABASE, LEAKING, NOW, OVERLOADED, SEARCH, TORN, Shop, causes
from .test_memory import remembering, word

CATALOGUE = load_catalogue()
CAUSES = [
    Cause(service=SEARCH, fault="overload"),
    Cause(service=SEARCH, fault="node_failure"),
    Cause(service=DATABASE, fault="connection_pool_exhaustion"),
    Cause(service=CHECKOUT, fault="memory_leak"),
    Cause(service=CHECKOUT, fault="bad_deploy"),
    Cause(service=ServiceName("nowhere"), fault="disk_full"),
]
OVERLOAD, LEAK = CAUSES[0], CAUSES[3]
SHOPS = st.sampled_from([TORN, TORN, OVERLOADED, LEAKING, CALM])
SUSPECTED = st.lists(st.sampled_from(CAUSES), max_size=3)


def advised(case: Case, said: Sequence[Cause], found: Sequence[Cause] | None = None) -> Case:
    """The case with what one model suspects, or two."""
    counsel = analysed(*said)
    return replace(case, advice=advice_of(counsel if found is None else counsel.with_(investigated(*found)), NOW))


def plans_of(case: Case) -> tuple[Plan, ...]:
    return propose(case, causes((SEARCH, "overload", 0.6), (CHECKOUT, "memory_leak", 0.3)), CATALOGUE).plans


def judged(case: Case, plans: tuple[Plan, ...], shared: tuple[Evidence, ...] | None) -> dict[Voter, Judgement]:
    cast = {vote.voter: vote.judgement for vote in panel.votes(case, plans, shared)}
    return {voter: judgement for voter, judgement in cast.items() if judgement is not None}


def test_a_suspicion_weighs_on_a_cause_that_is_seen_and_is_shown_with_who_said_it() -> None:
    case = TORN.case()
    before = diagnosis.examine(case).diagnosis.hypotheses
    after = diagnosis.examine(advised(case, [LEAK])).diagnosis.hypotheses
    assert [(h.service, h.fault) for h in before[:2]] == [(SEARCH, "overload"), (CHECKOUT, "memory_leak")]
    assert [(h.service, h.fault) for h in after[:2]] == [(CHECKOUT, "memory_leak"), (SEARCH, "overload")]
    (told,) = [each for each in after[0].evidence if each.signal == "model"]
    assert NOVA in told.what
    assert 0 < told.weight <= CAP


def test_a_suspicion_of_what_is_not_seen_adds_nothing_and_names_no_model() -> None:
    case, plans = OVERLOADED.case(), plans_of(OVERLOADED.case())
    said = advised(case, [CAUSES[-1]])
    assert diagnosis.examine(said).diagnosis == diagnosis.examine(case).diagnosis
    assert judged(said, plans, None) == judged(case, plans, None)
    assert judged(said, plans, ()) == judged(case, plans, ())


@pytest.mark.parametrize("cause", CAUSES)
def test_where_nothing_is_seen_it_convicts_nobody(cause: Cause) -> None:
    assert diagnosis.examine(advised(CALM.case(), [cause], [cause])).diagnosis.verdict == "inconclusive"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SUSPECTED, SUSPECTED, st.lists(st.floats(-1, 1), max_size=2), SHOPS)
def test_whatever_models_and_memory_say_nothing_is_confirmed_or_named_on_their_word_alone(
    said: list[Cause], found: list[Cause], memory: list[float], shop: Shop
) -> None:
    case = shop.case()
    plain = {(h.service, h.fault): h.probability for h in diagnosis.examine(case).diagnosis.hypotheses}
    told = [word(cause, weight) for cause, weight in zip(CAUSES, memory, strict=False)]
    diagnosed = diagnosis.examine(remembering(advised(case, said, found), *told)).diagnosis
    assert {(h.service, h.fault) for h in diagnosed.hypotheses} == set(plain)
    if diagnosed.cause is None:
        return
    unaided = plain[diagnosed.cause.service, diagnosed.cause.fault]
    assert unaided >= SEEN_UNAIDED
    if diagnosed.verdict == "confirmed":
        assert unaided >= CONFIRMED


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SUSPECTED, SUSPECTED, SHOPS, st.booleans())
def test_one_voter_alone_hears_models_and_its_judgement_names_them_with_the_choice_without(
    said: list[Cause], found: list[Cause], shop: Shop, again: bool
) -> None:
    case, plans = shop.case(), plans_of(TORN.case())
    shared = tuple(e for vote in panel.votes(case, plans) for e in vote.cited) if again else None
    plain, heard = judged(case, plans, shared), judged(advised(case, said, found), plans, shared)
    assert {voter for voter in VOTERS if plain[voter] != heard[voter]} <= {ADVISED}
    own = heard[ADVISED]
    assert own.choice_without_models == plain[ADVISED].choice
    if own.scores != plain[ADVISED].scores:
        assert own.models
        assert set(own.models) <= set(advice_of(analysed(*said).with_(investigated(*found)), NOW).models)
    else:
        assert own == plain[ADVISED] or own.models


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SUSPECTED, SUSPECTED, SHOPS)
def test_no_plan_has_four_votes_by_a_models_word_that_had_not_three_without_it(
    said: list[Cause], found: list[Cause], shop: Shop
) -> None:
    case, plans = shop.case(), plans_of(TORN.case())
    before = Counter(each.choice for each in judged(case, plans, None).values())
    after = Counter(each.choice for each in judged(advised(case, said, found), plans, None).values())
    for plan, votes in after.items():
        assert votes <= before[plan] + 1


@pytest.mark.parametrize("again", [False, True])
def test_a_voter_by_itself_judges_as_all_five_do_together(again: bool) -> None:
    case, plans = advised(TORN.case(), [LEAK]), plans_of(TORN.case())
    shared = tuple(e for vote in panel.votes(case, plans) for e in vote.cited) if again else None
    alone = {voter: panel.vote(voter, case, plans, shared).judgement for voter in VOTERS}
    assert alone == judged(case, plans, shared)
    own = alone[ADVISED]
    assert own is not None
    assert own.models == (NOVA,)
    # In a second round the others' evidence outweighs it.
    assert (own.choice != own.choice_without_models) is not again


def test_models_are_named_also_where_diagnosis_has_nothing_to_judge_by() -> None:
    case, plans = OVERLOADED.case(), plans_of(OVERLOADED.case())
    blind = replace(case, observations=replace(case.observations, metrics=()))
    heard = judged(replace(blind, advice=Advice()), plans, ())
    assert judged(advised(blind, CAUSES), plans, ()) == heard


def half_full(percent: float) -> Case:
    """Torn as well, with so much of checkout's memory in use: the more, the likelier a leak."""
    return replace(TORN, broken={**TORN.broken, (CHECKOUT, "memory_utilization"): percent}).case()


def test_what_would_be_likely_without_them_is_not_confirmed_by_their_word() -> None:
    case = half_full(82.0)
    told = advised(case, [OVERLOAD], [OVERLOAD])
    plain, heard = diagnosis.examine(case), diagnosis.examine(told)
    assert plain.diagnosis.verdict == heard.diagnosis.verdict == "likely"
    assert plain.diagnosis.hypotheses[0].probability < CONFIRMED < heard.diagnosis.hypotheses[0].probability


def test_what_would_have_too_little_without_them_is_not_named_on_their_word() -> None:
    case = half_full(87.0)
    plain, heard = diagnosis.examine(case).diagnosis, diagnosis.examine(advised(case, [LEAK], [LEAK])).diagnosis
    lead = heard.hypotheses[0]
    assert (lead.service, lead.fault) == (CHECKOUT, "memory_leak")
    assert lead.probability >= LIKELY
    assert plain.hypotheses[1].probability < SEEN_UNAIDED
    assert heard.verdict == "inconclusive"


@pytest.mark.parametrize("signal", ["memory", "model"])
def test_a_witness_is_no_second_kind_of_telemetry(signal: Signal) -> None:
    seen = diagnosis.examine(OVERLOADED.case()).diagnosis.hypotheses[0]
    metrics = tuple(each for each in seen.evidence if each.signal == "metrics")
    said = metrics[0].model_copy(update={"signal": signal})
    assert diagnosis.verdict_of(seen.model_copy(update={"evidence": (*metrics, said)}), 0.95, ()) == "likely"
    assert diagnosis.verdict_of(seen, 0.95, ()) == "confirmed"
