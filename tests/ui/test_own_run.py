"""What a viewer's own run on /transparency does, without a browser: whom they make to fail, and what is then shown."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest

from incident_commander.domain.ballot import VOTERS, Voter
from incident_commander.domain.fault import VoterFault
from incident_commander.response.demo_runs import DemoRuns, RunFailed
from incident_commander.response.progress import Progress
from incident_commander.response.recording import Recording
from incident_commander.response.shelf import Shelf
from incident_commander.response.view_rounds import RoundView
from incident_commander.ui import following, services
from incident_commander.ui.exhibits import Exhibits
from incident_commander.ui.transparency.address import YOURS
from incident_commander.ui.transparency.own_run_state import OwnRunState
from incident_commander.ui.transparency.state import TransparencyState
from tests.response import recorded
from tests.ui.test_states import entered, handler

Asked = tuple[str, int, dict[Voter, VoterFault]]


class ToldRuns(DemoRuns):
    """Runs that come out as a test says, and remember what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.trouble: Exception | None = None
        self.seen: list[tuple[str, list[str], list[int]]] = []
        self.viewer: OwnRunState | None = None
        self.stopped_meanwhile = False

    def run(
        self,
        scenario: str,
        seed: int,
        assumed: Mapping[str, float] | None = None,
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> AsyncGenerator[Progress | Recording, None]:
        self.asked.append((scenario, seed, dict(faults or {})))
        return self._tell(dict(faults or {}))

    async def _tell(self, faults: dict[Voter, VoterFault]) -> AsyncGenerator[Progress | Recording, None]:
        if self.viewer is not None and self.stopped_meanwhile:
            await handler(self.viewer, "cancel")
        vote = RoundView(round=1, state="voting", text="1 of 5 for one plan, 4 needed: voting", n=5, required=4)
        yield Progress(stage="deliberate", text="Detection: Restart", share=0.5, vote=vote)
        if self.viewer is not None:
            self.seen.append((self.viewer.step, self.viewer.lines, [each.round for each in self.viewer.rounds]))
        if self.trouble is not None:
            raise self.trouble
        told = recorded.recording(for_it=4 if len(faults) < 2 else 3)
        yield told.model_copy(update={"run": told.run.model_copy(update={"faults": faults})}).sealed()


class Viewer:
    """Somebody on /transparency, and the runs they are given."""

    def __init__(self, own: OwnRunState, runs: ToldRuns) -> None:
        self.own, self.runs = own, runs
        self.connected = True

    async def run(self, **form: str) -> None:
        """Run as the form does."""
        await handler(self.own, "run", {"scenario": "memory_leak", "seed": "3", **form})


@pytest.fixture
async def viewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Viewer, None]:
    """Somebody who has opened the page where agents are made to fail."""
    runs = ToldRuns()
    services.provide_exhibits(Exhibits(runs, Shelf(tmp_path)))
    viewer = Viewer(await entered(OwnRunState, "/transparency?fail=own"), runs)
    runs.viewer = viewer.own
    monkeypatch.setattr(following, "is_connected", lambda token: viewer.connected)
    monkeypatch.setattr(following, "AWAY_SECONDS", 0.0)
    await handler(viewer.own, "enter")
    yield viewer
    services.provide_exhibits(None)


async def test_the_page_opens_with_five_honest_agents_and_the_scenarios(viewer: Viewer) -> None:
    assert [(row.voter, row.fault) for row in viewer.own.agents] == [(voter, "honest") for voter in VOTERS]
    assert viewer.own.bears == "All 5 are honest. 4 must name the same plan."
    assert "memory_leak" in [card.name for card in viewer.own.scenarios]


async def test_what_so_many_that_fail_mean_is_said_before_the_run(viewer: Viewer) -> None:
    await handler(viewer.own, "make_fail", "detection", "lie")
    assert viewer.own.bears.startswith("1 of 5 fails: as many as the rule bears (f = 1).")
    assert not viewer.own.beyond
    await handler(viewer.own, "make_fail", "prediction", "silent")
    assert viewer.own.bears.startswith("2 of 5 fail: more than the rule bears (f = 1).")
    assert viewer.own.beyond
    assert [row.does for row in viewer.own.agents][2] == "casts no ballot"
    await handler(viewer.own, "make_fail", "prediction", "honest")
    assert not viewer.own.beyond
    await handler(viewer.own, "all_honest")
    assert viewer.own.bears.startswith("All 5 are honest")


