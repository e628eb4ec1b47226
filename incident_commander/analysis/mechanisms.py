"""Which symptoms a change can bring about. The table is data, in `mechanisms.toml`, checked when it is loaded."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from ..domain.base import Value
from .change_effects import Effect, EffectKind
from .setting_changes import Setting
from .symptoms import SymptomKind, kinds

Becomes = Literal["less", "more", "other", "any"]
_UNKNOWN_DIRECTION = 0.7
_BY_SURROUNDINGS = 0.8


class _SettingRow(Value):
    name: str
    has: tuple[tuple[str, ...], ...] = Field(min_length=1)
    lacks: tuple[str, ...] = ()
    becomes: Becomes
    brings: tuple[SymptomKind, ...] = Field(min_length=1)
    needs: tuple[SymptomKind, ...] = ()
    here: bool = False
    slowly: bool = False


class _CodeRow(Value):
    does: tuple[EffectKind, ...] = Field(min_length=1)
    brings: tuple[SymptomKind, ...] = Field(min_length=1)
    needs: tuple[SymptomKind, ...] = ()
    here: bool = False
    slowly: bool = False


class _Table(Value):
    setting: tuple[_SettingRow, ...]
    code: tuple[_CodeRow, ...]

    @model_validator(mode="after")
    def _known(self) -> Self:
        brought = {kind for row in self.setting for kind in (*row.brings, *row.needs)}
        brought |= {kind for row in self.code for kind in (*row.brings, *row.needs)}
        unknown = sorted(brought - frozenset(kinds()))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no kind of symptom in symptoms.toml")
        covered = {kind for row in self.code for kind in row.does} | {"setting", "inert"}
        missing = [kind for kind in get_args(EffectKind) if kind not in covered]
        if missing:
            raise ValueError(f"no [[code]] row says what {missing[0]!r} brings")
        return self


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A way in which an effect leads to symptoms.

    Attributes:
        needs: Of these one must be seen; of `brings` where there are none.
        here: What it brings is seen where the change landed.
        sure: How well the row fits the effect, in [0, 1].
        slowly: The trouble builds up and may be felt long after.
    """

    name: str
    brings: frozenset[SymptomKind]
    needs: frozenset[SymptomKind]
    here: bool
    sure: float
    slowly: bool


def mechanisms_of(effect: Effect) -> tuple[Mechanism, ...]:
    """Every way in which an effect can lead to trouble; none where no row of the table fits it."""
    if effect.setting is not None:
        rows = tuple(m for row in _table().setting if (m := _fitting(row, effect.setting)) is not None)
        if rows or effect.kind == "setting":
            return rows
    return tuple(
        Mechanism(effect.kind.replace("_", " "), frozenset(row.brings), frozenset(row.needs), row.here, 1.0, row.slowly)
        for row in _table().code
        if effect.kind in row.does
    )


@lru_cache(maxsize=1)
def _table() -> _Table:
    path = Path(__file__).with_name("mechanisms.toml")
    return _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def _fitting(row: _SettingRow, setting: Setting) -> Mechanism | None:
    if setting.words & frozenset(row.lacks):
        return None
    sure = 1.0
    if not all(setting.words & frozenset(group) for group in row.has):
        everything = setting.words | setting.around
        if not setting.words & frozenset(word for group in row.has for word in group):
            return None
        if not all(everything & frozenset(group) for group in row.has):
            return None
        sure = _BY_SURROUNDINGS
    direction = _direction(setting)
    if row.becomes != "any" and direction is not None and direction != row.becomes:
        return None
    if direction is None:
        sure *= _UNKNOWN_DIRECTION
    return Mechanism(row.name, frozenset(row.brings), frozenset(row.needs), row.here, sure, row.slowly)


def _direction(setting: Setting) -> Becomes | None:
    """What becomes of a setting; None where it was added or taken out, so that nobody knows what it was."""
    if setting.old is None or setting.new is None:
        return None
    if setting.factor is None:
        return "other"
    return "more" if setting.factor > 1 else "less"
