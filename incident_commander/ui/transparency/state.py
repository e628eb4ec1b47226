"""The state of /transparency: which recording one viewer looks at, and what of it has been opened."""

import asyncio
import logging
from urllib.parse import urlencode

import reflex as rx

from ...domain.base import Value
from ...response.explain.analytics import AnalyticsView, analytics_view
from ...response.explain.communication import CommunicationView, communication_view
from ...response.explain.confidence import ConfidenceView, confidence_view
from ...response.explain.decisions import DecisionsView, decisions_view
from ...response.explain.evidence import LONGEST_CLAIM, EvidenceView, NoSuchClaim, evidence_view
from ...response.explain.head import HeadView, head_view
from ...response.explain.held import HeldView, held_view
from ...response.explain.proof import ProofView, prove
from ...response.explain.reasoning import ReasoningView, reasoning_view
from ...response.explain.services import ServicesView, services_view
from ...response.explain.tampering import TAMPERINGS, NothingToTamper
from ...response.recording import Recording, UnreadableRecording
from ...response.shelf import Card
from ...response.view_text import date_time, sentence
from ..components.charts import ChartView
from ..demo.view import label
from ..services import NotRunning, exhibits
from .address import PATH, TABS, YOURS, Place
from .charts import draw_impact, draw_reliability, draw_trace
from .markdown import as_html
from .own_run_state import own_recording

log = logging.getLogger(__name__)


class CardRow(Value):
    """A recording in the list, or a file that cannot be shown, with the reason; `query` is its part of an address."""

    name: str
    query: str
    label: str
    title: str
    recorded: str
    status: str
    status_text: str
    verdict: str
    services: str
    problem: str


class OpenedClaim(Value):
    """What was opened below a claim, with the metric it speaks of drawn; `missing`: why there is nothing."""

    evidence: EvidenceView = EvidenceView()
    chart: ChartView = ChartView()
    drawn: bool = False
    missing: str = ""


