"""The catalogue: complete, within bounds, and every reversible action has a way back within them."""

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.actions.catalogue import CATALOGUE_FILE, CatalogueError, OutOfBounds, load_catalogue
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import FaultKind
from incident_commander.domain.plan import Action, ActionName, Argument
from incident_commander.domain.telemetry import ServiceKind

from ..loopback.aws.protocol import service_model

CATALOGUE = load_catalogue()
SEARCH = ServiceName("search")


def test_every_action_of_the_domain_is_in_the_catalogue() -> None:
    assert set(CATALOGUE.actions) == set(get_args(ActionName))


def test_every_permission_of_the_catalogue_is_a_call_that_aws_knows() -> None:
    """By the official client's description; what is asked for beside calls is not in it."""
    for name, spec in CATALOGUE.actions.items():
        for kind, means in spec.on.items():
            for call in (*means.reads, means.call, *means.back):
                service, _, operation = call.partition(":")
                assert operation in service_model(service).operation_names, (name, kind, call)


def test_a_read_changes_nothing() -> None:
    reads = {
        call.partition(":")[2] for spec in CATALOGUE.actions.values() for m in spec.on.values() for call in m.reads
    }
    assert all(read.startswith(("Describe", "Get", "List")) for read in reads)


def test_defaults_are_filled_in_and_undone() -> None:
    scaled = CATALOGUE.action("scale_out", SEARCH)
    assert scaled.arguments == {"factor": 2.0}
    undone = CATALOGUE.undo(scaled)
    assert undone is not None
    assert undone.arguments == {"factor": 0.5}


def test_the_undo_of_a_rollback_rolls_forward_to_the_same_deploy() -> None:
    undone = CATALOGUE.undo(CATALOGUE.action("rollback", SEARCH, {"reference": "4f2a"}))
    assert undone is not None
    assert undone.arguments == {"reference": "4f2a", "direction": "forward"}


def test_the_undo_of_a_rate_limit_lets_everything_through() -> None:
    undone = CATALOGUE.undo(CATALOGUE.action("rate_limit", SEARCH, {"admit": 0.4}))
    assert undone is not None
    assert undone.arguments == {"admit": 1.0}


def test_the_undo_of_blocking_lets_the_sources_through_again() -> None:
    undone = CATALOGUE.undo(CATALOGUE.action("block_sources", SEARCH))
    assert undone is not None
    assert undone.arguments == {"mode": "lift"}


def test_what_mends_no_kind_of_fault_is_never_proposed() -> None:
    asked_for = {"redrive", "pause", "runbook"}
    assert set(CATALOGUE.actions) - set(CATALOGUE.proposed) == asked_for
    kinds = get_args(ServiceKind)
    assert not asked_for & {
        name for fault in get_args(FaultKind) for k in kinds for name in CATALOGUE.for_fault(fault, k)
    }


def test_the_undo_of_a_pause_resumes() -> None:
    undone = CATALOGUE.undo(CATALOGUE.action("pause", SEARCH))
    assert undone is not None
    assert undone.arguments == {"mode": "resume"}


@pytest.mark.parametrize(
    "name", ["restart", "free_storage", "grow_storage", "revoke_credentials", "redrive", "runbook"]
)
def test_what_cannot_be_taken_back_has_no_undo(name: ActionName) -> None:
    assert CATALOGUE.undo(CATALOGUE.action(name, SEARCH)) is None


def test_every_action_has_a_rate_and_a_cool_down_that_leaves_room_for_it() -> None:
    assert CATALOGUE["restart"].max_per_hour == 3
    for name, spec in CATALOGUE.actions.items():
        assert (spec.max_per_hour - 1) * spec.cool_down_seconds < 3600, name


@given(st.sampled_from(["scale_out", "raise_pool"]), st.floats(0.25, 4.0))
def test_whatever_may_be_done_may_be_undone(name: ActionName, factor: float) -> None:
    assert CATALOGUE.undo(CATALOGUE.action(name, SEARCH, {"factor": factor})) is not None


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("scale_out", {"factor": 9.0}, "factor = 9.0 is not a number in"),
        ("scale_out", {"factor": "2"}, "is not a number"),
        ("scale_out", {"instances": 3}, "unknown argument 'instances'"),
        ("rollback", {}, "'reference' is missing"),
        ("rollback", {"reference": "x" * 201}, "1 to 200 characters"),
        ("rollback", {"reference": "a\nb"}, "printable"),
        ("rollback", {"reference": "a", "direction": "sideways"}, "not one of back, forward"),
        ("rate_limit", {"admit": 0.0}, "admit = 0.0 is not a number in"),
        ("grow_storage", {"factor": 0.5}, "factor = 0.5 is not a number in"),
        ("block_sources", {"mode": "all"}, "not one of block, lift"),
    ],
)
def test_arguments_out_of_bounds_are_refused(name: ActionName, arguments: dict[str, Argument], says: str) -> None:
    with pytest.raises(OutOfBounds, match=says):
        CATALOGUE.action(name, SEARCH, arguments)


def test_a_target_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(OutOfBounds, match="it is a api, and failover applies to database, cache, queue only"):
        CATALOGUE.check(Action(name="failover", target=SEARCH), "api")


def test_actions_are_found_by_fault_and_kind() -> None:
    assert CATALOGUE.for_fault("connection_pool_exhaustion", "database") == ("raise_pool",)
    assert CATALOGUE.for_fault("memory_leak", "api") == ("rollback", "restart")
    assert CATALOGUE.for_fault("dependency_failure", "api") == ()
    assert CATALOGUE.for_fault("attack_traffic", "edge") == ("scale_out", "rate_limit", "block_sources")
    assert CATALOGUE.for_fault("disk_full", "queue") == ("failover", "free_storage", "grow_storage")
    assert CATALOGUE.for_fault("credential_compromise", "worker") == ("revoke_credentials",)
    assert CATALOGUE.for_fault("memory_leak", "unknown") == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('word = "restart"', 'wrod = "restart"', "restart"),
        ("maximum = 4.0", "maximum = 0.1", "scale_out.arguments.factor"),
        ("risk = 0.35", "risk = 1.35", "failover.risk"),
        ("[rate_limit]", "[rate_limits]", "rate_limits"),
        ('"own_trouble"', '"own_truoble"', "preconditions"),
        ("[failover]", "[failover", "mend the file"),
        ("event_rule =", "event_rul =", "pause.on.event_rul"),
        ('"events:DescribeRule"', '"events DescribeRule"', "pause.on.event_rule.reads"),
        ('call = "sqs:StartMessageMoveTask"', 'back = ["sqs:Start"]', "redrive.on.dead_letter_queue.call"),
        (
            'call = "ec2:ModifyVolume"',
            'call = "ec2:ModifyVolume", back = ["ec2:ModifyVolume"]',
            "grow_storage: .*not reversible, and on ebs_volume it has a way back",
        ),
        ("max_per_hour = 3", "max_per_hour = 0", "restart.max_per_hour"),
        ("max_per_hour = 3", "max_per_hour = 7", "restart: .*never reached with a cool-down of 600 s"),
    ],
)
def test_a_typo_in_the_file_is_refused_by_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = CATALOGUE_FILE.read_text()
    assert old in text
    path = tmp_path / "catalogue.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(CatalogueError, match=says):
        load_catalogue(path)
