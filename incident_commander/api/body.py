"""Reading a request's JSON body, its size held while it streams in."""

import json
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, JsonValue, ValidationError
from starlette.requests import ClientDisconnect

from ..ingest import MAX_BODY_BYTES
from .problems import Refused, too_large

M = TypeVar("M", bound=BaseModel)

MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES
"""Read and thrown away of a body that is too large, so that a sender who writes before it listens hears the refusal."""


async def read_json(request: Request, empty: JsonValue = None) -> JsonValue:
    """The body as JSON; `empty`, where given, stands for no body at all.

    Raises:
        Refused: it is too large (413), compressed (415), or is not JSON in UTF-8 (400).
    """
    raw = await read_bytes(request)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        remedy = "send the same JSON uncompressed, without this header"
        raise Refused(415, "Content-Encoding", encoding, "a compressed body is not read here", remedy)
    if not raw and empty is not None:
        return empty
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(400, "body", raw[:40], f"byte {error.start} is not UTF-8", "send JSON in UTF-8") from error
    try:
        document: JsonValue = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(400, "body", text[:80], f"this is not JSON: {error.msg} at {where}", "send JSON") from error
    except (ValueError, RecursionError) as error:
        raise Refused(
            400, "body", text[:80], "this JSON nests too deep or holds too long a number", "send plainer JSON"
        ) from error
    return document


async def read_as(model: type[M], request: Request, empty: JsonValue = None) -> M:
    """The body as a model of ours.

    Raises:
        Refused: it is no JSON, as `read_json` says, or not what the model says (422).
    """
    try:
        return model.model_validate(await read_json(request, empty))
    except ValidationError as error:
        first = error.errors()[0]
        field = ascii(".".join(str(part) for part in first["loc"]) or "body")[1:-1][:120]
        remedy = f"send {', '.join(model.model_fields)} as /docs shows"
        raise Refused(422, field, first["input"], first["msg"], remedy) from error


def body_of(model: type[BaseModel], *, required: bool = True) -> dict[str, object]:
    """The OpenAPI entry of a body that `read_as` reads."""
    return {
        "requestBody": {"required": required, "content": {"application/json": {"schema": model.model_json_schema()}}}
    }


async def read_bytes(request: Request) -> bytes:
    """The body as it came.

    Raises:
        Refused: it is too large, or was cut off.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_DRAINED_BYTES:
                raise too_large()
            if size <= MAX_BODY_BYTES:
                chunks.append(chunk)
            else:
                chunks.clear()
    except ClientDisconnect as error:
        raise Refused(400, "body", f"{size} bytes", "the connection ended inside the body", "send it again") from error
    if size > MAX_BODY_BYTES:
        raise too_large()
    return b"".join(chunks)
