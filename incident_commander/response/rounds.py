"""Which plan a round of an incident was used for, in the store: across restarts and workers, the first claim holds."""

from ..domain.base import Digest, IncidentId
from ..store import Database


class StoredRounds:
    """The gate's memory of rounds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, incident_id: IncidentId, round: int, plan_digest: Digest) -> Digest:
        """Bind the round to this plan unless it is bound already, and return the plan that it is bound to."""
        name = f"round/{incident_id}/{round}"
        async with self._database.write() as unit:
            held = await unit.values.get(name)
            if held is not None:
                return Digest(str(held["plan"]))
            await unit.values.put(name, {"plan": plan_digest})
            return plan_digest
