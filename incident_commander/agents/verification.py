"""Verification: the checks that will prove a plan, written before it runs, and judged after. It does not vote."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from ..actions.catalogue import ActionSpec
from ..actions.catalogue import MetricKind as CatalogueKind
from ..analysis.anomaly import Deviation, clean
from ..analysis.metric_kinds import MetricKind, meaning_of
from ..analysis.words import amount
from ..domain.base import ServiceName
from ..domain.plan import Check, CheckOutcome, Registered
from ..domain.telemetry import MetricSeries, Observations, from_epoch

NAME = "verification"

HOLD_SECONDS = 60.0
"""How long a metric must stay good to count as good, and bad to count as bad."""
RECOVERY_SECONDS = 480.0
"""How long after an action's usual time a metric may take to come back: queues drain, caches fill, repeats die out."""
GUARD_SECONDS = 180.0
"""How long after an action the guarded metrics are watched at least: as long as it takes until the fix is proven."""
_SHOWN_BY: dict[CatalogueKind, tuple[MetricKind, ...]] = {
    "latency": ("latency", "io", "cache"),
    "traffic": ("identity", "denials"),
}
"""By what an effect is seen where not by its own kind: requests themselves may well go on and be refused."""
_BROKEN_SECONDS = 120.0
_PROMISES = 2
_GUARDS = 2
_ENOUGH = 8
_FORGOTTEN_SECONDS = 300.0
"""How old the newest sample of a metric may be for its value to count as what it is now."""
_SAMPLES = 3
"""So many samples must fit into a deadline: metrics that come every five minutes need longer than others."""


def checks_for(
    target: ServiceName,
    spec: ActionSpec,
    deviations: Sequence[Deviation],
    observations: Observations,
    relieves: tuple[ServiceName, ...] = (),
) -> tuple[Check, ...]:
    """What must be seen after an action: the target's own metrics come back, and customers do not fare worse.

    Args:
        deviations: What left its course in the observations; thresholds lie between each baseline and its value now.
        relieves: Services other than the target that the action relieves from afar; their metrics prove it too.

    Returns:
        Up to two checks of metrics that must get better, and up to two guards of the edge services, or of the target
        where none of an edge is seen. Empty where nothing would prove the action, or nothing would show that it did
        harm: then it must not be proposed.
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
    guards = _guards(target, observations)
    return (*checks, *guards) if checks and guards else ()


def _counts_work(deviation: Deviation) -> bool:
    """Whether it counts what is in use of a pool: a service that is well again uses more of it."""
    return deviation.meaning.resource == "pool" and deviation.capacity is None


def value_now(series: MetricSeries | None, now: datetime) -> float | None:
    """The median of the newest samples, in the metric's unit; None where none came lately."""
    if series is None:
        return None
    times, values = clean(series.timestamps, series.values)
    seen = times <= now.timestamp()
    times, values = times[seen], values[seen]
    if times.size == 0 or now.timestamp() - times[-1] > max(_FORGOTTEN_SECONDS, _SAMPLES * _step(series)):
        return None
    return float(np.median(values[times >= times[-1] - _BROKEN_SECONDS]))


def at_action(checks: Sequence[Check], series: Sequence[MetricSeries], now: datetime) -> tuple[Registered, ...]:
    """The checks as they are registered right before the action.

    What a guard must not exceed is set anew by its value now: the trouble may have grown since the plan was made, and
    that is not the action's doing. The promises stay as they were voted for.
    """
    by_name = {(each.service, each.metric): each for each in series}
    registered = []
    for check in checks:
        found = by_name.get((check.service, check.metric))
        before = value_now(found, now)
        if check.guard and found is not None and before is not None:
            check = check.model_copy(update={"threshold": _limit(found, before)})
        registered.append(Registered(check=check, before=before))
    return tuple(registered)


def judge_checks(
    registered: Sequence[Registered],
    series: Sequence[MetricSeries],
    action_completed_at: datetime,
    now: datetime,
    blind: str = "",
) -> tuple[CheckOutcome | None, ...]:
    """Judge each check by the samples after the action was completed; None where it cannot be decided yet.

    A check is met as soon as its condition held for `hold_seconds` without a break, and unmet when its deadline passes
    without that. A guard is unmet as soon as it was violated for `hold_seconds`, and met when its deadline has passed
    without that and no promise waits any more. A metric that was not seen makes its check unmet: what cannot be seen
    proves nothing.

    Args:
        blind: Why metrics cannot be read now; empty where they can.
    """
    by_name = {(each.service, each.metric): each for each in series}
    watches = [
        _Watch(each, by_name.get((each.check.service, each.check.metric)), action_completed_at, now, blind)
        for each in registered
    ]
    promises = [watch.promise() for watch in watches if not watch.check.guard]
    waiting = any(outcome is None for outcome in promises)
    proven = iter(promises)
    return tuple(watch.guard(waiting) if watch.check.guard else next(proven) for watch in watches)


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
        deadline_seconds=spec.takes_seconds + max(RECOVERY_SECONDS, _SAMPLES * _step(deviation.series)),
        hold_seconds=HOLD_SECONDS,
    )


