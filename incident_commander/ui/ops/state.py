"""The states of /ops. `LiveState` is filled in the browser by the broadcaster; the others are one viewer's own."""

import asyncio
import logging
from urllib.parse import urlencode

import reflex as rx
from reflex_base.event import EventSpec

from ...domain.practice import ApproverKind
from ...response.view_ai import AiView
from ...response.view_alerts import AlertRow
from ...response.view_board import AgentRow, FigureRow, IncidentRow
from ...response.view_decision import ActionView, CheckRow, PlanRow, QuorumView, UpdateRow
from ...response.view_findings import GapRow, HypothesisRow, PredictionRow
from ...response.view_incident import IncidentHead, StageRow
from ...response.view_insights import InsightsView
from ...response.view_memory import MemoryView
from ...response.view_operator import ApprovalRow, FaultRow, KillSwitchView, QuarantineRow, TrustClassRow
from ...response.view_timeline import TimelineRow
from ...response.views import HealthRow
from ..live import NEWEST
from ..services import NotRunning, running

log = logging.getLogger(__name__)

SEED_LIMIT = 2**32
LONGEST_ID = 128
PATH = "/ops"
LONGEST_WAIT_SECONDS = 3600
"""For how long a page that was opened before the response had started looks for it."""


class LiveState(rx.State):
    """What is shown, set from outside by one delta for all (see `ui.live`). No handler of ours reads or writes it.

    Attributes:
        loaded: Whether a snapshot has arrived since this socket connected.
        trouble: Why the server could not read the incidents; empty when it could.
        followed: The incident this viewer chose; empty: the newest.
    """

    loaded: bool = False
    trouble: str = ""
    followed: str = NEWEST
    incidents: list[IncidentRow] = []
    agents: list[AgentRow] = []
    figures: list[FigureRow] = []
    health: list[HealthRow] = []
    approvals: list[ApprovalRow] = []
    kill_switch: KillSwitchView = KillSwitchView()
    trust: list[TrustClassRow] = []
    faults: list[FaultRow] = []
    quarantined: list[QuarantineRow] = []
    memory: list[MemoryView] = []
    ai: AiView = AiView()
    head: IncidentHead = IncidentHead()
    stages: list[StageRow] = []
    alerts: list[AlertRow] = []
    timeline: list[TimelineRow] = []
    hypotheses: list[HypothesisRow] = []
    quorum: QuorumView = QuorumView()
    plans: list[PlanRow] = []
    action: ActionView = ActionView()
    checks: list[CheckRow] = []
    predictions: list[PredictionRow] = []
    updates: list[UpdateRow] = []
    gaps: list[GapRow] = []
    insights: InsightsView = InsightsView()


class LinkState(rx.State):
    """The connection's own measurement, apart so that an answer redraws nothing else."""

    answered: float = 0

    @rx.event()
    def ping(self, sent: float) -> None:
        """Answer a browser's ping with the time it carried, so that the browser can measure the way there and back."""
        self.answered = float(sent)


class OpsState(rx.State):
    """One viewer's choices on /ops and what came of them."""

    origin: str = "http://127.0.0.1:8000"
    scenarios: list[str] = []
    busy: str = ""
    notice: str = ""
    started: str = ""
    problem: str = ""
    waiting: str = ""
    """Why the response was not running when the viewer came; empty once it is."""

    @rx.event()
    async def enter(self) -> EventSpec | None:
        """Join the live page, on load and again after every reconnect; only a socket that is on /ops is let in."""
        if self.router.url.path.rstrip("/") != PATH:
            return None
        self.busy, self.origin = "", self.router.url.origin
        try:
            services = running()
        except NotRunning as error:
            self.waiting = str(error)
            return OpsState.enter_when_running
        self.waiting = ""
        self.scenarios = list(services.operations.scenario_names())
        asked = self.router.url.query_parameters.get("incident", NEWEST)
        await services.live.show(self.router.session.session_id, asked if len(asked) <= LONGEST_ID else NEWEST)
        return None

    @rx.event(background=True)
    async def enter_when_running(self) -> EventSpec | None:
        """Join once the response has started, for a viewer who came before it did."""
        for _ in range(LONGEST_WAIT_SECONDS):
            try:
                running()
            except NotRunning:
                await asyncio.sleep(1)
            else:
                return OpsState.enter
        return None

    @rx.event()
    def select(self, incident: str) -> EventSpec:
        """Show one incident instead of the newest, by an address that can be kept; an empty id follows the newest."""
        known = isinstance(incident, str) and 0 < len(incident) <= LONGEST_ID
        return rx.redirect(f"{PATH}?{urlencode({'incident': incident})}" if known else PATH)

    @rx.event(background=True)
    async def start_scenario(self, form: dict[str, str]) -> None:
        """Start a practice run; its incident then arrives by the broadcast, like any other."""
        scenario = str(form.get("scenario", "")) or None
        approver: ApproverKind = "person" if form.get("approver") else "modelled"
        try:
            seed = parse_seed(str(form.get("seed", "")))
        except ValueError as error:
            async with self:
                self.notice, self.started, self.problem = "", "", str(error)
            return
        async with self:
            if self.busy:
                return
            self.busy, self.notice, self.started, self.problem = "Starting", "", "", ""
        notice = started = problem = ""
        try:
            run = await running().operations.start_scenario(scenario, seed, approver=approver)
            notice, started = f"Practice run started: {run.scenario}, seed {run.seed}, as", run.id
        except Exception as error:  # the viewer is told whatever went wrong, and the control works again
            log.exception("scenario=<%s>, seed=<%s> | practice run did not start", scenario, seed)
            problem = f"The practice run did not start: {error}"
        async with self:
            self.busy, self.notice, self.started, self.problem = "", notice, started, problem


def parse_seed(written: str) -> int | None:
    """The seed a person wrote; None where the field is empty.

    Raises:
        ValueError: it is not a whole number from 0 to 4294967295.
    """
    digits = written.strip()
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) < SEED_LIMIT):
        raise ValueError(
            f"The seed {digits[:40]!r} is not a whole number from 0 to {SEED_LIMIT - 1}; leave it empty for any."
        )
    return int(digits)
