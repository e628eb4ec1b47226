"""WAF: a rate rule that lets fewer requests through, and a counting rule made to block."""

import math
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ....aws import Pascal, Rejected
from ....domain.base import JsonObject, Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, from_mode, number, within
from ..resources import WafRule

KEPT = (
    "DefaultAction", "VisibilityConfig", "Description", "CustomResponseBodies", "CaptchaConfig", "ChallengeConfig",
    "TokenDomains", "AssociationConfig", "DataProtectionConfig", "OnSourceDDoSProtectionConfig", "ApplicationConfig",
    "MonetizationConfig",
)  # fmt: skip
"""What an update of a web ACL loses unless it is said again."""


class RuleState(Value):
    """A rule of a web ACL.

    Attributes:
        limit: Requests of one source in its window before it acts; None where it is not a rate-based rule.
        action: What it does then, as WAF writes it, such as `{"Block": {}}`; None where it is a rule group's.
    """

    limit: int | None
    action: JsonObject | None


class Limit(Value):
    """The limit that the rule is to have."""

    limit: int


class Does(Value):
    """What the rule is to do."""

    action: JsonObject


_OBJECT: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
G = TypeVar("G", Limit, Does)


class _OfRule(Operation[WafRule, RuleState, G], Generic[G]):
    """Changing one rule means writing the whole web ACL again, under the lock token that it was read with.

    A web ACL that somebody else changed in between is refused by WAF, and nothing is done.
    """

    wait_seconds = 120.0
    state_type = RuleState

    async def read(self, token: str, goal: G | None) -> RuleState:
        return self._state_in(await self._web_acl())

    async def send(self, now: RuleState, goal: G, token: str) -> str:
        found = await self._web_acl()
        if self._state_in(found) != now:
            call = "wafv2:UpdateWebACL"
            raise Rejected(call, "", f"{call} was not called: {self.resource.id} was changed meanwhile; look at it")
        acl = found.web_acl
        rules = [self._with(goal, rule) if rule.get("Name") == self.resource.rule else rule for rule in acl.rules]
        kept = {name: value for name, value in (acl.model_extra or {}).items() if name in KEPT}
        parameters = {**self._named(), **kept, "Rules": rules, "LockToken": found.lock_token}
        return await self.aws.write("wafv2", "UpdateWebACL", parameters)

    def _with(self, goal: G, rule: dict[str, object]) -> dict[str, object]:
        """The rule as it is to become."""
        raise NotImplementedError

    def _shown(self, changed: JsonObject) -> Call:
        """The call in short: the whole web ACL goes with it, with this rule changed."""
        parameters: JsonObject = {**self._named(), "Rules": [{"Name": self.resource.rule, **changed}]}
        return Call(service="wafv2", operation="UpdateWebACL", parameters=parameters)

    def _named(self) -> dict[str, str]:
        return {"Name": self.resource.web_acl, "Id": self.resource.web_acl_id, "Scope": self.resource.scope}

    async def _web_acl(self) -> "_Found":
        return await self.aws.read(_Found, "wafv2", "GetWebACL", self._named())

    def _state_in(self, found: "_Found") -> RuleState:
        rules = [_Rule.model_validate(each) for each in found.web_acl.rules]
        rule = next((each for each in rules if each.name == self.resource.rule), None)
        if rule is None:
            names = ", ".join(each.name for each in rules) or "none"
            raise Impossible(f"the web ACL {self.resource.web_acl!r} has no rule {self.resource.rule!r}, only {names}")
        rate = rule.statement.rate_based_statement
        return RuleState(limit=None if rate is None else rate.limit, action=rule.action)


class LowerLimit(_OfRule[Limit]):
    """Lets a rate-based rule act on a share of the requests that it acted on before."""

    goal_type = Limit

    def aim(self, start: RuleState, action: Action) -> Limit:
        if start.limit is None:
            raise Impossible(f"{self.resource.id} is not a rate-based rule, so it has no limit")
        wanted = math.floor(start.limit * number(action, "admit") + 1e-9)
        lowest = self.resource.lowest_limit
        return Limit(limit=within(f"the limit of {self.resource.id}", wanted, start.limit, lowest, start.limit))

    def way_back(self, start: RuleState) -> Limit:
        if start.limit is None:
            raise Impossible(f"{self.resource.id} had no limit")
        return Limit(limit=start.limit)

    def call(self, now: RuleState, goal: Limit, token: str) -> Call:
        return self._shown({"Statement": {"RateBasedStatement": {"Limit": goal.limit}}})

    def judge(self, start: RuleState, goal: Limit, now: RuleState) -> Progress:
        seen = f"its limit is {now.limit}"
        if now.limit == goal.limit:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now.limit == start.limit else "drifted", detail=seen)

    def _with(self, goal: Limit, rule: dict[str, object]) -> dict[str, object]:
        statement = _OBJECT.validate_python(rule["Statement"])
        rate = _OBJECT.validate_python(statement["RateBasedStatement"])
        return {**rule, "Statement": {**statement, "RateBasedStatement": {**rate, "Limit": goal.limit}}}


class Block(_OfRule[Does]):
    """Makes a rule that counts block."""

    goal_type = Does

    def aim(self, start: RuleState, action: Action) -> Does:
        from_mode(action, "block")
        if start.action is None or "Count" not in start.action:
            does = "follows a rule group" if start.action is None else f"does {', '.join(start.action)}"
            raise Impossible(f"{self.resource.id} {does}; only a rule that counts is made to block")
        return Does(action={"Block": {}})

    def way_back(self, start: RuleState) -> Does:
        if start.action is None:
            raise Impossible(f"{self.resource.id} had no action of its own")
        return Does(action=start.action)

    def call(self, now: RuleState, goal: Does, token: str) -> Call:
        return self._shown({"Action": goal.action})

    def judge(self, start: RuleState, goal: Does, now: RuleState) -> Progress:
        seen = f"its action is {', '.join(now.action or {}) or 'none'}"
        if now.action == goal.action:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now.action == start.action else "drifted", detail=seen)

    def _with(self, goal: Does, rule: dict[str, object]) -> dict[str, object]:
        return {**rule, "Action": goal.action}


class _Rate(Pascal):
    limit: int


class _Statement(Pascal):
    rate_based_statement: _Rate | None = None


class _Rule(Pascal):
    name: str
    statement: _Statement = _Statement()
    action: JsonObject | None = None


class _WebAcl(BaseModel):
    """The web ACL as it came, since all of it is written back."""

    model_config = ConfigDict(extra="allow")

    rules: list[dict[str, object]] = Field(default=[], alias="Rules")


class _Found(Pascal):
    web_acl: _WebAcl = Field(alias="WebACL")
    lock_token: str
