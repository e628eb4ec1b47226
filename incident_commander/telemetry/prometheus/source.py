"""A Prometheus as a telemetry source: its ports, and how it is."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from ...domain.alert import PRACTICE_RUN_LABEL
from ...domain.breaker import Breaker
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Incomplete, MetricSeries, Topology, Window
from ..source import LastSeen, SourceMisconfigured, SourceState
from .client import PrometheusClient, PrometheusError
from .metrics import PrometheusMetrics
from .queries import load_queries
from .topology import PrometheusTopology

REQUEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class PrometheusAt:
    """Where a Prometheus is, and how to ask it.

    Attributes:
        token: A bearer token; basic_auth: `user:password`; headers: whatever else it asks for, such as a tenant.
        match: Matchers for every selector, such as `cluster="prod"`.
        queries: A file of queries of one's own.
        run: The practice run whose metrics to read; empty: what is of none.
    """

    url: str
    token: str = ""
    basic_auth: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    match: str = ""
    queries: Path | None = None
    run: str = ""


class PrometheusSource:
    """See MetricsPort, TopologyPort and Source. Touches no network before it is asked.

    Args:
        seconds: How long one request may take.
        breaker: What keeps a server that is down from being asked; None: one of its own.

    Raises:
        SourceMisconfigured: a setting or the file of queries is wrong.
    """

    def __init__(self, at: PrometheusAt, seconds: float = REQUEST_SECONDS, breaker: Breaker | None = None) -> None:
        place = urlsplit(at.url)
        if place.scheme not in ("http", "https") or not place.hostname or place.query or place.fragment:
            raise SourceMisconfigured(
                f"IC_PROMETHEUS_URL is {at.url!r}; give the address of a Prometheus, such as http://127.0.0.1:9090"
            )
        if place.username is not None:
            raise SourceMisconfigured("IC_PROMETHEUS_URL holds a user; put user:password into IC_PROMETHEUS_BASIC_AUTH")
        if at.token and at.basic_auth:
            raise SourceMisconfigured("IC_PROMETHEUS_TOKEN and IC_PROMETHEUS_BASIC_AUTH are both set; keep one")
        user, colon, password = at.basic_auth.partition(":")
        if at.basic_auth and not colon:
            raise SourceMisconfigured("IC_PROMETHEUS_BASIC_AUTH is not user:password")
        headers = dict(at.headers) | ({"Authorization": f"Bearer {at.token}"} if at.token else {})
        queries = load_queries(at.queries)
        world = f"{PRACTICE_RUN_LABEL}={json.dumps(at.run)}" + (f",{at.match}" if at.match else "")
        self._http = httpx.AsyncClient(headers=headers, auth=(user, password) if at.basic_auth else None, timeout=None)
        self._client = PrometheusClient(at.url, self._http, seconds, breaker)
        self._metrics = PrometheusMetrics(self._client, queries, world)
        self._topology = PrometheusTopology(self._client, queries, world)
        self._last = LastSeen(self._client.name)

    async def metrics(self, window: Window) -> tuple[MetricSeries, ...]:
        """See MetricsPort."""
        try:
            found = await self._metrics.metrics(window)
        except SourceUnavailable as error:
            self._last.note("down", f"{error.gap.reason}; {error.gap.remedy}")
            raise
        if isinstance(found, Incomplete):
            self._last.note("degraded", f"{found.gaps[0].reason}; {found.gaps[0].remedy}")
        else:
            self._last.note("ok", f"{len(found)} series read")
        return found

    async def topology(self) -> Topology:
        """See TopologyPort."""
        return await self._topology.topology()

    def seen(self) -> SourceState:
        """See Source."""
        return self._last.state

    async def check(self) -> SourceState:
        """See Source."""
        try:
            there, every, interval = await self._metrics.found()
        except PrometheusError as error:
            return self._last.note("down", f"{error.reason}; {error.remedy}")
        if not there:
            return self._last.note(
                "degraded",
                f"it has none of the {every} metrics that are looked for; add yours by IC_PROMETHEUS_QUERIES",
            )
        return self._last.note("ok", f"it has {there} of the {every} metrics looked for, scraped every {interval:g} s")

    async def close(self) -> None:
        """See Source."""
        self._metrics.close()
        self._topology.close()
        await self._http.aclose()
