"""How long many calls of AWS at once take, each answered after 100 ms by a server on this machine."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic import BaseModel

from ..aws import Aws
from ..telemetry.aws.place import LIMITS, Place
from .figures import Figure, figure

CALLS = 50
ANSWER_SECONDS = 0.1
LIMIT_MS = 300
LAG_LIMIT_MS = 50
_LAG_PERIOD_SECONDS = 0.005
_REGION = "eu-west-1"
_BODY = b'{"logGroups":[]}'


class _Anything(BaseModel):
    """An answer of which nothing is needed."""


def aws_figures(runs: int) -> tuple[Figure, ...]:
    """Calls as telemetry makes them: the official client, signed, over HTTP.

    Args:
        runs: How often all of them are made at once.
    """
    with (
        _slow_aws() as url,
        _environment(AWS_ENDPOINT_URL=url, AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench"),
    ):
        first, taken, lags = asyncio.run(_measure(runs))
    name = f"{CALLS} calls of AWS at once, each of {ANSWER_SECONDS * 1000:.0f} ms"
    detail = "a server in this process answers"
    return (
        figure(name, "value", [first], "ms", None, f"{detail}; the first ones, which make the client and connect"),
        figure(name, "median", taken, "ms", LIMIT_MS, detail),
        figure(name, "p95", taken, "ms", LIMIT_MS, detail),
        figure("event loop lag meanwhile", "p99", lags, "ms", LAG_LIMIT_MS),
    )


async def _measure(runs: int) -> tuple[float, list[float], list[float]]:
    place = Place(None, _REGION, Aws(_REGION, LIMITS))
    lags: list[float] = []
    try:
        first = await _at_once(place)
        sampling = asyncio.create_task(_sample_lag(lags))
        taken = [await _at_once(place) for _ in range(runs)]
        sampling.cancel()
    finally:
        place.close()
    return first, taken, lags


async def _at_once(place: Place) -> float:
    """Milliseconds until all of them are answered."""
    begun = time.perf_counter()
    await asyncio.gather(*(place.read(_Anything, "logs", "DescribeLogGroups", {}) for _ in range(CALLS)))
    return (time.perf_counter() - begun) * 1000


async def _sample_lag(lags: list[float]) -> None:
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(_LAG_PERIOD_SECONDS)
        lags.append((time.perf_counter() - asked - _LAG_PERIOD_SECONDS) * 1000)


@contextmanager
def _slow_aws() -> Iterator[str]:
    """The address of a server that answers whatever is asked, a while later."""
    with _Server(("127.0.0.1", 0), _Answering) as server:
        threading.Thread(target=server.serve_forever, name="slow-aws", daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 2 * CALLS


class _Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(ANSWER_SECONDS)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(_BODY)))
        self.end_headers()
        self.wfile.write(_BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: it would be of no use to whoever reads the figures."""


@contextmanager
def _environment(**given: str) -> Iterator[None]:
    """Have the official client find these, and nothing of this machine's own settings for AWS."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update(given, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(before)
