"""What every test may use."""

import pytest

from .running import free_port


@pytest.fixture
def port() -> int:
    """A free TCP port of 127.0.0.1."""
    return free_port()
