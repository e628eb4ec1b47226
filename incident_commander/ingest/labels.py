"""What an alert's labels say: which condition it is, which service it speaks of, how severe it is."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field

from ..domain.alert import SEVERITIES, Severity
from ..domain.base import Fingerprint, ServiceName, Value, canonical_json

_FILE = Path(__file__).with_name("labels.toml")
_FINGERPRINT_DIGITS = 32
_BALANCER = re.compile(r"(?:app|net|gwy|targetgroup)/([^/]+)/[0-9a-f]{8,}")
UNSTATED: Severity = "medium"
"""The severity of an alert whose labels say none that is known."""


class LabelReading(Value):
    """Which labels mean what; `labels.toml`.

    Attributes:
        service: Labels that name the service, the first present one wins.
        severity: Labels that say how severe, the first with a known value wins.
        severities: The values that mean each severity.
    """

    service: tuple[str, ...] = Field(min_length=1)
    severity: tuple[str, ...] = Field(min_length=1)
    severities: dict[Severity, tuple[str, ...]]


@cache
def label_reading() -> LabelReading:
    """The shipped reading, validated."""
    return LabelReading.model_validate(tomllib.loads(_FILE.read_text("utf-8")))


def fingerprint(labels: Mapping[str, str]) -> Fingerprint:
    """SHA-256, in 32 hex digits, of the labels' canonical JSON: equal labels, equal fingerprint, through every door."""
    return Fingerprint(hashlib.sha256(canonical_json(dict(labels))).hexdigest()[:_FINGERPRINT_DIGITS])


def service(labels: Mapping[str, str]) -> ServiceName | None:
    """The service the labels name; a load balancer or target group of AWS by its own name, as telemetry calls it."""
    lowered = {name.lower(): value.strip() for name, value in labels.items()}
    named = next((lowered[name] for name in label_reading().service if lowered.get(name)), "")
    balancer = _BALANCER.fullmatch(named)
    return ServiceName(balancer[1] if balancer else named) if named else None


def severity(labels: Mapping[str, str]) -> Severity:
    """How severe the labels say it is, UNSTATED where they do not."""
    return stated_severity(labels) or UNSTATED


def stated_severity(labels: Mapping[str, str]) -> Severity | None:
    """How severe the labels say it is; None where they do not say, or in words that are not known."""
    lowered = {name.lower(): value.strip().lower() for name, value in labels.items()}
    reading = label_reading()
    for name in reading.severity:
        for level in SEVERITIES:
            if lowered.get(name) in reading.severities.get(level, ()):
                return level
    return None
