"""Reading a policy's file: whatever it says that a policy does not know is refused with its line."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from ..domain.base import Value
from ..domain.plan import ActionName
from ..domain.telemetry import ServiceKind
from .policy import FilePolicy
from .rules import DECISIONS, Freeze, Limits, Maintenance, Rule

_TABLES: Mapping[str, type[Value]] = {
    "rules": Rule,
    "freezes": Freeze,
    "maintenance": Maintenance,
    "limits": Limits,
}


class PolicyError(ValueError):
    """A policy file is not valid; the message names the file, the line and the key, and what to do."""


def load_policy(path: Path) -> FilePolicy:
    """Read and validate a policy file.

    Raises:
        PolicyError: the file cannot be read, is not TOML, or says something that a policy does not know. A typo is
            refused rather than passed over; the message names the file, the line and the key.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the policy {path} cannot be read: {error}; mend it or unset IC_POLICY_FILE") from error
    try:
        return FilePolicy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy {path} is not TOML: {error}") from error
    except ValidationError as error:
        raise PolicyError(_explain(path, text, error)) from error


def _explain(path: Path, text: str, error: ValidationError) -> str:
    # A misspelt key is also a missing one: what was written, not what is missing, is where the mistake is.
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    location = first["loc"]
    line = _line_of(text, location)
    where = f"{path}:{line}" if line else str(path)
    what = ".".join(str(part) for part in location) or "the file"
    if first["type"] == "extra_forbidden":
        return f"{where}: {what}: unknown key{_nearest(str(location[-1]), _keys_beside(location))}"
    if first["type"] == "literal_error":
        given = str(first["input"])
        words = (*get_args(ActionName), *DECISIONS, *get_args(ServiceKind))
        near = get_close_matches(given, words, n=1)
        return f"{where}: {what}: {given!r}: {first['msg']}{f'; do you mean {near[0]!r}?' if near else ''}"
    return f"{where}: {what}: {first['msg']}"


def _keys_beside(location: tuple[int | str, ...]) -> tuple[str, ...]:
    table = _TABLES.get(str(location[0])) if len(location) > 1 else FilePolicy
    return tuple((table or FilePolicy).model_fields)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; do you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """The line of a key such as ("rules", 1, "actions"), or of the table that should have it; None if not found."""
    lines = text.splitlines()
    table, rest = (str(location[0]) if location else ""), location[1:]
    if rest and isinstance(rest[0], int):
        header = _header(lines, rf"\[\[\s*{re.escape(table)}\s*]]", rest[0])
        return None if header is None else _key_line(lines, header, str(rest[1]) if len(rest) > 1 else "")
    if rest and (header := _header(lines, rf"\[\s*{re.escape(table)}\s*]", 0)) is not None:
        return _key_line(lines, header, str(rest[0]))
    return _key_line(lines, 0, table) or None


def _header(lines: Sequence[str], form: str, number: int) -> int | None:
    """The line of the table's heading, the number-th of its kind."""
    found = [at for at, line in enumerate(lines, 1) if re.match(rf"\s*{form}", line)]
    return found[number] if number < len(found) else None


def _key_line(lines: Sequence[str], header: int, key: str) -> int:
    """The line of a key below a heading, before the next one; the heading's where there is none."""
    for number, line in enumerate(lines[header:], header + 1):
        if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
            return number
        if line.lstrip().startswith("["):
            break
    return header
