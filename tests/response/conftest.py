"""One real run, recorded once and looked at by many tests."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest
from pydantic import TypeAdapter

from incident_commander.domain.base import JsonObject
from incident_commander.response.demo_runs import DemoRuns
from incident_commander.response.progress import Progress
from incident_commander.response.recording import Recording

SCENARIO, SEED = "memory_leak", 3


@dataclass(frozen=True)
class RealRun:
    """A scenario recorded as for a viewer, and beside it what `scenario run --json` prints."""

    progress: tuple[Progress, ...]
    recording: Recording
    printed: JsonObject


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> RealRun:
    """Both at once."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    by_hand = subprocess.Popen(
        [sys.executable, "-m", "incident_commander", "scenario", "run", SCENARIO, "--seed", str(SEED), "--json"],
        env={"PATH": os.environ["PATH"], "HOME": str(elsewhere)},
        cwd=elsewhere,
        stdout=subprocess.PIPE,
        text=True,
    )

    async def watch() -> list[Progress | Recording]:
        return [each async for each in DemoRuns().run(SCENARIO, SEED)]

    try:
        *progress, recording = asyncio.run(watch())
        printed, _ = by_hand.communicate(timeout=150)
    finally:
        by_hand.kill()
        by_hand.wait()
    assert isinstance(recording, Recording)
    return RealRun(
        progress=tuple(each for each in progress if isinstance(each, Progress)),
        recording=recording,
        printed=TypeAdapter(JsonObject).validate_json(printed),
    )
