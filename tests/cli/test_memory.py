"""Memory on the command line: told, and refused in words where it cannot be done."""

import json
from pathlib import Path

import pytest

from .test_mistakes import run


def test_an_empty_memory_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    told = run(tmp_path, "memory", "list")
    assert told.stdout.startswith("Real incidents: 0 remembered")
    assert [each["world"] for each in json.loads(run(tmp_path, "memory", "list", "--json").stdout)["learned"]] == [
        "live",
        "practice",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("forget", "inc-1", "--reason", "a drill"), "no incident 'inc-1' is remembered"),
        (("forget", "inc-1"), "a reason is needed"),
        (("correct", "inc-1", "--reason", "x"), "say what it was by --service and --fault"),
        (("correct", "inc-1", "--service", "orders", "--reason", "x"), "say what it was by --service and --fault"),
        (("correct", "inc-1", "--service", "a", "--fault", "gremlins", "--reason", "x"), "choose one of"),
        (("correct", "inc-1", "--nothing", "--service", "a", "--reason", "x"), "say what it was by"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    done = run(tmp_path, "memory", *arguments)
    assert done.returncode == 2
    assert told in done.stderr


def test_without_a_database_it_says_where_it_looked(tmp_path: Path) -> None:
    done = run(tmp_path, "memory", "list")
    assert done.returncode == 2
    assert "there is no database" in done.stderr
