"""The eight services of AWS that reasoning may ask, as data, and which of them are switched on."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self, get_args

from pydantic import Field, ValidationError, model_validator

from ..domain.base import Value
from ..domain.permission import Permission
from ..domain.usage import AiService

SERVICES_FILE = Path(__file__).with_name("services.toml")
_UNSET = frozenset({"", "off", "None"})
_PLACES = frozenset({"partition", "region", "account", "profile", "model"})


class ServicesError(ValueError):
    """The services' file is not valid; the message names file and key."""


class Call(Value):
    """An operation that is called.

    Attributes:
        via: Its endpoint, as the official client names it.
        purpose: The statement of the policy that allows it.
        action: What IAM calls it.
        resources: The ARNs that it is called on, with names in braces for what an installation sets.
    """

    via: str = Field(min_length=1)
    operation: str = Field(pattern=r"^[A-Z][A-Za-z]+$")
    purpose: str = Field(pattern=r"^[A-Za-z]+$")
    action: Permission
    resources: tuple[str, ...] = Field(min_length=1)

    @property
    def settings(self) -> frozenset[str]:
        """The settings that its resources are named by."""
        return frozenset(re.findall(r"\{(\w+)\}", " ".join(self.resources))) - _PLACES


class Service(Value):
    """One of the services.

    Attributes:
        use: What it does here.
        needs: The settings that switch it on: any one list of them, whole.
        have: How to come to it.
        model: The one model that it is, where that is not in models.toml.
        asks: Whose models it asks; None: its own, if it has any.
    """

    name: AiService
    use: str = Field(min_length=1)
    needs: tuple[tuple[str, ...], ...] = Field(min_length=1)
    have: str = Field(min_length=1)
    model: str = ""
    asks: AiService | None = None
    calls: tuple[Call, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _named_by_what_it_needs(self) -> Self:
        known = {setting for way in self.needs for setting in way}
        strange = sorted({setting for call in self.calls for setting in call.settings} - known)
        if strange:
            raise ValueError(f"{self.name} names {', '.join(strange)} in resources and not in needs")
        return self

    def missing(self, settings: Mapping[str, object]) -> tuple[str, ...]:
        """The settings that it still needs, by the way that needs fewest, and of those the one that was begun on."""
        ways = [(way, tuple(name for name in way if not is_set(settings, name))) for way in self.needs]
        return min(ways, key=lambda each: (len(each[1]), -len(each[0])))[1]

    def calls_with(self, settings: Mapping[str, object]) -> tuple[Call, ...]:
        """What it calls as it is set; nothing where it is switched off."""
        if self.missing(settings):
            return ()
        return tuple(call for call in self.calls if all(is_set(settings, name) for name in call.settings))


class ServiceState(Value):
    """Whether a service is switched on.

    Attributes:
        missing: The variables of the environment that would switch it on; none where it is on.
        have: How to come to it.
    """

    name: AiService
    use: str
    on: bool
    missing: tuple[str, ...]
    have: str


def configured(settings: Mapping[str, object], services: tuple[Service, ...] | None = None) -> tuple[ServiceState, ...]:
    """All eight, each with whether it is switched on; nothing is asked.

    Args:
        settings: By their names, such as `Settings.model_dump()`.
        services: None: those of the file that is shipped.
    """
    states = []
    for service in load_services() if services is None else services:
        missing = service.missing(settings)
        variables = tuple(f"IC_{name.upper()}" for name in missing)
        states.append(
            ServiceState(name=service.name, use=service.use, on=not missing, missing=variables, have=service.have)
        )
    return tuple(states)


def is_set(settings: Mapping[str, object], name: str) -> bool:
    """Whether a setting says something: neither nothing nor `off`."""
    return str(settings.get(name, "")) not in _UNSET


class _File(Value):
    services: tuple[Service, ...]

    @model_validator(mode="after")
    def _all_of_them(self) -> Self:
        names = [service.name for service in self.services]
        if sorted(names) != sorted(get_args(AiService)):
            raise ValueError(f"services are {', '.join(names)}; each of {', '.join(get_args(AiService))} once")
        return self


def load_services(path: Path = SERVICES_FILE) -> tuple[Service, ...]:
    """The services of a file, in its order.

    Raises:
        ServicesError: it is not valid.
    """
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).services
    except tomllib.TOMLDecodeError as error:
        raise ServicesError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ServicesError(f"{path}: {where}: {first['msg']}") from error
