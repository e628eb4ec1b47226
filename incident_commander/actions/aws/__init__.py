"""Actions on real AWS resources: what a service consists of, one operation for each action, and their executor."""

import httpx
from pydantic import SecretStr

from ...aws import Account
from ...domain.ports import Clock
from ...store import Database
from ..catalogue import Catalogue
from .accounts import Accounts, WrongAccount
from .executor import UNDO, AwsExecutor
from .operation import Impossible
from .resources import Webhook
from .resources_file import Resources, ResourcesError, load_resources
from .tasks import NoSecret
from .webhook import BadSignature, verify

__all__ = [
    "UNDO",
    "Account",
    "Accounts",
    "AwsExecutor",
    "BadSignature",
    "Impossible",
    "NoSecret",
    "Resources",
    "ResourcesError",
    "WrongAccount",
    "aws_executor",
    "load_resources",
    "permissions_in",
    "verify",
]


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


def aws_executor(
    resources: Resources, catalogue: Catalogue, database: Database, clock: Clock, secrets: dict[str, SecretStr]
) -> AwsExecutor:
    """The executor with the credentials of this process; only what the file names as live is really done.

    It touches no network. Whoever makes it closes it.
    """
    return AwsExecutor(
        resources,
        catalogue,
        database,
        clock,
        Accounts(),
        lambda action: action in resources.live,
        httpx.AsyncClient(),
        secrets,
    )
