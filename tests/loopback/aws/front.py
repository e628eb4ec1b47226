"""One address that stands for AWS: it answers what it was given states for, and hands the rest to moto.

On the way it can throttle, deny, fail, talk nonsense, say nothing, and cut the connection before or after a call was
carried out. It works with plain sockets, since cutting one in the middle is what an application server does not let an
application do.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from uuid import uuid4

import httpx

from . import protocol
from .protocol import Answer, Refusal, Request, Response

Trouble = Literal[
    "throttle", "deny", "expire", "fail", "fail_after", "garbage", "proxy", "drop_before", "drop_after", "cut",
    "stall_before", "stall_after",
]  # fmt: skip
Operation = Callable[[dict[str, object]], Answer]

_REFUSALS: dict[str, Callable[[str], Refusal]] = {
    "throttle": lambda call: Refusal("ThrottlingException", "Rate exceeded", 400),
    "deny": lambda call: Refusal(
        "AccessDeniedException",
        f"User: arn:aws:iam::123456789012:user/x is not authorized to perform: {_permission(call)} on resource: *",
        403,
    ),
    "expire": lambda call: Refusal("ExpiredToken", "the security token included in the request is expired", 403),
    "fail": lambda call: Refusal("InternalFailure", "the service failed in itself", 500),
}


_IAM = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}


def _permission(call: str) -> str:
    """What IAM calls an operation."""
    service, _, operation = call.partition(":")
    return f"{_IAM.get(service, service)}:{operation}"


@dataclass(slots=True)
class _Planned:
    trouble: Trouble
    times: int


@dataclass(slots=True)
class Front:
    """What stands behind the address.

    Attributes:
        calls: Every call that came in, as `service:Operation`, in order.
        carried_out: Those of them that were carried out.
        stalled: Set while a call gets no answer.
    """

    moto: str
    _moto: httpx.Client
    url: str = ""
    calls: list[str] = field(default_factory=list)
    carried_out: list[str] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    _operations: dict[str, Operation] = field(default_factory=dict)
    _planned: dict[str, list[_Planned]] = field(default_factory=dict)
    _bodies: dict[str, bytes] = field(default_factory=dict)
    _let_go: threading.Event = field(default_factory=threading.Event)
    _pulled: threading.Event = field(default_factory=threading.Event)

    def pull(self) -> None:
        """Answer nobody any more, as a server that is gone; calls under way are cut off."""
        self._pulled.set()
        self.let_go()

    def serve(self, service: str, operations: dict[str, Operation]) -> None:
        """Answer operations of a service from here on, instead of moto."""
        for name, operation in operations.items():
            self._operations[f"{service}:{name}"] = operation

    def serves(self, call: str) -> bool:
        """Whether a call is answered by a state of ours."""
        return call in self._operations

    def trouble(self, call: str, trouble: Trouble, times: int = 1) -> None:
        """Let the next calls of an operation go wrong."""
        self._planned.setdefault(call, []).append(_Planned(trouble, times))

    def send(self, call: str, body: bytes) -> None:
        """Answer an operation with these very bytes from here on, as AWS never would."""
        self._bodies[call] = body

    def reset(self) -> None:
        """No states, no trouble, nothing called; whoever waits for an answer is let go."""
        self.let_go()
        self.stalled.clear()
        self.calls.clear()
        self.carried_out.clear()
        self._operations.clear()
        self._planned.clear()
        self._bodies.clear()

    def let_go(self) -> None:
        """Cut the connections of those who wait for an answer."""
        self._let_go.set()
        self._let_go = threading.Event()

    def answer(self, request: Request) -> Response | None:
        """What to answer; None: cut the connection."""
        if self._pulled.is_set():
            return None
        service = protocol.service_of(request)
        call = f"{service}:{protocol.operation_of(request, service)}"
        self.calls.append(call)
        trouble = self._next_trouble(call)
        if trouble in _REFUSALS:
            return protocol.refused(request, service, _REFUSALS[trouble](call))
        if trouble == "proxy":
            page = b'<!DOCTYPE html>\n<html lang="en"><body><h1>502 Bad Gateway</h1></body></html>'
            return Response(502, {"Content-Type": "text/html"}, page)
        if trouble == "garbage":
            return Response(200, {"Content-Type": "text/html"}, b"<html>log in \xff\x00")
        if trouble == "drop_before":
            return None
        if call in self._bodies:
            return Response(200, {"Content-Type": "application/json"}, self._bodies[call])
        if trouble == "stall_before":
            self._stall()
            return None
        response = self._carry_out(request, service, call)
        if trouble == "drop_after" or self._pulled.is_set():
            return None
        if trouble == "cut":
            return replace(response, cut=True)
        if trouble == "fail_after":
            return protocol.refused(request, service, _REFUSALS["fail"](call))
        if trouble == "stall_after":
            self._stall()
            return None
        return response

    def _next_trouble(self, call: str) -> str:
        planned = self._planned.get(call, [])
        if not planned:
            return ""
        planned[0].times -= 1
        return planned.pop(0).trouble if planned[0].times == 0 else planned[0].trouble

    def _stall(self) -> None:
        let_go = self._let_go
        self.stalled.set()
        let_go.wait()

    def _carry_out(self, request: Request, service: str, call: str) -> Response:
        if call not in self._operations:
            headers = {name: value for name, value in request.headers.items() if name != "content-length"}
            came = self._moto.request(request.method, request.path, headers=headers, content=request.body)
            if came.is_success:
                self.carried_out.append(call)
            kept = {name: value for name, value in came.headers.items() if name.lower() in _PASSED_ON}
            return Response(came.status_code, kept, came.content)
        operation = protocol.service_model(service).operation_model(call.partition(":")[2])
        try:
            parameters = protocol.parameters_of(request, operation)
            response = protocol.answered(request, operation, self._operations[call](parameters))
        except Refusal as refusal:
            return protocol.refused(request, service, refusal)
        self.carried_out.append(call)
        return response


def _on_the_wire(response: Response) -> bytes:
    """A body as it is sent, the half of it where it is cut."""
    body = response.body[: len(response.body) // 2] if response.cut else response.body
    if not response.chunked:
        return body
    chunk = f"{len(response.body):x}\r\n".encode() + body
    return chunk if response.cut else chunk + b"\r\n0\r\n\r\n"


_PASSED_ON = frozenset({"content-type", "x-amzn-requestid", "x-amzn-errortype", "x-amz-crc32"})


@contextmanager
def front_of(moto: str) -> Iterator[Front]:
    """A front before a moto, on a free port of 127.0.0.1."""
    client = httpx.Client(base_url=moto, timeout=30)
    front = Front(moto, client)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            response = front.answer(Request(self.command, self.path, headers, self.rfile.read(length)))
            if response is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(response.status)
            for name, value in {"x-amzn-RequestId": str(uuid4()), **response.headers}.items():
                self.send_header(name, value)
            if response.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have given up
                self.wfile.write(_on_the_wire(response))
            if response.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    front.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield front
    finally:
        front.reset()
        server.shutdown()
        thread.join()
        server.server_close()
        client.close()
