"""The scenarios as validated data, and the draw of one episode from a scenario and a seed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..domain.base import ServiceName, Value
from ..domain.findings import FaultKind
from ..domain.plan import ActionName
from ..domain.telemetry import ServiceKind
from .forces import Force, Parameter
from .load import daily_curve, stream
from .model import COSTLY, CUSTOMERS_TRY_AGAIN
from .topology import Company, ServiceSpec

SCENARIO_FOLDER = Path(__file__).parent / "scenarios"
INNOCENT_FILE = Path(__file__).parent / "innocent.toml"
CALM_ONE_IN = 5
"""One seed in so many has no fault, or one that no action mends."""

_FAILING_IN_A_STORM = 0.9

Range = tuple[float, float]
ForceUnit = Literal[
    "amount", "factor", "share", "pools", "pools_per_hour", "percent_per_minute", "bots_to_capacity",
    "surge_to_capacity", "storm_to_capacity", "of_need", "costly_to_capacity",
]  # fmt: skip
ChangedBy = Literal["deploy", "config", "flag"]


class ForceSpec(Value):
    """A force whose size, ramp and duration each seed draws from a range.

    Attributes:
        at: Where it acts; None: at the candidate.
        starts_full: Percent of memory or volume that is used when the trouble shows, for what has grown long before.
        starts_at: Percent of the volume in use at the epoch.
    """

    parameter: Parameter
    unit: ForceUnit
    size: Range
    ramp_minutes: Range
    lasts_minutes: Range | None = None
    starts_full: Range | None = None
    starts_at: Range | None = None
    at: ServiceName | None = None
    cleared_by: tuple[ActionName, ...] = ()


class GlitchSpec(Value):
    """A measurement that is wrong for a while: `add` is added to the metric's samples, up to `most`."""

    metric: str
    add: Range
    most: float = 99.4
    lasts_minutes: Range


class Variant(Value):
    """One way in which a scenario can go; `calm`: there is no fault, or none that an action mends."""

    name: str
    weight: int = Field(ge=1)
    calm: bool = False
    fault: FaultKind | None = None
    candidates: tuple[ServiceName, ...] = Field(min_length=1)
    change: ChangedBy | None = None
    summary: str = ""
    detail: str = ""
    explanation: str
    forces: tuple[ForceSpec, ...] = ()
    glitches: tuple[GlitchSpec, ...] = ()

    @model_validator(mode="after")
    def _says_what_changed(self) -> Self:
        if (self.change is None) != (self.summary == ""):
            raise ValueError(f"variant {self.name!r}: `change` and `summary` go together")
        return self


class Scenario(Value):
    """A scenario: what may go wrong. Which of it does, and where, when and how much, the seed decides."""

    name: str
    title: str
    onset_minutes: Range
    variants: tuple[Variant, ...]

    @model_validator(mode="after")
    def _has_both_kinds(self) -> Self:
        if {v.calm for v in self.variants} != {True, False}:
            raise ValueError(f"scenario {self.name!r} needs calm variants and others")
        return self


class InnocentChange(Value):
    """A change that harms nobody, and the kinds of service it is made to."""

    kind: ChangedBy
    on: tuple[ServiceKind, ...]
    summary: str
    detail: str


