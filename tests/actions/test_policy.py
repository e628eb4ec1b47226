"""Policy: what no rule allows is denied, the strictest rule decides, and a typo is refused with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.actions.policy import DECISIONS, DenyAll, FilePolicy, PolicyError, Rule, load_policy
from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Action, ActionName, Plan
from incident_commander.domain.telemetry import Service
from incident_commander.sandbox import POLICY_FILE

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DATABASE = Service(name=ServiceName("core-db"), kind="database", tier=3)


def incident(*, practice: bool = False) -> Incident:
    return Incident(
        id=IncidentId("inc-1"), title="t", status="open", severity="high", verdict="likely", services=(), sources=(),
        clock="wall", practice_run=RunId("run-1") if practice else None, began_at=NOW, opened_at=NOW,
    )  # fmt: skip


def plan(name: ActionName = "restart", target: str = "core-db") -> Plan:
    return Plan(
        action=Action(name=name, target=ServiceName(target)), addresses=None, undo=None, reversible=False, checks=(),
        rationale="",
    )  # fmt: skip


NOTHING = Plan(action=None, addresses=None, undo=None, reversible=True, checks=(), rationale="")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    return path


RULES = """\
name = "shop"

[[rules]]
id = "restarts"
decision = "allow"
actions = ["restart"]
services = ["core-*", "search"]
max_uses_per_incident = 2

[[rules]]
id = "databases"
decision = "needs_approval"
actions = ["restart", "failover"]
kinds = ["database"]
tiers = [2, 3]

