"""What the pages' event handlers do, without a browser."""

from collections.abc import Iterator
from typing import TypeVar

import pytest
import reflex as rx
from reflex.istate.data import RouterData

from incident_commander.response.views import HealthRow
from incident_commander.ui import services
from incident_commander.ui.landing.state import LandingState, summary
from incident_commander.ui.live import LIVE_ROOM, Broadcaster
from incident_commander.ui.ops.state import LinkState, OpsState, parse_seed
from tests.ui import story
from tests.ui.doubles import RecordedSockets, ToldOperations


class Running:
    """Services that a test looks into."""

    def __init__(self) -> None:
        self.operations = ToldOperations(until=9)
        self.sockets = RecordedSockets()


@pytest.fixture
def running() -> Iterator[Running]:
    """The accessor filled for one test."""
    around = Running()
    services.provide(services.Services(around.operations, Broadcaster(around.sockets, around.operations)))
    yield around
    services.provide(None)


async def test_entering_ops_joins_the_live_room_with_a_snapshot(running: Running) -> None:
    state = await entered(OpsState, "/ops")
    await handler(state, "enter")
    assert running.sockets.rooms[LIVE_ROOM] == {"sid-1"}
    assert running.sockets.browsers["sid-1"]["loaded"] is True
    assert state.scenarios == ["database_cascade", "memory_leak"]


async def test_a_socket_that_is_on_another_page_is_not_let_into_the_live_room(running: Running) -> None:
    state = await entered(OpsState, "/")
    await handler(state, "enter")
    assert running.sockets.rooms == {}


async def test_entering_before_the_services_run_says_so() -> None:
    state = await entered(OpsState, "/ops")
    await handler(state, "enter")
    assert "not running yet" in state.waiting


async def test_the_address_says_which_incident_is_shown(running: Running) -> None:
    state = await entered(OpsState, f"/ops?incident={story.ID}")
    await handler(state, "enter")
    assert running.sockets.browsers["sid-1"]["followed"] == story.ID
    await handler(await entered(OpsState, "/ops"), "enter")
    assert running.sockets.browsers["sid-1"]["followed"] == ""


@pytest.mark.parametrize("nonsense", ["no-such", "x" * 10_000, "%00%FF", "<b>"])
async def test_nonsense_for_an_incident_shows_the_newest(running: Running, nonsense: str) -> None:
    await handler(await entered(OpsState, f"/ops?incident={nonsense}"), "enter")
    assert running.sockets.browsers["sid-1"]["followed"] == ""
    assert running.sockets.browsers["sid-1"]["head"] == story.view(9).head.model_dump(mode="json")


@pytest.mark.parametrize(
    ("chosen", "address"),
    [
        ("inc-1", "/ops?incident=inc-1"),
        ("a&b=c", "/ops?incident=a%26b%3Dc"),
        ("", "/ops"),
        ("x" * 200, "/ops"),
        (None, "/ops"),
        ({"a": 1}, "/ops"),
    ],
)
async def test_choosing_an_incident_goes_to_its_address(chosen: object, address: str) -> None:
    state = await entered(OpsState, "/ops")
    redirect = OpsState.event_handlers["select"].fn(state, chosen)
    assert f'"{address}"' in str(redirect.args)


class Background:
    """What a background handler is given: the viewer's state, changed inside `async with` only."""

    def __init__(self, busy: str = "") -> None:
        self.busy = busy
        self.notice = self.started = self.problem = ""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *error: object) -> None: ...


async def background(name: str, state: Background, *arguments: object) -> None:
    """Run a background handler to its end."""
    await OpsState.event_handlers[name].fn(state, *arguments)


async def test_starting_a_scenario_tells_which_run_it_is(running: Running) -> None:
    state = Background()
    await background("start_scenario", state, {"scenario": "database_cascade", "seed": "7"})
    assert running.operations.started == [("database_cascade", 7)]
    assert (state.notice, state.started) == ("Practice run started: database_cascade, seed 7, as", "run-1")
    assert (state.busy, state.problem) == ("", "")


