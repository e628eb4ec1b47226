"""Values that a diff changes: what the value is called, what it was, what it becomes, and by what factor.

Two lines that differ in literals alone are one setting, in a configuration file or in code. Durations, sizes, shares
and counts are brought to one unit, so that `15 * time.Minute` to `15 * time.Second` is a factor of a sixtieth.
"""

import re
from dataclasses import dataclass, replace

from .diff_reading import Hunk, bare

_SECONDS = {
    "nanosecond": 1e-9, "ns": 1e-9, "nanos": 1e-9, "microsecond": 1e-6, "us": 1e-6, "µs": 1e-6, "micros": 1e-6,
    "millisecond": 1e-3, "milliseconds": 1e-3, "ms": 1e-3, "millis": 1e-3, "second": 1.0, "s": 1.0, "sec": 1.0,
    "minute": 60.0, "m": 60.0, "min": 60.0, "hour": 3600.0, "h": 3600.0, "hr": 3600.0, "day": 86400.0, "d": 86400.0,
    "week": 604800.0,
}  # fmt: skip
_BYTES = {"k": 1e3, "kb": 1e3, "ki": 2**10, "kib": 2**10, "mb": 1e6, "mi": 2**20, "mib": 2**20, "g": 1e9, "gb": 1e9,
          "gi": 2**30, "gib": 2**30, "ti": 2**40, "tb": 1e12}  # fmt: skip
_UNIT = "|".join(sorted((*_SECONDS, *_BYTES), key=len, reverse=True))
_LITERAL = re.compile(
    r"(?P<go>(?:(?P<go_n>\d[\d_]*(?:\.\d+)?)\s*\*\s*)?time\.(?P<go_u>Nanosecond|Microsecond|Millisecond|Second|Minute|Hour)"
    r"(?:\s*\*\s*(?P<go_m>\d[\d_]*))?)"
    r"|(?P<java>(?:Duration\.of|TimeUnit\.|ChronoUnit\.)(?P<java_u>Nanos|Millis|Seconds|Minutes|Hours|Days|"
    r"MILLISECONDS|SECONDS|MINUTES|HOURS|DAYS)(?:\((?P<java_n>\d+)\))?)"
    r"|(?P<py>timedelta\(\s*(?P<py_u>milliseconds|seconds|minutes|hours|days)\s*=\s*(?P<py_n>\d+(?:\.\d+)?)\s*\))"
    rf"|(?P<text>\"[^\"]*\"|'[^']*'|`[^`]*`)"
    rf"|(?<![\w.$])(?P<number>-?\d[\d_]*(?:\.\d+)?(?:e\d+)?)\s?(?P<unit>(?i:{_UNIT}))?(?P<percent>%)?(?![\w.])"
    r"|(?<![\w.])(?P<truth>true|false|True|False|on|off|enabled|disabled|yes|no)(?![\w(.])"
)
_QUANTITY = re.compile(rf"^(-?\d[\d_]*(?:\.\d+)?)\s*({_UNIT})?(%)?$", re.IGNORECASE)
_PAIR = re.compile(r"^\s*-?\s*(?P<key>\"?[\w.$/-]+\"?)\s*(?::=|=>|:|=)\s*(?P<value>[^{}\[\](),]+?),?\s*$")
_OPTION = re.compile(r"-{1,2}(Xm[xsn]|Xss|[A-Za-z][\w.-]*?[A-Za-z])[=: ]?(\d[\w.]*)")
_SWITCH = re.compile(r"(?<![\w-])-{1,2}[A-Za-z][^\s\"'`]+")
_CRON = re.compile(r"^\s*([\d*/,-]+)\s+([\d*/,-]+)\s+([\d*/,-]+)\s+([\d*/,A-Z-]+)\s+([\d*/,A-Z-]+)\s*$")
_DAY_SECONDS = 86400.0
_NAMELESS = frozenset(("value", "default", "values"))
_SPACED = re.compile(r"^\s*(?P<key>[A-Za-z][\w.-]*)\s+(?P<value>[^\s{}=;]+);?\s*$")
_TRUE = frozenset(("true", "on", "enabled", "yes"))
_FALSE = frozenset(("false", "off", "disabled", "no"))
_LEVELS = {"off": 0, "fatal": 1, "error": 2, "warning": 3, "warn": 3, "info": 4, "debug": 5, "trace": 6, "verbose": 6,
           "all": 7, "none": 0, "ddl": 3, "mod": 4}  # fmt: skip
