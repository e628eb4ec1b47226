"""What every test may use, and the order they run in."""

import pytest

from .running import free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright keeps an event loop running that no asyncio test can run beside."""
    items.sort(key=lambda item: item.get_closest_marker("e2e") is not None)


@pytest.fixture
def port() -> int:
    """A free TCP port of 127.0.0.1."""
    return free_port()
