"""What the handlers of /demo do, without a browser: one viewer's run, their player, their assumptions."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest

from incident_commander.domain.ballot import Voter
from incident_commander.domain.fault import VoterFault
from incident_commander.response.demo_runs import DemoRuns, RunFailed, TooManyRuns
from incident_commander.response.progress import Progress
from incident_commander.response.recording import Recording, write_recording
from incident_commander.response.shelf import Shelf
from incident_commander.ui import following, services, viewers
from incident_commander.ui.demo import player as player_module
from incident_commander.ui.demo.player import PlayerState
from incident_commander.ui.demo.state import DemoState
from incident_commander.ui.exhibits import Exhibits
from tests.ui.recorded import recording
from tests.ui.test_states import entered, handler


class ToldRuns(DemoRuns):
    """Runs that come out as a test says, and remember what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, int, dict[str, float]]] = []
        self.trouble: Exception | None = None
        self.closed = 0

    def run(
        self,
        scenario: str,
        seed: int,
        assumed: Mapping[str, float] | None = None,
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> AsyncGenerator[Progress | Recording, None]:
        self.asked.append((scenario, seed, dict(assumed or {})))
        return self._tell(scenario, seed)

    async def _tell(self, scenario: str, seed: int) -> AsyncGenerator[Progress | Recording, None]:
        try:
            yield Progress(stage="diagnose", text="Root cause confirmed", share=0.4)
            if self.trouble is not None:
                raise self.trouble
            yield recording(scenario=scenario, seed=seed)
        finally:
            self.closed += 1


class Viewer:
    """A viewer of /demo, their states, and the runs they are given."""

    def __init__(self, demo: DemoState, player: PlayerState, runs: ToldRuns, folder: Path) -> None:
        self.demo, self.player, self.runs, self.folder = demo, player, runs, folder
        self.connected = True


@pytest.fixture
async def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Viewer, None]:
    """Somebody who has opened /demo, where one run was kept."""
    write_recording(recording(seed=3), tmp_path / "kept.json")
    runs = ToldRuns()
    services.provide_exhibits(Exhibits(runs, Shelf(tmp_path)))
    demo = await entered(DemoState, "/demo")
    viewer = Viewer(demo, await demo.get_state(PlayerState), runs, tmp_path)
    for module in (following, player_module):
        monkeypatch.setattr(module, "is_connected", lambda token: viewer.connected)
    monkeypatch.setattr(following, "AWAY_SECONDS", 0.0)
    monkeypatch.setattr(player_module, "FRAME_SECONDS", 0.001)
    await handler(demo, "enter")
    yield viewer
    services.provide_exhibits(None)


async def run(viewer: Viewer, scenario: str = "database_cascade", seed: str = "7") -> None:
    """Run as the form does."""
    await handler(viewer.demo, "run", {"scenario": scenario, "seed": seed})


async def test_the_page_opens_with_a_recorded_run_at_its_end(viewer: Viewer) -> None:
    assert (viewer.demo.view.origin, viewer.demo.view.seed, viewer.demo.seed) == ("recorded", "3", "3")
    assert viewer.player.frame.ended
    assert viewer.player.frame.saved == "$120.00"


async def test_another_page_is_not_filled(viewer: Viewer) -> None:
    other = await entered(DemoState, "/ops")
    await handler(other, "enter")
    assert other.scenarios == []


async def test_choosing_a_scenario_without_a_recorded_run_shows_none(viewer: Viewer) -> None:
    await handler(viewer.demo, "choose", "memory_leak")
    assert (viewer.demo.scenario, viewer.demo.view.origin) == ("memory_leak", "none")
    await handler(viewer.demo, "choose", "database_cascade")
    assert viewer.demo.view.origin == "recorded"


async def test_choosing_a_scenario_leaves_the_seed_that_was_written(viewer: Viewer) -> None:
    await handler(viewer.demo, "write_seed", "4")
    await handler(viewer.demo, "choose", "memory_leak")
    await handler(viewer.demo, "choose", "database_cascade")
    assert viewer.demo.seed == "4"


@pytest.mark.parametrize("nonsense", ["", "no-such", "../secret", None, {"a": 1}, 7])
async def test_nonsense_for_a_scenario_changes_nothing(viewer: Viewer, nonsense: object) -> None:
    await handler(viewer.demo, "choose", nonsense)
    assert (viewer.demo.scenario, viewer.demo.view.origin) == ("database_cascade", "recorded")


async def test_a_run_is_shown_from_its_beginning(viewer: Viewer) -> None:
    await run(viewer)
    assert viewer.runs.asked == [("database_cascade", 7, {})]
    assert (viewer.demo.view.origin, viewer.demo.view.seed, viewer.demo.running) == ("run", "7", False)
    assert (viewer.player.position, viewer.player.frame.ended) == (0.0, False)


