"""The one broadcaster: what every viewer of /ops sees alike goes out as one hand-built delta to a room of sockets.

It bypasses the Python states on purpose (one message for a thousand viewers instead of a thousand states), so the vars
of `LiveState` are a view in the browser only. `StateUpdate`, the field marker, the socket event's name and the socket
server are Reflex's internals; they are touched in this file alone, and tests/ui/test_live.py fails when they change.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import reflex as rx
from pydantic import JsonValue
from reflex.state import StateUpdate
from reflex_base.constants import SocketEvent
from reflex_base.constants.state import FIELD_MARKER

from ..domain.base import IncidentId, JsonObject
from .operations import Operations

log = logging.getLogger(__name__)

LIVE_ROOM = "live"
NEWEST = ""
"""Shown instead of an incident's id by viewers who follow the newest one."""

BOARD = frozenset(
    (
        "incidents",
        "agents",
        "figures",
        "health",
        "approvals",
        "kill_switch",
        "trust",
        "faults",
        "quarantined",
        "memory",
        "ai",
    )
)
"""The parts of an OpsView that are alike for every viewer; the others are of the incident shown."""

PUSH_INTERVAL_SECONDS = 0.25
REST_FACTOR = 3.0
"""A push that took long is followed by this many times as long a rest, so that pushing never starves the responses."""
REFRESH_INTERVAL_SECONDS = 30.0
"""Business figures and health go out at least this often, changed or not."""


class Sockets(Protocol):
    """The sockets of this process's viewers, in rooms."""

    async def send(self, values: Mapping[str, JsonValue], to: str) -> None:
        """Set vars of `LiveState` in every browser of a room; a socket's id is a room of its own."""
        ...

    async def move(self, sid: str, leave: tuple[str, ...], enter: tuple[str, ...]) -> None:
        """Put a socket into other rooms."""
        ...

    def present(self, room: str) -> frozenset[str]:
        """The sockets in a room."""
        ...


class ReflexSockets:
    """Sockets of a running Reflex app."""

    def __init__(self, app: rx.App, state: type[rx.State]) -> None:
        self._app = app
        self._state = state

    async def send(self, values: Mapping[str, JsonValue], to: str) -> None:
        namespace = self._app.event_namespace
        if namespace is None:
            raise RuntimeError("the app has no event namespace; it was built with enable_state=False")
        await namespace.emit(str(SocketEvent.EVENT), delta(self._state, values), room=to)

    async def move(self, sid: str, leave: tuple[str, ...], enter: tuple[str, ...]) -> None:
        server, namespace = self._server()
        for room in leave:
            await server.leave_room(sid, room, namespace=namespace)
        for room in enter:
            await server.enter_room(sid, room, namespace=namespace)

    def present(self, room: str) -> frozenset[str]:
        server, namespace = self._server()
        return frozenset(sid for sid, _ in server.manager.get_participants(namespace, room))

    def _server(self) -> "tuple[_SocketServer, str]":
        namespace = self._app.event_namespace
        if self._app.sio is None or namespace is None:
            raise RuntimeError("the app has no socket server; it was built with enable_state=False")
        return self._app.sio, namespace.namespace


def delta(state: type[rx.State], values: Mapping[str, JsonValue]) -> StateUpdate:
    """The update that sets vars of a state in a browser, as Reflex itself would send it."""
    return StateUpdate(delta={state.get_full_name(): {name + FIELD_MARKER: value for name, value in values.items()}})


