"""The trust ladder: how far each class of actions is trusted, what lifts it a step, and what takes it down at once.

`observe` < `advise` < `approve` < `auto`. What nothing takes back never passes `approve`, whatever is counted or set.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from ..domain.base import Value
from ..domain.plan import TRUST_LEVELS, ActionName, TrustLevel
from .catalogue import Catalogue
from .rules import Decision

TRUST_FILE = Path(__file__).with_name("trust.toml")
Agreement = Literal["approved_and_verified", "reported"]
"""A person approved the certified plan as it was and its checks were met; or said that it was, or had been, right."""
COUNTS_AT: Mapping[Agreement, tuple[TrustLevel, ...]] = {
    "approved_and_verified": ("approve",),
    "reported": ("observe", "advise"),
}
"""The levels at which each kind of agreement can be."""


class TrustError(ValueError):
    """A file of trust levels is not valid; the message names the file and the key."""


class BeyondTrust(ValueError):
    """A class of actions cannot be trusted so far."""


class TrustRules(Value):
    """How a world's classes of actions climb and fall.

    Attributes:
        agreements: How many make one step up.
        counted: Which kinds of agreement count.
        demoted_to: Where one action that harmed, or was taken back, takes a class that stood higher.
        start: Where each class stands at first.
    """

    agreements: int = Field(ge=1)
    counted: tuple[Agreement, ...] = Field(min_length=1)
    demoted_to: TrustLevel
    start: dict[ActionName, TrustLevel]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in get_args(ActionName) if name not in self.start]
        if missing:
            raise ValueError(f"start has no level for {', '.join(missing)}")
        if self.demoted_to == "auto":
            raise ValueError("demoted_to 'auto' would be no demotion; choose a lower level")
        return self


class Standing(Value):
    """Where a class of actions stands in a world, how many agreements were counted since, and why it stands there."""

    level: TrustLevel
    agreements: int = Field(default=0, ge=0)
    reason: str

    def agreed(self, rules: TrustRules, highest: TrustLevel) -> "Standing":
        """After one more agreement: a step up where enough were counted."""
        counted = self.agreements + 1
        above = TRUST_LEVELS[min(TRUST_LEVELS.index(self.level) + 1, TRUST_LEVELS.index(highest))]
        if counted < rules.agreements or above == self.level:
            return self.model_copy(update={"agreements": min(counted, rules.agreements)})
        return Standing(level=above, reason=f"promoted from {self.level!r} by {counted} verified agreements")

    def disagreed(self) -> "Standing":
        """After a person found it wrong: what was counted is void."""
        return self.model_copy(update={"agreements": 0})

    def failed(self, rules: TrustRules, why: str) -> "Standing":
        """After an action that harmed or was taken back: down at once, and what was counted is void."""
        lower = min(self.level, rules.demoted_to, key=TRUST_LEVELS.index)
        if lower == self.level:
            return self.disagreed()
        return Standing(level=lower, reason=f"demoted from {self.level!r}: {why}")


def highest_level(action: ActionName, catalogue: Catalogue) -> TrustLevel:
    """What a class of actions can never pass."""
    return "auto" if catalogue[action].reversible else "approve"


def decision_at(level: TrustLevel) -> Decision:
    """What a level means for a plan that policy allows."""
    decisions: dict[TrustLevel, Decision] = {
        "observe": "deny",
        "advise": "deny",
        "approve": "needs_approval",
        "auto": "allow",
    }
    return decisions[level]


def load_trust(path: Path, catalogue: Catalogue) -> TrustRules:
    """Read and validate a file of trust levels.

    Raises:
        TrustError: it is not TOML, a value in it is wrong, or it trusts an irreversible class too far.
    """
    try:
        rules = TrustRules.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise TrustError(f"{path}: {error}; mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TrustError(f"{path}: {where}: {first['msg']}; mend the file") from error
    for action, level in rules.start.items():
        highest = highest_level(action, catalogue)
        if TRUST_LEVELS.index(level) > TRUST_LEVELS.index(highest):
            raise TrustError(f"{path}: start.{action}: nothing takes it back, so it cannot pass {highest!r}")
    return rules
