"""A change as a door took it in: what was changed, and which delivery of which sender said so."""

from typing import Literal

from pydantic import Field

from .base import UtcDatetime, Value
from .telemetry import Change

ChangeSource = Literal["eventbridge", "pagerduty", "generic"]


class ReportedChange(Value):
    """A change that somebody reported to us.

    Attributes:
        source: The door it came in by.
        key: The sender's own id of what it reported, or a digest of it where it has none: source, account and key
            together are its identity, so that a delivery that comes twice is one change.
        account: The AWS account, or what else keeps two senders' ids apart; empty where there is only one.
        received_at: When it reached us first (wall clock).
    """

    change: Change
    source: ChangeSource
    key: str = Field(min_length=1, max_length=512)
    account: str = Field(default="", max_length=128)
    region: str = Field(default="", max_length=128)
    received_at: UtcDatetime