async def test_leaving_the_form_empty_lets_the_practice_company_choose(running: Running) -> None:
    await background("start_scenario", Background(), {"scenario": "", "seed": ""})
    assert running.operations.started == [(None, None)]


async def test_a_seed_that_is_none_starts_nothing(running: Running) -> None:
    state = Background()
    await background("start_scenario", state, {"seed": "seven"})
    assert "not a whole number" in state.problem
    assert running.operations.started == []


async def test_what_went_wrong_is_told_and_the_control_works_again(running: Running) -> None:
    running.operations.trouble = ValueError("no scenario 'x'; there are database_cascade, memory_leak")
    state = Background()
    await background("start_scenario", state, {"scenario": "x"})
    assert state.problem == "The practice run did not start: no scenario 'x'; there are database_cascade, memory_leak"
    assert state.busy == ""


async def test_two_starts_at_once_are_one(running: Running) -> None:
    await background("start_scenario", Background(busy="Starting"), {})
    assert running.operations.started == []


async def test_a_run_is_answered_by_the_modelled_operator_unless_a_person_asks_to(running: Running) -> None:
    await background("start_scenario", Background(), {"scenario": "memory_leak", "seed": ""})
    await background("start_scenario", Background(), {"scenario": "memory_leak", "seed": "", "approver": "person"})
    assert running.operations.approvers == ["modelled", "person"]


async def test_a_ping_is_answered_with_what_it_carried() -> None:
    state = await entered(LinkState, "/ops")
    await handler(state, "ping", 1234.5)
    assert state.answered == 1234.5


async def test_the_landing_page_tells_the_address_and_the_health(running: Running) -> None:
    state = await entered(LandingState, "/")
    await handler(state, "enter")
    assert (state.origin, state.address) == ("http://host.example:8123", "host.example:8123")
    assert (state.health_state, state.health) == ("ok", "In order: database.")


async def test_the_landing_page_says_when_nothing_runs() -> None:
    state = await entered(LandingState, "/")
    await handler(state, "enter")
    assert state.health_state == "down"


def test_a_summary_names_what_is_wrong_and_what_is_not_configured() -> None:
    rows = (
        HealthRow(name="database", state="down", detail="no disk space"),
        HealthRow(name="analysis", state="degraded", detail="slow"),
        HealthRow(name="notifications", state="off", detail="set a channel"),
    )
    assert summary(rows) == (
        "down",
        "database down: no disk space; analysis degraded: slow. Not configured: notifications.",
    )


@pytest.mark.parametrize(("written", "seed"), [("", None), ("  ", None), ("7", 7), (" 4294967295 ", 4294967295)])
def test_a_seed_is_a_whole_number_or_any(written: str, seed: int | None) -> None:
    assert parse_seed(written) == seed


@pytest.mark.parametrize("written", ["-1", "1.5", "seven", "4294967296", "9" * 5000, "\u0663"])
def test_another_seed_is_refused_with_what_is_possible(written: str) -> None:
    with pytest.raises(ValueError, match="whole number from 0 to 4294967295"):
        parse_seed(written)


S = TypeVar("S", bound=rx.State)


async def entered(state: type[S], path: str) -> S:
    """A state of a browser that is on a page of this server."""
    root = rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]
    own = await root.get_state(state)
    root.router = RouterData.from_router_data(
        {
            "sid": "sid-1",
            "token": "token-1",
            "pathname": path,
            "asPath": path,
            "query": {},
            "headers": {"origin": "http://host.example:8123"},
        }
    )
    return own


async def handler(state: rx.State, name: str, *arguments: object) -> None:
    """Call an event handler as the server does."""
    answer = type(state).event_handlers[name].fn(state, *arguments)
    if hasattr(answer, "__await__"):
        await answer
