"""Slack's buttons end to end over HTTP: asked in a channel of a loopback Slack, pressed there, answered here."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from incident_commander.access.slack_signature import SlackSignatures
from incident_commander.api import SlackApp
from incident_commander.domain.base import JsonObject
from incident_commander.notify import SlackOverHttps
from incident_commander.response.approvals import NotAwaiting
from incident_commander.response.slack_message import question
from incident_commander.store import UnknownIncident

from ..loopback.slack import SIGNING_SECRET, LoopbackSlack, signed, slack
from ..store.databases import opened
from .acting import PLAN, asked
from .test_api import PracticeOperations, api_over, assert_refused, client_of

pytestmark = pytest.mark.loopback


@pytest.fixture
def theirs() -> Iterator[LoopbackSlack]:
    with slack() as running:
        yield running


class Channel:
    """One question in a channel, and the API that hears what is pressed there."""

    def __init__(self, client: httpx.AsyncClient, operations: PracticeOperations, slack: LoopbackSlack) -> None:
        self.client = client
        self.operations = operations
        self.slack = slack

    @property
    def message(self) -> JsonObject:
        return self.slack.messages[-1]

    async def press(self, action_id: str, reason: str = "", user: str = "U012ABCDE", name: str = "grace") -> JsonObject:
        answer = await self.client.send(self.slack.press(self.message, action_id, reason, user=user, name=name))
        assert answer.status_code == 200, answer.text
        heard: JsonObject = answer.json()
        return heard


@pytest.fixture
async def channel(tmp_path: Path, theirs: LoopbackSlack) -> AsyncIterator[Channel]:
    ours = SlackOverHttps(theirs.webhook, None, "", "https://slack.com/api")
    await ours.post(question(asked(), "http://127.0.0.1:8000/ops"))
    app = SlackApp(SlackSignatures(SIGNING_SECRET), ours)
    async with opened(tmp_path) as database:
        operations = PracticeOperations()
        async with client_of(api_over(database, operations, slack=app)) as client:
            yield Channel(client, operations, theirs)


async def test_a_pressed_button_answers_in_the_name_of_who_pressed_and_the_message_says_so(channel: Channel) -> None:
    heard = await channel.press("approve", "looks right")
    assert heard == {"answered": True, "outcome": "Approved by grace (Slack U012ABCDE)."}
    assert channel.operations.acts == [
        ("answer_approval", "inc-1", PLAN, "approved", "grace (Slack U012ABCDE)", "looks right", "plan", None)
    ]
    assert channel.slack.replies == [{"replace_original": True, "text": "Approved by grace (Slack U012ABCDE)."}]


async def test_the_class_is_approved_by_its_own_button(channel: Channel) -> None:
    await channel.press("approve_class")
    assert channel.operations.acts[0][3:] == ("approved", "grace (Slack U012ABCDE)", "", "class", None)


async def test_a_denial_without_a_reason_is_asked_for_one_and_counts_with_it(channel: Channel) -> None:
    heard = await channel.press("deny")
    assert heard["answered"] is False
    assert "a reason is needed" in str(heard["outcome"])
    assert channel.operations.acts == []
    (reply,) = channel.slack.replies
    assert (reply["replace_original"], reply["response_type"]) == (False, "ephemeral")
    assert (await channel.press("deny", "not during the sale"))["answered"] is True
    assert channel.operations.acts[0][3:6] == ("denied", "grace (Slack U012ABCDE)", "not during the sale")


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (NotAwaiting("the question is closed: denied by Ada"), "the question is closed: denied by Ada"),
        (UnknownIncident("no incident 'inc-1'"), "another one posted this"),
    ],
)
async def test_an_answer_that_comes_too_late_or_to_the_wrong_place_is_told_why(
    channel: Channel, refusal: Exception, told: str
) -> None:
    channel.operations.refusal = refusal
    heard = await channel.press("approve")
    assert heard["answered"] is False
    assert told in str(heard["outcome"])
    assert channel.slack.replies[0]["text"] == heard["outcome"]


async def test_a_request_is_taken_once(channel: Channel) -> None:
    request = channel.slack.press(channel.message, "approve")
    assert (await channel.client.send(request)).status_code == 200
    again = httpx.Request("POST", request.url, content=request.content, headers=request.headers)
    assert_refused(await channel.client.send(again), 401, "X-Slack-Signature")
    assert len(channel.operations.acts) == 1


async def test_an_old_request_is_refused(channel: Channel) -> None:
    for at in (time.time() - 301, time.time() + 400):
        request = channel.slack.press(channel.message, "approve", at=at)
        assert_refused(await channel.client.send(request), 401, "X-Slack-Request-Timestamp")
    assert channel.operations.acts == []


async def test_nobody_but_slack_is_believed(channel: Channel) -> None:
    genuine = channel.slack.press(channel.message, "approve")
    forged = signed({"payload": "{}"}, secret=SecretStr("another secret"))
    changed = httpx.Request(
        "POST", genuine.url, content=genuine.content.replace(b"approve", b"deny"), headers=genuine.headers
    )
    unsigned = httpx.Request("POST", genuine.url, content=genuine.content)
    for request in (forged, changed, unsigned):
        request.headers["Content-Length"] = str(len(request.content))
        assert_refused(await channel.client.send(request), 401, "X-Slack-Signature")
    assert channel.operations.acts == []


PAYLOADS: list[dict[str, str]] = [
    {},
    {"payload": ""},
    {"payload": "not JSON"},
    {"payload": "[" * 100_000},
    {"payload": json.dumps({"type": "view_submission"})},
    {"payload": json.dumps({"type": "block_actions", "user": {"id": "U1"}, "actions": [], "response_url": ""})},
    {"other": "1"},
]


@pytest.mark.parametrize("form", PAYLOADS)
async def test_what_slack_sends_of_another_kind_is_refused(channel: Channel, form: dict[str, str]) -> None:
    assert_refused(await channel.client.send(signed(form)), 422, "payload")
    assert channel.operations.acts == []


@pytest.mark.parametrize("value", ["", "{}", "null", json.dumps({"incident_id": "../x", "plan": PLAN}), "[" * 9_000])
async def test_a_button_that_names_no_question_is_refused(channel: Channel, value: str) -> None:
    actions = [{"action_id": "approve", "value": value}]
    sent = {"type": "block_actions", "user": {"id": "U1"}, "actions": actions, "response_url": "http://x"}
    assert_refused(await channel.client.send(signed({"payload": json.dumps(sent)})), 422, "payload")


async def test_where_approvers_are_named_nobody_else_answers(tmp_path: Path, theirs: LoopbackSlack) -> None:
    ours = SlackOverHttps(theirs.webhook, None, "", "https://slack.com/api")
    await ours.post(question(asked(), "http://127.0.0.1:8000/ops"))
    app = SlackApp(SlackSignatures(SIGNING_SECRET), ours, frozenset({"U0ADA"}))
    async with opened(tmp_path) as database:
        operations = PracticeOperations()
        async with client_of(api_over(database, operations, slack=app)) as client:
            channel = Channel(client, operations, theirs)
            assert "may not answer here" in str((await channel.press("approve"))["outcome"])
            assert operations.acts == []
            assert (await channel.press("approve", user="U0ADA", name="ada"))["answered"] is True


async def test_without_a_signing_secret_nothing_is_believed(tmp_path: Path) -> None:
    async with opened(tmp_path) as database, client_of(api_over(database, PracticeOperations())) as client:
        refused = await client.send(signed({"payload": "{}"}))
        assert "IC_SLACK_SIGNING_SECRET" in assert_refused(refused, 403, "request")["remedy"]


async def test_a_reply_goes_to_slack_only(channel: Channel) -> None:
    request = channel.slack.press(channel.message, "approve")
    payload = json.loads(dict(httpx.QueryParams(request.content.decode()))["payload"])
    payload["response_url"] = "http://127.0.0.1:9/elsewhere"
    answer = await channel.client.send(signed({"payload": json.dumps(payload)}))
    assert answer.json()["answered"] is True
    assert channel.slack.replies == []