class TransparencyState(rx.State):
    """One viewer's recording and tab. A tab's view is sent when the tab is opened, evidence when a claim is.

    Attributes:
        place: What is looked at: a recording, or where agents are made to fail.
        loaded: Whether the recordings were listed.
        problem: Why the recording that was asked for cannot be shown; empty where it can.
        opened: By the claim's id.
    """

    loaded: bool = False
    cards: list[CardRow] = []
    place: Place = "recording"
    name: str = ""
    tab: str = TABS[0]
    problem: str = ""
    head: HeadView = HeadView()
    reasoning: ReasoningView = ReasoningView()
    decisions: DecisionsView = DecisionsView()
    confidence: ConfidenceView = ConfidenceView()
    held: HeldView = HeldView()
    reliability: ChartView = ChartView()
    communication: CommunicationView = CommunicationView()
    postmortem: str = ""
    services: ServicesView = ServicesView()
    analytics: AnalyticsView = AnalyticsView()
    impact: ChartView = ChartView()
    opened: dict[str, OpenedClaim] = {}
    proof: ProofView = ProofView()
    _digest: str = ""
    _sent: list[str] = []

    @rx.event()
    async def enter(self) -> None:
        """Show what the address asks for: on load, after a reconnect, and whenever a link changes it."""
        url = self.router.url
        if url.path.rstrip("/") != PATH:
            return
        asked, tab, fail = (url.query_parameters.get(name, "") for name in ("recording", "tab", "fail"))
        self.place = "own" if fail == "own" else "live" if fail == "live" else "recording"
        try:
            shelf = exhibits().shelf
            cards = await shelf.cards()
            self.cards = [card_row(card) for card in cards]
            self.loaded = True
            if self.place != "recording":
                self.problem = ""
                return
            name = asked or next((card.name for card in cards if not card.problem), "")
            self.tab = next((each for each in TABS if each == tab), TABS[0])
            if not name:
                self._forget("")
                return
            recording = await self._open(name)
        except (NotRunning, UnreadableRecording) as error:
            self._forget(asked)
            self.problem = str(error)
            return
        await self._show(name, recording)

    @rx.event()
    async def open_claim(self, claim: str) -> None:
        """Send what speaks for and against a claim of the recording that is shown."""
        if not isinstance(claim, str) or len(claim) > LONGEST_CLAIM or claim in self.opened:
            return
        recording = await self._recording()
        if recording is None:
            return
        try:
            evidence = await asyncio.to_thread(evidence_view, recording, claim)
        except NoSuchClaim:
            return
        trace = evidence.trace
        self.opened[claim] = OpenedClaim(
            evidence=evidence.model_copy(update={"trace": None}),
            chart=draw_trace(claim, trace) if trace else ChartView(),
            drawn=trace is not None,
        )

    @rx.event()
    async def verify(self) -> None:
        """Verify the certificate, the ledger and the file of the recording that is shown."""
        recording = await self._recording()
        if recording is not None:
            self.proof = await asyncio.to_thread(prove, recording)

    @rx.event()
    async def tamper(self, what: str) -> None:
        """Verify it once more with something changed in memory first, to show that this fails."""
        tampering = next((each for each in TAMPERINGS if each == what), None)
        recording = await self._recording()
        if recording is None or tampering is None:
            return
        try:
            self.proof = await asyncio.to_thread(prove, recording, tampering)
        except NothingToTamper as error:
            self.problem = str(error)

    async def _open(self, name: str) -> Recording:
        """The recording of that name.

        Raises:
            NotRunning, UnreadableRecording: there is none, or it cannot be shown.
        """
        if name != YOURS:
            return await exhibits().shelf.open(name)
        own = await own_recording(self)
        if own is None:
            raise UnreadableRecording("there is no run of your own in this browser tab; make one first")
        return own

    async def _recording(self) -> Recording | None:
        """The recording that is shown, read again; None where none is, or it cannot be read any more."""
        if not self.name:
            return None
        try:
            return await self._open(self.name)
        except (NotRunning, UnreadableRecording) as error:
            self.problem = str(error)
            return None

    async def _show(self, name: str, recording: Recording) -> None:
        """Fill in the open tab of a recording, where it is not there already."""
        if (name, recording.digest) != (self.name, self._digest):
            self._forget(name)
            self._digest, self.head = recording.digest, head_view(name, recording)
        self.problem = ""
        if self.tab in self._sent:
            return
        self._sent.append(self.tab)
        match self.tab:
            case "reasoning":
                self.reasoning = await asyncio.to_thread(reasoning_view, recording)
            case "decisions":
                self.decisions = await asyncio.to_thread(decisions_view, recording)
            case "confidence":
                self.confidence = await asyncio.to_thread(confidence_view, recording)
                self.held = await asyncio.to_thread(held_view)
                self.reliability = draw_reliability(self.held)
            case "communication":
                view = communication_view(recording)
                self.communication = view.model_copy(update={"postmortem": ""})
                self.postmortem = as_html(view.postmortem)
            case "services":
                self.services = await asyncio.to_thread(services_view, recording)
            case "analytics":
                figures = await asyncio.to_thread(analytics_view, recording)
                self.impact = draw_impact(figures.impact)
                curves = tuple(curve.model_copy(update={"usd": ()}) for curve in figures.impact.curves)
                impact = figures.impact.model_copy(update={"curves": curves})
                self.analytics = figures.model_copy(update={"impact": impact})

    def _forget(self, name: str) -> None:
        """Show nothing of the recording that was shown before."""
        self.name, self.problem, self._digest, self._sent = name, "", "", []
        self.head, self.opened, self.proof = HeadView(), {}, ProofView()
        self.reasoning, self.decisions, self.confidence = ReasoningView(), DecisionsView(), ConfidenceView()
        self.communication, self.postmortem = CommunicationView(), ""
        self.services, self.analytics, self.impact = ServicesView(), AnalyticsView(), ChartView()


def card_row(card: Card) -> CardRow:
    """A recording of the shelf as it stands in the list."""
    return CardRow(
        name=card.name,
        query=urlencode({"recording": card.name}),
        label=card.title if card.scenario is None else f"{label(card.scenario)}, seed {card.seed}",
        title=card.title,
        recorded=f"{date_time(card.recorded_at)} UTC" if card.recorded_at else "",
        status=card.status or "",
        status_text=sentence(card.status) if card.status else "",
        verdict=f"cause {card.verdict}" if card.verdict else "",
        services=_services(card.services),
        problem=card.problem,
    )


def _services(answered: tuple[tuple[str, str], ...]) -> str:
    """`Nova, Claude (loopback)`; empty where all of it is local."""
    sources = dict.fromkeys(source for _, source in answered)
    return "; ".join(f"{', '.join(name for name, at in answered if at == source)} ({source})" for source in sources)