async def test_its_progress_is_told_in_words(viewer: Viewer) -> None:
    viewer.runs.trouble = RunFailed("the run ended with 1: no space left on device")
    await run(viewer)
    assert (viewer.demo.step, viewer.demo.share) == ("Finding the cause", 40.0)


@pytest.mark.parametrize("seed", ["-1", "1.5", "seven", "4294967296", "9" * 500])
async def test_a_seed_that_is_none_starts_nothing(viewer: Viewer, seed: str) -> None:
    await run(viewer, seed=seed)
    assert viewer.runs.asked == []
    assert "not a whole number" in viewer.demo.seed_problem
    assert viewer.demo.running is False


async def test_a_scenario_that_is_none_starts_nothing(viewer: Viewer) -> None:
    await run(viewer, scenario="no-such")
    assert viewer.runs.asked == []
    assert "There is no scenario 'no-such'" in viewer.demo.seed_problem


async def test_an_empty_seed_is_drawn(viewer: Viewer) -> None:
    await run(viewer, seed="")
    assert viewer.demo.seed == str(viewer.runs.asked[0][1])


@pytest.mark.parametrize(
    "trouble",
    [TooManyRuns("10 runs wait already; try again in a minute"), RunFailed("the run died"), OSError("no space")],
)
async def test_a_run_that_does_not_come_to_its_end_says_why_and_leaves_what_was_shown(
    viewer: Viewer, trouble: Exception
) -> None:
    viewer.runs.trouble = trouble
    await run(viewer)
    assert str(trouble) in viewer.demo.problem
    assert (viewer.demo.running, viewer.demo.view.origin) == (False, "recorded")
    viewer.runs.trouble = None
    await run(viewer)
    assert (viewer.demo.problem, viewer.demo.view.origin) == ("", "run")


async def test_while_the_server_starts_the_page_says_so(viewer: Viewer) -> None:
    services.provide_exhibits(None)
    await run(viewer)
    assert "not ready yet" in viewer.demo.problem


async def test_a_viewer_who_has_left_ends_their_run(viewer: Viewer) -> None:
    viewer.connected = False
    await run(viewer)
    assert (viewer.demo.view.origin, viewer.demo.running) == ("recorded", False)
    assert "this page was left" in viewer.demo.problem


async def test_a_price_counts_at_once_and_needs_no_run(viewer: Viewer) -> None:
    await handler(viewer.demo, "assume", "usd_per_failed_request", "0.04")
    assert viewer.player.frame.saved == "$240.00"
    assert viewer.runs.asked == []
    assert viewer.demo.untried == 0
    (row,) = (row for row in viewer.demo.assumptions if row.name == "usd_per_failed_request")
    assert (row.yours, row.value, row.shipped) == (True, "0.04", "0.02")


async def test_what_changes_the_run_waits_for_another_one(viewer: Viewer) -> None:
    await handler(viewer.demo, "assume", "human_notice_seconds", "5")
    assert viewer.demo.untried == 1
    await handler(viewer.demo, "run_again")
    assert viewer.runs.asked == [("database_cascade", 3, {"human_notice_seconds": 5.0})]


async def test_one_call_puts_every_assumption_back(viewer: Viewer) -> None:
    await handler(viewer.demo, "assume", "usd_per_failed_request", "0.04")
    await handler(viewer.demo, "assume", "human_notice_seconds", "never")
    before = viewer.demo.written_anew
    await handler(viewer.demo, "assume_as_shipped")
    assert not any(row.yours or row.problem for row in viewer.demo.assumptions)
    assert viewer.player.frame.saved == "$120.00"
    assert viewer.demo.written_anew == before + 1
    assert viewer.demo.edited == 0


async def test_writing_what_ships_is_no_assumption_of_ones_own(viewer: Viewer) -> None:
    await handler(viewer.demo, "assume", "usd_per_failed_request", "0.020")
    assert viewer.demo.edited == 0


@pytest.mark.parametrize("wrote", ["-1", "", "two", "1e309"])
async def test_a_figure_that_is_none_is_refused_at_its_field_and_changes_nothing(viewer: Viewer, wrote: str) -> None:
    await handler(viewer.demo, "assume", "usd_per_failed_request", wrote)
    (row,) = (row for row in viewer.demo.assumptions if row.name == "usd_per_failed_request")
    assert "give a number from 0 to 1,000,000 (USD)" in row.problem
    assert (row.yours, viewer.player.frame.saved) == (False, "$120.00")
    await handler(viewer.demo, "assume", "usd_per_failed_request", "0.02")
    assert not any(row.problem for row in viewer.demo.assumptions)


