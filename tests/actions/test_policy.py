"""Policy: what no rule allows is denied, the strictest rule decides, limits hold, a typo is refused with its line."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.actions.policy import DenyAll, FilePolicy
from incident_commander.actions.policy_file import PolicyError, load_policy
from incident_commander.actions.rules import DECISIONS, Limits, Rule
from incident_commander.domain.base import IncidentId, RunId, ServiceName
from incident_commander.domain.incident import Incident
from incident_commander.domain.plan import Action, ActionName, Authorisation, Plan
from incident_commander.domain.policy import Circumstances, PastAction
from incident_commander.domain.telemetry import Service, Topology
from incident_commander.sandbox import POLICY_FILE

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
"""A Monday."""
DATABASE = Service(name=ServiceName("core-db"), kind="database", tier=3)
EDGE, SEARCH, CHECKOUT = (ServiceName(name) for name in ("edge", "search", "checkout"))
SHOP = Topology(
    services=(
        Service(name=EDGE, kind="edge", tier=1),
        Service(name=SEARCH, kind="api"),
        Service(name=CHECKOUT, kind="api"),
        DATABASE,
        Service(name=ServiceName("wiki"), kind="api"),
    ),
    calls=((EDGE, SEARCH), (EDGE, CHECKOUT), (CHECKOUT, DATABASE.name)),
)
"""Two of four others depend on core-db, one on search."""


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


def decide(
    policy: FilePolicy | DenyAll,
    wanted: Plan,
    now: datetime = NOW,
    topology: Topology | None = None,
    history: Sequence[PastAction] = (),
    *,
    practice: bool = False,
) -> Authorisation:
    return policy.authorise(incident(practice=practice), wanted, Circumstances(now, topology, history))


def past(
    name: ActionName = "restart",
    target: str = "search",
    *,
    minutes: float = 5,
    here: bool = False,
    undoes: bool = False,
) -> PastAction:
    """An action of so many minutes ago, of this incident or of another."""
    return PastAction(
        name=name, target=ServiceName(target), incident_id=IncidentId("inc-1" if here else "inc-0"),
        at=NOW - timedelta(minutes=minutes), undoes=undoes,
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
    answer = decide(policy, plan(target="search"), topology=SHOP)
    assert (answer.decision, answer.rule) == ("allow", "restarts")


def test_the_strictest_of_the_rules_that_speak_decides(policy: FilePolicy) -> None:
    answer = decide(policy, plan(), topology=SHOP)
    assert (answer.decision, answer.rule) == ("needs_approval", "databases")


def test_a_condition_on_a_kind_does_not_hold_where_the_kind_is_unknown(policy: FilePolicy) -> None:
    answer = decide(policy, plan("failover"))
    assert answer.decision == "deny"
    assert "'databases' would, if the topology told the kind and tier of 'core-db'" in answer.reason
    assert decide(policy, plan("failover"), topology=SHOP).decision == "needs_approval"


def test_a_condition_on_a_kind_still_makes_stricter_where_the_kind_is_unknown(policy: FilePolicy) -> None:
    answer = decide(policy, plan(target="search"))
    assert (answer.decision, answer.rule) == ("needs_approval", "databases")
    assert decide(policy, plan(target="search"), topology=SHOP).decision == "allow"


def test_what_no_rule_speaks_of_is_denied(policy: FilePolicy) -> None:
    answer = decide(policy, plan("rate_limit", "search"))
    assert (answer.decision, answer.rule) == ("deny", "default")
    assert "rate_limit on 'search'" in answer.reason


def test_rules_for_real_incidents_do_not_cover_practice(policy: FilePolicy) -> None:
    assert decide(policy, plan(target="search"), practice=True).decision == "deny"


def test_the_third_use_in_one_incident_is_denied(policy: FilePolicy) -> None:
    one, other = past(here=True), past("scale_out", here=True)
    assert decide(policy, plan(target="search"), topology=SHOP, history=(one, other)).decision == "allow"
    assert decide(policy, plan(target="search"), topology=SHOP, history=(one, past(), past())).decision == "allow"
    assert (
        decide(policy, plan(target="search"), topology=SHOP, history=(one, past(here=True, undoes=True))).decision
        == "allow"
    )
    third = decide(policy, plan(target="search"), topology=SHOP, history=(one, one))
    assert third.decision == "deny"
    assert "2 such actions ran for this incident, and the rule allows 2" in third.reason


def test_a_freeze_denies_all_but_what_it_excepts_and_ends(policy: FilePolicy) -> None:
    during, after = datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    frozen = decide(policy, plan("failover"), during, SHOP)
    assert (frozen.decision, frozen.rule) == ("deny", "sale")
    assert "busiest days" in frozen.reason
    assert decide(policy, plan(target="search"), during, SHOP).decision == "allow"
    assert decide(policy, plan("failover"), after, SHOP).decision == "needs_approval"


def test_doing_nothing_needs_no_permission(policy: FilePolicy) -> None:
    assert decide(policy, NOTHING).decision == "allow"
    assert decide(DenyAll(), NOTHING).decision == "allow"


def test_without_a_policy_every_action_is_denied_with_the_remedy() -> None:
    answer = decide(DenyAll(), plan())
    assert answer.decision == "deny"
    assert "IC_POLICY_FILE" in answer.reason


@pytest.mark.parametrize("name", ["rollback", "scale_out", "raise_pool", "rate_limit", "block_sources"])
def test_the_practice_company_allows_its_own_incidents_and_no_real_one(name: ActionName) -> None:
    practice = load_policy(POLICY_FILE)
    assert decide(practice, plan(name), practice=True).decision == "allow"
    assert decide(practice, plan(name)).decision == "deny"


@pytest.mark.parametrize("name", ["failover", "revoke_credentials", "restart", "free_storage", "grow_storage"])
def test_what_reaches_far_or_stays_in_the_practice_company_needs_an_approval(name: ActionName) -> None:
    answer = decide(load_policy(POLICY_FILE), plan(name), practice=True)
    assert answer.decision == "needs_approval"


EVERYTHING = """\
name = "shop"
approvers = ["ana", "ben"]

