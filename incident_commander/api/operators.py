"""Who may call what decides or stops something: the operator token in a header, and a name in another."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ..access import Authenticator, Operator
from .problems import Problem, Refused

NAME_HEADER = "Incident-Commander-Operator"

GUARDED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "The body is not JSON."},
    401: {"model": Problem, "description": "The operator token is missing or wrong, or no name was given with it."},
    413: {"model": Problem, "description": "The body is too large."},
    415: {"model": Problem, "description": "The body is compressed."},
    422: {"model": Problem, "description": "What is asked for is not possible."},
    429: {"model": Problem, "description": "Wrong tokens were tried too often; try again after `Retry-After` seconds."},
    503: {"model": Problem, "description": "Ask again after `Retry-After` seconds."},
}
"""The OpenAPI entries of what a guarded route answers with instead."""

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="operator", description="The operator token, which the first start shows once."
)

Proof = Callable[..., Awaitable[Operator]]


def proof_of(access: Authenticator) -> Proof:
    """The dependency of every guarded route: the operator who calls it.

    A request without the token is refused before its body is read.
    """

    async def operator(
        request: Request,
        shown: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        name: Annotated[
            str,
            Header(
                alias=NAME_HEADER,
                description="Who acts: 1 to 64 printable characters in UTF-8, which the ledger keeps as `by`.",
            ),
        ] = "",
    ) -> Operator:
        client = request.client.host if request.client else ""
        return access.authenticate(shown.credentials if shown else "", _in_utf8(name), client)

    return operator


def _in_utf8(header: str) -> str:
    """A header that was read as Latin-1, as headers are, read again as what people send."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError as error:
        raise Refused(401, NAME_HEADER, header, "this is not UTF-8", "send the name in UTF-8") from error
