"""Keys: made once, kept to their owner, the same for two processes that start at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from incident_commander.consensus.ballots import signature_is_valid
from incident_commander.consensus.keys import FileKeys, Keyring, key_source
from incident_commander.consensus.known_keys import UnusableKey, as_json, known_keys
from incident_commander.domain.ballot import VOTERS

from .ballot_box import RIGHT, ballot


def ring(directory: Path) -> Keyring:
    """The keys in a folder, made where there are none."""
    return Keyring.load(FileKeys(directory), directory)


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    made = ring(tmp_path / "keys")
    again = ring(tmp_path / "keys")
    assert made.public_keys == again.public_keys
    assert len(set(made.public_keys.values())) == 5
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == sorted(f"{voter}.{kind}" for voter in VOTERS for kind in ("pem", "pub"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files if file.suffix == ".pem"} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_what_a_loaded_key_signs_verifies(tmp_path: Path) -> None:
    signed = ring(tmp_path).signer("resolution").sign(ballot("resolution", RIGHT.digest))
    assert signature_is_valid(signed)
    assert signed.public_key == ring(tmp_path).public_keys["resolution"]


def test_many_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: dict(ring(tmp_path / "keys").public_keys), range(16)))
    assert all(each == rings[0] for each in rings)
    assert len(list((tmp_path / "keys").iterdir())) == 10


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    ring(tmp_path)
    (tmp_path / "diagnosis.pem").chmod(mode)
    with pytest.raises(UnusableKey, match=r"diagnosis.pem.*chmod 600"):
        ring(tmp_path)


def test_a_file_that_is_no_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    ring(tmp_path)
    (tmp_path / "prediction.pem").write_text("nothing of the kind")
    with pytest.raises(UnusableKey, match=r"prediction.pem holds no private key; delete it"):
        ring(tmp_path)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    ring(tmp_path)
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "prediction.pem").write_bytes(other)
    with pytest.raises(UnusableKey, match="not Ed25519"):
        ring(tmp_path)


def test_the_public_keys_alone_are_enough_to_know_every_voter(tmp_path: Path) -> None:
    keys = ring(tmp_path / "keys").public_keys
    assert known_keys(tmp_path / "keys") == keys
    (tmp_path / "keys.json").write_text(as_json(keys))
    assert known_keys(tmp_path / "keys.json") == keys


def test_a_key_that_is_another_than_the_known_one_is_refused_with_the_remedy(tmp_path: Path) -> None:
    ring(tmp_path)
    (tmp_path / "diagnosis.pem").unlink()
    with pytest.raises(UnusableKey, match=r"another key of diagnosis.*delete .*diagnosis\.pub"):
        ring(tmp_path)
    (tmp_path / "diagnosis.pub").unlink()
    assert ring(tmp_path).public_keys == known_keys(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("keys.json", "{}", "holds no public keys"),
        ("keys.json", '{"detecton": "x"}', "holds no public keys"),
        ("keys.json", "nothing of the kind", "holds no public keys"),
        ("keys.json", '{"detection": "c2hvcnQ="}', "no Ed25519 public key"),
        ("keys.json", b"\xff", "holds no public keys"),
        ("detection.pub", "x", "no Ed25519 public key"),
        ("detection.pub", b"\xff", "cannot be read"),
        ("detection.txt", "x", "holds no public keys"),
    ],
)
def test_what_holds_no_public_keys_is_refused_with_the_remedy(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UnusableKey, match=says):
        known_keys(tmp_path / name if name == "keys.json" else tmp_path)


@pytest.mark.parametrize("setting", ["", "file", "kms", "kms:", "secretsmanager:", "vault:x"])
def test_a_source_of_keys_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path, setting: str) -> None:
    with pytest.raises(UnusableKey, match="give files, secretsmanager:PREFIX or kms:PREFIX"):
        key_source(setting, tmp_path)
