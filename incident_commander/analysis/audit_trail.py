"""Audit lines, whoever writes them: under which identity, from where, which call, and whether it was denied.

Read from `key=value` pairs, from JSON and from a record's attributes by the names that audit logs use for them
(CloudTrail's, Kubernetes', PostgreSQL's and those that are common elsewhere).
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.telemetry import LogRecord, Observations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IDENTITY = _names("identity arn principal principalid username user actor subject role assumedrole serviceaccount")
_SOURCE = _names(
    "source sourceip sourceipaddress sourceips src srcip clientip client_ip ip remote_addr remoteaddr host"
)
_CALL = _names("call eventname action operation op verb api method command statement")
_OUTCOME = _names("errorcode outcome result decision status")
_DENIED = ("denied", "unauthorized", "unauthorised", "forbidden", "not authorized")
_PAIR = re.compile(r"""(?:"([A-Za-z_][\w.]*)"\s*:|\b([A-Za-z_][\w.]*)=)\s*[\["']*([^\s"',{}\]]+)""")
_ADDRESS = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|(?<![\w:])[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){2,7}"
)
_OWN_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7",
        "fe80::/10", "::1/128",
    )
)  # fmt: skip
_PREFIX = {4: 24, 6: 48}


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One call as an audit log tells it; `at` in seconds since the epoch, `where` the service whose log it is."""

    at: float
    where: ServiceName
    identity: str
    source: str
    call: str
    denied: bool

    @property
    def network(self) -> str:
        """The network that it came from (/24, or /48 of IPv6); empty where the source is no address."""
        try:
            address = ipaddress.ip_address(self.source)
        except ValueError:
            return ""
        return str(ipaddress.ip_network((address, _PREFIX[address.version]), strict=False))

    @property
    def outside(self) -> bool:
        """Whether it came from no private network; a source that is no address counts as inside."""
        try:
            address = ipaddress.ip_address(self.source)
        except ValueError:
            return False
        return not any(address in network for network in _OWN_NETWORKS)


def strange_calls(observations: Observations) -> tuple[AuditLine, ...]:
    """Calls from outside, from a network that the same identity did not come from in the first half of the window."""
    outside = [line for line in audit_lines(observations.logs) if line.outside]
    half = observations.window.start.timestamp() + observations.window.seconds / 2
    usual = {(line.identity, line.network) for line in outside if line.at < half}
    return tuple(line for line in outside if (line.identity, line.network) not in usual)


def audit_lines(logs: tuple[LogRecord, ...]) -> Iterator[AuditLine]:
    """Every line that names an identity, a source and a call."""
    for record in logs:
        if not _ADDRESS.search(record.message) and not any(key.lower() in _SOURCE for key, _ in record.attributes):
            continue
        fields: dict[str, str] = {}
        pairs = [(quoted or bare, value) for quoted, bare, value in _PAIR.findall(record.message)]
        for key, value in (*pairs, *record.attributes):
            fields.setdefault(key.rsplit(".", 1)[-1].lower(), value)
        identity, source, call = (_first(fields, names) for names in (_IDENTITY, _SOURCE, _CALL))
        if identity and source and call:
            told = f"{record.message} {_first(fields, _OUTCOME)}".lower()
            yield AuditLine(
                at=record.at.timestamp(),
                where=record.service,
                identity=identity,
                source=_bare(source),
                call=call,
                denied=any(word in told for word in _DENIED),
            )


def owner_of(identity: str, names: frozenset[ServiceName]) -> ServiceName | None:
    """The service that an identity belongs to, by name: `svc-orders`, `role/orders`, `orders-sa`; else None."""
    bare = bare_names(identity)
    return next((name for name in sorted(names, key=len, reverse=True) if name in bare), None)


def bare_names(identity: str) -> frozenset[str]:
    """The names in an identity without what marks them as an account: `assumed-role/orders-role/i-0a1` has `orders`."""
    parts = frozenset(re.split(r"[/:@]", identity))
    return frozenset(re.sub(r"^(svc|sa|role|app)[-_]|[-_](svc|sa|role|app)$", "", part) for part in parts)


def _first(fields: dict[str, str], names: frozenset[str]) -> str:
    return next((value for key, value in fields.items() if key in names), "")


def _bare(source: str) -> str:
    """An address without its port."""
    return source.rsplit(":", 1)[0] if source.count(":") == 1 else source
