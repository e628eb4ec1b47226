"""The operator token: made here or set by the installation, and known afterwards by its hash alone.

A token made here has 256 random bits, so that a plain SHA-256 of it gives nothing away; one that is set must be long.
"""

import hashlib
import os
import secrets
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from pydantic import Field, SecretStr, ValidationError

from ..domain.base import Digest, UtcDatetime, Value

FILE = "operator-token.json"
"""Beside the voters' keys."""
PREFIX = "ic_"
"""So that a scanner for leaked secrets can know one, and a person what he has found."""
SHORTEST = 20
LONGEST = 256


class TokenUnusable(Exception):
    """The file that keeps the token's hash cannot be used; the message says why and what to do."""


class WeakToken(Exception):
    """The token that the installation sets is no token; the message says what one is."""


class TokenSource(Protocol):
    """Where the token's hash comes from, asked anew each time."""

    def digest(self) -> Digest | None:
        """The SHA-256 of the token that holds now; None while there is none.

        Raises:
            TokenUnusable: that cannot be told.
        """
        ...


def digest_of(token: str) -> Digest:
    """SHA-256, in hex."""
    return Digest(hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest())


def _random() -> str:
    return PREFIX + secrets.token_urlsafe(32)


class _Kept(Value):
    sha256: Digest = Field(pattern="^[0-9a-f]{64}$")
    made_at: UtcDatetime


class KeptToken:
    """A token made here. Its hash is kept in one file, which every process that serves reads each time it is asked."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE

    def make(self) -> str:
        """Make a token, in place of the one before, and return it: the only time that anybody sees it."""
        token = _random()
        self._write(token, lambda unfinished: unfinished.replace(self.path))
        return token

    def make_first(self) -> str | None:
        """Make a token unless there is one; of two processes that start at once one makes it."""
        if self.path.exists():
            return None
        token = _random()
        try:
            self._write(token, lambda unfinished: os.link(unfinished, self.path))
        except FileExistsError:
            return None
        return token

    def digest(self) -> Digest | None:
        """See TokenSource."""
        kept = self._read()
        return None if kept is None else kept.sha256

    def made_at(self) -> datetime | None:
        """When it was made; None while there is none.

        Raises:
            TokenUnusable: its file cannot be read.
        """
        kept = self._read()
        return None if kept is None else kept.made_at

    def _read(self) -> _Kept | None:
        remedy = "make another by `incident-commander operator-token --new`"
        try:
            with self.path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o022:
                    raise TokenUnusable(
                        f"{self.path} may be written by others (mode {mode:04o}), who could put their own token there; "
                        f"{remedy}"
                    )
                return _Kept.model_validate_json(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TokenUnusable(f"{self.path} cannot be read: {error.strerror}; give this user access to it") from error
        except ValidationError as error:
            raise TokenUnusable(f"{self.path} does not hold the hash of a token; {remedy}") from error

    def _write(self, token: str, put: Callable[[Path], object]) -> None:
        kept = _Kept(sha256=digest_of(token), made_at=datetime.now(UTC))
        directory = self.path.parent
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = directory / f".{FILE}.{secrets.token_hex(8)}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(kept.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            put(unfinished)
        finally:
            unfinished.unlink(missing_ok=True)


class SetToken:
    """A token that the installation sets, such as from its store of secrets; another one needs a restart."""

    def __init__(self, token: SecretStr) -> None:
        """Raises WeakToken where it is too short, too long, or holds what no header can carry."""
        written = token.get_secret_value()
        if not SHORTEST <= len(written) <= LONGEST or not written.isascii() or not written.isprintable():
            raise WeakToken(
                f"IC_OPERATOR_TOKEN has {len(written)} characters; a token has {SHORTEST} to {LONGEST} printable ASCII "
                "characters, hard to guess, such as those of `openssl rand -base64 32`"
            )
        if written != written.strip():
            raise WeakToken("IC_OPERATOR_TOKEN begins or ends with a space, which no header carries; leave it out")
        self._digest = digest_of(written)

    def digest(self) -> Digest | None:
        """See TokenSource."""
        return self._digest


def token_source(written: SecretStr | None, keys: Path) -> TokenSource:
    """The token that is set, where one is; otherwise the one kept among the keys.

    Raises:
        WeakToken: what is set is no token.
    """
    return SetToken(written) if written is not None and written.get_secret_value() else KeptToken(keys)
