"""A database for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_commander.store import Database

from .databases import opened


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A migrated, empty database."""
    async with opened(tmp_path) as database:
        yield database
