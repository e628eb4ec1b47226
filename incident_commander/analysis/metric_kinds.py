"""What a metric measures, read from the words of its name and its unit.

The four golden signals (Beyer et al., *Site Reliability Engineering*, 2016, ch. 6) plus availability, cache and limits.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

MetricKind = Literal[
    "latency", "errors", "traffic", "saturation", "availability", "cache", "limit", "io",
    "clients", "conversion", "refusals", "denials", "identity", "egress", "other",
]  # fmt: skip
"""The golden signals; availability, cache, limits and how long a volume takes (`io`); and what tells who asks and why.

`clients`: the share of requests from unknown or from few sources. `conversion`: the share of requests that are
business. `refusals`: answers that blame the client (4xx, blocked, challenged). `denials`: calls under an identity that
were denied. `identity`: calls under an identity. `egress`: bytes sent.
"""
Resource = Literal["cpu", "memory", "pool", "disk", "queue", "none"]
Harm = Literal["up", "down", "either"]

NO_TROUBLE: frozenset[MetricKind] = frozenset(
    ("traffic", "clients", "conversion", "refusals", "denials", "identity", "egress", "other")
)
"""Kinds that say why something happens: a service is not in trouble for metrics of these kinds alone."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LATENCY = _words("latency duration elapsed response wait p50 p75 p90 p95 p99 p999 time rtt")
_ERRORS = _words(
    "error errors err 5xx 4xx fail failed failure failures fault faults exception exceptions panic "
    "panics oom killed rejected rejects timeout timeouts drops dropped restarts restart crash "
    "crashes aborted denied servfail nxdomain throttles unhealthy unavailable"
)
_TRAFFIC = _words(
    "request requests rps qps tps throughput queries invocations calls hits messages visitors lps sent received"
)
_RESOURCES: tuple[tuple[Resource, frozenset[str]], ...] = (
    ("queue", _words("queue queued backlog lag depth buffer buffered pending age visible unacked")),
    ("cpu", _words("cpu throttled throttling load cores")),
    ("pool", _words("pool connection connections conn conns threads sessions workers fds handles concurrent")),
    ("memory", _words("memory mem heap rss swap gc resident")),
    ("disk", _words("disk storage volume filesystem inode inodes iops fs space")),
)
_AVAILABILITY = _words("availability available healthy up ready instances replicas uptime alive nodes")
_CACHE = _words("hit hits")
_LIMIT = _words("limit max quota maximum desired")
_LEFT = _words("free freeable available remaining left headroom unused credit credits balance budget")
_SPENT, _THROTTLED = _words("credit credits balance budget"), _words("throttle throttled")
_SUCCESS = _words("success successes successful succeeded")
_DENIED = _words("denied denials unauthorized unauthorised forbidden accessdenied")
_AUTH = _words("auth authentication authorization authorisation login logins signin token")
_REFUSED = _words("4xx blocked challenged captcha challenges")
_SOURCES = _words("source sources ip ips addresses bot bots")
_BUSINESS = _words("conversion checkout checkouts purchase purchases")
_IDENTITY = _words("identity identities principal credential credentials")
_SENT = _words("out outbound sent transmit transmitted tx")
_VOLUME = _words("io disk volume read write storage fs filesystem")
_BUSY, _FILLED = _words("io busy iowait"), _words("used usage full space free inode inodes")
_PERCENT_UNITS = frozenset(("percent", "%", "pct"))
_SHARE = _words("utilization utilisation percent pct ratio percentage")
_RATE_UNITS = frozenset(("per_second", "per_minute", "1/s", "count/second"))
_TIME_UNITS = {"ms": 1.0, "milliseconds": 1.0, "s": 1e3, "seconds": 1e3, "us": 1e-3, "microseconds": 1e-3}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric stands for.

    Attributes:
        resource: The resource a saturation (or limit) metric speaks of, else `none`.
        harm: The direction that is bad; `either` where both may be.
        share: The value is a part of a whole (utilisation, ratio, percent), so that it has a natural end.
    """

    kind: MetricKind
    resource: Resource
    harm: Harm
    share: bool

    def capacity(self, unit: str, largest: float) -> float | None:
        """The value at which the whole is used up, in the metric's unit; None where it has no natural end.

        Args:
            largest: The largest value seen; it tells a share out of 1 from one out of 100 where the unit does not say.
        """
        if not self.share:
            return None
        if unit.lower() in _PERCENT_UNITS:
            return 100.0
        if unit.lower() == "ratio":
            return 1.0
        return 1.0 if largest <= 1.5 else 100.0


@lru_cache(maxsize=4096)
def meaning_of(metric: str, unit: str = "") -> Meaning:
    """Classify a metric by name and unit; `other` (harm in either direction) where no word is known."""
    # CamelCase as well as snake_case: CloudWatch says CPUUtilization where Prometheus says cpu_utilization.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", metric)
    words = tuple(word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word)
    known = frozenset(words)
    unit_name = unit.lower()
    share = unit_name in _PERCENT_UNITS or unit_name == "ratio" or (not unit_name and bool(known & _SHARE))
    resource: Resource = next((name for name, vocabulary in _RESOURCES if known & vocabulary), "none")

    if "cache" in known and known & _CACHE and "miss" not in known:
        return Meaning("cache", "none", "down", share)
    if known & _LEFT and (resource != "none" or known & _SPENT):
        return Meaning("other" if resource == "none" else "limit", resource, "down", False)
    if known & _LIMIT and resource != "none":
        return Meaning("limit", resource, "down", False)
    if known & _SUCCESS and (share or "rate" in known):
        return Meaning("availability", "none", "down", share)
    if {"un", "healthy"} <= known or (known & _THROTTLED and known & _TRAFFIC):
        return Meaning("errors", "none", "up", share)
    if known & _DENIED or (known & _AUTH and known & _ERRORS):
        return Meaning("denials", "none", "up", share)
    if known & _REFUSED or (known & {"client", "clients"} and known & _ERRORS):
        return Meaning("refusals", "none", "up", share)
    if known & _ERRORS:
        return Meaning("errors", "disk" if known & _VOLUME else resource, "up", share)
    if "egress" in known or (known & {"bytes", "network"} and known & _SENT):
        return Meaning("egress", "none", "up", False)
    if known & _IDENTITY and (known & _TRAFFIC or unit_name in _RATE_UNITS):
        return Meaning("identity", "none", "up", False)
    if share and known & _SOURCES:
        return Meaning("clients", "none", "up", True)
    if share and known & _BUSINESS:
        return Meaning("conversion", "none", "down", True)
    if known & _VOLUME and "latency" in known:
        return Meaning("io", "disk", "up", False)
    if "age" in known or (resource == "queue" and unit_name not in _RATE_UNITS):
        return Meaning("saturation", "queue", "up", share)
    if "wait" in known and resource == "pool":
        return Meaning("saturation", "pool", "up", False)
    if resource == "disk" and share and known & _BUSY and not known & _FILLED:
        # A disk that is busy is no full one: it is what a processor is to reads and writes.
        return Meaning("saturation", "cpu", "up", share)
    if resource == "cpu" or (resource in ("memory", "pool", "disk") and not known & _LATENCY):
        return Meaning("saturation", resource, "up", share)
    if known & _LATENCY or unit_name in _TIME_UNITS:
        return Meaning("latency", "none", "up", False)
    if known & _AVAILABILITY and not known & _TRAFFIC:
        return Meaning("availability", "none", "down", False)
    if known & _TRAFFIC or unit_name in _RATE_UNITS or {"per", "second"} <= known or {"per", "sec"} <= known:
        return Meaning("traffic", "none", "either", False)
    return Meaning("other", "none", "either", False)


def milliseconds(value: float, unit: str) -> float | None:
    """`value` in milliseconds, or None where `unit` is not a unit of time."""
    factor = _TIME_UNITS.get(unit.lower())
    return None if factor is None else value * factor
