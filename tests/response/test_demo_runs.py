"""Runs for viewers: each in a process of its own, in turn, and gone with its viewer."""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from incident_commander.domain.incident import STAGES
from incident_commander.response.demo_runs import AT_ONCE, DemoRuns, RunFailed, TooManyRuns
from incident_commander.response.progress import Progress
from incident_commander.response.recording import Recording, write_recording

from ..running import wait_until
from .conftest import SCENARIO, SEED, RealRun
from .other_program import DIES, FORGETS, HANGS, IS_KILLED, TRUNCATES, WAITS, WELL

Seen = list[Progress | Recording]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs of a test keep their files."""
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "runs"))
    return tmp_path


@pytest.fixture
def program(folder: Path, real_run: RealRun) -> tuple[str, ...]:
    """A program that hands over a recording, or fails to."""
    write_recording(real_run.recording, folder / "given.json")
    return (sys.executable, "-m", "tests.response.other_program", str(folder / "given.json"), str(folder))


async def watch(runs: DemoRuns, seed: int, seen: Seen | None = None) -> Seen:
    """Watch a run to its end."""
    seen = [] if seen is None else seen
    async with contextlib.aclosing(runs.run(SCENARIO, seed)) as run:
        async for each in run:
            seen.append(each)
    return seen


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    await asyncio.to_thread(wait_until, condition, 30, what)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has taken note of yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except FileNotFoundError:
        return True


def test_a_viewer_is_told_of_every_stage_in_order(real_run: RealRun) -> None:
    shares = [progress.share for progress in real_run.progress]
    assert None not in shares
    assert shares == sorted(share for share in shares if share is not None)
    stages = dict.fromkeys(progress.stage for progress in real_run.progress)
    assert tuple(stages) == ("start", "company", *STAGES, "record")


def test_a_viewer_gets_the_run_that_was_asked_for(real_run: RealRun) -> None:
    assert (real_run.recording.run.scenario, real_run.recording.run.seed) == (SCENARIO, SEED)


@pytest.mark.parametrize(
    ("scenario", "seed", "assumed", "said"),
    [
        ("nope", 1, {}, "no scenario is named 'nope'; there are .*memory_leak"),
        ("../memory_leak", 1, {}, "no scenario is named"),
        (SCENARIO, -1, {}, "the seed must be a whole number from 0 to 4294967295, not -1"),
        (SCENARIO, 2**32, {}, "not 4294967296"),
        (SCENARIO, 1, {"nope": 1.0}, "no figure 'nope' can be chosen; there are .*human_diagnose_seconds"),
        (SCENARIO, 1, {"human_diagnose_seconds": -1.0}, "human_diagnose_seconds must be from 0 to 7200, not -1"),
        (SCENARIO, 1, {"human_diagnose_seconds": float("nan")}, "not nan"),
        (SCENARIO, 1, {"scrape_interval_seconds": 1.0}, "no figure 'scrape_interval_seconds' can be chosen"),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_starts(
    scenario: str, seed: int, assumed: dict[str, float], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        DemoRuns().run(scenario, seed, assumed)


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (DIES, "the run ended with 1: the disk is full"),
        (IS_KILLED, "the run was killed by SIGKILL: it said nothing"),
        (TRUNCATES, "the run ended without a recording: recording.json is cut off"),
        (FORGETS, "the run ended without a recording: recording.json cannot be read"),
    ],
)
async def test_a_run_that_fails_says_why_and_leaves_nothing(
    program: tuple[str, ...], folder: Path, seed: int, said: str
) -> None:
    with pytest.raises(RunFailed, match=said):
        await watch(DemoRuns(program=program), seed)
    assert list((folder / "runs").iterdir()) == []


async def test_a_run_that_takes_too_long_is_ended(program: tuple[str, ...], folder: Path) -> None:
    with pytest.raises(RunFailed, match=r"ended after 0\.2 s"):
        await watch(DemoRuns(program=program, patience_seconds=0.2), HANGS)
    assert list((folder / "runs").iterdir()) == []


async def test_a_viewer_who_goes_takes_the_whole_process_group_along(program: tuple[str, ...], folder: Path) -> None:
    viewer = asyncio.create_task(watch(DemoRuns(program=program), HANGS))
    await until((folder / "pids").exists, "the run to be under way")
    pids = (folder / "pids").read_text().split()
    assert len(pids) == 2
    assert len(list((folder / "runs").iterdir())) == 1
    viewer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await viewer
    await until(lambda: all(is_gone(int(pid)) for pid in pids), "both processes to be gone")
    assert list((folder / "runs").iterdir()) == []


async def test_two_viewers_have_a_run_each_and_the_third_comes_next(program: tuple[str, ...], folder: Path) -> None:
    runs = DemoRuns(program=program, most_waiting=2)
    seen: list[Seen] = [[], [], []]
    viewers = [asyncio.create_task(watch(runs, WAITS, each)) for each in seen]
    await until(lambda: all(seen), "two to be under way and one to wait")
    last = asyncio.create_task(watch(runs, WELL))
    await asyncio.sleep(0)
    with pytest.raises(TooManyRuns, match="2 runs wait already; try again in a minute"):
        await watch(runs, WELL)
    assert len(list((folder / "runs").iterdir())) == AT_ONCE
    assert [[each.queued_behind for each in ones if isinstance(each, Progress)] for ones in seen] == [[0], [0], [1]]
    (folder / "go").touch()
    async with asyncio.timeout(30):
        *_, (waited, *_) = [await each for each in (*viewers, last)]
    assert isinstance(waited, Progress)
    assert waited.queued_behind == 2
    assert all(isinstance(ones[-1], Recording) for ones in seen)


async def test_a_viewer_who_goes_gives_up_a_place_in_the_line(program: tuple[str, ...], folder: Path) -> None:
    runs = DemoRuns(program=program, at_once=1)
    first, second = asyncio.create_task(watch(runs, HANGS)), asyncio.create_task(watch(runs, WAITS))
    seen: Seen = []
    third = asyncio.create_task(watch(runs, WELL, seen))
    await until((folder / "pids").exists, "the run to be under way")
    second.cancel()
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    async with asyncio.timeout(30):
        await third
    assert [each.queued_behind for each in seen if isinstance(each, Progress)][:1] == [2]
    assert isinstance(seen[-1], Recording)


async def test_the_same_run_is_remembered_and_says_when_it_was(program: tuple[str, ...], folder: Path) -> None:
    runs = DemoRuns(program=program)
    *_, once = await watch(runs, WELL)
    (folder / "given.json").unlink()
    assert await watch(runs, WELL) == [once]
    with pytest.raises(RunFailed):
        await watch(DemoRuns(program=program), WELL)
