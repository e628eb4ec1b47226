"""Domain values in the words and units a person reads on a page."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from ..domain.ballot import Judgement
from ..domain.base import Digest
from ..domain.plan import Action, ActionName, Check, Plan

UNIT_WORDS = {
    "ms": "ms",
    "seconds": "s",
    "percent": "%",
    "bytes": "bytes",
    "count": "",
    "per_second": "/s",
    "USD": "USD",
}
ACTION_WORDS: dict[ActionName, str] = {
    "rollback": "Roll back",
    "restart": "Restart",
    "scale_out": "Scale out",
    "failover": "Fail over",
    "raise_pool": "Raise the connection pool of",
    "rate_limit": "Rate-limit",
    "block_sources": "Block the attacking sources at",
    "free_storage": "Free storage of",
    "grow_storage": "Grow the storage of",
    "revoke_credentials": "Revoke the credentials of",
    "redrive": "Redrive the dead letters of",
    "pause": "Pause what starts work at",
    "runbook": "Run the runbook of",
}
AGENT_WORK = {
    "detection": "Finds the signals that left their normal course",
    "diagnosis": "Ranks root causes by evidence",
    "prediction": "Says what breaks next, and when",
    "resolution": "Proposes plans from the catalogue",
    "communication": "Tells people, and writes the postmortem",
    "verification": "Registers checks before, judges them after",
}


def words(identifier: str) -> str:
    """`connection_pool_exhaustion` as `connection pool exhaustion`."""
    return identifier.replace("_", " ")


def sentence(identifier: str) -> str:
    """`awaiting_approval` as `Awaiting approval`."""
    text = words(identifier)
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """A number with at most three significant decimals, thousands set apart by commas."""
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if abs(value) < 100 else 0 if abs(value) >= 100 else 1
    text = f"{value:.{min(decimals, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float, unit: str) -> str:
    """A value with its unit: a ratio as a percentage, seconds as a duration, USD with cents where it is small."""
    if unit == "ratio":
        return f"{number(value * 100)}%"
    if unit == "seconds":
        return duration(value)
    if unit == "USD":
        return usd(value)
    word = UNIT_WORDS.get(unit, unit)
    return f"{number(value)}{word}" if word in ("", "%", "/s") else f"{number(value)} {word}"


def usd(value: float | Decimal) -> str:
    """US dollars: cents below 1,000, whole dollars above."""
    amount = Decimal(str(value))
    sign = "-" if amount < 0 else ""
    amount = abs(amount)
    return f"{sign}${amount:,.0f}" if amount >= 1000 else f"{sign}${amount:,.2f}"


def exact_usd(value: Decimal) -> str:
    """US dollars of calls that cost far less than a cent: two significant digits, or cents."""
    if value == 0 or abs(value) >= Decimal("0.1"):
        return usd(value)
    return f"{'-' if value < 0 else ''}${Decimal(f'{abs(value):.2g}'):f}"


def counted(number: int, what: str) -> str:
    """`1 call`, `1,200 calls`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`; milliseconds below one second."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if 0 < seconds < 1:
        return f"{number(seconds * 1000)} ms"
    whole = round(seconds)
    for size, name, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {name} {rest} {smaller}" if rest else f"{whole // size} {name}"
    return f"{number(seconds)} s" if seconds < 10 else f"{whole} s"


def milliseconds(value: float) -> str:
    """A duration measured in milliseconds: `8.4 ms`, `32 ms`, `1.25 s`."""
    if 10 <= value < 999.5:
        return f"{value:.0f} ms"
    return f"{number(value)} ms" if value < 10 else f"{number(value / 1000)} s"


def share(value: float) -> str:
    """A probability or confidence in [0, 1] as a percentage that never rounds to certainty."""
    if 0 < value < 0.01:
        return "<1%"
    if 0.99 < value < 1:
        return ">99%"
    return f"{value * 100:.0f}%"


def clock_time(moment: datetime) -> str:
    """`14:03:22`, in UTC."""
    return f"{moment:%H:%M:%S}"


def date_time(moment: datetime) -> str:
    """`2026-11-23 14:03:22`, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def time_between(start: datetime, end: datetime) -> str:
    """The duration from start to end."""
    return duration((end - start) / timedelta(seconds=1))


def action_text(action: Action | None) -> str:
    """An action in a few words, with its arguments; doing nothing is one."""
    if action is None:
        return "Do nothing, tell a person"
    arguments = dict(action.arguments)
    verb = ACTION_WORDS[action.name]
    if action.name == "rollback" and arguments.pop("direction", "back") == "forward":
        verb = "Roll forward"
    listed = ", ".join(f"{words(key)} {value}" for key, value in sorted(arguments.items()))
    return f"{verb} {action.target}" + (f" ({listed})" if listed else "")


def plan_text(plan: Plan | None) -> str:
    """A plan by its action; a plan that is not among the candidates is said to be unknown."""
    return action_text(plan.action) if plan else "a plan that is not among the candidates"


def heard_text(judgement: Judgement, plan_words: Callable[[Digest], str]) -> str:
    """The models whose word changed a judgement, and what it would have chosen without; empty where none did."""
    if not judgement.models:
        return ""
    without = judgement.choice_without_models
    chosen = "abstained" if without is None else plan_words(without)
    return (
        f"heard {' and '.join(judgement.models)}; without: {'the same plan' if without == judgement.choice else chosen}"
    )


def metric_unit(metric: str) -> str:
    """The unit that a metric's name ends in, for checks, which carry a threshold but no unit."""
    for ending, unit in (
        ("_ms", "ms"),
        ("_seconds", "seconds"),
        ("_ratio", "ratio"),
        ("_utilization", "percent"),
        ("_percent", "percent"),
        ("_rate", "per_second"),
    ):
        if metric.endswith(ending):
            return unit
    return "count"


def metric_text(metric: str) -> str:
    """`latency_p99_ms` as `latency p99`."""
    for ending in ("_ms", "_seconds", "_ratio", "_percent"):
        metric = metric.removesuffix(ending)
    return words(metric)


def check_text(check: Check) -> str:
    """A check as the promise it is, or as the guard."""
    unit = metric_unit(check.metric)
    if check.guard:
        return (
            f"{check.service} {metric_text(check.metric)} stays {check.direction} {quantity(check.threshold, unit)}, "
            f"watched for {duration(check.deadline_seconds)} or longer"
        )
    hold = f", held for {duration(check.hold_seconds)}" if check.hold_seconds else ""
    return (
        f"{check.service} {metric_text(check.metric)} {check.direction} {quantity(check.threshold, unit)} "
        f"within {duration(check.deadline_seconds)}{hold}"
    )
