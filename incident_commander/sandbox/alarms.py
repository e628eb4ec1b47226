"""The practice company's own alerting: rules over scraped metrics, as Prometheus and Alertmanager would apply them."""

import tomllib
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from ..domain.alert import PRACTICE_RUN_LABEL, Severity
from ..domain.base import JsonObject, RunId, ServiceName, Value, canonical_json
from ..domain.telemetry import ServiceKind
from .archive import COLUMN, Archive
from .assumptions import Assumptions

RULES_FILE = Path(__file__).parent / "alarms.toml"
STILL_FIRING = "0001-01-01T00:00:00Z"


class Rule(Value):
    """A condition on one metric of every service of some kinds; `hold` says which assumed delay it must hold for."""

    alertname: str
    metric: str
    above: float
    kinds: tuple[ServiceKind, ...]
    severity: Severity
    hold: Literal["critical", "warning"] = Field(alias="for")
    summary: str


class _RulesFile(Value):
    rules: tuple[Rule, ...]


@lru_cache(maxsize=1)
def load_rules(path: Path = RULES_FILE) -> tuple[Rule, ...]:
    """Read and validate the rules."""
    return _RulesFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).rules


@dataclass(slots=True)
class Alarm:
    """One rule at one service.

    Attributes:
        pending_since: Seconds since the epoch at which the condition began to hold; None while it does not.
        fired_at: When it had held for long enough; None while the alarm is quiet.
        last_true: When the condition last held.
        resolved_at: When it last ended, after having fired at `last_fired_at`.
    """

    rule: Rule
    position: int
    service: ServiceName
    hold_seconds: float
    pending_since: float | None = None
    fired_at: float | None = None
    last_true: float = 0.0
    last_fired_at: float | None = None
    resolved_at: float | None = None
    value: float = 0.0


class Alarms:
    """The state of every alarm of a company, moved on scrape by scrape."""

    def __init__(self, archive: Archive, assumptions: Assumptions) -> None:
        hold = {
            "critical": assumptions.alert_for_critical_seconds.value,
            "warning": assumptions.alert_for_warning_seconds.value,
        }
        self.alarms = [
            Alarm(rule, i, spec.name, hold[rule.hold])
            for rule in load_rules()
            for i, spec in enumerate(archive.services)
            if spec.kind in rule.kinds and rule.metric in archive.exported[i]
        ]
        self.scrapes = 0
        self._keep_firing_seconds = assumptions.alert_keep_firing_seconds.value
        self._awake: set[int] = set()
        self._positions = np.array([a.position for a in self.alarms])
        self._columns = np.array([COLUMN[a.rule.metric] for a in self.alarms])
        self._limits = np.array([a.rule.above for a in self.alarms])

    def fork(self) -> "Alarms":
        """An independent copy."""
        twin = copy(self)
        twin.alarms = [replace(a) for a in self.alarms]
        twin._awake = set(self._awake)
        return twin

    def any_firing(self) -> bool:
        """Whether any alarm is firing."""
        return any(self.alarms[i].fired_at is not None for i in self._awake)

    def ever_fired(self) -> bool:
        """Whether any alarm has fired so far."""
        return any(a.last_fired_at is not None for a in self.alarms)

    def firing(self) -> tuple[tuple[str, ServiceName], ...]:
        """Name and service of every alarm that is firing."""
        return tuple((a.rule.alertname, a.service) for a in self.alarms if a.fired_at is not None)

    def evaluate(self, archive: Archive, row: int) -> bool:
        """Judge one more scrape; True when an alarm began or ended."""
        at = (row + 1) * archive.interval
        self.scrapes = row + 1
        values = archive.rows[row][self._positions, self._columns]
        over = values > self._limits
        changed = False
        for number in sorted(self._awake | {int(i) for i in np.flatnonzero(over)}):
            alarm = self.alarms[number]
            if over[number]:
                self._awake.add(number)
                changed = self._holds(alarm, at, float(values[number])) or changed
            elif alarm.fired_at is None:
                alarm.pending_since = None
                self._awake.discard(number)
            elif at - alarm.last_true >= self._keep_firing_seconds:
                alarm.fired_at = None
                alarm.pending_since = None
                alarm.resolved_at = at
                self._awake.discard(number)
                changed = True
        return changed

    @staticmethod
    def _holds(alarm: Alarm, at: float, value: float) -> bool:
        alarm.value = value
        alarm.last_true = at
        if alarm.pending_since is None:
            alarm.pending_since = at
        if alarm.fired_at is None and at - alarm.pending_since >= alarm.hold_seconds:
            alarm.fired_at = alarm.last_fired_at = at
            alarm.resolved_at = None
            return True
        return False


def webhook_body(alarms: Alarms, run: RunId, stamp: Callable[[float], str], *, ended_since: float | None) -> JsonObject:
    """An Alertmanager webhook v4 body: every firing alarm of the run, and those that ended after `ended_since`.

    Args:
        stamp: Turns seconds since the epoch into the time as the alert source stamps it.
    """
    entries: list[JsonObject] = []
    for alarm in alarms.alarms:
        if alarm.fired_at is not None:
            entries.append(_entry(alarm, run, stamp(alarm.fired_at), None))
        elif (
            alarm.resolved_at is not None
            and alarm.last_fired_at is not None
            and (ended_since is None or alarm.resolved_at > ended_since)
        ):
            entries.append(_entry(alarm, run, stamp(alarm.last_fired_at), stamp(alarm.resolved_at)))
    status = "firing" if any(e["status"] == "firing" for e in entries) else "resolved"
    return {
        "version": "4",
        "groupKey": f'{{}}:{{{PRACTICE_RUN_LABEL}="{run}"}}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "incident-commander",
        "groupLabels": {PRACTICE_RUN_LABEL: run},
        "commonLabels": {PRACTICE_RUN_LABEL: run},
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": list(entries),
    }


class Stamp:
    """How the alert source stamps times: as simulated, or on the wall for a world with a pace."""

    def __init__(self, epoch: datetime, opened_at: datetime, started_at: datetime, pace: float | None) -> None:
        self._epoch = epoch
        self._opened_at = opened_at
        self._started_at = started_at
        self._pace = pace

    def __call__(self, seconds: float) -> str:
        """The time as RFC 3339."""
        moment = self._epoch + timedelta(seconds=seconds)
        if self._pace is not None:
            moment = self._started_at + (moment - self._opened_at) / self._pace
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entry(alarm: Alarm, run: RunId, starts_at: str, ends_at: str | None) -> JsonObject:
    labels: JsonObject = {
        "alertname": alarm.rule.alertname,
        "service": alarm.service,
        "severity": alarm.rule.severity,
        PRACTICE_RUN_LABEL: run,
    }
    return {
        "status": "firing" if ends_at is None else "resolved",
        "labels": labels,
        "annotations": {
            "summary": alarm.rule.summary.format(service=alarm.service, value=alarm.value),
            "description": f"{alarm.rule.metric} above {alarm.rule.above:g} for {alarm.hold_seconds:.0f} s",
        },
        "startsAt": starts_at,
        "endsAt": ends_at or STILL_FIRING,
        "generatorURL": "",
        "fingerprint": sha256(canonical_json(labels)).hexdigest()[:16],
    }