[[freezes]]
id = "sale"
start = 2026-11-27T00:00:00Z
end = 2026-12-01T00:00:00Z
reason = "the busiest days of the year"
excepted = ["restart"]
"""


@pytest.fixture
def policy(tmp_path: Path) -> FilePolicy:
    return load_policy(written(tmp_path, RULES))


def test_a_rule_that_speaks_of_the_plan_allows_it_by_name(policy: FilePolicy) -> None:
    answer = policy.authorise(incident(), plan(target="search"), NOW)
    assert (answer.decision, answer.rule) == ("allow", "restarts")


def test_the_strictest_of_the_rules_that_speak_decides(policy: FilePolicy) -> None:
    answer = policy.authorise(incident(), plan(), NOW, DATABASE)
    assert (answer.decision, answer.rule) == ("needs_approval", "databases")


def test_a_condition_on_a_kind_does_not_hold_where_the_kind_is_unknown(policy: FilePolicy) -> None:
    assert policy.authorise(incident(), plan("failover"), NOW).decision == "deny"
    assert policy.authorise(incident(), plan("failover"), NOW, DATABASE).decision == "needs_approval"


def test_what_no_rule_speaks_of_is_denied(policy: FilePolicy) -> None:
    answer = policy.authorise(incident(), plan("rate_limit", "search"), NOW)
    assert (answer.decision, answer.rule) == ("deny", "default")
    assert "rate_limit on 'search'" in answer.reason


def test_rules_for_real_incidents_do_not_cover_practice(policy: FilePolicy) -> None:
    assert policy.authorise(incident(practice=True), plan(target="search"), NOW).decision == "deny"


def test_the_third_use_in_one_incident_is_denied(policy: FilePolicy) -> None:
    one = Action(name="restart", target=ServiceName("search"))
    other = Action(name="scale_out", target=ServiceName("search"))
    assert policy.authorise(incident(), plan(target="search"), NOW, taken=(one, other)).decision == "allow"
    assert policy.authorise(incident(), plan(target="search"), NOW, taken=(one, one)).decision == "deny"


def test_a_freeze_denies_all_but_what_it_excepts_and_ends(policy: FilePolicy) -> None:
    during, after = datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    frozen = policy.authorise(incident(), plan("failover"), during, DATABASE)
    assert (frozen.decision, frozen.rule) == ("deny", "sale")
    assert "busiest days" in frozen.reason
    assert policy.authorise(incident(), plan(target="search"), during).decision == "allow"
    assert policy.authorise(incident(), plan("failover"), after, DATABASE).decision == "needs_approval"


def test_doing_nothing_needs_no_permission(policy: FilePolicy) -> None:
    assert policy.authorise(incident(), NOTHING, NOW).decision == "allow"
    assert DenyAll().authorise(incident(), NOTHING, NOW).decision == "allow"


def test_without_a_policy_every_action_is_denied_with_the_remedy() -> None:
    answer = DenyAll().authorise(incident(), plan(), NOW)
    assert answer.decision == "deny"
    assert "IC_POLICY_FILE" in answer.reason


@pytest.mark.parametrize("name", ["rollback", "scale_out", "raise_pool", "rate_limit", "block_sources"])
def test_the_practice_company_allows_its_own_incidents_and_no_real_one(name: ActionName) -> None:
    practice = load_policy(POLICY_FILE)
    assert practice.authorise(incident(practice=True), plan(name), NOW).decision == "allow"
    assert practice.authorise(incident(), plan(name), NOW).decision == "deny"


@pytest.mark.parametrize("name", ["failover", "revoke_credentials", "restart", "free_storage", "grow_storage"])
def test_what_reaches_far_or_stays_in_the_practice_company_needs_an_approval(name: ActionName) -> None:
    answer = load_policy(POLICY_FILE).authorise(incident(practice=True), plan(name), NOW)
    assert answer.decision == "needs_approval"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("services =", "servises =", r"policy.toml:7: rules.0.servises: unknown key; do you mean 'services'"),
        ('"failover"]', '"failovr"]', r"policy.toml:13: .*'failovr'.*do you mean 'failover'"),
        ('decision = "allow"', 'decision = "alow"', r"policy.toml:5: .*do you mean 'allow'"),
        ("[[freezes]]", "[[freeze]]", r"policy.toml:?.*freeze: unknown key; do you mean 'freezes'"),
        ('actions = ["restart"]\n', "", r"policy.toml:3: rules.0.actions: Field required"),
        ("2026-12-01", "2026-11-01", r"policy.toml:17: .*ends at"),
        ("00:00:00Z\nend", "00:00:00\nend", r"policy.toml:19: .*no time zone"),
        ('id = "databases"', 'id = "restarts"', r"'restarts' is used twice"),
        ("max_uses_per_incident = 2", "max_uses_per_incident = 0", r"policy.toml:8: "),
        ('name = "shop"', "name = ", r"is not TOML: .*line 1"),
    ],
)
def test_a_typo_is_refused_with_the_line_and_the_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in RULES
    with pytest.raises(PolicyError, match=says):
        load_policy(written(tmp_path, RULES.replace(old, new, 1)))


def test_a_policy_that_is_not_there_is_an_error_not_an_empty_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(tmp_path / "none.toml")


RULE = st.builds(
    Rule,
    id=st.uuids().map(str),
    decision=st.sampled_from(DECISIONS),
    incidents=st.sampled_from(["live", "practice", "any"]),
    actions=st.lists(st.sampled_from(["restart", "failover"]), min_size=1).map(tuple),
    services=st.sampled_from([("*",), ("core-*",), ("other",)]),
    kinds=st.sampled_from([None, ("database",), ("api",)]),
    max_uses_per_incident=st.sampled_from([None, 1]),
)


@given(st.lists(RULE, max_size=6, unique_by=lambda rule: rule.id), st.booleans(), st.data())
def test_the_order_of_rules_does_not_matter_and_more_rules_never_loosen_a_refusal(
    rules: list[Rule], practice: bool, data: st.DataObject
) -> None:
    def decide(some: list[Rule]) -> str:
        policy = FilePolicy(name="p", rules=tuple(some))
        return policy.authorise(incident(practice=practice), plan(), NOW, DATABASE).decision

    shuffled = data.draw(st.permutations(rules))
    assert decide(shuffled) == decide(rules)
    if not rules:
        assert decide(rules) == "deny"
    deny = Rule(id="no", decision="deny", incidents="any", actions=("restart",))
    assert decide([*rules, deny]) == "deny"
