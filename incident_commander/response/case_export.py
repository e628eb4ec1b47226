"""An incident of the practice company as a case folder, as it looks when the alert comes; nobody acts."""

from datetime import timedelta

from ..domain.telemetry import Window
from ..sandbox.answers import Course, finish
from ..sandbox.rehearsal import observe
from ..sandbox.scenarios import draw, scenario_named
from ..sandbox.topology import load_company
from ..telemetry.case_folder import CaseAlert, CaseFolder
from .observe import LOOKBACK

_PATIENCE_SECONDS = 3 * 3600.0
"""Simulated seconds within which a scenario has raised an alarm, if it ever does."""
_PLAIN = timedelta(minutes=2)
"""How long after the alert the case is written down."""


def practice_case(scenario: str, seed: int) -> CaseFolder | None:
    """The case of a scenario and a seed; None where no alarm fires.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    course = Course.start(company, draw(company, scenario_named(scenario), seed))
    fired = finish(course.run_to_alarm(_PATIENCE_SECONDS))
    if fired is None:
        return None
    finish(course.run(fired + _PLAIN.total_seconds()))
    world = course.world
    began = world.moment(fired)
    alarm = next(each for each in course.alarms.alarms if each.fired_at == fired)
    return CaseFolder(
        alert=CaseAlert(
            service=alarm.service,
            metric=alarm.rule.metric,
            threshold=alarm.rule.above,
            fired_at=began,
            observed=alarm.value,
            severity=alarm.rule.severity,
            summary=f"{alarm.rule.alertname} at {alarm.service}",
        ),
        observations=observe(world, Window(start=began - LOOKBACK, end=world.moment(world.seconds)), began),
    )
