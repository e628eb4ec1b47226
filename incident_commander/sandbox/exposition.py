"""The running practice worlds in Prometheus' text format."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ..domain.alert import PRACTICE_RUN_LABEL
from ..domain.base import RunId
from .archive import COLUMN, COLUMNS, Archive


def expose(archives: Mapping[RunId, Archive]) -> str:
    """The newest sample of every metric, labelled `service` and `practice_run`."""
    registry = CollectorRegistry()
    gauges: dict[str, Gauge] = {}
    for run, archive in archives.items():
        if archive.count == 0:
            continue
        newest = archive.rows[archive.count - 1]
        for i, spec in enumerate(archive.services):
            for metric in archive.exported[i]:
                if metric not in gauges:
                    unit = dict(COLUMNS)[metric]
                    gauges[metric] = Gauge(
                        metric, f"Simulated by the practice company, in {unit}", ["service", PRACTICE_RUN_LABEL],
                        registry=registry,
                    )  # fmt: skip
                gauges[metric].labels(spec.name, run).set(float(newest[i, COLUMN[metric]]))
    return generate_latest(registry).decode()
