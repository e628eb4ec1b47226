"""The resources' file: which AWS resources a service consists of, and how far each may be changed.

An action names a service; this file says what that means. It is reviewed like a policy: what it does not name is never
touched, and what it names is never taken beyond its bounds.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import ValidationError, model_validator

from ...aws import Account
from ...domain.base import ServiceName, Value
from ...domain.plan import ActionName
from .resources import AnyResource, Resource, WafRule, Webhook


class ResourcesError(ValueError):
    """A resources' file is not valid; the message names the file, the line and the key, and what to do."""


class Resources(Value):
    """The whole file.

    Attributes:
        live: The classes of actions that are really done; every other one is a dry run.
        names: Which service something is that AWS calls otherwise, by its own name there.
    """

    accounts: dict[str, Account] = {}
    live: tuple[ActionName, ...] = ()
    names: dict[str, ServiceName] = {}
    resources: tuple[AnyResource, ...] = ()

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        claimed: dict[tuple[ServiceName, ActionName], str] = {}
        for resource in self.resources:
            if not isinstance(resource, Webhook):
                self.account_of(resource)
            for action in resource.does:
                other = claimed.setdefault((resource.service, action), resource.id)
                if other != resource.id:
                    raise ValueError(
                        f"{action} of {resource.service!r} would be done to {other} and to {resource.id}; "
                        "say by 'actions' which of them it is"
                    )
        return self

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the secrets that its webhooks are signed with."""
        return frozenset(each.secret for each in self.resources if isinstance(each, Webhook))

    @property
    def services(self) -> dict[str, ServiceName]:
        """The service of everything that the file names, by its own name in AWS."""
        return {each.aws_name: each.service for each in self.resources if each.aws_name} | self.names

    def find(self, service: ServiceName, action: ActionName) -> "AnyResource | None":
        """The resource that an action on a service is done to."""
        return next((each for each in self.resources if each.service == service and action in each.does), None)

    def named(self, resource_id: str, service: ServiceName) -> "AnyResource | None":
        """The resource of a service by its id."""
        return next((each for each in self.resources if each.id == resource_id and each.service == service), None)

    def in_account(self, name: str) -> tuple[AnyResource, ...]:
        """The resources in one of its accounts; webhooks are in none."""
        account = self.accounts[name]
        return tuple(
            each for each in self.resources if not isinstance(each, Webhook) and self.account_of(each) == account
        )

    def account_of(self, resource: Resource) -> Account:
        """The account that a resource is in.

        Raises:
            ValueError: the file does not say which.
        """
        name = next(iter(self.accounts)) if resource.account is None and len(self.accounts) == 1 else resource.account
        if name is None or name not in self.accounts:
            raise ValueError(
                f"the account of {resource.id} is {name!r}, and the file's accounts are "
                f"{', '.join(self.accounts) or 'none'}; add a table [accounts.NAME] with id and region"
            )
        account = self.accounts[name]
        if isinstance(resource, WafRule) and resource.scope == "CLOUDFRONT" and account.region != "us-east-1":
            raise ValueError(f"{resource.id} is CloudFront's: its account's region is us-east-1, not {account.region}")
        return account


def load_resources(path: Path) -> Resources:
    """Read and validate a resources' file.

    Raises:
        ResourcesError: it cannot be read, is not TOML, or says something that it cannot; the message names the file,
            the line and the key.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ResourcesError(f"the resources' file {path} cannot be read: {error}; mend it or name another") from error
    try:
        return Resources.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ResourcesError(f"the resources' file {path} is not TOML: {error}") from error
    except ValidationError as error:
        # A misspelt key is also a missing one: what was written, not what is missing, is where the mistake is.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        # A discriminated union puts the type between the list's index and the key.
        location = [part for i, part in enumerate(first["loc"]) if not (first["loc"][0] == "resources" and i == 2)]
        what = ".".join(str(part) for part in location) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            said = f"unknown key {location[-1]!r}; see docs/actions.md for the keys of each type"
        raise ResourcesError(f"{path}:{_line_of(text, location)}: {what}: {said}") from error


def _line_of(text: str, location: list[int | str]) -> int:
    """The line of a key such as ("resources", 1, "cluster"), or of the nearest table around it; 1 where none is."""
    lines = text.splitlines()
    start, rest = 1, location
    if location and location[0] == "resources" and len(location) > 1 and isinstance(location[1], int):
        headers = list(_matching(lines, r"\s*\[\[\s*resources\s*]]"))
        start, rest = headers[location[1]] if location[1] < len(headers) else 1, location[2:]
    elif location and location[0] == "accounts" and len(location) > 1:
        table = re.escape(str(location[1]))
        start, rest = next(_matching(lines, rf"\s*\[\s*accounts\s*\.\s*[\"']?{table}[\"']?\s*]"), 1), location[2:]
    if rest:
        key = re.escape(str(rest[0]))
        return next((n for n in _matching(lines, rf"\s*[\"']?{key}[\"']?\s*=") if n >= start), start)
    return start


def _matching(lines: list[str], pattern: str) -> Iterator[int]:
    return (number for number, line in enumerate(lines, 1) if re.match(pattern, line))
