"""What acts on the company in one step, and its state after it, by service position."""

from dataclasses import dataclass, field

TICK_SECONDS = 5.0
RESTING_LITTER = 3.0
"""Percent of a volume that old logs and temporary files take on an ordinary day."""


@dataclass(slots=True)
class Influence:
    """What acts on each service from outside in one step: the seed's load and a fault's forces, by service position.

    Attributes:
        demand: Customer demand, relative to `demand_rps`.
        surge: Extra organic requests, as a multiple of the route's usual ones.
        bots: Requests a second of a few busy sources that are no customers, at the usual number of instances.
        hostile: Requests a second of very many sources that are no customers; those at the edge it answers itself.
        costly: The same, each many times the work of a customer's.
        work: Multiple of the processing time a request needs.
        stall: Multiple of the base latency.
        leak_connections: Connections a second that are taken and never given back.
        sessions: Connections that others hold at a database.
        leak_memory: Percent a minute that every instance's memory grows.
        failing: Share of requests that fail by themselves.
        pool_share: What is left of the configured pool.
        clients_retry: How many times more often failed customers try again, by route.
        hit_loss: Share of its keys that a cache has lost for good.
        fill_logs: Percent of its first size a minute that a volume fills with logs; `fill_spool`: with temporary files
            and backups; `fill_data`: with data.
        intruder_reads: Bulk reads a second that strangers do with the service's credentials in its first store.
        export_reads: Bulk reads a second that somebody of the company does at a store.
        stolen_cpu: Share of every instance that works for strangers.
        denied: Share of the service's own calls that its credentials do not allow any more.
        probes: Denied calls a second that strangers do with the service's credentials; `pentest`: that a tester does.
    """

    demand: float
    surge: list[float]
    bots: list[float]
    work: list[float]
    stall: list[float]
    leak_connections: list[float]
    sessions: list[float]
    leak_memory: list[float]
    failing: list[float]
    pool_share: list[float]
    clients_retry: list[float]
    hit_loss: list[float]
    hostile: list[float]
    costly: list[float]
    fill_logs: list[float]
    fill_spool: list[float]
    fill_data: list[float]
    intruder_reads: list[float]
    export_reads: list[float]
    stolen_cpu: list[float]
    denied: list[float]
    probes: list[float]
    pentest: list[float]

    @classmethod
    def calm(cls, services: int) -> "Influence":
        """Nothing but ordinary demand."""
        zeros, ones = [0.0] * services, [1.0] * services
        return cls(
            demand=1.0, surge=zeros[:], bots=zeros[:], work=ones[:], stall=ones[:],
            leak_connections=zeros[:], sessions=zeros[:], leak_memory=zeros[:], failing=zeros[:],
            pool_share=ones[:], clients_retry=zeros[:], hit_loss=zeros[:], hostile=zeros[:], costly=zeros[:],
            fill_logs=zeros[:], fill_spool=zeros[:], fill_data=zeros[:], intruder_reads=zeros[:],
            export_reads=zeros[:], stolen_cpu=zeros[:], denied=zeros[:], probes=zeros[:], pentest=zeros[:],
        )  # fmt: skip


@dataclass(slots=True)
class State:
    """The company after a step, by service position. Rates per second, times in ms, shares in [0, 1].

    Attributes:
        instances: Configured; `away`: how many of them are not serving.
        offered: Requests that arrive.
        shed: Share refused by a rate limit; `limit`: that limit, or infinity.
        seen_error: Error share as those who call it meet it.
        reported_error: Error share as the service itself counts it: a request that was given up on while it waited
            for a place or a connection never got an answer to count, so that the callers are louder than the cause.
        own_error: The part of it that does not come from what it calls.
        refused: Share refused for want of capacity; `pool_refused`: for want of a connection.
        memory: Percent, of each instance.
        leaked: Connections lost in the pool.
        wanted: Connections that would be in use in an unbounded pool.
        depth: Messages waiting for a worker; `age`: seconds the oldest has waited.
        disk: Percent of its volume in use; `litter`: the part of it that is logs, temporary files and left-overs.
        volume: Size of the volume, as a multiple of its first size.
        io: Multiple of a volume's usual latency; `write_failing`: share of what needs free disk that fails.
        blocking: Whether hostile sources are refused there; `turned_away`: how many requests a second are.
        hostile_share: Share of the load that is of many hostile sources; `costly_share`: the costly part of it.
        bulk: Bulk reads a second at a store.
        identity_calls: Calls a second under the service's identity; `denials`: those denied.
        bots: Requests a second of few busy sources that reach the edge; `hostile`: of many hostile ones; both before a
            limit and after the block list. `converting`: customers' requests to the route that earns.
        exposed: Records that intruders read, per second; `stolen`: instances that work for them.
    """

    instances: list[int]
    away: list[float]
    offered: list[float]
    limit: list[float]
    shed: list[float]
    rho: list[float]
    p50: list[float]
    p99: list[float]
    seen_error: list[float]
    reported_error: list[float]
    own_error: list[float]
    refused: list[float]
    pool_refused: list[float]
    memory: list[list[float]]
    booting: list[list[float]]
    oom_kills: list[int]
    pool_size: list[float]
    leaked: list[float]
    wanted: list[float]
    in_use: list[float]
    pool_rho: list[float]
    hit_ratio: list[float]
    depth: list[float]
    age: list[float]
    disk: list[float]
    litter: list[float]
    volume: list[float]
    blocking: list[bool]
    turned_away: list[float]
    hostile_share: list[float]
    costly_share: list[float]
    io: list[float]
    write_failing: list[float]
    bulk: list[float]
    identity_calls: list[float]
    denials: list[float]
    timed_out: dict[tuple[int, int], float] = field(default_factory=dict)
    customers: float = 0.0
    failed: float = 0.0
    slow: float = 0.0
    late: float = 0.0
    exposed: float = 0.0
    stolen: float = 0.0
    bots: float = 0.0
    hostile: float = 0.0
    converting: float = 0.0

    def fork(self) -> "State":
        """An independent copy."""
        return State(
            instances=self.instances[:], away=self.away[:], offered=self.offered[:],
            limit=self.limit[:], shed=self.shed[:], rho=self.rho[:], p50=self.p50[:], p99=self.p99[:],
            seen_error=self.seen_error[:],
            reported_error=self.reported_error[:], own_error=self.own_error[:], refused=self.refused[:],
            pool_refused=self.pool_refused[:], memory=[m[:] for m in self.memory],
            booting=[b[:] for b in self.booting], oom_kills=self.oom_kills[:], pool_size=self.pool_size[:],
            leaked=self.leaked[:], wanted=self.wanted[:], in_use=self.in_use[:], pool_rho=self.pool_rho[:],
            hit_ratio=self.hit_ratio[:], depth=self.depth[:], age=self.age[:], disk=self.disk[:],
            litter=self.litter[:], volume=self.volume[:], blocking=self.blocking[:],
            turned_away=self.turned_away[:], hostile_share=self.hostile_share[:], costly_share=self.costly_share[:],
            io=self.io[:], write_failing=self.write_failing[:], bulk=self.bulk[:],
            identity_calls=self.identity_calls[:], denials=self.denials[:],
            timed_out=dict(self.timed_out), customers=self.customers, failed=self.failed,
            slow=self.slow, late=self.late, exposed=self.exposed, stolen=self.stolen,
            bots=self.bots, hostile=self.hostile, converting=self.converting,
        )  # fmt: skip
