"""`incident-commander certificate`, as a person runs it: what is exported verifies elsewhere, and nothing else does."""

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import JsonValue

from incident_commander.consensus.keys import FileKeys, Keyring
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS
from incident_commander.store import migrate

from ..consensus.ballot_box import INCIDENT, NOW, RIGHT, ballot, poll, sent, signed
from ..store.databases import Home, incident, opened, url_of


@dataclass(frozen=True)
class Installation:
    """A data folder with an incident whose plan was certified, and that certificate's file."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "certificate.json"

    def run(self, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run the command in the folder."""
        return subprocess.run(
            [sys.executable, "-m", "incident_commander", "certificate", *arguments],
            env={"IC_DATA_DIR": str(self.folder), "PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            cwd=Path.cwd(),
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    keys = Keyring.load(FileKeys(folder / "keys"), folder / "keys")
    cast = sent(signed(ballot(voter, RIGHT.digest), keys) for voter in VOTERS)
    certificate = tally(poll(), cast, rule(), keys.public_keys, NOW).certificate
    assert certificate is not None
    home = Home(url_of(folder / "incident-commander.db"), folder / "keys" / "ledger.pem")
    migrate(home.url)

    async def fill() -> None:
        async with opened(home) as database, database.write() as unit:
            await unit.incidents.add(incident(INCIDENT))
            await unit.certificates.save(certificate, RIGHT)

    asyncio.run(fill())
    made = Installation(folder)
    done = made.run("export", INCIDENT, "--out", made.file)
    assert done.returncode == 0, done.stderr
    return made


def changed(installation: Installation, tmp_path: Path, *where: str | int, to: JsonValue) -> Path:
    """The certificate's file with one value changed."""
    whole: JsonValue = json.loads(installation.file.read_text())
    part = whole
    for step in where[:-1]:
        part = part[step]  # type: ignore[index]
    part[where[-1]] = to  # type: ignore[index]
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(whole))
    return path


def test_what_was_exported_verifies_with_nothing_but_itself_and_the_public_keys(
    installation: Installation, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.json"
    assert installation.run("keys", "--out", keys).returncode == 0
    elsewhere = Installation(tmp_path)
    done = elsewhere.run("verify", installation.file, "--keys", keys)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILS" not in done.stdout
    assert done.stdout.count("holds Signature of") == 5
    assert done.stdout.endswith("valid for `restart orders` in incident inc-1, round 1\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json"], "no database and no key was made"


def test_an_installation_verifies_by_its_own_keys(installation: Installation) -> None:
    done = installation.run("verify", installation.file, "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["holds"] is True
    assert {finding["name"] for finding in told["findings"]} >= {"Plan digest computed again", "Votes counted again"}


@pytest.mark.parametrize(
    ("where", "to", "says"),
    [
        (("plan", "rationale"), "restart orders, and more", "FAILS Plan digest computed again"),
        (("certificate", "plan_digest"), "0" * 64, "FAILS Plan digest computed again"),
        (
            ("certificate", "ballots", 2, "ballot", "judgement", "confidence"),
            0.9,
            "FAILS Signature of prediction: the signature is not the key's over this ballot",
        ),
        (("certificate", "incident_id"), "inc-2", "does not count: replayed"),
        (("certificate", "round"), 2, "does not count: replayed"),
        (("certificate", "rule", "required"), 3, "3 required; here n = 5, f = 1, 4 required"),
        (("certificate", "rule", "weights", "detection"), 0.3, "other weights of detection"),
        (("certificate", "ballots"), [], "its ballots are no quorum"),
        (
            ("certificate", "ballots", 0, "public_key"),
            "A" * 43 + "=",
            "FAILS Signature of detection: the key AAAAAAAAAAAA… is not the one known of detection",
        ),
    ],
)
def test_one_changed_value_is_found_and_told_in_words(
    installation: Installation, tmp_path: Path, where: tuple[str | int, ...], to: JsonValue, says: str
) -> None:
    done = installation.run("verify", changed(installation, tmp_path, *where, to=to))
    assert done.returncode == 1
    assert says in done.stdout
    assert done.stdout.endswith("NOT valid: nothing may be done on this certificate's word\n")


def test_it_does_not_hold_by_the_keys_of_another_installation(installation: Installation, tmp_path: Path) -> None:
    Keyring.load(FileKeys(tmp_path / "keys"), tmp_path / "keys")
    done = installation.run("verify", installation.file, "--keys", tmp_path / "keys")
    assert done.returncode == 1
    assert done.stdout.count("is not the one known of") == 5


def test_a_voter_whose_key_is_not_known_is_told(installation: Installation, tmp_path: Path) -> None:
    known = json.loads(installation.run("keys").stdout)
    del known["resolution"]
    (tmp_path / "keys.json").write_text(json.dumps(known))
    done = installation.run("verify", installation.file, "--keys", tmp_path / "keys.json")
    assert done.returncode == 1
    assert "FAILS Signature of resolution: no key of resolution is known here" in done.stdout


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is no certificate's file"),
        (b"{}", "certificate: Field required"),
        (b"\xff\x00", "is no certificate's file"),
        (b"[" * 100_000, "is no certificate's file"),
        (b" " * (2**20 + 1), "larger than"),
    ],
)
def test_what_is_no_certificate_is_a_mistake_told_without_a_traceback(
    installation: Installation, tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "nonsense.json"
    path.write_bytes(content)
    done = installation.run("verify", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_certificate_that_was_cut_off_is_a_mistake_told_without_a_traceback(
    installation: Installation, tmp_path: Path, share: float
) -> None:
    whole = installation.file.read_bytes()
    cut = tmp_path / "cut.json"
    cut.write_bytes(whole[: int(len(whole) * share)])
    done = installation.run("verify", cut)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is no certificate's file" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_there_is_a_mistake_told_without_a_traceback(installation: Installation, tmp_path: Path) -> None:
    for arguments, code, says in (
        (("verify", tmp_path / "none.json"), 2, "cannot be read: No such file"),
        (("verify", installation.file, "--keys", tmp_path), 2, "holds no public keys"),
        (("export", "inc-9", "--out", tmp_path / "x.json"), 1, "no plan of 'inc-9' was certified"),
        (("export", INCIDENT, "--round", "2", "--out", tmp_path / "x.json"), 1, "was certified in round 2"),
        (("export", INCIDENT, "--out", tmp_path / "no" / "x.json"), 2, "cannot be written"),
    ):
        done = installation.run(*arguments)
        assert (done.returncode, done.stdout) == (code, "")
        assert says in done.stderr
        assert "Traceback" not in done.stderr
