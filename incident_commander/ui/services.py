"""The one module global there is: the running services, filled at start by the composition root, asked by pages."""

from dataclasses import dataclass

from .live import Broadcaster
from .operations import Operations


@dataclass(frozen=True, slots=True)
class Services:
    """What is running in this process."""

    operations: Operations
    live: Broadcaster


class NotRunning(Exception):
    """A page asked before the services had started, or after they had stopped."""


_running: Services | None = None


def provide(services: Services | None) -> None:
    """Fill the accessor at start; None when the services stop."""
    global _running
    _running = services


def running() -> Services:
    """The running services.

    Raises:
        NotRunning: they have not started yet, or have stopped.
    """
    if _running is None:
        raise NotRunning("the services are not running yet; reload the page in a moment")
    return _running
