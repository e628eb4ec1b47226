"""What a change does at run time, read from its diff as a reviewer would: not from what its message says of it.

Settings by their direction and factor; code by what it loses or gains (checks, releases, locks, bounds), by what it
adds to each request, and by what other programs rely on. What only moves, renames, tells, tests or documents does
nothing. The features of code are data, in `code_features.toml`.
"""

import math
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, RootModel

from ..domain.base import Value
from ..domain.telemetry import Change
from .diff_reading import DEPENDENCIES, Hunk, altered, bare, is_quiet, read_diff, tells
from .setting_changes import Setting, option_changed, settings_in, spoken, words_of

EffectKind = Literal[
    "setting", "guard_lost", "handling_lost", "validation_lost", "release_lost", "acquire_added", "lock_lost",
    "lock_added", "bound_lost", "timeout_lost", "reuse_lost", "ack_lost", "whole_kept",
    "parallel_lost", "growth", "thread_added", "calls_in_loop", "blocking_added",
    "pattern_added", "cache_key", "cache_lost", "retry_added", "idempotence_lost", "transaction_lost", "crash_added",
    "dearer_query", "index_dropped", "column_lost", "table_locked", "contract", "condition", "dependency", "more_lines",
    "logic", "unseen", "inert",
]  # fmt: skip


class _Feature(Value):
    words: str
    lines: tuple[str, ...] = Field(min_length=1)


