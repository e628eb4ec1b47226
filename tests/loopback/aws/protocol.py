"""The server's side of AWS's protocols, from the official client's own description of each service.

A request is recognised, read and checked, and an answer is checked and written, by botocore's model; so a fake that
answers what AWS could not answer fails at once.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from botocore.loaders import Loader  # type: ignore[import-untyped]
from botocore.model import OperationModel, ServiceModel, Shape  # type: ignore[import-untyped]
from botocore.parsers import RpcV2CBORParser  # type: ignore[import-untyped]
from botocore.serialize import RpcV2CBORSerializer  # type: ignore[import-untyped]
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from pydantic import TypeAdapter

from . import rest

Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """What came in.

    Attributes:
        path: With its query.
        headers: By lower-case name.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out.

    Attributes:
        chunked: Sent in pieces, without its length told before, as streams are.
        cut: The connection is cut in the middle of the body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    chunked: bool = False
    cut: bool = False


class Refusal(Exception):
    """An error that the service answers with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def service_of(request: Request) -> str:
    """The service, by its name in the official client, from the request's signature."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([a-z0-9-]+)/", request.headers.get("authorization", ""))
    if scope is None:
        raise Refusal("MissingAuthenticationToken", "the request is not signed", 403)
    if scope.group(1) in _SEVERAL:
        return _of_several(request, _SEVERAL[scope.group(1)])
    return _MODELS.get(scope.group(1), scope.group(1))


def operation_of(request: Request, service: str) -> str:
    """The operation's name."""
    if "x-amz-target" in request.headers:
        return request.headers["x-amz-target"].rpartition(".")[2]
    rpc = re.search(r"/operation/(\w+)$", request.path)
    if rpc is not None:
        return rpc.group(1)
    action = re.search(rb"(?:^|&)Action=(\w+)", request.body)
    if action is not None:
        return action.group(1).decode()
    return _by_path(request, service)


def parameters_of(request: Request, operation: OperationModel) -> dict[str, object]:
    """The request's parameters, checked.

    Raises:
        Refusal: they are not what the service describes.
    """
    shape = operation.input_shape
    found: dict[str, object]
    if shape is None:
        return {}
    match _protocol(operation, request):
        case "cbor":
            parser = RpcV2CBORParser()
            stream = parser.get_peekable_stream_from_bytes(request.body)
            found = parser.parse_data_item(stream) if request.body else {}
        case "json":
            found = json.loads(request.body or b"{}")
            blobs = [name for name, member in shape.members.items() if member.type_name == "blob"]
            found |= {name: b64decode(str(found[name])) for name in blobs if name in found}
        case "rest":
            found = rest.parameters(operation, request.path, request.headers, request.body)
        case _:
            form = {name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()}
            found = _structure(shape, form, "")
    wrong = _wrong(found, shape)
    if wrong:
        raise Refusal("ValidationException", wrong)
    return found


def answered(request: Request, operation: OperationModel, answer: Answer) -> Response:
    """An answer in the service's protocol.

    Raises:
        AssertionError: AWS could not answer that.
    """
    shape = operation.output_shape
    if shape is not None:
        wrong = _wrong_events(answer, shape) if operation.has_event_stream_output else _wrong(answer, shape)
        assert not wrong, f"{operation.name}: {wrong}"
    match _protocol(operation, request):
        case "cbor":
            body = bytearray()
            if shape is not None:
                RpcV2CBORSerializer()._serialize_data_item(body, answer, shape)
            return Response(200, _CBOR, bytes(body))
        case "json":
            return Response(200, _JSON, json.dumps(answer, default=_plain).encode())
        case "rest":
            headers, document, stream = rest.body_of(shape, answer)
            return Response(operation.http.get("responseCode", 200), headers, document, chunked=stream)
        case _:
            name = operation.name
            inner = "" if shape is None else _xml_structure(shape, answer)
            result = f"<{name}Result>{inner}</{name}Result>" if shape is not None else ""
            text = f"<{name}Response>{result}<ResponseMetadata><RequestId>loopback</RequestId></ResponseMetadata>"
            return Response(200, _XML, f"{text}</{name}Response>".encode())


def refused(request: Request, service: str, refusal: Refusal) -> Response:
    """An error in the service's protocol."""
    code, message = refusal.code, refusal.message
    if "smithy-protocol" in request.headers:
        body = bytearray()
        members = {"__type": code, "message": message}
        RpcV2CBORSerializer()._serialize_data_item(body, members, _ERROR)
        return Response(refusal.status, _CBOR, bytes(body))
    if service == "ec2":
        fault = f"<Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error></Errors>"
        return Response(refusal.status, _XML, f"<Response>{fault}<RequestID>loopback</RequestID></Response>".encode())
    if "x-amz-target" in request.headers or service in _REST:
        described = json.dumps({"__type": code, "message": message}).encode()
        return Response(refusal.status, {**_JSON, "x-amzn-errortype": code}, described)
    fault = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    text = f"<ErrorResponse>{fault}<RequestId>loopback</RequestId></ErrorResponse>"
    return Response(refusal.status, _XML, text.encode())


