"""Stand-ins for what surrounds the pages: the services' interface and the viewers' sockets."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import JsonValue

from incident_commander.domain.ballot import Voter
from incident_commander.domain.base import Digest, IncidentId, RunId
from incident_commander.domain.fault import FaultInjection, VoterFault
from incident_commander.domain.memory import Cause, Memory
from incident_commander.domain.operator import KillSwitch, TrustChange, World
from incident_commander.domain.plan import ActionName, Argument, TrustLevel
from incident_commander.domain.practice import ApproverKind, PracticeRun
from incident_commander.response.faults import FaultChange
from incident_commander.response.view_approval import PendingApproval
from incident_commander.response.view_live_vote import LiveVote
from incident_commander.response.views import HealthRow, OpsView
from tests.api.acting import asked, memory, trusted
from tests.ui import story


class ToldOperations:
    """Operations that tell as much of the story as a test lets them."""

    def __init__(self, until: int = 0) -> None:
        self.until = until
        self.reads = 0
        self.trouble: Exception | None = None
        self.started: list[tuple[str | None, int | None]] = []
        self.approvers: list[ApproverKind] = []
        self.acts: list[tuple[object, ...]] = []
        self.faults: list[FaultChange] = []
        self.vote = LiveVote()
        self.listeners: set[Callable[[frozenset[IncidentId]], None]] = set()

    async def ops_view(self, shown: IncidentId | None = None) -> OpsView:
        self.reads += 1
        if self.trouble is not None:
            raise self.trouble
        return story.view(self.until)

    async def health(self) -> tuple[HealthRow, ...]:
        return story.HEALTH

    def scenario_names(self) -> Sequence[str]:
        return ("database_cascade", "memory_leak")

    async def start_scenario(
        self, scenario: str | None, seed: int | None, *, approver: ApproverKind = "modelled"
    ) -> PracticeRun:
        if self.trouble is not None:
            raise self.trouble
        self.approvers.append(approver)
        self.started.append((scenario, seed))
        return PracticeRun(
            id=RunId("run-1"),
            scenario=scenario or "memory_leak",
            seed=seed or 0,
            epoch=story.at(-9000),
            opened_at=story.at(0),
            started_at=story.at(0),
            clock_at=story.at(0),
        )

    async def reset_practice(self) -> None:
        self._act("reset_practice")

    async def approvals(self) -> tuple[PendingApproval, ...]:
        return (asked(),)

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
        self._act("answer_approval", incident_id, plan, answer, by, reason, scope, arguments)

    async def throw_kill_switch(self, on: bool, by: str, reason: str) -> KillSwitch:
        self._act("throw_kill_switch", on, by, reason)
        return KillSwitch(on=on, by=by, reason=reason, at=story.at(0))

    async def set_trust(
        self, action: ActionName, level: TrustLevel, by: str, reason: str, world: World = "live"
    ) -> TrustChange:
        self._act("set_trust", action, level, by, reason, world)
        return trusted().history[0]

    async def correct_memory(self, incident_id: IncidentId, cause: Cause | None, by: str, reason: str) -> Memory:
        self._act("correct_memory", incident_id, cause, by, reason)
        return memory(cause)

    async def forget(self, incident_id: IncidentId, by: str, reason: str) -> None:
        self._act("forget", incident_id, by, reason)

    async def report_advice(self, incident_id: IncidentId, right: bool, by: str, reason: str) -> TrustChange | None:
        self._act("report_advice", incident_id, right, by, reason)
        return None

    async def release_agent(self, voter: Voter, by: str, reason: str) -> None:
        self._act("release_agent", voter, by, reason)

    def _act(self, *what: object) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.acts.append(what)

    async def fault_changes(self) -> tuple[FaultChange, ...]:
        if self.trouble is not None:
            raise self.trouble
        return tuple(self.faults)

    async def live_vote(self) -> LiveVote:
        return self.vote

    async def inject_fault(self, voter: Voter, fault: VoterFault | None, by: str, reason: str) -> None:
        self._act("inject_fault", voter, fault, by, reason)
        injection = FaultInjection(voter=voter, fault=fault, by=by, reason=reason)
        self.faults.append(FaultChange(injection=injection, at=story.at(len(self.faults))))
        self._tell_listeners()

    def subscribe(self, listener: Callable[[frozenset[IncidentId]], None]) -> Callable[[], None]:
        self.listeners.add(listener)
        return lambda: self.listeners.discard(listener)

    def commit(self, until: int) -> None:
        """Let the story go on, and tell the listeners as a commit does."""
        self.until = until
        self._tell_listeners()

    def _tell_listeners(self) -> None:
        for listener in tuple(self.listeners):
            listener(frozenset({story.ID}))


class RecordedSockets:
    """Sockets that keep what each browser would show."""

    def __init__(self) -> None:
        self.rooms: dict[str, set[str]] = defaultdict(set)
        self.sent: list[tuple[str, dict[str, JsonValue]]] = []
        self.browsers: dict[str, dict[str, JsonValue]] = defaultdict(dict)

    async def send(self, values: Mapping[str, JsonValue], to: str) -> None:
        self.sent.append((to, dict(values)))
        for sid in self.rooms.get(to, {to}):
            self.browsers[sid].update(values)

    async def move(self, sid: str, leave: tuple[str, ...], enter: tuple[str, ...]) -> None:
        for room in leave:
            self.rooms[room].discard(sid)
        for room in enter:
            self.rooms[room].add(sid)

    def present(self, room: str) -> frozenset[str]:
        return frozenset(self.rooms.get(room, ()))

    def drop(self, sid: str) -> None:
        """The browser is gone."""
        for members in self.rooms.values():
            members.discard(sid)
