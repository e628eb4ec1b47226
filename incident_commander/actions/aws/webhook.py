"""A runbook of yours behind a signed webhook, for what no AWS call does.

The request is `POST url` with `{action, target, arguments, idempotency_key, service}` as JSON; its state is asked for
by `GET url` with the same key. Both carry `Idempotency-Key` and `Incident-Commander-Signature: t=SECONDS,v1=HEX`, where
HEX is HMAC-SHA256 with the shared secret over `SECONDS.METHOD.KEY.BODY`. Both are answered with
`{"status": "unknown" | "running" | "succeeded" | "failed", "detail": "..."}`. The receiver runs a key once, however
often it is posted.
"""

import hashlib
import hmac
import time
from typing import ClassVar, Literal

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError

from ...aws import AwsError, BadAnswer, Denied, NoAnswer, NotFound, Rejected, ServerFault, Throttled, Unreachable
from ...domain.base import JsonObject, canonical_json
from ...domain.plan import Action
from .operation import Call, Impossible, Progress
from .resources import Webhook

KEY_HEADER = "Idempotency-Key"
SIGNATURE_HEADER = "Incident-Commander-Signature"
TOLERANCE_SECONDS = 300
"""How old or how far ahead a signature may be."""
_LONGEST_ANSWER = 65_536
_TIMEOUT_SECONDS = 20.0


class BadSignature(ValueError):
    """A request does not bear a signature that this secret made for it lately."""


def sign(secret: SecretStr, method: str, key: str, body: bytes, at: int) -> str:
    """The signature header of a request made at a time, in seconds since the epoch."""
    return f"t={at},v1={_mac(secret, method, key, body, at)}"


def verify(secret: SecretStr, method: str, key: str, body: bytes, header: str, now: float) -> None:
    """What a receiver checks before it does anything.

    Raises:
        BadSignature: the header is malformed, too old or too far ahead, or not made with this secret for this request.
    """
    stamp, _, mac = header.removeprefix("t=").partition(",v1=")
    if not header.startswith("t=") or not stamp.isdecimal() or not stamp.isascii():
        raise BadSignature(f"the signature {header[:100]!r} is not of the form t=SECONDS,v1=HEX")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise BadSignature(
            f"the signature is of {stamp}, and it is {now:.0f} now; see to the clocks, or it is a replay"
        )
    if not hmac.compare_digest(mac.encode(), _mac(secret, method, key, body, int(stamp)).encode()):
        raise BadSignature("the signature was made with another secret or for another request")


def _mac(secret: SecretStr, method: str, key: str, body: bytes, at: int) -> str:
    text = f"{at}.{method}.{key}.".encode() + body
    return hmac.new(secret.get_secret_value().encode(), text, hashlib.sha256).hexdigest()


class _Answer(BaseModel):
    status: Literal["unknown", "running", "succeeded", "failed"]
    detail: str = Field(default="", max_length=10_000)


class RunWebhook:
    """Runs it. A Task: its state is what the webhook says of the key, its goal the request."""

    permissions: ClassVar[tuple[str, ...]] = ()
    reversible: ClassVar[bool] = False
    repeatable: ClassVar[bool] = True

    def __init__(self, http: httpx.AsyncClient, resource: Webhook, secret: SecretStr) -> None:
        self._http = http
        self._resource = resource
        self._secret = secret

    def longest_wait(self) -> float:
        """See Operation."""
        return self._resource.wait_seconds

    def source(self) -> str:
        """Who answers, for provenance."""
        return "webhook"

    async def observed(self, token: str, goal: JsonObject | None) -> JsonObject:
        """What the webhook says of the token."""
        return (await self._ask("GET", token, b"")).model_dump(mode="json")

    def aimed(self, start: JsonObject, action: Action) -> JsonObject:
        """The request."""
        return {"action": action.name, "target": action.target, "arguments": {**action.arguments}}

    def aimed_back(self, start: JsonObject) -> JsonObject:
        """A runbook is not taken back."""
        raise Impossible(f"what {self._resource.id} did cannot be taken back; a person must decide what to do")

    def called(self, now: JsonObject, goal: JsonObject, token: str) -> Call:
        """The request, for a person to read."""
        parameters = {**goal, "idempotency_key": token}
        return Call(service="webhook", operation=f"POST {self._resource.url}", parameters=parameters)

    def judged(self, start: JsonObject, goal: JsonObject, now: JsonObject) -> Progress:
        """By what the webhook says of the token."""
        answer = _Answer.model_validate(now)
        seen = f"the webhook says {answer.status}: {_shown(answer.detail)}"
        match answer.status:
            case "unknown":
                return Progress(state="untouched", detail=seen)
            case "running":
                return Progress(state="working", detail=seen)
            case "succeeded":
                return Progress(state="done", detail=seen)
            case "failed":
                return Progress(state="failed", detail=seen)

    async def sent(self, now: JsonObject, goal: JsonObject, token: str) -> str:
        """Post the request."""
        body = {**goal, "service": self._resource.service, "idempotency_key": token}
        await self._ask("POST", token, canonical_json(body))
        return token

    async def _ask(self, method: str, key: str, body: bytes) -> _Answer:
        call = f"webhook:{method}"
        where = f"{method} {self._resource.url}"
        headers = {KEY_HEADER: key, SIGNATURE_HEADER: sign(self._secret, method, key, body, int(time.time()))}
        if body:
            headers["Content-Type"] = "application/json"
        try:
            request = self._http.build_request(
                method, self._resource.url, headers=headers, content=body, timeout=_TIMEOUT_SECONDS
            )
            response = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                said = await _bounded(response)
            finally:
                await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Unreachable(call, "", f"{where} could not be asked: {error!r}; see to the address") from error
        except httpx.HTTPError as error:
            raise NoAnswer(call, "", f"{where} gave no answer: {error!r}; it is asked again by its key") from error
        if not response.is_success:
            raise _refused(call, where, response.status_code, said)
        try:
            return _Answer.model_validate_json(said)
        except ValidationError as error:
            wrong = error.errors()[0]["msg"]
            raise BadAnswer(call, "", f"{where} answered {_shown(said.decode(errors='replace'))}: {wrong}") from error


async def _bounded(response: httpx.Response) -> bytes:
    said = b""
    async for chunk in response.aiter_bytes():
        said += chunk
        if len(said) > _LONGEST_ANSWER:
            break
    return said[:_LONGEST_ANSWER]


def _refused(call: str, where: str, status: int, said: bytes) -> AwsError:
    code, what = str(status), f"{where} answered {status}: {_shown(said.decode(errors='replace'))}"
    if status >= 500 or status == 408:
        return ServerFault(call, code, f"{what}; it is asked again by its key")
    if status == 429:
        return Throttled(call, code, f"{what}; wait")
    if status in (401, 403):
        return Denied(call, code, f"{what}; see to the secret that both sides share", "the shared secret")
    if status == 404:
        return NotFound(call, code, f"{what}; see to the address in the resources' file")
    return Rejected(call, code, f"{what}; see to what the webhook expects")


def _shown(text: str) -> str:
    """Text from outside, short and on one line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]
