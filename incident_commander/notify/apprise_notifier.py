"""Updates through apprise: each configured channel on its own, and each channel's answer as it is."""

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from apprise import Apprise, AppriseResultStatus, NotifyBase

from ..domain.event import Update

TIMEOUT_SECONDS = 10.0
"""How long a channel may take before it counts as not delivered."""


class BadChannel(ValueError):
    """A notification URL is not one that apprise knows. The message names its schema only: the rest holds secrets."""


class AppriseNotifier:
    """Sends updates to every configured channel at once. Implements the Notifier port.

    Args:
        urls: Apprise URLs. With none, updates stay on the timeline and say so by an empty `delivered_to`.

    Raises:
        BadChannel: a URL is not one that apprise knows.
    """

    def __init__(self, urls: Sequence[str], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        # Apprise logs whole URLs, and with them secrets; what matters of them is in the results.
        logging.getLogger("apprise").disabled = True
        self._timeout_seconds = timeout_seconds
        self._channels: list[tuple[str, Apprise]] = []
        for number, url in enumerate(urls, 1):
            channel = Apprise()
            if not channel.add(url):
                raise BadChannel(
                    f"notification URL {number} (schema {_schema(url)!r}) is not one that apprise knows; "
                    "compare it with https://appriseit.com/services/ and mend IC_NOTIFY_URLS"
                )
            self._channels.append((_name(number, url, channel), channel))

    async def send(self, update: Update) -> Update:
        """The update with the channels that took it and, with the reason, those that did not. Never raises for one."""
        results = await asyncio.gather(*(self._deliver(channel, update) for _, channel in self._channels))
        names = [name for name, _ in self._channels]
        return update.model_copy(
            update={
                "delivered_to": tuple(name for name, failure in zip(names, results, strict=True) if not failure),
                "failures": tuple(
                    f"{name}: {failure}" for name, failure in zip(names, results, strict=True) if failure
                ),
            }
        )

    async def _deliver(self, channel: Apprise, update: Update) -> str:
        """Empty when the channel took it; otherwise why not, in words that hold nothing of the URL."""
        result = await channel.async_notify(
            title=update.subject, body=update.body, body_format="text", timeout=self._timeout_seconds
        )
        if result.status == AppriseResultStatus.SUCCESS:
            return ""
        if result.status == AppriseResultStatus.TIMEOUT:
            return f"it did not answer within {self._timeout_seconds:g} s"
        return "it did not accept the message; check that it is reachable and that its credentials are valid"


def _name(number: int, url: str, channel: Apprise) -> str:
    """A channel by schema and host; by schema and number where what stands for the host may be a token."""
    plugin = channel[0]
    host, port = (plugin.host, plugin.port) if isinstance(plugin, NotifyBase) else (None, None)
    if host and (host == "localhost" or "." in host or ":" in host):
        return f"{_schema(url)}://{host}" + (f":{port}" if port else "")
    return f"{_schema(url)} ({number})"


def _schema(url: str) -> str:
    return urlsplit(url).scheme or "none"
