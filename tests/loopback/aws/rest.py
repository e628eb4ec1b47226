"""AWS's REST-JSON protocol, the server's side: parameters in the path, the query, headers and the body; event streams.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html; frames of event streams:
https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import re
import struct
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, unquote
from zlib import crc32

from botocore.model import OperationModel, ServiceModel, Shape  # type: ignore[import-untyped]

Headers = dict[str, str]


def operation_by_path(model: ServiceModel, method: str, path: str) -> str | None:
    """The operation that a request is for; None: none of this service."""
    bare, _, query = path.partition("?")
    given = set(parse_qs(query, keep_blank_values=True))
    found: list[tuple[int, str]] = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        http, asked = operation.http, _literals(operation.http["requestUri"]) | _required(operation.input_shape)
        if http["method"] == method and asked <= given and _pattern(http["requestUri"]).fullmatch(bare):
            found.append((len(asked), str(name)))
    return max(found)[1] if found else None


def parameters(operation: OperationModel, path: str, headers: Mapping[str, str], body: bytes) -> dict[str, object]:
    """The parameters of a request, not yet checked."""
    shape = operation.input_shape
    bare, _, query = path.partition("?")
    match = _pattern(operation.http["requestUri"]).fullmatch(bare)
    assert match is not None
    labels = {name: unquote(value) for name, value in match.groupdict().items()}
    asked = parse_qs(query, keep_blank_values=True)
    payload = shape.serialization.get("payload")
    document: dict[str, object] = {} if payload else json.loads(body or b"{}")
    found: dict[str, object] = {payload: body} if payload and body else {}
    for name, member in shape.members.items():
        wire = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                found[name] = labels[wire]
            case "querystring" if wire in asked:
                found[name] = [*asked[wire]] if member.type_name == "list" else _scalar(member, asked[wire][0])
            case "header" if wire.lower() in headers:
                found[name] = _scalar(member, headers[wire.lower()])
            case None if wire in document:
                found[name] = document.pop(wire)
    return found | document


def body_of(shape: Shape | None, answer: Mapping[str, object]) -> tuple[Headers, bytes, bool]:
    """An answer's headers and body, and whether it is an event stream."""
    if shape is None:
        return {}, b"", False
    headers, document = {"Content-Type": "application/json"}, dict(answer)
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header" and name in document:
            headers[member.serialization.get("name", name)] = str(document.pop(name))
    payload = shape.serialization.get("payload")
    if payload is None:
        return headers, json.dumps(document, default=_plain).encode(), False
    value = document.pop(payload)
    if shape.members[payload].serialization.get("eventstream"):
        assert isinstance(value, list)
        headers["Content-Type"] = "application/vnd.amazon.eventstream"
        return headers, b"".join(frames(shape.members[payload], value)), True
    assert isinstance(value, bytes)
    return headers, value, False


def frames(shape: Shape, events: Iterable[Mapping[str, object]]) -> Iterable[bytes]:
    """Events as frames, each with its checksums; an event that the service describes as an error is one."""
    for event in events:
        ((name, value),) = event.items()
        exception = bool(shape.members[name].metadata.get("exception"))
        kind = "exception" if exception else "event"
        yield frame(
            {":message-type": kind, f":{kind}-type": name, ":content-type": "application/json"},
            json.dumps(value, default=_plain).encode(),
        )


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame."""
    encoded = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    begun = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return begun + struct.pack("!I", crc32(begun))


def _pattern(uri: str) -> re.Pattern[str]:
    bare = uri.partition("?")[0]

    def label(match: re.Match[str]) -> str:
        """One that ends in `+` goes over slashes, too."""
        return f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})"

    return re.compile(re.sub(r"\\\{(\w+)(\\\+)?\\\}", label, re.escape(bare)))


def _required(shape: Shape | None) -> set[str]:
    """What its query must have: operations of S3 have one path and differ in that."""
    if shape is None:
        return set()
    members = {name: shape.members[name].serialization for name in shape.required_members}
    return {at.get("name", name) for name, at in members.items() if at.get("location") == "querystring"}


def _literals(uri: str) -> set[str]:
    return set(parse_qs(uri.partition("?")[2], keep_blank_values=True))


def _scalar(shape: Shape, text: str) -> object:
    match shape.type_name:
        case "integer" | "long":
            return int(text)
        case "boolean":
            return text == "true"
        case _:
            return text


def _plain(value: object) -> float | str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    assert isinstance(value, datetime)
    return value.timestamp()
