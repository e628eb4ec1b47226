"""The kill switch: one named value of the store, read at every passage of the gate, so that it holds in every worker.

Whoever may write the database may throw it; the pages and routes ask for the operator token before they do.
"""

from datetime import datetime

from pydantic import ValidationError

from ..domain.event import INSTALLATION, NewEvent
from ..domain.operator import KillSwitch
from ..store import Unit

_NAME = "kill-switch"


async def kill_switch(unit: Unit) -> KillSwitch:
    """How it stands. Where what is stored cannot be read it is on: unknown means no."""
    try:
        stored = await unit.values.get(_NAME)
        return KillSwitch(on=False, by="", reason="", at=None) if stored is None else KillSwitch.model_validate(stored)
    except ValidationError:
        reason = "what is stored of it cannot be read; throw it again, on or off"
        return KillSwitch(on=True, by="the store", reason=reason, at=None)


async def throw_kill_switch(unit: Unit, on: bool, by: str, reason: str, now: datetime) -> KillSwitch:
    """Turn it on or off, with who and why in the ledger. Where it stands so already, that stays as it was said first.

    Raises:
        ValueError: nobody is named, or no reason is given.
    """
    if not by.strip() or not reason.strip():
        raise ValueError("say who throws the kill switch, and why: both go on record")
    before = await kill_switch(unit)
    if before.on == on and before.at is not None:
        return before
    thrown = KillSwitch(on=on, by=by.strip(), reason=reason.strip(), at=now)
    await unit.values.put(_NAME, thrown.model_dump(mode="json"))
    await unit.ledger.append(
        NewEvent(
            key=f"kill-switch/{now.isoformat()}",
            incident_id=INSTALLATION,
            kind="kill_switch.thrown",
            actor=thrown.by,
            clock="wall",
            occurred_at=now,
            payload=thrown.model_dump(mode="json"),
        )
    )
    return thrown


def stopped_by(switch: KillSwitch) -> str:
    """Why nothing is done, in words; empty while it is off."""
    return f"the kill switch is on ({switch.by}: {switch.reason})" if switch.on else ""
