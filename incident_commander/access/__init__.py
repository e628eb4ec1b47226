"""Who may act: the operator token, and the tries that strangers have at it. No accounts yet, one shared token."""

from .attempts import Attempts, TooManyAttempts
from .authenticator import Authenticator, Operator, Unauthenticated
from .bind import ExposedBind, require_safe_bind
from .reason import BadReason, reason_of
from .token import KeptToken, SetToken, TokenSource, TokenUnusable, WeakToken, token_source

__all__ = [
    "Attempts",
    "Authenticator",
    "BadReason",
    "ExposedBind",
    "KeptToken",
    "Operator",
    "SetToken",
    "TokenSource",
    "TokenUnusable",
    "TooManyAttempts",
    "Unauthenticated",
    "WeakToken",
    "reason_of",
    "require_safe_bind",
    "token_source",
]
