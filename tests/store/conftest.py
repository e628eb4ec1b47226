"""A database for each test, once on each kind."""

from collections.abc import AsyncIterator

import pytest

from incident_commander.store import Database

from .databases import Home, opened


@pytest.fixture
async def database(home: Home) -> AsyncIterator[Database]:
    """A migrated, empty database."""
    async with opened(home) as database:
        yield database