@pytest.mark.parametrize(
    ("voter", "fault", "said"),
    [
        ("weather", "lie", "There is no agent 'weather'; there are detection, diagnosis"),
        ("detection", "sulk", "No agent can 'sulk'; choose honest, lie"),
        ("detection", None, "No agent can 'None'"),
        (["detection"], "lie", "There is no agent"),
        ("x" * 10_000, "lie", "There is no agent 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
    ],
)
async def test_nonsense_makes_nobody_fail_and_is_refused_in_words(
    viewer: Viewer, voter: object, fault: object, said: str
) -> None:
    await handler(viewer.own, "make_fail", voter, fault)
    assert viewer.own.problem.startswith(said)
    assert {row.fault for row in viewer.own.agents} == {"honest"}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"seed": "99999999999999999999"}, "The seed '99999999999999999999' is not a whole number"),
        ({"seed": "-1"}, "The seed '-1' is not a whole number"),
        ({"scenario": "nope"}, "There is no scenario 'nope'; there are api_overload"),
        ({"fault-detection": "sulk"}, "No agent can 'sulk'"),
    ],
)
async def test_what_cannot_be_run_is_refused_in_words(viewer: Viewer, form: dict[str, str], said: str) -> None:
    await viewer.run(**form)
    assert viewer.own.seed_problem.startswith(said)
    assert (viewer.runs.asked, viewer.own.running) == ([], False)


@pytest.mark.parametrize("form", [None, [], "scenario", 7])
async def test_a_form_that_is_none_runs_what_was_chosen(viewer: Viewer, form: object) -> None:
    await handler(viewer.own, "make_fail", "resolution", "flip")
    await handler(viewer.own, "run", form)
    assert viewer.runs.asked == [(viewer.own.scenarios[0].name, 1, {"resolution": "flip"})]


async def test_a_run_is_asked_for_with_its_faults_and_its_vote_is_seen_as_it_goes(viewer: Viewer) -> None:
    await viewer.run(**{"fault-detection": "lie"})
    assert viewer.runs.asked == [("memory_leak", 3, {"detection": "lie"})]
    assert viewer.runs.seen == [("Five agents vote", ["Detection: Restart"], [1])]
    assert (viewer.own.running, viewer.own.ending.status, viewer.own.ending.there) == (False, "resolved", True)
    (round,) = viewer.own.rounds
    assert round.state == "reached"
    assert round.votes[0].fault == "made to lie"
    assert viewer.own.ending.faults[0].startswith("Detection, made to lie: votes with full confidence")


async def test_beyond_what_the_rule_bears_the_decision_is_refused_and_it_is_said_why(viewer: Viewer) -> None:
    await viewer.run(**{"fault-detection": "silent", "fault-diagnosis": "lie"})
    assert viewer.own.rounds[-1].state == "failed"
    assert "so nothing is certified" in viewer.own.rounds[-1].meaning
    assert viewer.own.ending.decided == "3 of 5 for one plan, 4 needed: no quorum"


async def test_the_run_can_be_looked_at_like_any_recording_by_this_viewer_alone(viewer: Viewer) -> None:
    await viewer.run(**{"fault-detection": "lie"})
    page = await viewer.own.get_state(TransparencyState)
    page.router = (await entered(TransparencyState, f"/transparency?recording={YOURS}&tab=decisions")).router
    await handler(page, "enter")
    assert (page.name, page.problem, page.place) == (YOURS, "", "recording")
    assert page.decisions.alternatives
    assert page.head.faults == ("Detection was made to lie",)
    await handler(page, "verify")
    assert page.proof.done
    other = await entered(TransparencyState, f"/transparency?recording={YOURS}")
    await handler(other, "enter")
    assert "there is no run of your own in this browser tab" in other.problem
    assert other.head.name == ""


async def test_a_run_that_fails_says_why_and_leaves_the_one_before(viewer: Viewer) -> None:
    await viewer.run()
    viewer.runs.trouble = RunFailed("the run ended with 1: the disk is full")
    await viewer.run()
    assert viewer.own.problem == "The run did not come to its end: the run ended with 1: the disk is full"
    assert viewer.own.ending.there
    assert not viewer.own.running


async def test_a_viewer_who_left_has_no_run(viewer: Viewer) -> None:
    viewer.connected = False
    await viewer.run()
    assert viewer.own.problem.startswith("The run was ended because this page was left")
    assert not viewer.own.ending.there


async def test_what_a_stopped_run_still_says_is_not_shown(viewer: Viewer) -> None:
    viewer.runs.stopped_meanwhile = True
    await viewer.run(**{"fault-detection": "lie"})
    assert (viewer.own.running, viewer.own.lines, viewer.own.rounds) == (False, [], [])
    assert not viewer.own.ending.there


async def test_while_a_run_goes_on_nothing_of_it_can_be_changed(viewer: Viewer) -> None:
    viewer.own.running = True
    await handler(viewer.own, "make_fail", "detection", "lie")
    await handler(viewer.own, "choose", "memory_leak")
    assert {row.fault for row in viewer.own.agents} == {"honest"}
    assert viewer.own.scenario == viewer.own.scenarios[0].name
    await handler(viewer.own, "cancel")
    assert not viewer.own.running


async def test_another_page_is_not_filled() -> None:
    other = await entered(OwnRunState, "/ops")
    await handler(other, "enter")
    assert other.scenarios == []
