"""The voters' public keys as this installation knows them: all that is needed to check what they signed."""

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ..domain.ballot import VOTERS, Voter
from .files import written_once

_KEYS = TypeAdapter(dict[Voter, str])
_KEY_BYTES = 32


class UnusableKey(Exception):
    """A key cannot be used; the message says why and what to do."""


def remember(directory: Path, voter: Voter, public_key: str) -> None:
    """Write a voter's public key down as `<voter>.pub`, unless it is known already.

    Raises:
        UnusableKey: another key of this voter is known.
    """
    path = directory / f"{voter}.pub"
    written_once(path, f"{public_key}\n".encode(), mode=0o644)
    known = _checked(path.read_text("utf-8"), path)
    if known != public_key:
        raise UnusableKey(
            f"{path} knows another key of {voter} than the one that is there now; if the key was replaced on purpose, "
            f"delete {path}: what was signed with the old key can then not be checked here any more"
        )


def known_keys(path: Path) -> Mapping[Voter, str]:
    """The keys in a folder of `<voter>.pub` files, or in one JSON file `{"<voter>": "<key>", ...}`; base64.

    Raises:
        UnusableKey: there are none, or one is no Ed25519 key.
    """
    try:
        if path.is_dir():
            found = {voter: path / f"{voter}.pub" for voter in VOTERS if (path / f"{voter}.pub").exists()}
            keys: dict[Voter, str] = {voter: _checked(file.read_text("utf-8"), file) for voter, file in found.items()}
        else:
            keys = _KEYS.validate_json(path.read_bytes())
            keys = {voter: _checked(key, path) for voter, key in keys.items()}
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableKey(
            f"the public keys in {path} cannot be read: {error}; name a file or folder of them"
        ) from error
    except ValidationError as error:
        raise UnusableKey(f"{path} holds no public keys: {error.errors()[0]['msg']}; write them by voter") from error
    if not keys:
        raise UnusableKey(f"{path} holds no public keys, such as {VOTERS[0]}.pub; they are made with the first start")
    return keys


def as_json(keys: Mapping[Voter, str]) -> str:
    """Public keys as one JSON document, which `known_keys` reads."""
    return json.dumps(dict(keys), indent=2) + "\n"


def _checked(text: str, path: Path) -> str:
    key = text.strip()
    try:
        raw = base64.b64decode(key, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES or base64.b64encode(raw).decode() != key:
        raise UnusableKey(f"{path} holds {key[:60]!r}, which is no Ed25519 public key in base64; mend or delete it")
    return key
