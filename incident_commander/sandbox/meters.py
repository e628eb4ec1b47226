"""What exporters measure of a state, a little wrong: one row of the archive."""

import numpy as np

from ..domain.telemetry import FloatArray
from .archive import COLUMN, WIDTH
from .state import Influence, State
from .topology import Company

NOISES = 14
"""How many independent errors of measurement a service has in a scrape."""
_NEW_OF_HOSTILE, _NEW_OF_BUSY = 0.93, 0.3
_BUSIEST_OF_HOSTILE, _BUSIEST_OF_BUSY = 0.02, 0.97
_CLIENT_ERRORS_OF_HOSTILE = 0.25


class Meters:
    """The exporters of a company. Holds no state of its own."""

    def __init__(self, company: Company) -> None:
        specs = company.services
        self._company = company
        self._queues = [company.index[s.consumes] if s.consumes is not None else -1 for s in specs]
        self._io_ms = np.array([s.io_ms for s in specs])
        self._writes = np.array([s.write_share for s in specs])
        self._response_bytes = np.array([1000 * (s.response_kb or 0.0) for s in specs])

    def read(self, state: State, influence: Influence, kills: list[float], noise: FloatArray) -> FloatArray:
        """Every column of every service.

        Args:
            kills: Instances that ran out of memory since the scrape before.
            noise: float64[n_services, NOISES]: relative errors.

        Returns:
            float64[n_services, WIDTH].
        """
        n = len(self._company.services)
        row = np.zeros((n, WIDTH))
        rho = np.array(state.rho)
        background = 0.0006 * np.exp(noise[:, 4] * 12)
        row[:, 0] = np.array(state.offered) * (1 + noise[:, 0])
        row[:, 1] = np.clip(np.array(state.reported_error) * (1 + noise[:, 1]) + background, 0, 1)
        row[:, 2] = np.array(state.p50) * (1 + noise[:, 2])
        row[:, 3] = np.array(state.p99) * (1 + 1.6 * noise[:, 3])
        stolen = np.array(influence.stolen_cpu)
        row[:, 4] = np.clip(100 * (stolen + (1 - stolen) * rho * 0.92) * (1 + noise[:, 4]) + 3, 0, 99.9)
        memory = np.array([max(m) for m in state.memory])
        row[:, 5] = np.clip(memory + 7 * np.minimum(rho, 1.0) + 8 * noise[:, 5], 0, 99.5)
        row[:, 6] = [k - sum(1 for b in state.booting[i] if b > 0) for i, k in enumerate(state.instances)]
        row[:, 7] = np.clip(100 * np.minimum(np.array(state.pool_rho), 1.0) * (1 + noise[:, 6]), 0, 100)
        row[:, 8] = np.minimum(np.round(np.array(state.in_use) * (1 + noise[:, 6])), state.pool_size)
        row[:, 9] = np.clip(np.array(state.disk) + noise[:, 7], 0, 100)
        for i, queue in enumerate(self._queues):
            if queue >= 0:
                row[queue, 10] += state.depth[i]
                row[queue, 11] = max(row[queue, 11], state.age[i])
        row[:, 10] = np.round(row[:, 10])
        row[:, 11] += 0.4
        row[:, 12] = np.clip(np.array(state.hit_ratio) * (1 + 0.3 * noise[:, 7]), 0, 1)
        self._read_edge(row, state, noise)
        self._read_stores(row, state, noise)
        self._read_identities(row, state, noise)
        for name, values in (
            ("refused", state.refused), ("pool_refused", state.pool_refused), ("oom_kills", kills),
            ("shed", state.shed), ("pool_size", state.pool_size), ("turned_away", state.turned_away),
            ("logs_growth", influence.fill_logs), ("spool_growth", influence.fill_spool),
            ("intruder_reads", influence.intruder_reads), ("export_reads", influence.export_reads),
            ("stolen_cpu", influence.stolen_cpu), ("denied", influence.denied), ("probes", influence.probes),
            ("pentest", influence.pentest),
        ):  # fmt: skip
            row[:, COLUMN[name]] = values
        return row

    def _read_edge(self, row: FloatArray, state: State, noise: FloatArray) -> None:
        """Who asks: the edge tells addresses apart, not intentions. What a block list refuses, it never sees."""
        of = self._company.company
        edge = 0
        total = max(state.offered[edge], 1e-9)
        bots, hostile = state.bots, state.hostile
        people = max(0.0, total - bots - hostile)
        new = (of.new_sources * people + _NEW_OF_HOSTILE * hostile + _NEW_OF_BUSY * bots) / total
        busiest = (of.busiest_sources * people + _BUSIEST_OF_HOSTILE * hostile + _BUSIEST_OF_BUSY * bots) / total
        refused = of.client_errors * people + state.shed[edge] * total + _CLIENT_ERRORS_OF_HOSTILE * hostile
        row[edge, COLUMN["new_source_ratio"]] = min(1.0, new * (1 + 2 * noise[edge, 8]))
        row[edge, COLUMN["top_sources_ratio"]] = min(1.0, busiest * (1 + 2 * noise[edge, 9]))
        row[edge, COLUMN["checkout_ratio"]] = min(1.0, state.converting / total * (1 + noise[edge, 10]))
        row[edge, COLUMN["client_error_ratio"]] = min(1.0, refused / total * (1 + noise[edge, 11]))
        row[edge, COLUMN["hostile_rate"]] = hostile
        row[edge, COLUMN["bot_rate"]] = bots
        for i in range(1, len(row)):
            row[i, COLUMN["hostile_rate"]] = state.offered[i] * state.hostile_share[i]

    def _read_stores(self, row: FloatArray, state: State, noise: FloatArray) -> None:
        bulk = np.array(state.bulk)
        ordinary = np.maximum(0.0, np.array(state.offered) - bulk) * self._response_bytes
        sent = ordinary + bulk * 1000 * self._company.company.bulk_read_kb
        row[:, COLUMN["egress_bytes_per_second"]] = sent * (1 + noise[:, 12])
        io = np.array(state.io) * (1 + 0.6 * np.minimum(np.array(state.rho), 1.0))
        row[:, COLUMN["io_latency_ms"]] = self._io_ms * io * (1 + noise[:, 8])
        failing = self._writes * np.array(state.write_failing) * np.array(state.offered)
        row[:, COLUMN["write_error_rate"]] = failing * (1 + noise[:, 9])

    def _read_identities(self, row: FloatArray, state: State, noise: FloatArray) -> None:
        row[:, COLUMN["identity_call_rate"]] = np.array(state.identity_calls) * (1 + noise[:, 13])
        ordinary = 0.04 * np.exp(noise[:, 10] * 12)
        row[:, COLUMN["auth_failure_rate"]] = np.array(state.denials) * (1 + noise[:, 11]) + ordinary
