"""The scripts a new user and CI call: what they pin, what they leave behind, and what they say of what is missing."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from ..running import REPOSITORY

SCRIPTS = sorted([*(REPOSITORY / "scripts").iterdir(), REPOSITORY / ".ci" / "run"])
REQUIREMENTS = ("requirements.txt", "requirements-test.txt")


def run(*command: str | Path, env: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A PATH of its own in a folder with a space: the usual tools, but no Python and none of the tests' programs."""
    folder = tmp_path / "only these"
    folder.mkdir()
    for tool in ("bash", "dirname", "id", "cat", "mv", "rm", "chmod", "head", "sed", "grep"):
        source = next(p for d in ("/usr/bin", "/bin") if (p := Path(d) / tool).exists())
        (folder / tool).symlink_to(source)
    return folder


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_script_is_executable_and_stops_at_the_first_error(script: Path) -> None:
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes_and_without_an_address(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[A-Za-z0-9_.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_the_lock_file_of_the_pages_names_no_registry() -> None:
    assert '"resolved"' not in (REPOSITORY / "reflex.lock" / "package-lock.json").read_text()


def test_the_test_requirements_pin_the_same_versions_as_the_plain_ones() -> None:
    plain, test = (
        set(re.findall(r"^\S+==\S+", (REPOSITORY / name).read_text(), flags=re.MULTILINE)) for name in REQUIREMENTS
    )
    assert plain < test


def test_setup_without_a_python_says_what_to_install(tmp_path: Path, bin_folder: Path) -> None:
    checkout = tmp_path / "a check out"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / "scripts" / "setup").write_bytes((REPOSITORY / "scripts" / "setup").read_bytes())
    program(bin_folder / "python3", "echo False")
    done = run("bash", checkout / "scripts" / "setup", env={"PATH": str(bin_folder)}, cwd=tmp_path)
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr
    assert "apt-get install python3" in done.stderr
    assert not (checkout / ".venv").exists()


def test_setup_never_removes_a_folder_that_is_no_virtual_environment(tmp_path: Path, bin_folder: Path) -> None:
    checkout = tmp_path / "a check out"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / "scripts" / "setup").write_bytes((REPOSITORY / "scripts" / "setup").read_bytes())
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "precious").touch()
    done = run("bash", checkout / "scripts" / "setup", env={"PATH": str(bin_folder)}, cwd=tmp_path)
    assert done.returncode == 1
    assert "not a virtual environment" in done.stderr
    assert (checkout / ".venv" / "precious").exists()


def system_packages(tmp_path: Path, bin_folder: Path, *, user: int) -> subprocess.CompletedProcess[str]:
    (bin_folder / "id").unlink()
    program(bin_folder / "id", f"echo {user}")
    script = REPOSITORY / "scripts" / "system-packages"
    return run("bash", script, tmp_path / "policy-rc.d", env={"PATH": str(bin_folder)}, cwd=tmp_path)


def test_without_root_the_apt_line_is_printed_and_nothing_is_installed(tmp_path: Path, bin_folder: Path) -> None:
    program(bin_folder / "apt-get", f'echo "$@" >> "{tmp_path}/apt"')
    done = system_packages(tmp_path, bin_folder, user=1000)
    assert done.returncode == 0
    assert "sudo apt-get install --no-install-recommends chromium fonts-dejavu-core prometheus" in done.stderr
    assert not (tmp_path / "apt").exists()


@pytest.mark.parametrize("outcome", [0, 100], ids=["apt works", "apt fails"])
@pytest.mark.parametrize("policy", [None, "#!/bin/sh\nexit 0\n"], ids=["no policy before", "a policy before"])
def test_services_are_denied_while_apt_installs_and_the_policy_is_as_before_after(
    tmp_path: Path, bin_folder: Path, outcome: int, policy: str | None
) -> None:
    path = tmp_path / "policy-rc.d"
    if policy is not None:
        path.write_text(policy)
    program(
        bin_folder / "apt-get", f'cat "{path}" >> "{tmp_path}/policies"; echo "$@" >> "{tmp_path}/apt"; exit {outcome}'
    )
    done = system_packages(tmp_path, bin_folder, user=0)
    assert done.returncode == 0
    assert (tmp_path / "policies").read_text() == "#!/bin/sh\nexit 101\n" * 2
    assert (
        "install --no-install-recommends chromium fonts-dejavu-core prometheus prometheus-alertmanager postgresql"
        in (tmp_path / "apt").read_text()
    )
    assert (path.read_text() if path.exists() else None) == policy
    assert ("could not install" in done.stderr) == (outcome != 0)


def test_nothing_is_installed_when_nothing_is_missing(tmp_path: Path, bin_folder: Path) -> None:
    for name in ("chromium", "prometheus", "prometheus-alertmanager", "pg_ctlcluster"):
        program(bin_folder / name, "exit 0")
    program(bin_folder / "apt-get", f'echo "$@" >> "{tmp_path}/apt"')
    done = system_packages(tmp_path, bin_folder, user=0)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "apt").exists()
