"""A practice company on a temporary database, for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from incident_commander.actions.policy_file import load_policy
from incident_commander.domain.base import JsonObject
from incident_commander.domain.findings import Prediction
from incident_commander.sandbox import (
    POLICY_FILE,
    Assumptions,
    Hindsight,
    Outcome,
    PracticeCompany,
    Received,
    outcome_of,
)
from incident_commander.store import Database, migrate


@dataclass(slots=True)
class Wall:
    """A wall clock that is moved by hand."""

    shown: datetime = datetime(2026, 11, 2, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.shown

    def wait(self, seconds: float) -> None:
        self.shown += timedelta(seconds=seconds)


class Later:
    """As if hindsight were still being computed elsewhere, until the test has ended."""

    async def hindsight(self, scenario: str, seed: int, figures: Assumptions) -> Hindsight:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    async def outcome(
        self,
        scenario: str,
        seed: int,
        received: Sequence[Received],
        predictions: Sequence[Prediction],
        figures: Assumptions,
    ) -> Outcome:
        return outcome_of(scenario, seed, received, predictions, figures)


@dataclass(slots=True)
class Office:
    """A database, a door that keeps what was posted, and the companies that were opened on them one after another."""

    database: Database
    wall: Wall = field(default_factory=Wall)
    posted: list[JsonObject] = field(default_factory=list)
    refuse: int = 0

    async def post(self, body: JsonObject) -> None:
        if self.refuse > 0:
            self.refuse -= 1
            raise ConnectionError("the door is closed")
        self.posted.append(body)

    def company(self) -> PracticeCompany:
        return PracticeCompany(self.database, load_policy(POLICY_FILE), self.post, self.wall, Later())


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    """An office whose database is opened and closed."""
    url = f"sqlite+aiosqlite:///{folder / 'practice.db'}"
    migrate(url)
    database = Database(url, folder / "ledger.pem")
    await database.open()
    try:
        yield Office(database)
    finally:
        await database.close()
