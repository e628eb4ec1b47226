"""Doctor asks each account of the resources' file who we are, and says what must be allowed there."""

from pathlib import Path

import pytest

from incident_commander.cli.doctor import _accounts

from .cases import ACCOUNT
from .front import Front

pytestmark = pytest.mark.loopback
FILE = """
[accounts.shop]
id = "{account}"
region = "eu-west-1"

[[resources]]
service = "worker"
type = "event_rule"
name = "nightly"

[[resources]]
service = "checkout"
type = "ecs_service"
cluster = "prod"
name = "checkout"
max_count = 8
actions = ["restart", "scale_out"]

[[resources]]
service = "checkout"
type = "webhook"
url = "https://ops.example.com/run"
secret = "ops"
actions = ["runbook"]
"""


def written(folder: Path, account: str = ACCOUNT) -> Path:
    path = folder / "resources.toml"
    path.write_text(FILE.format(account=account))
    return path


def test_an_account_that_is_ours_is_ok_and_says_what_it_needs(front: Front, tmp_path: Path) -> None:
    (row,) = _accounts(written(tmp_path))
    assert (row.name, row.state) == ("aws shop", "ok")
    assert row.detail == (
        f"{ACCOUNT}, eu-west-1; it needs ecs:DescribeServices, ecs:UpdateService, events:DescribeRule, "
        "events:DisableRule, events:EnableRule"
    )
    assert front.calls == ["sts:GetCallerIdentity"]


def test_credentials_of_another_account_are_found_before_anything_goes_wrong(front: Front, tmp_path: Path) -> None:
    (row,) = _accounts(written(tmp_path, "999988887777"))
    assert row.state == "down"
    assert f"credentials are of account {ACCOUNT}" in row.detail
    assert "says 999988887777" in row.detail


def test_an_aws_that_cannot_be_asked_is_down_with_the_remedy(
    front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (row,) = _accounts(written(tmp_path))
    assert row.state == "down"
    assert "give credentials and a region" in row.detail


def test_without_a_file_or_with_a_wrong_one_no_account_is_asked(front: Front, tmp_path: Path) -> None:
    assert _accounts(None) == ()
    path = written(tmp_path)
    path.write_text("resources = 1")
    assert _accounts(path) == ()
    assert front.calls == []
