"""Hostile sources, volumes and stolen credentials: what the model does with them, and what may be seen of it."""

from datetime import timedelta
from typing import get_args

import numpy as np
import pytest

from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import FaultKind
from incident_commander.domain.plan import Action, ActionName
from incident_commander.domain.telemetry import Window
from incident_commander.sandbox import hindsight_of
from incident_commander.sandbox.answers import Course, finish, up_to_decision
from incident_commander.sandbox.rehearsal import observe
from incident_commander.sandbox.scenarios import Episode, draw, scenario_named
from incident_commander.sandbox.topology import load_company

COMPANY = load_company()
LATER_SECONDS = 900.0


def decided(scenario: str, variant: str, service: str | None = None) -> tuple[Episode, Course]:
    """The first seed in which a scenario goes that way, up to when a prompt responder would act."""
    for seed in range(200):
        episode = draw(COMPANY, scenario_named(scenario), seed)
        if episode.variant == variant and service in (None, episode.service):
            return episode, finish(up_to_decision(COMPANY, episode))[0]
    raise AssertionError(f"no seed of {scenario} goes the way of {variant} at {service}")


def acted(course: Course, name: ActionName, target: str, seconds: float = LATER_SECONDS) -> Course:
    """A fork in which the action was taken, some time later."""
    trial = course.fork()
    trial.world.accept(Action(name=name, target=ServiceName(target)), trial.world.seconds)
    finish(trial.run(trial.world.seconds + seconds))
    return trial


def now(course: Course, service: str, metric: str) -> float:
    return float(course.world.archive.values(ServiceName(service), metric)[-4:].mean())


def harmed(course: Course) -> float:
    end = course.world.seconds
    return float(course.harmed_share(end - 120, end).mean())


def test_blocking_hostile_sources_leaves_customers_what_more_instances_do_not() -> None:
    episode, course = decided("ddos_attack", "costly_requests")
    assert episode.service is not None
    assert now(course, "gateway", "new_source_ratio") > 1.5 * 0.07
    assert harmed(acted(course, "scale_out", episode.service)) > 0.05
    blocked = acted(course, "block_sources", "gateway")
    assert harmed(blocked) < 0.01
    assert now(blocked, "gateway", "new_source_ratio") < 1.5 * 0.07


def test_a_campaign_brings_customers_whose_sources_are_known() -> None:
    episode, course = decided("ddos_attack", "campaign")
    assert now(course, "gateway", "new_source_ratio") == pytest.approx(0.07, rel=0.2)
    assert harmed(acted(course, "block_sources", "gateway")) > 0.05
    assert harmed(acted(course, "scale_out", str(episode.service))) < 0.01


def test_on_a_full_volume_writes_fail_until_it_is_freed_and_its_filling_ended() -> None:
    episode, course = decided("storage_failure", "abandoned_backup", "core-db")
    freed = acted(course, "free_storage", "core-db")
    finish(course.run(course.world.seconds + LATER_SECONDS))
    assert now(course, "core-db", "disk_utilization") > 99
    assert now(course, "core-db", "write_error_rate") > 10
    assert harmed(course) > 0.1
    assert now(freed, "core-db", "disk_utilization") < 80
    assert now(freed, "core-db", "write_error_rate") < 0.01
    assert episode.fault == "disk_full"


def test_a_larger_volume_keeps_its_data_and_fills_more_slowly() -> None:
    _, course = decided("storage_failure", "statement_log")
    full = next(
        s.name for s in COMPANY.services if (s.disk_percent or 0) and now(course, s.name, "disk_utilization") > 85
    )
    before = now(course, full, "disk_utilization")
    grown = acted(course, "grow_storage", full, 240)
    assert now(grown, full, "disk_utilization") == pytest.approx(before / 2, abs=5)


def test_a_breach_that_fails_no_request_costs_what_it_exposes_until_the_credentials_are_revoked() -> None:
    episode, course = decided("security_breach", "exfiltration")
    assert episode.service is not None
    restarted = acted(course, "restart", episode.service)
    revoked = acted(course, "revoke_credentials", episode.service)
    end = course.world.seconds + LATER_SECONDS
    assert restarted.intruded(end - 300, end).all()
    assert not revoked.intruded(end - 300, end).any()
    assert harmed(revoked) < 0.01
    baseline = hindsight_of("security_breach", episode.seed)
    flows = {flow.name: sum(flow.per_second) for flow in baseline.nobody.flows}
    assert flows["exposed records"] > 1000 * max(flows["failed requests"], 1.0)
    assert baseline.baseline.customer_cost_usd["human"] < baseline.baseline.customer_cost_usd["nobody"]


def test_more_instances_give_thieves_more_to_steal() -> None:
    episode, course = decided("security_breach", "mining")
    service = str(episode.service)
    more = acted(course, "scale_out", service)
    assert more.world.state.stolen > 1.9 * course.world.state.stolen
    assert acted(course, "revoke_credentials", service).world.state.stolen == 0


@pytest.mark.parametrize("scenario", ["ddos_attack", "storage_failure", "security_breach"])
def test_what_is_logged_names_no_kind_of_fault(scenario: str) -> None:
    words = {name.replace("_", " ") for name in get_args(FaultKind)} | set(get_args(FaultKind))
    for seed in range(4):
        course = finish(up_to_decision(COMPANY, draw(COMPANY, scenario_named(scenario), seed)))[0]
        end = course.world.moment(course.world.seconds)
        seen = observe(course.world, Window(start=end - timedelta(minutes=15), end=end))
        text = " ".join([*(r.message for r in seen.logs), *(f"{c.summary} {c.detail}" for c in seen.changes)]).lower()
        assert not [word for word in words - {"unknown", "overload"} if word in text]
        assert all(np.isfinite(series.values).all() for series in seen.metrics)
