"""What the documents show is what the program takes."""

import json
import re
from pathlib import Path

from incident_commander.actions.policy_file import load_policy
from incident_commander.consensus.rule import rule
from incident_commander.ingest import alertmanager_configuration
from incident_commander.ingest.changes import change_kinds
from incident_commander.ingest.eventbridge import ALARM
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


def test_the_queries_shown_are_valid_queries(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (REPOSITORY / "docs" / "telemetry.md").read_text(), flags=re.DOTALL)
    (tmp_path / "queries.toml").write_text(example)
    queries = load_queries(tmp_path / "queries.toml")
    assert [each.metric for each in queries.readings[:4]] == [
        "checkout_failed_rate",
        "error_ratio",
        "latency_p99_ms",
        "queue_depth",
    ]
    assert queries.services.keys() == {"checkout"}


def test_every_file_that_a_document_links_to_is_there() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_doors_show_the_alertmanager_configuration_and_the_events_that_are_read() -> None:
    text = (REPOSITORY / "docs" / "doors.md").read_text()
    assert f"```yaml\n{alertmanager_configuration()}```" in text
    (pattern,) = re.findall(r"```json\n(\{\s*\"detail-type\".*?)```", text, flags=re.DOTALL)
    assert json.loads(pattern) == {"detail-type": [ALARM, *change_kinds()]}
