"""What is proposed and agreed on against attacks, full volumes and stolen credentials."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.agents import communication, diagnosis, panel, prediction, resolution
from incident_commander.agents.case import Case
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Impact
from incident_commander.domain.plan import Plan
from incident_commander.domain.telemetry import LogRecord, Observations

from ..analysis.series import level, series
from ..analysis.test_leads import BROKE, OUTSIDE, UNHARMED, announced, disk, lines, pressed, reading, sources
from ..analysis.test_root_cause import N, observe
from .cases import case_of

CATALOGUE = load_catalogue()
HARMED = Impact.model_validate({**UNHARMED.model_dump(), "failed_share": 0.1})


def case(observations: Observations, impact: Impact = UNHARMED) -> Case:
    return replace(case_of(observations), impact=impact)


def agreed(case: Case) -> Plan | None:
    """The plan that four voters or more choose; None where none has as many."""
    plans = resolution.propose(case, diagnosis.examine(case).diagnosis, CATALOGUE).plans
    votes = Counter(vote.judgement.choice for vote in panel.votes(case, plans) if vote.judgement is not None)
    choice, count = votes.most_common(1)[0]
    return next((plan for plan in plans if plan.digest == choice), None) if count >= 4 else None


def deed(plan: Plan | None) -> tuple[str, str] | None:
    return (plan.action.name, plan.action.target) if plan is not None and plan.action is not None else None


def attack() -> Case:
    refused = lines("search", "503 refused: the accept queue is full")
    failing = lines("edge", "call to search timed out after 2500 ms")
    challenged = lines("edge", 'challenge failed for 80 clients, no cookie, user-agent "-", path /search')
    observations = observe([*pressed(), *sources(new=0.4)], logs=(*refused, *failing, *challenged))
    return case(observations, HARMED)


def filling(*said: LogRecord) -> Case:
    values = level(60.0, N, 1, spread=0.001)
    values[BROKE - 40 :] += np.linspace(0, 33, N - BROKE + 40)
    full = lines("orders-db", "volume is 91% full, 18 GiB left")
    return case(
        observe([disk(values), series("edge", "error_ratio", "ratio", level(0.001, N, 2))], logs=(*full, *said))
    )


def theft() -> Case:
    return case(observe([*reading(), series("edge", "error_ratio", "ratio", level(0.001, N, 5))], logs=OUTSIDE))


def test_hostile_requests_are_blocked_at_the_edge_and_the_block_can_be_lifted() -> None:
    plan = agreed(attack())
    assert deed(plan) == ("block_sources", "edge")
    assert plan is not None
    assert plan.undo is not None
    assert plan.undo.arguments == {"mode": "lift"}
    assert {check.service for check in plan.checks if not check.guard} <= {"edge", "search"}
    assert any(not check.guard for check in plan.checks)


@pytest.mark.parametrize(
    ("said", "action"),
    [
        ((), "grow_storage"),
        (lines("orders-db", "statement log rotated, 2.1 GiB in the last minute, 41 files kept"), "grow_storage"),
        (lines("orders-db", "temporary file spool/backup-0317.part is 80 GiB"), "free_storage"),
    ],
    ids=["data", "logs", "a left-over"],
)
def test_a_full_volume_is_grown_unless_what_fills_it_can_be_deleted_for_good(
    said: tuple[LogRecord, ...], action: str
) -> None:
    assert deed(agreed(filling(*said))) == (action, "orders-db")


def test_it_is_predicted_when_the_volume_is_full_although_nobody_is_harmed() -> None:
    found = prediction.examine(filling())
    assert found.persists > 0.5
    assert any(p.metric == "disk_utilization" for p in found.predictions) or found.loads[0].fills > 0.9


def test_stolen_credentials_are_revoked_at_their_owner_and_the_calls_prove_it() -> None:
    plan = agreed(theft())
    assert deed(plan) == ("revoke_credentials", "orders")
    assert plan is not None
    assert [check.metric for check in plan.checks if not check.guard] == ["identity_call_rate"]
    assert not plan.reversible


def test_customers_data_at_risk_is_a_reason_to_act_though_no_customer_notices() -> None:
    found = communication.examine(theft())
    assert found.suffering == 0.0
    assert found.exposed[ServiceName("orders")] > 0.5


def test_nothing_is_done_about_an_export_that_was_announced() -> None:
    export = lines("orders-db", "audit: identity=backup-operator source=10.20.0.9 call=COPY rows=9000 allowed")
    change = announced("orders-db", "Export the last quarter to the warehouse, once, as backup-operator")
    egress = [s for s in reading() if s.service == "orders-db"]
    assert deed(agreed(case(observe(egress, (change,), export)))) is None
