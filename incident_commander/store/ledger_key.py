"""The installation's Ed25519 key that seals the ledger: a 0600 file outside the database."""

import os
import secrets
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_KEY_BYTES = 32


class LedgerKeyUnusable(Exception):
    """The ledger's key file is missing where it is needed, or is not a key; the message says what to do."""


class LedgerKey:
    """Signs what the ledger says of itself, and checks such signatures."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private = private_key
        self._public = private_key.public_key()

    @classmethod
    def load(cls, path: Path) -> "LedgerKey":
        """Read the key.

        Raises:
            LedgerKeyUnusable: there is no such file, or it holds something else.
        """
        try:
            raw = path.read_bytes()
        except FileNotFoundError as missing:
            raise LedgerKeyUnusable(
                f"the ledger has events but its key {str(path)!r} is missing; restore that file from a backup"
            ) from missing
        if len(raw) != _KEY_BYTES:
            raise LedgerKeyUnusable(
                f"the ledger key {str(path)!r} has {len(raw)} bytes instead of {_KEY_BYTES}; restore it from a backup"
            )
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    @classmethod
    def load_or_create(cls, path: Path) -> "LedgerKey":
        """Read the key, or make one; several processes that start at once agree on one."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(Ed25519PrivateKey.generate().private_bytes_raw())
                    file.flush()
                    os.fsync(file.fileno())
                with suppress(FileExistsError):  # another process was first, and its key is the one
                    os.link(draft, path)
            finally:
                draft.unlink()
        return cls.load(path)

    def sign(self, message: bytes) -> str:
        """The signature in base64."""
        return b64encode(self._private.sign(message)).decode("ascii")

    def signed(self, message: bytes, signature: str) -> bool:
        """Whether this key made that signature of that message, written exactly so."""
        try:
            raw = b64decode(signature, validate=True)
            self._public.verify(raw, message)
        except (InvalidSignature, Base64Error, ValueError):
            return False
        # Base64 has spare bits at its end: another spelling of the same signature is an edit too.
        return b64encode(raw).decode("ascii") == signature
