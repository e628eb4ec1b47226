"""The queueing model: one step of the whole company. Latencies and errors follow from load; nothing is scripted.

Each service is a set of servers with a utilisation rho = offered load / capacity. Waiting time grows with
rho^2 / (1 - rho) (the M/M/c shape, Kleinrock, Queueing Systems I, ch. 3) up to a bounded backlog, beyond which requests
are refused. A connection pool is a second such resource, whose demand is rate x holding time (Little's law) and whose
holding time includes the latency of what the request calls while it holds the connection. Feedback (retries, holding
times) uses the step before, so that a step is one pass down the call graph for load and one pass up for latency.
"""

import math

from . import volumes
from .state import RESTING_LITTER, TICK_SECONDS, Influence, State
from .topology import Company

_SIGMAS_TO_P99 = 2.3263
_SQRT2 = math.sqrt(2.0)
_SATURATION = 0.985
_POOL_TIMEOUT_MS = 2500.0
_GC_STARTS_AT = 76.0
_OUT_OF_MEMORY = 99.0
_BOOT_SECONDS = 40.0
_CONTENTION_STARTS_AT = 48.0
_LONGEST_WAIT_OF_BACKLOG = 0.1
_RETRY_BUDGET = 0.2
"""Services repeat at most this share of their calls (a retry budget: Site Reliability Engineering, ch. 22)."""
CUSTOMERS_TRY_AGAIN = 0.15
_ANSWERED = 0.1
"""Share of the requests lost to waiting that the service still answers with an error."""
BLOCKED_OF_MANY = 0.97
"""Share of requests of many hostile sources that a block list tells from customers'; of few busy ones: the next."""
BLOCKED_OF_FEW = 0.99
BLOCKED_BY_MISTAKE = 0.004
COSTLY = 4.5
"""How many times the work of a customer's request a costly one is."""
_BACK_OFF = 0.8
"""Share of clients that heed a 429's Retry-After."""


def share_above(p50: float, p99: float, limit: float) -> float:
    """Share of a log-normal latency with these percentiles that exceeds `limit`."""
    if limit <= 0 or p50 <= 0:
        return 0.0
    sigma = math.log(max(p99, p50 * 1.05) / p50) / _SIGMAS_TO_P99
    return 0.5 * math.erfc(math.log(limit / p50) / (sigma * _SQRT2))


