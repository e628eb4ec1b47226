"""The whole of the API, its response included, as an ASGI application for a server to run, believing moto's SNS.

`IC_DATA_DIR` says where its data is kept, and `MOTO_URL` where moto is.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from starlette.types import Receive, Scope, Send

from incident_commander.composition import build, running
from incident_commander.domain.settings import Settings

from ..running import REPOSITORY, ProcessGroup, free_port
from .amazon import SnsOfMoto

START_SECONDS = 90.0


class Installation:
    """Starts with the server's lifespan, and ends with it."""

    def __init__(self, settings: Settings, moto: str) -> None:
        self._commander = build(settings, sns=SnsOfMoto(moto))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._commander.api(scope, receive, send)
            return
        await receive()
        async with running(self._commander):
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def application() -> Installation:
    """What the server loads."""
    return Installation(Settings(), os.environ["MOTO_URL"])


@contextmanager
def installation(folder: Path, moto: str = "", **settings: str) -> Iterator[str]:
    """The URL of a running installation, with settings by the names of their environment variables."""
    folder.mkdir(parents=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    command: list[str | Path] = [
        Path(sys.executable).with_name("granian"),
        *("--interface", "asgi", "--factory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        "tests.loopback.installation:application",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IC_")}
    env = {**kept, "IC_DATA_DIR": str(folder / "data"), "MOTO_URL": moto, **settings}
    with ProcessGroup(command, log=folder / "log", cwd=REPOSITORY, env=env) as group:
        group.wait_until(lambda: httpx.get(f"{url}/health").status_code == 200, START_SECONDS, "the installation")
        yield url
