"""A runbook behind a signed webhook, run by a receiver that checks every signature and runs a key once."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from incident_commander.actions.aws import UNDO, BadSignature, Resources, verify
from incident_commander.actions.aws.resources import Webhook
from incident_commander.actions.aws.webhook import sign
from incident_commander.actions.catalogue import load_catalogue
from incident_commander.domain.base import JsonObject
from incident_commander.domain.plan import ActionName, Argument
from incident_commander.domain.ports import ActionFailed, OutcomeUnknown

from .cases import SERVICE
from .conftest import MakeExecutor

pytestmark = pytest.mark.loopback
KEY = "inc-1/1/0123456789abcdef"
SECRET = SecretStr("a secret that both sides share")
CATALOGUE = load_catalogue()
ACTION = CATALOGUE.action("runbook", SERVICE)


@dataclass(slots=True)
class Receiver:
    """What a user writes to run runbooks.

    Attributes:
        ran: The requests that were run, by their key, once each.
        posts: How often anything was posted.
        looks: How often a run is looked at until it ends, as `ends` says.
        status: Answered instead of running, where it is not 200; 0 cuts the connection before running, -1 after.
    """

    url: str = ""
    ran: dict[str, JsonObject] = field(default_factory=dict)
    posts: int = 0
    looks: int = 2
    ends: str = "succeeded"
    status: int = 200
    body: bytes | None = None

    def answer(self, method: str, key: str, body: bytes, signature: str) -> tuple[int, bytes]:
        try:
            verify(SECRET, method, key, body, signature, time.time())
        except BadSignature as error:
            return 401, str(error).encode()
        if self.body is not None:
            return 200, self.body
        if method == "POST":
            self.posts += 1
            status, self.status = self.status, 200
            if status > 200 or status == 0:
                return status, b"not now"
            self.ran.setdefault(key, json.loads(body))
            if status < 0:
                return 0, b""
        elif key in self.ran:
            self.looks -= 1
        state = "unknown" if key not in self.ran else "running" if self.looks > 0 else self.ends
        return 200, json.dumps({"status": state, "detail": "cleared 3 GB\x00 of logs"}).encode()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            key, signature = self.headers["Idempotency-Key"], self.headers["Incident-Commander-Signature"]
            status, said = receiver.answer(self.command, key, body, signature)
            if status == 0:
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/runbooks/clear"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def resources(receiver: Receiver, secret: str = "ops", action: ActionName = "runbook") -> Resources:
    webhook: JsonObject = {
        "service": SERVICE,
        "type": "webhook",
        "url": receiver.url,
        "secret": secret,
        "actions": [action],
    }
    return Resources.model_validate({"resources": [webhook]})


NEEDED: dict[ActionName, dict[str, Argument]] = {"rollback": {"reference": "v7"}}


@pytest.mark.parametrize("name", Webhook.can)
async def test_a_signed_request_is_run_once_and_followed_to_its_end(
    receiver: Receiver, executor_for: MakeExecutor, name: ActionName
) -> None:
    executor = executor_for(resources(receiver, action=name))
    action = CATALOGUE.action(name, SERVICE, NEEDED.get(name))
    receipt = await executor.execute(action, KEY)
    assert receipt.applied
    assert "the webhook says succeeded: cleared 3 GB  of logs" in receipt.detail
    assert receipt.provenance.source == "webhook"
    ((token, request),) = receiver.ran.items()
    assert request == {
        "action": name,
        "target": "checkout",
        "service": "checkout",
        "arguments": action.arguments,
        "idempotency_key": token,
    }
    assert (await executor.execute(action, KEY)).repeated
    assert (receiver.posts, executor.irreversible(action)) == (1, True)
    back = CATALOGUE.undo(action)
    if back is not None:
        with pytest.raises(ActionFailed, match="cannot be taken back; a person must decide"):
            await executor.execute(back, KEY + UNDO)
        assert receiver.posts == 1


async def test_until_it_is_switched_on_nothing_is_posted(receiver: Receiver, executor_for: MakeExecutor) -> None:
    receipt = await executor_for(resources(receiver), live=False).execute(ACTION, KEY)
    assert (receipt.applied, receiver.posts) == (False, 0)
    assert f"POST {receiver.url} would be called" in receipt.detail


async def test_a_runbook_that_fails_is_not_counted_as_done(receiver: Receiver, executor_for: MakeExecutor) -> None:
    receiver.ends = "failed"
    receipt = await executor_for(resources(receiver)).execute(ACTION, KEY)
    assert not receipt.applied
    assert "it failed" in receipt.detail


@pytest.mark.parametrize("status", [302, 400, 403, 404, 422, 429])
async def test_what_the_receiver_refuses_was_not_done(
    receiver: Receiver, executor_for: MakeExecutor, status: int
) -> None:
    receiver.status = status
    executor = executor_for(resources(receiver))
    with pytest.raises(ActionFailed, match=f"nothing was done: POST {receiver.url} answered {status}: not now"):
        await executor.execute(ACTION, KEY)
    assert await executor.received(KEY) is None
    assert (await executor.execute(ACTION, KEY)).applied


async def test_what_ran_without_an_answer_is_found_by_its_key(receiver: Receiver, executor_for: MakeExecutor) -> None:
    receiver.status = -1
    receipt = await executor_for(resources(receiver)).execute(ACTION, KEY)
    assert receipt.applied
    assert (receiver.posts, len(receiver.ran)) == (1, 1)


@pytest.mark.parametrize("status", [0, 500, 503])
async def test_what_may_not_have_run_is_posted_again_under_the_same_key(
    receiver: Receiver, executor_for: MakeExecutor, status: int
) -> None:
    receiver.status = status
    executor = executor_for(resources(receiver))
    with pytest.raises(OutcomeUnknown, match="asked again by its key"):
        await executor.execute(ACTION, KEY)
    assert receiver.ran == {}
    assert (await executor.execute(ACTION, KEY)).applied
    assert (receiver.posts, len(receiver.ran)) == (2, 1)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"status": "fine"}', b"<html>" * 100_000])
async def test_an_answer_that_says_nothing_is_an_error(
    receiver: Receiver, executor_for: MakeExecutor, body: bytes
) -> None:
    receiver.body = body
    with pytest.raises(ActionFailed, match=r"state before could not be read: GET .* answered") as caught:
        await executor_for(resources(receiver)).execute(ACTION, KEY)
    assert len(str(caught.value)) < 1000


async def test_a_secret_that_was_not_given_is_missed_before_anything_is_asked(
    receiver: Receiver, executor_for: MakeExecutor
) -> None:
    with pytest.raises(ActionFailed, match="which IC_RUNBOOK_SECRETS does not name"):
        await executor_for(resources(receiver, secret="other")).execute(ACTION, KEY)


async def test_a_receiver_turns_down_who_does_not_sign(receiver: Receiver) -> None:
    async with httpx.AsyncClient() as http:
        headers = {"Idempotency-Key": "k", "Incident-Commander-Signature": f"t={int(time.time())},v1=00"}
        assert (await http.post(receiver.url, headers=headers, content=b"{}")).status_code == 401
    assert receiver.ran == {}


NOW = 1_764_000_000
TEXT = st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=20)


@given(TEXT, st.binary(max_size=50), st.binary(max_size=50), st.integers(-300, 300))
def test_a_signature_holds_for_its_request_and_no_other(key: str, body: bytes, other: bytes, skew: int) -> None:
    header = sign(SECRET, "POST", key, body, NOW)
    verify(SECRET, "POST", key, body, header, NOW + skew)
    for method, named, sent in (("GET", key, body), ("POST", key + "x", body), ("POST", key, body + other + b"!")):
        with pytest.raises(BadSignature, match="another secret or for another request"):
            verify(SECRET, method, named, sent, header, NOW)
    with pytest.raises(BadSignature):
        verify(SecretStr("guessed"), "POST", key, body, header, NOW)


@pytest.mark.parametrize("late", [-301, 301, 10**9])
def test_an_old_signature_is_a_replay(late: int) -> None:
    with pytest.raises(BadSignature, match="or it is a replay"):
        verify(SECRET, "POST", "k", b"{}", sign(SECRET, "POST", "k", b"{}", NOW), NOW + late)


@given(st.text(max_size=60))
def test_nonsense_is_no_signature(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, "POST", "k", b"{}", header, NOW)
