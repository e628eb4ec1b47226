"""Opening the files that a bench is given; what cannot be used is named, with its line where it has one."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class BadData(Exception):
    """What a bench was given cannot be used; the message names the file and line, and says what to do."""


def read_text(path: Path) -> str:
    """A file as text, without a byte order mark.

    Raises:
        BadData: it is missing, no regular file, cannot be opened, or is no text in UTF-8.
    """
    try:
        if not path.exists():
            raise BadData(f"{path} is missing; the published data has one here")
        if not path.is_file():
            raise BadData(f"{path} is no file; put the published one in its place")
        raw = path.read_bytes()
    except OSError as error:
        raise BadData(f"{path} cannot be read: {error.strerror or error}; mend its rights") from error
    if b"\0" in raw:
        raise BadData(f"{path}, line {_line_of(raw, raw.index(0))}: a NUL byte; it is not a text file")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"line {_line_of(raw, error.start)}: byte {raw[error.start]:#04x}"
        raise BadData(f"{path}, {where} is not UTF-8; convert the file") from error


def read_json(path: Path, form: TypeAdapter[T]) -> T:
    """The one JSON value of a file, in the form that it must have.

    Raises:
        BadData: it cannot be read, is no JSON, or has another form.
    """
    text = read_text(path)
    try:
        return form.validate_python(json.loads(text))
    except json.JSONDecodeError as error:
        raise BadData(f"{path}, line {error.lineno}: no JSON ({error.msg}); restore the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadData(f"{path}: at {where!r}: {first['msg']}; restore the published file") from error
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path}: a number of it is too long, or it is nested too deeply; restore the file") from error


def _line_of(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
