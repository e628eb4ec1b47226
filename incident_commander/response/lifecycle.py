"""The order of the stages, as one durable workflow an incident: killed anywhere, it goes on at the stage it was in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextvars import Context
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from dbos import DBOS, SetWorkflowID, StepOptions
from dbos import error as dbos_error
from pydantic import TypeAdapter

from ..domain.base import Digest, IncidentId, RunId
from ..domain.incident import Incident, Stage
from ..domain.plan import ApprovalAnswer
from ..domain.ports import Environments
from ..store import Database
from .desk import Desk, Next, load_record, open_desk
from .stages import MOST_ROUNDS, Stages
from .view_text import duration

log = structlog.get_logger(__name__)

WORKFLOW_VERSION = "3"
"""Raised when the order of steps changes: the engine resumes workflows of its own version only."""

StageWork = Callable[[Desk], Awaitable[Next]]

_LISTEN = timedelta(minutes=1)
"""How long one durable wait lasts: a long wait is a loop of short ones, so that no single timer outlives a deploy."""
_PATIENT = StepOptions(retries_allowed=True, max_attempts=3, interval_seconds=1.0, backoff_rate=2.0)
_TENACIOUS = StepOptions(retries_allowed=True, max_attempts=16, interval_seconds=1.0, backoff_rate=2.0)
"""Half a day of trying: nothing comes after this step, so giving it up would leave the incident open for ever."""


class Lifecycle:
    """Runs the response to each incident, and each practice run, as a durable workflow."""

    def __init__(
        self,
        database: Database,
        environments: Environments,
        stages: Stages,
        practise: Callable[[RunId], Awaitable[None]],
    ) -> None:
        self._database = database
        self._environments = environments
        self._stages = stages
        self._practise = practise
        self._respond_workflow: Callable[[str], Coroutine[None, None, None]] | None = None
        self._practise_workflow: Callable[[str], Coroutine[None, None, None]] | None = None
        self._taken_up: frozenset[str] = frozenset()
        self._under_way: set[asyncio.Task[object]] = set()

    @contextlib.asynccontextmanager
    async def running(self, system_database_url: str, executor_id: str) -> AsyncIterator[None]:
        """Launch the workflow engine in this event loop; on entry it takes up what a dead process left unfinished.

        On exit what is under way is cut off, and has let go of the database; the next process goes on with it.

        Args:
            executor_id: Unique among live processes and the same after a restart: unfinished work is found by it.
        """
        if self._respond_workflow is None:
            self._respond_workflow = DBOS.workflow(name="respond")(self._respond_durably())
            self._practise_workflow = DBOS.workflow(name="practise")(self._practise_durably())
        DBOS(
            config={
                "name": "incident-commander",
                "system_database_url": system_database_url,
                "application_version": WORKFLOW_VERSION,
                "executor_id": executor_id,
                "log_level": "WARNING",
            }
        )
        try:
            DBOS.launch()
            await _forget_other_versions(executor_id)
            yield
        finally:
            # The engine would leave them to the end of the event loop, holding connections of a closed database.
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            await asyncio.to_thread(DBOS.destroy)

    async def respond(self, incident_id: IncidentId) -> None:
        """Start the response to an incident. Starting it again is harmless: the incident's id is the workflow's."""
        await _start(self._respond_workflow, f"respond/{incident_id}", incident_id)

    async def practise(self, run: RunId) -> None:
        """Start driving a practice run; starting it again is harmless."""
        await _start(self._practise_workflow, f"practise/{run}", run)

    async def take_up(self) -> None:
        """Start whatever was accepted but is without a workflow: its process died before, or starting it failed."""
        async with self._database.read() as unit:
            incidents = [incident.id for incident in await unit.incidents.unfinished()]
            runs = [run.id for run in await unit.practice.active()]
        for incident_id in incidents:
            if incident_id not in self._taken_up:
                await self.respond(incident_id)
        for run_id in runs:
            if run_id not in self._taken_up:
                await self.practise(run_id)
        self._taken_up = frozenset[str](incidents) | frozenset[str](runs)

    async def answer_approval(self, incident_id: IncidentId, answer: ApprovalAnswer) -> None:
        """Hand a person's answer to the incident that waits for it."""
        await DBOS.send_async(f"respond/{incident_id}", answer.model_dump_json(), topic="approval")

    def _respond_durably(self) -> Callable[[str], Coroutine[None, None, None]]:
        async def respond(incident_id: str) -> None:
            with self._noted():
                await self._respond(IncidentId(incident_id))

        return respond

    def _practise_durably(self) -> Callable[[str], Coroutine[None, None, None]]:
        async def practise(run: str) -> None:
            with self._noted():
                await DBOS.run_step_async(_PATIENT, self._practise, RunId(run))

        return practise

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        """Let the workflow of this task be cut off when the engine stops."""
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("the engine runs workflows in tasks")
        self._under_way.add(task)
        try:
            yield
        finally:
            self._under_way.discard(task)

    async def _respond(self, incident_id: IncidentId) -> None:
        telling: StageWork = self._stages.communicate
        try:
            await self._decide_and_act(incident_id)
        except dbos_error.DBOSMaxStepRetriesExceeded as error:
            log.error("incident=<%s>, error=<%s> | response failed, telling a person", incident_id, error)
            telling = partial(self._stages.give_up, reason=_why(error))
        last: tuple[tuple[Stage, StageWork], ...] = (("communicate", telling), ("learn", self._stages.learn))
        for stage, work in last:
            try:
                await self._step(incident_id, stage, work)
            except dbos_error.DBOSMaxStepRetriesExceeded as error:
                log.error("incident=<%s>, stage=<%s>, error=<%s> | left out", incident_id, stage, error)
                await self._step(incident_id, stage, partial(_leave_out, reason=_why(error)), options=_TENACIOUS)

    async def _decide_and_act(self, incident_id: IncidentId) -> None:
        stages = self._stages
        before: tuple[tuple[Stage, StageWork], ...] = (
            ("detect", stages.detect),
            ("diagnose", stages.diagnose),
            ("predict", stages.predict),
            ("propose", stages.propose),
        )
        for stage, work in before:
            if await self._step(incident_id, stage, work) == "stop":
                return
        if not await self._decide(incident_id):
            return
        after: tuple[tuple[Stage, StageWork], ...] = (("execute", stages.execute), ("verify", stages.verify))
        for stage, work in after:
            if await self._step(incident_id, stage, work) == "stop":
                return

    async def _decide(self, incident_id: IncidentId) -> bool:
        """Rounds of voting until a plan is certified and may run (True), or nothing is to be done (False)."""
        for round in range(1, MOST_ROUNDS + 1):
            following = await self._step(incident_id, "deliberate", self._stages.deliberate, round)
            if following == "go_on":
                following = await self._step(incident_id, "authorise", self._stages.authorise, round)
            if following == "ask":
                answer = await self._await_answer(incident_id, round)
                work = partial(self._stages.answered, answer=answer)
                following = await self._step(incident_id, "authorise", work, round, part="/answered")
            if following != "again":
                return following == "go_on"
        raise AssertionError(f"the last of {MOST_ROUNDS} rounds asked for another")

    async def _await_answer(self, incident_id: IncidentId, round: int) -> ApprovalAnswer:
        """Wait, durably and for as long as the request says, for a person to answer about this round's plan."""
        asked = await DBOS.run_step_async({"name": f"approval asked/{round}"}, self._asked, incident_id)
        while True:
            message = await DBOS.recv_async("approval", timeout_seconds=_LISTEN.total_seconds())
            answer = ApprovalAnswer.model_validate_json(message) if message is not None else None
            if answer is None:
                # Asked of the clock, and not counted: nobody listens while the process is down.
                if await DBOS.run_step_async({"name": "approval due"}, self._is_due, incident_id):
                    break
            elif answer.plan in (None, asked):
                return answer
            else:
                log.warning("incident=<%s>, plan=<%s> | answer for another plan, passed over", incident_id, answer.plan)
        return await DBOS.run_step_async({"name": "approval expired"}, self._expired, asked)

    async def _asked(self, incident_id: IncidentId) -> Digest | None:
        request = (await load_record(self._database, incident_id)).request
        return request.plan if request else None

    async def _is_due(self, incident_id: IncidentId) -> bool:
        """Whether the time is over in which the question could be answered."""
        request = (await load_record(self._database, incident_id)).request
        return request is None or request.expires_at <= datetime.now(UTC)

    async def _expired(self, plan: Digest | None) -> ApprovalAnswer:
        return ApprovalAnswer(
            answer="expired",
            by="response",
            reason=f"nobody answered within {duration(self._stages.approval_wait.total_seconds())}",
            answered_at=datetime.now(UTC),
            plan=plan,
        )

    async def _step(
        self,
        incident_id: IncidentId,
        stage: Stage,
        work: StageWork,
        round: int = 1,
        part: str = "",
        options: StepOptions = _PATIENT,
    ) -> Next:
        """Run a stage as a durable step. One that finished before the process died is not run again."""

        async def run() -> Next:
            record = await load_record(self._database, incident_id)
            finished = record.stage_event("stage.finished", stage, round)
            if finished is not None:
                return TypeAdapter[Next](Next).validate_python(finished.payload["next"])
            desk = await open_desk(self._database, self._environments, record, stage, round, part)
            reset = stage not in ("communicate", "learn") and await self._is_reset(record.incident)
            following = await (_close if reset else work)(desk)
            if following == "ask":
                await desk.flush()
            else:
                await desk.finish(following)
            return following

        name = f"{stage}/{round}{part}" if round > 1 else stage + part
        return await DBOS.run_step_async({**options, "name": name}, run)

    async def _is_reset(self, incident: Incident) -> bool:
        """Whether its practice run ended before it did: a run is otherwise ended after its incidents."""
        if incident.practice_run is None:
            return False
        async with self._database.read() as unit:
            return (await unit.practice.get(incident.practice_run)).ended


