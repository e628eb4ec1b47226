"""The one module global there is: what the pages may reach, filled at start by the composition root, asked by pages.

/ops needs the response and its store. What /demo and /transparency show is provided apart, and stays when those fail.
"""

from dataclasses import dataclass, replace

from ..access import Authenticator
from .exhibits import Exhibits
from .live import Broadcaster
from .operations import Operations


@dataclass(frozen=True, slots=True)
class Services:
    """The response, running in this process."""

    operations: Operations
    live: Broadcaster


class NotRunning(Exception):
    """A page asked for what has not started yet, has stopped or could not start; the message says which."""


@dataclass(frozen=True, slots=True)
class _Provided:
    services: Services | None = None
    exhibits: Exhibits | None = None
    access: Authenticator | None = None
    trouble: str = ""


_provided = _Provided()


def provide(services: Services | None, trouble: str = "") -> None:
    """Fill the accessor at start; None when the services stop, or cannot start because of `trouble`."""
    global _provided
    _provided = replace(_provided, services=services, trouble=trouble)


def provide_exhibits(exhibits: Exhibits | None) -> None:
    """Fill the accessor at start with what needs nothing else to run; None at the end."""
    global _provided
    _provided = replace(_provided, exhibits=exhibits)


def provide_access(access: Authenticator | None) -> None:
    """Fill the accessor at start with what knows operators; None at the end."""
    global _provided
    _provided = replace(_provided, access=access)


def running() -> Services:
    """The running response.

    Raises:
        NotRunning: it has not started yet, has stopped, or could not start.
    """
    if _provided.services is None:
        raise NotRunning(_provided.trouble or "the services are not running yet; reload the page in a moment")
    return _provided.services


def exhibits() -> Exhibits:
    """The demo runs and the recordings.

    Raises:
        NotRunning: the server is starting or stopping.
    """
    if _provided.exhibits is None:
        raise NotRunning("the server is not ready yet; reload the page in a moment")
    return _provided.exhibits


def access() -> Authenticator:
    """What knows operators.

    Raises:
        NotRunning: the server is starting or stopping.
    """
    if _provided.access is None:
        raise NotRunning("the server is not ready yet; reload the page in a moment")
    return _provided.access
