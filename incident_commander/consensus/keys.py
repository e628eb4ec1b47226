"""The voters' private keys: one Ed25519 key for each voter, in a file that its owner alone can read, or in AWS."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..domain.ballot import VOTERS, Voter
from .ballots import LocalSigner, Signer, encode_public_key
from .files import written_once
from .known_keys import UnusableKey, remember

SOURCES = "files, secretsmanager:PREFIX or kms:PREFIX"


@dataclass(frozen=True, slots=True)
class VoterKey:
    """What signs a voter's ballots, and the public key that checks them, base64."""

    signer: Signer
    public_key: str


class KeySource(Protocol):
    """Where the voters' keys are."""

    def load(self, voter: Voter) -> VoterKey:
        """A voter's key, made where it is this source's to make; may wait for AWS.

        Raises:
            UnusableKey: there is none that can be used; the message says why and what to do.
        """
        ...


class FileKeys:
    """Keys in `<voter>.pem` files, made where there is none (mode 0600, in a 0700 directory)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, voter: Voter) -> VoterKey:
        """See KeySource. Two processes that start at once end up with the same key."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / f"{voter}.pem"
        if not path.exists():
            written_once(path, new_pem(), mode=0o600)
        return from_pem(voter, _read(path), str(path), "delete it so that a new one is made")


class Keyring:
    """The keys of all voters of this installation, in this process."""

    def __init__(self, keys: Mapping[Voter, VoterKey]) -> None:
        self._signers = {voter: key.signer for voter, key in keys.items()}
        self._public_keys = {voter: key.public_key for voter, key in keys.items()}

    @classmethod
    def load(cls, source: KeySource, directory: Path) -> Self:
        """Load every voter's key, and write its public key down in the directory.

        Raises:
            UnusableKey: one cannot be used, or is another than the one known here.
        """
        return cls({voter: load_key(source, voter, directory) for voter in VOTERS})

    def signer(self, voter: Voter) -> Signer:
        """What signs this voter's ballots."""
        return self._signers[voter]

    @property
    def public_keys(self) -> Mapping[Voter, str]:
        """Every voter's public key, base64 of its 32 bytes: all that is needed to check a certificate."""
        return MappingProxyType(self._public_keys)


def load_key(source: KeySource, voter: Voter, directory: Path) -> VoterKey:
    """Load one voter's key, and write its public key down in the directory.

    Raises:
        UnusableKey: it cannot be used, or is another than the one known here.
    """
    key = source.load(voter)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    remember(directory, voter, key.public_key)
    return key


def key_source(setting: str, directory: Path) -> KeySource:
    """The source that a setting names: `files`, `secretsmanager:PREFIX` or `kms:PREFIX`.

    Raises:
        UnusableKey: it names none.
    """
    kind, _, prefix = setting.partition(":")
    if setting == "files":
        return FileKeys(directory)
    if kind not in ("secretsmanager", "kms") or not prefix:
        raise UnusableKey(f"keys cannot be in {setting!r}; give {SOURCES}")
    # Only who keeps keys in AWS pays for importing its client.
    from .aws_keys import KmsKeys, SecretKeys

    return SecretKeys(prefix) if kind == "secretsmanager" else KmsKeys(prefix)


def local_key(voter: Voter, key: Ed25519PrivateKey) -> VoterKey:
    """A key in this process."""
    return VoterKey(LocalSigner(voter, key), encode_public_key(key.public_key()))


def new_pem() -> bytes:
    """A new private key."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def from_pem(voter: Voter, pem: bytes, where: str, remedy: str) -> VoterKey:
    """The key that a PEM document holds.

    Raises:
        UnusableKey: it holds no Ed25519 private key.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{where} holds no private key; {remedy}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{where} holds a key that is not Ed25519; {remedy}")
    return local_key(voter, key)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise UnusableKey(
                    f"the key {path} may be read or written by others (mode {mode:04o}); if nobody did, run "
                    f"`chmod 600 {path}`, otherwise delete it so that a new one is made"
                )
            return file.read()
    except OSError as error:
        raise UnusableKey(f"the key {path} cannot be read: {error.strerror}; give this user access to it") from error
