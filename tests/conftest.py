"""What every test may use, and the order they run in."""

from collections.abc import Callable, Iterator

import pytest

from .postgres import PostgresServer, postgres_server
from .running import free_port
from .store.databases import Home, sqlite_home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright keeps an event loop running that no asyncio test can run beside."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


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
