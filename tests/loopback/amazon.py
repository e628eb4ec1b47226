"""moto's SNS on a free port of 127.0.0.1, and what a door asks of SNS answered by it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from ..running import ProcessGroup, free_port

READY_SECONDS = 60.0


class SnsOfMoto:
    """Fetches certificates from moto at the address that stands for SNS; moto asks nobody to confirm."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def certificate(self, url: str) -> bytes:
        """See the Sns protocol."""
        asked = urlsplit(url)
        region = asked.netloc.split(".")[1]
        # moto finds the service and its region by a request's signature, not by its host.
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{region}/sns/aws4_request, Signature=0"}
        async with httpx.AsyncClient(base_url=self._url, headers=signed) as client:
            return (await client.get(asked.path)).raise_for_status().content

    async def confirm(self, url: str) -> None:
        """See the Sns protocol."""
        raise AssertionError(f"moto does not ask to visit {url}")


@contextmanager
def amazon(folder: Path, **settings: str) -> Iterator[str]:
    """The URL of a running moto.

    Args:
        settings: Of moto's own, by the names of their environment variables.
    """
    folder.mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    with ProcessGroup(command, log=folder / "log", cwd=folder, env={**os.environ, **settings}) as group:
        group.wait_until(lambda: httpx.get(f"{url}/moto-api/", timeout=2).is_success, READY_SECONDS, "moto")
        yield url
