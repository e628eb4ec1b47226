"""Slack is told by a webhook or as a bot; what it refuses is told without the secrets that lead to it."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from incident_commander.domain.base import JsonObject
from incident_commander.notify import BadSlack, SlackOverHttps, SlackRefused

from ..loopback.slack import BOT_TOKEN, CHANNEL, LoopbackSlack, slack

MESSAGE: JsonObject = {
    "text": "hello",
    "blocks": [{"type": "actions", "elements": []}],
}


@pytest.fixture
def theirs() -> Iterator[LoopbackSlack]:
    with slack() as running:
        yield running


async def test_a_webhook_and_a_bot_reach_the_channel(theirs: LoopbackSlack) -> None:
    await SlackOverHttps(theirs.webhook, None, "", "https://slack.com/api").post(MESSAGE)
    await SlackOverHttps(None, SecretStr(BOT_TOKEN), CHANNEL, f"{theirs.url}/api/").post(MESSAGE)
    assert theirs.messages == [MESSAGE, {**MESSAGE, "channel": CHANNEL}]


async def test_what_slack_refuses_is_told_with_its_reason(theirs: LoopbackSlack) -> None:
    api = f"{theirs.url}/api"
    with pytest.raises(SlackRefused, match="invalid_auth"):
        await SlackOverHttps(None, SecretStr("xoxb-another"), CHANNEL, api).post(MESSAGE)
    with pytest.raises(SlackRefused, match="channel_not_found"):
        await SlackOverHttps(None, SecretStr(BOT_TOKEN), "C9", api).post(MESSAGE)
    theirs.down = True
    with pytest.raises(SlackRefused, match="500"):
        await SlackOverHttps(theirs.webhook, None, "", api).post(MESSAGE)


async def test_the_address_of_a_webhook_is_a_secret() -> None:
    with pytest.raises(SlackRefused, match="not reached: ConnectError") as refusal:
        await SlackOverHttps(SecretStr("http://127.0.0.1:9/services/SECRET"), None, "", "").post(MESSAGE)
    assert "SECRET" not in str(refusal.value)
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["http://hooks.slack.com/actions/1", "https://example.com/", "ftp://x", "http://[::1", ""]
)
async def test_a_reply_goes_nowhere_but_to_slack(theirs: LoopbackSlack, url: str) -> None:
    with pytest.raises(SlackRefused, match="nothing was sent"):
        await SlackOverHttps(theirs.webhook, None, "", "").reply(url, MESSAGE)
    await SlackOverHttps(theirs.webhook, None, "", "").reply(f"{theirs.url}/actions/1", MESSAGE)
    assert theirs.replies == [MESSAGE]


@pytest.mark.parametrize(
    ("webhook", "bot", "channel", "api", "named"),
    [
        (None, None, "", "https://slack.com/api", "IC_SLACK_WEBHOOK_URL"),
        (None, "xoxb-1", "", "https://slack.com/api", "IC_SLACK_CHANNEL"),
        (
            "http://hooks.slack.com/services/1",
            None,
            "",
            "https://slack.com/api",
            "IC_SLACK_WEBHOOK_URL is not an https",
        ),
        ("hooks.slack.com/services/1", None, "", "", "IC_SLACK_WEBHOOK_URL is not an https"),
        (None, "xoxb-1", CHANNEL, "http://slack.com/api", "IC_SLACK_API_URL is not an https"),
    ],
)
def test_what_is_set_up_by_halves_is_refused_with_the_setting(
    webhook: str | None, bot: str | None, channel: str, api: str, named: str
) -> None:
    with pytest.raises(BadSlack, match=named):
        SlackOverHttps(SecretStr(webhook) if webhook else None, SecretStr(bot) if bot else None, channel, api)
