"""The Reflex app object: pages, the API beside them on the same port, and the services for as long as it serves."""

import contextlib
from collections.abc import AsyncIterator

from .composition import build, log_to_stderr, running
from .domain.settings import Settings
from .ui.app import app_of, serving

log_to_stderr()
commander = build(Settings())
app = app_of(commander.api)


@contextlib.asynccontextmanager
async def services() -> AsyncIterator[None]:
    """Run the services and the broadcaster while the server is up, not in the compile step, which imports this too."""
    async with running(commander), serving(app, commander.operations):
        yield


app.register_lifespan_task(services)
