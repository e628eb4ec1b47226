"""Running real programs in tests: what a test needs beside the process groups of `bench`."""

import shutil
from pathlib import Path

import pytest

from incident_commander.bench.process_group import EndedTooSoon, NeverHappened, ProcessGroup, free_port, wait_until

__all__ = ["REPOSITORY", "EndedTooSoon", "NeverHappened", "ProcessGroup", "free_port", "require_program", "wait_until"]

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout under test."""


def require_program(name: str, package: str | None = None) -> str:
    """The full path of an installed program; skips the test with the line that installs it where there is none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; as root: apt-get install --no-install-recommends {package or name}")
    return path
