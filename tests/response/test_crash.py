"""Killed at any stage, the response goes on where it was, and the world has received each action once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypedDict

import pytest

from incident_commander.domain.incident import STAGES

from ..postgres import PostgresServer

SCENARIO, SEED = "database_cascade", 2
"""A run in which an action is certified, executed and verified."""


class Entry(TypedDict):
    """A journal entry."""

    idempotency_key: str
    deliveries: int
    applied: bool


class Outcome(TypedDict):
    """What the resumed process prints."""

    report: dict[str, object]
    journal: list[Entry]
    events: list[list[str]]


def spawn(database_url: str, *arguments: str) -> "subprocess.Popen[str]":
    """A serving process at the head of its own process group."""
    command = [sys.executable, "-m", "tests.response.process", *arguments]
    env = {**os.environ, "IC_DATABASE_URL": database_url}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=env)


def next_message(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The next JSON line it prints; waits for it."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            message: dict[str, str] = json.loads(line)
            return message
    raise AssertionError(f"the process ended with {process.wait()} and said nothing")


def kill_group(process: "subprocess.Popen[str]") -> None:
    """kill -9 of the whole process group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.mark.parametrize("stage", STAGES)
def test_a_response_killed_in_a_stage_goes_on_there_and_acts_once(stage: str, tmp_path: Path) -> None:
    goes_on_and_acts_once("", stage, tmp_path)


@pytest.mark.parametrize("stage", ["deliberate", "execute"])
def test_on_postgresql_too(stage: str, tmp_path: Path, postgres: PostgresServer) -> None:
    goes_on_and_acts_once(postgres.database(), stage, tmp_path)


def goes_on_and_acts_once(database_url: str, stage: str, data_dir: Path) -> None:
    first = spawn(database_url, str(data_dir), "start", SCENARIO, str(SEED), stage)
    try:
        held = next_message(first)
    finally:
        kill_group(first)
    assert held["held"] == stage

    second = spawn(database_url, str(data_dir), "resume", held["run_id"])
    try:
        outcome: Outcome = next_message(second)  # type: ignore[assignment]
    finally:
        kill_group(second)

    assert outcome["report"]["status"] == "resolved"
    assert outcome["report"]["ledger"]["valid"] is True  # type: ignore[index]
    assert [(entry["applied"], entry["deliveries"]) for entry in outcome["journal"]] == [(True, 1)]
    finished = [name for kind, name, _ in outcome["events"] if kind == "stage.finished"]
    assert finished == list(STAGES)
    started = [name for kind, name, _ in outcome["events"] if kind == "stage.started"]
    assert started == list(STAGES)
    keys = [key for _, _, key in outcome["events"]]
    assert len(keys) == len(set(keys))
