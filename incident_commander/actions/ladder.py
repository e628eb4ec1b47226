"""Where each class of actions stands on the trust ladder: kept in the store, every change of it in the ledger."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args
from uuid import uuid4

from pydantic import ValidationError

from ..domain.base import Digest
from ..domain.event import INSTALLATION, NewEvent
from ..domain.incident import Incident
from ..domain.operator import WORLDS, Cause, TrustChange, TrustRow, World, world_of
from ..domain.plan import TRUST_LEVELS, ActionName, TrustLevel
from ..store import Unit
from .catalogue import Catalogue
from .trust import COUNTS_AT, Agreement, BeyondTrust, Standing, TrustRules, highest_level

SHOWN_CHANGES = 1000
"""How many of the newest changes the histories are taken from."""


class Ladder:
    """The trust ladder of both worlds. Every method works within a transaction of the caller's.

    Args:
        rules: By world.
    """

    def __init__(self, rules: Mapping[World, TrustRules], catalogue: Catalogue) -> None:
        self._rules = rules
        self._catalogue = catalogue

    async def standing(self, unit: Unit, action: ActionName, world: World) -> Standing:
        """Where a class stands. What is stored and cannot be read stands lowest: unknown means no."""
        try:
            stored = await unit.values.get(_name(action, world))
            if stored is not None:
                return Standing.model_validate(stored)
        except ValidationError:
            return Standing(level="observe", reason="what is stored of it cannot be read; set it again")
        return Standing(level=self._rules[world].start[action], reason="where this class begins")

    async def agreed(
        self, unit: Unit, incident: Incident, plan: Digest, action: ActionName, how: Agreement, by: str, reason: str
    ) -> TrustChange | None:
        """Count a verified agreement about a plan, once; None where it counts for nothing, or was counted before."""
        rules = self._rules[world_of(incident)]
        before = await self.standing(unit, action, world_of(incident))
        if how not in rules.counted or before.level not in COUNTS_AT[how]:
            return None
        after = before.agreed(rules, highest_level(action, self._catalogue))
        cause: Cause = "agreed" if after.level == before.level else "promoted"
        return await self._seen(unit, incident, f"{plan}", action, cause, before, after, by, reason)

    async def disagreed(
        self, unit: Unit, incident: Incident, plan: Digest, action: ActionName, by: str, reason: str
    ) -> TrustChange | None:
        """A person found a plan wrong that was only told: what was counted is void. Once for each plan."""
        before = await self.standing(unit, action, world_of(incident))
        return await self._seen(unit, incident, f"{plan}", action, "disagreed", before, before.disagreed(), by, reason)

    async def failed(
        self, unit: Unit, incident: Incident, plan: Digest, action: ActionName, reason: str
    ) -> TrustChange:
        """An action harmed, or is to be taken back: its class is demoted at once. Once for each plan; returns that."""
        key = _key(incident, f"{plan}/failed")
        told = await unit.ledger.get(key)
        if told is not None:
            return TrustChange.model_validate(told.payload)
        world = world_of(incident)
        before = await self.standing(unit, action, world)
        after = before.failed(self._rules[world], reason)
        cause: Cause = "disagreed" if after.level == before.level else "demoted"
        change = _change(action, world, cause, before, after, "verification", reason, incident)
        await self._keep(unit, key, after, change)
        return change

    async def put(
        self, unit: Unit, action: ActionName, world: World, level: TrustLevel, by: str, reason: str
    ) -> TrustChange:
        """Set a class by hand.

        Raises:
            BeyondTrust: nothing takes such an action back, and the level is `auto`.
            ValueError: nobody is named, or no reason is given.
        """
        if not by.strip() or not reason.strip():
            raise ValueError("say who sets the level, and why: both go on record")
        highest = highest_level(action, self._catalogue)
        if TRUST_LEVELS.index(level) > TRUST_LEVELS.index(highest):
            raise BeyondTrust(f"nothing takes {action} back, so it cannot pass {highest!r}; set it to {highest!r}")
        before = await self.standing(unit, action, world)
        after = Standing(level=level, reason=f"set by {by.strip()}: {reason.strip()}")
        change = _change(action, world, "set", before, after, by.strip(), reason.strip(), None)
        await self._keep(unit, f"trust/set/{world}/{action}/{uuid4().hex}", after, change)
        return change

    async def rows(self, unit: Unit) -> tuple[TrustRow, ...]:
        """Every class in every world, with what was changed of late."""
        recent = await unit.ledger.recent("trust.changed", SHOWN_CHANGES)
        changes = [TrustChange.model_validate(event.payload) for event in recent]
        rows: list[TrustRow] = []
        for world in WORLDS:
            for action in get_args(ActionName):
                standing = await self.standing(unit, action, world)
                rows.append(
                    TrustRow(
                        action=action,
                        world=world,
                        level=standing.level,
                        highest=highest_level(action, self._catalogue),
                        agreements=standing.agreements,
                        needed=self._rules[world].agreements,
                        reason=standing.reason,
                        history=tuple(c for c in changes if (c.action, c.world) == (action, world)),
                    )
                )
        return tuple(rows)

    async def _seen(
        self,
        unit: Unit,
        incident: Incident,
        what: str,
        action: ActionName,
        cause: Cause,
        before: Standing,
        after: Standing,
        by: str,
        reason: str,
    ) -> TrustChange | None:
        """Keep what an incident's plan taught; each plan teaches once, however often its step is repeated."""
        key = _key(incident, what)
        if await unit.ledger.get(key) is not None:
            return None
        change = _change(action, world_of(incident), cause, before, after, by, reason, incident)
        await self._keep(unit, key, after, change)
        return change

    async def _keep(self, unit: Unit, key: str, standing: Standing, change: TrustChange) -> None:
        await unit.values.put(_name(change.action, change.world), standing.model_dump(mode="json"))
        await unit.ledger.append(
            NewEvent(
                key=key,
                incident_id=INSTALLATION,
                kind="trust.changed",
                actor=change.by,
                clock="wall",
                occurred_at=change.at,
                payload=change.model_dump(mode="json"),
            )
        )


def _key(incident: Incident, what: str) -> str:
    return f"trust/{incident.id}/{what}"


def _name(action: ActionName, world: World) -> str:
    return f"trust/{world}/{action}"


def _change(
    action: ActionName,
    world: World,
    cause: Cause,
    before: Standing,
    after: Standing,
    by: str,
    reason: str,
    incident: Incident | None,
) -> TrustChange:
    return TrustChange(
        action=action,
        world=world,
        cause=cause,
        before=before.level,
        after=after.level,
        agreements=after.agreements,
        by=by,
        reason=reason,
        incident=None if incident is None else incident.id,
        at=datetime.now(UTC),
    )
