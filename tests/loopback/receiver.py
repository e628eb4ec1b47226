"""A plain HTTP server on 127.0.0.1: it keeps the JSON posted to it and serves one text."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import JsonValue, TypeAdapter

JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class Receiver:
    """What was posted so far, by path, and what a GET of any path answers (`exposition`, as Prometheus text)."""

    def __init__(self) -> None:
        self.url = ""
        self.exposition = ""
        self._lock = threading.Lock()
        self._posted: list[tuple[str, JsonValue]] = []

    def posted(self, path: str) -> list[JsonValue]:
        """The bodies posted to `path`, oldest first."""
        with self._lock:
            return [body for where, body in self._posted if where == path]

    def keep(self, path: str, body: bytes) -> None:
        """Remember one posted body; raises pydantic's ValidationError where it is not JSON."""
        document = JSON.validate_json(body)
        with self._lock:
            self._posted.append((path, document))


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A Receiver that listens on a free port while the context lasts."""
    receiver = Receiver()

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.keep(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            body = receiver.exposition.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet: what arrived is in `posted`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