@cache
def service_model(service: str) -> ServiceModel:
    """The official description of a service."""
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


_MODELS = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "tagging": "resourcegroupstaggingapi",
}
"""Services that are signed for under another name than the official client's."""
_SEVERAL = {
    "bedrock": ("bedrock-runtime", "bedrock-agent-runtime", "bedrock-agent", "bedrock"),
    "bedrock-agentcore": ("bedrock-agentcore", "bedrock-agentcore-control"),
}
"""Services that are signed for under one name."""
_REST = ("lambda", "xray", "qbusiness", *_SEVERAL["bedrock"], *_SEVERAL["bedrock-agentcore"])
_JSON = {"Content-Type": "application/x-amz-json-1.1"}
_XML = {"Content-Type": "text/xml"}
_CBOR = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
_ERROR = service_model("codedeploy").shape_for("ErrorInformation")


def _of_several(request: Request, services: tuple[str, ...]) -> str:
    for service in services:
        if rest.operation_by_path(service_model(service), request.method, request.path):
            return service
    described = f"no operation of {', '.join(services)} is {request.method} {request.path}"
    raise Refusal("UnknownOperationException", described, 404)


def _wrong_events(answer: Answer, shape: Shape) -> str:
    """As `_wrong`, where one member of the answer is a list of events."""
    payload = shape.serialization["payload"]
    events = TypeAdapter(list[dict[str, dict[str, object]]]).validate_python(answer[payload])
    wrong = [_wrong({**answer, payload: {}}, shape)]
    wrong += [_wrong(value, shape.members[payload].members[name]) for event in events for name, value in event.items()]
    return "; ".join(each for each in wrong if each)


def _wrong(value: Answer, shape: Shape) -> str:
    """What the description does not allow; empty where it allows it all."""
    report = ParamValidator().validate(value, shape)
    return report.generate_report() if report.has_errors() else "; ".join(_beyond(value, shape, shape.name))


def _beyond(value: object, shape: Shape, where: str) -> Iterator[str]:
    """What the official client's own check passes over: words that are none of a service's, and what is too long."""
    if getattr(shape, "is_document_type", False):
        return
    if isinstance(value, Mapping) and shape.type_name == "structure":
        for name, member in value.items():
            yield from _beyond(member, shape.members[name], f"{where}.{name}")
    elif isinstance(value, Mapping) and shape.type_name == "map":
        for name, member in value.items():
            yield from _beyond(member, shape.value, f"{where}.{name}")
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _beyond(member, shape.member, f"{where}[{position}]")
    elif isinstance(value, str):
        words, longest = getattr(shape, "enum", []), shape.metadata.get("max")
        if words and value not in words:
            yield f"{where} is {value!r}, none of {', '.join(words)}"
        if longest is not None and len(value) > longest:
            yield f"{where} has {len(value)} characters, more than {longest}"


def _protocol(operation: OperationModel, request: Request) -> str:
    if "smithy-protocol" in request.headers:
        return "cbor"
    if "rest-json" in operation.service_model.protocols:
        return "rest"
    return "json" if "json" in operation.service_model.protocols else "query"


def _by_path(request: Request, service: str) -> str:
    """A REST operation, by its method and path."""
    found = rest.operation_by_path(service_model(service), request.method, request.path)
    if found is not None:
        return found
    raise Refusal("UnknownOperationException", f"no operation of {service} is {request.method} {request.path}", 404)


def _structure(shape: Shape, form: Mapping[str, str], prefix: str) -> dict[str, object]:
    """A query's parameters below a prefix."""
    found: dict[str, object] = {}
    for name, member in shape.members.items():
        value = _value(member, form, f"{prefix}{name}")
        if value is not None:
            found[name] = value
    return found


def _value(shape: Shape, form: Mapping[str, str], name: str) -> object:
    if shape.type_name == "structure":
        return _structure(shape, form, f"{name}.") or None
    if shape.type_name == "list":
        element = shape.member.serialization.get("name", "member")
        items: list[object] = []
        while (item := _value(shape.member, form, f"{name}.{element}.{len(items) + 1}")) is not None:
            items.append(item)
        return items or None
    if name not in form:
        return None
    text = form[name]
    match shape.type_name:
        case "integer" | "long":
            return int(text)
        case "boolean":
            return text == "true"
        case "timestamp":
            return datetime.fromisoformat(text)
        case _:
            return text


def _xml_structure(shape: Shape, value: Answer) -> str:
    parts = []
    for name, member in shape.members.items():
        if value.get(name) is not None:
            tag = member.serialization.get("name", name)
            parts.append(f"<{tag}>{_xml(member, value[name])}</{tag}>")
    return "".join(parts)


def _xml(shape: Shape, value: object) -> str:
    if shape.type_name == "structure":
        assert isinstance(value, Mapping)
        return _xml_structure(shape, value)
    if shape.type_name == "list":
        assert isinstance(value, list)
        tag = shape.member.serialization.get("name", "member")
        return "".join(f"<{tag}>{_xml(shape.member, item)}</{tag}>" for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else escape(str(value))


def _plain(value: object) -> float | str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    assert isinstance(value, datetime)
    return value.timestamp()
