"""One delta for all viewers: only what changed, never too often, and in the form that Reflex's browser side takes."""

import asyncio
import json
from collections.abc import Callable

import pytest
import reflex as rx
from reflex.utils import format as reflex_format
from starlette.applications import Starlette

from incident_commander.response.views import OpsView
from incident_commander.ui.app import app_of
from incident_commander.ui.live import BOARD, LIVE_ROOM, Broadcaster, ReflexSockets, broadcasting, delta
from incident_commander.ui.ops.state import LiveState
from tests.ui import story
from tests.ui.doubles import RecordedSockets, ToldOperations


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until a condition holds; the test's own time limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - what is waited for is another task's doing, which no event announces
        await asyncio.sleep(0)


def test_a_delta_goes_over_the_wire_as_reflex_itself_sends_one() -> None:
    """What the browser reads is `{"delta": {state: {var + marker: value}}}`: hydrate with Reflex and compare."""
    own = rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]
    reflexes = own.dict()[LiveState.get_full_name()]
    ours = json.loads(reflex_format.json_dumps(delta(LiveState, {"loaded": True})))
    ((state, values),) = ours["delta"].items()
    assert state == LiveState.get_full_name()
    assert values == {"loaded_rx_state_": True}
    assert set(values) <= set(reflexes), "Reflex now names vars differently in the browser"


def test_every_part_of_a_view_has_its_var_and_serialises_as_reflex_would() -> None:
    view = story.view()
    for name, value in view.model_dump(mode="json").items():
        assert name in LiveState.base_vars, f"LiveState lacks {name}"
        by_reflex = json.loads(reflex_format.json_dumps(getattr(view, name)))
        assert by_reflex == json.loads(json.dumps(value)), f"{name} would look different in a snapshot by Reflex"
    assert set(OpsView.model_fields) >= BOARD


async def test_reflex_still_has_the_rooms_and_the_event_that_the_broadcast_uses() -> None:
    app = app_of(Starlette())
    sockets = ReflexSockets(app, LiveState)
    namespace = app.event_namespace
    assert namespace is not None
    assert app.sio is not None
    assert app.sio.eio.cors_allowed_origins is None, "sockets are for pages of this server's own origin only"
    emitted: list[tuple[str, object, object]] = []

    async def emit(event: str, data: object = None, room: object = None, **rest: object) -> None:
        emitted.append((event, data, room))

    sid = app.sio.manager.basic_enter_room("sid", namespace.namespace, None, "engine-sid")
    assert sid is None
    namespace.emit = emit
    await sockets.move("sid", (), (LIVE_ROOM,))
    assert sockets.present(LIVE_ROOM) == {"sid"}
    await sockets.send({"loaded": True}, LIVE_ROOM)
    ((event, _, room),) = emitted
    assert (event, room) == ("event", LIVE_ROOM)
    await sockets.move("sid", (LIVE_ROOM,), ())
    assert sockets.present(LIVE_ROOM) == frozenset()


async def test_a_newcomer_gets_a_full_snapshot_and_then_only_what_changes() -> None:
    operations, sockets = ToldOperations(until=9), RecordedSockets()
    live = Broadcaster(sockets, operations)
    assert await live.show("a") == story.ID
    assert sockets.browsers["a"]["loaded"] is True
    assert sockets.browsers["a"]["head"] == story.view(9).head.model_dump(mode="json")
    await live.push()
    sockets.sent.clear()
    operations.until = 10
    live.notify(frozenset({story.ID}))
    await live.push()
    ((room, values),) = sockets.sent
    assert room == "incident:"
    assert set(values) == {"head", "timeline", "quorum", "plans"}
    assert "hypotheses" not in values


async def test_what_all_see_goes_to_all_and_an_incident_to_those_who_look_at_it() -> None:
    operations, sockets = ToldOperations(until=9), RecordedSockets()
    live = Broadcaster(sockets, operations)
    await live.show("newest")
    await live.show("chosen", story.ID)
    await live.push()
    assert {room for room, _ in sockets.sent} == {"newest", "chosen", LIVE_ROOM, "incident:", f"incident:{story.ID}"}
    board = [set(values) for room, values in sockets.sent if room == LIVE_ROOM]
    assert board == [{*BOARD, "trouble"}]
    assert sockets.browsers["newest"]["followed"] == ""
    assert sockets.browsers["chosen"]["followed"] == story.ID


async def test_a_viewer_looks_at_one_incident_at_a_time() -> None:
    sockets = RecordedSockets()
    live = Broadcaster(sockets, ToldOperations(until=9))
    await live.show("a", story.ID)
    await live.show("a")
    assert {room for room, members in sockets.rooms.items() if "a" in members} == {LIVE_ROOM, "incident:"}


async def test_an_unknown_incident_shows_the_newest() -> None:
    sockets = RecordedSockets()
    shown = await Broadcaster(sockets, ToldOperations(until=9)).show("a", "no-such")
    assert shown == story.ID
    assert sockets.browsers["a"]["followed"] == ""


async def test_nothing_is_computed_while_nobody_looks() -> None:
    operations, sockets = ToldOperations(until=9), RecordedSockets()
    live = Broadcaster(sockets, operations)
    await live.show("a")
    sockets.drop("a")
    reads = operations.reads
    live.notify(frozenset({story.ID}))
    await live.push()
    assert operations.reads == reads


async def test_a_refresh_sends_the_figures_though_nothing_changed() -> None:
    sockets = RecordedSockets()
    live = Broadcaster(sockets, ToldOperations(until=9))
    await live.show("a")
    await live.push()
    sockets.sent.clear()
    await live.push()
    assert sockets.sent == []
    await live.push(refresh=True)
    ((room, values),) = sockets.sent
    assert room == LIVE_ROOM
    assert {"figures", "health"} <= set(values)


async def test_a_commit_while_a_view_is_read_is_not_lost() -> None:
    operations, sockets = ToldOperations(until=9), RecordedSockets()
    live = Broadcaster(sockets, operations)
    reading = operations.ops_view

    async def interrupted(shown: object = None) -> OpsView:
        view = await reading(None)
        operations.until = 10
        live.notify(frozenset({story.ID}))
        operations.ops_view = reading  # type: ignore[method-assign]
        return view

    operations.ops_view = interrupted  # type: ignore[method-assign]
    await live.show("a")
    await live.push()
    assert sockets.browsers["a"]["quorum"] == story.view(10).quorum.model_dump(mode="json")


async def test_a_burst_of_commits_is_one_push() -> None:
    operations, sockets = ToldOperations(until=1), RecordedSockets()
    async with broadcasting(sockets, operations) as live:
        await live.show("a")
        await live.push()
        sockets.sent.clear()
        for moment in range(2, len(story.TOLD) + 1):
            operations.commit(moment)
        await until(lambda: bool(sockets.sent))
        assert sockets.browsers["a"]["head"] == story.view().head.model_dump(mode="json")
        assert [room for room, _ in sockets.sent].count("incident:") == 1
    assert operations.listeners == set()


async def test_viewers_are_told_when_the_page_cannot_be_computed_and_it_recovers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    operations, sockets = ToldOperations(until=9), RecordedSockets()
    live = Broadcaster(sockets, operations, push_interval_seconds=0)
    await live.show("a")
    running = asyncio.create_task(live.run())
    operations.trouble = OSError("disk is full")
    live.notify(frozenset())
    await until(lambda: "disk is full" in str(sockets.browsers["a"]["trouble"]))
    operations.trouble = None
    live.notify(frozenset())
    await until(lambda: sockets.browsers["a"]["trouble"] == "")
    running.cancel()
    assert "the live page could not be computed" in caplog.text
