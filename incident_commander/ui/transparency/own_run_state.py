"""The state of a viewer's own practice run on /transparency: whom they make to fail in it, and what then comes."""

import logging
import secrets
from collections.abc import Mapping

import reflex as rx
from reflex_base.event import EventSpec

from ...consensus.faults import DESCRIPTIONS
from ...consensus.rule import rule
from ...domain.ballot import VOTERS, Voter
from ...domain.base import Value
from ...domain.fault import VoterFault
from ...response import view_text as text
from ...response.explain.rule import rule_of
from ...response.recording import Recording
from ...response.report import RunReport
from ...response.view_decision import action_view
from ...response.view_rounds import FAULT_WORDS, RoundView, round_views
from ...sandbox import load_scenarios
from ..demo.state import ScenarioCard
from ..demo.view import label
from ..following import Presence, Telling
from ..ops.state import parse_seed
from ..services import exhibits
from ..viewers import while_wanted
from .address import PATH
from .agents import HONEST, AgentRow, NoSuchFault, agent_rows, bearing, fault_named, voter_named

log = logging.getLogger(__name__)

_SEEDS_TO_DRAW_FROM = 10_000


class Kept:
    """A viewer's own recording. A plain class, so that a state hands it back without a proxy that watches it."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording


class Ending(Value):
    """How a viewer's own run came out; `there` False while there is none."""

    there: bool = False
    scenario: str = ""
    seed: int = 0
    faults: tuple[str, ...] = ()
    status: str = ""
    status_text: str = ""
    decided: str = ""
    done: str = ""
    judged: str = ""
    right: bool = False


class OwnRunState(rx.State):
    """One viewer's run with agents that fail; nobody else sees it, and it ends with the tab.

    Attributes:
        agents: Whom the viewer makes to fail in the next run; `bears` says what the rule makes of so many, and
            `beyond` whether they are more than it bears.
        running: Whether a run is being computed; `rounds` is then its vote as far as it has come.
        written_anew: Counts how often the fields were filled by us, so that the browser shows what they hold now.
        ending: Of the last run that came to its end, which can be looked at like any recording.
    """

    scenarios: list[ScenarioCard] = []
    scenario: str = ""
    seed: str = "1"
    seed_problem: str = ""
    problem: str = ""
    agents: list[AgentRow] = []
    written_anew: int = 0
    bears: str = ""
    beyond: bool = False
    running: bool = False
    step: str = ""
    share: float = 0
    lines: list[str] = []
    rounds: list[RoundView] = []
    ending: Ending = Ending()
    _faults: dict[Voter, VoterFault] = {}
    _kept: Kept | None = None
    _turn: int = 0

    @rx.event()
    def enter(self) -> None:
        """Fill the form, on load and again after every reconnect; what this viewer had before is still there."""
        if self.router.url.path.rstrip("/") != PATH:
            return
        if not self.scenarios:
            self.scenarios = [
                ScenarioCard(name=each.name, label=label(each.name), title=each.title) for each in load_scenarios()
            ]
            self.scenario = self.scenarios[0].name
            self.written_anew += 1
        self._tell_agents()

    @rx.event()
    def choose(self, scenario: str) -> None:
        """Choose a scenario."""
        if not self.running and scenario in [each.name for each in self.scenarios]:
            self.scenario = scenario

    @rx.event()
    def write_seed(self, written: str) -> None:
        """Take over what is written in the seed's field; whether it is a seed is asked when it is run."""
        self.seed, self.seed_problem = str(written)[:40], ""

    @rx.event()
    def another_seed(self) -> None:
        """Draw a seed."""
        self.seed, self.seed_problem = str(secrets.randbelow(_SEEDS_TO_DRAW_FROM)), ""

    @rx.event()
    def make_fail(self, voter: str, fault: str) -> None:
        """Choose how an agent fails in the next run, or that it is honest."""
        if self.running:
            return
        try:
            chosen, kind = voter_named(voter), fault_named(fault)
        except NoSuchFault as error:
            self.problem = str(error)
            return
        faults = {each: had for each, had in self._faults.items() if each != chosen}
        self._faults = faults if kind is None else {**faults, chosen: kind}
        self.problem = ""
        self._tell_agents()

    @rx.event()
    def all_honest(self) -> None:
        """Let every agent be honest."""
        if not self.running:
            self._faults = {}
            self.written_anew += 1
            self._tell_agents()

    @rx.event()
    def cancel(self) -> None:
        """End the run that is under way."""
        self._turn += 1
        self.running, self.lines, self.rounds = False, [], []

    @rx.event(background=True)
    async def run(self, form: dict[str, str]) -> EventSpec | None:
        """Run what the form says; another run of this viewer that is under way is ended."""
        async with self:
            try:
                scenario, seed = self._asked(form if isinstance(form, dict) else {})
                faults = _faults_of(form, self._faults) if isinstance(form, dict) else {**self._faults}
            except ValueError as error:
                self.seed_problem = str(error)
                return None
            self._turn += 1
            turn, token = self._turn, self.router.session.client_token
            self._faults, self.scenario, self.seed, self.seed_problem = faults, scenario, str(seed), ""
            self._tell_agents()
            self.running, self.problem, self.lines, self.rounds, self.share = True, "", [], [], 0
            self.step = "The run begins"
        telling, presence = Telling(), Presence(token)

        async def wanted() -> bool:
            async with self:
                return self._turn == turn and presence.lasts()

        recording, problem = None, ""
        try:
            async for each in while_wanted(exhibits().demo_runs.run(scenario, seed, None, faults), wanted):
                if isinstance(each, Recording):
                    recording = each
                elif telling.hear(each):
                    async with self:
                        if self._turn == turn:
                            self.step, self.share = telling.step, telling.share
                            self.lines, self.rounds = list(telling.lines), list(telling.rounds)
        except Exception as error:  # the viewer is told whatever went wrong, and the controls work again
            log.exception("scenario=<%s>, seed=<%s> | own run did not come to its end", scenario, seed)
            problem = f"The run did not come to its end: {error}"
        async with self:
            if self._turn != turn:
                return None
            self.running, self.lines = False, []
            if recording is None:
                self.problem = problem or "The run was ended because this page was left. Run it again."
                return None
            self._kept, self.ending = Kept(recording), ending_of(recording)
            record = recording.record
            self.rounds = list(round_views(record, rule_of(record), recording.run.faults)) if record else []
        return rx.scroll_to("own-vote")

    def _asked(self, form: Mapping[str, object]) -> tuple[str, int]:
        """The scenario and the seed that a form asks for.

        Raises:
            ValueError: one of them is not possible; the message says what is.
        """
        known = [each.name for each in self.scenarios]
        scenario = str(form.get("scenario", self.scenario))
        if scenario not in known:
            raise ValueError(f"There is no scenario {scenario[:40]!r}; there are {', '.join(known)}.")
        seed = parse_seed(str(form.get("seed", self.seed)))
        return scenario, secrets.randbelow(_SEEDS_TO_DRAW_FROM) if seed is None else seed

    def _tell_agents(self) -> None:
        self.agents, self.bears = agent_rows(self._faults), bearing(len(self._faults))
        self.beyond = len(self._faults) > rule().f


