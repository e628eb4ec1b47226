"""The desk writes what a stage decided, unless what it was decided by is no longer so."""

from pathlib import Path

import pytest

from incident_commander.actions.policy import DenyAll
from incident_commander.domain.base import RunId
from incident_commander.domain.ports import Environment
from incident_commander.response.desk import StillFiring, load_record, open_desk
from incident_commander.telemetry.unconfigured import live_environment
from tests.store.databases import alert, incident, opened


class Live:
    """Every incident is a real one, with no source configured."""

    async def environment(self, run: RunId | None) -> Environment:
        """See the Environments port."""
        return live_environment(DenyAll())


async def test_an_alert_that_fires_at_the_last_moment_keeps_its_incident_from_being_resolved(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        standing = incident()
        async with database.write() as unit:
            await unit.incidents.add(standing)
        desk = await open_desk(database, Live(), await load_record(database, standing.id), "verify")
        await desk.set_status("resolved", "no alert fires", when_clear=True)
        async with database.write() as unit:
            await unit.alerts.save(alert(), standing.id)
        with pytest.raises(StillFiring):
            await desk.finish("go_on")
        record = await load_record(database, standing.id)
        assert record.incident.status == "open"
        assert [event.kind for event in record.events] == ["stage.started"]
