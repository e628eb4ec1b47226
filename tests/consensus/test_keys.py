"""Keys: made once, kept to their owner, the same for two processes that start at once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from incident_commander.consensus.ballots import signature_is_valid
from incident_commander.consensus.keys import Keyring, UnusableKey
from incident_commander.domain.ballot import VOTERS

from .ballot_box import RIGHT, ballot


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    made = Keyring.load_or_create(tmp_path / "keys")
    again = Keyring.load_or_create(tmp_path / "keys")
    assert made.public_keys == again.public_keys
    assert len(set(made.public_keys.values())) == 5
    files = sorted((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == sorted(f"{voter}.pem" for voter in VOTERS)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_what_a_loaded_key_signs_verifies(tmp_path: Path) -> None:
    signed = Keyring.load_or_create(tmp_path).signer("resolution").sign(ballot("resolution", RIGHT.digest))
    assert signature_is_valid(signed)
    assert signed.public_key == Keyring.load_or_create(tmp_path).public_keys["resolution"]


def test_many_that_start_at_once_get_the_same_keys(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: dict(Keyring.load_or_create(tmp_path / "keys").public_keys), range(16)))
    assert all(ring == rings[0] for ring in rings)
    assert len(list((tmp_path / "keys").iterdir())) == 5


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    Keyring.load_or_create(tmp_path)
    (tmp_path / "diagnosis.pem").chmod(mode)
    with pytest.raises(UnusableKey, match=r"diagnosis.pem.*chmod 600"):
        Keyring.load_or_create(tmp_path)


def test_a_file_that_is_no_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    Keyring.load_or_create(tmp_path)
    (tmp_path / "prediction.pem").write_text("nothing of the kind")
    with pytest.raises(UnusableKey, match=r"prediction.pem holds no private key; delete it"):
        Keyring.load_or_create(tmp_path)


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    Keyring.load_or_create(tmp_path)
    other = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "prediction.pem").write_bytes(other)
    with pytest.raises(UnusableKey, match="not Ed25519"):
        Keyring.load_or_create(tmp_path)
