"""Faults put into PetShop's recordings without issues, at services all over the graph, are found there.

The issues given are all of one service. Here five rows of normal times get a fault at a service drawn at random: added
seconds, or calls that fail, passed up to the callers in proportion to their requests, each edge passing half to a tenth
more than all of it. All the other rows are the reference.
"""

from collections.abc import Iterator

import numpy as np
import pytest

from incident_commander.analysis.blame import reached_from
from incident_commander.analysis.service_views import resources_of
from incident_commander.bench.petshop import TargetMetric, locate
from incident_commander.bench.petshop_data import MetricTable, PetShopScenario, Target, read_petshop
from incident_commander.domain.telemetry import FloatArray

from ..running import REPOSITORY

GIVEN = REPOSITORY.parent / "shared" / "data" / "petshop"
DOOR, ROWS, TRIES = "PetSite", 5, 150
STATISTICS = ("Average", "p50", "p90", "p95", "p99")
LONGEST_SECONDS = 30.0
"""No call waits longer."""

pytestmark = pytest.mark.skipif(not GIVEN.is_dir(), reason="needs PetShop's recordings in ../shared/data/petshop")


class Injected:
    """One fault at a time in a scenario's normal times."""

    def __init__(self, scenario: PetShopScenario, seed: int) -> None:
        self.scenario, self.random = scenario, np.random.default_rng(seed)
        self.reached = reached_from(scenario.calls, DOOR)
        self.nodes = [node for node in self.reached if np.isfinite(self._of(scenario.normal, node)).mean() > 0.6]

    def tries(self, metric: TargetMetric) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each fault's service, or the resource it is a view of, with those that are named, most suspicious first."""
        normal, columns = self.scenario.normal, self.scenario.normal.columns
        resources = resources_of({*self.scenario.calls, *self.reached})
        for _ in range(TRIES):
            node, at = str(self.random.choice(self.nodes)), int(self.random.integers(60, normal.timestamps.size - ROWS))
            values = normal.values[at : at + ROWS].copy()
            window = MetricTable(normal.timestamps[at : at + ROWS], columns, values)
            added = self._passed_up(node, window)
            if DOOR not in added or not self._harm(metric, window, added):
                continue
            rest = np.delete(np.arange(normal.timestamps.size), slice(at, at + ROWS))
            reference = MetricTable(normal.timestamps[rest], columns, normal.values[rest])
            found = locate(self.scenario, Target(node=DOOR, metric=metric, agg="Average"), reference, window, "")
            yield resources.get(node, node), tuple(suspect.node for suspect in found.suspects)

    def _of(self, table: MetricTable, node: str, metric: str = "latency", statistic: str = "Average") -> FloatArray:
        column = table.columns.get((node, metric, statistic))
        return np.full(table.timestamps.size, np.nan) if column is None else table.values[:, column]

    def _asked(self, window: MetricTable, node: str) -> FloatArray:
        return np.nan_to_num(self._of(window, node, "requests", "Sum"))

    def _passed_up(self, node: str, window: MetricTable) -> dict[str, FloatArray]:
        """Harm by service, in units of that of one call at the node."""
        begins = int(self.random.integers(0, 3))
        own = self._asked(window, node) * self.random.uniform(0.7, 1.3, ROWS)
        own[:begins] = 0.0
        added, layer = {node: own}, [node]
        while layer and own.sum() >= 5.0:
            further: list[str] = []
            for each in layer:
                callers = [c for c in self.reached if each in self.scenario.calls.get(c, ()) and c not in added]
                weights = np.array([max(1.0, self._asked(window, caller).sum()) for caller in callers])
                for caller, share in zip(callers, weights / weights.sum() if callers else (), strict=True):
                    added[caller] = added[each] * share * self.random.uniform(0.5, 1.1)
                    further.append(caller)
            layer = further
        return added

    def _harm(self, metric: TargetMetric, window: MetricTable, added: dict[str, FloatArray]) -> bool:
        """Put the harm into the window; False where it could not be so, or nobody would notice."""
        most = float((added[DOOR] / np.maximum(self._asked(window, DOOR), 1.0)).max())
        if metric == "latency":
            usual = float(np.nanmedian(self._of(self.scenario.normal, DOOR)))
            size = self.random.uniform(0.3, 3.0) * usual / max(most, 1e-12)
        else:
            size = self.random.uniform(0.2, 1.0)
        if (size > LONGEST_SECONDS) if metric == "latency" else (size * most < 0.01):
            return False
        for node, units in added.items():
            share = size * units / np.maximum(self._asked(window, node), 1.0)
            for statistic in STATISTICS if metric == "latency" else ("Average",):
                column = window.columns.get((node, metric, statistic))
                if column is not None and metric == "latency":
                    window.values[:, column] += share
                elif column is not None:
                    window.values[:, column] *= 1.0 - np.minimum(1.0, share)
        return True


@pytest.mark.parametrize("metric", ["latency", "availability"])
def test_a_fault_anywhere_is_found_where_it_is(metric: TargetMetric) -> None:
    tried = [
        each for n, scenario in enumerate(read_petshop(GIVEN).scenarios) for each in Injected(scenario, n).tries(metric)
    ]
    first = np.mean([named[:1] == (node,) for node, named in tried])
    among = np.mean([node in named[:3] for node, named in tried])
    print(f"{len(tried)} faults at {len({n for n, _ in tried})} services: top-1 {first:.3f}, top-3 {among:.3f}")
    assert len(tried) >= 50
    assert first > 0.8
    assert among > 0.95
