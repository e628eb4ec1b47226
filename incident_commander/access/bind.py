"""Where this may listen: on the machine itself freely, elsewhere once somebody holds an operator token."""

import ipaddress

from .token import TokenSource


class ExposedBind(Exception):
    """An address that others reach was to be bound while nobody holds a token; the message says what to do."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what is bound to this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_safe_bind(host: str, token: TokenSource) -> None:
    """Refuse to listen where others can come before anybody holds a token.

    A token made with this very start would be shown to whoever reads its output, which behind a service is often a log
    that many read, or none: so it must have been set, or made on purpose before.

    Raises:
        ExposedBind: others reach `host`, and there is no token.
        TokenUnusable: whether there is one cannot be told.
    """
    if is_loopback(host) or token.digest() is not None:
        return
    raise ExposedBind(
        f"{host} is reached by others than this machine, and nobody holds an operator token yet: run "
        "`incident-commander operator-token --new` and keep what it prints, or set IC_OPERATOR_TOKEN, and start again;"
        " or bind 127.0.0.1"
    )
