"""The API over a real store and intake as an ASGI application of its own, for a server to run: no pages, no response.

`IC_DATA_DIR` says where its database is kept.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from ..store.databases import opened
from .acting import patient_authenticator
from .test_api import PracticeOperations, api_over


class Doors:
    """Opens its database when the server starts, and closes it when the server ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._api: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self._api is not None:
            await self._api(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._open():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        async with opened(self._folder) as database:
            self._api = api_over(database, PracticeOperations(), patient_authenticator())
            yield


application = Doors(Path(os.environ.get("IC_DATA_DIR", ".")))
