"""Volumes: how they fill, and how they are freed and grown."""

from .model import RESTING_LITTER, State

_FREED_SHARE = 0.95
LARGEST_VOLUME = 16.0
"""How many times its first size a volume can become."""


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
