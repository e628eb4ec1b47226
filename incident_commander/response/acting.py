"""Acting: an action or its undo goes through the gate once, and whatever becomes of it is told as what it is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ..actions.catalogue import OutOfBounds
from ..actions.gate import Gate, Refused
from ..domain.ballot import Certificate
from ..domain.event import EventKind
from ..domain.plan import ApprovalAnswer, Ended, Plan, Receipt
from ..domain.ports import ActionFailed, OutcomeUnknown
from .desk import Desk

ASK_AGAIN_AFTER = (timedelta(seconds=15), timedelta(minutes=1))
"""Before an outcome that is not known is asked for again, on the incident's clock; after the last one it stays so."""

Step = Literal["action", "rollback"]

_RECEIVED: dict[Step, EventKind] = {"action": "action.received", "rollback": "rollback.received"}
_REFUSED: dict[Step, EventKind] = {"action": "action.refused", "rollback": "rollback.refused"}
_UNKNOWN: dict[Step, EventKind] = {"action": "action.unknown", "rollback": "rollback.unknown"}
_SAID: dict[Step, dict[Ended, str]] = {
    "action": {
        "applied": "the action was done",
        "refused": "the action was not applied",
        "dry_run": "the action was only rehearsed, nothing was done",
        "half_done": "the action is half done, and is not taken back by itself",
        "unknown": "it is not known whether the action was done",
    },
    "rollback": {
        "applied": "it was taken back",
        "refused": "taking it back was not applied",
        "dry_run": "taking it back was only rehearsed",
        "half_done": "taking it back is half done",
        "unknown": "it is not known whether it was taken back",
    },
}


@dataclass(frozen=True, slots=True)
class Acted:
    """How it ended.

    Attributes:
        done: Whether it was done, whole: nothing else counts as done.
        said: In words, for the incident's status.
    """

    done: bool
    said: str


async def act(
    desk: Desk,
    gate: Gate,
    plan: Plan,
    certificate: Certificate,
    idempotency_key: str,
    approval: ApprovalAnswer | None,
) -> Acted:
    """Carry a plan's action out."""

    async def through() -> Receipt:
        return await gate.execute(
            plan, certificate, desk.incident, desk.environment, idempotency_key, approval=approval
        )

    return await _once(desk, "action", plan, idempotency_key, through)


async def roll_back(
    desk: Desk,
    gate: Gate,
    plan: Plan,
    certificate: Certificate,
    idempotency_key: str,
    because: str,
) -> Acted:
    """Take a plan's action back, where the plan says how.

    Args:
        because: Why, in words for the timeline.
    """
    if plan.undo is None:
        return Acted(done=False, said="nothing takes this action back")
    if desk.environment.executor is None:
        return Acted(done=False, said="there is nothing here any more that could take it back")
    requested = {"plan": plan.digest, "action": plan.undo, "idempotency_key": idempotency_key, "reason": because}
    await desk.note("rollback.requested", "response", requested)
    await desk.flush()

    async def through() -> Receipt:
        return await gate.undo(plan, certificate, desk.incident, desk.environment, idempotency_key)

    return await _once(desk, "rollback", plan, idempotency_key, through)


async def _once(desk: Desk, step: Step, plan: Plan, key: str, through: Callable[[], Awaitable[Receipt]]) -> Acted:
    """Have it done, unless it is known to be under this key, and write down what came of it."""
    clock, executor = desk.environment.clock, desk.environment.executor
    pauses = iter(ASK_AGAIN_AFTER)
    while True:
        try:
            known = await executor.received(key) if executor is not None else None
            receipt = known or await through()
        except (ActionFailed, Refused, OutOfBounds) as error:
            who = "executor" if isinstance(error, ActionFailed) else "gate"
            await desk.note(_REFUSED[step], who, {"plan": plan.digest, "reason": str(error)})
            what = "the action" if step == "action" else "taking it back"
            return Acted(done=False, said=f"{what} was refused: {error}")
        except OutcomeUnknown as error:
            pause = next(pauses, None)
            if pause is None:
                await desk.note(_UNKNOWN[step], "executor", {"plan": plan.digest, "reason": str(error)})
                return Acted(done=False, said=f"{_SAID[step]['unknown']}: {error}")
            await clock.advance_to(await clock.now() + pause)
        else:
            break
    await desk.note(_RECEIVED[step], "executor", receipt)
    await clock.advance_to(receipt.completed_at)
    said = _SAID[step][receipt.ended]
    return Acted(done=receipt.applied, said=said if receipt.applied else f"{said}: {receipt.detail}")
