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
from .permissions import permissions_in, statements_in
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
    "statements_in",
    "verify",
]


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
