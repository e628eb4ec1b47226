"""The operator token on the command line: shown when it is made, and held before others are let in."""

import os
import re
import sys
from pathlib import Path

from incident_commander.access import KeptToken
from incident_commander.access.token import digest_of

from ..running import REPOSITORY, ProcessGroup, free_port
from .test_mistakes import run

TOKEN = re.compile(r"Operator token:  (ic_\S{43})\n")


def made_by(output: str) -> str:
    (token,) = TOKEN.findall(output)
    return str(token)


def test_a_token_is_shown_when_it_is_made_and_never_again(tmp_path: Path) -> None:
    assert "no operator token yet" in run(tmp_path, "operator-token").stdout
    token = made_by(run(tmp_path, "operator-token", "--new").stdout)
    assert KeptToken(tmp_path / ".data" / "keys").digest() == digest_of(token)
    told = run(tmp_path, "operator-token")
    assert (told.returncode, "only its hash is kept" in told.stdout) == (0, True)
    assert token not in told.stdout


def test_another_token_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    first = made_by(run(tmp_path, "operator-token", "--new").stdout)
    second = made_by(run(tmp_path, "operator-token", "--new").stdout)
    assert KeptToken(tmp_path / ".data" / "keys").digest() == digest_of(second) != digest_of(first)


def test_a_token_that_is_set_is_changed_where_it_is_set(tmp_path: Path) -> None:
    secret = "a-secret-of-this-length"
    told = run(tmp_path, "operator-token", IC_OPERATOR_TOKEN=secret)
    assert (told.returncode, "IC_OPERATOR_TOKEN" in told.stdout) == (0, True)
    refused = run(tmp_path, "operator-token", "--new", IC_OPERATOR_TOKEN=secret)
    assert (refused.returncode, "set it there and start again" in refused.stderr) == (2, True)
    assert secret not in told.stdout + refused.stdout + refused.stderr


def test_a_token_that_is_none_is_refused_at_the_start_without_being_shown(tmp_path: Path) -> None:
    done = run(tmp_path, "up", IC_OPERATOR_TOKEN="too-short")
    assert done.returncode == 2
    assert "IC_OPERATOR_TOKEN has 9 characters" in done.stderr
    assert "too-short" not in done.stderr + done.stdout


def test_the_first_start_shows_the_token_and_no_later_one_does(tmp_path: Path) -> None:
    command: list[str | Path] = [Path(sys.executable).with_name("incident-commander"), "up", "--port", str(free_port())]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("IC_", "REFLEX_"))}
    env |= {
        "IC_DATA_DIR": str(tmp_path / "data"),
        "REFLEX_WEB_WORKDIR": str(tmp_path / "web"),
        "PYTHONPATH": str(REPOSITORY),
    }
    log = tmp_path / "log"
    with ProcessGroup(command, log=log, cwd=tmp_path, env=env) as group:
        group.wait_until(lambda: TOKEN.search(log.read_text()) is not None, 60, "the token")
    token = made_by(log.read_text())
    kept = KeptToken(tmp_path / "data" / "keys")
    assert kept.digest() == digest_of(token)
    assert kept.make_first() is None


def test_others_are_not_let_in_while_nobody_holds_a_token(tmp_path: Path) -> None:
    done = run(tmp_path, "up", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "nobody holds an operator token yet" in done.stderr
    assert "operator-token --new" in done.stderr
    assert not (tmp_path / ".data").exists()


def test_doctor_tells_whether_there_is_a_token(tmp_path: Path) -> None:
    assert re.search(r"^off +operator token", run(tmp_path, "doctor").stdout, re.MULTILINE)
    run(tmp_path, "operator-token", "--new")
    assert re.search(r"^ok +operator token +made here", run(tmp_path, "doctor").stdout, re.MULTILINE)
    assert re.search(r"^down +operator token", run(tmp_path, "doctor", IC_OPERATOR_TOKEN="short").stdout, re.MULTILINE)
