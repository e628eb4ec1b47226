"""A process that serves a practice run, and can be told to hang at a stage so that it is killed right there.

python -m tests.response.process DATA_DIR start SCENARIO SEED STAGE     hangs after STAGE's work, before its end
python -m tests.response.process DATA_DIR resume RUN_ID                 finishes the run and prints its report

The database is the one that IC_DATABASE_URL names.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from incident_commander.composition import Commander, build, running
from incident_commander.domain.base import RunId
from incident_commander.domain.settings import Settings
from incident_commander.response.desk import Desk, Next
from incident_commander.response.stages import Stages


def hang_after(stage: str, run_id: Callable[[], str]) -> None:
    """Let a stage do its work, and then never come to its end: nothing of it is recorded as finished."""
    work: Callable[[Stages, Desk], Awaitable[Next]] = getattr(Stages, stage)

    async def hanging(self: Stages, desk: Desk) -> Next:
        await work(self, desk)
        say({"held": stage, "run_id": run_id()})
        await asyncio.Event().wait()
        return "stop"

    setattr(Stages, stage, hanging)


def say(message: dict[str, object]) -> None:
    """One JSON line to whoever started this process."""
    print(json.dumps(message), flush=True)


async def start(commander: Commander, scenario: str, seed: int, started: list[str]) -> None:
    """Start a run and stay."""
    started.append((await commander.operations.start_scenario(scenario, seed)).id)
    await asyncio.Event().wait()


async def resume(commander: Commander, run_id: RunId) -> None:
    """Wait for the run to end, unasked, and print how it came out and what the world witnessed."""
    changed = asyncio.Event()
    commander.operations.subscribe(lambda _: changed.set())
    async with asyncio.timeout(90):
        while (report := await commander.operations.run_report(run_id)) is None:
            await changed.wait()
            changed.clear()
    async with commander.database.read() as unit:
        journal = await unit.practice.journal(run_id)
        events = await unit.ledger.of_incident(report.incident_id) if report.incident_id else ()
    say(
        {
            "report": report.model_dump(mode="json"),
            "journal": [entry.model_dump(mode="json") for entry in journal],
            "events": [[event.kind, event.payload.get("stage"), event.key] for event in events],
        }
    )


async def main() -> None:
    """Run as the arguments say."""
    data_dir, order, *rest = sys.argv[1:]
    settings = Settings(data_dir=Path(data_dir), notify_urls=[])
    started: list[str] = []
    if order == "start":
        hang_after(rest[2], lambda: started[0])
    async with running(build(settings)) as commander:
        if order == "start":
            await start(commander, rest[0], int(rest[1]), started)
        else:
            await resume(commander, RunId(rest[0]))


if __name__ == "__main__":
    asyncio.run(main())