class _InnocentFile(Value):
    changes: tuple[InnocentChange, ...]


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change at `at` seconds since the epoch."""

    at: float
    service: ServiceName
    kind: ChangedBy
    reference: str
    summary: str
    author: str
    detail: str


@dataclass(frozen=True, slots=True)
class Glitch:
    """A metric of one service that reads `add` too high between `start` and `end` (seconds since the epoch)."""

    position: int
    metric: str
    add: float
    most: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Episode:
    """What a seed makes of a scenario. Secret: nothing of it may be reachable from a port.

    Attributes:
        service: At fault; None where there is no fault.
        start_hour: Of the day, at the epoch; `day`: days after the practice calendar's first.
        onset: Seconds since the epoch.
        memory_start: Percent of memory in use at the epoch, by service position, where it is not the usual.
        disk_start: The same of the volume.
    """

    scenario: str
    seed: int
    variant: str
    calm: bool
    fault: FaultKind | None
    service: ServiceName | None
    start_hour: float
    day: int
    onset: float
    forces: tuple[Force, ...]
    glitches: tuple[Glitch, ...]
    changes: tuple[PlannedChange, ...]
    memory_start: Mapping[int, float]
    disk_start: Mapping[int, float]
    explanation: str


@lru_cache(maxsize=1)
def load_scenarios(folder: Path = SCENARIO_FOLDER) -> tuple[Scenario, ...]:
    """Every scenario of a folder, by file name.

    Raises:
        pydantic.ValidationError: a file contradicts itself; the message says where.
    """
    files = sorted(folder.glob("*.toml"))
    return tuple(Scenario.model_validate(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files)


def scenario_named(name: str) -> Scenario:
    """The scenario of that name.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    for scenario in load_scenarios():
        if scenario.name == name:
            return scenario
    raise ValueError(f"no scenario is named {name!r}; there are {', '.join(s.name for s in load_scenarios())}")


def draw(company: Company, scenario: Scenario, seed: int) -> Episode:
    """Decide everything that the seed decides."""
    rng = stream(seed, 10, *scenario.name.encode())
    calm = is_calm(scenario.name, seed)
    variants = [v for v in scenario.variants if v.calm == calm]
    weights = np.array([v.weight for v in variants], dtype=np.float64)
    variant = variants[int(rng.choice(len(variants), p=weights / weights.sum()))]
    candidate = variant.candidates[int(rng.integers(len(variant.candidates)))]
    onset = 60.0 * _within(rng, scenario.onset_minutes)
    position = company.index[candidate]
    start_hour = float(rng.integers(9, 16))
    usual = _usual_load(company, candidate, start_hour + onset / 3600)
    forces: list[Force] = []
    memory_start: dict[int, float] = {}
    disk_start: dict[int, float] = {}
    for spec in variant.forces:
        start = onset
        ramp = 60 * _within(rng, spec.ramp_minutes)
        lasts = 60 * _within(rng, spec.lasts_minutes) if spec.lasts_minutes is not None else None
        size = _sized(company.service(candidate), spec, _within(rng, spec.size), usual)
        if spec.starts_full is not None:
            # It has grown since long before the epoch, and reaches the range's percentage at the onset.
            start = 0.0
            begun = disk_start if spec.parameter == "fill_data" else memory_start
            begun[position] = _within(rng, spec.starts_full) - size * onset / 60
        if spec.starts_at is not None:
            disk_start[position] = _within(rng, spec.starts_at)
        cleared = frozenset[str](spec.cleared_by)
        end = start + ramp + lasts if lasts is not None else None
        place = company.index[spec.at] if spec.at is not None else position
        forces.append(Force(place, spec.parameter, size, start, ramp, end, cleared))
    glitches = tuple(
        Glitch(position, g.metric, _within(rng, g.add), g.most, onset, onset + 60 * _within(rng, g.lasts_minutes))
        for g in variant.glitches
    )
    changes = _innocent_changes(company, rng, onset, candidate)
    if variant.change is not None:
        at = onset - float(rng.uniform(20, 150))
        changes.append(_change(rng, at, candidate, variant.change, variant.summary, variant.detail))
    return Episode(
        scenario=scenario.name, seed=seed, variant=variant.name, calm=calm, fault=variant.fault,
        service=candidate if variant.fault is not None else None, start_hour=start_hour,
        day=int(rng.integers(0, 84)), onset=onset, forces=tuple(forces), glitches=glitches,
        changes=tuple(sorted(changes, key=lambda c: (c.at, c.reference))), memory_start=memory_start,
        disk_start=disk_start,
        explanation=variant.explanation.format(service=candidate),
    )  # fmt: skip


def is_calm(scenario: str, seed: int) -> bool:
    """Whether acting is wrong in this seed: exactly one in each block of five, at a place drawn for the block."""
    block, place = divmod(seed, CALM_ONE_IN)
    return int(stream(block, 11, *scenario.encode()).integers(CALM_ONE_IN)) == place


def _within(rng: np.random.Generator, bounds: Range) -> float:
    return float(rng.uniform(*bounds))


