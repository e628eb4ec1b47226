"""moto and the front before it, started once for this folder, and an executor on its own journal for each test."""

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from incident_commander.actions.aws import Accounts, AwsExecutor, Resources
from incident_commander.actions.catalogue import load_catalogue
from incident_commander.aws import Aws, Limits
from incident_commander.domain.incident import ClockKind
from incident_commander.domain.plan import ActionName
from incident_commander.store import Database

from ...store.databases import sqlite_home
from ..amazon import amazon
from .cases import World
from .client import REGION
from .front import Front, front_of
from .minds import Minds
from .thinking import ONCE

LIMITS = Limits(connect_seconds=10, read_seconds=20, reads=3, writes=3, pause_seconds=0.01)
HASTY = replace(LIMITS, read_seconds=0.3)
"""For what never gets an answer."""
TASKS_THAT_RUN = "4"


class Drained(Aws):
    """Clients that can be waited for."""

    def drain(self, threads: int) -> None:
        """Return once nothing that was asked is under way, though whoever asked may have given up long ago."""
        free = threading.Barrier(threads + 1)
        for _ in range(threads):
            self._threads.submit(free.wait)
        free.wait()


class StillClock:
    """The wall clock's stand-in: waiting for a moment makes it that moment."""

    kind: ClockKind = "wall"

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, tzinfo=UTC)

    async def now(self) -> datetime:
        """See Clock."""
        return self.at

    def translate(self, stamp: datetime) -> datetime:
        """See Clock."""
        return stamp

    async def advance_to(self, moment: datetime) -> None:
        """See Clock."""
        self.at = max(self.at, moment)


@pytest.fixture(scope="package")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with amazon(tmp_path_factory.mktemp("moto") / "server", MOTO_ECS_SERVICE_RUNNING=TASKS_THAT_RUN) as url:
        yield url


@pytest.fixture(scope="package")
def served(moto: str) -> Iterator[Front]:
    """The front, with the environment that leads the official client to it."""
    with front_of(moto) as front, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", front.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield front


@pytest.fixture(scope="package")
def clients() -> dict[Drained, Limits]:
    """Those that tests share."""
    return {}


@pytest.fixture
def front(served: Front, clients: dict[Drained, Limits]) -> Iterator[Front]:
    """As new for each test: calls that an earlier one gave up are over."""
    yield served
    served.reset()
    for client, limits in clients.items():
        client.drain(limits.threads)
    served.reset()


@pytest.fixture
def world(front: Front, request: pytest.FixtureRequest) -> World:
    return World(front, f"t{abs(hash(request.node.nodeid)) % 10**9}")


@pytest.fixture(scope="package")
def aws(served: Front, clients: dict[Drained, Limits]) -> Iterator[Aws]:
    """The clients, made once as in the product."""
    aws = Drained(REGION, LIMITS)
    clients[aws] = LIMITS
    yield aws
    del clients[aws]
    aws.close()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    home = sqlite_home(tmp_path)
    database = Database(home.url, home.key)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="package")
def hasty(served: Front, clients: dict[Drained, Limits]) -> Iterator[Aws]:
    """Clients that do not wait long."""
    aws = Drained(REGION, HASTY)
    clients[aws] = HASTY
    yield aws
    del clients[aws]
    aws.close()


MakeExecutor = Callable[..., AwsExecutor]


@pytest.fixture
async def executor_for(aws: Aws, database: Database) -> AsyncIterator[MakeExecutor]:
    """Makes executors for a resources' file, all on one journal."""
    async with httpx.AsyncClient() as http:

        def make(resources: Resources, *, live: bool = True, by: Aws = aws) -> AwsExecutor:
            def switched_on(action: ActionName) -> bool:
                return live

            return AwsExecutor(
                resources,
                load_catalogue(),
                database,
                StillClock(),
                Accounts(lambda account: by),
                switched_on,
                http,
                {"ops": SecretStr("a secret that both sides share")},
                poll=timedelta(seconds=25),
            )

        yield make


@pytest.fixture(scope="package")
def once(served: Front, clients: dict[Drained, Limits]) -> Iterator[Aws]:
    """Clients that send no call again."""
    aws = Drained(REGION, ONCE)
    clients[aws] = ONCE
    yield aws
    del clients[aws]
    aws.close()


@pytest.fixture
def minds(front: Front) -> Minds:
    """Bedrock's models."""
    return Minds(front)
