"""Answers read to their end: a body as bytes, an event stream as a list of its events, and none that was cut.

The official client takes the beginning of an answer for all of it, and what is no JSON for one in which nothing is.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Protocol

from botocore.eventstream import EventStream, ParserError  # type: ignore[import-untyped]
from botocore.exceptions import IncompleteReadError, ResponseStreamingError  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from botocore.response import StreamingBody  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError


class HttpResponse(Protocol):
    """As much of an answer as is looked at."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class Operation(Protocol):
    """As much of an operation's description as is looked at."""

    has_streaming_output: bool
    has_event_stream_output: bool
    http: Mapping[str, str]
    service_model: "Service"


class Service(Protocol):
    """Its service's."""

    protocols: list[str]


def refuse_part(http_response: HttpResponse, model: Operation, **of_the_call: object) -> None:
    """Let no answer pass that was cut, is a page for people, as of a proxy, or no JSON where it should be.

    Streams tell of that themselves, and looking at one would use it up.

    Raises:
        IncompleteReadError: it was cut.
        ResponseParserError: it is something else.
    """
    if model.has_streaming_output or model.has_event_stream_output or model.http.get("method") == "HEAD":
        return
    content = http_response.content
    length = http_response.headers.get("content-length")
    if length is not None and length.isdigit() and int(length) != len(content):
        raise IncompleteReadError(actual_bytes=len(content), expected_bytes=int(length))
    of_json = {"json", "rest-json"} & set(model.service_model.protocols) and "cbor" not in http_response.headers.get(
        "content-type", ""
    )
    text = content.strip()
    if http_response.status_code >= 300:
        return
    if text[:100].lower().startswith((b"<!doctype html", b"<html")):
        raise ResponseParserError("it is a page for people, as of a proxy")
    if of_json and text and not (text[:1] in b"{[" and text[-1:] in b"}]"):
        raise ResponseParserError("it is no JSON")


def make_writable(
    http_response: HttpResponse, parsed: dict[str, object], model: Operation, **of_the_call: object
) -> None:
    """Put U+FFFD for every half of a surrogate pair, which JSON alone can hold: no ledger and no request can."""
    streams = model.has_streaming_output or model.has_event_stream_output
    if (streams and http_response.status_code < 300) or b"\\ud" not in http_response.content.lower():
        return
    parsed.update({name: _writable(value) for name, value in parsed.items()})


def _writable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_writable(each) for each in value]
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return value


def whole(answer: Mapping[str, object]) -> dict[str, object]:
    """An answer with its streams read, in the thread that asked.

    Raises:
        BotoCoreError, ClientError: a stream broke off, or an error came as an event.
        ResponseParserError: what came is no event stream.
    """
    return {name: _read(value) for name, value in answer.items()}


def _read(value: object) -> object:
    if isinstance(value, StreamingBody | EventStream):
        # One that broke off would keep its connection open until it is thrown away.
        with closing(value):
            return value.read() if isinstance(value, StreamingBody) else _events(value)
    return value


def _events(stream: Iterable[object]) -> list[object]:
    try:
        return list(stream)
    except HTTPError as error:
        raise ResponseStreamingError(error=error) from error
    except ParserError as error:
        raise ResponseParserError(f"its event stream: {error}") from error
