"""Volumes: how they fill, what it is like for those who need them, and how they are freed and grown."""

from .state import RESTING_LITTER, TICK_SECONDS, Influence, State

_SLOWER_FROM = 96.0
_FAILING_FROM = 99.5
_FREED_SHARE = 0.95
LARGEST_VOLUME = 16.0
"""How many times its first size a volume can become."""


def fill(state: State, influence: Influence, i: int, usual_per_tick: float) -> None:
    """Let a volume fill for one tick; a nearly full one is slower, and on a full one writes fail."""
    minutes = TICK_SECONDS / 60.0
    litter = (influence.fill_logs[i] + influence.fill_spool[i]) * minutes / state.volume[i]
    data = usual_per_tick / state.volume[i] + influence.fill_data[i] * minutes / state.volume[i]
    before = state.disk[i]
    state.disk[i] = min(100.0, before + data + litter)
    if litter > 0.0:
        state.litter[i] += min(litter, state.disk[i] - before)
    disk = state.disk[i]
    state.io[i] = influence.stall[i]
    state.write_failing[i] = 0.0
    if disk > _SLOWER_FROM:
        state.io[i] *= 1.0 + (disk - _SLOWER_FROM) / (100.0 - _SLOWER_FROM)
        state.write_failing[i] = min(1.0, max(0.0, (disk - _FAILING_FROM) / (100.0 - _FAILING_FROM)))


def free(state: State, i: int) -> None:
    """Delete what is not data."""
    freed = _FREED_SHARE * state.litter[i]
    state.disk[i] = max(0.0, state.disk[i] - freed)
    state.litter[i] -= freed


def grow(state: State, i: int, factor: float) -> None:
    """Multiply the size of a volume."""
    state.volume[i] *= factor
    state.disk[i] /= factor
    state.litter[i] /= factor


def move_to_standby(state: State, i: int) -> None:
    """Data are replicated to a standby's volume; logs and temporary files are not."""
    if state.disk[i] > 0.0:
        state.disk[i] = max(0.0, state.disk[i] - max(0.0, state.litter[i] - RESTING_LITTER))
        state.litter[i] = min(state.litter[i], RESTING_LITTER)
