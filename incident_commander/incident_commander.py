"""The Reflex app object: pages, the API beside them on the same port, and the services for as long as it serves."""

import contextlib
from collections.abc import AsyncIterator

from .access import require_safe_bind
from .composition import AlreadyRunning, build, log_to_stderr, running
from .domain.settings import Settings
from .response.demo_runs import DemoRuns
from .response.shelf import Shelf
from .ui.app import app_of, sockets_of
from .ui.exhibits import Exhibits
from .ui.operations import Operations
from .ui.serving import serving

log_to_stderr()
settings = Settings()
commander = build(settings)
app = app_of(commander.api)


@contextlib.asynccontextmanager
async def response() -> AsyncIterator[Operations]:
    """Run the response and its store."""
    async with running(commander):
        yield commander.operations


@contextlib.asynccontextmanager
async def services() -> AsyncIterator[None]:
    """Run the services while the server is up, not in the compile step, which imports this module too."""
    require_safe_bind(settings.host, commander.token)
    exhibits = Exhibits(DemoRuns(), Shelf(settings.recordings_dir))
    async with serving(sockets_of(app), response, exhibits, commander.access, final=(AlreadyRunning,)):
        yield


app.register_lifespan_task(services)
