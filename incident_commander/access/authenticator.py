"""Proving the right to act: the operator token with a name, tried a limited number of times."""

import hmac
from dataclasses import dataclass

from ..domain.base import Digest
from .attempts import Attempts
from .token import LONGEST, TokenSource, digest_of

LONGEST_NAME = 64
MAKE_ONE = "make one by `incident-commander operator-token --new`, or set IC_OPERATOR_TOKEN and start again"


class Unauthenticated(Exception):
    """Nobody who may act: `field` is what is missing or wrong, `remedy` what to do."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        self.field = field
        self.remedy = remedy
        super().__init__(problem)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who proved the right to act. The one shared token proves the right, not the name.

    Attributes:
        name: As given with the token: 1 to 64 printable characters. What the ledger records as `by`.
        proof: The hash of the token that was shown; it holds for as long as that token does.
    """

    name: str
    proof: Digest


class Authenticator:
    """Knows operators by the token."""

    def __init__(self, token: TokenSource, attempts: Attempts) -> None:
        self._token = token
        self._attempts = attempts

    def authenticate(self, token: str, name: str, client: str) -> Operator:
        """Whoever shows the token, under the name given.

        Args:
            client: The address it came from, to limit how often it may be wrong.

        Raises:
            Unauthenticated: there is no token, it is not the one, or the name is none.
            TooManyAttempts: this client, or all together, were wrong too often.
            TokenUnusable: the token's hash cannot be read.
        """
        if not token:
            raise Unauthenticated("token", "this needs the operator token", "give the token that the first start shows")
        self._attempts.admit(client)
        held = self._held()
        shown = digest_of(token[: LONGEST + 1])
        if not hmac.compare_digest(shown, held):
            self._attempts.failed(client)
            raise Unauthenticated(
                "token",
                "this is not the operator token",
                "give the one that was shown when it was made; `incident-commander operator-token --new` makes another",
            )
        self._attempts.succeeded(client)
        return Operator(_name(name), shown)

    def holds(self, operator: Operator) -> bool:
        """Whether the token that this operator showed is still the one.

        Raises:
            TokenUnusable: the token's hash cannot be read.
        """
        held = self._token.digest()
        return held is not None and hmac.compare_digest(operator.proof, held)

    def _held(self) -> Digest:
        held = self._token.digest()
        if held is None:
            raise Unauthenticated("token", "this installation has no operator token yet", MAKE_ONE)
        return held


def _name(written: str) -> str:
    name = written.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Unauthenticated(
            "operator",
            "whoever acts gives a name, which the ledger keeps",
            f"give 1 to {LONGEST_NAME} printable characters",
        )
    return name
