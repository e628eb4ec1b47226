"""The one place that makes AWS clients: session, time-outs, retries, errors, and whether AWS can be reached at all.

Endpoints come from `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`, which the official client reads itself.
"""

from .account import Account
from .answers import Answer, Camel, Pascal
from .client import Aws, Identity, Limits, Place
from .errors import (
    AwsError,
    BadAnswer,
    Denied,
    NoAnswer,
    NoCredentials,
    NotFound,
    Rejected,
    ServerFault,
    Throttled,
    Unreachable,
)

__all__ = [
    "Account",
    "Answer",
    "Aws",
    "AwsError",
    "BadAnswer",
    "Camel",
    "Denied",
    "Identity",
    "Limits",
    "NoAnswer",
    "NoCredentials",
    "NotFound",
    "Pascal",
    "Place",
    "Rejected",
    "ServerFault",
    "Throttled",
    "Unreachable",
]
