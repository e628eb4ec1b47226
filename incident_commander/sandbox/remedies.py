"""Actions on the model: what is refused, what they do while they run, and what they leave behind."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..domain.base import ServiceName
from ..domain.plan import Action, Argument
from ..domain.telemetry import ServiceKind
from . import volumes
from .assumptions import Assumptions
from .forces import Force
from .state import State
from .topology import Company
from .volumes import LARGEST_VOLUME

_RESTARTABLE: tuple[ServiceKind, ...] = ("edge", "api", "worker", "database", "cache", "queue", "storage")
_SCALABLE: tuple[ServiceKind, ...] = ("edge", "api", "worker")
_LIMITABLE: tuple[ServiceKind, ...] = ("edge", "api")
_WITH_VOLUME: tuple[ServiceKind, ...] = ("database", "queue", "storage")
_AWAY_RESTART = 0.34
_AWAY_ROLLBACK = 0.25
_AWAY_REVOCATION = 0.35
_WARM_REPLICA_HIT_SHARE = 0.55
_SMALLEST_POOL = 1

DEFAULT_FACTOR = 2.0
DEFAULT_ADMIT = 0.7


class Impossible(Exception):
    """This action cannot be done to this world; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Received:
    """An action that the world took, with the seconds since the epoch at which it was received and is completed."""

    action: Action
    received_at: float
    completed_at: float


def check_action(
    company: Company,
    assumptions: Assumptions,
    state: State,
    action: Action,
    at: float,
    deployed: Mapping[ServiceName, float],
) -> Received:
    """Accept an action or refuse it.

    Args:
        deployed: When each service was last deployed, in seconds since the epoch; a service that was not is absent.

    Raises:
        Impossible: the target or an argument does not fit this world.
    """
    target = action.target
    if target not in company.index:
        raise Impossible(f"there is no service {target!r}; choose one of {', '.join(company.index)}")
    spec = company.service(target)
    i = company.index[target]
    if spec.external:
        raise Impossible(f"{target!r} is run by others; nothing can be done to it, tell its provider")
    name = action.name
    if name not in _ARGUMENTS:
        raise Impossible(f"{name} is not modelled in the practice company; choose one of {', '.join(_ARGUMENTS)}")
    _known_arguments(action)
    if name == "rollback":
        direction = action.arguments.get("direction", "back")
        if direction not in ("back", "forward"):
            raise Impossible(f"argument direction={direction!r} of rollback must be 'back' or 'forward'")
        if target not in deployed or deployed[target] > at:
            raise Impossible(f"{target!r} has no recent deploy to roll back; choose another action")
    elif name == "restart":
        if spec.kind not in _RESTARTABLE:
            raise Impossible(f"a {spec.kind} such as {target!r} cannot be restarted")
    elif name == "scale_out":
        if spec.kind not in _SCALABLE:
            raise Impossible(f"a {spec.kind} such as {target!r} cannot be scaled out; that is for {_words(_SCALABLE)}")
        wanted = wanted_instances(action, state.instances[i])
        if not 1 <= wanted <= spec.max_instances:
            raise Impossible(f"{target!r} can have 1 to {spec.max_instances} instances, not {wanted}")
    elif name == "failover":
        if not spec.standby:
            raise Impossible(f"{target!r} has no standby to fail over to; choose another action")
    elif name == "raise_pool":
        if spec.pool is None:
            raise Impossible(f"{target!r} has no connection pool; choose another action")
        size = wanted_pool(action, state.pool_size[i])
        if not _SMALLEST_POOL <= size <= spec.pool.max_size:
            raise Impossible(f"the pool of {target!r} can have 1 to {spec.pool.max_size} connections, not {size:g}")
    elif name == "rate_limit":
        if spec.kind not in _LIMITABLE:
            raise Impossible(f"a {spec.kind} such as {target!r} takes no rate limit; that is for {_words(_LIMITABLE)}")
        wanted_limit(action, state.offered[i])
    elif name == "block_sources":
        mode = action.arguments.get("mode", "block")
        if mode not in ("block", "lift"):
            raise Impossible(f"argument mode={mode!r} of block_sources must be 'block' or 'lift'")
        if spec.kind not in _LIMITABLE:
            raise Impossible(f"a {spec.kind} such as {target!r} blocks no sources; that is for {_words(_LIMITABLE)}")
    elif name in ("free_storage", "grow_storage"):
        if spec.disk_percent is None:
            raise Impossible(f"{target!r} has no volume of its own; that is for {_words(_WITH_VOLUME)}")
        if name == "grow_storage":
            size = state.volume[i] * wanted_growth(action)
            if size > LARGEST_VOLUME:
                raise Impossible(f"the volume of {target!r} can become {LARGEST_VOLUME:g} times as large, not {size:g}")
    elif name == "revoke_credentials" and not company.holds_credentials(target):
        raise Impossible(f"{target!r} has no credentials of its own; choose one that uses a database, queue or store")
    return Received(action, at, at + assumptions.action_seconds(name))


_ARGUMENTS: dict[str, frozenset[str]] = {
    "rollback": frozenset({"reference", "direction"}),
    "restart": frozenset(),
    "scale_out": frozenset({"instances", "factor"}),
    "failover": frozenset(),
    "raise_pool": frozenset({"pool_size", "percent", "factor"}),
    "rate_limit": frozenset({"requests_per_second", "percent", "admit"}),
    "block_sources": frozenset({"mode"}),
    "free_storage": frozenset(),
    "grow_storage": frozenset({"factor"}),
    "revoke_credentials": frozenset(),
}


