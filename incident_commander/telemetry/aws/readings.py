"""What CloudWatch's metrics mean, as validated data: `cloudwatch.toml`, and a user's file of the same form."""

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from ...domain.base import Value
from ..source import SourceMisconfigured

_FILE = Path(__file__).with_name("cloudwatch.toml")
_STATISTIC = (
    r"^(Average|Sum|Maximum|Minimum|SampleCount|IQM|(p|tm|tc|ts|wm)\d{1,2}(\.\d+)?|(PR|TM|TC|TS|WM)\([\d.%:]+\))$"
)

Unit = Literal["ms", "ratio", "percent", "count", "per_second", "bytes", "bytes_per_second", "seconds", ""]
"""The empty one: only the name tells."""
Combine = Literal["sum", "mean", "max"]


class ReadingsError(SourceMisconfigured):
    """A file of CloudWatch metrics is not valid; the message names the file and the key, and what to do."""


class Reading(Value):
    """One statistic of one metric, as a metric of ours.

    Attributes:
        combine: What becomes of several that are of one service.
        left_of: The value is what is left free of this; what is used of it, in percent, is told.
    """

    name: str = Field(min_length=1)
    stat: str = Field(pattern=_STATISTIC)
    metric: str = Field(pattern=r"^_?[a-z][a-z0-9_]*$")
    unit: Unit
    rate: bool = False
    times: float = 1.0
    combine: Combine | None = None
    left_of: Literal["allocated_storage"] | None = None

    @property
    def combined(self) -> Combine:
        """How, where the file does not say: what counts is added up, and of everything else the largest taken."""
        if self.combine is not None:
            return self.combine
        return "sum" if self.unit in ("per_second", "count", "bytes_per_second") else "max"


class Set(Value):
    """The metrics of a namespace that are read with exactly these dimensions."""

    namespace: str = Field(min_length=1)
    dimensions: tuple[str, ...] = Field(min_length=1)
    service: str
    metrics: tuple[Reading, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.service not in self.dimensions:
            raise ValueError(f"service is {self.service!r}, and the dimensions are {', '.join(self.dimensions)}")
        return self


class Ratio(Value):
    """A share of two sums of metrics of a service; a part that has no sample is none."""

    metric: str
    part: tuple[str, ...] = Field(min_length=1)
    whole: tuple[str, ...] = Field(min_length=1)


class Readings(Value):
    """All of it.

    Attributes:
        sets: The first one that has a metric of a service counts for it.
    """

    sets: tuple[Set, ...] = ()
    ratios: tuple[Ratio, ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Each namespace once, in their order."""
        return tuple(dict.fromkeys(each.namespace for each in self.sets))

    def knows(self, rank: int, metrics: Collection[str]) -> bool:
        """Whether the set of that rank has one of some metrics."""
        return 0 <= rank < len(self.sets) and any(each.metric in metrics for each in self.sets[rank].metrics)


def load_readings(path: Path | None = None) -> Readings:
    """The shipped readings; with a user's file, its own first.

    Raises:
        ReadingsError: the file cannot be read, is not TOML, or says something that it cannot.
    """
    shipped = Readings.model_validate(tomllib.loads(_FILE.read_text("utf-8")))
    if path is None:
        return shipped
    try:
        own = Readings.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ReadingsError(f"the CloudWatch file {path} cannot be read: {error}; mend it or name another") from error
    except tomllib.TOMLDecodeError as error:
        raise ReadingsError(f"the CloudWatch file {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise ReadingsError(f"{path}: {where}: {said}; docs/telemetry.md shows the form") from error
    return Readings(sets=(*own.sets, *shipped.sets), ratios=(*own.ratios, *shipped.ratios))


def as_words(name: str) -> str:
    """`CPUUtilization` as `cpu_utilization`: how a metric that the data does not know is called here."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")
