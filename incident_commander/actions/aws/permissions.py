"""What IAM is to allow for actions on the resources of an account."""

import tomllib
from pathlib import Path

from ...domain.base import Value
from ...domain.permission import Permission, Statement, Where, merged
from ...domain.plan import ActionName
from ..catalogue import Catalogue
from .resources import Resource, Webhook
from .resources_file import Resources

PERMISSIONS_FILE = Path(__file__).with_name("permissions.toml")


class _Elsewhere(Value):
    """A permission that an action needs on something else than its resource."""

    action: Permission
    purpose: str
    resources: tuple[str, ...]
    condition: dict[str, dict[str, tuple[str, ...]]] = {}


class _File(Value):
    on: dict[str, tuple[str, ...]]
    elsewhere: tuple[_Elsewhere, ...]


def permissions_in(resources: Resources, account: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The IAM permissions that all actions on an account's resources need, whether they are live or not, in order."""
    needed = {
        permission
        for resource in resources.in_account(account)
        if not isinstance(resource, Webhook)
        for action in resource.does
        for permission in catalogue[action].on[resource.type].permissions
    }
    return tuple(sorted(needed))


def statements_in(resources: Resources, account: str, catalogue: Catalogue) -> tuple[Statement, ...]:
    """What the live actions on an account's resources need, and what all of them read: a dry run reads, too."""
    file = _File.model_validate(tomllib.loads(PERMISSIONS_FILE.read_text(encoding="utf-8")))
    elsewhere = {each.action: each for each in file.elsewhere}
    there = resources.accounts[account]
    where = Where(region=there.region, account=there.id)
    found: list[Statement] = []
    for resource in resources.in_account(account):
        if isinstance(resource, Webhook):
            continue
        arns = _on(file.on[resource.type], resource, where)
        for action in resource.does:
            means = catalogue[action].on[resource.type]
            found.append(Statement(sid="SeeWhatMayBeActedOn", actions=means.reads))
            if action not in resources.live:
                continue
            changes = (means.call, *means.back, *means.also)
            for each in (elsewhere[change] for change in changes if change in elsewhere):
                filled = tuple(where.fill(pattern) for pattern in each.resources)
                allowed = Statement(
                    sid=each.purpose, actions=(each.action,), resources=filled, condition=each.condition
                )
                found.append(allowed)
            found.append(
                Statement(
                    sid=_purpose(action, resource.type),
                    actions=tuple(change for change in changes if change not in elsewhere),
                    resources=arns,
                )
            )
    return merged(found)


def _purpose(action: ActionName, type: str) -> str:
    """Of one type each: a call of another type is not allowed on this one's resources."""
    return "".join(word.capitalize() for word in f"{action}_{type}".split("_"))


def _on(patterns: tuple[str, ...], resource: Resource, where: Where) -> tuple[str, ...]:
    """The ARNs that a resource is known by."""
    names = {name: str(value) for name, value in resource.model_dump().items() if value is not None}
    if names.get("name", "").startswith("arn:"):
        return (names["name"],)
    # A parameter's path begins with a slash that its ARN has already; a cluster may be named by its ARN.
    parts = {**names, "name": names.get("name", "").lstrip("/"), "cluster": names.get("cluster", "").rpartition("/")[2]}
    return tuple(where.fill(pattern, parts) for pattern in patterns)
