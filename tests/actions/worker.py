"""A worker of its own: on each line of its input it has the gate carry a plan out, and prints what came of it.

python -m tests.actions.worker DATABASE_URL LEDGER_KEY

A line is `INCIDENT ACTION`, or `INCIDENT ACTION undo`. Its policy allows everything, one action an hour on a service.
"""

import asyncio
import sys
from pathlib import Path

from incident_commander.actions.gate import Gate, Refused
from incident_commander.actions.ladder import Ladder
from incident_commander.actions.register import StoredRegister
from incident_commander.actions.rules import Limits
from incident_commander.actions.trust import TrustRules
from incident_commander.domain.ballot import Certificate
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import ActionName, Plan, TrustLevel
from incident_commander.store import Database

from .sites import CATALOGUE, Place, certify, incident, plan_to, prove, says


def ladder(start: TrustLevel = "auto") -> Ladder:
    """A ladder on which every class that can be taken back begins at a level."""
    levels = {name: start if spec.reversible else "approve" for name, spec in CATALOGUE.actions.items()}
    rules = TrustRules.model_validate(
        {
            "agreements": 2,
            "counted": ["approved_and_verified", "reported"],
            "demoted_to": "advise",
            "start": levels,
        }
    )
    return Ladder({"live": rules, "practice": rules}, CATALOGUE)


def stored_gate(database: Database, held: Ladder | None = None) -> Gate:
    """A gate on the register of a database."""
    return Gate(CATALOGUE, prove, StoredRegister(database, held or ladder()))


def place() -> Place:
    """A site that takes one action an hour on a service."""
    return Place(policy=says("allow", limits=Limits(max_per_hour_per_service=1)))


async def decided(database: Database, held: Incident, plan: Plan) -> Certificate:
    """A certificate for a plan, issued as the first round's decision about an incident unless there is one already."""
    certificate = certify(plan, held)
    async with database.write() as unit:
        if not await unit.certificates.of_incident(held.id):
            await unit.incidents.add(held)
            await unit.certificates.save(certificate, plan)
    return certificate


async def attempt(database: Database, site: Place, name: str, action: ActionName, *, undo: bool = False) -> str:
    """What comes of one passage: `done`, or why not."""
    held, plan = incident(name), plan_to(action)
    gate, certificate = stored_gate(database), await decided(database, held, plan)
    try:
        if undo:
            await gate.undo(plan, certificate, held, site, f"{name}/{action}/undo")
        else:
            await gate.execute(plan, certificate, held, site, f"{name}/{action}")
    except Refused as error:
        return f"{type(error).__name__}: {error}"
    return "done"


async def main() -> None:
    """Answer line by line until the input ends."""
    database, site = Database(sys.argv[1], Path(sys.argv[2])), place()
    await database.open()
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            match line.split():
                case [name, "scale_out" | "raise_pool" as action, *rest]:
                    print(await attempt(database, site, name, action, undo=bool(rest)), flush=True)
                case other:
                    raise ValueError(f"no such order: {other!r}")
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
