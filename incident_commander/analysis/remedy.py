"""What mends a cause, in the remediation words of the field.

A guilty change is taken back in the way it came: a flag is switched off, a setting is put back, a release is rolled
back; what a migration destroyed cannot be, so there one rolls forward. A cause without a change is mended by its kind.
"""

import re

from ..domain.findings import FaultKind, Hypothesis, Remediation
from ..domain.telemetry import Change, ServiceKind

_BY_FAULT: dict[FaultKind, Remediation] = {
    "overload": "scale",
    "attack_traffic": "scale",
    "connection_pool_exhaustion": "scale",
    "disk_full": "scale",
    "memory_leak": "reschedule",
    "noisy_neighbour": "reschedule",
    "node_failure": "reschedule",
    "dependency_failure": "failover",
    "quota_exhaustion": "escalate-upstream",
    "certificate_expiry": "rotate-cert",
    "credential_compromise": "rotate-cert",
    "bad_data": "purge-bad-data",
    "bad_deploy": "rollback",
}
_STANDBY: frozenset[ServiceKind] = frozenset(("database", "cache", "queue", "storage"))
"""What has a standby to promote, rather than instances to be placed elsewhere."""
_STORE_NAME = re.compile(r"(db|database|postgres|mysql|mongo|redis|memcached|cache|kafka|rabbitmq|queue|cassandra)\b")
_ZONE = re.compile(r"availability.?zone|\b(zone|region|datacent(er|re))\b", re.IGNORECASE)
_SETTINGS = re.compile(
    r"\.(ya?ml|toml|ini|cfg|conf|properties|env|tf|tfvars|json|hcl|cnf|xml)$|(^|/)\.env[^/]*$|(^|/)(Corefile|Caddyfile)$|(^|/)(config|configs|conf)/"
)
_CODE = re.compile(r"\.(go|py|java|kt|scala|js|ts|jsx|tsx|rb|rs|c|cc|cpp|h|cs|php|ex|erl|swift|sql|proto|lua|sh)$")
_LOST = re.compile(r"^\+.*\b(drop\s+(column|table)|truncate|delete\s+from)\b", re.IGNORECASE | re.MULTILINE)


def remedy_for(
    cause: Hypothesis, change: Change | None = None, kind: ServiceKind = "unknown", *, behind_flag: bool = False
) -> Remediation | None:
    """The remediation of a cause; None where the cause is not known.

    Args:
        change: The change that the cause is laid to.
        kind: Of the service at fault.
        behind_flag: Whether a flag that was switched on decides if the change is in force.
    """
    if change is not None:
        if change.kind == "flag" or behind_flag:
            return "feature-flag-disable"
        if _LOST.search(change.detail):
            return "roll-forward"
        return "config-revert" if settings_only(change) else "rollback"
    stores = kind in _STANDBY or (kind == "unknown" and _STORE_NAME.search(cause.service.lower()) is not None)
    if cause.fault in ("node_failure", "disk_full") and stores:
        return "failover"
    if cause.fault == "node_failure" and any(e.signal == "logs" and _ZONE.search(e.what) for e in cause.evidence):
        # Nothing can be placed anew where the whole zone is out.
        return "failover"
    return _BY_FAULT.get(cause.fault)


def settings_only(change: Change) -> bool:
    """Whether a change touches configuration alone, no code."""
    if not change.files:
        return change.kind == "config"
    return all(_SETTINGS.search(path) and not _CODE.search(path) for path in change.files)