def _guards(target: ServiceName, observations: Observations) -> tuple[Check, ...]:
    """What customers feel at the edge must not get worse; at the target, where no edge is seen."""
    edges = [service.name for service in observations.topology.services if service.kind == "edge"]
    guards = [guard for edge in sorted(edges) for guard in _guards_of(edge, observations)]
    return tuple(guards[:_GUARDS] or _guards_of(target, observations)[:_GUARDS])


def _guards_of(service: ServiceName, observations: Observations) -> list[Check]:
    """The shares of failed requests of a service, or its latency where no share is known."""
    own = [series for series in observations.metrics if series.service == service]
    failures = [each for each in own if _is_share_of_errors(each)]
    slow = [each for each in own if meaning_of(each.metric, each.unit).kind == "latency"]
    guards = []
    for series in failures or sorted(slow, key=lambda each: each.metric):
        now = value_now(series, observations.window.end)
        if now is not None:
            guards.append(
                Check(
                    service=series.service,
                    metric=series.metric,
                    direction="below",
                    threshold=_limit(series, now),
                    deadline_seconds=max(GUARD_SECONDS, _SAMPLES * _step(series)),
                    hold_seconds=HOLD_SECONDS,
                    guard=True,
                )
            )
    return guards


def _is_share_of_errors(series: MetricSeries) -> bool:
    meaning = meaning_of(series.metric, series.unit)
    return meaning.kind == "errors" and meaning.share


def _limit(series: MetricSeries, before: float) -> float:
    """What a guarded metric must not exceed: errors may rise by half, or by two points where there are few."""
    if not _is_share_of_errors(series):
        return float(f"{2.0 * before:.4g}")
    _, values = clean(series.timestamps, series.values)
    whole = meaning_of(series.metric, series.unit).capacity(series.unit, float(values.max())) or 1.0
    return float(f"{min(max(1.5 * before, before + 0.02 * whole), whole):.4g}")


class _Watch:
    """One registered check and what was seen of its metric since the action was completed."""

    def __init__(
        self, registered: Registered, series: MetricSeries | None, completed_at: datetime, now: datetime, blind: str
    ) -> None:
        self.check = check = registered.check
        self._before = registered.before
        self._unit = series.unit if series is not None else ""
        self._deadline = completed_at + timedelta(seconds=check.deadline_seconds)
        self._now = now
        self._blind = f": {blind}" if blind else ""
        self._gap = max(_BROKEN_SECONDS, _SAMPLES * _step(series))
        until = now if check.guard else min(now, self._deadline)
        self._samples = _samples(series, completed_at.timestamp(), until.timestamp())
        self._wanted = f"{check.metric} of {check.service} {check.direction} {amount(check.threshold, self._unit)}"

    def promise(self) -> CheckOutcome | None:
        """Judge what must get better."""
        held = f"{self._wanted} for {self.check.hold_seconds:.0f} s"
        if _held(self._samples, self.check, self.check.direction, self._gap):
            return self._outcome(True, held)
        if self._now < self._deadline:
            return None
        if unseen := self._unseen(self._deadline):
            return self._outcome(False, unseen, seen=False)
        last = amount(self._samples[-1][1], self._unit)
        return self._outcome(False, f"not {held} by {self._deadline:%H:%M:%S}; it was {last} at last")

    def guard(self, waiting: bool) -> CheckOutcome | None:
        """Judge what must not get worse; while a promise is `waiting`, it is watched on."""
        other: Literal["above", "below"] = "above" if self.check.direction == "below" else "below"
        if _held(self._samples, self.check, other, self._gap):
            before = "" if self._before is None else f", and was {amount(self._before, self._unit)} before the action"
            return self._outcome(False, f"it got worse: not {self._wanted} for {self.check.hold_seconds:.0f} s{before}")
        if waiting or self._now < self._deadline:
            return None
        if unseen := self._unseen(self._now):
            return self._outcome(False, unseen, seen=False)
        return self._outcome(True, f"{self._wanted} all the time")

    def _unseen(self, end: datetime) -> str:
        """Why the metric was not seen to the end; empty where it was."""
        what = f"{self.check.metric} of {self.check.service}"
        if not self._samples:
            return f"no sample of {what} came after the action{self._blind}"
        last = self._samples[-1][0]
        if end.timestamp() - last <= self._gap:
            return ""
        return f"the last sample of {what} came at {from_epoch(last):%H:%M:%S}{self._blind}"

    def _outcome(self, met: bool, reason: str, *, seen: bool = True) -> CheckOutcome:
        return CheckOutcome(
            check=self.check,
            met=met,
            observed=self._samples[-1][1] if self._samples else None,
            judged_at=self._now,
            reason=reason,
            before=self._before,
            seen=seen,
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
