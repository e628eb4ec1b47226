"""Whoever acts on the pages is an operator: every handler that is not known to be open asks the server-side session."""

import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest
import reflex as rx
from reflex.state import BaseState

from incident_commander.access import Attempts, Authenticator, KeptToken
from incident_commander.access.attempts import CLIENT_BURST
from incident_commander.response.approvals import NotAwaiting
from incident_commander.ui import app, services
from incident_commander.ui.live import Broadcaster
from incident_commander.ui.operator import SIGN_IN, SIGN_IN_AGAIN, OperatorState
from incident_commander.ui.ops.controls_state import ControlState
from tests.api.acting import PLAN
from tests.ui.doubles import RecordedSockets, ToldOperations
from tests.ui.test_states import entered

assert app, "importing the pages defines every state there is"

OPEN = {
    "LandingState": {"enter"},
    "LinkState": {"ping"},
    "OpsState": {"enter", "enter_when_running", "select", "start_scenario"},
    "OperatorState": {"sign_in", "sign_out"},
    "TransparencyState": {"enter", "open_claim", "tamper", "verify"},
    "OwnRunState": {"all_honest", "another_seed", "cancel", "choose", "enter", "make_fail", "run", "write_seed"},
    "LiveFaultsState": {"look"},
    "WhatIfState": {"cancel", "choose", "enter", "search", "suppose", "suppose_nothing"},
    "DemoState": {
        "another_seed", "assume", "assume_as_shipped", "cancel", "choose", "enter", "run", "run_again", "write_seed"
    },
    "PlayerState": {"choose_speed", "pause", "play", "seek", "step", "to_the_end"},
}  # fmt: skip
"""The handlers that anybody may call: they show, choose, sign in, start a practice run, or play with a copy."""
FORMS: dict[str, dict[str, str]] = {
    "approve": {"incident": "inc-1", "plan": PLAN},
    "deny": {"incident": "inc-1", "plan": PLAN, "reason": "no"},
    "throw_kill_switch": {"turn": "on", "reason": "stop"},
    "set_trust": {"action": "restart", "level": "advise", "world": "live", "reason": "why"},
    "release_agent": {"voter": "diagnosis", "reason": "its key was changed"},
    "end_fault": {"voter": "diagnosis", "reason": "the drill is over"},
    "report_advice": {"incident": "inc-1", "right": "yes", "reason": "why"},
}