class Model:
    """The company's equations. Holds no state of its own."""

    def __init__(self, company: Company) -> None:
        specs = company.services
        index = company.index
        self.company = company
        self.size = len(specs)
        self._calls: list[list[tuple[int, float, bool]]] = []
        self._callers: list[list[int]] = [[] for _ in specs]
        self._cache: list[int] = []
        for i, s in enumerate(specs):
            gated = s.cached.callee if s.cached is not None else None
            self._calls.append([(index[c], w, c == gated) for c, w in s.calls.items()])
            self._cache.append(index[s.cached.by] if s.cached is not None else -1)
            for c in s.calls:
                self._callers[index[c]].append(i)
        self._holds = [[index[h] for h in s.pool.holds] if s.pool is not None else [] for s in specs]
        self._hold_ms = [s.pool.hold_ms if s.pool is not None else 0.0 for s in specs]
        self._is_database = [s.kind == "database" for s in specs]
        self._is_worker = [s.kind == "worker" for s in specs]
        self._consumes = [index[s.consumes] if s.consumes is not None else -1 for s in specs]
        self._first_instances = [s.instances for s in specs]
        self._capacity = [s.capacity_rps for s in specs]
        self._base = [s.base_ms for s in specs]
        self._backlog = [s.backlog_ms for s in specs]
        self._timeout = [s.timeout_ms for s in specs]
        self._retries = [s.retries for s in specs]
        self._memory = [s.memory_percent for s in specs]
        self._external = [s.external for s in specs]
        self._hit = [s.hit_ratio if s.hit_ratio is not None else 0.0 for s in specs]
        self._disk_per_tick = [s.disk_percent_per_hour * TICK_SECONDS / 3600 for s in specs]
        self._has_volume = [s.disk_percent is not None for s in specs]
        self._writes = [s.write_share for s in specs]
        self._stores = [[index[each] for each in company.stores_of(s.name)] for s in specs]
        self._earning = index[company.company.earning_route]
        self._routes = [(index[r], share) for r, share in company.company.routes.items()]
        self._database_clients = [
            [i for i, s in enumerate(specs) if s.pool is not None and d.name in s.pool.holds]
            if d.kind == "database" else []
            for d in specs
        ]  # fmt: skip
        self._pooled = [s.pool is not None for s in specs]
        self._upwards = list(range(self.size - 1, -1, -1))

    def rest(self) -> State:
        """The company before its first request."""
        specs = self.company.services
        n = self.size
        return State(
            instances=[s.instances for s in specs], away=[0.0] * n, offered=[0.0] * n,
            limit=[math.inf] * n, shed=[0.0] * n, rho=[0.0] * n, p50=self._base[:], p99=[3 * b for b in self._base],
            seen_error=[0.0] * n,
            reported_error=[0.0] * n, own_error=[0.0] * n, refused=[0.0] * n, pool_refused=[0.0] * n,
            memory=[[s.memory_percent] * s.instances for s in specs], booting=[[0.0] * s.instances for s in specs],
            oom_kills=[0] * n, pool_size=[float(s.pool.size) if s.pool is not None else 0.0 for s in specs],
            leaked=[0.0] * n, wanted=[0.0] * n, in_use=[0.0] * n, pool_rho=[0.0] * n, hit_ratio=self._hit[:],
            depth=[0.0] * n, age=[0.0] * n, disk=[s.disk_percent or 0.0 for s in specs],
            litter=[RESTING_LITTER if s.disk_percent is not None else 0.0 for s in specs], volume=[1.0] * n,
            blocking=[False] * n, turned_away=[0.0] * n, hostile_share=[0.0] * n, costly_share=[0.0] * n,
            io=[1.0] * n, write_failing=[0.0] * n, bulk=[0.0] * n, identity_calls=[0.0] * n, denials=[0.0] * n,
        )  # fmt: skip

    def step(self, s: State, f: Influence) -> None:
        """Advance `s` by one tick under the influence `f`."""
        self._intrude(s, f)
        self._carry_load(s, f)
        for i in self._upwards:
            self._serve(s, f, i)
        self._feel(s)

    def _carry_load(self, s: State, f: Influence) -> None:
        """One pass down the call graph: what arrives where."""
        edge = 0
        offered, bot_share = self._arrive(s, f)
        for i in range(self.size):
            if i != edge:
                s.shed[i] = 0.0
                load = offered[i] + s.bulk[i]
                offered[i] = load
                if s.blocking[i]:
                    load = self._block(s, i, load, bot_share)
                if load > s.limit[i]:
                    excess = load - s.limit[i]
                    human = load * (1.0 - bot_share[i])
                    s.shed[i] = max(0.0, excess - load * bot_share[i]) / human if human > 0 else 1.0
                    load = s.limit[i]
                if self._consumes[i] >= 0:
                    load = self._take_messages(s, f, i, offered[self._consumes[i]])
                    offered[i] = load
                admitted = load * (1.0 - s.refused[i]) * (1.0 - s.pool_refused[i])
                hit = s.hit_ratio[self._cache[i]] if self._cache[i] >= 0 else 0.0
                if hit > 0:
                    hit *= 1.0 - s.seen_error[self._cache[i]]
                under_identity = s.identity_calls[i]
                for callee, weight, gated in self._calls[i]:
                    rate = admitted * weight * ((1.0 - hit) if gated else 1.0)
                    failing = s.timed_out.get((i, callee), 0.0)
                    offered[callee] += rate * (1.0 + self._retries[i] * min(failing, _RETRY_BUDGET))
                    if callee in self._stores[i]:
                        under_identity += rate
                if self._stores[i]:
                    own = under_identity - s.identity_calls[i] + (load if self._consumes[i] >= 0 else 0.0)
                    s.denials[i] += own * f.denied[i]
                    s.identity_calls[i] += own
        s.offered = offered

    def _intrude(self, s: State, f: Influence) -> None:
        """What strangers, testers and people of the company do beside the customers' requests."""
        n = self.size
        s.bulk = f.export_reads[:]
        s.denials = [p + t for p, t in zip(f.probes, f.pentest, strict=True)]
        s.identity_calls = f.probes[:]
        s.exposed = s.stolen = 0.0
        for i in range(n):
            if f.intruder_reads[i] > 0:
                s.bulk[self._stores[i][0]] += f.intruder_reads[i]
                s.identity_calls[i] += f.intruder_reads[i]
                s.exposed += f.intruder_reads[i] * self.company.company.bulk_read_records
            s.stolen += f.stolen_cpu[i] * s.instances[i]

    def _arrive(self, s: State, f: Influence) -> tuple[list[float], list[float]]:
        """What reaches the edge and passes it, by service; and the share of it that comes from few busy sources."""
        edge = 0
        base = self.company.company.demand_rps * f.demand
        blocking = s.blocking[edge]
        few_through = 1.0 - BLOCKED_OF_FEW if blocking else 1.0
        many_through = 1.0 - BLOCKED_OF_MANY if blocking else 1.0
        customers = people = bots = 0.0
        hostile = f.hostile[edge]
        arriving: list[tuple[int, float, float, float, float]] = []
        for route, share in self._routes:
            usual = base * share * (1.0 + f.surge[route] + f.surge[edge])
            error = max(0.0, s.timed_out.get((edge, route), 0.0) - _BACK_OFF * s.shed[route])
            again = usual * (CUSTOMERS_TRY_AGAIN + f.clients_retry[route]) * error
            customers += usual
            asked = usual + again
            if route == self._earning:
                s.converting = asked
            people += asked
            # Scrapers read as fast as they are answered: where more can answer, more is read.
            few = f.bots[route] * s.instances[route] / self._first_instances[route]
            bots += few
            hostile += f.hostile[route] + f.costly[route]
            arriving.append((route, asked, few * few_through, f.hostile[route], f.costly[route]))
        s.customers = customers
        s.turned_away = [0.0] * self.size
        if blocking:
            people *= 1.0 - BLOCKED_BY_MISTAKE
            s.turned_away[edge] = bots * BLOCKED_OF_FEW + hostile * BLOCKED_OF_MANY
            bots *= few_through
            hostile *= many_through
        s.bots, s.hostile = bots, hostile
        offered = [0.0] * self.size
        offered[edge] = people + hostile + bots
        # A limiter counts by client: the heaviest senders, which are not people, are refused first. It cannot tell
        # people from hostile sources that each send little.
        excess = max(0.0, offered[edge] - s.limit[edge])
        bots_through = max(0.0, 1.0 - excess / bots) if bots > 0 else 1.0
        excess = max(0.0, excess - bots)
        people_through = 1.0 - excess / (people + hostile) if people + hostile > 0 else 1.0
        s.shed[edge] = 1.0 - people_through
        served = 1.0 - s.refused[edge]
        passing = people_through * served
        honest = 1.0 - BLOCKED_BY_MISTAKE if blocking else 1.0
        bot_share = [0.0] * self.size
        s.hostile_share = [0.0] * self.size
        s.costly_share = [0.0] * self.size
        s.hostile_share[edge] = hostile / offered[edge]
        for route, asked, few, cheap, costly in arriving:
            many = (cheap + costly) * many_through
            few *= bots_through * served
            offered[route] += (asked * honest + many) * passing + few
            if offered[route] > 0 and (few > 0 or many > 0):
                bot_share[route] = few / offered[route]
                s.hostile_share[route] = many * passing / offered[route]
                s.costly_share[route] = costly * many_through * passing / offered[route]
        return offered, bot_share

    def _block(self, s: State, i: int, load: float, bot_share: list[float]) -> float:
        """What is left of a service's load once it refuses hostile sources itself."""
        many, few = s.hostile_share[i], bot_share[i]
        kept = 1.0 - BLOCKED_OF_MANY * many - BLOCKED_OF_FEW * few
        s.turned_away[i] = load * (1.0 - kept)
        bot_share[i] = few * (1.0 - BLOCKED_OF_FEW) / kept
        s.hostile_share[i] = many * (1.0 - BLOCKED_OF_MANY) / kept
        s.costly_share[i] *= (1.0 - BLOCKED_OF_MANY) / kept
        return load * kept

    def _take_messages(self, s: State, f: Influence, i: int, arriving: float) -> float:
        """What a worker takes from its queue; the rest waits."""
        ready = max(0.0, s.instances[i] - s.away[i])
        able = ready * (1.0 - f.stolen_cpu[i]) * self._capacity[i] / f.work[i] / self._slowdown(s, i) * 0.97
        able *= 1.0 - s.pool_refused[i]
        # A worker handles one message at a time: what it calls slows it down once that is slow.
        slow = sum(w * max(0.0, s.p50[c] - 4 * self._base[c]) for c, w, _ in self._calls[i])
        able /= 1.0 + slow / (self._base[i] * 8)
        waiting = s.depth[i] + arriving * TICK_SECONDS
        taken = min(waiting / TICK_SECONDS, able)
        s.depth[i] = max(0.0, waiting - taken * TICK_SECONDS)
        s.age[i] = s.depth[i] / max(able, 0.5)
        return taken

    def _slowdown(self, s: State, i: int) -> float:
        """How much garbage collection slows a service as its memory fills."""
        memory = s.memory[i]
        if max(memory) <= _GC_STARTS_AT:
            return 1.0
        worst = 0.0
        for m in memory:
            worst += max(0.0, (m - _GC_STARTS_AT) / (_OUT_OF_MEMORY - _GC_STARTS_AT)) ** 2
        return 1.0 + 2.2 * worst / len(memory)

    def _serve(self, s: State, f: Influence, i: int) -> None:
        """What one service does with its load, once what it calls has answered."""
        self._grow_memory(s, f, i)
        slowdown = self._slowdown(s, i)
        down = sum(1 for b in s.booting[i] if b > 0) if any(s.booting[i]) else 0
        ready = max(0.0, s.instances[i] - s.away[i] - down)
        load = min(s.offered[i] - s.turned_away[i], s.limit[i])
        stall = f.stall[i]
        if self._has_volume[i]:
            volumes.fill(s, f, i, self._disk_per_tick[i])
            stall = s.io[i]
        work = f.work[i] * (1.0 + (COSTLY - 1.0) * s.costly_share[i])
        base = self._base[i] * stall * (1.0 + (work - 1.0) * 0.8)
        contention = 1.0
        if self._is_database[i]:
            active = min(s.in_use[i], s.wanted[i] - f.sessions[i])
            contention = 1.0 + 0.015 * max(0.0, active - _CONTENTION_STARTS_AT)
        thrash = 1.0 + 0.35 * min(2.0, max(0.0, s.rho[i] - 1.0))
        capacity = ready * self._capacity[i] / (work * slowdown * contention * thrash)
        if stall > 1.0:
            capacity /= 1.0 + 0.45 * (stall - 1.0)
        if f.stolen_cpu[i] > 0.0:
            capacity *= 1.0 - f.stolen_cpu[i]
        rho = load / capacity if capacity > 1e-9 else 9.0
        rho = min(rho, 9.0)
        s.rho[i] = rho * thrash if rho > 1 else rho
        bounded = min(rho, _SATURATION)
        wait = base * bounded * bounded / (1.0 - bounded) * (0.35 if s.instances[i] > 1 else 0.7)
        wait = min(wait, 4.0 * base + max(_LONGEST_WAIT_OF_BACKLOG * self._backlog[i], 300.0))
        backlog = 0.0
        if rho > 0.93 and not self._is_worker[i]:
            backlog = self._backlog[i] * min(1.0, (rho - 0.93) / 0.35)
        if ready <= 0.0:
            refused = 1.0
        elif self._is_worker[i]:
            refused = 0.0
        else:
            refused = max(0.0, 1.0 - 1.04 / rho) if rho > 1.04 else 0.0
        pause = self._base[i] * (slowdown - 1.0) * 3.0 + 260.0 * max(0.0, slowdown - 1.25)

        below50 = 0.0
        below_spread = 0.0
        below_error = 0.0
        timeout = self._timeout[i]
        hit = s.hit_ratio[self._cache[i]] * (1.0 - s.seen_error[self._cache[i]]) if self._cache[i] >= 0 else 0.0
        retries = self._retries[i]
        slow_calls: dict[int, float] = {}
        for callee, weight, gated in self._calls[i]:
            if gated:
                weight *= 1.0 - hit
            p50, p99 = s.p50[callee], s.p99[callee]
            late = share_above(p50, p99, timeout) if timeout > 0 and p99 > timeout * 0.4 else 0.0
            failing = 1.0 - (1.0 - s.seen_error[callee]) * (1.0 - s.shed[callee]) * (1.0 - late)
            s.timed_out[(i, callee)] = failing
            p50 = min(p50, timeout) if timeout > 0 else p50
            p99 = min(p99, timeout * 1.05) if timeout > 0 else p99
            tries = 1.0 + retries * min(failing, _RETRY_BUDGET)
            slow_calls[callee] = p50 * tries
            below50 += weight * p50 * tries
            spread = min(1.0, weight * 5.0) * (p99 * tries - p50)
            below_spread += spread * spread
            residual = failing * (1.0 - 0.5 * min(failing, _RETRY_BUDGET) / max(failing, 1e-9) * retries)
            below_error += (1.0 - below_error) * min(1.0, weight) * residual

        pool_wait, pool_refused = self._use_pool(s, f, i, load * (1.0 - refused), slow_calls)
        own50 = base + 0.7 * wait + backlog * 0.75 + pause * 0.6
        own99 = 2.6 * base + 4.6 * wait + backlog + pause * 4.0
        p50 = own50 + pool_wait * 0.7 + below50
        s.p50[i] = p50
        s.p99[i] = p50 + math.sqrt((own99 - own50) ** 2 + (pool_wait * 1.3) ** 2 + below_spread)
        s.refused[i] = refused
        s.pool_refused[i] = pool_refused
        failing = 1.0 - (1.0 - f.failing[i]) * (1.0 - f.denied[i]) * (1.0 - self._writes[i] * s.write_failing[i])
        if s.blocking[i] and self._callers[i] == [0]:
            failing = 1.0 - (1.0 - failing) * (1.0 - BLOCKED_BY_MISTAKE)
        own = 1.0 - (1.0 - refused) * (1.0 - pool_refused) * (1.0 - failing)
        lost = down / max(1, s.instances[i]) * 0.12
        own = min(1.0, own + lost)
        s.own_error[i] = own
        s.seen_error[i] = 1.0 - (1.0 - own) * (1.0 - below_error)
        counted = 1.0 - (1.0 - _ANSWERED * refused) * (1.0 - _ANSWERED * pool_refused) * (1.0 - failing)
        s.reported_error[i] = 1.0 - (1.0 - min(1.0, counted + lost)) * (1.0 - below_error)
        if self._hit[i] > 0:
            s.hit_ratio[i] += (self._hit[i] * (1.0 - f.hit_loss[i]) - s.hit_ratio[i]) * (TICK_SECONDS / 150.0)

    def _use_pool(
        self, s: State, f: Influence, i: int, rate: float, slow_calls: dict[int, float]
    ) -> tuple[float, float]:
        """Wait for a connection in ms, and the share of requests that never get one."""
        if not self._pooled[i]:
            return 0.0, 0.0
        size = s.pool_size[i] * f.pool_share[i]
        if self._is_database[i]:
            clients = 0.0
            for c in self._database_clients[i]:
                clients += s.in_use[c]
            wanted = clients + f.sessions[i]
            s.wanted[i] = wanted
            s.in_use[i] = min(wanted, size)
            s.pool_rho[i] = wanted / size
            return 0.0, max(0.0, 1.0 - size / wanted) if wanted > size else 0.0
        s.leaked[i] = min(size, s.leaked[i] + f.leak_connections[i] * TICK_SECONDS)
        hold = self._hold_ms[i]
        for callee, weight, gated in self._calls[i]:
            if callee in self._holds[i]:
                if gated:
                    weight *= 1.0 - s.hit_ratio[self._cache[i]]
                hold += weight * slow_calls[callee]
        busy = rate * hold / 1000.0
        free = max(0.4, size - s.leaked[i])
        rho = busy / free
        s.wanted[i] = busy + s.leaked[i]
        s.in_use[i] = min(size, busy + s.leaked[i])
        s.pool_rho[i] = (busy + s.leaked[i]) / size
        bounded = min(rho, _SATURATION)
        wait = hold * bounded**4 / (1.0 - bounded) / max(1.0, free) * 2.0
        if rho > 0.92:
            wait += _POOL_TIMEOUT_MS * min(1.0, (rho - 0.92) / 0.4)
        refused = max(0.0, 1.0 - 1.15 / rho) if rho > 1.15 else 0.0
        return min(wait, _POOL_TIMEOUT_MS), refused

    def _grow_memory(self, s: State, f: Influence, i: int) -> None:
        """Memory of each instance: resting use, load, leaks; and what happens at the end of it."""
        if self._external[i]:
            return
        leak = f.leak_memory[i] * TICK_SECONDS / 60.0
        memory, booting = s.memory[i], s.booting[i]
        kills = s.oom_kills[i] = 0
        if leak == 0.0 and max(memory) < _OUT_OF_MEMORY and not any(booting):
            return
        for k in range(len(memory)):
            if booting[k] > 0:
                booting[k] = max(0.0, booting[k] - TICK_SECONDS)
                continue
            # Instances differ a little in what they are handed, so that they do not all end at once.
            memory[k] += leak * (0.985 + 0.01 * k)
            if memory[k] >= _OUT_OF_MEMORY:
                memory[k] = self._memory[i]
                booting[k] = _BOOT_SECONDS
                kills += 1
        s.oom_kills[i] = kills

    def _feel(self, s: State) -> None:
        """What customers feel: failed and slow requests, and order events that are late, per second."""
        limits = self.company.company
        edge = 0
        failed = 0.0
        slow = 0.0
        through = (1.0 - s.shed[edge]) * (1.0 - s.own_error[edge])
        if s.blocking[edge]:
            through *= 1.0 - BLOCKED_BY_MISTAKE
        customers = s.customers
        for route, share in self._routes:
            failing = 1.0 - through * (1.0 - s.timed_out.get((edge, route), 0.0))
            failed += share * customers * failing
            p50 = s.p50[route] + s.p50[edge] * 0.1
            late = share_above(p50, max(s.p99[route], p50 * 1.1), limits.slow_after_ms)
            slow += share * customers * (1.0 - failing) * late
        waiting = 0.0
        for i in range(self.size):
            if self._consumes[i] >= 0 and s.age[i] > limits.late_after_seconds:
                waiting += s.offered[i]
        s.failed = failed
        s.slow = slow
        s.late = min(waiting, customers)
