"""The state of /demo: one viewer's choice, run and assumptions, which nobody else sees."""

import logging
import secrets
from collections.abc import Sequence

import reflex as rx
from reflex_base.event import EventCallback, EventSpec

from ...domain.base import Value
from ...response.recording import AssumedFigure, Recording, UnreadableRecording
from ...response.shelf import Card
from ...sandbox import load_scenarios
from ..following import Presence, Telling
from ..ops.state import parse_seed
from ..services import NotRunning, exhibits
from ..viewers import while_wanted
from .assumptions import AssumptionRow, NotTaken, as_shipped, in_force, is_price, parse_figure, rows, shipped_figures
from .frames import Played
from .player import PlayerState, load
from .view import DemoView, Origin, demo_view, label

log = logging.getLogger(__name__)

PATH = "/demo"
Shows = Sequence[EventSpec | EventCallback[()]]
"""What follows a run: its outcome comes into view and is played."""
_DEFAULT_SEED = 1
_SEEDS_TO_DRAW_FROM = 10_000


class ScenarioCard(Value):
    """A scenario to choose; `title` says in a sentence what goes wrong."""

    name: str
    label: str
    title: str


class DemoState(rx.State):
    """One viewer's demo.

    Attributes:
        seed_problem, problem: What was wrong with the seed, and why a run did not come to be; empty: nothing.
        running: Whether a run is being computed.
        step: What the run is at, in a few words; `share`: how much of it is done, in [0, 100].
        untried: How many of the viewer's assumptions the run that is shown was not made with.
        written_anew: Counts how often the fields were filled by us, so that the browser shows what they hold now.
    """

    scenarios: list[ScenarioCard] = []
    scenario: str = ""
    scenario_label: str = ""
    seed: str = str(_DEFAULT_SEED)
    seed_problem: str = ""
    problem: str = ""
    running: bool = False
    step: str = ""
    share: float = 0
    lines: list[str] = []
    view: DemoView = DemoView()
    assumptions: list[AssumptionRow] = []
    edited: int = 0
    untried: int = 0
    written_anew: int = 0
    _played: Played | None = None
    _chosen: dict[str, float] = {}
    _problems: dict[str, str] = {}
    _turn: int = 0

    @rx.event()
    async def enter(self) -> None:
        """Fill the page, on load and again after every reconnect; what this viewer had before is still there."""
        if self.router.url.path.rstrip("/") != PATH:
            return
        self.scenarios = [
            ScenarioCard(name=each.name, label=label(each.name), title=each.title) for each in load_scenarios()
        ]
        self._tell_assumptions()
        if self.view.origin == "none" and not self.running:
            await self._exhibit(self.scenario or await self._first_kept() or self.scenarios[0].name)
            if self._played is not None:
                self.seed = str(self._played.recording.run.seed)

    @rx.event()
    async def choose(self, scenario: str) -> None:
        """Choose a scenario, and show its recorded run where there is one.

        The seed stays: it may be under the viewer's fingers already.
        """
        if self.running or scenario not in [each.name for each in self.scenarios]:
            return
        await self._exhibit(scenario)

    @rx.event()
    def another_seed(self) -> None:
        """Draw a seed."""
        self.seed, self.seed_problem = str(secrets.randbelow(_SEEDS_TO_DRAW_FROM)), ""

    @rx.event()
    def write_seed(self, written: str) -> None:
        """Take over what is written in the seed's field; whether it is a seed is asked when it is run."""
        self.seed, self.seed_problem = str(written)[:40], ""

    @rx.event(background=True)
    async def run(self, form: dict[str, str]) -> Shows | None:
        """Run the chosen scenario and play it; another run of this viewer that is under way is ended."""
        written = str(form.get("seed", ""))
        async with self:
            known = [each.name for each in self.scenarios]
            scenario = str(form.get("scenario", self.scenario))
            try:
                if scenario not in known:
                    raise ValueError(f"There is no scenario {scenario[:40]!r}; choose one of the cards.")
                seed = parse_seed(written)
            except ValueError as error:
                self.seed_problem = str(error)
                return None
            self.seed_problem = ""
        if seed is None:
            seed = secrets.randbelow(_SEEDS_TO_DRAW_FROM)
        return await self._follow(scenario, seed)

    @rx.event(background=True)
    async def run_again(self) -> Shows | None:
        """Run the scenario and seed that are shown, with this viewer's assumptions."""
        async with self:
            shown = self._played.recording.run if self._played else None
        return await self._follow(shown.scenario, shown.seed) if shown else None

    @rx.event()
    def cancel(self) -> None:
        """End the run that is under way."""
        self._turn += 1
        self.running = False

    @rx.event()
    async def assume(self, name: str, written: str) -> None:
        """Take a figure that the viewer wrote: a price at once, another with the next run."""
        shipped = {figure.name: figure.value for figure in self._figures()}
        if name not in shipped:
            return
        chosen = {**self._chosen}
        problems = {other: problem for other, problem in self._problems.items() if other != name}
        try:
            chosen[name] = parse_figure(name, str(written))
        except NotTaken as error:
            problems[name] = str(error)
        if chosen.get(name) == shipped[name]:
            del chosen[name]
        self._chosen, self._problems = chosen, problems
        if is_price(name) and name not in problems:
            await self._cost_anew()
        self._tell_assumptions()

    @rx.event()
    async def assume_as_shipped(self) -> None:
        """Put every figure back to what the cited file says."""
        self._chosen, self._problems = {}, {}
        self.written_anew += 1
        await self._cost_anew()
        self._tell_assumptions()

    async def _first_kept(self) -> str:
        """The first scenario of which a run was kept; empty where none was."""
        try:
            kept = [card.scenario for card in await _kept()]
        except NotRunning:
            return ""
        return next((name for name in kept if name in [each.name for each in self.scenarios]), "")

    async def _exhibit(self, scenario: str) -> None:
        """Show the recorded run of a scenario, at its end; nothing where none was kept."""
        self.scenario, self.problem, self.seed_problem = scenario, "", ""
        try:
            card = next((each for each in await _kept() if each.scenario == scenario), None)
            recording = await exhibits().shelf.open(card.name) if card else None
        except (NotRunning, UnreadableRecording) as error:
            recording, self.problem = None, str(error)
        await self._show(recording, "recorded", at_end=True)

    async def _show(self, recording: Recording | None, origin: Origin, *, at_end: bool) -> None:
        figures = as_shipped(recording.assumptions) if recording else ()
        self._played = Played(recording, in_force(figures, self._chosen)) if recording else None
        self.view = demo_view(self._played, origin) if self._played else DemoView()
        load(await self.get_state(PlayerState), self._played, at_end=at_end)
        self._tell_assumptions()

    async def _cost_anew(self) -> None:
        """The same run at the prices that are in force now, wherever the player is."""
        if self._played is not None:
            self._played = Played(self._played.recording, in_force(self._figures(), self._chosen))
            self.view = demo_view(self._played, self.view.origin)
            load(await self.get_state(PlayerState), self._played)

    def _figures(self) -> tuple[AssumedFigure, ...]:
        return as_shipped(self._played.recording.assumptions) if self._played else shipped_figures()

    def _tell_assumptions(self) -> None:
        figures = self._figures()
        self.assumptions = list(rows(figures, self._chosen, self._problems))
        self.edited = len(self._chosen) + len(self._problems)
        wanted = in_force(figures, self._chosen)
        made_with = self._played.recording.assumptions if self._played else ()
        self.untried = sum(not is_price(each.name) and each.value != wanted[each.name] for each in made_with)

    async def _follow(self, scenario: str, seed: int) -> Shows | None:
        """Compute a run, telling this viewer how far it is, and have it played."""
        async with self:
            self._turn += 1
            turn, token, chosen = self._turn, self.router.session.client_token, {**self._chosen}
            self.scenario, self.scenario_label, self.seed = scenario, label(scenario), str(seed)
            self.running, self.problem, self.lines, self.share = True, "", [], 0
            self.step = "The run begins"
        telling, presence = Telling(), Presence(token)

        async def wanted() -> bool:
            async with self:
                return self._turn == turn and presence.lasts()

        recording, problem = None, ""
        try:
            async for each in while_wanted(exhibits().demo_runs.run(scenario, seed, chosen), wanted):
                if isinstance(each, Recording):
                    recording = each
                elif telling.hear(each):
                    async with self:
                        if self._turn == turn:
                            self.step, self.share, self.lines = telling.step, telling.share, list(telling.lines)
        except Exception as error:  # the viewer is told whatever went wrong, and the controls work again
            log.exception("scenario=<%s>, seed=<%s> | demo run did not come to its end", scenario, seed)
            problem = f"The run did not come to its end: {error}"
        async with self:
            if self._turn != turn:
                return None
            self.running, self.problem, self.lines = False, problem, []
            if recording is None:
                self.problem = problem or "The run was ended because this page was left. Run it again."
                return None
            await self._show(recording, "run", at_end=False)
        return [rx.scroll_to("outcome"), PlayerState.play]


async def _kept() -> list[Card]:
    """The recorded runs that can be played, those that were resolved, and rightly so, before the others.

    Raises:
        NotRunning: the server is starting or stopping.
    """
    cards = [card for card in await exhibits().shelf.cards() if not card.problem]
    return sorted(cards, key=lambda card: (card.status != "resolved", not card.acceptable))
