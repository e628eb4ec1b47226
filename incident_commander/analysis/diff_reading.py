"""A diff as text, taken apart: files, hunks, and the lines that were taken out and put in, without what means nothing.

Reads unified diffs and the loose ones that name a file or a function between `@@`. Lines are compared without their
spacing; comments, imports, log lines, metrics and span attributes are left out, since they change nothing at run time.
"""

import re
from collections import Counter
from dataclasses import dataclass

_HEADER = re.compile(r"^@@+(?P<ranges>\s*-\d+(?:,\d+)?\s+\+\d+(?:,\d+)?\s*@@+)?(?P<rest>.*)$")
_PATH = re.compile(
    r"(?:[\w.@+-]+/)+[\w.@+-]+|[\w-]+\.(?:go|py|java|ts|tsx|js|rb|rs|ya?ml|toml|json|sql|mod|sum|tf|conf)\b"
)
_COMMENT = re.compile(r"^\s*(//|#(?!\[)|\*|/\*|\*/|--\s|;|<!--|\"\"\"|''')")
_TRAILING = re.compile(r"\s+(//|#)\s.*$")
_IMPORT = re.compile(
    r"^\s*(import\b|from\s+[\w.]+\s+import\b|package\s|using\s+[\w.]+;|#include|require\s*\(|\)\s*$|\"[\w./@-]+\"\s*$)"
)
_TELLS = re.compile(
    r"\b(log|logger|logging|slog|zap|LOG|console)\s*\.\s*\w+\s*\(|\bfmt\.Print|\bprint(ln|f)?\s*\(|"
    r"\bspan\.\w+\(|SetAttributes\(|set_attribute\(|prometheus\.|promauto\.|\bmetrics?\.\w+\(|statsd\.|"
    r"\.(Inc|Observe|inc|observe|labels|WithLabelValues)\s*\(|\bmeter\.|\btracer\."
)
_QUIET_FILES = re.compile(
    r"(?i)(^|/)(docs?|documentation|\.github|\.ci|\.circleci|testdata|tests?|__tests__|spec|fixtures|i18n|locales?|"
    r"translations)/|"
    r"_test\.|\.test\.|\.spec\.|test_[^/]*\.py$|Test\.java$|\.(md|rst|adoc|txt|svg|png|css|scss|less|html)$|"
    r"(^|/)(codeowners|license|changelog|readme|makefile|\.golangci\.ya?ml|\.editorconfig|\.gitignore|\.prettierrc|"
    r"\.eslintrc[^/]*|\.pre-commit-config\.yaml)[^/]*$"
)
DEPENDENCIES = re.compile(
    r"(^|/)(go\.(mod|sum)|package(-lock)?\.json|yarn\.lock|pnpm-lock\.yaml|requirements[^/]*\.txt|poetry\.lock|"
    r"pyproject\.toml|Pipfile(\.lock)?|Cargo\.(toml|lock)|pom\.xml|build\.gradle(\.kts)?|Gemfile(\.lock)?|composer\.json)$"
)


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place of one file.

    Attributes:
        path: The file; empty where the diff does not say.
        place: The function or section that the diff names beside it.
        lines: (sign, text) in order; sign is ` `, `-` or `+`.
    """

    path: str
    place: str
    lines: tuple[tuple[str, str], ...]

    def side(self, sign: str) -> tuple[str, ...]:
        """The lines of one sign."""
        return tuple(text for each, text in self.lines if each == sign)


def read_diff(text: str, files: tuple[str, ...] = ()) -> tuple[Hunk, ...]:
    """The hunks of a diff; where it names no file, of the first of `files`, if there is one."""
    hunks: list[Hunk] = []
    path = files[0] if files else ""
    place = ""
    lines: list[tuple[str, str]] = []

    def flush() -> None:
        if lines:
            hunks.append(Hunk(path, place, tuple(lines)))
            lines.clear()

    for line in text.splitlines():
        if line.startswith(("diff ", "index ", "new file", "deleted file", "similarity", "rename ", "\\ No newline")):
            continue
        if line.startswith("--- ") and (re.match(r"--- (a/|/dev/null|\")", line) or _PATH.search(line)):
            continue
        if line.startswith("+++ "):
            flush()
            named = line[4:].strip().removeprefix("b/")
            path, place = (named if named != "/dev/null" else path), ""
            continue
        header = _HEADER.match(line)
        if header is not None:
            flush()
            rest = header["rest"].replace("@@", " ").strip()
            place = rest
            if header["ranges"] is None:
                found = _PATH.match(rest)
                if found is not None:
                    path, place = found.group(), rest[found.end() :].lstrip(": ")
            continue
        sign = line[:1]
        lines.append((sign, line[1:]) if sign in "+- " and sign else (" ", line))
    flush()
    return tuple(hunks)


def is_quiet(path: str) -> bool:
    """Whether a file says or checks something and does nothing at run time: documents, tests, CI, styles."""
    return bool(_QUIET_FILES.search(path)) and not DEPENDENCIES.search(path)


def bare(line: str) -> str:
    """A line without spacing and trailing comment; empty where it does nothing at run time."""
    if _COMMENT.match(line) or _IMPORT.match(line):
        return ""
    text = re.sub(r"\s+", "", _TRAILING.sub("", line))
    return "" if text in ("{", "}", "(", ")", "});", "})", "},", ");", "]", "];", "end", "else{", "}else{") else text


def tells(line: str) -> bool:
    """Whether a line only tells: a log line, a metric, a span attribute."""
    return bool(_TELLS.search(line))


def altered(hunk: Hunk) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that were really taken out, and those really put in: what reappears on the other side is neither."""
    out = [line for line in _doing(hunk.side("-")) if bare(line)]
    new = [line for line in _doing(hunk.side("+")) if bare(line)]
    kept = Counter(map(bare, out)) & Counter(map(bare, new))
    return _without(out, kept), _without(new, kept)


def _doing(lines: tuple[str, ...]) -> list[str]:
    """The lines without those that only tell, however many lines such a statement takes."""
    rest: list[str] = []
    depth = 0
    for line in lines:
        if depth > 0 or tells(line):
            depth = max(0, depth + sum(map(line.count, "({[")) - sum(map(line.count, ")}]")))
        else:
            rest.append(line)
    return rest


def _without(lines: list[str], kept: Counter[str]) -> tuple[str, ...]:
    left = Counter(kept)
    rest = []
    for line in lines:
        if left[bare(line)] > 0:
            left[bare(line)] -= 1
        else:
            rest.append(line)
    return tuple(rest)
