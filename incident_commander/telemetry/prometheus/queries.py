"""What the metrics of a Prometheus mean, as validated data: `queries.toml`, and a user's file of the same form.

A reading gives one metric of ours for every service, from what one kind of exporter measures. Which service a series
is of is told by its labels.
"""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from ...domain.base import Value
from ...domain.telemetry import ServiceKind
from ..source import SourceMisconfigured

_FILE = Path(__file__).with_name("queries.toml")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SELECTED = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{")

SERVICE = "ic_service"
"""The label of an answer that names the service."""
RANK = "ic_rank"
"""The label of an answer that says which reading it is from."""

Unit = Literal["ms", "ratio", "percent", "count", "per_second", "bytes", "bytes_per_second", "seconds"]


class QueriesError(SourceMisconfigured):
    """A file of queries is not valid; the message names the file and the key, and what to do."""


class Label(Value):
    """A label that may name the service, and by a regular expression with one group which part of it does."""

    label: str = Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")
    take: str = "(.+)"

    @model_validator(mode="after")
    def _one_group(self) -> Self:
        try:
            groups = re.compile(self.take).groups
        except re.error as error:
            raise ValueError(f"{self.take!r} is no regular expression: {error}") from error
        if groups != 1:
            raise ValueError(
                f"{self.take!r} has {groups} groups; put the part that names the service into the only one"
            )
        return self


class Reading(Value):
    """A metric of ours as one kind of exporter has it: by exactly one of the five ways below.

    In every selector `$match` stands for what keeps it to the right world, and `$range` for a span that holds a few
    samples.

    Attributes:
        exporter: Whose metrics these are, for people.
        sum, mean, max: What to add up, average or take the largest of over the series of a service.
        part, whole: A share: both are added up over the series of a service, and a missing part is none.
        buckets, quantile: Buckets of a histogram, and which quantile to take of those of a service.
        query: A whole query whose answer has one series a service, under the label `service`.
        times: What to multiply by, for another unit.
        named_by: The labels that name the service here; empty: the file's.
    """

    metric: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    unit: Unit
    exporter: str = Field(min_length=1)
    sum: str = ""
    mean: str = ""
    max: str = ""
    part: str = ""
    whole: str = ""
    buckets: str = ""
    quantile: float | None = Field(default=None, gt=0, lt=1)
    query: str = ""
    times: float = 1.0
    named_by: tuple[Label, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("sum", "mean", "max", "part", "buckets", "query") if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError("say exactly one of sum, mean, max, part and whole, buckets and quantile, query")
        if bool(self.part) != bool(self.whole):
            raise ValueError("part and whole belong together")
        if bool(self.buckets) != (self.quantile is not None):
            raise ValueError("buckets and quantile belong together")
        for expression in self.expressions:
            _check_selectors(expression)
        return self

    @property
    def expressions(self) -> tuple[str, ...]:
        """Whatever of it is PromQL."""
        every = (self.sum, self.mean, self.max, self.part, self.whole, self.buckets, self.query)
        return tuple(expression for expression in every if expression)

    @property
    def names(self) -> frozenset[str]:
        """The names of the metrics that it needs one of."""
        return frozenset(name for expression in self.expressions for name in _names(expression))

    def promql(self, labels: Sequence[Label]) -> str:
        """The query, with the service under the label `ic_service`; `$match` and `$range` are still to be filled in."""
        by = self.named_by or tuple(labels)
        scale = f"{self.times:g} * " if self.times != 1 else ""
        for expression, function in ((self.sum, "sum"), (self.mean, "avg"), (self.max, "max")):
            if expression:
                return f"{scale}{function} by ({SERVICE}) ({named(expression, by)})"
        if self.part:
            part, whole = (f"sum by ({SERVICE}) ({named(each, by)})" for each in (self.part, self.whole))
            return f"{scale}({part} or 0 * {whole}) / ({whole} > 0)"
        if self.buckets:
            return f"{scale}histogram_quantile({self.quantile}, sum by ({SERVICE}, le) ({named(self.buckets, by)}))"
        return scale + named(f"({self.query})", (Label(label="service"),))


class Calls(Value):
    """Which service calls which, as one kind of exporter counts it.

    Attributes:
        expr: PromQL whose series have both labels.
        caller, callee: The labels that name them.
    """

    exporter: str = Field(min_length=1)
    expr: str
    caller: Label
    callee: Label

    @model_validator(mode="after")
    def _selects(self) -> Self:
        _check_selectors(self.expr)
        return self

    @property
    def names(self) -> frozenset[str]:
        """The names of the metrics that it needs one of."""
        return frozenset(_names(self.expr))


class Facts(Value):
    """What a service is; `tier` 1 is what customers feel first."""

    kind: ServiceKind = "unknown"
    tier: int = Field(default=2, ge=1)


class Queries(Value):
    """All of it.

    Attributes:
        replace: In a user's file: what is shipped is not used beside it.
        labels: What names a service, the first one present.
        recorded: Metrics of ours, with their units, that may be there under our very names, one series a service: the
            practice company's, and those of your recording rules.
        readings: Of those of one metric the first that has a service counts for it.
        calls: What the topology is read from.
        services: What no metric tells of a service, by its name.
    """

    replace: bool = False
    labels: tuple[Label, ...] = ()
    recorded: dict[str, Unit] = {}
    readings: tuple[Reading, ...] = ()
    calls: tuple[Calls, ...] = ()
    services: dict[str, Facts] = {}

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        units: dict[str, str] = dict(self.recorded)
        for reading in self.readings:
            unit = units.setdefault(reading.metric, reading.unit)
            if unit != reading.unit:
                raise ValueError(f"{reading.metric} is in {unit} and in {reading.unit}; give it one unit")
        return self

    def before(self, other: "Queries") -> "Queries":
        """These, and what another has beside them.

        Raises:
            ValueError: a metric has one unit here and another there.
        """
        return Queries(
            labels=self.labels or other.labels,
            recorded={**other.recorded, **self.recorded},
            readings=(*self.readings, *other.readings),
            calls=(*self.calls, *other.calls),
            services={**other.services, **self.services},
        )


def named(expression: str, labels: Sequence[Label]) -> str:
    """The expression with its service under `ic_service`, as the first of the labels that a series has names it."""
    for each in reversed(labels):  # the last replacement that applies stays
        expression = relabelled(expression, SERVICE, each)
    return expression


def relabelled(expression: str, name: str, label: Label) -> str:
    """The expression with what a label names under another label as well."""
    return f'label_replace({expression}, "{name}", "$1", "{label.label}", {json.dumps(label.take)})'


def load_queries(path: Path | None = None) -> Queries:
    """The shipped queries; with a user's file, its own first.

    Raises:
        QueriesError: the file cannot be read, is not TOML, or says something that it cannot.
    """
    shipped = Queries.model_validate(tomllib.loads(_FILE.read_text("utf-8")))
    if path is None:
        return shipped
    try:
        own = Queries.model_validate(tomllib.loads(path.read_text("utf-8")))
        if own.replace and not own.labels:
            own = own.model_copy(update={"labels": shipped.labels})
        return own if own.replace else own.before(shipped)
    except (OSError, UnicodeDecodeError) as error:
        raise QueriesError(f"the queries' file {path} cannot be read: {error}; mend it or name another") from error
    except tomllib.TOMLDecodeError as error:
        raise QueriesError(f"the queries' file {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise QueriesError(f"{path}: {where}: {said}; docs/telemetry.md shows the form") from error


def _names(expression: str) -> list[str]:
    return _SELECTED.findall(_QUOTED.sub('""', expression))


def _check_selectors(expression: str) -> None:
    bare = _QUOTED.sub('""', expression)
    if "{" not in bare or any(not rest.lstrip().startswith("$match") for rest in bare.split("{")[1:]):
        raise ValueError(
            f'begin every selector of {expression!r} with $match, such as {{$match}} or {{$match,code="500"}}: '
            "practice runs and other worlds are kept out by it"
        )
