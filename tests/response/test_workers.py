"""Worker processes: replaced when they die, gone when they are closed, and never longer alive than their parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from incident_commander.response.workers import Workers


def pid_of_worker() -> int:
    """Runs in a worker."""
    return os.getpid()


def die_once(flag: str) -> str:
    """Kills its worker the first time."""
    if not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def take_for_ever() -> None:
    """Longer than any test."""
    time.sleep(600)


def gone(pid: int) -> bool:
    """Whether no such process runs any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def until_gone(pid: int) -> None:
    """Wait for a process to end."""
    async with asyncio.timeout(30):
        while not gone(pid):  # noqa: ASYNC110 - another process's end sets no event of ours
            await asyncio.sleep(0.01)


async def test_a_computation_whose_worker_died_is_begun_again(tmp_path: Path) -> None:
    workers = Workers(1)
    try:
        assert (await workers.run(die_once, str(tmp_path / "died"))).value == "done"
    finally:
        workers.close()


async def test_closed_workers_end_in_the_middle_of_their_work_and_are_not_started_again() -> None:
    workers = Workers(1)
    pid = (await workers.run(pid_of_worker)).value
    working = asyncio.create_task(workers.run(take_for_ever))
    await asyncio.sleep(0)
    workers.close()
    await until_gone(pid)
    with pytest.raises(asyncio.CancelledError):
        await working
    with pytest.raises(asyncio.CancelledError):
        await workers.run(pid_of_worker)


async def test_idle_workers_are_stopped_and_started_again_when_needed() -> None:
    workers = Workers(1, idle_seconds=0.01)
    try:
        first = (await workers.run(pid_of_worker)).value
        await until_gone(first)
        assert (await workers.run(pid_of_worker)).value != first
    finally:
        workers.close()


def test_a_worker_does_not_outlive_a_killed_parent() -> None:
    program = (
        "import asyncio\n"
        "from incident_commander.response.workers import Workers\n"
        "from tests.response.test_workers import pid_of_worker\n"
        "async def main():\n"
        "    print((await Workers(1).run(pid_of_worker)).value, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert not gone(worker)
        parent.kill()
        asyncio.run(until_gone(worker))
