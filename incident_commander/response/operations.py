"""What a face may ask of the response: start and reset practice, read views and reports. Nothing else leads in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from ..business.figures import READ, figures
from ..consensus.certificate import InvalidCertificate, verify_certificate
from ..domain.ballot import Quarantined, QuorumRule, Voter
from ..domain.base import Digest, IncidentId, RunId
from ..domain.event import AgentRun
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.memory import Cause, Memory
from ..domain.operator import KillSwitch, TrustChange, TrustRow, World
from ..domain.plan import ActionName, Argument, TrustLevel
from ..domain.ports import Environments
from ..domain.practice import ApproverKind, PracticeRun
from ..domain.provenance import Figure
from ..reasoning.services import ServiceState
from ..sandbox import PracticeCompany
from ..store import Database, Unit
from .approvals import Approvals
from .desk import load_record
from .faults import FaultChange, Faults
from .lifecycle import Lifecycle
from .quarantine import Quarantine
from .record import IncidentRecord
from .remembering import Learned, LocalMemory
from .report import LedgerState, RunReport, judge_run
from .scoring import compare_run
from .trusting import Trust
from .usage_report import IncidentUsage, UsageReport, UsageReports
from .view_ai import AiState
from .view_approval import PendingApproval
from .view_live_vote import LiveVote, live_vote
from .view_operator import Held
from .view_rounds import quarantine_text
from .views import HealthRow, OpsView, build_ops_view

SHOWN_INCIDENTS = 30
"""How many incidents a page lists; the API pages through all."""
AGENT_RUNS = 400
"""How many recent agent runs the agents' figures are computed over."""
LOOKED_THROUGH = 10
"""How many real incidents are looked through for one that came to a vote."""


