"""Which model is asked first: by task, measured latency, price and what is left to spend; never by words in a text."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Literal

from ..domain.usage import Usage

REMEMBERED = 20
"""Measured latencies of each model and task that count."""
ENOUGH = 3
"""Without so many, nothing is said of a model's latency."""


class Latencies:
    """How long each model took lately for each task, as measured."""

    def __init__(self) -> None:
        self._taken: defaultdict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=REMEMBERED))

    def add(self, usage: Usage) -> None:
        """Take a call into account, where a model answered it."""
        if usage.service is not None and not usage.cached and not usage.error:
            self._taken[usage.task, usage.model].append(usage.latency_ms)

    def add_all(self, newest_first: Iterable[Usage]) -> None:
        """As `add`, for what a ledger holds."""
        for usage in reversed(tuple(newest_first)):
            self.add(usage)

    def typical_ms(self, task: str, model: str) -> float | None:
        """The median; None: too few were measured."""
        taken = self._taken[task, model]
        return median(taken) if len(taken) >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that could be asked.

    Attributes:
        most_usd: What the call may cost at most; None where it has no price.
        typical_ms: How long it takes; None: not measured.
    """

    model: str
    most_usd: Decimal | None
    typical_ms: float | None


def ordered(
    choices: Sequence[Choice], prefer: Literal["fitness", "price"], goal_ms: float, left_usd: Decimal | None
) -> tuple[Choice, ...]:
    """The choices in the order in which they are asked.

    Those that cannot be paid come last, to be refused by the budget with its reason; before them those that were
    measured to miss the goal, the fastest first. The rest is by fitness, as given, or by price, where those without a
    price come after those with one.

    Args:
        choices: The most fit first.
        left_usd: What may still be spent; None: there is no limit.
    """

    def rank(position: int, choice: Choice) -> tuple[bool, bool, float, Decimal, int]:
        unpaid = left_usd is not None and choice.most_usd is not None and choice.most_usd > left_usd
        slow = choice.typical_ms is not None and choice.typical_ms > goal_ms
        price = Decimal(0)
        if prefer == "price":
            price = Decimal("Infinity") if choice.most_usd is None else choice.most_usd
        return unpaid, slow, choice.typical_ms or 0.0 if slow else 0.0, price, position

    ranked = sorted((rank(position, choice), choice) for position, choice in enumerate(choices))
    return tuple(choice for _, choice in ranked)
