"""A vote in which models were heard: their word moves one ballot of five, which says so, and never does harm."""

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import panel
from incident_commander.agents.hearsay import ADVISED
from incident_commander.agents.resolution import propose
from incident_commander.analysis.advice import advice_of
from incident_commander.consensus.certificate import verify_certificate
from incident_commander.consensus.faults import FOOLED_MODEL, INJECTED_TEXT
from incident_commander.consensus.keys import FileKeys, Keyring
from incident_commander.consensus.poll import Poll
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.advice import NO_ADVICE, Advice
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Evidence, FaultKind
from incident_commander.domain.memory import Cause
from incident_commander.domain.reasoning import Counsel, Knowledge, SeverityOpinion
from incident_commander.response.decide import Booth
from incident_commander.response.hearing import Sight, hear, look
from incident_commander.response.record import IncidentRecord
from incident_commander.response.voter_processes import VoterProcesses, voter_command
from incident_commander.response.voting import Cast, Question, VotersHere
from incident_commander.response.workers import Workers
from incident_commander.sandbox.answers import answer_on, finish

from ..agents.shop import CHECKOUT, SEARCH, TORN, causes
from ..analysis.counsels import NOVA, analysed, investigated
from ..running import REPOSITORY
from ..ui import story
from .test_voter_processes import PATIENT

LEAK = Cause(service=CHECKOUT, fault="memory_leak")
INCIDENTS = (("memory_leak", 3), ("api_overload", 401), ("database_cascade", 1))
FAULTS: tuple[FaultKind, ...] = (
    "connection_pool_exhaustion",
    "memory_leak",
    "overload",
    "bad_deploy",
    "disk_full",
    "node_failure",
    "dependency_failure",
    "attack_traffic",
)


@cache
def seen(scenario: str, seed: int) -> Sight:
    sight = look(scenario, seed)
    assert sight is not None
    return sight


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(INCIDENTS), st.data())
def test_whatever_a_lying_model_suspects_three_who_heard_none_chose_what_is_certified_and_it_harms_nobody(
    incident: tuple[str, int], data: st.DataObject
) -> None:
    sight = seen(*incident)
    services = [ServiceName(each.name) for each in sight.diagnose.observations.topology.services]
    lies = st.lists(st.builds(Cause, service=st.sampled_from(services), fault=st.sampled_from(FAULTS)), max_size=3)
    said = analysed(*data.draw(lies), reason=INJECTED_TEXT).with_(investigated(*data.draw(lies)))
    advice = advice_of(said, sight.diagnose.now)
    hearing = hear(sight, advice=advice, diagnosed_on=advice)
    booth = Booth(hearing, rule())
    certificate = booth.decide().certificate
    if certificate is None:
        return
    verify_certificate(certificate, certificate.plan_digest, certificate.incident_id, booth.public_keys)
    ballots = {each.ballot.voter: each.ballot.judgement for each in certificate.ballots}
    others = [voter for voter, each in ballots.items() if voter != ADVISED and each.choice == certificate.plan_digest]
    assert len(others) >= rule().required - 1
    assert not any(each.models for voter, each in ballots.items() if voter != ADVISED)
    action = next(plan.action for plan in hearing.plans if plan.digest == certificate.plan_digest)
    if action is not None:
        truth = finish(answer_on(*incident, [(action.name, action.target)]))
        assert (action.name, action.target) not in truth.harmful


def test_a_vote_held_again_goes_as_a_live_one_does_in_both_rounds() -> None:
    sight = seen("api_overload", 401)
    lead = hear(sight).diagnosis.hypotheses[0]
    advice = advice_of(analysed(Cause(service=lead.service, fault=lead.fault)), sight.diagnose.now)
    hearing = hear(sight, advice=advice)
    held = Booth(hearing, rule()).decide()
    assert len(held.rounds) == 2
    shared: tuple[Evidence, ...] = ()
    for number, each in enumerate(held.rounds):
        live = panel.votes(hearing.cases[number], hearing.plans, shared if number else None)
        assert each.honest == {vote.voter: vote.judgement for vote in live}
        assert each.honest[ADVISED].models == (NOVA,)
        shared = tuple(found for vote in live for found in vote.cited)


def test_what_was_heard_by_the_diagnosis_is_heard_again() -> None:
    sight = seen("memory_leak", 3)
    lead = hear(sight).diagnosis.hypotheses[0]
    advice = advice_of(analysed(Cause(service=lead.service, fault=lead.fault)), sight.diagnose.now)
    again = hear(sight, advice=advice, diagnosed_on=advice).diagnosis.hypotheses[0]
    assert [each.what for each in again.evidence if each.signal == "model"] == [advice.testimony[0].evidence.what]
    assert hear(sight, advice=advice).diagnosis.hypotheses[0] == lead