class Broadcaster:
    """Pushes to the viewers of /ops at most four times a second, and only what changed.

    The first change after a quiet time goes out at once.
    """

    def __init__(
        self,
        sockets: Sockets,
        operations: Operations,
        push_interval_seconds: float = PUSH_INTERVAL_SECONDS,
        refresh_interval_seconds: float = REFRESH_INTERVAL_SECONDS,
    ) -> None:
        self._sockets = sockets
        self._operations = operations
        self._push_interval = push_interval_seconds
        self._refresh_interval = refresh_interval_seconds
        self._shown: dict[str, str] = {}
        self._views: dict[str, JsonObject] = {}
        self._generation = 0
        self._sent: dict[str, JsonObject] = {}
        self._changed = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()

    async def show(self, sid: str, incident: str = NEWEST) -> str:
        """Let a socket see the live page with this incident, from a full snapshot onwards.

        Returns:
            The id of the incident that is shown; empty where there is none at all.
        """
        async with self._one_at_a_time:
            view = await self._view(incident)
            shown = _incident_id(view)
            followed = incident if incident and shown == incident else NEWEST
            before = self._shown.get(sid)
            leave = () if before is None else (_room(before),)
            await self._sockets.move(sid, leave, (LIVE_ROOM, _room(followed)))
            self._shown[sid] = followed
            await self._sockets.send({**view, "loaded": True, "trouble": "", "followed": followed}, to=sid)
            return shown

    def notify(self, touched: frozenset[IncidentId]) -> None:
        """A commit happened: send what it changed with the next push."""
        self._forget_views()
        self._changed.set()

    async def run(self) -> None:
        """Push until cancelled."""
        while True:
            refresh = False
            try:
                await asyncio.wait_for(self._changed.wait(), self._refresh_interval)
            except TimeoutError:
                refresh = True
            self._changed.clear()
            began = time.monotonic()
            try:
                await self.push(refresh=refresh)
            except Exception as error:  # one bad view must not end the live page for everyone: say so, and go on
                log.exception("the live page could not be computed")
                await self._sockets.send({"trouble": f"The server could not read the incidents: {error}"}, LIVE_ROOM)
            await asyncio.sleep(max(self._push_interval, REST_FACTOR * (time.monotonic() - began)))

    async def push(self, refresh: bool = False) -> None:
        """Send every room what changed since its last push; with `refresh` the board as a whole, changed or not."""
        async with self._one_at_a_time:
            present = self._sockets.present(LIVE_ROOM)
            self._shown = {sid: shown for sid, shown in self._shown.items() if sid in present}
            if not self._shown:
                self._sent.clear()
                return
            if refresh:
                self._forget_views()
                self._sent.pop(LIVE_ROOM, None)
            for place, incident in enumerate(sorted(set(self._shown.values()))):
                view = await self._view(incident)
                if place == 0:
                    await self._send_changes(LIVE_ROOM, {name: view[name] for name in sorted(BOARD)} | {"trouble": ""})
                await self._send_changes(_room(incident), {n: value for n, value in view.items() if n not in BOARD})

    async def _send_changes(self, room: str, values: JsonObject) -> None:
        before = self._sent.get(room, {})
        changed = {name: value for name, value in values.items() if name not in before or before[name] != value}
        if changed:
            await self._sockets.send(changed, room)
        self._sent[room] = values

    async def _view(self, incident: str) -> JsonObject:
        """A view as JSON, computed once for all viewers until the next commit."""
        view = self._views.get(incident)
        if view is None:
            generation = self._generation
            ops_view = await self._operations.ops_view(IncidentId(incident) if incident else None)
            view = ops_view.model_dump(mode="json")
            if generation == self._generation:  # else a commit came while it was read: it may hold less than that
                self._views[incident] = view
        return view

    def _forget_views(self) -> None:
        self._views.clear()
        self._generation += 1


@contextlib.asynccontextmanager
async def broadcasting(sockets: Sockets, operations: Operations) -> AsyncIterator[Broadcaster]:
    """A broadcaster that runs and hears of every commit until the block ends."""
    broadcaster = Broadcaster(sockets, operations)
    loop = asyncio.get_running_loop()

    def heard(touched: frozenset[IncidentId]) -> None:
        loop.call_soon_threadsafe(broadcaster.notify, touched)

    unsubscribe = operations.subscribe(heard)
    task = asyncio.create_task(broadcaster.run(), name="broadcaster of /ops")
    try:
        yield broadcaster
    finally:
        unsubscribe()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _room(incident: str) -> str:
    return f"incident:{incident}"


def _incident_id(view: JsonObject) -> str:
    head = view["head"]
    shown = head.get("id") if isinstance(head, dict) else None
    return shown if isinstance(shown, str) else ""


class _Participants(Protocol):
    def get_participants(self, namespace: str, room: str) -> "list[tuple[str, str]]": ...


class _SocketServer(Protocol):
    """The part of python-socketio's AsyncServer that is used here; it has no types of its own."""

    manager: _Participants

    async def enter_room(self, sid: str, room: str, namespace: str) -> None: ...

    async def leave_room(self, sid: str, room: str, namespace: str) -> None: ...
