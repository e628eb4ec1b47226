"""Slack: a message to one channel, by an incoming webhook or as a bot, and replies to whoever pressed a button."""

from typing import Protocol
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr, TypeAdapter, ValidationError

from ..domain.base import JsonObject

TIMEOUT_SECONDS = 10.0
REPLIES_HOST = "hooks.slack.com"
"""Where Slack takes replies to what was pressed; a payload that names another place is not followed there."""

_OBJECT: TypeAdapter[JsonObject] = TypeAdapter(JsonObject)


class BadSlack(ValueError):
    """Slack is set up wrongly; the message names the setting and what to do."""


class SlackRefused(Exception):
    """Slack did not take a message; the message says why, and holds no secret."""


class Slack(Protocol):
    """One channel of Slack."""

    async def post(self, message: JsonObject) -> None:
        """Post a message: `text` and `blocks`.

        Raises:
            SlackRefused: it was not taken.
        """
        ...

    async def reply(self, url: str, message: JsonObject) -> None:
        """Answer whoever pressed a button, where the payload of that says.

        Raises:
            SlackRefused: it was not taken, or the address is not Slack's.
        """
        ...


class SlackOverHttps:
    """Slack as it is reached by a webhook's address, or by a bot's token and a channel."""

    def __init__(self, webhook_url: SecretStr | None, bot_token: SecretStr | None, channel: str, api_url: str) -> None:
        """Raises BadSlack where neither way is complete, or an address is not a secure one."""
        if bot_token is not None and not channel:
            raise BadSlack("IC_SLACK_BOT_TOKEN is set and IC_SLACK_CHANNEL is not; set it to the channel's id")
        if bot_token is None and webhook_url is None:
            raise BadSlack("Slack is reached by IC_SLACK_WEBHOOK_URL, or by IC_SLACK_BOT_TOKEN and IC_SLACK_CHANNEL")
        self._bot_token = bot_token
        self._channel = channel
        self._url = SecretStr(f"{api_url.rstrip('/')}/chat.postMessage") if bot_token else webhook_url or SecretStr("")
        if not _is_secure(self._url.get_secret_value()):
            name = "IC_SLACK_API_URL" if bot_token else "IC_SLACK_WEBHOOK_URL"
            raise BadSlack(f"{name} is not an https address; copy it from the app's pages at Slack")

    async def post(self, message: JsonObject) -> None:
        """See the Slack protocol."""
        if self._bot_token is None:
            await self._send(self._url.get_secret_value(), message)
            return
        headers = {"Authorization": f"Bearer {self._bot_token.get_secret_value()}"}
        answer = await self._send(self._url.get_secret_value(), {**message, "channel": self._channel}, headers)
        try:
            body = _OBJECT.validate_json(answer.content)
        except ValidationError as error:
            raise SlackRefused("Slack's answer is not JSON; check IC_SLACK_API_URL") from error
        if body.get("ok") is not True:
            raise SlackRefused(f"Slack answered {str(body.get('error'))[:80]!r}")

    async def reply(self, url: str, message: JsonObject) -> None:
        """See the Slack protocol. Besides Slack's own host, replies go where messages go, as a GovSlack's do."""
        if not _is_secure(url):
            raise SlackRefused("a reply was asked for at an address that is not https; nothing was sent")
        ours, asked = urlsplit(self._url.get_secret_value()), urlsplit(url)
        if asked.hostname != REPLIES_HOST and (asked.scheme, asked.netloc) != (ours.scheme, ours.netloc):
            raise SlackRefused(f"a reply was asked for at {asked.hostname!r}, which is not Slack's; nothing was sent")
        await self._send(url, message)

    async def _send(self, url: str, message: JsonObject, headers: dict[str, str] | None = None) -> httpx.Response:
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.post(url, json=message, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The error's text may hold the address, which is a secret.
            raise SlackRefused(f"Slack was not reached: {type(error).__name__}") from None
        if not answer.is_success:
            raise SlackRefused(f"Slack answered {answer.status_code}: {answer.text[:80]!r}")
        return answer


def _is_secure(url: str) -> bool:
    """Whether an address is https, or leads to this machine itself."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "localhost")))