def torn(advice: Advice) -> Question:
    """A case that is nearly undecided, with what models suspect of it."""
    case = TORN.case()
    plans = propose(case, causes((SEARCH, "overload", 0.6), (CHECKOUT, "memory_leak", 0.3)), load_catalogue()).plans
    poll = Poll(
        incident_id=case.incident.id,
        round=1,
        candidates=frozenset(plan.digest for plan in plans),
        opened_at=case.now,
        deadline=case.now + PATIENT,
        expires_at=case.now + 2 * PATIENT,
    )
    return Question(replace(case, advice=advice), plans, poll)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the keys of five voters."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    Keyring.load(FileKeys(tmp_path / "keys"), tmp_path / "keys")
    return tmp_path / "keys"


async def cast_here(asked: Question, keys: Path) -> Cast:
    analysts = Workers(1)
    try:
        return await VotersHere(analysts, lambda: Keyring.load(FileKeys(keys), keys)).cast(asked)
    finally:
        analysts.close()


async def test_voters_in_processes_of_their_own_name_models_as_voters_in_one_do(keys: Path) -> None:
    first = torn(advice_of(analysed(LEAK), TORN.case().now))
    here = await cast_here(first, keys)
    again = replace(
        first, poll=replace(first.poll, round=2), shared=tuple(each for vote in here.votes for each in vote.cited)
    )
    apart = VoterProcesses(voter_command("files", keys), keys)
    for asked in (first, again):
        one, other = await asyncio.gather(apart.cast(asked), cast_here(asked, keys))
        assert [each.ballot for each in one.submissions] == [each.ballot for each in other.submissions]
        named = {each.sender: each.ballot.ballot.judgement.models for each in one.submissions}
        assert named == {voter: (NOVA,) if voter == ADVISED else () for voter in named}


async def test_a_ballot_that_a_model_changed_counts_as_cast_while_it_is_one_voters(keys: Path) -> None:
    asked = torn(advice_of(analysed(LEAK), TORN.case().now))
    cast = await cast_here(asked, keys)
    own = next(each.ballot.ballot.judgement for each in cast.submissions if each.sender == ADVISED)
    assert own.choice is not None
    assert own.choice != own.choice_without_models
    outcome = tally(
        asked.poll, cast.submissions, rule(), Keyring.load(FileKeys(keys), keys).public_keys, asked.case.now
    )
    assert ADVISED in outcome.votes[own.choice]


async def test_where_another_voter_was_fooled_by_the_same_model_both_count_without_it(keys: Path) -> None:
    said = analysed(LEAK)
    said = said.model_copy(update={"usage": (said.usage[0].model_copy(update={"model": FOOLED_MODEL}),)})
    asked = replace(torn(advice_of(said, TORN.case().now)), faults={"detection": "injected"})
    cast = await cast_here(asked, keys)
    judged = {each.sender: each.ballot.ballot.judgement for each in cast.submissions}
    assert judged[ADVISED].models == judged["detection"].models == (FOOLED_MODEL,)
    outcome = tally(
        asked.poll, cast.submissions, rule(), Keyring.load(FileKeys(keys), keys).public_keys, asked.case.now
    )
    for voter in (ADVISED, "detection"):
        without = judged[voter].choice_without_models
        assert without is not None
        assert voter in outcome.votes[without]


def test_advice_is_what_models_said_when_they_said_it_whatever_is_asked_later() -> None:
    guidance = Counsel(guidance=Knowledge(text="drain it first"))
    told = story.events(
        ("counsel.given", "response", story.json(Counsel(severity=SeverityOpinion(severity="high"))), 1.0),
        ("counsel.given", "response", story.json(analysed(LEAK)), 2.0),
        ("diagnosis.made", "diagnosis", story.json(story.DIAGNOSIS), 3.0),
        ("counsel.given", "response", story.json(investigated(LEAK)), 4.0),
        ("counsel.given", "response", story.json(guidance), 5.0),
    )
    record = IncidentRecord(story.incident(), told)
    assert [each.evidence.when for each in record.advice.testimony] == [story.at(4)]
    assert len(record.advice.models) == 2
    diagnosed = record.before("diagnosis.made").advice
    assert diagnosed.models == (NOVA,)
    assert [each.evidence.when for each in diagnosed.testimony] == [story.at(2)]
    assert record.before("counsel.given").advice == NO_ADVICE
    assert record.before("postmortem.written").advice == record.advice
