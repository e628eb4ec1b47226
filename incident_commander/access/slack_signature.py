"""Whether a request comes from Slack: its signature, version 0, by the app's signing secret, fresh and seen once.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable

from pydantic import SecretStr

SIGNATURE_HEADER = "X-Slack-Signature"
TIMESTAMP_HEADER = "X-Slack-Request-Timestamp"
FRESH_SECONDS = 300
"""How far the time that a request names may be from ours, as Slack advises."""


class NotFromSlack(Exception):
    """A request is not to be taken for Slack's: `field` is what is wrong with it, `remedy` what to do."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.field = field
        self.remedy = remedy
        super().__init__(problem)


class SlackSignatures:
    """Verifies the requests of one Slack app.

    What was seen is remembered in this process for as long as it would be fresh. A process that has just started would
    take a replay of the last minutes; that repeats an answer to the same question, which counts once.
    """

    def __init__(self, secret: SecretStr, now: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._now = now
        self._seen: OrderedDict[str, float] = OrderedDict()

    def verify(self, body: bytes, timestamp: str, signature: str) -> None:
        """Return if Slack sent this body now, for the first time.

        Args:
            timestamp: The header of that name: seconds since 1970, in digits.
            signature: The header of that name: `v0=` and the HMAC-SHA256 of `v0:timestamp:body`, in hex.

        Raises:
            NotFromSlack: anything else.
        """
        # The signature first: of what nobody signed nothing else is to be believed, or told.
        if not hmac.compare_digest(sign(self._secret, body, timestamp).encode(), signature.encode("utf-8", "replace")):
            raise NotFromSlack(
                SIGNATURE_HEADER,
                "the signature is missing or does not fit this body and time",
                "set IC_SLACK_SIGNING_SECRET to the signing secret of the app that sends this",
            )
        now = self._now()
        if not timestamp.isascii() or not timestamp.isdigit() or abs(now - int(timestamp[:16])) > FRESH_SECONDS:
            raise NotFromSlack(
                TIMESTAMP_HEADER,
                f"the request was signed more than {FRESH_SECONDS} s before or after now",
                "press the button again; where that does not help, set this machine's clock right",
            )
        while self._seen and next(iter(self._seen.values())) <= now:
            self._seen.popitem(last=False)
        if signature in self._seen:
            raise NotFromSlack(SIGNATURE_HEADER, "the same request came before", "press the button again")
        self._seen[signature] = now + 2 * FRESH_SECONDS


def sign(secret: SecretStr, body: bytes, timestamp: str) -> str:
    """Slack's signature of a body, version 0."""
    base = b"v0:" + timestamp.encode("utf-8", "replace") + b":" + body
    return "v0=" + hmac.new(secret.get_secret_value().encode(), base, hashlib.sha256).hexdigest()