@pytest.mark.parametrize("name", ["no_such", "", None, {"a": 1}, "usd_per_failed_request\x00"])
async def test_an_assumption_that_is_none_is_passed_over(viewer: Viewer, name: object) -> None:
    if isinstance(name, dict):
        name = str(name)
    await handler(viewer.demo, "assume", name, "1")
    assert viewer.demo.edited == 0


async def test_the_player_plays_from_the_beginning_to_the_end(viewer: Viewer) -> None:
    await run(viewer)
    await handler(viewer.player, "choose_speed", 16)
    viewer.player.position = viewer.player._played.seconds - 1 if viewer.player._played else 0.0
    await handler(viewer.player, "play")
    assert viewer.player.frame.ended
    assert (viewer.player.at, viewer.player.playing) == (1.0, False)


async def test_a_second_click_takes_over_from_the_first_so_that_only_one_plays(viewer: Viewer) -> None:
    await run(viewer)
    await handler(viewer.player, "choose_speed", 1)
    first = asyncio.create_task(handler(viewer.player, "play"))
    await asyncio.sleep(0)
    second = asyncio.create_task(handler(viewer.player, "play"))
    await asyncio.wait_for(first, 10)
    assert (second.done(), viewer.player.playing) == (False, True)
    await handler(viewer.player, "pause")
    await asyncio.wait_for(second, 10)
    assert viewer.player.playing is False


async def test_a_run_that_is_begun_while_another_goes_takes_its_place(viewer: Viewer) -> None:
    first = asyncio.create_task(run(viewer, seed="7"))
    await asyncio.sleep(0)
    await run(viewer, seed="8")
    await asyncio.wait_for(first, 10)
    assert viewer.demo.view.seed == "8"
    assert viewer.runs.closed == len(viewer.runs.asked)


async def test_a_viewer_who_has_left_stops_their_player(viewer: Viewer) -> None:
    viewer.connected = False
    await handler(viewer.player, "play")
    assert viewer.player.playing is False


async def test_a_step_goes_to_what_happens_next_and_stays(viewer: Viewer) -> None:
    await run(viewer)
    await handler(viewer.player, "step")
    assert (viewer.player.position, viewer.player.frame.clock) == (65.0, "1:05")
    await handler(viewer.player, "to_the_end")
    await handler(viewer.player, "step")
    assert viewer.player.at == 1.0


@pytest.mark.parametrize(("wanted", "position"), [(30, 30.0), ("45", 45.0), (-5, 0.0), (1e9, 1500.0)])
async def test_the_position_goes_where_one_wants_within_the_run(
    viewer: Viewer, wanted: object, position: float
) -> None:
    await handler(viewer.player, "seek", wanted)
    assert viewer.player.position == position


@pytest.mark.parametrize("nonsense", ["soon", None, float("nan"), float("inf"), [1], {}])
async def test_a_position_that_is_none_is_passed_over(viewer: Viewer, nonsense: object) -> None:
    await handler(viewer.player, "seek", nonsense)
    assert viewer.player.at == 1.0


@pytest.mark.parametrize("speed", [3, 0, -1, 1000, "fast", None, [8]])
async def test_a_speed_that_is_none_is_passed_over(viewer: Viewer, speed: object) -> None:
    await handler(viewer.player, "choose_speed", speed)
    assert viewer.player.speed == 8


async def test_with_nothing_to_play_the_player_does_nothing(viewer: Viewer) -> None:
    await handler(viewer.demo, "choose", "memory_leak")
    for name in ("play", "step", "pause", "to_the_end"):
        await handler(viewer.player, name)
    assert (viewer.player.position, viewer.player.playing) == (0.0, False)


async def test_a_source_is_closed_once_nobody_wants_it() -> None:
    closed: list[bool] = []

    async def source() -> AsyncGenerator[int, None]:
        try:
            for number in range(100):
                yield number
        finally:
            closed.append(True)

    got: list[int] = []

    async def wanted() -> bool:
        return len(got) < 3

    async for number in viewers.while_wanted(source(), wanted, look_seconds=0.01):
        got.append(number)
    assert (got, closed) == ([0, 1, 2], [True])


async def test_a_source_that_says_nothing_is_closed_too_once_nobody_wants_it() -> None:
    looked = 0

    async def silent() -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 0

    async def wanted() -> bool:
        nonlocal looked
        looked += 1
        return looked < 3

    assert [each async for each in viewers.while_wanted(silent(), wanted, look_seconds=0.01)] == []


async def test_what_goes_wrong_in_a_source_is_told() -> None:
    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise RunFailed("the run died")

    async def wanted() -> bool:
        return True

    with pytest.raises(RunFailed, match="the run died"):
        async for _ in viewers.while_wanted(failing(), wanted):
            pass
