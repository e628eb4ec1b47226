"""Who calls whom, as exporters of calls count it in a Prometheus."""

from collections.abc import Mapping

from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Gap, Service, ServiceKind, Topology
from ..kept import Kept
from .client import PrometheusClient, PrometheusError
from .queries import Calls, Queries, relabelled

KNOWN_SECONDS = 300.0
"""How long what was read is taken for what is: services do not begin to call each other every minute."""
MOST_CALLS = 20_000

_CALLER, _CALLEE = "ic_caller", "ic_callee"
_KINDS: Mapping[str, ServiceKind] = {"database": "database", "messaging_system": "queue"}
"""What a service graph's `connection_type` says of the callee."""


class PrometheusTopology:
    """See TopologyPort.

    Args:
        match: As of PrometheusMetrics.
    """

    def __init__(self, client: PrometheusClient, queries: Queries, match: str) -> None:
        self._client = client
        self._queries = queries
        self._match = match
        self._kept = Kept[None, Topology](KNOWN_SECONDS)

    async def topology(self) -> Topology:
        """See TopologyPort.

        Raises:
            SourceUnavailable: nobody answers, or nothing there counts calls.
        """
        return await self._kept.get(None, self._read)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self) -> Topology:
        kinds: dict[ServiceName, ServiceKind] = {}
        calls: dict[tuple[ServiceName, ServiceName], None] = {}
        gaps: list[Gap] = []
        for each in self._queries.calls:
            try:
                found = await self._client.vector(_promql(each).replace("$match", self._match))
            except PrometheusError as error:
                gaps.append(Gap(signal="topology", reason=error.reason, remedy=error.remedy))
                if error.down:
                    break
                continue
            for labels in found:
                caller, callee = ServiceName(labels.get(_CALLER, "")), ServiceName(labels.get(_CALLEE, ""))
                if caller and callee and caller != callee and len(calls) < MOST_CALLS:
                    calls[caller, callee] = None
                    kinds.setdefault(caller, "unknown")
                    kinds[callee] = _KINDS.get(labels.get("connection_type", ""), kinds.get(callee, "unknown"))
        known = {**kinds, **{ServiceName(name): facts.kind for name, facts in self._queries.services.items()}}
        if not known:
            raise SourceUnavailable(*(gaps or [self._nothing()]))
        tiers = {name: facts.tier for name, facts in self._queries.services.items()}
        return Topology(
            services=tuple(Service(name=name, kind=kind, tier=tiers.get(name, 2)) for name, kind in known.items()),
            calls=tuple(calls),
            gaps=tuple(gaps) if calls else (*gaps, self._nothing()),
            source=self._client.name,
        )

    def _nothing(self) -> Gap:
        return Gap(
            signal="topology",
            reason=f"nothing in {self._client.name} counts who calls whom",
            remedy="let it scrape a service graph (OpenTelemetry's connector, Istio), or add [[calls]] to "
            "IC_PROMETHEUS_QUERIES",
        )


def _promql(calls: Calls) -> str:
    renamed = relabelled(relabelled(calls.expr, _CALLER, calls.caller), _CALLEE, calls.callee)
    return f"count by ({_CALLER}, {_CALLEE}, connection_type) ({renamed})"
