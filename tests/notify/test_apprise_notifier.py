"""Deliveries to a real HTTP server on loopback: taken, refused, not answered, not there."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from incident_commander.domain.event import Update
from incident_commander.notify import AppriseNotifier, BadChannel

# Apprise loads all of its plugins at once, and one of them uses a module that Python 3.11 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

UPDATE = Update(audience="on_call", subject="A person is needed: checkout", body="Status escalated: no quorum.")


@dataclass
class Receiver:
    """A server that keeps what it gets; `/refuse` answers 403, `/silent` answers when `released` is set."""

    received: list[dict[str, object]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    held = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/silent"):
                held.released.wait(30)
                return
            held.received.append(json.loads(body))
            self.send_response(403 if self.path.startswith("/refuse") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield held
    held.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_channel_that_takes_the_message_is_named_and_got_it(receiver: Receiver) -> None:
    sent = await AppriseNotifier([f"json://127.0.0.1:{receiver.port}/take"]).send(UPDATE)
    assert sent.delivered_to == (f"json://127.0.0.1:{receiver.port}",)
    assert sent.failures == ()
    assert receiver.received[0]["title"] == UPDATE.subject
    assert receiver.received[0]["message"] == UPDATE.body


async def test_each_channel_is_reported_by_its_own_answer(receiver: Receiver) -> None:
    base = f"127.0.0.1:{receiver.port}"
    sent = await AppriseNotifier([f"json://{base}/take", f"json://{base}/refuse"]).send(UPDATE)
    assert sent.delivered_to == (f"json://{base}",)
    assert len(sent.failures) == 1
    assert "did not accept" in sent.failures[0]


async def test_a_channel_that_does_not_answer_in_time_is_a_failure(receiver: Receiver) -> None:
    sent = await AppriseNotifier([f"json://127.0.0.1:{receiver.port}/silent"], timeout_seconds=0.3).send(UPDATE)
    assert sent.delivered_to == ()
    assert "did not answer within 0.3 s" in sent.failures[0]
    receiver.released.set()


async def test_a_channel_that_is_not_there_is_a_failure(port: int) -> None:
    sent = await AppriseNotifier([f"json://127.0.0.1:{port}/"]).send(UPDATE)
    assert sent.delivered_to == ()
    assert len(sent.failures) == 1


async def test_without_channels_nothing_is_claimed() -> None:
    assert await AppriseNotifier([]).send(UPDATE) == UPDATE


async def test_secrets_of_a_url_appear_nowhere(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    urls = [
        f"json://someone:s3cret@127.0.0.1:{receiver.port}/take/t0ken",
        f"json://someone:s3cret@127.0.0.1:{receiver.port}/refuse/t0ken",
    ]
    sent = await AppriseNotifier(urls).send(UPDATE)
    told = f"{sent} {caplog.text}"
    assert "s3cret" not in told
    assert "t0ken" not in told
    assert "someone" not in told


async def test_a_token_in_the_place_of_the_host_is_not_named(port: int) -> None:
    notifier = AppriseNotifier(["slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general"])
    assert "T1JJ3T3L2" not in str([name for name, _ in notifier._channels])


def test_an_unknown_url_is_refused_without_showing_it(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(BadChannel, match=r"URL 1 .schema 'jsn'.*IC_NOTIFY_URLS") as caught:
        AppriseNotifier(["jsn://someone:s3cret@127.0.0.1/"])
    assert "s3cret" not in f"{caught.value} {caplog.text}"
