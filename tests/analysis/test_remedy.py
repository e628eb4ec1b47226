from datetime import UTC, datetime
from typing import get_args

import pytest

from incident_commander.actions.catalogue import load_catalogue
from incident_commander.analysis.remedy import remedy_for
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Evidence, FaultKind, Hypothesis, Remediation
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.telemetry import Change, ChangeKind


def cause(fault: FaultKind) -> Hypothesis:
    return Hypothesis(rank=1, service=ServiceName("orders"), fault=fault, probability=0.9)


def change(*files: str, kind: ChangeKind = "commit", detail: str = "") -> Change:
    return Change(
        at=datetime(2026, 3, 2, tzinfo=UTC), service=None, kind=kind, reference="c0ffee", summary="a change",
        detail=detail, files=files,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (change("services/orders/main.go"), "rollback"),
        (change("services/orders/main.go", "services/orders/config.yaml"), "rollback"),
        (change("services/orders/config/prod.yaml"), "config-revert"),
        (change("deploy/orders/values.yaml", "deploy/orders/limits.toml"), "config-revert"),
        (change(kind="config"), "config-revert"),
        (change(kind="deploy"), "rollback"),
        (change(kind="flag"), "feature-flag-disable"),
        (change("db/migrations/7.sql", detail="+ALTER TABLE orders DROP COLUMN note;"), "roll-forward"),
        (change("db/migrations/7.sql", detail="-ALTER TABLE orders DROP COLUMN note;"), "rollback"),
    ],
)
def test_a_guilty_change_is_taken_back_the_way_it_came(given: Change, word: Remediation) -> None:
    assert remedy_for(cause("bad_deploy"), given) == word


def test_code_that_a_flag_switched_on_is_switched_off() -> None:
    assert remedy_for(cause("bad_deploy"), change("orders.go"), behind_flag=True) == "feature-flag-disable"


def test_without_a_change_the_kind_of_fault_decides() -> None:
    assert remedy_for(cause("overload")) == "scale"
    assert remedy_for(cause("noisy_neighbour")) == "reschedule"
    assert remedy_for(cause("certificate_expiry")) == "rotate-cert"
    assert remedy_for(cause("node_failure"), kind="api") == "reschedule"
    assert remedy_for(cause("node_failure"), kind="database") == "failover"
    assert remedy_for(cause("unknown")) is None


def test_what_a_whole_zone_lost_is_moved_elsewhere() -> None:
    seen = Evidence(
        signal="logs", what="cloudwatch logs 'availability zone b: connectivity impaired'", weight=3.5,
        when=datetime(2026, 3, 2, tzinfo=UTC), provenance=Provenance(kind="recorded", source="local"),
    )  # fmt: skip
    lost = cause("node_failure")
    assert remedy_for(lost.model_copy(update={"evidence": (seen,)}), kind="api") == "failover"
    other = seen.model_copy(update={"what": "kubelet logs 'node 7 not ready'"})
    assert remedy_for(lost.model_copy(update={"evidence": (other,)}), kind="api") == "reschedule"


def test_the_catalogues_actions_speak_the_same_words() -> None:
    actions = load_catalogue().actions
    spoken = {action.remediation for action in actions.values()}
    assert actions["rollback"].remediation == "rollback"
    assert actions["scale_out"].remediation == "scale"
    assert actions["failover"].remediation == "failover"
    assert spoken - {None} <= set(get_args(Remediation))
