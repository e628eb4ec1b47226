"""What is asked of SNS is asked once, at the very address that was checked; no answer is told apart from a refusal."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from incident_commander.ingest.sns_https import MAX_ANSWER_BYTES, SnsOverHttps
from incident_commander.ingest.sns_trust import SnsRefused, SnsUnavailable

from ..running import free_port

ANSWERS = {
    "/certificate.pem": (200, b"a certificate"),
    "/missing.pem": (404, b""),
    "/busy.pem": (503, b""),
    "/slow-down.pem": (429, b""),
    "/elsewhere.pem": (302, b""),
    "/endless.pem": (200, b"x" * (MAX_ANSWER_BYTES + 1)),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that has the answers above; it redirects to the certificate."""

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = ANSWERS[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "/certificate.pem")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_a_certificate_is_fetched_and_a_subscription_confirmed(url: str) -> None:
    assert await SnsOverHttps().certificate(f"{url}/certificate.pem") == b"a certificate"
    await SnsOverHttps().confirm(f"{url}/certificate.pem")


@pytest.mark.parametrize("path", ["/missing.pem", "/elsewhere.pem", "/endless.pem"])
async def test_an_answer_that_will_not_change_is_a_refusal_and_no_redirect_is_followed(url: str, path: str) -> None:
    with pytest.raises(SnsRefused):
        await SnsOverHttps().certificate(f"{url}{path}")
    with pytest.raises(SnsRefused):
        await SnsOverHttps().confirm(f"{url}{path}")


@pytest.mark.parametrize("path", ["/busy.pem", "/slow-down.pem"])
async def test_a_server_in_trouble_may_be_asked_again(url: str, path: str) -> None:
    with pytest.raises(SnsUnavailable):
        await SnsOverHttps().certificate(f"{url}{path}")


async def test_a_server_that_is_not_there_may_be_asked_again() -> None:
    with pytest.raises(SnsUnavailable):
        await SnsOverHttps().certificate(f"http://127.0.0.1:{free_port()}/a.pem")