class _Features(RootModel[dict[str, _Feature]]):
    pass


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a change does.

    Attributes:
        force: How much it matters if it fits, in [0, 1].
        what: In words, to follow `it`.
        setting: The setting, where it changes one.
        names: Rare words and texts of it that other telemetry may repeat.
    """

    kind: EffectKind
    force: float
    what: str
    path: str
    setting: Setting | None = None
    names: frozenset[str] = frozenset()


_LOST: tuple[tuple[str, EffectKind, float], ...] = (
    ("null_guard", "guard_lost", 1.0), ("validation", "validation_lost", 0.8), ("error_handling", "handling_lost", 0.7),
    ("release", "release_lost", 1.0), ("lock", "lock_lost", 1.0), ("bound", "bound_lost", 0.8),
    ("timeout", "timeout_lost", 0.8), ("reuse", "reuse_lost", 0.8), ("acknowledged", "ack_lost", 0.9),
    ("streamed", "whole_kept", 0.8),
    ("parallel", "parallel_lost", 0.9), ("cached", "cache_lost", 0.9), ("idempotent", "idempotence_lost", 0.9),
    ("transaction", "transaction_lost", 0.8), ("sql_filter", "dearer_query", 0.8),
)  # fmt: skip
_GAINED: tuple[tuple[str, EffectKind, float], ...] = (
    ("lock", "lock_added", 0.8), ("thread", "thread_added", 0.7), ("blocking", "blocking_added", 0.8),
    ("pattern", "pattern_added", 0.8), ("retried", "retry_added", 0.8), ("crash", "crash_added", 0.6),
    ("sql_cost", "dearer_query", 0.7), ("no_reuse", "reuse_lost", 0.9), ("whole", "whole_kept", 0.9),
)  # fmt: skip
_LOOP = re.compile(r"^\s*(for|while|foreach)\b|\.(forEach|map|flatMap|each|filter)\s*\(|\bfor .* in\b")
_REMOTE = re.compile(
    r"(?i)\b(db|repo\w*|client|conn|session|store|dao|http|api|redis|cache|tx|cursor|stub|svc|service|gateway|s|self|this)"
    r"[\w.]*\.\w*(find|get|fetch|load|query|select|lookup|call|read|count|exec|list|describe|head|save|insert|update|"
    r"write|put|post|send)\w*\s*\(|\.objects\.|\bawait\s+\w+[\w.]*\("
)
_TICKER = re.compile(r"ticker|<-\w+\.C\b|select\s*\{|range\s+t\.C|interval", re.IGNORECASE)
_GROW = re.compile(
    r"(?P<a>[\w.]+)\s*=\s*append\(\s*(?P=a)|(?P<b>[\w.]+)\.(append|push|add|offer|push_back|extend|(put|set|insert)(?=\([^()]*,))\(|"
    r"(?P<c>[\w.]+)\[[^\]]+\]\s*=[^=]|(?P<d>[\w.]+)\s*<<\s*\w"
)
_STATEMENT_WORDS = """
return if else for while import from package var let const throw raise await yield case default go defer del assert with
type class func def public new
"""
_STATEMENTS = frozenset(_STATEMENT_WORDS.split())
_ENDLESS = re.compile(
    r"lru_cache\(\s*maxsize\s*=\s*None|@(functools\.)?cache\s*$|memoize\(\s*\w+\s*\)|"
    r"static.*new (Concurrent)?HashMap|maximumSize\(\s*Long\.MAX|max:\s*Infinity"
)
_TAG = re.compile(r"\b(json|xml|yaml|db|bson|form|protobuf|avro):")
_SHORT_LIVED = re.compile(
    r"(?i)\blru|\bring\b|pool|deque\(.*maxlen|cache\.new|bounded|TTLCache|WeakMap|headers?\b|attributes|values|params|args"
)
_SIGNATURE = re.compile(
    r"^\s*(export\s+)?(async\s+)?(func\b.*\{|def\b.*:|function\b.*\{|fn\b.*\{|const \w+ = (async )?\(.*=>|"
    r"(public|private|protected|static)\b.*\)\s*(throws \w+\s*)?\{)"
)
_COMPARE = re.compile(r"(==|!=|<=|>=|<|>|&&|\|\||\bnot\b|!\w|\band\b|\bor\b|\.(After|Before|Equal|contains|has)\()")
_TEXTS = re.compile(r"\"([^\"]+)\"|'([^']+)'|`([^`]+)`")
_IDENTIFIER = re.compile(r"^[\w./:{}$%@*-]{2,}$")
_PINNED = re.compile(r"^\s*\"?[\w.@/\[\]-]+\"?\s*(==|~=|>=|\s+v|:\s*\"[\^~]?)\s*\d+\.\d+[\w.-]*\"?,?\s*$")
_CONSTANT = re.compile(r"^[A-Z][A-Z0-9]*_?[A-Z0-9_]{2,}$")
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_SQL = re.compile(
    r"(?i)\b(create|drop|alter|update|delete|lock|truncate|vacuum|reindex)\s+(unique\s+)?(table|index|column|view)\b"
)
_FLAG = re.compile(r"(?i)\b\w*(flag|feature|toggle|experiment|variant)\w*[.(\[]")
_ORDINARY = re.compile(r"^(docs?|test|tests|ci|style|chore\((lint|ci|docs)\)|build|revert-docs)\b", re.IGNORECASE)
_QUIET_MESSAGE = re.compile(
    r"(?i)\b(typo|docs?|readme|codeowners|changelog|runbook|lint(er)?|golangci|gofmt|goimports|prettier|imports?|comment|"
    r"tests?|golden|coverage|fuzz|ci|github actions|translations?|rename|staging|tidy)\b"
)


@lru_cache(maxsize=1)
def _features() -> dict[str, tuple[str, re.Pattern[str]]]:
    path = Path(__file__).with_name("code_features.toml")
    loaded = _Features.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).root
    return {name: (each.words, re.compile("|".join(map(_scoped, each.lines)))) for name, each in loaded.items()}


def _scoped(pattern: str) -> str:
    """A pattern whose leading `(?i)` holds for itself alone."""
    return f"(?i:{pattern[4:]})" if pattern.startswith("(?i)") else f"(?:{pattern})"


@lru_cache(maxsize=512)
def effects_of(change: Change) -> tuple[Effect, ...]:
    """What a change does, the weightiest first.

    At least one effect: `inert` where it does nothing, `unseen` where its diff is not given.
    """
    files = change.files
    if files and all(is_quiet(path) for path in files):
        return (Effect("inert", 1.0, f"touches nothing that runs ({files[0]})", files[0]),)
    if not re.search(r"(?m)^[-+]", change.detail):
        return (_by_message(change),)
    assumed = files or (("settings.yaml",) if change.kind in ("config", "flag") else ())
    hunks = tuple(h for h in read_diff(change.detail, assumed) if not is_quiet(h.path))
    found = [effect for hunk in hunks for effect in _of_hunk(hunk)]
    code = [hunk for hunk in hunks if not DEPENDENCIES.search(hunk.path) and not _pins(hunk)]
    found += _of_code(code, change.summary)
    if not found:
        return (Effect("inert", 1.0, "changes nothing that is done at run time", files[0] if files else ""),)
    return tuple(sorted(found, key=lambda effect: -effect.force))


def flags_read(change: Change) -> frozenset[str]:
    """The names of feature flags that the lines put in ask for."""
    asked = [text for h in read_diff(change.detail, change.files) for text in h.side("+") if _FLAG.search(text)]
    return frozenset(found for line in asked for parts in _TEXTS.findall(line) for found in parts if found)


def _by_message(change: Change) -> Effect:
    said = change.summary
    path = change.files[0] if change.files else ""
    if _ORDINARY.match(said) or _QUIET_MESSAGE.search(said):
        return Effect("inert", 0.9, f"shows no diff, and its message ({said[:70]!r}) speaks of nothing that runs", path)
    if change.kind == "flag":
        return Effect("unseen", 0.35, f"switches {change.reference} ({change.detail or said})", path)
    if change.kind == "commit":
        return Effect("unseen", 0.2, f"shows no diff, and its message ({said[:70]!r}) speaks of nothing like it", path)
    return Effect("unseen", 0.5, "shows no diff", path)


def _of_hunk(hunk: Hunk) -> list[Effect]:
    if DEPENDENCIES.search(hunk.path) or _pins(hunk):
        return _dependencies(hunk)
    if hunk.path.endswith(".sql") or any(_SQL.search(line) for line in hunk.side("+") + hunk.side("-")):
        found = _schema(hunk)
        if found is not None:
            return found
    settings, _, _ = settings_in(hunk)
    return [effect for setting in settings if (effect := _of_setting(setting)) is not None]


def _of_setting(setting: Setting) -> Effect | None:
    names = frozenset(
        text for text in ((setting.old or "").strip("\"'`"), (setting.new or "").strip("\"'`")) if len(text) > 3
    )
    if setting.old is None or setting.new is None:
        verb, value = ("sets", setting.new) if setting.old is None else ("no longer sets", setting.old)
        return Effect("setting", 0.5, f"{verb} {setting.name} ({value})", setting.path, setting, names)
    what = f"{_verb(setting.factor)} {setting.name} {spoken(setting.old)} -> {spoken(setting.new)}"
    if "version" in setting.words:
        # Versions are names: a step from 1.2 to 1.3 is none of eight per cent.
        return Effect("setting", 0.7, what, setting.path, setting, names)
    if setting.factor is not None:
        return Effect("setting", _size(setting.factor), what, setting.path, setting, names)
    if tells(setting.written):
        return None
    texts = [t.strip("\"'`") for t in (setting.old, setting.new)]
    option = option_changed(setting)
    if option is not None:
        return _of_setting(option)
    if _features()["pattern"][1].search(setting.written):
        return Effect("condition", 0.8, f"matches otherwise: {texts[0][:40]!r} -> {texts[1][:40]!r}", setting.path,
                      setting, names)  # fmt: skip
    if setting.old[:1] in "\"'`" and not all(_IDENTIFIER.match(t) or _TAG.search(t) for t in texts):
        formats = any(re.search(r"%[a-z]|\{\w*\}|\$\{", t) for t in texts)
        key = formats and any("key" in w for w in (*setting.words, *setting.around))
        if not key:
            return Effect("logic", 0.3, f"changes the text {texts[0][:40]!r}", setting.path, setting, names)
    return Effect("contract", 0.8, what, setting.path, setting, names | words_of(" ".join(texts)))


def _verb(factor: float | None) -> str:
    return "changes" if factor is None else "raises" if factor > 1 else "lowers"


def _size(factor: float) -> float:
    """Full marks for a factor of three; a fifth more is next to nothing."""
    return max(0.1, min(1.0, abs(math.log(factor)) / math.log(3.0)))


def _pins(hunk: Hunk) -> bool:
    """Whether nothing but pinned versions changes."""
    changed = (*hunk.side("-"), *hunk.side("+"))
    return bool(changed) and all(_PINNED.match(line) for line in changed if line.strip())


def _dependencies(hunk: Hunk) -> list[Effect]:
    out, new = "\n".join(hunk.side("-")), "\n".join(hunk.side("+"))
    before, after = _VERSION.findall(out), _VERSION.findall(new)
    if not before or not after:
        return [Effect("dependency", 0.4, "adds or drops a dependency", hunk.path)] if before or after else []
    major = any(a[0] != b[0] for a, b in zip(before, after, strict=False))
    minor = any(a[1] != b[1] for a, b in zip(before, after, strict=False))
    size = "major" if major else "minor" if minor else "patch"
    force = {"major": 0.7, "minor": 0.3, "patch": 0.1}[size]
    name = re.search(r"[\w.@/-]*[a-zA-Z][\w.@/-]*", new)
    what = f"moves {name.group() if name else 'a dependency'} to another {size} version"
    return [Effect("dependency", force, what, hunk.path, names=words_of(new))]


def _schema(hunk: Hunk) -> list[Effect] | None:
    """What a migration does; None where the hunk is none."""
    new = "\n".join(hunk.side("+"))
    text = re.sub(r"--.*", "", new)
    if not _SQL.search(text):
        return None
    names = words_of(text) | frozenset(re.findall(r"\w+", text))
    found: list[Effect] = []
    if re.search(r"(?i)create\s+(unique\s+)?index\s+concurrently", text):
        found.append(Effect("inert", 0.1, "builds an index without locking its table", hunk.path))
    if re.search(r"(?i)drop\s+(unique\s+)?index", text):
        found.append(Effect("index_dropped", 1.0, "drops an index", hunk.path, names=names))
    if re.search(
        r"(?i)drop\s+(column|table|view)|rename\s+(column|to)|\btype\s+\w+|truncate|set\s+not\s+null", text
    ) or (re.search(r"(?i)not\s+null", text) and re.search(r"(?i)alter", text) and not re.search(r"(?i)default", text)):
        found.append(
            Effect("column_lost", 1.0, "changes columns that others may read or write", hunk.path, names=names)
        )
    locks = re.search(
        r"(?i)lock\s+table|vacuum\s+full|reindex(?!.*concurrently)|add\s+constraint|set\s+default|^\s*update\s", text
    )
    if (
        re.search(r"(?i)create\s+(unique\s+)?index(?!\s+concurrently)", text)
        or locks
        or re.search(r"(?i)alter.*\btype\b", text)
    ):
        found.append(Effect("table_locked", 0.9, "locks a table while it runs", hunk.path, names=names))
    return found


def _of_code(hunks: list[Hunk], message: str) -> list[Effect]:
    """What code loses and gains over all hunks together, so that what moves from one to another is neither."""
    out: list[tuple[Hunk, str]] = []
    new: list[tuple[Hunk, str]] = []
    more = 0
    for hunk in hunks:
        if re.search(r"\.(ya?ml|toml|ini|conf|cfg|properties|env|json|tfvars|cnf|sql)$", hunk.path):
            continue
        _, used_out, used_new = settings_in(hunk)
        removed, added = altered(hunk)
        out += [(hunk, line) for line in removed if line not in used_out]
        new += [(hunk, line) for line in added if line not in used_new]
        said = [
            line for line in hunk.side("+") if re.search(r"\b(log|logger|logging|slog|zap|console)\s*\.\s*\w+\(", line)
        ]
        unsaid = [
            line for line in hunk.side("-") if re.search(r"\b(log|logger|logging|slog|zap|console)\s*\.\s*\w+\(", line)
        ]
        more += len(said) - len(unsaid)
    named = Counter(_unnamed(line) for _, line in out) & Counter(_unnamed(line) for _, line in new)
    out, new = _less(out, named, _unnamed), _less(new, named, _unnamed)
    if any(_SIGNATURE.match(line) for _, line in new):
        # What goes into a function of its own may change its names on the way.
        shapes = Counter(_shape(line) for _, line in out) & Counter(_shape(line) for _, line in new)
        out, new = _less(out, shapes, _shape), _less(new, shapes, _shape)
    found: list[Effect] = []
    if more > 0:
        found.append(Effect("more_lines", 0.3 + 0.3 * ("body" in message or "payload" in message), "logs more", ""))
    if named:
        found.append(Effect("logic", 0.15, "gives a value a name", hunks[0].path if hunks else ""))
    if not out and not new:
        return found
    found += _features_changed(out, new)
    found += _growth(hunks, new)
    found += _loops(hunks, new)
    found += _contracts(out, new)
    if not any(effect.kind != "more_lines" for effect in found):
        found += _rest(out, new, message)
    return found


def _features_changed(out: list[tuple[Hunk, str]], new: list[tuple[Hunk, str]]) -> list[Effect]:
    found: list[Effect] = []
    lost_text, gained_text = [line for _, line in out], [line for _, line in new]
    where = (out or new)[0][0].path
    returned = " ".join(re.sub(r"\s+", "", line) for line in gained_text if line.strip().startswith("return"))
    for name, kind, force in _LOST:
        words, pattern = _features()[name]
        before, after = [x for x in lost_text if pattern.search(x)], [x for x in gained_text if pattern.search(x)]
        if len(before) <= len(after):
            continue
        if name == "error_handling" and _passed_on(lost_text, returned):
            continue
        names = frozenset(w for line in before for w in _rare(line))
        found.append(Effect(kind, force, f"takes out {words}: {before[0].strip()[:70]!r}", where, names=names))
    for name, kind, force in _GAINED:
        words, pattern = _features()[name]
        before, after = [x for x in lost_text if pattern.search(x)], [x for x in gained_text if pattern.search(x)]
        if len(after) <= len(before):
            continue
        if kind == "crash_added" and _guarded(after[0], gained_text):
            continue
        names = frozenset(w for line in after for w in _rare(line))
        found.append(Effect(kind, force, f"puts in {words}: {after[0].strip()[:70]!r}", where, names=names))
    acquire, release = _features()["acquire"][1], _features()["release"][1]
    taken = [x for x in gained_text if acquire.search(x)]
    if len(taken) > len([x for x in lost_text if acquire.search(x)]):
        given = [x for x in gained_text if release.search(x) and not acquire.search(x)]
        force = 0.9 if not given else 0.5
        found.append(
            Effect("acquire_added", force, f"takes a resource for each call: {taken[0].strip()[:70]!r}", where)
        )
    return found


def _passed_on(lost: list[str], returned: str) -> bool:
    """Whether the call whose error was handled is now returned as it is, with its error."""
    calls = [re.sub(r"\s+", "", m.group(1)) for line in lost for m in [re.search(r":?=\s*(.+\(.*\))", line)] if m]
    return any(call.rstrip(";{") in returned for call in calls if len(call) > 4)


def _guarded(line: str, lines: list[str]) -> bool:
    """Whether what raises is itself behind a condition that was put in: a check, not a fault."""
    if re.search(r"\braise\b|\bthrow new\b", line):
        return True
    position = lines.index(line)
    return any(re.match(r"\s*(if|unless|guard)\b", other) for other in lines[max(0, position - 2) : position])


def _growth(hunks: list[Hunk], new: list[tuple[Hunk, str]]) -> list[Effect]:
    """What is added to a container that outlives the request, where nothing is taken out of it."""
    texts = [line for _, line in new]
    everything = "\n".join(text for hunk in hunks for sign, text in hunk.lines if sign != "-")
    bounded = _features()["bound"][1]
    for hunk, line in new:
        if _ENDLESS.search(line):
            return [Effect("growth", 0.9, f"keeps what it was asked, without end: {line.strip()[:60]!r}", hunk.path)]
        grown = _GROW.search(line)
        if grown is None:
            continue
        name = next(part for part in (grown["a"], grown["b"], grown["c"], grown["d"]) if part is not None)
        last = name.rpartition(".")[2]
        declared = _declared_at_top(last, everything)
        held = name.startswith(("self.", "this.", "s.", "c.", "h.", "srv.")) and name.count(".") == 1
        if (declared is None and not held) or _SHORT_LIVED.search(f"{name} {line} {declared or ''}"):
            continue
        end = re.escape(last)
        dropped = re.search(
            rf"\b(delete\(|del |evict|remove|pop\w*\(|clear\(|shift\()[^\n]*{end}|"
            rf"{end}\.(pop|remove|clear|shift|delete)\w*\(|{end}\s*=\s*{end}\[",
            everything,
        )
        if dropped or any(bounded.search(text) and last in text for text in texts):
            continue
        what = f"keeps adding to {last}, which nothing empties: {line.strip()[:60]!r}"
        return [Effect("growth", 1.0 if declared is not None else 0.5, what, hunk.path, names=frozenset((last,)))]
    return []


def _declared_at_top(name: str, text: str) -> str | None:
    """The line that declares a name outside of any function; None where none is shown."""
    declared = re.search(
        r"(?m)^(export |var |let |const |static |private |public |final )*"
        rf"[\w<>\[\], ]*\b{re.escape(name)}\b\s*(:[^=\n]*)?(=|\[\]|map\[)[^\n]*",
        text,
    )
    return declared.group() if declared is not None and not declared.group()[:1].isspace() else None


def _loops(hunks: list[Hunk], new: list[tuple[Hunk, str]]) -> list[Effect]:
    """Calls to something remote that were put inside a loop."""
    added = {id(line) for _, line in new}
    for hunk in hunks:
        stack: list[tuple[int, str]] = []
        for sign, line in hunk.lines:
            if sign == "-" or not line.strip():
                continue
            indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
            while stack and stack[-1][0] >= indent:
                stack.pop()
            inline = re.search(r"\.(map|forEach|flatMap|each)\(|\bfor .* in\b", line)
            if sign == "+" and id(line) in added and _REMOTE.search(line) and (stack or inline):
                loop = stack[-1][1] if stack else line
                if not _TICKER.search(loop) and not _TICKER.search("\n".join(text for _, text in hunk.lines)):
                    what = f"calls out once for each item: {line.strip()[:70]!r}"
                    return [Effect("calls_in_loop", 1.0, what, hunk.path, names=frozenset(_rare(line)))]
            if _LOOP.search(line):
                stack.append((indent, line))
    return []


def _contracts(out: list[tuple[Hunk, str]], new: list[tuple[Hunk, str]]) -> list[Effect]:
    """Names that others rely on and that are gone: tags, keys, routes, topics, headers, columns, wire types."""
    found: list[Effect] = []
    kept = {text for _, line in new for parts in _TEXTS.findall(line) for text in parts if text}
    for hunk, line in out:
        if tells(line):
            continue
        gone = [t for parts in _TEXTS.findall(line) for t in parts if t and t not in kept and len(t) < 120]
        named = [t for t in gone if _IDENTIFIER.match(t) or _TAG.search(t)]
        if named:
            rare = frozenset(w for t in named for w in re.findall(r"[\w-]{4,}", t))
            found.append(
                Effect(
                    "contract",
                    0.8,
                    f"no longer knows the name {named[0][:50]!r}",
                    hunk.path,
                    names=rare | frozenset(named),
                )
            )
        field = _field_of(line)
        for _, other in new if field is not None else ():
            again = _field_of(other)
            if field is not None and again is not None and again[0] == field[0] and again[1] != field[1]:
                what = f"changes the type of {field[0]} from {field[1]} to {again[1]}"
                names = frozenset((field[0],)) | words_of(field[0])
                found.append(Effect("contract", 0.8, what, hunk.path, names=names))
    known = " ".join(line for _, line in out)
    for hunk, line in new:
        fresh = [t for parts in _TEXTS.findall(line) for t in parts if _CONSTANT.match(t) and t not in known]
        if fresh and not tells(line):
            names = frozenset(fresh)
            found.append(Effect("contract", 0.5, f"introduces the value {fresh[0]!r}", hunk.path, names=names))
    keys = [x for x in (*out, *new) if re.search(r"(?i)\bcache\w*key|\bkey\b\s*(:?=|=)|cacheKey|key_?for|keyFor", x[1])]
    if any(x in out for x in keys) and any(x in new for x in keys):
        line = next(x[1] for x in keys if x in new)
        found.append(Effect("cache_key", 1.0, f"builds its keys otherwise: {line.strip()[:70]!r}", keys[0][0].path))
    return found


def _field_of(line: str) -> tuple[str, str] | None:
    """(name, type) of a line that declares a field of a record; None where it declares none."""
    wire = re.match(r"^\s*(?:optional |repeated |required )?([\w.<>, ]+?)\s+(\w+)\s*=\s*\d+\s*;", line)
    if wire is not None:
        return wire[2], wire[1]
    field = re.match(r"^\s*([A-Za-z_]\w*)\??(?:\s*:\s*|\s+)\*?([\w.<>\[\]|? ]+?)\s*(?:`.*`|;|,)?$", line)
    if field is None or field[1] in _STATEMENTS or field[2].strip() in ("", "{"):
        return None
    return field[1], field[2].strip()


def _rest(out: list[tuple[Hunk, str]], new: list[tuple[Hunk, str]], message: str) -> list[Effect]:
    """What is left: a changed condition, changed logic, or new code that nothing calls."""
    where = (out or new)[0][0].path
    lost, gained = [line for _, line in out], [line for _, line in new]
    names = frozenset(w for _, line in (*out, *new) for w in _rare(line))
    careful = [_features()[name][1] for name in ("release", "bound", "timeout", "null_guard", "error_handling")]
    if not lost and any(pattern.search(line) for pattern in careful for line in gained) and len(gained) <= 3:
        return [Effect("logic", 0.15, f"takes better care of what {where or 'the code'} uses", where, names=names)]
    tidy = bool(re.match(r"(?i)\s*(refactor|style|chore|docs|test|rename|tidy|extract|clean)", message))
    if not out and _only_guards([line for _, line in new]):
        return [Effect("condition", 0.2, f"adds a check to {where or 'the code'}", where, names=names)]
    if not out and _uncalled([line for _, line in new]):
        return [Effect("logic", 0.15, f"adds code to {where or 'it'} that nothing shown calls", where, names=names)]
    if _renamed([line for _, line in out], [line for _, line in new]) or _moved(out, new):
        return [Effect("inert", 0.8, f"moves or renames lines of {where or 'the code'} that do the same", where)]
    compared = [(a, b) for _, a in out for _, b in new if _COMPARE.search(a) and _COMPARE.search(b) and _near(a, b)]
    if compared:
        before, after = compared[0]
        what = f"decides otherwise: {before.strip()[:50]!r} -> {after.strip()[:50]!r}"
        return [Effect("condition", 0.7, what, where, names=names)]
    for _, before in out:
        for _, after in new:
            target = re.match(r"\s*([\w.\[\]]+)\s*:?=[^=]", before)
            same_target = target is not None and re.match(rf"\s*{re.escape(target[1])}\s*:?=[^=]", after) is not None
            returns = before.strip().startswith("return ") and after.strip().startswith("return ")
            if (same_target or returns) and _reckons(before) != _reckons(after):
                what = f"reckons otherwise: {before.strip()[:50]!r} -> {after.strip()[:50]!r}"
                return [Effect("logic", 0.6, what, where, names=names)]
    line = (new or out)[0][1].strip()[:70]
    return [Effect("logic", 0.3 if tidy else 0.5, f"changes what {where or 'it'} does ({line!r})", where, names=names)]


def _reckons(line: str) -> list[str]:
    """The operators and numbers of a line."""
    return re.findall(r"[*/%]|(?<=\s)[-+](?=\s)|\b\d+(?:\.\d+)?\b|<<|>>", line.partition("=")[2] or line)


def _only_guards(lines: list[str]) -> bool:
    text = "\n".join(lines)
    guard = re.findall(r"(?m)^\s*(if|unless|guard|elif|else if)\b", text)
    leaves = re.findall(r"\b(return|continue|break|raise|throw)\b", text)
    clamps = re.findall(r"(?m)^\s*(if)\b.*=\s*", text)
    return bool(guard) and (bool(leaves) or bool(clamps)) and len(lines) <= 4 * max(1, len(guard))


def _uncalled(lines: list[str]) -> bool:
    return bool(_SIGNATURE.match(lines[0])) or bool(
        re.match(r"^(var|const|type|class|interface|struct)\b", lines[0].strip())
    )


def _renamed(out: list[str], new: list[str]) -> bool:
    """Whether identifiers were exchanged one for one, and nothing else."""
    if len(out) != len(new):
        return False
    names: dict[str, str] = {}
    for a, b in zip(out, new, strict=True):
        left, right = re.findall(r"\w+|[^\w\s]", a), re.findall(r"\w+|[^\w\s]", b)
        if len(left) != len(right):
            return False
        for x, y in zip(left, right, strict=True):
            if re.match(r"[A-Za-z_]", x) is None and x != y:
                return False
            if names.setdefault(x, y) != y:
                return False
    exchanged = [(x, y) for x, y in names.items() if x != y]
    text = "\n".join(out)
    if any(len(re.findall(rf"\b{re.escape(x)}\b", text)) < 2 for x, _ in exchanged):
        return False
    return (
        len(set(names.values())) == len(names)
        and len(exchanged) <= 2
        and not any(f".{x}(" in line for x, _ in exchanged for line in out)
    )


def _moved(out: list[tuple[Hunk, str]], new: list[tuple[Hunk, str]]) -> bool:
    """Whether what was taken out went into a function that was put in, or a helper that says the same."""
    defined = {
        m.group(1)
        for _, line in new
        for m in [re.match(r".*?\b(?:func|def|function|fn)\s+(?:\([^)]*\)\s*)?(\w+)", line)]
        if m
    }
    calls_before = Counter(c for _, line in out for c in re.findall(r"(\w+)\s*(?:\[[\w.]+\])?\(", line))
    calls_after = Counter(c for _, line in new for c in re.findall(r"(\w+)\s*(?:\[[\w.]+\])?\(", line))
    if not out:
        return bool(defined & set(calls_after))
    lost = sum((calls_before - calls_after).values())
    helpers = defined & set(calls_after) or any(
        re.search(r"(?i)helper|shared|decode|write|build|make|read", c) for c in calls_after - calls_before
    )
    return bool(helpers) and lost <= max(3, 0.5 * sum(calls_before.values()))


def _near(a: str, b: str) -> bool:
    left, right = set(re.findall(r"\w+", a)), set(re.findall(r"\w+", b))
    return len(left & right) >= 0.5 * max(len(left), len(right), 1)


def _shape(line: str) -> str:
    """A line with its local names masked: what it does, whatever its variables are called."""
    text = bare(line).rstrip(";{")
    return re.sub(r"(?<![\w.\"'])[a-z_]\w*(?![\w(\"'\[])(?!\.\w+\()", "_", text)


def _unnamed(line: str) -> str:
    """A line with its values masked, whether they are written out or have the name of a constant."""
    return bare(re.sub(r"\"[^\"]*\"|'[^']*'|(?<![\w.])(\d[\d_.]*|[A-Z][A-Z0-9]*(_[A-Z0-9]+)*)(?![\w.(])", "\0", line))


def _less(lines: list[tuple[Hunk, str]], shapes: Counter[str], shape: Callable[[str], str]) -> list[tuple[Hunk, str]]:
    left = Counter(shapes)
    rest = []
    for hunk, line in lines:
        if left[shape(line)] > 0:
            left[shape(line)] -= 1
        else:
            rest.append((hunk, line))
    return rest


def _rare(line: str) -> set[str]:
    """Names in a line long enough to be told from ordinary words."""
    return {
        word for word in re.findall(r"[A-Za-z_][\w-]{4,}", line) if re.search(r"[A-Z_\d-]", word[1:]) or len(word) > 9
    }
