"""What IAM is to allow: statements, and the policy document that they make."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from .base import JsonObject, Value

Permission = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+:[A-Za-z]+$")]


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


class Statement(Value):
    """Some permissions on some resources.

    Attributes:
        sid: What it is for, as one word.
        resources: ARNs, or patterns of ARNs.
        condition: IAM's operator, its key, and the values that are right.
    """

    sid: str = Field(pattern=r"^[A-Za-z0-9]+$")
    actions: Annotated[tuple[Permission, ...], AfterValidator(_each_once)] = Field(min_length=1)
    resources: Annotated[tuple[str, ...], AfterValidator(_each_once)] = Field(default=("*",), min_length=1)
    condition: dict[str, dict[str, tuple[str, ...]]] = {}

    def as_iam(self) -> JsonObject:
        """As IAM reads it."""
        allowed: JsonObject = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.condition:
            allowed["Condition"] = {
                operator: {key: list(values) for key, values in of.items()} for operator, of in self.condition.items()
            }
        return allowed


class Where(Value):
    """Where permissions are for; what is not known is `*`.

    Attributes:
        account: Twelve digits.
    """

    region: str = "*"
    account: str = "*"

    @property
    def partition(self) -> str:
        """The part of AWS that the region is in."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def fill(self, pattern: str, names: Mapping[str, str] | None = None) -> str:
        """An ARN whose names in braces are filled in."""
        here = {"partition": self.partition, "region": self.region, "account": self.account}
        return pattern.format_map({**(names or {}), **here})


def merged(statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """Statements of one purpose as one: their actions and their resources together, where conditions are the same.

    Raises:
        ValueError: two of one purpose have different conditions.
    """
    found: dict[str, Statement] = {}
    for each in statements:
        known = found.get(each.sid)
        if known is not None and known.condition != each.condition:
            raise ValueError(f"two statements {each.sid!r} have different conditions; name one otherwise")
        found[each.sid] = (
            each
            if known is None
            else Statement(
                sid=each.sid,
                actions=known.actions + each.actions,
                resources=known.resources + each.resources,
                condition=each.condition,
            )
        )
    return tuple(found.values())


def policy_document(statements: Sequence[Statement]) -> JsonObject:
    """The policy that allows just this."""
    return {"Version": "2012-10-17", "Statement": [each.as_iam() for each in statements]}
