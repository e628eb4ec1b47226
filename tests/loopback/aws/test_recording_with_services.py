"""Recordings of practice runs with the reasoning services: what each answered is in them, with who it really was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from incident_commander.response.recording import Recording, load_recording

from . import minds as said
from .front import Front
from .test_practice_with_services import EVERY_SERVICE, SCENARIO, SEED, everybody_answers

pytestmark = [pytest.mark.loopback, pytest.mark.timeout(300)]
FILE = f"{SCENARIO}-{SEED}.json"


def record(folder: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """`record-scenarios` for the one scenario."""
    command = [sys.executable, "-m", "incident_commander", "record-scenarios", "--only", SCENARIO, "--seed", str(SEED)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IC_")}
    return subprocess.run(
        [*command, "--folder", str(folder), *arguments],
        env={**environment, **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )


def recorded(folder: Path) -> Recording:
    return load_recording(folder / FILE)


def services_of(recording: Recording) -> set[tuple[str, str]]:
    """Who answered, and where that is."""
    assert recording.record is not None
    usage = recording.record.counsel.usage
    return {(str(each.service), each.provenance.source) for each in usage if each.service and not each.error}


def test_what_each_service_answered_is_recorded_as_loopback_and_what_changes_is_told(
    front: Front, tmp_path: Path
) -> None:
    everybody_answers(front)
    settings = {name: value for name, value in EVERY_SERVICE.items() if name not in ("IC_AI", "IC_AI_PRACTICE")}
    done = record(tmp_path, "--with", "aws", **settings)
    assert done.returncode == 0, done.stderr
    recording = recorded(tmp_path)
    assert {service for service, _ in services_of(recording)} == {
        "Claude", "Nova", "Titan embeddings", "Knowledge Bases", "Guardrails", "Q Business", "Agent memory", "Strands",
    }  # fmt: skip
    assert {source for _, source in services_of(recording)} == {"loopback"}
    assert recording.record is not None
    answered = [each for each in recording.record.counsel.usage if each.service and not each.error]
    assert all(each.request_id and each.latency_ms > 0 for each in answered)
    assert any("loopback" in model for producer in recording.producers for model in producer.models)

    minds, _ = everybody_answers(front)
    minds.always("nova-micro", said.form({"severity": "LOW"}))
    before = (tmp_path / FILE).read_bytes()
    compared = record(tmp_path, "--with", "aws", "--diff", **settings)
    assert compared.returncode == 1, compared.stderr
    assert "  severity\n    - high\n    + low\n" in compared.stdout
    assert "1 difference" in compared.stdout
    assert (tmp_path / FILE).read_bytes() == before


def test_without_credentials_a_recording_says_local_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = record(tmp_path, "--with", "aws", AWS_EC2_METADATA_DISABLED="true", IC_AI_REGION="eu-west-1", **nowhere)
    assert done.returncode == 0, done.stderr
    assert "resolved, local," in done.stdout
    recording = recorded(tmp_path)
    assert services_of(recording) == set()
    assert recording.record is not None
    answer = recording.record.counsel.by("classify")
    assert answer is not None
    assert (answer.service, answer.provenance.source) == (None, "local")
    assert "credentials" in answer.fell_back


def test_a_viewers_run_asks_nobody_whatever_the_server_is_told(front: Front, tmp_path: Path) -> None:
    everybody_answers(front)
    done = record(tmp_path, **EVERY_SERVICE)
    assert done.returncode == 0, done.stderr
    recording = recorded(tmp_path)
    assert recording.record is not None
    assert recording.record.counsel.usage == ()
    assert front.calls == []
