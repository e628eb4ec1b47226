"""What every test may use, and the order they run in."""

from collections.abc import Callable, Iterator

import pytest

from .postgres import PostgresServer, postgres_server
from .running import free_port
from .store.databases import Home, sqlite_home


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay in one worker, and the browser's all in one, last.

    Playwright keeps an event loop running that no asyncio test can run beside; one served installation is enough.
    """
    items.sort(key=_drives_a_browser)
    for item in items:
        item.add_marker(pytest.mark.xdist_group("browser" if _drives_a_browser(item) else str(item.path)))


def _drives_a_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("e2e") is not None


@pytest.fixture
def port() -> int:
    """A free TCP port of 127.0.0.1."""
    return free_port()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the whole session; skips where none is installed."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Home]:
    """Makes a migrated, empty database with each call: what uses this runs once on each kind."""
    if request.param == "sqlite":
        return lambda: sqlite_home(tmp_path_factory.mktemp("home"))
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda: Home(server.database(), tmp_path_factory.mktemp("home") / "ledger.key")


@pytest.fixture
def home(new_home: Callable[[], Home]) -> Home:
    """A migrated, empty database, once on each kind."""
    return new_home()
