"""The voters' keys: one Ed25519 key in one file for each voter, readable by its owner alone."""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ..domain.ballot import VOTERS, Voter
from .ballots import Signer, encode_public_key


class UnusableKey(Exception):
    """A key file cannot be used; the message says why and what to do."""


class Keyring:
    """The keys of all voters of this installation."""

    def __init__(self, keys: Mapping[Voter, Ed25519PrivateKey]) -> None:
        self._signers = {voter: Signer(voter, key) for voter, key in keys.items()}
        self._public_keys = {voter: encode_public_key(key.public_key()) for voter, key in keys.items()}

    @classmethod
    def load_or_create(cls, directory: Path) -> Self:
        """Load `<voter>.pem` of every voter, making those that do not exist yet (mode 0600, in a 0700 directory).

        Two processes that start at once end up with the same keys: a file is linked into place whole, never replaced.

        Raises:
            UnusableKey: a file is no Ed25519 key, cannot be read, or others may read it.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls({voter: _load_or_create(directory / f"{voter}.pem") for voter in VOTERS})

    def signer(self, voter: Voter) -> Signer:
        """What signs this voter's ballots."""
        return self._signers[voter]

    @property
    def public_keys(self) -> Mapping[Voter, str]:
        """Every voter's public key, base64 of its 32 bytes: all that is needed to check a certificate."""
        return MappingProxyType(self._public_keys)


def _load_or_create(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _create(path)
    return _load(path)


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            # Another process was first; its key is the one.
            return
        _sync_directory(path.parent)
    finally:
        unfinished.unlink()


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path) -> Ed25519PrivateKey:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise UnusableKey(
                    f"the key {path} may be read or written by others (mode {mode:04o}); if nobody did, run "
                    f"`chmod 600 {path}`, otherwise delete it so that a new one is made"
                )
            pem = file.read()
    except OSError as error:
        raise UnusableKey(f"the key {path} cannot be read: {error.strerror}; give this user access to it") from error
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{path} holds no private key; delete it so that a new one is made") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{path} holds a key that is not Ed25519; delete it so that a new one is made")
    return key
