"""X-Ray's segment documents as spans.

https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from ...domain.base import ServiceName
from ...domain.telemetry import Span, from_epoch
from .names import Names, own_name

_MOST_CHARACTERS = 500


class _Response(BaseModel):
    status: int | None = None


class _Request(BaseModel):
    method: str = ""
    url: str = ""


class _Http(BaseModel):
    request: _Request = _Request()
    response: _Response = _Response()


class _Aws(BaseModel):
    operation: str = ""
    table_name: str = ""
    queue_url: str = ""
    topic_arn: str = ""
    function_name: str = ""
    bucket_name: str = ""


class _Sql(BaseModel):
    url: str = ""


class _Exception(BaseModel):
    message: str = ""
    type: str = ""


class _Cause(BaseModel):
    exceptions: tuple[_Exception, ...] = ()


class Segment(BaseModel):
    """A segment or subsegment, as far as it is used."""

    id: str
    name: str
    start_time: float
    end_time: float | None = None
    parent_id: str | None = None
    namespace: str = ""
    error: bool = False
    fault: bool = False
    throttle: bool = False
    http: _Http = _Http()
    aws: _Aws = _Aws()
    sql: _Sql = _Sql()
    cause: _Cause | str = _Cause()
    subsegments: tuple["Segment", ...] = Field(default=())


def spans_of(trace_id: str, documents: Iterable[str], names: Names, source: str) -> tuple[tuple[Span, ...], int]:
    """The spans of one trace, and how many of its documents could not be read.

    A call to something that traces nothing itself, such as a table or a queue, has a span of what is called.
    """
    segments, unreadable = [], 0
    for document in documents:
        try:
            segments.append(Segment.model_validate_json(document))
        except ValidationError:
            unreadable += 1
    answered = {segment.parent_id for segment in segments if segment.parent_id}
    found = [
        span
        for segment in segments
        for span in _walk(trace_id, segment, names.of(segment.name), segment.parent_id, names, answered, source)
    ]
    return tuple(found), unreadable


def _walk(
    trace_id: str,
    segment: Segment,
    service: ServiceName,
    parent: str | None,
    names: Names,
    answered: Collection[str | None],
    source: str,
) -> Iterator[Span]:
    started = _moment(segment.start_time)
    if started is None:
        return
    own = Span(
        trace_id=trace_id,
        span_id=segment.id,
        parent_id=parent,
        service=service,
        name=_called(segment),
        start=started,
        duration_ms=max(0.0, ((segment.end_time or segment.start_time) - segment.start_time) * 1000),
        error=segment.fault or segment.throttle,
        attributes=tuple(_attributes(segment)),
        source=source,
    )
    yield own
    callee = _callee(segment, names)
    if callee is not None and callee != service and segment.id not in answered:
        yield Span(
            trace_id=trace_id,
            span_id=f"{segment.id}.callee",
            parent_id=segment.id,
            service=callee,
            name=own.name,
            start=started,
            duration_ms=own.duration_ms,
            error=own.error,
            attributes=own.attributes,
            source=source,
        )
    for each in segment.subsegments:
        yield from _walk(trace_id, each, service, segment.id, names, answered, source)


def _called(segment: Segment) -> str:
    request = segment.http.request
    if request.url:
        return f"{request.method} {urlsplit(request.url).path or '/'}".strip()
    return f"{segment.name} {segment.aws.operation}".strip()


def _callee(segment: Segment, names: Names) -> ServiceName | None:
    """What a subsegment calls; None where it is a part of the service itself."""
    aws = segment.aws
    if segment.sql.url:
        host = urlsplit(segment.sql.url.removeprefix("jdbc:")).hostname or segment.name
        return names.of(host.partition(".")[0])
    called = aws.table_name or aws.queue_url or aws.topic_arn or aws.function_name or aws.bucket_name
    if called:
        return names.of(own_name(called))
    if segment.namespace == "remote":
        return names.of(segment.name)
    return None


def _attributes(segment: Segment) -> Iterator[tuple[str, str]]:
    if segment.http.response.status is not None:
        yield "http.status_code", str(segment.http.response.status)
    cause = segment.cause
    said = cause if isinstance(cause, str) else "; ".join(f"{e.type}: {e.message}" for e in cause.exceptions[:3])
    if said and not isinstance(cause, str):
        yield "exception.message", said[:_MOST_CHARACTERS]


def _moment(seconds: float) -> datetime | None:
    try:
        return from_epoch(seconds)
    except (ValueError, OverflowError, OSError):
        return None
