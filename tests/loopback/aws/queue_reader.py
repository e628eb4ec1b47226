"""A process that takes messages in from a queue until it is killed: `queue_reader FOLDER URL`."""

import asyncio
import sys
from pathlib import Path

from incident_commander.aws import Aws
from incident_commander.domain.base import IncidentId
from incident_commander.ingest import Intake
from incident_commander.ingest.queued import Queue
from incident_commander.ingest.sqs import SqsConsumer

from ...ingest.worlds import Worlds
from ...store.databases import opened
from .client import REGION
from .conftest import LIMITS


async def read(folder: Path, url: str) -> None:
    """Take in what comes, each message kept from others for two seconds at a time."""

    async def nothing(_: IncidentId) -> None:
        return

    async with opened(folder) as database:
        intake = Intake(database, Worlds(), nothing)
        consumer = SqsConsumer(Queue.at(url), intake, Aws(REGION, LIMITS), visibility_seconds=2, extend_seconds=0.5)
        await consumer.run()


if __name__ == "__main__":
    asyncio.run(read(Path(sys.argv[1]), sys.argv[2]))
