"""How far an action towards the real world has come: what is written down before it is done and after it was."""

from typing import Literal

from .base import JsonObject, UtcDatetime, Value
from .plan import Action, Ended, Receipt

Outcome = Literal["under_way"] | Ended
"""How it ended, or that it did not yet."""


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
