"""The executor towards AWS: it writes down what it is about to do, does it once, and counts only what it reads back.

An action goes through four steps: the resource is read, its goal is computed and written into the journal, one call is
made, and the resource is read again until the goal is seen. Cut off anywhere, the same key goes on by reading: what is
seen to be done is not done again, and what may have been done without a trace is never repeated unless repeating it
changes nothing more. Until an operator switches a class of actions on, it ends after the second step: a dry run.
"""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid5

import httpx
import structlog
from pydantic import SecretStr

from ...aws import AwsError
from ...domain.base import JsonObject
from ...domain.execution import Execution
from ...domain.plan import Action, ActionName, Ended, Receipt
from ...domain.ports import ActionFailed, Clock, OutcomeUnknown
from ...domain.provenance import Provenance
from ...store import Database
from ..catalogue import Catalogue, OutOfBounds
from ..kill_switch import kill_switch, stopped_by
from .accounts import Accounts
from .operation import Impossible, Progress, Task
from .resources import AnyResource, Webhook
from .resources_file import Resources
from .tasks import NoSecret, aws_task, webhook_task

log = structlog.get_logger(__name__)

UNDO = "/undo"
"""What a key ends in that takes back the action under the key before it."""
POLL = timedelta(seconds=5)
"""How often a resource is read, unless told otherwise."""
TRACE_WITHIN = timedelta(seconds=45)
"""How long a call that got no answer may take to leave a trace: AWS's lists lag behind by seconds."""

_TOKENS = UUID("8b0c6b2e-4f35-4f5b-9d0c-6f1f3b7f9a51")


