"""What the calls of the usage ledger add up to, as pure functions: how many, how fast, at what cost.

Real incidents and practice runs are never added up, nor what AWS answered and what stood in for it.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..domain.base import UtcDatetime, Value
from ..domain.operator import WORLDS, World
from ..domain.provenance import Provenance
from ..domain.usage import UNPRICED, AiService, Cost, ReasoningTask, Usage, Usd


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is counted.

    Attributes:
        practice: Whether it was for an incident of a practice run.
        compared: What its tokens would have cost at the compared model's price; unpriced where nothing is compared.
    """

    usage: Usage
    practice: bool = False
    compared: Cost = UNPRICED


class Spent(Value):
    """What calls cost, by how that is known.

    Attributes:
        listed_usd: By a kept price list; assumed_usd: by a dated file.
        unpriced: How many calls were sent whose cost is not known, those that failed included.
    """

    listed_usd: Usd = Decimal(0)
    assumed_usd: Usd = Decimal(0)
    unpriced: int = 0


class Latency(Value):
    """How long answers took, as measured; what failed or was answered from what was kept does not count.

    Attributes:
        p50_ms, p95_ms: Nearest rank, so that each is one that was measured; None: none was.
        goal_ms: What the task's answers should take; None where it has no goal.
        kept: How many of the measured kept the goal.
    """

    measured: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    goal_ms: float | None = None
    kept: int = 0


class CallFigures(Value):
    """The calls of one task to one model, or to one service that has none.

    Attributes:
        service: None where the answer was computed here.
        source: Who answered: `local`, `loopback`, or AWS.
        calls: Every record; requests: how many were sent for them.
        failed: Without an answer that could be used; fell_back: asked because another had failed.
        intervened: On how many a guardrail of the account acted; one that is told again from what was kept is none.
        input_tokens, output_tokens: Of those calls of which the service told.
        answered_at: When the newest of its calls that were answered was made; None: none was.
    """

    task: ReasoningTask
    service: AiService | None
    model: str
    source: str
    calls: int
    requests: int
    failed: int
    fell_back: int
    cached: int
    intervened: int
    input_tokens: int
    output_tokens: int
    spent: Spent
    latency: Latency
    answered_at: UtcDatetime | None


class Savings(Value):
    """What language models cost beside what their calls' tokens would have cost at one model's price.

    Only calls of which both prices are listed. What failed was paid for, and the other model would not have been asked
    it as well. It is no measurement: that model was not asked, and would have counted and answered in other tokens.

    Attributes:
        model: The one that is compared with, by its name in models.toml.
        calls: How many are compared.
        saved_usd: Negative where the models that were asked cost more.
    """

    model: str
    calls: int
    paid_usd: Usd
    would_have_usd: Usd
    saved_usd: Usd
    provenance: Provenance


class WorldUsage(Value):
    """The calls for the incidents of one world; what concerned no incident counts among the real ones."""

    world: World
    incidents: int
    calls: tuple[CallFigures, ...]
    spent: Spent
    savings: Savings


class UsageFigures(Value):
    """What the newest calls add up to.

    Attributes:
        counted: How many there are; never more than `most`, older ones are left out.
        since: When the oldest of them was made.
    """

    counted: int
    most: int
    since: UtcDatetime | None
    worlds: tuple[WorldUsage, ...]


def usage_figures(calls: Sequence[Call], most: int, goals_ms: Mapping[str, float], compared_with: str) -> UsageFigures:
    """The figures of each world.

    Args:
        calls: The oldest first, at most `most`.
        goals_ms: What an answer should take, by task.
        compared_with: The name of the model whose price `compared` is.
    """
    return UsageFigures(
        counted=len(calls),
        most=most,
        since=calls[0].usage.at if calls else None,
        worlds=tuple(
            _world(world, [call for call in calls if call.practice == (world == "practice")], goals_ms, compared_with)
            for world in WORLDS
        ),
    )


def _world(world: World, calls: Sequence[Call], goals_ms: Mapping[str, float], compared_with: str) -> WorldUsage:
    alike: dict[tuple[str, str, str, str], list[Usage]] = defaultdict(list)
    for call in calls:
        usage = call.usage
        alike[usage.service or "", usage.model, usage.task, usage.provenance.source].append(usage)
    return WorldUsage(
        world=world,
        incidents=len({call.usage.incident_id for call in calls} - {None}),
        calls=tuple(_figures(group, goals_ms.get(group[0].task)) for _, group in sorted(alike.items())),
        spent=_spent(call.usage for call in calls),
        savings=_savings(calls, compared_with),
    )


def _figures(calls: Sequence[Usage], goal_ms: float | None) -> CallFigures:
    first = calls[0]
    return CallFigures(
        task=first.task,
        service=first.service,
        model=first.model,
        source=first.provenance.source,
        calls=len(calls),
        requests=sum(each.requests for each in calls),
        failed=sum(bool(each.error) for each in calls),
        fell_back=sum(bool(each.fell_back) for each in calls),
        cached=sum(each.cached for each in calls),
        intervened=sum(each.intervened and not each.cached for each in calls),
        input_tokens=sum(each.input_tokens or 0 for each in calls if not each.cached),
        output_tokens=sum(each.output_tokens or 0 for each in calls if not each.cached),
        spent=_spent(calls),
        latency=_latency(calls, goal_ms),
        answered_at=max((each.at for each in calls if not each.error), default=None),
    )


def _spent(calls: Iterable[Usage]) -> Spent:
    by_price: dict[str, Decimal] = defaultdict(Decimal)
    unpriced = 0
    for each in calls:
        by_price[each.cost.price] += each.cost.usd or Decimal(0)
        unpriced += each.cost.price == "unpriced" and each.requests > 0
    return Spent(listed_usd=by_price["listed"], assumed_usd=by_price["assumed"], unpriced=unpriced)


def _latency(calls: Sequence[Usage], goal_ms: float | None) -> Latency:
    taken = sorted(each.latency_ms for each in calls if not each.cached and not each.error)
    return Latency(
        measured=len(taken),
        p50_ms=nearest_rank(taken, 0.50),
        p95_ms=nearest_rank(taken, 0.95),
        goal_ms=goal_ms,
        kept=0 if goal_ms is None else sum(each <= goal_ms for each in taken),
    )


def nearest_rank(ordered: Sequence[float], share: float) -> float | None:
    """The smallest value that so large a share of all does not exceed; None where there is none.

    Args:
        ordered: Ascending.
        share: In (0, 1].
    """
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None


def _savings(calls: Sequence[Call], model: str) -> Savings:
    both = [
        (call.usage.cost.usd, Decimal(0) if call.usage.error else call.compared.usd)
        for call in calls
        if call.usage.cost.price == "listed" and call.usage.cost.usd is not None and call.compared.usd is not None
    ]
    paid = sum((usd for usd, _ in both), Decimal(0))
    would_have = sum((usd for _, usd in both), Decimal(0))
    return Savings(
        model=model,
        calls=len(both),
        paid_usd=paid,
        would_have_usd=would_have,
        saved_usd=would_have - paid,
        provenance=Provenance(
            kind="assumed",
            source=next((call.compared.basis for call in calls if call.compared.basis), "genai-prices"),
            reason=f"the same tokens at the price of {model}, which was not asked and would count them otherwise",
        ),
    )
