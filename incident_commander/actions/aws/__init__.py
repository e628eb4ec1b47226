"""Actions on real AWS resources: what a service consists of, one operation for each action, and their executor."""

from .accounts import Accounts, WrongAccount
from .executor import UNDO, AwsExecutor, OutcomeUnknown
from .operation import Impossible
from .resources import Account
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
    "OutcomeUnknown",
    "Resources",
    "ResourcesError",
    "WrongAccount",
    "load_resources",
    "verify",
]
