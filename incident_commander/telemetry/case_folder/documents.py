"""Opening the files of a case folder and splitting them into entries, each with the place it stands at."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from ...domain.telemetry import Gap, Signal

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")


class CaseFolderError(Exception):
    """A case folder without what cannot be missed; says which file and line, and what to do."""


class Unusable(Exception):
    """A file of a case folder, or the rest of it, cannot be used; the text says why, with the line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a file: a line of ndjson, or an element of a JSON array.

    Attributes:
        place: Where it stands, such as `line 17`.
    """

    place: str
    fields: dict[str, JsonValue]


@dataclass(slots=True)
class Skipped:
    """Counts what one file holds that cannot be used, and keeps the first reason.

    Attributes:
        file: The file's name within the folder.
        things: What it holds: `rows`, `lines`, `entries`.
    """

    file: str
    signal: Signal
    things: str
    count: int = 0
    first: str = ""
    gaps: list[Gap] = field(default_factory=list)

    def skip(self, place: str, reason: str, times: int = 1) -> None:
        """Count an entry, or several, that cannot be used."""
        if not self.count:
            self.first = f"{place}: {reason}"
        self.count += times

    def break_off(self, error: Unusable) -> None:
        """Note that the file, or its rest, cannot be read at all."""
        self.gaps.append(
            Gap(
                signal=self.signal,
                reason=f"{self.file}: {error}",
                remedy=f"write {self.file} again, whole; nothing else depends on it",
            )
        )

    def found(self) -> tuple[Gap, ...]:
        """The gaps of this file."""
        if not self.count:
            return tuple(self.gaps)
        things = self.things if self.count > 1 else {"entries": "entry"}.get(self.things, self.things.rstrip("s"))
        first = f"the first at {self.first}" if self.count > 1 else f"at {self.first}"
        reason = f"{self.file}: {self.count:,} {things} skipped, {first}"
        return (*self.gaps, Gap(signal=self.signal, reason=reason, remedy=f"mend or remove them in {self.file}"))


def read_text(path: Path) -> str:
    """A file as text, without a byte order mark.

    Raises:
        Unusable: it is no regular file, cannot be opened, is empty, or is not UTF-8.
    """
    content = read_bytes(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unusable(f"line {line} is not UTF-8 text (byte {content[error.start]:#04x})") from error
    if not text.strip():
        raise Unusable("the file is empty")
    return text


def read_bytes(path: Path) -> bytes:
    """A file as it is.

    Raises:
        Unusable: it is no regular file or cannot be opened.
    """
    check_regular(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"the file cannot be opened: {error.strerror or error}") from error


def check_regular(path: Path) -> None:
    """Raise Unusable for what is not a regular file: a folder, a pipe that would never end."""
    try:
        if not path.is_file():
            raise Unusable("this is not a file")
    except OSError as error:
        raise Unusable(f"the file cannot be opened: {error.strerror or error}") from error


def read_object(path: Path) -> dict[str, JsonValue]:
    """The one JSON object of a file.

    Raises:
        Unusable: the file cannot be read, or is something else.
    """
    document = read_document(path)
    if not isinstance(document, dict):
        raise Unusable(f"line 1: this is {_kind(document)}, not a JSON object")
    return document


def read_document(path: Path) -> JsonValue:
    """The one JSON value of a file.

    Raises:
        Unusable: the file cannot be read, or is no JSON.
    """
    text = read_text(path)
    try:
        document: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable(_why_no_json(error, text, 0)) from error
    return document


def read_entries(path: Path, skipped: Skipped) -> Iterator[Entry]:
    """The objects of a JSON array, or of the arrays in a JSON object; of a broken file those before the break."""
    try:
        text = read_text(path)
        start = _after_space(text, 0)
        if text[start] == "[":
            yield from _elements(text, start, skipped)
        else:
            yield from _wrapped(read_object(path), skipped)
    except Unusable as error:
        skipped.break_off(error)


def read_lines(path: Path, skipped: Skipped) -> Iterator[Entry]:
    """The objects of a file with one JSON object a line; other lines are skipped. A JSON array is read as such."""
    try:
        content = read_bytes(path).removeprefix(codecs.BOM_UTF8)
        if not content.strip():
            raise Unusable("the file is empty")
    except Unusable as error:
        skipped.break_off(error)
        return
    if content.lstrip().startswith(b"["):
        yield from read_entries(path, skipped)
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            value: JsonValue = json.loads(line.decode())
        except (ValueError, RecursionError) as error:
            skipped.skip(place, _short_reason(error))
            continue
        if isinstance(value, dict):
            yield Entry(place, value)
        else:
            skipped.skip(place, f"this is {_kind(value)}, not a JSON object")


def _elements(text: str, start: int, skipped: Skipped) -> Iterator[Entry]:
    """The objects of the array that begins at `start`, decoded one by one so that each has a line."""
    position, line, counted = _after_space(text, start + 1), 1, 0
    if text[position : position + 1] == "]":
        return
    while True:
        line, counted = line + text.count("\n", counted, position), position
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise Unusable(_why_no_json(error, text, position)) from error
        if isinstance(value, dict):
            yield Entry(f"line {line}", value)
        else:
            skipped.skip(f"line {line}", f"this is {_kind(value)}, not a JSON object")
        position = _after_space(text, position)
        if text[position : position + 1] != ",":
            break
        position = _after_space(text, position + 1)
    if text[position : position + 1] != "]":
        line += text.count("\n", counted, position)
        end = "ends before its array does" if position >= len(text) else "has something else where a comma belongs"
        raise Unusable(f"line {line}: the file {end}; what stands before was read")


def _wrapped(document: dict[str, JsonValue], skipped: Skipped) -> Iterator[Entry]:
    """The objects of the arrays within an object, such as `{"commits": [...]}`."""
    arrays = {name: value for name, value in document.items() if isinstance(value, list)}
    if not arrays:
        raise Unusable("line 1: this is an object without a list; give a JSON array")
    for name, values in arrays.items():
        for number, value in enumerate(values, 1):
            place = f"entry {number} of {name!r}"
            if isinstance(value, dict):
                yield Entry(place, value)
            else:
                skipped.skip(place, f"this is {_kind(value)}, not a JSON object")


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _why_no_json(error: Exception, text: str, position: int) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {_short_reason(error)}"
    line = text.count("\n", 0, position) + 1
    return f"line {line}: {_short_reason(error)}"


def _short_reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            said = error.msg.removesuffix(" starting at")
            return f"this is no JSON ({said[0].lower()}{said[1:]})"
        case UnicodeDecodeError():
            return f"this is not UTF-8 text (byte {error.object[error.start]:#04x})"
        case RecursionError():
            return "values are nested too deeply"
        case _:
            return "a number has too many digits"


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "an array"
        case _:
            return "an object"
