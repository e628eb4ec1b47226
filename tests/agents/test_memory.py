"""Memory in a decision: one witness among what is seen now, which by itself confirms nothing and does nothing."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import diagnosis, panel, resolution
from incident_commander.agents.case import Case
from incident_commander.agents.diagnosis import CONFIRMED, SEEN_UNAIDED
from incident_commander.agents.resolution import propose
from incident_commander.analysis.recollection import CAP, recall, similar
from incident_commander.domain.ballot import VOTERS, Judgement
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Evidence
from incident_commander.domain.memory import Cause, Memory, Recalled, Tried, Witness
from incident_commander.domain.plan import Plan
from incident_commander.domain.provenance import Provenance

from ..analysis.memories import LOOKS, NOON, remembered, told
from .shop import CALM, CHECKOUT, DATABASE, LEAKING, OVERLOADED, SEARCH, Shop, causes

CATALOGUE = load_catalogue()
CAUSES = [
    None,
    Cause(service=SEARCH, fault="overload"),
    Cause(service=SEARCH, fault="node_failure"),
    Cause(service=DATABASE, fault="connection_pool_exhaustion"),
    Cause(service=CHECKOUT, fault="memory_leak"),
    Cause(service=ServiceName("nowhere"), fault="disk_full"),
]


def word(cause: Cause | None, weight: float) -> Witness:
    """Memory's word on a cause."""
    evidence = Evidence(
        signal="memory",
        what="as told",
        when=NOON,
        weight=weight,
        provenance=Provenance(kind="simulated", source="test"),
    )
    return Witness(cause=cause, evidence=evidence)


def remembering(case: Case, *said: Witness) -> Case:
    """The case with what memory says."""
    return replace(case, recalled=Recalled(testimony=said))


def test_it_weighs_on_a_cause_that_is_seen_and_its_evidence_is_shown_with_its_source() -> None:
    case = OVERLOADED.case()
    before = diagnosis.examine(case).diagnosis.hypotheses[0]
    cause = Cause(service=before.service, fault=before.fault)
    after = diagnosis.examine(remembering(case, word(cause, -CAP))).diagnosis.hypotheses[0]
    assert after.probability < before.probability
    assert [each.what for each in after.against if each.signal == "memory"] == ["as told"]


def test_it_never_adds_a_cause_that_is_not_seen() -> None:
    case = OVERLOADED.case()
    plain = {(h.service, h.fault) for h in diagnosis.examine(case).diagnosis.hypotheses}
    said = [word(cause, CAP) for cause in CAUSES]
    assert {(h.service, h.fault) for h in diagnosis.examine(remembering(case, *said)).diagnosis.hypotheses} == plain


def test_where_nothing_is_seen_it_convicts_nobody() -> None:
    said = [word(cause, CAP) for cause in CAUSES if cause is not None]
    assert diagnosis.examine(remembering(CALM.case(), *said)).diagnosis.verdict == "inconclusive"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(CAUSES), st.floats(-CAP, CAP)), st.sampled_from([OVERLOADED, LEAKING, CALM]))
def test_whatever_it_says_nothing_is_confirmed_or_named_on_its_word_alone(
    said: dict[Cause | None, float], shop: Shop
) -> None:
    case = shop.case()
    plain = {(h.service, h.fault): h.probability for h in diagnosis.examine(case).diagnosis.hypotheses}
    found = diagnosis.examine(remembering(case, *(word(cause, w) for cause, w in said.items()))).diagnosis
    if found.cause is None:
        return
    unaided = plain.get((found.cause.service, found.cause.fault), 0.0)
    assert unaided >= SEEN_UNAIDED
    if found.verdict == "confirmed":
        assert unaided >= CONFIRMED


def failing(plan: Plan) -> Recalled:
    """Memory of three similar incidents in which a plan's action did not hold."""
    assert plan.action is not None
    tried = Tried(action=plan.action.name, target=plan.action.target)
    incidents = [remembered(f"inc-{n}", proof="refuted").model_copy(update={"tried": tried}) for n in range(3)]
    return recall(similar(LOOKS, [Memory(remembered=each) for each in incidents]), "simulated")


def test_an_action_that_did_not_hold_before_is_scored_lower_with_the_incidents_named() -> None:
    plans = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    case = OVERLOADED.case()
    before = resolution.judge(plans, resolution.examine(case))
    after = resolution.judge(plans, resolution.examine(replace(case, recalled=failing(plans[0]))))
    assert after.scores[plans[0].digest] == pytest.approx(before.scores[plans[0].digest] / 4, abs=1e-3)
    assert after.choice != plans[0].digest


def test_success_before_makes_no_action_better_than_its_target_shows_it() -> None:
    plans = propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    assert plans[0].action is not None
    tried = Tried(action=plans[0].action.name, target=plans[0].action.target)
    good = told(remembered("inc-1", proof="proven").model_copy(update={"tried": tried}), CAUSES[1])
    case = replace(OVERLOADED.case(), recalled=recall(similar(LOOKS, (good,)), "simulated"))
    assert (
        resolution.judge(plans, resolution.examine(case)).scores
        == resolution.judge(plans, resolution.examine(OVERLOADED.case())).scores
    )


@pytest.mark.parametrize("round", [1, 2])
def test_it_speaks_to_too_few_voters_for_a_quorum(round: int) -> None:
    case, plans = OVERLOADED.case(), propose(OVERLOADED.case(), causes((SEARCH, "overload", 0.9)), CATALOGUE).plans
    said = Recalled(testimony=(word(CAUSES[1], -CAP),), experience=failing(plans[0]).experience)
    told_of = replace(case, recalled=said)
    shared = () if round == 2 else None

    def judged(seen: Case) -> dict[str, Judgement | None]:
        return {vote.voter: vote.judgement for vote in panel.votes(seen, plans, shared)}

    plain, aided = judged(case), judged(told_of)
    assert {voter for voter in plain if plain[voter] != aided[voter]} <= panel.REMEMBERING
    assert len(panel.REMEMBERING) == 2
    alone = {voter: panel.vote(voter, told_of, plans, shared).judgement for voter in VOTERS}
    assert alone == aided