_DULL_WORDS = """
cfg config conf self this return var const let final static private public int int64 float64 string time new def func
options opts default defaults app type true false nil null if else for in is and or not val value
"""
_DULL = frozenset(_DULL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that changed.

    Attributes:
        words: The words of its name; around: those of what it stands in (parent keys, function, file).
        old, new: As written; None where the setting was added or taken out.
        factor: New over old where both are amounts of one kind; None otherwise.
        written: The changed line as it was put in (or was, where it was taken out).
    """

    path: str
    words: frozenset[str]
    around: frozenset[str]
    name: str
    old: str | None
    new: str | None
    factor: float | None
    written: str


def words_of(text: str) -> frozenset[str]:
    """The words of identifiers, CamelCase and snake_case taken apart, in lower case; a plain plural counts as one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    found = {word.lower() for word in re.findall(r"[A-Za-z]+", spaced)}
    return frozenset(found | {word[:-1] for word in found if len(word) > 3 and word.endswith("s")})


def settings_in(hunk: Hunk) -> tuple[tuple[Setting, ...], frozenset[str], frozenset[str]]:
    """The settings that a hunk changes, with the lines, taken out and put in, that are explained by them."""
    out = [line for line in hunk.side("-") if bare(line)]
    new = [line for line in hunk.side("+") if bare(line)]
    same = set(map(bare, out)) & set(map(bare, new))
    out = [line for line in out if bare(line) not in same]
    new = [line for line in new if bare(line) not in same]
    found: list[Setting] = []
    used_out: set[str] = set()
    used_new: set[str] = set()
    for line in out:
        skeleton, values = _taken_apart(line)
        for other in new:
            if other in used_new:
                continue
            other_skeleton, other_values = _taken_apart(other)
            if skeleton != other_skeleton or len(values) != len(other_values):
                continue
            differing = [(a, b) for a, b in zip(values, other_values, strict=True) if a != b]
            if not differing:
                continue
            used_out.add(line)
            used_new.add(other)
            found += [_setting(hunk, other, a, b) for a, b in differing]
            break
    found += _by_key(
        hunk, [o for o in out if o not in used_out], [n for n in new if n not in used_new], used_out, used_new
    )
    return tuple(found), frozenset(used_out), frozenset(used_new)


def amount_of(text: str) -> tuple[str, float] | None:
    """The kind (`time` in seconds, `bytes`, `share`, `count`, `level`, `truth`) of a literal, and its size."""
    raw = text.strip().strip("\"'`").strip()
    cron = _CRON.match(raw)
    if cron is not None:
        runs = _times(cron[1], 60) * _times(cron[2], 24) * _times(cron[3], 30) / 30 * _times(cron[5], 7) / 7
        return "time", _DAY_SECONDS / max(runs, 1e-3)
    if raw.lower() in _TRUE or raw.lower() in _FALSE:
        return "truth", 1.0 if raw.lower() in _TRUE else 0.0
    if raw.lower() in _LEVELS:
        return "level", float(_LEVELS[raw.lower()])
    found = _LITERAL.fullmatch(raw)
    if found is not None and found["go"]:
        factor = float((found["go_n"] or "1").replace("_", "")) * float((found["go_m"] or "1").replace("_", ""))
        return "time", factor * _SECONDS[found["go_u"].lower()]
    if found is not None and found["java"]:
        unit = found["java_u"].lower()
        return "time", float(found["java_n"] or 1) * _SECONDS[unit if unit in _SECONDS else unit.removesuffix("s")]
    if found is not None and found["py"]:
        return "time", float(found["py_n"]) * _SECONDS[found["py_u"].removesuffix("s")]
    quantity = _QUANTITY.match(raw)
    if quantity is None:
        return None
    number, unit = float(quantity[1].replace("_", "")), (quantity[2] or "").lower()
    if quantity[2] == "M":
        return "bytes", number * 1e6
    if unit in _SECONDS:
        return "time", number * _SECONDS[unit]
    if unit in _BYTES:
        return "bytes", number * _BYTES[unit]
    return ("share", number / 100) if quantity[3] else ("count", number)


def spoken(value: str) -> str:
    """A value as people write it: `15 * time.Minute` is 15 min."""
    amount = amount_of(value)
    if amount is None or amount[0] != "time" or _CRON.match(value.strip("\"' ")):
        return value
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if amount[1] >= size:
            return f"{amount[1] / size:.4g} {unit}"
    return value


def option_changed(setting: Setting) -> Setting | None:
    """What differs where both values are lists of options, as of a command line; None where nothing does.

    The first option with another value; else those that went and those that came.
    """
    old, new = _OPTION.findall(setting.old or ""), _OPTION.findall(setting.new or "")
    before = dict(old)
    for name, value in new:
        if name in before and before[name] != value:
            return replace(
                setting, words=words_of(name) | setting.words, name=f"-{name}", old=before[name], new=value,
                factor=_factor(before[name], value, words_of(name)),
            )  # fmt: skip
    switches = [_SWITCH.findall(each or "") for each in (setting.old, setting.new)]
    gone, come = ([each for each in some if each not in others] for some, others in (switches, switches[::-1]))
    went, came = " ".join(gone) or None, " ".join(come) or None
    if (went, came) in ((None, None), (setting.old, setting.new)):
        return None
    return replace(setting, words=words_of(" ".join((*gone, *come))) | setting.words, old=went, new=came)


def _taken_apart(line: str) -> tuple[str, tuple[str, ...]]:
    values: list[str] = []

    def take(found: re.Match[str]) -> str:
        values.append(found.group().strip())
        return "\0"

    return re.sub(r"\s+", "", _LITERAL.sub(take, line)), tuple(values)


def _by_key(hunk: Hunk, out: list[str], new: list[str], used_out: set[str], used_new: set[str]) -> list[Setting]:
    """Settings whose value has another form than before, and those that were added or taken out."""
    found: list[Setting] = []
    spaced = bool(re.search(r"\.(conf|cnf|cfg|vcl)$", hunk.path))
    before, after = _pairs(out, spaced), _pairs(new, spaced)
    in_settings = bool(re.search(r"\.(ya?ml|toml|ini|conf|cfg|properties|env|json|tfvars|cnf)$", hunk.path))
    for key, (value, line) in before.items():
        if key in after and _plain(value, in_settings) and _plain(after[key][0], in_settings):
            used_out.add(line)
            used_new.add(after[key][1])
            found.append(_setting(hunk, after[key][1], value, after[key][0]))
        elif key not in after and in_settings:
            used_out.add(line)
            found.append(_setting(hunk, line, value, None))
    for key, (value, line) in after.items():
        if key not in before and in_settings:
            used_new.add(line)
            found.append(_setting(hunk, line, None, value))
    return found


def _pairs(lines: list[str], spaced: bool) -> dict[str, tuple[str, str]]:
    """(value, line) by key of the lines that give a key a value; `spaced`: nothing but a space need be between."""
    found: dict[str, tuple[str, str]] = {}
    for line in lines:
        pair = _PAIR.match(line) or (_SPACED.match(line) if spaced else None)
        if pair is not None:
            found[pair["key"].strip('"')] = (pair["value"], line)
    return found


def _plain(value: str, in_settings: bool) -> bool:
    return in_settings or amount_of(value) is not None


def _setting(hunk: Hunk, line: str, old: str | None, new: str | None) -> Setting:
    before = new if new is not None else old
    head = line.split(before)[0] if before is not None and before in line and line.split(before)[0].strip() else line
    name = re.findall(r"[A-Za-z_$][\w.$/-]*", head)
    if name and name[-1].strip(".").lower() in _NAMELESS:
        named = _named_above(hunk, line)
        name = [named, *name] if named is not None else name
    words = frozenset(w for w in words_of(" ".join(name)) if w not in _DULL)
    around = words_of(" ".join((*_parents(hunk, line), hunk.place))) | words_of(hunk.path.rpartition("/")[2])
    return Setting(
        path=hunk.path,
        words=words or words_of(line) - _DULL,
        around=around - _DULL,
        name=(name[0] if name and name[-1].lower() in _NAMELESS else name[-1] if name else line.strip())[:60].strip(
            ".:="
        ),
        old=old.strip() if old is not None else None,
        new=new.strip() if new is not None else None,
        factor=_factor(old, new, words | around),
        written=line.strip(),
    )


def _times(field: str, of: int) -> int:
    """How many of the values of a field of a schedule it names."""
    count = 0
    for part in field.split(","):
        span, _, every = part.partition("/")
        first, _, last = span.partition("-")
        width = of if span == "*" else int(last) - int(first) + 1 if last.isdigit() and first.isdigit() else 1
        count += max(1, width // int(every)) if every.isdigit() and int(every) > 0 else width
    return max(1, count)


def _factor(old: str | None, new: str | None, words: frozenset[str]) -> float | None:
    """New over old, where both are amounts of one kind; of processors `200m` is a fifth of one."""
    if old is None or new is None:
        return None
    if words & {"cpu", "cores"}:
        old, new = (re.sub(r"^[\"']?(\d+)m[\"']?$", r"0.001 * \1", each.strip()) for each in (old, new))
        thousandths = [each.startswith("0.001 * ") for each in (old, new)]
        amounts = [amount_of(each.removeprefix("0.001 * ")) for each in (old, new)]
        if amounts[0] is not None and amounts[1] is not None and min(amounts[0][1], amounts[1][1]) > 0:
            scale = [1e-3 if small else 1.0 for small in thousandths]
            return float(amounts[1][1] * scale[1] / (amounts[0][1] * scale[0]))
    a, b = amount_of(old), amount_of(new)
    if a is None or b is None:
        return None
    if {a[0], b[0]} == {"time", "bytes"}:
        # Beside an amount of memory, `512m` is no time.
        a, b = (_megabytes(each, text) for each, text in ((a, old), (b, new)))
    kinds = {a[0], b[0]}
    if kinds == {"level"} or kinds == {"truth"}:
        return float(4.0 ** (b[1] - a[1]))
    if kinds - {"count", "share"} and a[0] != b[0]:
        return None
    if a[1] <= 0 or b[1] <= 0:
        return None if a[1] == b[1] else (100.0 if b[1] > a[1] else 0.01)
    return float(b[1] / a[1])


def _named_above(hunk: Hunk, line: str) -> str | None:
    """What the line above calls a value that has no name of its own: `name = "max_connections"`, `- name: LIMIT`."""
    above = ""
    for _, text in hunk.lines:
        if text == line:
            break
        found = re.match(r"^\s*-?\s*\"?(name|key|parameter_name|ParameterName)\"?\s*[:=]\s*[\"']?([\w.-]+)", text)
        above = found[2] if found is not None else above
    return above or None


def _megabytes(amount: tuple[str, float], text: str) -> tuple[str, float]:
    minutes = re.match(r"^[\"']?(\d+)m[\"']?$", text.strip())
    return ("bytes", float(minutes[1]) * 1e6) if minutes is not None else amount


def _parents(hunk: Hunk, line: str) -> tuple[str, ...]:
    """The lines above that a line stands in, by their indentation."""
    found: list[str] = []
    above: list[str] = []
    for _, text in hunk.lines:
        if text == line:
            break
        above.append(text)
    depth = len(line) - len(line.lstrip())
    for text in reversed(above):
        indent = len(text) - len(text.lstrip())
        if text.strip() and indent < depth and bare(text):
            found.append(text)
            depth = indent
    return tuple(found)