def _known_arguments(action: Action) -> None:
    unknown = set(action.arguments) - _ARGUMENTS[action.name]
    if unknown:
        known = ", ".join(sorted(_ARGUMENTS[action.name])) or "none"
        raise Impossible(f"{action.name} takes no argument {sorted(unknown)[0]!r}; it takes {known}")


def wanted_instances(action: Action, now: int) -> int:
    """How many instances a scale_out asks for: `instances` is the new number, `factor` multiplies the old one."""
    if "instances" in action.arguments:
        return round(_number(action, "instances"))
    return math.ceil(now * _number(action, "factor", DEFAULT_FACTOR) - 1e-9)


def wanted_pool(action: Action, now: float) -> float:
    """The pool that a raise_pool asks for: `pool_size` is the new size, `percent` more than now, or `factor` times."""
    if "pool_size" in action.arguments:
        return float(round(_number(action, "pool_size")))
    if "percent" in action.arguments:
        return float(round(now * (1 + _number(action, "percent") / 100)))
    return float(round(now * _number(action, "factor", DEFAULT_FACTOR)))


def wanted_limit(action: Action, rate: float) -> float:
    """Requests a second that a rate_limit lets through: given, or `percent` or the share `admit` of the rate now.

    To admit everything lifts the limit (infinity).
    """
    if "requests_per_second" in action.arguments:
        limit = _number(action, "requests_per_second")
        if limit <= 0:
            raise Impossible(f"requests_per_second={limit:g} of rate_limit must be above 0")
        return limit
    admit = (
        _number(action, "percent") / 100 if "percent" in action.arguments else _number(action, "admit", DEFAULT_ADMIT)
    )
    if not 0 < admit <= 1:
        raise Impossible(f"rate_limit can let through more than 0 and at most all requests, not a share of {admit:g}")
    return math.inf if admit >= 1 else max(1.0, rate * admit)


def wanted_growth(action: Action) -> float:
    """How many times as large a grow_storage makes a volume; it cannot shrink."""
    factor = _number(action, "factor", DEFAULT_FACTOR)
    if factor < 1:
        raise Impossible(f"a volume cannot shrink: factor={factor:g} of grow_storage must be at least 1")
    return factor


def _number(action: Action, name: str, default: float | None = None) -> float:
    value: Argument | None = action.arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Impossible(f"argument {name}={value!r} of {action.name} must be a finite number")
    return float(value)


def _words(kinds: tuple[ServiceKind, ...]) -> str:
    return ", ".join(kinds)


def disturb(company: Company, state: State, running: list[Received]) -> None:
    """Take away what running actions keep from serving."""
    for i in range(len(state.away)):
        state.away[i] = 0.0
    for received in running:
        i = company.index[received.action.target]
        several = state.instances[i] > 1
        if received.action.name == "restart":
            state.away[i] += state.instances[i] * _AWAY_RESTART if several else 1.0
        elif received.action.name == "rollback":
            state.away[i] += state.instances[i] * _AWAY_ROLLBACK if several else 0.5
        elif received.action.name == "failover":
            state.away[i] += state.instances[i]
        elif received.action.name == "revoke_credentials":
            # Instances take the new credentials one after another; each is refused between the old and the new.
            state.away[i] += state.instances[i] * _AWAY_REVOCATION


def finish(company: Company, state: State, forces: tuple[Force, ...], cleared: set[int], received: Received) -> None:
    """Change the model as the completed action does."""
    action = received.action
    i = company.index[action.target]
    name = action.name
    if name == "rollback" and action.arguments.get("direction", "back") == "forward":
        cleared -= {n for n, f in enumerate(forces) if f.position == i and name in f.cleared_by}
    else:
        cleared |= {n for n, f in enumerate(forces) if f.position == i and name in f.cleared_by}
    if name in ("rollback", "restart", "failover"):
        spec = company.service(ServiceName(action.target))
        state.memory[i] = [spec.memory_percent] * state.instances[i]
        state.booting[i] = [0.0] * state.instances[i]
        state.leaked[i] = 0.0
        if spec.hit_ratio is not None:
            state.hit_ratio[i] = spec.hit_ratio * _WARM_REPLICA_HIT_SHARE if name == "failover" else 0.0
    elif name == "scale_out":
        wanted = wanted_instances(action, state.instances[i])
        resting = company.service(ServiceName(action.target)).memory_percent
        state.memory[i] = (state.memory[i] + [resting] * wanted)[:wanted]
        state.booting[i] = (state.booting[i] + [0.0] * wanted)[:wanted]
        state.instances[i] = wanted
    elif name == "raise_pool":
        state.pool_size[i] = wanted_pool(action, state.pool_size[i])
    elif name == "rate_limit":
        state.limit[i] = wanted_limit(action, state.offered[i])
    elif name == "block_sources":
        state.blocking[i] = action.arguments.get("mode", "block") == "block"
    elif name == "free_storage":
        volumes.free(state, i)
    elif name == "grow_storage":
        volumes.grow(state, i, wanted_growth(action))
    if name == "failover":
        volumes.move_to_standby(state, i)
