"""Verification: the checks that will prove a plan, written before it runs, and judged after. It does not vote."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from ..actions.catalogue import ActionSpec
from ..actions.catalogue import MetricKind as CatalogueKind
from ..analysis.anomaly import Deviation, clean
from ..analysis.metric_kinds import MetricKind, meaning_of
from ..analysis.words import amount
from ..domain.base import ServiceName
from ..domain.plan import Check, CheckOutcome
from ..domain.telemetry import MetricSeries, Observations

NAME = "verification"

HOLD_SECONDS = 60.0
"""How long a metric must stay good to count as good, and bad to count as bad."""
RECOVERY_SECONDS = 480.0
"""How long after an action's usual time a metric may take to come back: queues drain, caches fill, repeats die out."""
GUARD_SECONDS = 180.0
"""How long after an action the guarded metrics are watched."""
_SHOWN_BY: dict[CatalogueKind, tuple[MetricKind, ...]] = {
    "latency": ("latency", "io", "cache"),
    "traffic": ("identity", "denials"),
}
"""By what an effect is seen where not by its own kind: requests themselves may well go on and be refused."""
_BROKEN_SECONDS = 120.0
_PROMISES = 2
_ENOUGH = 8


def checks_for(
    target: ServiceName,
    spec: ActionSpec,
    deviations: Sequence[Deviation],
    observations: Observations,
    relieves: tuple[ServiceName, ...] = (),
) -> tuple[Check, ...]:
    """What must be seen after an action: the target's own metrics come back, and customers' errors do not rise.

    Args:
        deviations: What left its course in the observations; thresholds lie between each baseline and its value now.
        relieves: Services other than the target that the action relieves from afar; their metrics prove it too.

    Returns:
        Up to two checks of metrics that must get better and one guard for each edge service, or for the target where no
        edge is known. Empty where nothing would prove the action: then it must not be proposed.
    """
    kinds = {shown for kind, direction in spec.effects if direction == "down" for shown in _SHOWN_BY.get(kind, (kind,))}
    moved = [
        deviation
        for deviation in deviations
        if deviation.series.service in (target, *relieves) and deviation.harmful and deviation.ongoing
        and deviation.meaning.kind in kinds and not _counts_work(deviation)
    ]  # fmt: skip
    # One check of what customers feel at the target, and one of what it ran out of; ages and depths drain slowly.
    moved.sort(key=lambda d: (d.meaning.resource == "queue", -d.score, d.series.metric))
    promised: list[Deviation] = []
    for deviation in moved:
        if all(deviation.meaning.kind != other.meaning.kind for other in promised):
            promised.append(deviation)
    checks = [_promise(deviation, spec) for deviation in promised[:_PROMISES]]
    if not checks:
        return ()
    return (*checks, *_guards(target, observations))


def _counts_work(deviation: Deviation) -> bool:
    """Whether it counts what is in use of a pool: a service that is well again uses more of it."""
    return deviation.meaning.resource == "pool" and deviation.capacity is None


def judge_checks(
    checks: Sequence[Check],
    series: Sequence[MetricSeries],
    action_completed_at: datetime,
    now: datetime,
) -> tuple[CheckOutcome | None, ...]:
    """Judge each check by the samples after the action was completed; None where it cannot be decided yet.

    A check is met as soon as its condition held for `hold_seconds` without a break, and unmet when its deadline passes
    without that. A guard is unmet as soon as it was violated for `hold_seconds`, and met when its deadline passes
    without that. At the deadline, a metric that was not seen makes its check unmet: what cannot be seen proves nothing.
    """
    by_name = {(each.service, each.metric): each for each in series}
    return tuple(
        _judge(check, by_name.get((check.service, check.metric)), action_completed_at, now) for check in checks
    )


def _promise(deviation: Deviation, spec: ActionSpec) -> Check:
    excursion = deviation.excursion
    usual, distance = excursion.baseline, excursion.latest - excursion.baseline
    if deviation.meaning.kind == "saturation" and deviation.capacity is not None:
        threshold = usual + 0.6 * distance
    else:
        # Twice the usual value, but no closer to it than a seventh of the way and no further than half of it.
        threshold = min(max(2.0 * usual, usual + 0.15 * distance), usual + 0.5 * distance)
    return Check(
        service=deviation.series.service,
        metric=deviation.series.metric,
        direction="below" if excursion.direction == "up" else "above",
        threshold=float(f"{threshold:.4g}"),
        deadline_seconds=spec.takes_seconds + RECOVERY_SECONDS,
        hold_seconds=HOLD_SECONDS,
    )