class AwsExecutor:
    """See the Executor port.

    Args:
        live: Which classes of actions are really done, asked anew before each; all others are dry runs.
        http: What webhooks are posted with.
        poll: How often a resource is read until it is seen to be as it should.
        secrets: The webhooks' secrets by name.
    """

    def __init__(
        self,
        resources: Resources,
        catalogue: Catalogue,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        live: Callable[[ActionName], bool],
        http: httpx.AsyncClient,
        secrets: dict[str, SecretStr] | None = None,
        poll: timedelta = POLL,
    ) -> None:
        self._poll = poll
        self._resources = resources
        self._catalogue = catalogue
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._live = live
        self._http = http
        self._secrets = secrets or {}
        self._busy: dict[str, asyncio.Lock] = {}

    def irreversible(self, action: Action) -> bool:
        """Whether nothing takes this action back here, whatever the catalogue says of its class: a person must agree.

        Raises:
            ActionFailed: there is no resource for it.
        """
        try:
            return not self._task(self._resource(action), action.name).reversible
        except NoSecret as error:
            raise ActionFailed(str(error)) from error

    async def close(self) -> None:
        """Let go of every connection."""
        self._accounts.close()
        await self._http.aclose()

    async def received(self, idempotency_key: str) -> Receipt | None:
        """See the Executor port. What was begun and cut off is brought to its end by reading, without another call.

        Raises:
            OutcomeUnknown: something was begun under this key, and it cannot be read back now.
        """
        try:
            return await self._received(idempotency_key)
        except AwsError as error:
            raise OutcomeUnknown(str(error)) from error

    async def _received(self, idempotency_key: str) -> Receipt | None:
        known = await self._known(idempotency_key)
        if known is None or known.receipt is not None:
            return _repeated(known)
        async with self._alone(known.resource):
            known = await self._known(idempotency_key)
            if known is None or known.receipt is not None:
                return _repeated(known)
            task = self._task_of(known)
            progress, _ = await self._look(known, task)
            if progress.state == "untouched" and task.repeatable:
                return None
            return await self._settle(known, task, None)

    async def execute(self, action: Action, idempotency_key: str) -> Receipt:
        """See the Executor port.

        Raises:
            ActionFailed: refused, and it is certain that nothing was done.
            OutcomeUnknown: it is not known yet whether it was done; the same key again finds out.
        """
        try:
            return await self._execute(action, idempotency_key)
        except AwsError as error:
            raise OutcomeUnknown(str(error)) from error

    async def _execute(self, action: Action, idempotency_key: str) -> Receipt:
        known = await self._known(idempotency_key)
        if known is not None and known.action != action:
            raise ActionFailed(
                f"the key {idempotency_key!r} stands for {known.action.name} of {known.action.target!r} with "
                f"{known.action.arguments}; use another key for {action.name} of {action.target!r}"
            )
        if known is not None and known.receipt is not None:
            return known.receipt.model_copy(update={"repeated": True})
        async with self._alone(known.resource if known is not None else self._resource(action).id):
            known = await self._known(idempotency_key)
            if known is None:
                begun, known = await self._begin(action, idempotency_key)
                if begun.receipt is not None:
                    return begun.receipt
                if known is None:
                    return await self._act(begun, self._task_of(begun), begun.start, first=True)
            if known.receipt is not None:
                return known.receipt.model_copy(update={"repeated": True})
            return await self._go_on(known)

    async def _begin(self, action: Action, key: str) -> tuple[Execution, Execution | None]:
        """Read the resource, decide what it is to become, and write both down; a dry run ends here.

        Returns:
            What was begun, and what another process had begun under this key meanwhile, which counts.
        """
        try:
            self._catalogue.check(action)
            undone = await self._undone(action, key)
            resource = self._resource(action) if undone is None else self._same_resource(undone)
            task = self._task(resource, action.name)
            if not isinstance(resource, Webhook):
                await self._accounts.prove(self._resources.account_of(resource))
            start = await task.observed(_token(key), None if undone is None else task.aimed_back(undone.start))
            goal = task.aimed(start, action) if undone is None else task.aimed_back(undone.start)
            call = task.called(start, goal, _token(key))
        except OutOfBounds as error:
            raise ActionFailed(f"nothing was done: {error}") from error
        except AwsError as error:
            raise ActionFailed(f"nothing was done, since the state before could not be read: {error}") from error
        except NoSecret as error:
            raise ActionFailed(f"nothing was done: {error}") from error
        execution = Execution(
            key=key,
            action=action,
            resource=resource.id,
            undoes=None if undone is None else undone.key,
            begun_at=await self._clock.now(),
            start=start,
            goal=goal,
            outcome="under_way",
            receipt=None,
        )
        if undone is not None:
            ended = await self._nothing_to_undo(undone, execution, task)
            if ended is not None:
                return ended, None
        elif not self._live(action.name):
            said = (
                f"dry run: {call.permission} would be called on {resource.id} with "
                f"{json.dumps(call.parameters, sort_keys=True)}. It needs {', '.join(task.permissions) or 'nothing'}. "
                f"Name {action.name!r} in the resources' file under 'live' to have it done"
            )
            return await self._ended(execution, task, "dry_run", said), None
        async with self._database.write() as unit:
            # Asked at the gate too; between there and here lies the reading of the resource, which may take a while.
            stopped = stopped_by(await kill_switch(unit))
            if stopped:
                raise ActionFailed(f"nothing was done: {stopped}")
            return execution, await unit.executions.begin(execution)

    async def _undone(self, action: Action, key: str) -> Execution | None:
        """What a key that ends in UNDO takes back; None for a key that takes nothing back.

        Raises:
            Impossible: there is nothing to be taken back, or not by this action.
        """
        if not key.endswith(UNDO):
            return None
        first = await self._known(key.removesuffix(UNDO))
        if first is None or first.outcome in ("dry_run", "under_way"):
            how = "nothing is recorded" if first is None else f"it is a {first.outcome.replace('_', ' ')}"
            raise Impossible(f"there is nothing to take back: {how} under {key.removesuffix(UNDO)!r}")
        way_back = self._catalogue.undo(first.action)
        if way_back != action:
            raise Impossible(
                f"{action.name} of {action.target!r} with {action.arguments} does not take back what was done under "
                f"{first.key!r}; the catalogue says {way_back.arguments if way_back else 'that nothing does'}"
            )
        return first

    async def _nothing_to_undo(self, first: Execution, undo: Execution, task: Task) -> Execution | None:
        """Where the resource is as before already, the end; None where it is as the action left it.

        Raises:
            Impossible: somebody changed it meanwhile, so that bringing the recorded state back would undo that too.
        """
        if task.judged(undo.start, undo.goal, undo.start).state == "done":
            return await self._ended(undo, task, "applied", f"{undo.resource} was as before already")
        left = task.judged(first.start, first.goal, undo.start)
        if left.state == "drifted":
            raise Impossible(
                f"{undo.resource} was changed by somebody else since: {left.detail}; it was left alone, so a person "
                "must decide what to bring back"
            )
        return None

    async def _go_on(self, execution: Execution) -> Receipt:
        """Take up what was begun under this key before: look first, and call again only where that is harmless."""
        task = self._task_of(execution)
        progress, now = await self._look(execution, task)
        if progress.state == "untouched" and task.repeatable:
            async with self._database.read() as unit:
                stopped = stopped_by(await kill_switch(unit))
            if stopped:
                raise OutcomeUnknown(f"nothing of it is to be seen, and it is not called again: {stopped}")
            return await self._act(execution, task, now, first=False)
        return await self._settle(execution, task, None)

    async def _act(self, execution: Execution, task: Task, now: JsonObject, *, first: bool) -> Receipt:
        """Make the one call, and read back what became of it."""
        try:
            request = await task.sent(now, execution.goal, _token(execution.key))
        except AwsError as error:
            if error.nothing_done and first:
                async with self._database.write() as unit:
                    await unit.executions.forget(execution.key)
                raise ActionFailed(f"nothing was done: {error}") from error
            log.warning("key=<%s>, error=<%s> | reading back what became of a call", execution.key, error)
            return await self._settle(execution, task, error)
        return await self._settle(execution, task, None, f" (request {request})")

    async def _settle(self, execution: Execution, task: Task, failure: AwsError | None, taken: str = "") -> Receipt:
        """Read the resource until it is seen how it ended.

        Args:
            failure: Why it is not known that the call was taken; None where nothing but the journal is known.
            taken: Says by which request it was; empty where that is not known.

        Raises:
            OutcomeUnknown, AwsError: there is no trace of it, or it cannot be read; the same key tries again.
        """
        begun = await self._clock.now()
        patience = begun + timedelta(seconds=task.longest_wait())
        trace_by = min(patience, begun + TRACE_WITHIN)
        while True:
            now = await self._clock.now()
            try:
                progress, _ = await self._look(execution, task)
            except AwsError:
                if now >= patience:
                    raise
                progress = Progress(state="working", detail="")
            if progress.state == "done":
                return await self._finish(execution, task, "applied", f"{progress.detail}{taken}")
            if progress.state in ("failed", "drifted"):
                why = "it failed" if progress.state == "failed" else "somebody else changed it"
                ended: Ended = "unknown" if progress.state == "drifted" and not taken else "half_done"
                return await self._finish(execution, task, ended, f"{why}: {progress.detail}{taken}")
            if progress.state == "untouched" and not taken and now >= trace_by:
                if not task.repeatable:
                    said = f"it is not known whether it was done, and it is not tried twice: {progress.detail}"
                    return await self._finish(execution, task, "unknown", f"{said}; {failure or 'it was cut off'}")
                raise failure or OutcomeUnknown(
                    f"{execution.resource}: {progress.detail}; nothing of what was begun under {execution.key!r} is to "
                    "be seen. Execute it again: that is harmless here"
                )
            if now >= patience:
                said = f"not at its end after {task.longest_wait():g} s: {progress.detail}{taken}"
                return await self._finish(execution, task, "half_done", said)
            await self._clock.advance_to(min(now + self._poll, patience))

    async def _look(self, execution: Execution, task: Task) -> tuple[Progress, JsonObject]:
        try:
            now = await task.observed(_token(execution.key), execution.goal)
        except Impossible as error:
            raise OutcomeUnknown(f"{execution.resource} was being changed by {execution.key!r}: {error}") from error
        return task.judged(execution.start, execution.goal, now), now

    async def _finish(self, execution: Execution, task: Task, ended: Ended, detail: str) -> Receipt:
        """Write down how it ended; where another process did so before, its receipt counts."""
        known = await self._ended(execution, task, ended, f"{execution.resource}: {detail}")
        if known.receipt is None:
            raise LookupError(f"the execution {execution.key!r} ended without a receipt")
        return known.receipt

    async def _ended(self, execution: Execution, task: Task, ended: Ended, detail: str) -> Execution:
        receipt = Receipt(
            idempotency_key=execution.key,
            action=execution.action,
            received_at=execution.begun_at,
            completed_at=await self._clock.now(),
            applied=ended == "applied",
            repeated=False,
            detail=f"{'half done, not taken back: ' if ended == 'half_done' else ''}{detail}",
            provenance=Provenance(kind="live", source=task.source()),
            ended=ended,
        )
        whole = execution.model_copy(update={"outcome": ended, "receipt": receipt})
        async with self._database.write() as unit:
            await unit.executions.begin(execution)
            return await unit.executions.finish(whole)

    async def _known(self, key: str) -> Execution | None:
        async with self._database.read() as unit:
            return await unit.executions.find(key)

    def _alone(self, resource: str) -> asyncio.Lock:
        """One action at a time on a resource, so that none mistakes what another does for its own."""
        return self._busy.setdefault(resource, asyncio.Lock())

    def _resource(self, action: Action) -> AnyResource:
        resource = self._resources.find(action.target, action.name)
        if resource is None:
            raise Impossible(
                f"the resources' file names nothing of {action.target!r} that {action.name} is done to; add it, or "
                "choose another action"
            )
        return resource

    def _same_resource(self, undone: Execution) -> AnyResource:
        resource = self._resources.named(undone.resource, undone.action.target)
        if resource is None:
            raise Impossible(f"the resources' file does not name {undone.resource} any more; put it back to undo this")
        return resource

    def _task(self, resource: AnyResource, action: ActionName) -> Task:
        if isinstance(resource, Webhook):
            return webhook_task(resource, self._http, self._secrets)
        means = self._catalogue[action].on[resource.type]
        return aws_task(resource, action, means, self._accounts.of(self._resources.account_of(resource)))

    def _task_of(self, execution: Execution) -> Task:
        """The operation of something that was begun, by the resource it was begun on."""
        resource = self._resources.named(execution.resource, execution.action.target)
        if resource is None:
            raise OutcomeUnknown(
                f"{execution.resource} was being changed by {execution.key!r}, and the resources' file does not name "
                "it any more; put it back, so that it can be read how that ended"
            )
        try:
            return self._task(resource, execution.action.name)
        except NoSecret as error:
            raise OutcomeUnknown(f"{execution.resource} was being changed by {execution.key!r}: {error}") from error


def _token(key: str) -> str:
    """A UUID for an idempotency key: the same each time."""
    return str(uuid5(_TOKENS, key))


def _repeated(execution: Execution | None) -> Receipt | None:
    if execution is None or execution.receipt is None:
        return None
    return execution.receipt.model_copy(update={"repeated": True})