[limits]
max_per_hour = 3
max_per_hour_per_service = 2
max_per_hour_per_action = 2
max_per_incident = 4
max_dependents = 2
max_reach = 0.5

[[rules]]
id = "by day"
decision = "allow"
actions = ["restart", "scale_out"]
hours = "Mon-Fri 09:00-17:00 Europe/Berlin"
max_per_hour = 2
max_dependents = 1

[[rules]]
id = "by night"
decision = "needs_approval"
actions = ["restart"]
hours = ["Mon-Fri 17:00-09:00 Europe/Berlin", "Sat,Sun 00:00-24:00 Europe/Berlin"]
approvers = ["ana"]

[[maintenance]]
id = "search moves"
services = ["search*"]
start = 2026-11-24T08:00:00Z
end = 2026-11-24T12:00:00Z
reason = "the search cluster is being moved"
tell = ["ben"]

[[maintenance]]
id = "patch night"
services = ["checkout"]
hours = "Tue 22:00-02:00 Europe/Berlin"
reason = "patches"
"""
MONDAY_NIGHT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> FilePolicy:
    return load_policy(written(tmp_path, EVERYTHING))


def test_a_rule_holds_within_its_hours_only(shop: FilePolicy) -> None:
    assert decide(shop, plan(target="search"), topology=SHOP).decision == "allow"
    at_night = decide(shop, plan(target="search"), MONDAY_NIGHT, SHOP)
    assert (at_night.decision, at_night.rule, at_night.approvers) == ("needs_approval", "by night", ("ana",))
    assert decide(shop, plan("scale_out", "search"), MONDAY_NIGHT, SHOP).rule == "default"


def test_who_may_answer_is_the_files_word_where_no_rule_names_anybody(shop: FilePolicy) -> None:
    assert decide(shop, plan(target="search"), topology=SHOP).approvers == ("ana", "ben")


def test_rules_that_name_no_approver_in_common_let_nobody_agree() -> None:
    rules = [
        Rule(id=name, decision="needs_approval", actions=("restart",), approvers=(name,)) for name in ("ana", "ben")
    ]
    answer = decide(FilePolicy(name="p", rules=tuple(rules)), plan())
    assert answer.decision == "deny"
    assert "'ana', 'ben' name no approver in common" in answer.reason


def test_an_action_that_reaches_too_far_is_denied_with_the_numbers(shop: FilePolicy) -> None:
    far = decide(shop, plan(), topology=SHOP)
    assert (far.decision, far.rule) == ("deny", "by day")
    assert "2 of 4 other services depend on 'core-db', and the rule allows 1" in far.reason
    share = Rule(id="share", decision="allow", actions=("restart",), max_reach=0.4)
    answer = decide(FilePolicy(name="p", rules=(share,)), plan(), topology=SHOP)
    assert "a share of 0.50, and the rule allows 0.4" in answer.reason


@pytest.mark.parametrize("topology", [None, Topology(), Topology(services=(Service(name=EDGE, kind="edge"),))])
def test_how_far_it_reaches_is_not_known_without_the_topology_and_then_it_is_denied(
    shop: FilePolicy, topology: Topology | None
) -> None:
    answer = decide(shop, plan(target="search"), topology=topology)
    assert answer.decision == "deny"
    assert "it is not known how many services depend on 'search'" in answer.reason


def test_calls_in_a_circle_are_counted_once() -> None:
    circle = Topology(
        services=tuple(Service(name=name, kind="api") for name in (SEARCH, CHECKOUT)),
        calls=((SEARCH, CHECKOUT), (CHECKOUT, SEARCH), (SEARCH, SEARCH)),
    )
    rule = Rule(id="one", decision="allow", actions=("restart",), max_dependents=1)
    assert decide(FilePolicy(name="p", rules=(rule,)), plan(target="search"), topology=circle).decision == "allow"


@pytest.mark.parametrize(
    ("history", "says"),
    [
        (
            [past("scale_out", "wiki"), past("restart", "edge")],
            "such actions within an hour: 2 ran, and the rule",
        ),
        (
            [past("failover", "a"), past("failover", "b"), past("pause", "c")],
            "within an hour: 3 ran, and 3 may",
        ),
        ([past("failover"), past("pause")], "actions on 'search' within an hour: 2 ran, and 2 may"),
        ([past("failover", "a", minutes=90, here=True)] * 4, "actions for this incident: 4 ran, and 4 may"),
    ],
)
def test_a_rate_that_is_used_up_denies_until_the_hour_has_passed(
    shop: FilePolicy, history: list[PastAction], says: str
) -> None:
    answer = decide(shop, plan(target="search"), topology=SHOP, history=history)
    assert answer.decision == "deny"
    assert says in answer.reason
    assert decide(shop, plan(target="search"), topology=SHOP, history=history[1:]).decision == "allow"


def test_it_is_said_when_the_next_action_may_run(shop: FilePolicy) -> None:
    answer = decide(shop, plan(target="search"), topology=SHOP, history=[past(minutes=40), past(minutes=10)])
    assert "the next may run at 2026-11-23T09:50:00+00:00" in answer.reason


def test_what_was_done_an_hour_ago_or_taken_back_is_not_counted(shop: FilePolicy) -> None:
    history = [past(minutes=60), past(minutes=61), *[past(undoes=True)] * 9]
    assert decide(shop, plan(target="search"), topology=SHOP, history=history).decision == "allow"


def test_within_a_maintenance_window_a_person_must_agree(shop: FilePolicy) -> None:
    during = datetime(2026, 11, 24, 9, tzinfo=UTC)
    answer = decide(shop, plan(target="search"), during, SHOP)
    assert (answer.decision, answer.rule) == ("needs_approval", "search moves")
    assert "the search cluster is being moved" in answer.reason
    assert decide(shop, plan(target="edge"), during, SHOP).decision == "allow"
    assert decide(shop, plan(target="search"), during + timedelta(hours=3), SHOP).decision == "allow"


def test_what_alerts_within_a_maintenance_window_needs_a_person_wherever_it_is_acted_on(shop: FilePolicy) -> None:
    during = Circumstances(datetime(2026, 11, 24, 9, tzinfo=UTC), SHOP)
    alerting = incident().model_copy(update={"services": (SEARCH,)})
    assert shop.authorise(alerting, plan(target="wiki"), during).decision == "needs_approval"


def test_the_notices_of_a_moment_are_its_freezes_and_windows(shop: FilePolicy, policy: FilePolicy) -> None:
    (frozen,) = policy.notices(datetime(2026, 11, 28, tzinfo=UTC))
    assert (frozen.kind, frozen.id, frozen.excepted) == ("freeze", "sale", ("restart",))
    (moving,) = shop.notices(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert (moving.kind, moving.services, moving.tell) == ("maintenance", ("search*",), ("ben",))
    (patching,) = shop.notices(datetime(2026, 11, 25, 0, 30, tzinfo=UTC))
    assert (patching.id, patching.until) == ("patch night", datetime(2026, 11, 25, 1, tzinfo=UTC))
    assert shop.notices(NOW) == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "max_per_hour_per_service =",
            "max_per_hour_per_servce =",
            r"policy.toml:6: limits.*'max_per_hour_per_service'",
        ),
        ("max_reach = 0.5", "max_reach = 50", r"policy.toml:10: limits.max_reach: .*less than or equal to 1"),
        ('Europe/Berlin"\nmax', 'Europe/Berln"\nmax', r"policy.toml:16: .*'Europe/Berln' is no time zone"),
        ("Mon-Fri 09:00-17:00", "Mon-Fry 09:00-17:00", r"policy.toml:16: .*'Fry' is no day; days are Mon, Tue"),
        ("Mon-Fri 09:00-17:00", "Mon-Fri 9-17", r"policy.toml:16: .*names no hours; write it as"),
        ("Sat,Sun 00:00-24:00", "Sat,Sun 00:00-25:00", r"policy.toml:24: .*there is no 25:00"),
        ('approvers = ["ana"]', "approvers = []", r"policy.toml:25: rules.1.approvers: "),
        ('approvers = ["ana"]', 'aprovers = ["ana"]', r"policy.toml:25: .*do you mean 'approvers'"),
        ("[[maintenance]]", "[[maintainance]]", r"policy.toml.*do you mean 'maintenance'"),
        ('services = ["checkout"]\n', "", r"policy.toml:35: maintenance.1.services: Field required"),
        ("tell =", "tel =", r"policy.toml:33: maintenance.0.tel: unknown key; do you mean 'tell'"),
        ("end = 2026-11-24T12", "end = 2026-11-24T07", r"policy.toml:27: .*the window ends at"),
        ("end = 2026-11-24T12:00:00Z\n", "", r"policy.toml:27: .*a start and an end, or hours"),
        ('"patch night"', '"by day"', r"'by day' is used twice"),
    ],
)
def test_a_typo_in_any_newer_key_is_refused_with_the_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in EVERYTHING
    with pytest.raises(PolicyError, match=says):
        load_policy(written(tmp_path, EVERYTHING.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("services =", "servises =", r"policy.toml:7: rules.0.servises: unknown key; do you mean 'services'"),
        ("actions =", "actons =", r"policy.toml:6: rules.0.actons: unknown key; do you mean 'actions'"),
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
    tiers=st.sampled_from([None, (3,), (1, 2)]),
    hours=st.sampled_from([None, "Mon-Fri 09:00-17:00 UTC", "Sat,Sun 00:00-24:00 UTC"]),
    approvers=st.sampled_from([None, ("ana",), ("ana", "ben"), ("cem",)]),
    max_uses_per_incident=st.sampled_from([None, 1]),
    max_per_hour=st.sampled_from([None, 1, 3]),
    max_dependents=st.sampled_from([None, 0, 2]),
    max_reach=st.sampled_from([None, 0.1, 0.5]),
)
RULES_OF_A_FILE = st.lists(RULE, max_size=6, unique_by=lambda rule: rule.id)
LIMITS = st.builds(
    Limits,
    max_per_hour=st.sampled_from([None, 1, 3]),
    max_per_hour_per_service=st.sampled_from([None, 1]),
    max_per_hour_per_action=st.sampled_from([None, 1]),
    max_per_incident=st.sampled_from([None, 1]),
    max_dependents=st.sampled_from([None, 0, 2]),
    max_reach=st.sampled_from([None, 0.1, 0.5]),
)
HISTORY = st.lists(
    st.builds(
        past,
        st.sampled_from(["restart", "failover"]),
        st.sampled_from(["core-db", "search"]),
        minutes=st.floats(0, 120),
        here=st.booleans(),
        undoes=st.booleans(),
    ),
    max_size=5,
)


def strictness(answer: Authorisation) -> int:
    return DECISIONS.index(answer.decision)


@given(RULES_OF_A_FILE, LIMITS, HISTORY, st.booleans(), st.data())
def test_the_order_of_rules_does_not_matter_and_more_rules_never_loosen_a_refusal(
    rules: list[Rule], limits: Limits, history: list[PastAction], practice: bool, data: st.DataObject
) -> None:
    def answer(some: list[Rule]) -> Authorisation:
        policy = FilePolicy(name="p", rules=tuple(some), limits=limits)
        return decide(policy, plan(), topology=SHOP, history=history, practice=practice)

    shuffled = answer(data.draw(st.permutations(rules)))
    assert (shuffled.decision, shuffled.approvers) == (answer(rules).decision, answer(rules).approvers)
    if not rules:
        assert answer(rules).decision == "deny"
    deny = Rule(id="no", decision="deny", incidents="any", actions=("restart",))
    assert answer([*rules, deny]).decision == "deny"


@given(RULES_OF_A_FILE, LIMITS, HISTORY)
def test_knowing_less_or_having_done_more_never_permits_more(
    rules: list[Rule], limits: Limits, history: list[PastAction]
) -> None:
    policy = FilePolicy(name="p", rules=tuple(rules), limits=limits)
    known = decide(policy, plan(), topology=SHOP)
    assert strictness(decide(policy, plan(), topology=SHOP, history=history)) >= strictness(known)
    assert strictness(decide(policy, plan(), topology=None)) >= strictness(known)
    assert strictness(decide(policy, plan(), topology=Topology())) >= strictness(known)


@given(RULES_OF_A_FILE, HISTORY)
def test_whoever_may_answer_is_named_by_every_rule_that_names_anybody(
    rules: list[Rule], history: list[PastAction]
) -> None:
    answer = decide(FilePolicy(name="p", rules=tuple(rules)), plan(), topology=SHOP, history=history)
    asked = incident(), Action(name="restart", target=DATABASE.name), Circumstances(NOW, SHOP, history)
    named = [set(rule.approvers) for rule in rules if rule.approvers and rule.speaks_of(*asked)]
    if answer.decision != "deny" and named:
        assert set(answer.approvers) == set.intersection(*named) != set()
