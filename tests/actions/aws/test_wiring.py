"""Real incidents have hands only where a resources' file is named, and it alone says what is live."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from incident_commander.actions.aws import ResourcesError
from incident_commander.cli.doctor import _resources
from incident_commander.composition import build
from incident_commander.domain.settings import Settings

FILE = """
[[resources]]
service = "checkout"
type = "webhook"
url = "https://ops.example.com/run"
secret = "ops"
actions = ["runbook"]
"""


def test_without_a_resources_file_nothing_real_can_be_acted_on(tmp_path: Path) -> None:
    assert build(Settings(data_dir=tmp_path)).executor is None
    assert _resources(None, {}).state == "off"


async def test_with_one_there_is_an_executor_to_be_closed(tmp_path: Path) -> None:
    (tmp_path / "resources.toml").write_text(FILE)
    executor = build(Settings(data_dir=tmp_path, resources_file=tmp_path / "resources.toml")).executor
    assert executor is not None
    await executor.close()


def test_a_typo_in_it_refuses_the_start_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "resources.toml").write_text(FILE.replace("secret", "secert"))
    with pytest.raises(ResourcesError, match=r"resources.toml:\d+: "):
        build(Settings(data_dir=tmp_path, resources_file=tmp_path / "resources.toml"))
    assert _resources(tmp_path / "resources.toml", {}).state == "down"


def test_doctor_tells_what_is_live_and_which_secret_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "resources.toml"
    path.write_text(FILE)
    missing = _resources(path, {})
    assert (missing.state, missing.detail) == ("down", "IC_RUNBOOK_SECRETS lacks ops")
    secrets = {"ops": SecretStr("s")}
    assert _resources(path, secrets).detail.endswith("1 resource(s), all of it a dry run")
    path.write_text('live = ["runbook"]\n' + FILE)
    assert _resources(path, secrets).detail.endswith("1 resource(s), live: runbook")
