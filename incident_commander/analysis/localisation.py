"""Which service of a call graph started what an alerting service suffers, from their metrics alone.

First the question whether there is anything to explain: the tail probability of the alerting service's window by its
own reference, alone or together with the most unusual of those it calls. Then how much harm each service added in step
with it, over its level in the rows in which the alerting service was well (`excess_harm`), and whose doing that is
(`blame`). A service that merely changed since the reference was taken shows no excess, and nobody is named in normal
times.
"""

from dataclasses import dataclass

import numpy as np

from .blame import Calls, blame_of, callees_seen, reached_from
from .departure import tail_probability
from .excess_harm import CallMetrics, Excess, Harm, course_of, excess_of

SIGNIFICANT = 0.01
"""The chance of naming a cause in normal times that is accepted."""
_LOOKS = 2
"""At the target alone, and at the target with what it calls."""
_HOPELESS = 0.2
"""A tail of the target from which nothing below it makes an incident of it."""
_SIDE = 0.1
"""What the other kind of harm says of who is to blame, beside the kind that is alerted on."""
_LEAST = 1e-3
"""Blame below which a service is no suspect."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A service that may have started it.

    Attributes:
        score: Its part of the blame, in [0, 1].
        probability: That it is the cause, in [0, 1].
        excess: What it added over the window: seconds, or failed calls.
        own: The part of it that its callees do not explain.
        deviation: Its excess in standard errors.
        evidence: The observations, a sentence each.
    """

    node: str
    score: float
    probability: float
    excess: float
    own: float
    deviation: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Localisation:
    """Who is to blame, the likeliest first; nobody where the alerting service is as usual.

    Attributes:
        chance: The probability of a window like this in normal times.
        reason: Why nobody is named, or "".
    """

    target: str
    chance: float
    suspects: tuple[Suspect, ...]
    reason: str = ""


def localise(calls: Calls, target: str, alerted: CallMetrics, other: CallMetrics | None = None) -> Localisation:
    """Rank the services that may have started the harm seen at `target`.

    Args:
        calls: The services that each service calls. May have cycles and islands, and services without metrics.
        target: The alerting service, a column of `alerted`.
        alerted: The kind of harm that is alerted on.
        other: The other kind, over the same rows and with nodes of its own; it decides where the first does not.

    Raises:
        ValueError: `target` has no metrics.
    """
    if target not in alerted.nodes:
        raise ValueError(f"the alerting service {target!r} is not among the {len(alerted.nodes)} with metrics")
    column = alerted.nodes.index(target)
    at_target = tail_probability(alerted.reference[:, column], alerted.window[:, column])
    course = course_of(alerted.reference[:, column], alerted.window[:, column])
    excess = excess_of(alerted, course)
    chance = min(1.0, _LOOKS * min(at_target, _with_callees(at_target, calls, target, alerted, excess)))
    if chance > SIGNIFICANT:
        return Localisation(target, chance, (), f"{target} is as usual: a window like this is no rarity ({chance:.2g})")

    blame = blame_of(calls, target, alerted.nodes, excess)
    if other is not None:
        aside = blame_of(calls, target, other.nodes, excess_of(other, course))
        blame = {node: (1 - _SIDE) * part + _SIDE * aside.get(node, 0.0) for node, part in blame.items()}
    named = sorted((node for node in blame if blame[node] >= _LEAST), key=lambda node: (-blame[node], node))
    return Localisation(
        target, chance, tuple(_suspect(node, blame[node], calls, target, alerted, excess) for node in named)
    )


def _with_callees(at_target: float, calls: Calls, target: str, metrics: CallMetrics, excess: Excess) -> float:
    """Fisher's combination of the target's tail with the most unusual of those it calls, directly or not."""
    if at_target > _HOPELESS:
        return 1.0
    reached = set(reached_from(calls, target)) - {target}
    columns = [i for i, node in enumerate(metrics.nodes) if node in reached]
    tails = [tail_probability(metrics.reference[:, i], metrics.window[:, i]) for i in columns if excess.total[i] > 0.0]
    below = min(1.0, len(columns) * min(tails, default=1.0))
    product = max(at_target * below, float(np.finfo(np.float64).tiny))
    return product * (1.0 - float(np.log(product)))


def _suspect(
    node: str, score: float, calls: Calls, target: str, metrics: CallMetrics, excess: Excess
) -> Suspect:  # fmt: skip
    amount = dict(zip(metrics.nodes, excess.total.tolist(), strict=True))
    added = amount.get(node, 0.0)
    below = sum(amount[c] for c in callees_seen(calls, node, amount))
    deviation = 0.0
    said: list[str] = []
    if added > 0.0:
        i = metrics.nodes.index(node)
        deviation = float(excess.deviation[i])
        was, became = _worded(metrics.harm, float(excess.usual[i])), _worded(metrics.harm, float(excess.level[i]))
        what = "latency" if metrics.harm == "latency" else "error rate"
        said.append(f"the {what} of {node} rose from {was} to {became} in step with {target}")
        coin = f"{added:.3g} s" if metrics.harm == "latency" else f"{added:.3g} failed calls"
        at_target = amount[target]
        if node != target and at_target > 0.0:
            said.append(f"it added {coin} over the window, {added / at_target:.0%} of what {target} suffers")
        said.append(f"what it calls explains {min(1.0, below / added):.0%} of that")
    else:
        said.append(f"{node} shows nothing of the kind itself; {target} leads to it by its other metrics")
    return Suspect(node, score, score, added, max(0.0, added - below), deviation, tuple(said))


def _worded(harm: Harm, value: float) -> str:
    return f"{1000 * value:.3g} ms" if harm == "latency" else f"{value:.2%}"
