"""The connection's state as the browser itself sees it: a server that is gone cannot say so."""

from collections.abc import Sequence

import reflex as rx
from reflex_base.utils.types import ArgsSpec
from reflex_components_core.core.banner import connection_error  # type: ignore[import-untyped]

from .state import LinkState, LiveState, OpsState


class Link(rx.Component):
    """connecting, live, stale or error with its reason; pings by a real event through the websocket and measures it.

    Attributes:
        failure: Why the last attempt to connect failed; empty while connected.
        answered: The time that the last answered ping carried, as the browser's own clock gave it.
    """

    library = "$/public/link.js"
    tag = "Link"

    failure: rx.Var[str]
    loaded: rx.Var[bool]
    trouble: rx.Var[str]
    answered: rx.Var[float]

    @classmethod
    def get_event_triggers(cls) -> dict[str, ArgsSpec | Sequence[ArgsSpec]]:
        """The triggers of every component, and `on_ping` with the browser's time."""
        return {**super().get_event_triggers(), "on_ping": rx.event.passthrough_event_spec(float)}


def connection() -> rx.Component:
    """The mark in the bar of /ops."""
    return Link.create(
        failure=connection_error,
        loaded=LiveState.loaded,
        trouble=rx.cond(OpsState.waiting != "", OpsState.waiting, LiveState.trouble),
        answered=LinkState.answered,
        on_ping=LinkState.ping,
    )