async def _forget_other_versions(executor_id: str) -> None:
    """Drop the unfinished workflows that another version of this program left, so that `take_up` starts them anew.

    Their order of steps was another, so they cannot go on; the ledger keeps a new one from doing anything again.
    """
    left = await DBOS.list_workflows_async(
        status=["PENDING", "ENQUEUED"], executor_id=executor_id, load_input=False, load_output=False
    )
    other = [each.workflow_id for each in left if each.app_version != WORKFLOW_VERSION]
    if other:
        log.warning(
            "workflows=<%d>, version=<%s> | begun by another version, starting anew", len(other), WORKFLOW_VERSION
        )
        await DBOS.delete_workflows_async(other)


def _why(error: dbos_error.DBOSMaxStepRetriesExceeded) -> str:
    """What the engine says, and what went wrong the last time: the engine alone says only how often it tried."""
    last = f": {type(error.errors[-1]).__name__}: {error.errors[-1]}" if error.errors else ""
    return f"{error}{last}"


async def _close(desk: Desk) -> Next:
    await desk.set_status("closed", "its practice run was reset before the response had come to its end")
    return "stop"


async def _leave_out(desk: Desk, reason: str) -> Next:
    """End a stage that failed each time it was tried, so that the incident ends, and say so on its timeline."""
    if desk.incident.ended_at is None:
        await desk.set_status("escalated", f"the response failed and goes no further: {reason}"[:500])
    desk.error = reason[:500]
    return "go_on"


async def _start(
    workflow: Callable[[str], Coroutine[None, None, None]] | None, workflow_id: str, argument: str
) -> None:
    if workflow is None:
        raise RuntimeError("the lifecycle is not running; enter `running()` first")
    begin = workflow

    async def start() -> None:
        if await DBOS.get_workflow_status_async(workflow_id) is None:
            with SetWorkflowID(workflow_id):
                await DBOS.start_workflow_async(begin, argument)

    # Apart from whoever asks: a practice world taken up by a step posts its alerts as if within that step, where no
    # workflow can be started.
    await asyncio.create_task(start(), context=Context())
