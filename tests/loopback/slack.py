"""A Slack on 127.0.0.1: takes messages by webhook and by `chat.postMessage`, refuses what Slack would refuse, lets a
person press a button of a message, and takes the replies to that."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from incident_commander.access.slack_signature import sign
from incident_commander.domain.base import JsonObject

from .receiver import JSON

SIGNING_SECRET = SecretStr("8f742231b10e8888abcd99yyyzzz85a5")
BOT_TOKEN = "xoxb-of-the-loopback-slack"
CHANNEL = "C012AB3CD"
WEBHOOK_PATH = "/services/T0001/B0001/hook"
LIMITS = {"header": 150, "section": 3000, "button": 75}
"""Characters of text, by kind of block, as Slack documents them."""


class LoopbackSlack:
    """What it was told so far, and the person who presses buttons."""

    def __init__(self) -> None:
        self.url = ""
        self.down = False
        self._lock = threading.Lock()
        self._messages: list[JsonObject] = []
        self._replies: list[JsonObject] = []

    @property
    def webhook(self) -> SecretStr:
        """The address of its incoming webhook."""
        return SecretStr(self.url + WEBHOOK_PATH)

    @property
    def messages(self) -> list[JsonObject]:
        """The messages in the channel, oldest first."""
        with self._lock:
            return list(self._messages)

    @property
    def replies(self) -> list[JsonObject]:
        """What was replied to pressed buttons, oldest first."""
        with self._lock:
            return list(self._replies)

    def press(
        self,
        message: JsonObject,
        action_id: str,
        reason: str = "",
        *,
        user: str = "U012ABCDE",
        name: str = "grace",
        at: float | None = None,
    ) -> httpx.Request:
        """The request that Slack sends when somebody presses a button of a message, to be sent to the app."""
        button = next(each for each in _elements(message) if each["action_id"] == action_id)
        payload: JsonObject = {
            "type": "block_actions",
            "user": {"id": user, "username": name, "name": name, "team_id": "T0001"},
            "api_app_id": "A0001",
            "trigger_id": "1.2.3",
            "channel": {"id": CHANNEL, "name": "on-call"},
            "response_url": f"{self.url}/actions/T0001/1/reply",
            "actions": [{"type": "button", "block_id": "answer", "action_ts": "1", **button}],
            "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": reason or None}}}},
        }
        return signed({"payload": json.dumps(payload)}, at)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        """Answer a request as Slack would: its status and its body."""
        message = JSON.validate_json(body)
        if self.down or not isinstance(message, dict):
            return 500, "server_error"
        if path.startswith("/actions/"):
            with self._lock:
                self._replies.append(message)
            return 200, "ok"
        if path == WEBHOOK_PATH:
            if fault := fault_of(message):
                return 400, fault
            with self._lock:
                self._messages.append(message)
            return 200, "ok"
        if path == "/api/chat.postMessage":
            fault = "" if headers.get("authorization") == f"Bearer {BOT_TOKEN}" else "invalid_auth"
            fault = fault or ("" if message.get("channel") == CHANNEL else "channel_not_found") or fault_of(message)
            if not fault:
                with self._lock:
                    self._messages.append(message)
            return 200, json.dumps({"ok": False, "error": fault} if fault else {"ok": True, "ts": "1.2"})
        return 404, "no_service"


def signed(form: dict[str, str], at: float | None = None, secret: SecretStr = SIGNING_SECRET) -> httpx.Request:
    """A form as Slack posts and signs it, at a time or now."""
    body, timestamp = urlencode(form).encode(), str(int(time.time() if at is None else at))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(secret, body, timestamp),
    }
    return httpx.Request("POST", "http://test/api/slack/actions", content=body, headers=headers)


@contextmanager
def slack() -> Iterator[LoopbackSlack]:
    """A Slack that listens on a free port while the context lasts."""
    served = LoopbackSlack()

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = served.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: what arrived is in `messages` and `replies`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _elements(message: JsonObject) -> list[JsonObject]:
    blocks = message["blocks"]
    assert isinstance(blocks, list)
    actions = next(block for block in blocks if isinstance(block, dict) and block["type"] == "actions")
    elements = actions["elements"]
    assert isinstance(elements, list)
    return [element for element in elements if isinstance(element, dict)]


def fault_of(message: JsonObject) -> str:
    """What Slack would say is wrong with a message; empty where nothing is."""
    blocks = message.get("blocks")
    if not isinstance(message.get("text"), str) or not isinstance(blocks, list) or not 0 < len(blocks) <= 50:
        return "invalid_payload"
    for block in blocks:
        text = block.get("text") if isinstance(block, dict) else None
        if isinstance(block, dict) and isinstance(text, dict):
            written, kind = text["text"], str(block["type"])
            if not isinstance(written, str) or not 0 < len(written) <= LIMITS[kind]:
                return "invalid_blocks"
    for element in _elements(message):
        text, value = element["text"], element["value"]
        assert isinstance(text, dict)
        if len(str(text["text"])) > LIMITS["button"] or len(str(value)) > 2000:
            return "invalid_blocks"
    return ""