def _faults_of(form: Mapping[str, object], had: Mapping[Voter, VoterFault]) -> dict[Voter, VoterFault]:
    """The faults that a form asks for; an agent that it does not name keeps the one it had.

    Raises:
        NoSuchFault: it asks for one that there is not.
    """
    asked = {voter: fault_named(form.get(f"fault-{voter}", had.get(voter, HONEST))) for voter in VOTERS}
    return {voter: fault for voter, fault in asked.items() if fault is not None}


async def own_recording(state: rx.State) -> Recording | None:
    """The recording of the run that this viewer made, asked by another state of theirs; None where there is none."""
    kept = (await state.get_state(OwnRunState))._kept
    return kept.recording if kept else None


def ending_of(recording: Recording) -> Ending:
    """How a run came out."""
    report, record = recording.report, recording.record
    last = round_views(record, rule_of(record), recording.run.faults)[-1:] if record else ()
    action = action_view(record) if record else None
    return Ending(
        there=True,
        scenario=label(recording.run.scenario),
        seed=recording.run.seed,
        faults=tuple(
            f"{text.sentence(voter)}, {FAULT_WORDS[fault]}: {DESCRIPTIONS[fault]}"
            for voter, fault in recording.run.faults.items()
        ),
        status=report.status,
        status_text=text.sentence(report.status),
        decided=last[0].text if last else "no alarm came, so nothing was voted on",
        done=". ".join(part for part in (action.text, action.state_text) if part) if action else "",
        judged=_judged(report),
        right=report.plan.acceptable,
    )


def _judged(report: RunReport) -> str:
    if report.plan.executed:
        return "What was done was right" if report.plan.acceptable else "What was done was wrong"
    return (
        "Nothing was done, which was right" if report.plan.acceptable else "Nothing was done; acting would have helped"
    )
