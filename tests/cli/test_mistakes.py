"""What a newcomer gets wrong on the command line is answered in words, with the remedy, and never with a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from incident_commander.consensus.keys import FileKeys, Keyring

from ..running import REPOSITORY


def run(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in an empty folder."""
    return subprocess.run(
        [sys.executable, "-m", "incident_commander", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(REPOSITORY), **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("setting", "value", "remedy"),
    [
        ("IC_PORT", "eight", "correct or unset it"),
        ("IC_NOTIFY_URLS", "mailto://me", 'is not JSON, such as ["one", "two"]'),
        ("IC_VOTERS", "apart", "correct or unset it"),
        ("IC_VOTER_KEYS", "vault:x", "correct or unset it"),
        ("IC_AI", "yes", "correct or unset it"),
        ("IC_AI_GUARDRAIL", "no-version", "as ID:VERSION"),
        ("IC_AI_REGION", "Frankfurt", "such as eu-west-1"),
        ("IC_MODEL_IDS", "nova", 'is not JSON, such as {"name": "value"}'),
        ("IC_AGENTCORE_NAMESPACE", "/incidents", "{actorId} stands for the service"),
        ("IC_RUNBOOKS_DIR", "nowhere", "'nowhere'"),
        ("IC_AI_BUDGET_DAY_USD", "-1", "correct or unset it"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_its_remedy(
    tmp_path: Path, setting: str, value: str, remedy: str
) -> None:
    done = run(tmp_path, "doctor", **{setting: value})
    assert done.returncode == 2
    assert setting in done.stderr
    assert remedy in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "file", "says"),
    [
        (
            "IC_POLICY_FILE",
            'name = "shop"\n\n[[rules]]\nid = "scale"\nactons = ["scale_out"]\ndecision = "allow"\n',
            "reviewed.toml:5: rules.0.actons: unknown key; do you mean 'actions'?\n",
        ),
        (
            "IC_RESOURCES_FILE",
            '[[resources]]\nservice = "checkout"\ntype = "webhook"\nurl = "https://ops.example.com"\nsecert = "ops"\n',
            "reviewed.toml:5: resources.0.secert: unknown key 'secert'; "
            "see docs/actions.md for the keys of each type\n",
        ),
    ],
)
def test_a_typo_in_a_reviewed_file_refuses_the_start_with_its_line(
    tmp_path: Path, setting: str, file: str, says: str
) -> None:
    (tmp_path / "reviewed.toml").write_text(file)
    done = run(tmp_path, "up", **{setting: "reviewed.toml"})
    assert (done.returncode, done.stdout, done.stderr) == (2, "", says)
    assert not (tmp_path / ".data").exists()


def test_a_data_folder_that_cannot_be_is_down(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for name in ("taken", "taken/below"):
        done = run(tmp_path, "doctor", IC_DATA_DIR=name)
        assert done.returncode == 1
        assert "is not a folder; set IC_DATA_DIR to one" in done.stdout


def test_models_are_told_with_what_they_may_cost_and_an_unknown_name_is_down(tmp_path: Path) -> None:
    assert "analysis is local alone; set IC_AI=aws" in run(tmp_path, "doctor").stdout
    done = run(tmp_path, "doctor", IC_AI="aws", IC_AI_REGION="eu-west-1")
    assert "Bedrock in eu-west-1, at most 0.50 USD an incident, 10 USD a day" in done.stdout
    done = run(tmp_path, "doctor", IC_AI="aws", IC_MODEL_IDS='{"nova-mini": "x"}')
    assert done.returncode == 1
    assert "IC_MODEL_IDS names nova-mini; the models are nova-micro" in done.stdout


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("IC_SQS_QUEUE_URLS", '["incidents"]', "IC_SQS_QUEUE_URLS has 'incidents'; give a queue's URL, such as"),
        ("IC_CLOUDWATCH_METRICS", "gone.toml", "the CloudWatch file gone.toml cannot be read"),
    ],
)
def test_a_queue_or_a_file_of_metrics_that_is_none_refuses_the_start(
    tmp_path: Path, setting: str, value: str, says: str
) -> None:
    done = run(tmp_path, "up", **{setting: value})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)
    assert not (tmp_path / ".data").exists()


def test_an_unknown_name_of_a_model_refuses_the_start(tmp_path: Path) -> None:
    done = run(tmp_path, "up", IC_MODEL_IDS='{"nova-mini": "x"}')
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("IC_MODEL_IDS names nova-mini; the models are nova-micro")
    assert not (tmp_path / ".data").exists()


def test_voters_are_told_with_their_keys_and_a_key_that_others_may_read_is_down(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", IC_VOTERS="processes")
    assert "each in a process of its own, keys in files; 5 of 5 are made known by the next start" in done.stdout
    keys = tmp_path / ".data" / "keys"
    assert not keys.exists()
    Keyring.load(FileKeys(keys), keys)
    assert "together in one process, keys in files\n" in run(tmp_path, "doctor").stdout
    (keys / "diagnosis.pem").chmod(0o644)
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    assert "diagnosis.pem may be read or written by others" in done.stdout


def test_a_routing_key_that_nothing_can_send_by_is_told_and_not_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", IC_PAGERDUTY_ROUTING_KEYS=f'["{"a" * 32}", "too-short-a-key"]')
    assert "1 of IC_PAGERDUTY_ROUTING_KEYS have not 32 characters" in done.stdout
    assert "too-short-a-key" not in done.stdout + done.stderr


@pytest.mark.parametrize("server", ["nowhere", "http://[::1", "http://127.0.0.1:9"])
def test_a_server_that_cannot_be_reached_is_an_error_in_words(tmp_path: Path, server: str) -> None:
    done = run(tmp_path, "scenario", "run", "memory_leak", "--seed", "1", "--json", "--server", server)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the run did not come to an end" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_scenario_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    done = run(tmp_path, "scenario", "run", "nope", "--seed", "1", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "memory_leak" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [(["--account", "shop"], "give --iam too"), (["--iam", "--aws"], "give one of them")],
)
def test_options_of_doctor_that_do_not_go_together_are_refused(tmp_path: Path, options: list[str], says: str) -> None:
    done = run(tmp_path, "doctor", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in " ".join(done.stderr.split())
