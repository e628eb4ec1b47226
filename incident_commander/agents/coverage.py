"""How much of the company could be read, for who found nothing: what was not read cannot be said to be well."""

from ..domain.telemetry import Observations


def coverage(observations: Observations) -> float:
    """The share of the known services that have a metric in the window, in [0, 1]; 0 where no service is known."""
    read = {series.service for series in observations.metrics if series.values.size}
    known = read | {service.name for service in observations.topology.services}
    return len(read) / len(known) if known else 0.0
