"""How often a wrong token may be tried: a few times at once and then at a slow rate, for each client and over all."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

CLIENT_BURST = 10
CLIENT_SECONDS = 6.0
"""A client may be wrong ten times at once, and once more after each six seconds."""
OVERALL_BURST = 100
OVERALL_SECONDS = 0.6
KNOWN_CLIENTS = 4096
"""Remembered at once. Who is forgotten for a newer client starts afresh, within the overall allowance."""


class TooManyAttempts(Exception):
    """A client, or all strangers together, were wrong too often; try again in `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(
            "wrong operator tokens were tried too often, so that for a while none is looked at; "
            f"try again in {retry_after_seconds} s"
        )


class Attempts:
    """The allowances of wrong tries. They fill up again by themselves, and being refused uses nothing up.

    Once the overall allowance is used up only clients that were right before are heard, so that a crowd of strangers
    keeps no operator out who has been in; and nobody is kept out for longer than his own allowance takes to fill.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._overall = _Allowance(OVERALL_BURST, OVERALL_SECONDS, now())
        self._clients: OrderedDict[str, _Allowance] = OrderedDict()
        self._trusted: OrderedDict[str, None] = OrderedDict()

    def admit(self, client: str) -> None:
        """Return if a token of this client may be looked at.

        Args:
            client: Its address; those of one IPv6 network of 64 bits, which one subscriber has, count as one client.

        Raises:
            TooManyAttempts: not now.
        """
        now, key = self._now(), _network(client)
        wait = self._clients[key].wait(now) if key in self._clients else 0.0
        if key not in self._trusted:
            wait = max(wait, self._overall.wait(now))
        if wait > 0:
            raise TooManyAttempts(math.ceil(wait))

    def failed(self, client: str) -> None:
        """Count a wrong token."""
        now, key = self._now(), _network(client)
        self._clients.setdefault(key, _Allowance(CLIENT_BURST, CLIENT_SECONDS, now)).take(now)
        self._clients.move_to_end(key)
        self._overall.take(now)
        while len(self._clients) > KNOWN_CLIENTS:
            self._clients.popitem(last=False)

    def succeeded(self, client: str) -> None:
        """Remember a client that was right."""
        key = _network(client)
        self._trusted[key] = None
        self._trusted.move_to_end(key)
        while len(self._trusted) > KNOWN_CLIENTS:
            self._trusted.popitem(last=False)


class _Allowance:
    """A bucket that holds `burst` tries and gets one more every `seconds`."""

    def __init__(self, burst: int, seconds: float, now: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._left = float(burst)
        self._at = now

    def wait(self, now: float) -> float:
        """Seconds until a try is left; zero where one is."""
        self._fill(now)
        return max(0.0, (1.0 - self._left) * self._seconds)

    def take(self, now: float) -> None:
        self._fill(now)
        self._left = max(0.0, self._left - 1.0)

    def _fill(self, now: float) -> None:
        self._left = min(float(self._burst), self._left + (now - self._at) / self._seconds)
        self._at = now


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return client[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