class Session:
    """One browser's state as a background handler is given it: changed inside `async with` only."""

    def __init__(self, state: OperatorState) -> None:
        self.__dict__["state"] = state

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *error: object) -> None: ...

    def __getattr__(self, name: str) -> object:
        return getattr(self.__dict__["state"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.__dict__["state"], name, value)


class Pages:
    """The accessor filled, with a token that is made anew."""

    def __init__(self, folder: Path) -> None:
        self.operations = ToldOperations()
        self.kept = KeptToken(folder)
        self.token = self.kept.make()
        services.provide(services.Services(self.operations, Broadcaster(RecordedSockets(), self.operations)))
        services.provide_access(Authenticator(self.kept, Attempts()))


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    yield Pages(tmp_path)
    services.provide(None)
    services.provide_access(None)


@pytest.fixture
async def session() -> ControlState:
    return await entered(ControlState, "/ops")


def sign_in(state: OperatorState, token: str, name: str = "Ada Lovelace") -> None:
    OperatorState.event_handlers["sign_in"].fn(state, {"name": name, "token": token})


async def call(state: ControlState, name: str, **form: str) -> None:
    """Call a handler of the controls as the server does."""
    handler = type(state).event_handlers[name].fn
    await handler(Session(state), *([{**FORMS[name], **form}] if name in FORMS else []))


def states() -> list[type[BaseState]]:
    """Every state of ours."""
    found: list[type[BaseState]] = [rx.State]
    for state in found:
        found.extend(state.get_substates())
    return [state for state in found if state.__module__.startswith("incident_commander.")]


def guarded() -> dict[str, type[BaseState]]:
    """Every handler of ours that is not known to be open, by its name and that of its state."""
    return {
        f"{state.__name__}.{name}": state
        for state in states()
        for name in vars(state).keys() & state.event_handlers.keys()
        if name not in OPEN.get(state.__name__, set()) | {"setvar"}
    }


def test_the_guarded_handlers_are_found() -> None:
    found = guarded()
    assert found.keys() >= {f"ControlState.{name}" for name in (*FORMS, "reset_practice")}


async def test_signed_out_no_guarded_handler_does_anything(pages: Pages) -> None:
    for named, state in guarded().items():
        assert issubclass(state, OperatorState), f"{named} cannot know who calls it"
        own = await entered(state, "/ops")
        handler = state.event_handlers[named.partition(".")[2]].fn
        given: list[dict[str, str]] = [{}] * (len(inspect.signature(handler).parameters) - 1)
        await handler(Session(own), *given)
        assert own.problem == SIGN_IN, f"{named} does not ask who calls it"
    assert pages.operations.acts == []


async def test_signed_in_each_does_what_it_is_for_in_the_operators_name(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    for name in (*FORMS, "reset_practice"):
        await call(session, name)
        assert session.problem == "", name
        assert session.notice
    assert pages.operations.acts == [
        ("answer_approval", "inc-1", PLAN, "approved", "Ada Lovelace", "", "plan", None),
        ("answer_approval", "inc-1", PLAN, "denied", "Ada Lovelace", "no", "plan", None),
        ("throw_kill_switch", True, "Ada Lovelace", "stop"),
        ("set_trust", "restart", "advise", "Ada Lovelace", "why", "live"),
        ("release_agent", "diagnosis", "Ada Lovelace", "its key was changed"),
        ("inject_fault", "diagnosis", None, "Ada Lovelace", "the drill is over"),
        ("report_advice", "inc-1", True, "Ada Lovelace", "why"),
        ("reset_practice",),
    ]


@pytest.mark.parametrize("name", ["operator", "_proof", "proof", "problem"])
async def test_what_reflex_gives_every_state_sets_nothing_of_the_session(session: ControlState, name: str) -> None:
    with pytest.raises(AttributeError):
        ControlState.event_handlers["setvar"].fn(session, name, "Mallory")
    assert (session.operator, session._proof) == ("", "")


async def test_a_wrong_token_signs_nobody_in_and_too_many_are_not_looked_at(
    pages: Pages, session: ControlState
) -> None:
    for _ in range(CLIENT_BURST):
        sign_in(session, "wrong")
        assert (session.operator, session.tried) == ("", "Ada Lovelace")
        assert "not the operator token" in session.refusal
    sign_in(session, pages.token)
    assert session.operator == ""
    assert "try again in" in session.refusal
    await call(session, "reset_practice")
    assert pages.operations.acts == []


async def test_signing_out_ends_the_session(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    OperatorState.event_handlers["sign_out"].fn(session)
    await call(session, "reset_practice")
    assert (session.operator, session.problem, pages.operations.acts) == ("", SIGN_IN, [])


async def test_another_token_ends_every_session_of_the_one_before(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    pages.token = pages.kept.make()
    await call(session, "throw_kill_switch")
    assert (session.operator, session.problem, pages.operations.acts) == ("", SIGN_IN_AGAIN, [])
    sign_in(session, pages.token)
    await call(session, "throw_kill_switch")
    assert len(pages.operations.acts) == 1


async def test_what_proves_the_operator_never_goes_to_the_browser(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    root = session._get_root_state()
    sent = str(root.dict())
    assert "Ada Lovelace" in sent
    assert pages.token not in sent
    assert session._proof
    assert session._proof not in sent


async def test_changed_arguments_are_sent_and_unchanged_ones_are_not(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    await call(session, "approve", **{"argument:factor": "2.0", "class": "on"})
    await call(session, "approve", **{"argument:factor": " 3 ", "reason": "half is enough"})
    assert [act[5:] for act in pages.operations.acts] == [
        ("", "class", None),
        ("half is enough", "plan", {"factor": 3.0}),
    ]
    assert "new round of votes" in session.notice


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("approve", {"argument:factor": "many"}, "not a number"),
        ("deny", {"reason": " "}, "a reason is needed"),
        ("throw_kill_switch", {"turn": "round"}, "choose one of on, off"),
        ("throw_kill_switch", {"reason": "\x1b"}, "cannot be printed"),
        ("set_trust", {"level": "fully"}, "choose one of observe"),
        ("report_advice", {"right": ""}, "choose one of yes, no"),
    ],
)
async def test_what_is_not_possible_is_told_and_nothing_is_done(
    pages: Pages, session: ControlState, name: str, form: dict[str, str], told: str
) -> None:
    sign_in(session, pages.token)
    await call(session, name, **form)
    assert told in session.problem.lower()
    assert (session.busy, pages.operations.acts) == ("", [])


async def test_what_the_response_refuses_is_told_beside_the_control(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    pages.operations.trouble = NotAwaiting("the question is closed: denied by Grace")
    await call(session, "approve")
    assert (session.told_by, session.problem) == ("approvals", "The question is closed: denied by Grace")


async def test_while_one_control_works_no_other_begins(pages: Pages, session: ControlState) -> None:
    sign_in(session, pages.token)
    session.busy = "trust"
    await call(session, "throw_kill_switch")
    assert pages.operations.acts == []
