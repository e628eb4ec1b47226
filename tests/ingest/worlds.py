"""Worlds for the intake to find: the live one on a clock that a test sets, and practice runs by name."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from incident_commander.actions.policy import DenyAll
from incident_commander.domain.base import RunId, ServiceName
from incident_commander.domain.incident import ClockKind
from incident_commander.domain.ports import Environment, UnknownPracticeRun
from incident_commander.domain.telemetry import Service, Topology
from incident_commander.telemetry.unconfigured import NoTelemetry, live_environment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that a test sets; `ahead` is how far its time is ahead of the stamps that sources write."""

    at: datetime = NOON
    kind: ClockKind = "wall"
    ahead: timedelta = timedelta()

    async def now(self) -> datetime:
        """What it was set to."""
        return self.at

    def translate(self, stamp: datetime) -> datetime:
        """On this clock."""
        return stamp + self.ahead

    async def advance_to(self, moment: datetime) -> None:
        """Set it forward."""
        self.at = max(self.at, moment)


@dataclass
class FixedTopology:
    """edge calls checkout, checkout calls payments and stock, payments calls db; island calls nobody."""

    calls: tuple[tuple[str, str], ...] = (
        ("edge", "checkout"),
        ("checkout", "payments"),
        ("checkout", "stock"),
        ("payments", "db"),
        ("db", "disk"),
    )

    async def topology(self) -> Topology:
        """The topology above."""
        names = {name for call in self.calls for name in call} | {"island"}
        return Topology(
            services=tuple(Service(name=ServiceName(name), kind="api") for name in sorted(names)),
            calls=tuple((ServiceName(caller), ServiceName(callee)) for caller, callee in self.calls),
        )


@dataclass
class Worlds:
    """Environments: the live one, and practice runs whose clocks are simulated."""

    live: SetClock = field(default_factory=SetClock)
    runs: dict[str, SetClock] = field(default_factory=dict)
    topology: FixedTopology | NoTelemetry = field(default_factory=FixedTopology)

    async def environment(self, run: RunId | None) -> Environment:
        """See the Environments port."""
        if run is not None and run not in self.runs:
            raise UnknownPracticeRun(run)
        base = live_environment(DenyAll())
        return Environment(
            clock=self.live if run is None else self.runs[run],
            metrics=base.metrics,
            logs=base.logs,
            traces=base.traces,
            changes=base.changes,
            topology=self.topology,
            impact=base.impact,
            executor=None,
            policy=base.policy,
            approver=None,
            stage_seconds={},
        )