@dataclass(frozen=True, slots=True)
class _Usual:
    """Requests a second that a service usually gets, what of them comes from the edge, and the connections in use."""

    rate: float
    route: float
    connections: float


def _usual_load(company: Company, service: ServiceName, hour: float) -> _Usual:
    demand = company.company.demand_rps * daily_curve(hour, company.company.daily_swing)
    rates = {s.name: 0.0 for s in company.services}
    rates[company.services[0].name] = demand
    for s in company.services:
        for callee, weight in s.calls.items():
            missed = 1.0
            if s.cached is not None and callee == s.cached.callee:
                missed = 1.0 - (company.service(s.cached.by).hit_ratio or 0.0)
            rates[callee] += rates[s.name] * weight * missed
    spec = company.service(service)
    hold_ms = 0.0
    if spec.pool is not None:
        hold_ms = spec.pool.hold_ms + sum(1.4 * company.service(h).base_ms * spec.calls[h] for h in spec.pool.holds)
    rate = rates[service]
    return _Usual(rate, demand * company.company.routes.get(service, 0.0), rate * hold_ms / 1000)


def _sized(service: ServiceSpec, spec: ForceSpec, drawn: float, usual: _Usual) -> float:
    """A drawn size in the unit that the model takes. `..._to_capacity`: so much that load is that share of capacity."""
    pool = service.pool.size if service.pool is not None else 0
    missing = drawn * service.capacity_rps * service.instances - usual.rate
    if spec.unit == "pools":
        return drawn * pool
    if spec.unit == "pools_per_hour":
        return drawn * pool / 3600
    if spec.unit == "bots_to_capacity":
        return missing
    if spec.unit == "costly_to_capacity":
        return missing / COSTLY
    if spec.unit == "surge_to_capacity":
        return missing / usual.route
    if spec.unit == "storm_to_capacity":
        return missing / usual.route / _FAILING_IN_A_STORM - CUSTOMERS_TRY_AGAIN
    if spec.unit == "of_need":
        return drawn * usual.connections / pool
    return drawn


def _innocent_changes(
    company: Company, rng: np.random.Generator, onset: float, faulty: ServiceName
) -> list[PlannedChange]:
    """An ordinary day's changes, and at least one shortly before the onset at a service that is not at fault."""
    texts = _innocent_texts()
    ours = [s for s in company.services if not s.external and s.name != faulty]
    near = set(company.topology().callers(faulty)) | set(company.topology().callees(faulty))

    def one(at: float, candidates: list[ServiceSpec]) -> PlannedChange:
        service = candidates[int(rng.integers(len(candidates)))]
        fitting = [t for t in texts if service.kind in t.on]
        text = fitting[int(rng.integers(len(fitting)))]
        return _change(rng, at, service.name, text.kind, text.summary, text.detail)

    neighbours = [s for s in ours if s.name in near] or ours
    changes = [one(onset + float(rng.uniform(-900, -30)), neighbours if rng.random() < 0.6 else ours)]
    for _ in range(int(rng.integers(1, 4))):
        changes.append(one(float(rng.uniform(300, 3300)), ours))
    if rng.random() < 0.5:
        changes.append(one(onset + float(rng.uniform(60, 600)), ours))
    return changes


_AUTHORS = ("amara", "jonas", "li.wei", "priya", "sofia", "tomasz", "yuki", "release-bot")


def _change(
    rng: np.random.Generator, at: float, service: ServiceName, kind: ChangedBy, summary: str, detail: str
) -> PlannedChange:
    token = int(rng.integers(0, 2**40))
    reference = f"{token:010x}" if kind == "deploy" else f"{kind}-{token % 9000 + 1000}"
    author = _AUTHORS[int(rng.integers(len(_AUTHORS)))]
    return PlannedChange(max(30.0, at), service, kind, reference, summary, author, detail)


@lru_cache(maxsize=1)
def _innocent_texts() -> tuple[InnocentChange, ...]:
    return _InnocentFile.model_validate(tomllib.loads(INNOCENT_FILE.read_text(encoding="utf-8"))).changes
