"""Proving a fix: register its checks before it, and watch them and the alerts as time goes by after it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from ..agents import verification
from ..domain.event import AgentRun
from ..domain.plan import CheckOutcome, Plan, Receipt
from ..domain.ports import SourceUnavailable
from ..domain.telemetry import Incomplete, MetricSeries, Window
from .desk import Desk
from .observe import LOOKBACK

POLL = timedelta(seconds=15)
"""How often to look, on the incident's clock: the common scrape interval."""
ALERTS_CLEAR_WITHIN = timedelta(minutes=15)
"""How long alerts may fire on after all checks were met: rules look back, and notifications are batched."""


async def register_checks(desk: Desk, plan: Plan) -> str:
    """Write down what will prove the plan, with what is seen of it now; once, however often the stage is begun.

    Returns:
        Why the plan could not be proven, so that it must not be carried out; empty where it can.
    """
    if desk.record.registered_for(plan.digest):
        return ""
    now = await desk.environment.clock.now()
    series, blind = await _read(desk, Window(start=desk.incident.began_at - LOOKBACK, end=now))
    registered = verification.at_action(plan.checks, series, now)
    if all(each.check.guard for each in registered):
        return "it has no check that would prove it"
    unseen = [f"{each.check.metric} of {each.check.service}" for each in registered if each.before is None]
    if unseen:
        return f"{', '.join(unseen)}, by which it would be judged, cannot be seen now{': ' + blind if blind else ''}"
    await desk.note(
        "checks.registered",
        "verification",
        {
            "plan": plan.digest,
            "checks": [each.check for each in registered],
            "before": [each.before for each in registered],
        },
    )
    return ""


def why_unproven(outcomes: Sequence[CheckOutcome]) -> str:
    """Why an action is taken back, in words for the timeline; empty where all its checks are met."""
    unmet = [outcome for outcome in outcomes if not outcome.met]
    worse = [outcome for outcome in unmet if outcome.check.guard and outcome.seen]
    if worse:
        return f"guard violated: {worse[0].reason}"
    failed = [outcome for outcome in unmet if outcome.seen]
    if failed:
        return f"the fix did not prove itself: {failed[0].reason}"
    return f"whether the fix worked could not be seen: {unmet[0].reason}" if unmet else ""


async def watch_checks(desk: Desk, receipt: Receipt) -> tuple[CheckOutcome, ...]:
    """Judge every registered check, each on the ledger as soon as it is decided; stop at the first that is unmet.

    Verification's confidence in its run is the share of the checks whose metric was there to be seen.
    """
    registered = desk.record.registered
    checks = [each.check for each in registered]
    clock = desk.environment.clock
    started_at, computing, points = datetime.now(UTC), 0.0, 0
    decided = {checks.index(outcome.check): outcome for outcome in desk.record.check_outcomes}
    while True:
        now = await clock.now()
        series, blind = await _read(desk, Window(start=desk.incident.began_at - LOOKBACK, end=now))
        start = time.perf_counter()
        judged = verification.judge_checks(registered, series, receipt.completed_at, now, blind)
        computing += time.perf_counter() - start
        points = sum(len(each.values) for each in series)
        for index, outcome in enumerate(judged):
            if outcome is not None and index not in decided:
                decided[index] = outcome
                await desk.note("check.judged", "verification", outcome, name=str(index))
        if len(decided) == len(checks) or any(not outcome.met for outcome in decided.values()):
            seen = [outcome.seen for outcome in decided.values()]
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


async def _read(desk: Desk, window: Window) -> tuple[tuple[MetricSeries, ...], str]:
    """What the metrics' source says, and why it cannot answer, or not in full; empty where it can."""
    try:
        found = await desk.environment.metrics.metrics(window)
        gaps = found.gaps if isinstance(found, Incomplete) else ()
    except SourceUnavailable as error:
        found, gaps = (), error.gaps
    desk.gaps = tuple(dict.fromkeys((*desk.gaps, *gaps)))
    return found, "; ".join(f"{gap.reason}; {gap.remedy}" for gap in gaps)
