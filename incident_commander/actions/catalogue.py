"""The bounded catalogue of actions: validated data, and the only way to make an action or its undo."""

import math
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from ..domain.base import ServiceName, Value
from ..domain.findings import FaultKind, Remediation
from ..domain.plan import Action, ActionName, Argument, Plan
from ..domain.telemetry import ServiceKind

MetricKind = Literal["latency", "errors", "traffic", "saturation"]
Direction = Literal["up", "down"]
Precondition = Literal["recent_deploy", "saturated", "own_trouble", "pool_exhausted", "carries_traffic"]
"""What telemetry must show before an action is proposed for a target.

`recent_deploy`: a deploy of the target that is not long past when the trouble began. `saturated`: its processors or a
queue of it are near their limit or far above their usual value. `own_trouble`: the target itself is abnormal, not only
those who call it. `pool_exhausted`: a connection pool at the target is near its limit. `carries_traffic`: a request
rate is seen at the target.
"""

ResourceType = Literal[
    "ecs_service", "auto_scaling_group", "scalable_target", "lambda_alias", "lambda_function", "rds_instance",
    "aurora_cluster", "elasticache_group", "dead_letter_queue", "event_rule", "waf_rule", "ssm_parameter",
    "ssm_automation", "codedeploy_group", "ebs_volume", "secret",
]  # fmt: skip
"""The types of AWS resources that actions are done to; a webhook's runbook is its owner's, so it is none of them."""
ApiCall = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]+:[A-Z][A-Za-z0-9]+$")]
"""A call of AWS as `service:Operation`, which is the IAM permission too."""

CATALOGUE_FILE = Path(__file__).with_name("catalogue.toml")


class CatalogueError(ValueError):
    """The catalogue's file is not valid; the message names the file and the key."""


class OutOfBounds(ValueError):
    """An action is not one that the catalogue allows: wrong target kind, unknown or missing argument, or its value."""


class NumberArgument(Value):
    """A numeric argument with its bounds; no default: it must be given."""

    type: Literal["number"]
    minimum: float
    maximum: float
    default: float | None = None
    undo: Literal["inverse", "maximum"] | None = None
    describe: str

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.minimum < self.maximum:
            raise ValueError(f"minimum {self.minimum} is not below maximum {self.maximum}")
        if self.default is not None and not self.minimum <= self.default <= self.maximum:
            raise ValueError(f"default {self.default} is outside [{self.minimum}, {self.maximum}]")
        if self.undo == "inverse" and not math.isclose(self.minimum * self.maximum, 1.0):
            raise ValueError(f"the inverse of maximum {self.maximum} is not minimum {self.minimum}")
        return self


class ChoiceArgument(Value):
    """An argument that is one of a few words."""

    type: Literal["choice"]
    choices: tuple[str, ...] = Field(min_length=1)
    default: str | None = None
    undo: str | None = None
    describe: str

    @model_validator(mode="after")
    def _known(self) -> Self:
        for name, word in (("default", self.default), ("undo", self.undo)):
            if word is not None and word not in self.choices:
                raise ValueError(f"{name} {word!r} is not one of {', '.join(self.choices)}")
        return self


class TextArgument(Value):
    """A name that comes from outside, such as a deploy's reference; bounded in length, without control characters."""

    type: Literal["text"]
    max_length: int = Field(gt=0)
    describe: str


ArgumentSpec = Annotated[NumberArgument | ChoiceArgument | TextArgument, Field(discriminator="type")]


class Means(Value):
    """How an action is done to one type of AWS resource, and what that needs.

    Attributes:
        reads: What shows the state before and after; all that a dry run calls.
        call: The one call that does it.
        back: The calls that bring the recorded state back; none: nothing does there, so a person is always asked.
        also: Permissions that AWS asks for beside those of the calls.
    """

    reads: tuple[ApiCall, ...] = Field(min_length=1)
    call: ApiCall
    back: tuple[ApiCall, ...] = ()
    also: tuple[ApiCall, ...] = ()

    @property
    def permissions(self) -> tuple[ApiCall, ...]:
        """The IAM permissions it needs, each once."""
        return tuple(dict.fromkeys((*self.reads, self.call, *self.back, *self.also)))

    @property
    def reversible(self) -> bool:
        """Whether the recorded state is brought back."""
        return bool(self.back)


class ActionSpec(Value):
    """One action of the catalogue.

    Attributes:
        word: The field's word for it, for sentences.
        remediation: Its word in the benchmark's vocabulary; None where that has none.
        addresses: The kinds of fault it can mend; none: only a person asks for it, it is never proposed.
        reversible: Whether `Catalogue.undo` gives an action that brings the former state back.
        effects: What should be seen at the target afterwards.
        cool_down_seconds: Before the same action may hit the same target again.
        max_per_hour: How often it may hit the same target within any hour; taking it back is not counted.
        disturbs: Share of the target's capacity that is away while it runs, in [0, 1].
        takes_seconds: How long until its effect can be expected, on the incident's clock.
        risk: Chance that it harms although it was the right one, in [0, 1]: a judgement, there to be argued with.
        on: How it is done to each type of AWS resource that it can be done to.
    """

    word: str
    summary: str
    remediation: Remediation | None = None
    addresses: tuple[FaultKind, ...]
    target_kinds: tuple[ServiceKind, ...] = Field(min_length=1)
    arguments: dict[str, ArgumentSpec] = {}
    reversible: bool
    effects: tuple[tuple[MetricKind, Direction], ...] = Field(min_length=1)
    preconditions: tuple[Precondition, ...]
    cool_down_seconds: float = Field(gt=0)
    max_per_hour: int = Field(ge=1)
    disturbs: float = Field(ge=0, le=1)
    takes_seconds: float = Field(gt=0)
    risk: float = Field(ge=0, le=1)
    on: dict[ResourceType, Means] = {}

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if (self.max_per_hour - 1) * self.cool_down_seconds >= 3600:
            raise ValueError(
                f"max_per_hour {self.max_per_hour} is never reached with a cool-down of {self.cool_down_seconds:g} s; "
                "lower one of them"
            )
        return self

    @model_validator(mode="after")
    def _one_word(self) -> Self:
        back = [name for name, means in self.on.items() if means.reversible]
        if back and not self.reversible:
            raise ValueError(f"it is not reversible, and on {back[0]} it has a way back; say one of both")
        return self