def _guards(target: ServiceName, observations: Observations) -> tuple[Check, ...]:
    """Errors at the edge must not rise by more than half, nor by more than two points where there are few."""
    edges = sorted(service.name for service in observations.topology.services if service.kind == "edge") or [target]
    guards = []
    for series in observations.metrics:
        meaning = meaning_of(series.metric, series.unit)
        if series.service not in edges or meaning.kind != "errors" or not meaning.share:
            continue
        times, values = clean(series.timestamps, series.values)
        if values.size == 0:
            continue
        now = float(np.median(values[times >= times[-1] - _BROKEN_SECONDS]))
        whole = meaning.capacity(series.unit, float(values.max())) or 1.0
        guards.append(
            Check(
                service=series.service,
                metric=series.metric,
                direction="below",
                threshold=float(f"{min(max(1.5 * now, now + 0.02 * whole), whole):.4g}"),
                deadline_seconds=GUARD_SECONDS,
                hold_seconds=HOLD_SECONDS,
                guard=True,
            )
        )
    return tuple(guards[:2])


def _judge(check: Check, series: MetricSeries | None, completed_at: datetime, now: datetime) -> CheckOutcome | None:
    deadline = completed_at + timedelta(seconds=check.deadline_seconds)
    samples = _samples(series, completed_at.timestamp(), min(now, deadline).timestamp())
    gap = max(_BROKEN_SECONDS, 3 * _step(series))
    unit = series.unit if series is not None else ""
    latest = samples[-1][1] if samples else None
    good = _held(samples, check, check.direction, gap)
    bad = _held(samples, check, "above" if check.direction == "below" else "below", gap)
    wanted = f"{check.metric} of {check.service} {check.direction} {amount(check.threshold, unit)}"

    def outcome(met: bool, reason: str) -> CheckOutcome:
        return CheckOutcome(check=check, met=met, observed=latest, judged_at=now, reason=reason)

    if check.guard:
        if bad:
            return outcome(False, f"it got worse: not {wanted} for {check.hold_seconds:.0f} s")
        if now < deadline:
            return None
        if latest is None:
            return outcome(False, f"no sample of {check.metric} of {check.service} came after the action")
        return outcome(True, f"{wanted} all the time")
    if good:
        return outcome(True, f"{wanted} for {check.hold_seconds:.0f} s")
    if now < deadline:
        return None
    if latest is None:
        return outcome(False, f"no sample of {check.metric} of {check.service} came after the action")
    return outcome(
        False,
        f"not {wanted} for {check.hold_seconds:.0f} s by {deadline:%H:%M:%S}; it was {amount(latest, unit)} at last",
    )


def _samples(series: MetricSeries | None, after: float, until: float) -> list[tuple[float, float]]:
    if series is None:
        return []
    times, values = clean(series.timestamps, series.values)
    inside = (times > after) & (times <= until)
    return list(zip(times[inside].tolist(), values[inside].tolist(), strict=True))


def _held(samples: list[tuple[float, float]], check: Check, direction: str, gap: float) -> bool:
    """Whether the condition held without a break for `hold_seconds`; more than `gap` seconds unseen are a break."""
    since: float | None = None
    previous: float | None = None
    for at, value in samples:
        holds = value <= check.threshold if direction == "below" else value >= check.threshold
        if check.guard and value == check.threshold:
            # Exactly at the limit is no violation: errors of 100 % cannot rise.
            holds = direction == check.direction
        if not holds or (previous is not None and at - previous > gap):
            since = None
        if holds and since is None:
            since = at
        if since is not None and at - since >= check.hold_seconds:
            return True
        previous = at
    return False


def _step(series: MetricSeries | None) -> float:
    """The usual time between samples, in seconds; 0 where too few are known."""
    if series is None or series.timestamps.size < _ENOUGH:
        return 0.0
    return float(np.median(np.diff(series.timestamps)))