class Operations:
    """The services behind the pages, the API and the CLI."""

    def __init__(
        self,
        database: Database,
        company: PracticeCompany,
        environments: Environments,
        lifecycle: Lifecycle,
        public_keys: Callable[[], Mapping[Voter, str]],
        rule: QuorumRule,
        health: Callable[[], Awaitable[tuple[HealthRow, ...]]],
        approvals: Approvals,
        faults: Faults,
        trust: Trust,
        quarantine: Quarantine,
        memory: LocalMemory,
        usage: UsageReports,
        services: Sequence[ServiceState],
        resting: Callable[[], tuple[str, ...]],
    ) -> None:
        self._database = database
        self._company = company
        self._environments = environments
        self._lifecycle = lifecycle
        self._public_keys = public_keys
        self._rule = rule
        self._health = health
        self._approvals = approvals
        self._faults = faults
        self._trust = trust
        self._quarantine = quarantine
        self._memory = memory
        self._usage = usage
        self._services = tuple(services)
        self._resting = resting
        self._figures: tuple[tuple[int, int], tuple[Figure, ...]] | None = None

    def scenario_names(self) -> Sequence[str]:
        """The practice scenarios that can be started."""
        return tuple(scenario.name for scenario in self._company.scenarios())

    async def start_scenario(
        self,
        scenario: str | None,
        seed: int | None,
        *,
        pace: float | None = None,
        external_alerting: bool = False,
        approver: ApproverKind = "modelled",
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> PracticeRun:
        """Start a practice run as a durable workflow; None lets the practice company choose.

        Args:
            pace: Simulated seconds in a second; None: its world stands still while the response computes.
            external_alerting: True when outside servers scrape and alert.
            approver: Who answers approvals: the modelled operator, or a person.
            faults: The voters that are made to fail in it, and how.

        Raises:
            ValueError: the scenario, seed or pace is not possible; the message says what is.
        """
        if external_alerting and pace is None:
            raise ValueError("outside servers can only alert on a world that moves by itself: give it a pace")
        run = await self._company.start(
            scenario, seed, pace=pace, external_alerting=external_alerting, approver=approver, faults=faults
        )
        await self._lifecycle.practise(run.id)
        return run

    async def reset_practice(self) -> None:
        """End all practice runs and forget their worlds; the ledger keeps what happened."""
        await self._company.reset()

    async def approvals(self) -> tuple[PendingApproval, ...]:
        """Every question that waits for a person, the oldest first."""
        return await self._approvals.pending()

    async def answer_approval(
        self,
        incident_id: IncidentId,
        plan: Digest,
        answer: Literal["approved", "denied"],
        by: str,
        reason: str,
        scope: Literal["plan", "class"] = "plan",
        arguments: dict[str, Argument] | None = None,
    ) -> None:
        """Answer for a person whom the caller has identified; see `Approvals.answer`."""
        await self._approvals.answer(incident_id, plan, answer, by, reason, scope, arguments)

    async def faults(self) -> Mapping[Voter, VoterFault]:
        """The faults that were injected into the live voters."""
        return await self._faults.live()

    async def quarantined(self) -> tuple[Quarantined, ...]:
        """The voters whose ballots do not count in real incidents, with what they did, oldest first."""
        return await self._quarantine.held()

    async def release_agent(self, voter: Voter, by: str, reason: str) -> None:
        """Let a quarantined voter count again.

        Raises:
            NotQuarantined: it counts already.
        """
        await self._quarantine.release(voter, by, reason)

    async def fault_changes(self) -> tuple[FaultChange, ...]:
        """Every fault that was injected into the live voters or taken back, oldest first."""
        return await self._faults.changes()

    async def live_vote(self) -> LiveVote:
        """The newest real incident's vote, of those that came to one, and which live agents do not count now."""
        changes = await self._faults.changes()
        out = tuple(quarantine_text(each, practice=False) for each in await self.quarantined())
        async with self._database.read() as unit:
            for incident in await unit.incidents.page(limit=LOOKED_THROUGH, practice=False):
                record = IncidentRecord(incident, await unit.ledger.of_incident(incident.id))
                vote = live_vote(record, self._rule, changes)
                if vote.rounds:
                    return vote.model_copy(update={"quarantined": out})
        return LiveVote(quarantined=out)

    async def inject_fault(self, voter: Voter, fault: VoterFault | None, by: str, reason: str) -> None:
        """Make a live voter fail from its next vote on, or let it vote honestly again."""
        await self._faults.inject(voter, fault, by, reason)

    async def kill_switch(self) -> KillSwitch:
        """How the kill switch stands."""
        return await self._trust.kill_switch()

    async def throw_kill_switch(self, on: bool, by: str, reason: str) -> KillSwitch:
        """Turn it on or off, at once in every worker; returns how it stands.

        Raises:
            ValueError: nobody is named, or no reason is given.
        """
        return await self._trust.throw_kill_switch(on, by, reason)

    async def trust(self) -> tuple[TrustRow, ...]:
        """How far each class of actions is trusted, with real incidents and in practice, and how that came about."""
        return await self._trust.rows()

    async def set_trust(
        self, action: ActionName, level: TrustLevel, by: str, reason: str, world: World = "live"
    ) -> TrustChange:
        """Set by hand how far a class is trusted.

        Raises:
            BeyondTrust: nothing takes such an action back, and the level is `auto`.
            ValueError: nobody is named, or no reason is given.
        """
        return await self._trust.put(action, world, level, by, reason)

    async def report_advice(self, incident_id: IncidentId, right: bool, by: str, reason: str) -> TrustChange | None:
        """What a person says of a plan that was only observed or advised; see `Trust.report`."""
        return await self._trust.report(incident_id, right, by, reason)

    async def learned(self) -> tuple[Learned, ...]:
        """What ended incidents taught, the real ones and those of practice apart."""
        return await self._memory.learned()

    async def correct_memory(self, incident_id: IncidentId, cause: Cause | None, by: str, reason: str) -> Memory:
        """Say what a remembered incident's cause was; see `LocalMemory.correct`."""
        return await self._memory.correct(incident_id, cause, by, reason)

    async def forget(self, incident_id: IncidentId, by: str, reason: str) -> None:
        """Call a remembered incident to mind no more; see `LocalMemory.forget`."""
        await self._memory.forget(incident_id, by, reason)

    async def usage(self) -> UsageReport:
        """What reasoning services were asked: how often, how fast and at what cost, and what is left of the budget."""
        return await self._usage.report()

    async def usage_of(self, incident_id: IncidentId) -> IncidentUsage:
        """The calls for one incident; see `UsageReports.of_incident`."""
        return await self._usage.of_incident(incident_id)

    def subscribe(self, listener: Callable[[frozenset[IncidentId]], None]) -> Callable[[], None]:
        """Have `listener` called after each commit with the incidents touched; returns the call that ends it."""
        return self._database.subscribe(listener)

    async def health(self) -> tuple[HealthRow, ...]:
        """The dependencies and their state."""
        return await self._health()

    async def ops_view(self, shown: IncidentId | None = None) -> OpsView:
        """What /ops shows, with one incident in detail: the newest for None, or where none has that id."""
        async with self._database.read() as unit:
            incidents = await unit.incidents.recent(SHOWN_INCIDENTS)
            runs = await unit.ledger.recent("agent.ran", AGENT_RUNS)
            asked = await unit.incidents.find(shown) if shown else None
            if asked is not None and asked not in incidents:
                incidents = (*incidents, asked)
            chosen = asked or (incidents[0] if incidents else None)
            alerts = {incident.id: await unit.alerts.of_incident(incident.id) for incident in incidents}
            events = await unit.ledger.of_incident(chosen.id) if chosen else ()
            business = await self._business(unit)
        held = Held(
            await self.approvals(),
            await self.kill_switch(),
            await self.trust(),
            await self.faults(),
            await self.quarantined(),
            await self.learned(),
        )
        asked_of_ai = AiState(
            self._services,
            self._resting(),
            await self.usage(),
            await self.usage_of(chosen.id) if chosen else None,
        )
        return build_ops_view(
            incidents,
            events,
            [AgentRun.model_validate(event.payload) for event in reversed(runs)],
            alerts,
            business,
            await self._health(),
            await self._now(chosen),
            self._rule,
            held,
            asked_of_ai,
        )

    async def incident_of(self, run_id: RunId) -> Incident | None:
        """The first incident of a practice run, None while no alert has come."""
        async with self._database.read() as unit:
            found = await unit.incidents.page(limit=100, practice_run=run_id)
        return found[-1] if found else None

    async def run_report(self, run_id: RunId) -> RunReport | None:
        """The judged report of a practice run; None while it, or the response in it, is under way.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        async with self._database.read() as unit:
            run = await unit.practice.get(run_id)
            if not run.ended:
                return None
            ledger = await unit.ledger.verify()
        incident = await self.incident_of(run_id)
        record = await load_record(self._database, incident.id) if incident else None
        if record is not None and record.stage_event("stage.finished", "learn") is None:
            return None
        answer = await self._company.answer(run_id)
        wall_end = max(event.recorded_at for event in record.events) if record else datetime.now(UTC)
        return judge_run(
            run,
            record,
            answer,
            (record and record.comparison) or await compare_run(self._company, run, incident),
            record is not None and self._certificate_holds(record),
            (wall_end - run.started_at).total_seconds(),
            LedgerState(events=ledger.events, valid=ledger.valid),
        )

    def _certificate_holds(self, record: IncidentRecord) -> bool:
        plan, tally = record.chosen, record.tally
        if plan is None or tally is None or tally.certificate is None:
            return False
        try:
            verify_certificate(tally.certificate, plan.digest, record.incident.id, self._public_keys())
        except InvalidCertificate:
            return False
        return True

    async def _business(self, unit: Unit) -> tuple[Figure, ...]:
        """The business figures over every incident, computed anew when an event they read has been added."""
        version = (await unit.ledger.last_of_kinds(READ), await unit.incidents.count())
        if self._figures is None or self._figures[0] != version:
            self._figures = version, figures(await unit.incidents.all(), await unit.ledger.of_kinds(READ))
        return self._figures[1]

    async def _now(self, incident: Incident | None) -> datetime:
        if incident is None or incident.ended_at is not None:
            return incident.ended_at if incident and incident.ended_at else datetime.now(UTC)
        environment = await self._environments.environment(incident.practice_run)
        return await environment.clock.now()
