"""What incidents teach the trust ladder, and what people say about it."""

from datetime import UTC, datetime

from ..actions.catalogue import Catalogue
from ..actions.kill_switch import kill_switch, throw_kill_switch
from ..actions.ladder import Ladder
from ..actions.trust import TRUST_FILE, load_trust
from ..domain.base import IncidentId
from ..domain.incident import Incident
from ..domain.operator import KillSwitch, TrustChange, TrustRow, World
from ..domain.plan import ActionName, Plan, TrustLevel
from ..sandbox import TRUST_FILE as PRACTICE_TRUST_FILE
from ..store import Database
from .desk import load_record
from .record import IncidentRecord


def installed_ladder(catalogue: Catalogue) -> Ladder:
    """The ladder by the rules that come with the product.

    Raises:
        TrustError: one of their files is wrong.
    """
    live, practice = load_trust(TRUST_FILE, catalogue), load_trust(PRACTICE_TRUST_FILE, catalogue)
    return Ladder({"live": live, "practice": practice}, catalogue)


class NotAdvised(Exception):
    """No plan of the incident was only told or recorded, so there is nothing to say of it; the message says why."""


class Trust:
    """The trust ladder and the kill switch, each call one transaction of its own."""

    def __init__(self, database: Database, ladder: Ladder) -> None:
        self._database = database
        self._ladder = ladder

    async def verified(self, record: IncidentRecord) -> TrustChange | None:
        """Count the agreement, where a person approved the executed plan as it was and the incident is resolved."""
        plan, approval = record.chosen, record.approval
        if record.incident.status != "resolved" or plan is None or plan.action is None or approval is None:
            return None
        edited = any(event.payload["edited"] != plan.digest for event in record.of_kind("plan.edited"))
        if approval.answer != "approved" or approval.plan != plan.digest or edited:
            return None
        async with self._database.write() as unit:
            return await self._ladder.agreed(
                unit,
                record.incident,
                plan.digest,
                plan.action.name,
                "approved_and_verified",
                approval.by,
                f"approved as it was, and its checks were met in {record.incident.id}",
            )

    async def failed(self, incident: Incident, plan: Plan, reason: str) -> str:
        """Demote the class of a plan that did not prove itself. Returns what that changed, in words; empty: nothing."""
        if plan.action is None:
            return ""
        async with self._database.write() as unit:
            change = await self._ladder.failed(unit, incident, plan.digest, plan.action.name, reason)
        if change.before == change.after:
            return ""
        return f"{change.action} is trusted less from now on: {change.before} before, {change.after} now"

    async def report(self, incident_id: IncidentId, right: bool, by: str, reason: str) -> TrustChange | None:
        """What a person says of a plan that was only observed or advised: that it was, or would have been, right.

        Args:
            right: False: that it was not, or would not have been.

        Returns:
            What it changed; None where it counts for nothing, or was said before.

        Raises:
            UnknownIncident: there is no such incident.
            NotAdvised: no plan of it was only observed or advised.
            ValueError: nobody is named, or no reason is given.
        """
        if not by.strip() or not reason.strip():
            raise ValueError("say who reports, and why: both go on record")
        record = await load_record(self._database, incident_id)
        plan, decided = record.chosen, record.authorisation
        if plan is None or plan.action is None or decided is None or decided.trust not in ("observe", "advise"):
            raise NotAdvised(
                f"no plan of incident {incident_id!r} was only observed or advised; only of such a plan can be told "
                "that it was right"
            )
        incident, name = record.incident, plan.action.name
        async with self._database.write() as unit:
            if right:
                return await self._ladder.agreed(unit, incident, plan.digest, name, "reported", by, reason)
            return await self._ladder.disagreed(unit, incident, plan.digest, name, by, reason)

    async def rows(self) -> tuple[TrustRow, ...]:
        """Every class of actions in every world."""
        async with self._database.read() as unit:
            return await self._ladder.rows(unit)

    async def put(self, action: ActionName, world: World, level: TrustLevel, by: str, reason: str) -> TrustChange:
        """Set a class by hand; see `Ladder.put`."""
        async with self._database.write() as unit:
            return await self._ladder.put(unit, action, world, level, by, reason)

    async def kill_switch(self) -> KillSwitch:
        """How it stands."""
        async with self._database.read() as unit:
            return await kill_switch(unit)

    async def throw_kill_switch(self, on: bool, by: str, reason: str) -> KillSwitch:
        """Turn it on or off; see `throw_kill_switch` of the actions."""
        async with self._database.write() as unit:
            return await throw_kill_switch(unit, on, by, reason, datetime.now(UTC))
