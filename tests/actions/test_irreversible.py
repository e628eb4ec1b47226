"""What cannot be taken back asks a person in every world, whatever the policy's file allows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from incident_commander.actions.aws import Accounts, AwsExecutor, Resources
from incident_commander.actions.catalogue import load_catalogue
from incident_commander.actions.irreversible import PersonForIrreversible
from incident_commander.actions.policy import FilePolicy
from incident_commander.actions.policy_file import load_policy
from incident_commander.aws import Aws
from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Action, ActionName, Argument, Authorisation, Check, Plan
from incident_commander.domain.policy import Circumstances
from incident_commander.domain.ports import Policy
from incident_commander.sandbox import POLICY_FILE
from incident_commander.store import Database
from incident_commander.telemetry.unconfigured import WallClock

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CATALOGUE = load_catalogue()
CHECKOUT = ServiceName("checkout")
RESOURCES = Resources.model_validate(
    {
        "accounts": {"shop": {"id": "111122223333", "region": "eu-west-1"}},
        "resources": [
            {"service": "checkout", "type": "auto_scaling_group", "name": "checkout", "max_count": 8},
            {"service": "checkout", "type": "codedeploy_group", "application": "shop", "name": "prod"},
            {"service": "checkout", "type": "elasticache_group", "name": "sessions"},
            {
                "service": "checkout",
                "type": "webhook",
                "url": "https://ops.example.com/x",
                "secret": "ops",
                "actions": ["runbook"],
            },
        ],
    }
)
EVERYTHING = FilePolicy.model_validate(
    {"name": "all", "rules": [{"id": "any", "decision": "allow", "actions": list(CATALOGUE.actions)}]}
)


@pytest.fixture
def policy(tmp_path: Path) -> Iterator[PersonForIrreversible]:
    accounts = Accounts(lambda account: Aws(account.region))
    database = Database(f"sqlite:///{tmp_path / 'x.db'}", tmp_path / "key")
    executor = AwsExecutor(RESOURCES, CATALOGUE, database, WallClock(), accounts, lambda _: True, httpx.AsyncClient())
    yield PersonForIrreversible(EVERYTHING, CATALOGUE, executor.irreversible)
    accounts.close()


def plan(name: ActionName | None, service: ServiceName = CHECKOUT) -> Plan:
    arguments: dict[str, Argument] = {"reference": "v7"} if name == "rollback" else {}
    action = None if name is None else CATALOGUE.action(name, service, arguments)
    undo = None if action is None else CATALOGUE.undo(action)
    check = Check(service=service, metric="errors", direction="below", threshold=1, deadline_seconds=60)
    return Plan(
        action=action, addresses=None, undo=undo, reversible=undo is not None, checks=(check,), rationale="as told"
    )


def decide(policy: Policy, wanted: Plan, run: RunId | None = None) -> Authorisation:
    incident = Incident(
        id=IncidentId("inc-1"),
        title="errors",
        severity="critical",
        status="open",
        opened_at=NOW,
        began_at=NOW,
        clock="wall",
        services=(CHECKOUT,),
        sources=("generic",),
        practice_run=run,
    )
    return policy.authorise(incident, wanted, Circumstances(NOW))


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("scale_out", "allow"),
        ("restart", "needs_approval"),  # by the catalogue
        ("rollback", "needs_approval"),  # by CodeDeploy, which is only stopped
        ("failover", "needs_approval"),  # by ElastiCache, which chooses the replica itself
        ("runbook", "deny"),  # its secret is not given
        ("redrive", "deny"),
        (None, "allow"),
    ],
)
def test_nothing_that_stays_is_done_without_a_person(
    policy: PersonForIrreversible, name: ActionName | None, decision: str
) -> None:
    assert decide(policy, plan(name)).decision == decision


def test_it_is_said_why_a_person_is_asked(policy: PersonForIrreversible) -> None:
    decided = decide(policy, plan("restart"))
    assert (decided.rule, decided.reason) == (
        "irreversible",
        "the rule 'any' allows it, but nothing takes restart of 'checkout' back, so a person must agree",
    )


def test_what_the_file_does_not_name_is_refused(policy: PersonForIrreversible) -> None:
    decided = decide(policy, plan("scale_out", ServiceName("search")))
    assert (decided.decision, decided.rule) == ("deny", "resources")
    assert "names nothing of 'search'" in decided.reason


@pytest.mark.parametrize("name", CATALOGUE.actions)
def test_in_every_world_what_the_catalogue_cannot_take_back_asks_a_person(name: ActionName) -> None:
    decided = decide(PersonForIrreversible(EVERYTHING, CATALOGUE), plan(name))
    assert decided.decision == ("allow" if CATALOGUE[name].reversible else "needs_approval")


def test_the_practice_companys_own_policy_asks_for_all_that_stays() -> None:
    shipped = load_policy(POLICY_FILE)
    stays = {name for name, spec in CATALOGUE.actions.items() if not spec.reversible}
    decisions = {name: decide(shipped, plan(name), RunId("run-1")).decision for name in stays}
    assert set(decisions.values()) == {"needs_approval", "deny"}
    assert {name for name, decision in decisions.items() if decision == "deny"} == {"redrive", "runbook"}


def test_a_plan_that_names_another_way_back_than_the_catalogues_asks_a_person() -> None:
    scaled = plan("scale_out")
    policy = PersonForIrreversible(EVERYTHING, CATALOGUE)
    assert decide(policy, scaled).decision == "allow"
    for undo in (None, scaled.action, CATALOGUE.action("pause", CHECKOUT)):
        assert decide(policy, scaled.model_copy(update={"undo": undo})).decision == "needs_approval"


def test_what_is_out_of_bounds_is_refused_with_the_bound() -> None:
    beyond = Action(name="scale_out", target=CHECKOUT, arguments={"factor": 90})
    wild = plan("scale_out").model_copy(update={"action": beyond})
    decided = decide(PersonForIrreversible(EVERYTHING, CATALOGUE), wild)
    assert (decided.decision, decided.rule) == ("deny", "catalogue")
    assert "factor = 90 is not a number in [0.25, 4.0]" in decided.reason
