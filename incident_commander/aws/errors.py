"""What can go wrong between us and AWS, as a few types. Each says whether it is certain that nothing was done."""

import re
from typing import ClassVar

from botocore import exceptions  # type: ignore[import-untyped]
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
from pydantic import BaseModel, Field, ValidationError

from .answers import MOST_OF_AN_ID

MOST_TOLD = 1_000
"""Characters of what AWS, or whatever answers in its place, tells of an error."""
_NAMED = re.compile(r"not authorized to perform:? ([a-zA-Z0-9-]+:[A-Za-z0-9*]+)")
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedAccess"}
)
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "AuthFailure",
    }
)
_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_FAULTS = frozenset(
    {
        "BadGatewayException",
        "DependencyFailedException",
        "ExternalResourceException",
        "InternalServerException",
        "ModelErrorException",
        "ModelNotReadyException",
        "ModelTimeoutException",
        "ServiceException",
        "ServiceUnavailableException",
    }
)
"""Failures of a service that come with another status than 5xx, or in a stream, where there is none."""
_MISSING = re.compile(r"NotFound|DoesNotExist|NonExistent|NoSuch")
_NEVER_SENT = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
    exceptions.SSLError,
)
_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.NoRegionError,
    exceptions.ProfileNotFound,
)
_FOUND_WRONG_HERE = "ParamValidation"
_MISCONFIGURED = (exceptions.InvalidConfigError, exceptions.ConfigParseError, exceptions.ConfigNotFound)


class AwsError(Exception):
    """A call to AWS that did not succeed; the message says what was asked, what came back and what to do.

    Attributes:
        call: `service:Operation`.
        code: AWS's own word for the error; empty where AWS said nothing.
        nothing_done: Whether it is certain that the call changed nothing.
    """

    nothing_done: ClassVar[bool] = True

    def __init__(self, call: str, code: str, message: str) -> None:
        super().__init__(message)
        self.call = call
        self.code = code

    @property
    def sent(self) -> bool:
        """Whether the call left this process."""
        return True


class NoCredentials(AwsError):
    """There are no credentials or no region, or AWS does not know them any more."""

    @property
    def sent(self) -> bool:
        """See AwsError: where AWS has a word for it, it was asked."""
        return bool(self.code)


class Denied(AwsError):
    """The credentials lack a permission, which the message and `permission` name."""

    def __init__(self, call: str, code: str, message: str, permission: str) -> None:
        super().__init__(call, code, message)
        self.permission = permission


class Throttled(AwsError):
    """AWS takes no more calls of this kind for now."""


class NotFound(AwsError):
    """What the call names does not exist."""


class Rejected(AwsError):
    """AWS refused the call as it stands: a wrong value, or a resource in the wrong state."""

    @property
    def sent(self) -> bool:
        """See AwsError: the official client sends nothing that it finds wrong itself."""
        return self.code != _FOUND_WRONG_HERE


class Unreachable(AwsError):
    """No connection could be made, so nothing was asked."""

    @property
    def sent(self) -> bool:
        """See AwsError."""
        return False


class ServerFault(AwsError):
    """AWS failed in itself. Whether the call was carried out is not known."""

    nothing_done = False


class NoAnswer(AwsError):
    """The call was sent, and the answer did not come or broke off. Whether it was carried out is not known."""

    nothing_done = False


class BadAnswer(AwsError):
    """AWS answered with something that its own description does not allow. What was carried out is not known."""

    nothing_done = False


def translate(error: Exception, service: str, operation: str) -> AwsError:
    """What one of botocore's errors, or of pydantic's about an answer, means for us."""
    call = f"{service}:{operation}"
    if isinstance(error, exceptions.ClientError):
        return _refused(call, _Refusal.model_validate(error.response))
    text = " ".join(str(error).split())[:MOST_TOLD]
    if isinstance(error, _NO_CREDENTIALS):
        return NoCredentials(
            call,
            "",
            f"{call} was not called: {text}; give credentials and a region by the environment, a profile or a role",
        )
    if isinstance(error, _MISCONFIGURED):
        said = f"{call} was not called: {text}; mend what the environment or the profile says of AWS"
        return NoCredentials(call, "", said)
    if isinstance(error, (exceptions.ParamValidationError, exceptions.UnknownServiceError)):
        return Rejected(call, _FOUND_WRONG_HERE, f"{call} was not called: {text}; mend what names the resource")
    if isinstance(error, _NEVER_SENT):
        return Unreachable(call, "", f"{call} could not be called: {text}; see to the network or AWS_ENDPOINT_URL")
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return BadAnswer(
            call, "", f"{call} answered without a usable {where}: {first['msg']}; look at it in the console"
        )
    if isinstance(error, ResponseParserError):
        return BadAnswer(call, "", f"{call} gave an answer that cannot be read: {text}; look at it in the console")
    return NoAnswer(
        call, "", f"{call} gave no answer: {text}; it is not known whether it was carried out, so read the state back"
    )


class _Fault(BaseModel):
    code: str = Field(default="", alias="Code")
    message: str = Field(default="", alias="Message")


class _Metadata(BaseModel):
    status: int = Field(default=0, alias="HTTPStatusCode")
    request_id: str = Field(default="", alias="RequestId")


class _Refusal(BaseModel):
    """An error as botocore parsed it; AWS leaves parts of it out now and then."""

    error: _Fault = Field(default=_Fault(), alias="Error")
    metadata: _Metadata = Field(default=_Metadata(), alias="ResponseMetadata")


def _refused(call: str, refusal: _Refusal) -> AwsError:
    # In an event stream an error's name begins in lower case.
    code, told = refusal.error.code[:1].upper() + refusal.error.code[1:], " ".join(refusal.error.message.split())
    if told[:100].lower().startswith(("<!doctype html", "<html")):
        # The official client takes what it cannot read for the message.
        told = "a page for people came back, as of a proxy or a load balancer"
    told, id = told[:MOST_TOLD], refusal.metadata.request_id[:MOST_OF_AN_ID]
    asked = f" (request {id})" if id else ""
    said = f"{call} was refused with {code or refusal.metadata.status}: {told}{asked}"
    # A throttle may come as 400, 429 or 503, so its code is asked first.
    if code in _THROTTLED or refusal.metadata.status == 429:
        return Throttled(call, code, f"{said}; wait, or have the account's limit raised")
    if refusal.metadata.status >= 500 or code in _FAULTS:
        return ServerFault(call, code, f"{said}; it is not known whether it was carried out, so read the state back")
    if code in _DENIED:
        named = _NAMED.search(told)
        permission = named.group(1) if named else call
        return Denied(call, code, f"{said}; allow {permission} to the role that runs this", permission)
    if code in _CREDENTIALS:
        return NoCredentials(call, code, f"{said}; give credentials that AWS knows and that have not expired")
    if refusal.metadata.status == 404 or _MISSING.search(code):
        return NotFound(call, code, f"{said}; see to the name, the account and the region")
    return Rejected(call, code, f"{said}; see to the values and to the resource's state")