class Catalogue(Value):
    """Every action there is, by name."""

    actions: dict[ActionName, ActionSpec]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in get_args(ActionName) if name not in self.actions]
        if missing:
            raise ValueError(f"no table for {', '.join(missing)}")
        return self

    def __getitem__(self, name: ActionName) -> ActionSpec:
        return self.actions[name]

    @property
    def proposed(self) -> dict[ActionName, ActionSpec]:
        """The actions that are proposed for some kind of fault; the others a person asks for."""
        return {name: spec for name, spec in self.actions.items() if spec.addresses}

    def for_fault(self, fault: FaultKind, kind: ServiceKind) -> tuple[ActionName, ...]:
        """The actions that may mend such a fault at a service of that kind, in the catalogue's order."""
        return tuple(
            name for name, spec in self.actions.items() if fault in spec.addresses and kind in spec.target_kinds
        )

    def action(self, name: ActionName, target: ServiceName, arguments: dict[str, Argument] | None = None) -> Action:
        """An action with its defaults filled in.

        Raises:
            OutOfBounds: an argument is missing, unknown or beyond its bounds.
        """
        given = dict(arguments or {})
        for key, spec in self.actions[name].arguments.items():
            if key not in given and not isinstance(spec, TextArgument) and spec.default is not None:
                given[key] = spec.default
        action = Action(name=name, target=target, arguments=given)
        self.check(action)
        return action

    def undo(self, action: Action) -> Action | None:
        """The action that takes this one back, or None where the catalogue says that nothing does."""
        spec = self.actions[action.name]
        if not spec.reversible:
            return None
        return self.action(
            action.name,
            action.target,
            {key: _undone(argument, action.arguments[key]) for key, argument in spec.arguments.items()},
        )

    def takes_back(self, plan: Plan) -> bool:
        """Whether a plan's undo is the action that takes its action back, by the catalogue's word and not its own.

        Raises:
            OutOfBounds: an argument is missing, unknown or beyond its bounds.
        """
        if plan.action is None:
            return True
        self.check(plan.action)
        return plan.undo is not None and plan.undo == self.undo(plan.action)

    def check(self, action: Action, kind: ServiceKind | None = None) -> None:
        """Refuse what the catalogue does not allow.

        Args:
            kind: The target's kind, where it is known; None leaves it unchecked.

        Raises:
            OutOfBounds: the target is of a wrong kind, or an argument is missing, unknown or beyond its bounds.
        """
        spec = self.actions[action.name]
        if kind is not None and kind not in spec.target_kinds:
            raise OutOfBounds(
                f"{action.name} of {action.target!r}: it is a {kind}, and {action.name} applies to "
                f"{', '.join(spec.target_kinds)} only; choose another action"
            )
        for key in action.arguments.keys() - spec.arguments.keys():
            known = ", ".join(spec.arguments) or "none"
            raise OutOfBounds(f"{action.name}: unknown argument {key!r}; the catalogue knows {known}")
        for key, argument in spec.arguments.items():
            if key not in action.arguments:
                raise OutOfBounds(f"{action.name}: the argument {key!r} is missing; it is {argument.describe}")
            fault = _fault(argument, action.arguments[key])
            if fault:
                raise OutOfBounds(f"{action.name}: {key} = {action.arguments[key]!r} {fault}")


def load_catalogue(path: Path = CATALOGUE_FILE) -> Catalogue:
    """Read and validate the catalogue.

    Raises:
        CatalogueError: the file is not TOML, or a value in it is wrong; the message names the file and the key.
    """
    try:
        tables = TypeAdapter(dict[str, object]).validate_python(tomllib.loads(path.read_text("utf-8")))
        return Catalogue.model_validate({"actions": tables})
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path}: {error}; mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        raise CatalogueError(f"{path}: {where}: {first['msg']}; mend the file") from error


def _fault(spec: NumberArgument | ChoiceArgument | TextArgument, value: Argument) -> str:
    """What is wrong with a value; empty when nothing is."""
    if isinstance(spec, NumberArgument):
        if isinstance(value, str) or not spec.minimum <= value <= spec.maximum:
            return f"is not a number in [{spec.minimum}, {spec.maximum}]"
    elif isinstance(spec, ChoiceArgument):
        if value not in spec.choices:
            return f"is not one of {', '.join(spec.choices)}"
    elif not isinstance(value, str) or not 0 < len(value) <= spec.max_length or not value.isprintable():
        return f"is not a printable text of 1 to {spec.max_length} characters"
    return ""


def _undone(spec: NumberArgument | ChoiceArgument | TextArgument, value: Argument) -> Argument:
    if isinstance(spec, NumberArgument) and not isinstance(value, str):
        if spec.undo == "inverse":
            return 1 / value
        if spec.undo == "maximum":
            return spec.maximum
    if isinstance(spec, ChoiceArgument) and spec.undo is not None:
        return spec.undo
    return value
