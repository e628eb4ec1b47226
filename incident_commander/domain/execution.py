"""How far an action towards the real world has come: what is written down before it is done and after it was."""

from typing import Literal

from .base import JsonObject, UtcDatetime, Value
from .plan import Action, Receipt

Outcome = Literal["under_way", "applied", "dry_run", "half_done", "unknown"]
"""How it ended: `half_done` was begun and did not come to its end, `unknown` may or may not have been done at all."""


class Execution(Value):
    """One action under one idempotency key.

    Attributes:
        resource: What it is done to, as the resources' file identifies it.
        undoes: The key of the action that this one takes back; None for one that takes nothing back.
        start: The resource before, as its operation reads it.
        goal: What it is to become, as its operation writes it.
        receipt: None while it is under way.
    """

    key: str
    action: Action
    resource: str
    undoes: str | None
    begun_at: UtcDatetime
    start: JsonObject
    goal: JsonObject
    outcome: Outcome
    receipt: Receipt | None
