"""A practice world without a store, a clock port or anybody waiting: for benchmarks and tests of the agents."""

from datetime import datetime, timedelta

from ..domain.plan import Action
from ..domain.provenance import Provenance
from ..domain.telemetry import LogRecord, Observations, Span, Window
from .logs import lines
from .scenarios import draw, scenario_named
from .topology import load_company
from .traces import spans
from .world import World

SIMULATED = Provenance(kind="simulated", source="practice company")


def build_world(scenario: str, seed: int) -> World:
    """The world of a scenario and a seed, at its epoch.

    Raises:
        ValueError: there is no such scenario.
    """
    company = load_company()
    return World(company, draw(company, scenario_named(scenario), seed))


def observe(world: World, window: Window, onset_hint: datetime | None = None) -> Observations:
    """Everything the telemetry ports would return for a window of a world that has been moved past it."""
    logs: list[LogRecord] = [record for chunk in lines(world.archive, window) for record in chunk]
    traced: list[Span] = [span for chunk in spans(world.archive, window) for span in chunk]
    return Observations(
        window=window,
        onset_hint=onset_hint or window.end,
        metrics=world.archive.series(window),
        logs=tuple(logs),
        traces=tuple(traced),
        changes=tuple(c for c in world.archive.changes if window.start <= c.at < window.end),
        topology=world.archive.topology,
        provenance=SIMULATED,
    )


def observe_at(scenario: str, seed: int, seconds: float, history_seconds: float = 3600.0) -> Observations:
    """What can be seen `seconds` after the epoch, nobody having acted."""
    world = build_world(scenario, seed)
    world.advance(seconds)
    end = world.moment(seconds)
    return observe(world, Window(start=end - timedelta(seconds=history_seconds), end=end))


def act(world: World, action: Action) -> None:
    """Have the world receive an action now.

    Raises:
        Impossible: the world refuses it.
    """
    world.accept(action, world.seconds)
