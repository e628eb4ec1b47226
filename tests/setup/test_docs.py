"""What the documents show is what the program takes."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from incident_commander.actions.aws import load_resources
from incident_commander.actions.policy_file import load_policy
from incident_commander.consensus.faults import FAULT_KINDS
from incident_commander.consensus.rule import rule
from incident_commander.ingest import alertmanager_configuration
from incident_commander.ingest.changes import change_kinds
from incident_commander.ingest.eventbridge import ALARM
from incident_commander.reasoning.models import load_models
from incident_commander.reasoning.prices import load_prices
from incident_commander.reasoning.services import load_services
from incident_commander.telemetry.aws import load_readings
from incident_commander.telemetry.aws.permissions import READING
from incident_commander.telemetry.prometheus import load_queries

from ..running import REPOSITORY

DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def test_the_policy_shown_is_a_valid_policy(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (REPOSITORY / "docs" / "policy.md").read_text(), flags=re.DOTALL)
    (tmp_path / "policy.toml").write_text(example)
    policy = load_policy(tmp_path / "policy.toml")
    assert [each.decision for each in policy.rules] == ["allow", "allow", "needs_approval", "deny"]
    assert [freeze.excepted for freeze in policy.freezes] == [("rate_limit",)]


def test_the_quorum_described_is_the_one_installed() -> None:
    installed = rule()
    text = (REPOSITORY / "docs" / "consensus.md").read_text()
    assert f"with n = {installed.n} voters of whom\nf = {installed.f} may be arbitrary, {installed.required}." in text


def shown(name: str, kind: str) -> list[str]:
    """The examples of a kind that a document shows."""
    return re.findall(rf"```{kind}\n(.*?)```", (REPOSITORY / "docs" / name).read_text(), flags=re.DOTALL)


def test_the_telemetry_files_shown_are_valid_files(tmp_path: Path) -> None:
    queries, resources, metrics = shown("telemetry.md", "toml")
    path = tmp_path / "shown.toml"
    path.write_text(queries)
    of_prometheus = load_queries(path)
    assert of_prometheus.readings[0].metric == "checkout_failed_rate"
    assert of_prometheus.services.keys() == {"checkout"}
    path.write_text(resources)
    assert load_resources(path).services == {"ShopStack-CheckoutService-1X2Y3Z": "checkout"}
    path.write_text(metrics)
    assert load_readings(path).sets[0].namespace == "Shop"


def test_the_permissions_shown_are_those_of_the_calls_that_telemetry_makes() -> None:
    (policy,) = shown("telemetry.md", "json")
    code = "".join(path.read_text() for path in (REPOSITORY / "incident_commander/telemetry/aws").glob("*.py"))
    known_otherwise = {"elbv2": "elasticloadbalancing", "resourcegroupstaggingapi": "tag"}
    calls = re.findall(r'"([a-z0-9]+)",\s*"((?:List|Get|Batch|Describe|Start|Stop|Filter|Lookup)[A-Za-z]+)"', code)
    needed = {f"{known_otherwise.get(service, service)}:{name}" for service, name in calls if service != "sts"}
    assert set(json.loads(policy)["Statement"][0]["Action"]) == needed
    assert set(READING.actions) == needed


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_doors_show_the_alertmanager_configuration_and_the_events_that_are_read() -> None:
    text = (REPOSITORY / "docs" / "doors.md").read_text()
    assert f"```yaml\n{alertmanager_configuration()}```" in text
    (pattern,) = re.findall(r"```json\n(\{\s*\"detail-type\".*?)```", text, flags=re.DOTALL)
    assert json.loads(pattern) == {"detail-type": [ALARM, *change_kinds()]}


def test_every_way_to_fail_is_described() -> None:
    text = (REPOSITORY / "docs" / "transparency.md").read_text()
    (table,) = re.findall(r"\| an agent made to \|.*?\n\n", text, flags=re.DOTALL)
    assert re.findall(r"^\| (\w+) \|", table, flags=re.MULTILINE) == list(FAULT_KINDS)


def test_the_services_of_aws_are_shown_with_their_permissions_and_the_listed_prices() -> None:
    text = (REPOSITORY / "docs" / "aws.md").read_text()
    rows = {row.split("|")[1].strip(): row for row in text.splitlines() if row.startswith("| ")}
    services = load_services()
    assert [name for name in rows if name != "service"] == [service.name for service in services]
    for service in services:
        permissions = {call.action for call in service.calls}
        assert service.asks is not None or permissions == set(re.findall(r"`([a-z-]+:[A-Za-z]+)`", rows[service.name]))
        assert all(f"`IC_{name.upper()}" in rows[service.name] for way in service.needs for name in way[1:])
    models, prices, at = load_models().models, load_prices(), datetime(2026, 11, 29, tzinfo=UTC)
    for model in models.values():
        given, taken = (prices.of_tokens(model.id_in("eu-west-1"), *tokens, at).usd for tokens in _MILLIONS)
        assert given is not None
        assert taken is not None
        assert f"{_usd(given)} / {_usd(taken)}" in rows[model.service]


_MILLIONS = ((1_000_000, 0), (0, 1_000_000))


def _usd(price: Decimal) -> str:
    return f"{price:.2f}" if price == round(price, 2) else f"{price.normalize():f}"
