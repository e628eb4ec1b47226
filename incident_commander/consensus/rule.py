"""The quorum rule: validated data, and its arithmetic."""

import tomllib
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from ..domain.ballot import QuorumRule, Voter
from ..domain.base import Value

QUORUM_FILE = Path(__file__).with_name("quorum.toml")


class QuorumError(ValueError):
    """The quorum's file is not valid; the message names the file and the key."""


class _QuorumData(Value):
    n: int = Field(ge=1)
    f: int = Field(ge=0)
    weights: dict[Voter, float]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.n < 3 * self.f + 1:
            raise ValueError(f"n = {self.n} voters bear at most {(self.n - 1) // 3} arbitrary ones, not f = {self.f}")
        if len(self.weights) != self.n:
            raise ValueError(f"n = {self.n}, but {len(self.weights)} weights are given")
        for voter, weight in self.weights.items():
            if not 0 < share(self.weights, [voter]) < Fraction(1, 3):
                raise ValueError(f"the weight of {voter} is {weight}; each must be above 0 and below 1/3")
        if share(self.weights, self.weights) != 1:
            raise ValueError(f"the weights add up to {float(share(self.weights, self.weights))}, not to 1")
        return self


def required_ballots(n: int, f: int) -> int:
    """How many of n voters must agree so that two quorums share an honest one: ceil((n + f + 1) / 2).

    Source: D. Malkhi and M. Reiter, Byzantine quorum systems, Distributed Computing 11 (1998): masking by intersection.
    """
    return (n + f + 2) // 2


def share(weights: dict[Voter, float], voters: Iterable[Voter]) -> Fraction:
    """The weight of some voters together, exactly, as the decimals are written."""
    return sum((Fraction(repr(weights[voter])) for voter in voters), Fraction(0))


def rule(path: Path = QUORUM_FILE) -> QuorumRule:
    """Read and validate the quorum rule.

    Raises:
        QuorumError: the file is not TOML, or its numbers do not fit together; the message says which.
    """
    try:
        data = _QuorumData.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise QuorumError(f"{path}: {error}; mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "quorum"
        raise QuorumError(f"{path}: {where}: {first['msg']}; mend the file") from error
    return QuorumRule(n=data.n, f=data.f, required=required_ballots(data.n, data.f), weights=data.weights)
