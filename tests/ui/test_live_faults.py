"""Faults in the live agents on /transparency, without a browser: an operator's word, and nobody else's."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_commander.access import Attempts, Authenticator, token_source
from incident_commander.response.view_live_vote import LiveVote
from incident_commander.ui import following, services
from incident_commander.ui.live import Broadcaster
from incident_commander.ui.operator import SIGN_IN, OperatorState
from incident_commander.ui.transparency.live_faults_state import LiveFaultsState
from tests.ui.doubles import RecordedSockets, ToldOperations
from tests.ui.test_live import until
from tests.ui.test_states import entered, handler

PAGE = "/transparency?fail=live"
TOKEN = "a-token-that-a-test-has-set"


@pytest.fixture
def operations(tmp_path: Path) -> Iterator[ToldOperations]:
    """The response that the accessor leads to."""
    operations = ToldOperations()
    services.provide(services.Services(operations, Broadcaster(RecordedSockets(), operations)))
    services.provide_access(Authenticator(token_source(SecretStr(TOKEN), tmp_path), Attempts()))
    yield operations
    services.provide(None)
    services.provide_access(None)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a viewer is there, at each time of asking; gone after the last: each looks once where nothing is said."""
    answers: list[bool] = []
    monkeypatch.setattr(following, "is_connected", lambda token: answers.pop(0) if answers else False)
    monkeypatch.setattr(following, "AWAY_SECONDS", 0.0)
    return answers


async def look(state: LiveFaultsState, here: list[bool]) -> None:
    """Look once."""
    here[:] = [True]
    await handler(state, "look")


async def looked(here: list[bool]) -> LiveFaultsState:
    """The state of somebody who has opened the page."""
    state = await entered(LiveFaultsState, PAGE)
    await look(state, here)
    return state


async def signed_in(here: list[bool]) -> LiveFaultsState:
    """The state of an operator who has opened the page."""
    state = await looked(here)
    await handler(await state.get_state(OperatorState), "sign_in", {"name": "Ada", "token": TOKEN})
    return state


def form(voter: str = "detection", fault: str = "lie", reason: str = "trying it") -> dict[str, str]:
    """What is written into the form."""
    return {"voter": voter, "fault": fault, "reason": reason}


async def test_it_shows_that_nobody_fails_and_nothing_was_changed(operations: ToldOperations, here: list[bool]) -> None:
    state = await looked(here)
    assert (state.off, state.faulty, state.changes) == ("", 0, [])
    assert {row.fault for row in state.agents} == {"honest"}


async def test_who_has_not_signed_in_changes_nothing(operations: ToldOperations, here: list[bool]) -> None:
    state = await looked(here)
    await handler(state, "inject", form())
    assert state.problem == SIGN_IN
    assert operations.faults == []


async def test_an_operator_makes_an_agent_fail_and_it_is_shown_with_who_and_why(
    operations: ToldOperations, here: list[bool]
) -> None:
    state = await signed_in(here)
    await handler(state, "inject", form())
    assert [(each.injection.voter, each.injection.fault, each.injection.by) for each in operations.faults] == [
        ("detection", "lie", "Ada")
    ]
    assert state.notice == "Detection is made to lie. The ledger has it."
    await look(state, here)
    assert (state.faulty, state.beyond, state.agents[0].fault) == (1, False, "lie")
    assert [(row.what, row.by, row.reason) for row in state.changes] == [
        ("Detection is made to lie", "Ada", "trying it")
    ]


async def test_two_are_more_than_the_rule_bears_until_one_is_honest_again(
    operations: ToldOperations, here: list[bool]
) -> None:
    state = await signed_in(here)
    await handler(state, "inject", form())
    await handler(state, "inject", form("prediction", "silent"))
    await look(state, here)
    assert state.beyond
    assert state.bears.startswith("2 of 5 fail: more than the rule bears (f = 1).")
    await handler(state, "inject", form("detection", "honest", "enough"))
    await look(state, here)
    assert (state.faulty, state.beyond) == (1, False)
    assert state.changes[0].what == "Detection is honest again"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (form(voter="weather"), "There is no agent 'weather'"),
        (form(fault="sulk"), "No agent can 'sulk'"),
        (form(reason="  "), "A reason is needed, which the ledger keeps"),
        (form(reason="x" * 501), "The reason has 501 characters"),
        ({}, "There is no agent 'None'"),
        (None, "There is no agent 'None'"),
    ],
)
async def test_nonsense_is_refused_in_words(
    operations: ToldOperations, here: list[bool], written: object, said: str
) -> None:
    state = await signed_in(here)
    await handler(state, "inject", written)
    assert state.problem.startswith(said)
    assert operations.faults == []


async def test_another_viewer_sees_what_stands(operations: ToldOperations, here: list[bool]) -> None:
    await handler(await signed_in(here), "inject", form())
    assert (await looked(here)).agents[0].fault == "lie"


async def test_a_store_that_is_down_is_said_to_be_and_nothing_else(
    operations: ToldOperations, here: list[bool]
) -> None:
    operations.trouble = OSError("the disk is full")
    state = await looked(here)
    assert (state.off, state.agents) == ("the disk is full", [])


async def test_without_the_response_it_says_so(here: list[bool]) -> None:
    assert "not running" in (await looked(here)).off


async def test_whoever_looks_sees_what_others_change_and_how_it_is_voted(
    operations: ToldOperations, here: list[bool]
) -> None:
    operator, watching = await signed_in(here), await entered(LiveFaultsState, PAGE)
    here[:] = [True] * 1000
    following_it = asyncio.create_task(handler(watching, "look"))
    await until(lambda: len(watching.agents) == 5)
    operations.vote = LiveVote(incident="inc-1", status="escalated")
    await handler(operator, "inject", form())
    await until(lambda: watching.agents[0].fault == "lie")
    assert watching.vote.incident == "inc-1"
    here.clear()
    await asyncio.wait_for(following_it, 10)
    assert operations.listeners == set()


@pytest.mark.parametrize("path", ["/ops", "/transparency", "/transparency?fail=own"])
async def test_elsewhere_nothing_is_looked_at(operations: ToldOperations, path: str) -> None:
    state = await entered(LiveFaultsState, path)
    await handler(state, "look")
    assert state.agents == []
