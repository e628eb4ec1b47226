"""Masking what must not leave: secrets and what tells who somebody is, by placeholders that are undone where shown."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

_PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "PRIVATE_KEY",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.{0,10000}?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
    ("AWS_KEY", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("TOKEN", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}")),
    ("TOKEN", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,})\b")),
    ("TOKEN", re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/-]{12,}=*")),
    ("PASSWORD", re.compile(r"(?<=://)[^\s/:@]{1,64}:[^\s/@]{1,128}(?=@)")),
    (
        "SECRET",
        re.compile(
            r"(?i)(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token)[\"']?\s{0,3}[=:]\s{0,3}"
            r"[\"']?(?P<masked>[^\s\"',;&<>\[\]]{4,256})"
        ),
    ),
    ("EMAIL", re.compile(r"\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}\b")),
    ("CARD", re.compile(r"\b(?:\d[ -]?){12,18}\d\b")),
    ("IBAN", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")),
    ("SSN", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    ("PHONE", re.compile(r"(?<![\w+])\+\d{1,3}[ -]?(?:\(\d{1,4}\)|\d{1,4})(?:[ -]?\d{2,4}){2,4}\b")),
)
_PLACEHOLDER = re.compile(r"\[[A-Z_]+_\d+\]")


class Masks:
    """The placeholders of one conversation: the same value has the same one everywhere in it."""

    def __init__(self) -> None:
        self._placeholders: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._taken: set[str] = set()

    @property
    def undone(self) -> Mapping[str, str]:
        """What each placeholder stands for."""
        return {placeholder: value for value, placeholder in self._placeholders.items()}

    def mask(self, text: str) -> str:
        """The text with placeholders such as `[EMAIL_1]` in place of what must not leave."""
        self._taken.update(_PLACEHOLDER.findall(text))
        for kind, pattern in _PATTERNS:
            text = pattern.sub(partial(self._masked, kind), text)
        return text

    def unmask(self, text: str) -> str:
        """A text with every placeholder of ours undone, for where it is shown; others stay."""
        undone = self.undone
        return _PLACEHOLDER.sub(lambda match: undone.get(match[0], match[0]), text)

    def _masked(self, kind: str, match: re.Match[str]) -> str:
        group = "masked" if "masked" in match.re.groupindex else 0
        value = match[group]
        if kind == "CARD" and not _is_card(value):
            return value
        begin, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:begin] + self._placeholder(kind, value) + match[0][end:]

    def _placeholder(self, kind: str, value: str) -> str:
        if value not in self._placeholders:
            placeholder = ""
            while not placeholder or placeholder in self._taken:
                self._counts[kind] = self._counts.get(kind, 0) + 1
                placeholder = f"[{kind}_{self._counts[kind]}]"
            self._placeholders[value] = placeholder
        return self._placeholders[value]


def _is_card(text: str) -> bool:
    """Luhn's check: a number of digits that is none, such as a time stamp, mostly fails it."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [2 * each - 9 if each > 4 else 2 * each for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
