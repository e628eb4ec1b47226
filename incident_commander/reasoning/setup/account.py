"""All parts in an account, one after another: a part that cannot be made or that failed keeps no other one from it."""

from collections.abc import Sequence

from ...aws import AwsError, Denied
from ...domain.permission import Statement
from .parts import NotReady, Part, Step

CLOSED = ("new customers", "not available to new", "no longer accepting")
"""What AWS says, in one way or another, of a service that this account may not begin with."""


async def setup(parts: Sequence[Part], *, apply: bool) -> tuple[Step, ...]:
    """How each part stands, made where that is asked for; run again it makes nothing new."""
    return tuple([await _step(part, apply=apply) for part in parts])


async def _step(part: Part, *, apply: bool) -> Step:
    try:
        return await part.step(apply=apply)
    except AwsError as error:
        told = str(error)
        if any(word in told for word in CLOSED):
            detail = f"AWS does not give it to this account: {told}"
            return Step(part=part.name, service=part.service, state="cannot", detail=detail)
        statement = None
        if isinstance(error, Denied):
            statement = Statement(sid="SetUp", actions=(as_iam(error.permission),))
        return Step(part=part.name, service=part.service, state="failed", detail=told, statement=statement)
    except NotReady as error:
        return Step(part=part.name, service=part.service, state="failed", detail=str(error))


def as_iam(permission: str) -> str:
    """A permission as IAM calls it, where it was named by the endpoint that refused."""
    via, _, operation = permission.partition(":")
    known = {"bedrock-agent": "bedrock", "bedrock-agentcore-control": "bedrock-agentcore"}
    s3 = {"ListObjectsV2": "ListBucket"} if via == "s3" else {}
    return f"{known.get(via, via)}:{s3.get(operation, operation)}"
