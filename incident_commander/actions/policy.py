"""Policy: which plan may run where, read from a reviewed file. What no rule allows is refused."""

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from ..domain.base import UtcDatetime, Value
from ..domain.incident import Incident
from ..domain.plan import Action, ActionName, Authorisation, Plan
from ..domain.telemetry import Service, ServiceKind

Decision = Literal["allow", "needs_approval", "deny"]

DECISIONS: tuple[Decision, ...] = ("allow", "needs_approval", "deny")
"""From mildest to strictest."""


class PolicyError(ValueError):
    """A policy file is not valid; the message names the file, the line and the key, and what to do."""


class Rule(Value):
    """One rule. It speaks of a plan when all of its conditions hold; a condition that is left out holds always.

    Attributes:
        incidents: `live` (the default), `practice` or `any`.
        services: Names of targets; `*` and `?` stand for any letters.
        kinds: Kinds of targets. Does not hold where the target's kind is not known.
        tiers: Tiers of targets. Does not hold where the tier is not known.
        verdicts: The verdicts about the cause that it asks for.
        max_uses_per_incident: After so many actions of these names in one incident the rule denies.
    """

    id: str = Field(min_length=1)
    decision: Decision
    incidents: Literal["live", "practice", "any"] = "live"
    actions: tuple[ActionName, ...] = Field(min_length=1)
    services: tuple[str, ...] = ("*",)
    kinds: tuple[ServiceKind, ...] | None = None
    tiers: tuple[int, ...] | None = None
    verdicts: tuple[Literal["confirmed", "likely"], ...] | None = None
    max_uses_per_incident: int | None = Field(default=None, ge=1)

    def speaks_of(self, incident: Incident, action: Action, target: Service | None) -> bool:
        """Whether its conditions hold."""
        world = "live" if incident.practice_run is None else "practice"
        return (
            self.incidents in (world, "any")
            and action.name in self.actions
            and any(fnmatchcase(action.target, pattern) for pattern in self.services)
            and (self.kinds is None or (target is not None and target.kind in self.kinds))
            and (self.tiers is None or (target is not None and target.tier in self.tiers))
            and (self.verdicts is None or incident.verdict in self.verdicts)
        )


class Freeze(Value):
    """A span of time, `start <= t < end`, in which nothing runs but the actions it excepts."""

    id: str = Field(min_length=1)
    start: UtcDatetime
    end: UtcDatetime
    reason: str
    excepted: tuple[ActionName, ...] = ()

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"the freeze ends at {self.end.isoformat()}, not after its start {self.start.isoformat()}")
        return self


class FilePolicy(Value):
    """A policy as its file says. Implements the Policy port.

    Freezes come first. Of the rules that speak of a plan the strictest decides, so their order does not matter. Where
    none does, the answer is no.
    """

    name: str = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    freezes: tuple[Freeze, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        ids = [rule.id for rule in self.rules] + [freeze.id for freeze in self.freezes]
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise ValueError(f"the id {twice!r} is used twice; give every rule and freeze its own")
        return self

    def authorise(
        self,
        incident: Incident,
        plan: Plan,
        now: datetime,
        target: Service | None = None,
        taken: Sequence[Action] = (),
    ) -> Authorisation:
        """See the Policy port. Doing nothing is always allowed."""
        if plan.action is None:
            return Authorisation(decision="allow", rule="do-nothing", reason="doing nothing needs no permission")
        action = plan.action
        for freeze in self.freezes:
            if freeze.start <= now < freeze.end and action.name not in freeze.excepted:
                return Authorisation(
                    decision="deny",
                    rule=freeze.id,
                    reason=f"{action.name} is frozen until {freeze.end.isoformat()}: {freeze.reason}",
                )
        speaking = [rule for rule in self.rules if rule.speaks_of(incident, action, target)]
        if not speaking:
            return Authorisation(
                decision="deny",
                rule="default",
                reason=f"no rule of the policy {self.name!r} speaks of {action.name} on {action.target!r}; "
                "what is not allowed is refused. Add a rule if it should be",
            )
        for rule in speaking:
            used = sum(each.name in rule.actions for each in taken)
            if rule.max_uses_per_incident is not None and used >= rule.max_uses_per_incident:
                return Authorisation(
                    decision="deny",
                    rule=rule.id,
                    reason=f"{used} such actions ran for this incident, and the rule allows "
                    f"{rule.max_uses_per_incident}; a person must go on",
                )
        strictest = max(speaking, key=lambda rule: DECISIONS.index(rule.decision))
        return Authorisation(
            decision=strictest.decision,
            rule=strictest.id,
            reason=f"the rule {strictest.id!r} of the policy {self.name!r} says {strictest.decision}",
        )


class DenyAll:
    """The policy where none is configured: nothing may be done but nothing. Implements the Policy port."""

    def authorise(
        self,
        incident: Incident,
        plan: Plan,
        now: datetime,
        target: Service | None = None,
        taken: Sequence[Action] = (),
    ) -> Authorisation:
        """Refuses every action, and says how to change that."""
        if plan.action is None:
            return Authorisation(decision="allow", rule="do-nothing", reason="doing nothing needs no permission")
        return Authorisation(
            decision="deny",
            rule="no-policy",
            reason=f"{plan.action.name} on {plan.action.target!r} is refused, as no policy is configured; "
            "write one as docs/policy.md shows and name it by IC_POLICY_FILE",
        )


def load_policy(path: Path) -> FilePolicy:
    """Read and validate a policy file.

    Raises:
        PolicyError: the file cannot be read, is not TOML, or says something that a policy does not know. A typo is
            refused rather than passed over; the message names the file, the line and the key.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the policy {path} cannot be read: {error}; mend it or unset IC_POLICY_FILE") from error
    try:
        return FilePolicy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy {path} is not TOML: {error}") from error
    except ValidationError as error:
        raise PolicyError(_explain(path, text, error)) from error


def _explain(path: Path, text: str, error: ValidationError) -> str:
    first = error.errors()[0]
    location = first["loc"]
    line = _line_of(text, location)
    where = f"{path}:{line}" if line else str(path)
    what = ".".join(str(part) for part in location) or "the file"
    if first["type"] == "extra_forbidden":
        return f"{where}: {what}: unknown key{_nearest(str(location[-1]), _keys_beside(location))}"
    if first["type"] == "literal_error":
        given = str(first["input"])
        return f"{where}: {what}: {given!r}: {first['msg']}{_nearest(given, (*get_args(ActionName), *DECISIONS))}"
    return f"{where}: {what}: {first['msg']}"


def _keys_beside(location: tuple[int | str, ...]) -> tuple[str, ...]:
    if len(location) == 1:
        return tuple(FilePolicy.model_fields)
    return tuple((Rule if location[0] == "rules" else Freeze).model_fields)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; do you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"


def _line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """The line of a key such as ("rules", 1, "actions"), or of the table that should have it; None if not found."""
    header = 0
    lines = text.splitlines()
    if len(location) > 1 and isinstance(location[1], int):
        opening = re.compile(rf"\s*\[\[\s*{re.escape(str(location[0]))}\s*]]")
        headers = [number for number, line in enumerate(lines, 1) if opening.match(line)]
        if location[1] >= len(headers):
            return None
        header = headers[location[1]]
        key = str(location[2]) if len(location) > 2 else None
    else:
        key = str(location[0]) if location else None
    if key is None:
        return header or None
    for number, line in enumerate(lines[header:], header + 1):
        if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
        if line.lstrip().startswith("["):
            break
    return header or None
