"""The practice company's services as validated data: `company.toml`."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from ..domain.base import ServiceName, Value
from ..domain.telemetry import Service, ServiceKind, Topology

COMPANY_FILE = Path(__file__).parent / "company.toml"


class PoolSpec(Value):
    """A connection pool: `holds` names the callees for whose latency a request keeps its connection.

    Attributes:
        size: Connections; for a database, how many it accepts.
        max_size: The most it can be raised to.
        hold_ms: How long a request keeps its connection beside waiting for what it calls.
    """

    size: int = Field(gt=0)
    max_size: int = Field(gt=0)
    hold_ms: float = Field(ge=0)
    holds: tuple[ServiceName, ...] = ()


class CacheUse(Value):
    """Calls to `callee` are made only when the cache `by` misses."""

    by: ServiceName
    callee: ServiceName


class ServiceSpec(Value):
    """One service.

    Attributes:
        capacity_rps: Requests a second that one instance can process.
        base_ms: Own processing time of a request on an idle instance.
        backlog_ms: The longest a request waits in the service's own queue before it is refused.
        timeout_ms: How long it waits for what it calls.
        retries: How often it repeats a failed call.
        memory_percent: In use when idle.
        disk_percent: Of its volume in use at the epoch; None: it has no volume of its own.
        io_ms: Latency of a write to that volume.
        write_share: Share of its requests that need free disk: writes, sorts that spill.
        response_kb: Size of an answer, where what leaves a service is measured.
        calls: Mean calls per request, by callee.
        standby: Whether it can fail over.
        external: Run by someone else: nothing can be done to it.
    """

    name: ServiceName
    kind: ServiceKind
    tier: int = Field(ge=1)
    instances: int = Field(ge=1)
    max_instances: int = Field(ge=1)
    capacity_rps: float = Field(gt=0)
    base_ms: float = Field(gt=0)
    backlog_ms: float = Field(ge=0)
    timeout_ms: float = Field(ge=0)
    retries: int = Field(default=0, ge=0)
    memory_percent: float = Field(ge=0, le=90)
    disk_percent: float | None = None
    disk_percent_per_hour: float = 0.0
    io_ms: float = Field(default=0.0, ge=0)
    write_share: float = Field(default=0.0, ge=0, le=1)
    response_kb: float | None = None
    hit_ratio: float | None = None
    pool: PoolSpec | None = None
    calls: dict[ServiceName, float] = {}
    cached: CacheUse | None = None
    consumes: ServiceName | None = None
    standby: bool = False
    external: bool = False


class CompanySpec(Value):
    """What holds for the company as a whole; `routes` shares customer requests out, each to exactly one service.

    Attributes:
        earning_route: Where customers buy.
        new_sources: Share of customers' requests from addresses that were not seen in 30 days.
        busiest_sources: Share of customers' requests from the hundred busiest addresses.
        client_errors: Share of customers' requests that are answered 4xx on an ordinary day.
        bulk_read_kb: Size of the answer to a bulk read; `bulk_read_records`: how many records are in it.
    """

    name: str
    demand_rps: float = Field(gt=0)
    daily_swing: float = Field(ge=0, lt=1)
    slow_after_ms: float = Field(gt=0)
    late_after_seconds: float = Field(gt=0)
    routes: dict[ServiceName, float]
    earning_route: ServiceName
    new_sources: float = Field(ge=0, le=1)
    busiest_sources: float = Field(ge=0, le=1)
    client_errors: float = Field(ge=0, le=1)
    bulk_read_kb: float = Field(gt=0)
    bulk_read_records: float = Field(gt=0)


class Company(Value):
    """The whole company. Services are listed callers first, so that one pass in order carries load downwards."""

    company: CompanySpec
    services: tuple[ServiceSpec, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [s.name for s in self.services]
        if len(set(names)) != len(names):
            raise ValueError("two services have the same name")
        if self.services[0].kind != "edge":
            raise ValueError("the first service must be the edge")
        order = {name: i for i, name in enumerate(names)}
        for position, service in enumerate(self.services):
            used = set(service.calls)
            if service.cached is not None:
                used |= {service.cached.by, service.cached.callee}
            if service.consumes is not None:
                used.add(service.consumes)
            unknown = used - set(names)
            if unknown:
                raise ValueError(f"{service.name!r} uses unknown services {sorted(unknown)}")
            upwards = [c for c in service.calls if order[c] <= position]
            if upwards:
                raise ValueError(f"{service.name!r} calls {upwards}, which must be listed after it")
            if service.pool is not None and not set(service.pool.holds) <= set(service.calls):
                raise ValueError(f"the pool of {service.name!r} holds for a service that it does not call")
        if dict(self.company.routes) != dict(self.services[0].calls):
            raise ValueError("the routes must be what the edge calls")
        if self.company.earning_route not in self.company.routes:
            raise ValueError(f"the earning route {self.company.earning_route!r} is no route")
        if abs(sum(self.company.routes.values()) - 1) > 1e-9:
            raise ValueError("the routes' shares must sum to 1")
        return self

    @cached_property
    def index(self) -> dict[ServiceName, int]:
        """Position of each service."""
        return {s.name: i for i, s in enumerate(self.services)}

    def service(self, name: ServiceName) -> ServiceSpec:
        """The service of that name.

        Raises:
            KeyError: there is none.
        """
        return self.services[self.index[name]]

    def stores_of(self, name: ServiceName) -> tuple[ServiceName, ...]:
        """The databases, queues and stores that an API or worker uses under its own identity."""
        spec = self.service(name)
        if spec.kind not in ("api", "worker"):
            return ()
        used = (*spec.calls, *((spec.consumes,) if spec.consumes is not None else ()))
        return tuple(each for each in used if self.service(each).kind in ("database", "queue", "storage"))

    def holds_credentials(self, name: ServiceName) -> bool:
        """Whether a service has credentials of its own."""
        return bool(self.stores_of(name))

    def topology(self) -> Topology:
        """Who calls whom. A worker calls the queue that it consumes."""
        calls = [(s.name, callee) for s in self.services for callee in s.calls]
        calls += [(s.name, s.consumes) for s in self.services if s.consumes is not None]
        return Topology(
            services=tuple(Service(name=s.name, kind=s.kind, tier=s.tier) for s in self.services), calls=tuple(calls)
        )


def load_company(path: Path = COMPANY_FILE) -> Company:
    """Read and validate a company file.

    Raises:
        pydantic.ValidationError: the file contradicts itself; the message says where.
    """
    return Company.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
