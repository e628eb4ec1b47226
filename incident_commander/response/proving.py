"""Proving a fix: watch the registered checks and the alerts as time goes by, and take back what did not help."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from ..actions.catalogue import OutOfBounds
from ..actions.gate import Gate, Refused
from ..agents import verification
from ..domain.ballot import Certificate
from ..domain.event import Actor, AgentRun
from ..domain.plan import CheckOutcome, Plan, Receipt
from ..domain.ports import ActionFailed, Executor, SourceUnavailable
from ..domain.telemetry import MetricSeries, Window
from .desk import Desk
from .observe import LOOKBACK

POLL = timedelta(seconds=15)
"""How often to look, on the incident's clock: the common scrape interval."""
ALERTS_CLEAR_WITHIN = timedelta(minutes=15)
"""How long alerts may fire on after all checks were met: rules look back, and notifications are batched."""


async def watch_checks(desk: Desk, receipt: Receipt) -> tuple[CheckOutcome, ...]:
    """Judge every registered check, each on the ledger as soon as it is decided; stop at the first that is unmet.

    Verification's confidence in its run is the share of the checks whose metric was there to be seen.
    """
    checks = desk.record.checks
    clock = desk.environment.clock
    started_at, computing, points = datetime.now(UTC), 0.0, 0
    decided = {checks.index(outcome.check): outcome for outcome in desk.record.check_outcomes}
    while True:
        now = await clock.now()
        series = await _read(desk, Window(start=desk.incident.began_at - LOOKBACK, end=now))
        start = time.perf_counter()
        judged = verification.judge_checks(checks, series, receipt.completed_at, now)
        computing += time.perf_counter() - start
        points = sum(len(each.values) for each in series)
        for index, outcome in enumerate(judged):
            if outcome is not None and index not in decided:
                decided[index] = outcome
                await desk.note("check.judged", "verification", outcome, name=str(index))
        if len(decided) == len(checks) or any(not outcome.met for outcome in decided.values()):
            seen = [outcome.observed is not None for outcome in decided.values()]
            run = AgentRun(
                agent="verification",
                stage=desk.stage,
                started_at=started_at,
                duration_ms=round(computing * 1000, 3),
                inputs={"metric series": len(series), "metric points": points, "checks": len(checks)},
                confidence=sum(seen) / len(seen) if seen else None,
            )
            await desk.note("agent.ran", "verification", run)
            return tuple(decided.values())
        await desk.flush()
        await clock.advance_to(now + POLL)


async def alerts_clear(desk: Desk, expire: Callable[[], Awaitable[None]]) -> bool:
    """Wait until no alert of the incident fires; False when some still do after `ALERTS_CLEAR_WITHIN`."""
    clock = desk.environment.clock
    patience = await clock.now() + ALERTS_CLEAR_WITHIN
    while True:
        await expire()
        if not await desk.firing():
            return True
        now = await clock.now()
        if now >= patience:
            return False
        await clock.advance_to(now + POLL)


async def roll_back(
    desk: Desk, gate: Gate, plan: Plan, certificate: Certificate, executor: Executor, idempotency_key: str
) -> str:
    """Take the action back, where the plan says how. Returns what was done, in words for the timeline."""
    if plan.undo is None:
        return "nothing takes this action back"
    await desk.note(
        "rollback.requested",
        "response",
        {"plan": plan.digest, "action": plan.undo, "idempotency_key": idempotency_key},
    )
    await desk.flush()
    try:
        receipt = await executor.received(idempotency_key) or await gate.undo(
            plan, certificate, desk.incident, desk.environment, idempotency_key
        )
    except (ActionFailed, Refused, OutOfBounds) as error:
        await desk.note("action.refused", refuser(error), {"plan": plan.digest, "reason": str(error)})
        return f"taking it back was refused: {error}"
    await desk.note("rollback.received", "executor", receipt)
    await desk.environment.clock.advance_to(receipt.completed_at)
    return "it was taken back" if receipt.applied else f"taking it back was not applied: {receipt.detail}"


def refuser(error: Exception) -> Actor:
    """Who refused an action."""
    return "executor" if isinstance(error, ActionFailed) else "gate"


async def _read(desk: Desk, window: Window) -> tuple[MetricSeries, ...]:
    try:
        return await desk.environment.metrics.metrics(window)
    except SourceUnavailable as error:
        desk.gaps = (error.gap,)
        return ()
