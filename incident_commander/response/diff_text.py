"""What a change did, in a few words from its diff: `max_conns: 50 -> 10`."""

import re

from ..domain.telemetry import Change

_MOST_EDITS, _MOST_CHARACTERS = 3, 60
_NOISE = re.compile(r"^\s*(//|#|\*|/\*|--\s|import\b|[{}()\[\];,]*\s*$)")
_KEY = re.compile(r"^\s*([\w.\-\"' \[\]]*[\w\"'\]])\s*(?::=|[:=])\s*(.+?)[,;]?\s*$")


def what_it_did(change: Change) -> str:
    """The change's most telling edits, at most three: values that changed first, then what went, then what came.

    Empty where the diff is not given, or nothing but comments and brackets moved.
    """
    removed = [line[1:] for line in change.detail.splitlines() if line.startswith("-") and not line.startswith("---")]
    added = [line[1:] for line in change.detail.splitlines() if line.startswith("+") and not line.startswith("+++")]
    gone = [line for line in removed if not _NOISE.match(line) and line.strip() not in {a.strip() for a in added}]
    come = [line for line in added if not _NOISE.match(line) and line.strip() not in {r.strip() for r in removed}]
    before = {key: value for line in gone if (found := _KEY.match(line)) for key, value in [found.groups()]}
    after = {key: value for line in come if (found := _KEY.match(line)) for key, value in [found.groups()]}
    turned = [key for key in before if key in after and before[key] != after[key]]
    edits = [f"{_short(key)} {_short(before[key])} -> {_short(after[key])}" for key in turned]
    edits += [f"without {_short(line)}" for line in gone if _key(line) not in turned]
    edits += [f"with {_short(line)}" for line in come if _key(line) not in turned]
    return "; ".join(edits[:_MOST_EDITS])


def _key(line: str) -> str | None:
    found = _KEY.match(line)
    return found.group(1) if found else None


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= _MOST_CHARACTERS else joined[: _MOST_CHARACTERS - 3] + "..."
