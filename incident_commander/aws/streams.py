"""Answers that come as streams, read to their end: a body as bytes, an event stream as a list of its events."""

from collections.abc import Iterable, Mapping

from botocore.eventstream import EventStream, ParserError  # type: ignore[import-untyped]
from botocore.exceptions import ResponseStreamingError  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from botocore.response import StreamingBody  # type: ignore[import-untyped]
from urllib3.exceptions import HTTPError


def whole(answer: Mapping[str, object]) -> dict[str, object]:
    """An answer with its streams read, in the thread that asked.

    Raises:
        BotoCoreError, ClientError: a stream broke off, or an error came as an event.
        ResponseParserError: what came is no event stream.
    """
    return {name: _read(value) for name, value in answer.items()}


def _read(value: object) -> object:
    if isinstance(value, StreamingBody):
        return value.read()
    if isinstance(value, EventStream):
        return _events(value)
    return value


def _events(stream: Iterable[object]) -> list[object]:
    try:
        return list(stream)
    except HTTPError as error:
        raise ResponseStreamingError(error=error) from error
    except ParserError as error:
        raise ResponseParserError(f"its event stream: {error}") from error
