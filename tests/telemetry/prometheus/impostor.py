"""A server that answers as a Prometheus should not: in plain HTTP on a free port of 127.0.0.1."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    path: str
    query: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer.

    Attributes:
        cut: Promise more than is sent, and close. silent: Say nothing until the server ends.
    """

    body: str | bytes
    status: int = 200
    cut: bool = False
    silent: bool = False


@dataclass(slots=True)
class Impostor:
    """What it answers, by what it is asked, and what it was asked."""

    url: str = ""
    answer: Callable[[Asked], Reply] = lambda asked: Reply("{}")
    asked: list[Asked] = field(default_factory=list)


def scalar(value: str, at: float) -> Reply:
    """The answer to how it goes."""
    return Reply(f'{{"status":"success","data":{{"resultType":"scalar","result":[{at},"{value}"]}}}}')


@contextmanager
def impostor() -> Iterator[Impostor]:
    """An impostor that listens while the context lasts."""
    posing = Impostor()
    over = threading.Event()

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            asked = Asked(
                self.path.partition("?")[0],
                next(iter(parse_qs(sent).get("query", [""]))),
                {name.lower(): value for name, value in self.headers.items()},
            )
            posing.asked.append(asked)
            reply = posing.answer(asked)
            if reply.silent:
                over.wait()
                self.close_connection = True
                return
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            with suppress(ConnectionError):
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body) * (2 if reply.cut else 1)))
                self.end_headers()
                self.wfile.write(body)
                if reply.cut:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    posing.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield posing
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
