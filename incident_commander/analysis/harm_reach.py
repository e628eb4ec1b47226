"""Who is harmed beside the service where it starts."""

import re

from ..domain.base import ServiceName
from ..domain.telemetry import Observations
from .anomaly import deviations_in
from .call_graph import CallGraph, mentioned
from .log_patterns import Pattern
from .metric_kinds import NO_TROUBLE

_PLATFORM = re.compile(
    r"^(kubelet|kube-[\w-]+|node-controller|cluster-autoscaler|coredns|etcd|karpenter|scheduler|systemd|kernel|"
    r"chronyd|ntpd|[\w-]+-events|replicaset-controller|deployment-controller|event-exporter|cloudwatch|monitoring|alertmanager|prometheus)$"
)
_CLEAR = 0.3
_SLACK_SECONDS = 60.0


def is_machine(service: ServiceName, observations: Observations) -> bool:
    """Whether a name is that of a machine or of the platform under the services, not of what is deployed itself."""
    if any(change.kind == "deploy" and change.service == service for change in observations.changes):
        return False
    metrics = [series.metric.lower() for series in observations.metrics if series.service == service]
    return bool(_PLATFORM.match(service)) or (bool(metrics) and all(name.startswith("node_") for name in metrics))


def harmed(
    origin: ServiceName,
    since: float,
    observations: Observations,
    patterns: tuple[Pattern, ...],
    graph: CallGraph,
) -> tuple[ServiceName, ...]:
    """The services that show harm of their own since a time (seconds since the epoch), nearest to the origin first.

    By a metric that left its course, by lines that complain of another service, or by failed calls.
    """
    names = {s.service for s in observations.metrics} | {log.service for log in observations.logs}
    found: set[ServiceName] = set()
    for deviation in deviations_in(observations.metrics):
        busy = deviation.meaning.kind == "saturation" and deviation.capacity is None
        harmful = deviation.harmful and deviation.meaning.kind not in NO_TROUBLE
        if busy and deviation.meaning.resource in ("cpu", "memory"):
            continue
        if harmful and deviation.score >= _CLEAR and deviation.onset >= since - _SLACK_SECONDS:
            found.add(deviation.series.service)
    for pattern in patterns:
        if any(name != pattern.service for name in mentioned(pattern.example, names)):
            found.add(pattern.service)
    for summary in observations.log_summaries:
        others = any(name != summary.service for name in mentioned(summary.template, names))
        if others and summary.bad and summary.count >= 3 * max(1, summary.usual):
            found.add(summary.service)
    found |= {span.service for span in observations.traces if span.error and span.start.timestamp() >= since}
    near = {name: hops for hops, name in enumerate((*graph.dependents(origin), *graph.dependencies(origin)))}
    suffering = {name for name in found if name != origin and not is_machine(name, observations)}
    return tuple(sorted(suffering, key=lambda name: (near.get(name, len(near)), name)))
