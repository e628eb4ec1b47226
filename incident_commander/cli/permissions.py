"""The least that IAM must allow for what an installation has switched on, as one policy for each identity."""

from ..actions.aws import Resources, load_resources, statements_in
from ..actions.catalogue import load_catalogue
from ..aws import Account
from ..domain.permission import Statement, Where, merged
from ..domain.settings import Settings
from ..ingest.queued import Queue
from ..reasoning.models import load_models
from ..reasoning.permissions import statements_of
from ..reasoning.services import load_services
from ..telemetry.aws.permissions import READING


class NoAccount(ValueError):
    """There is no such account in the resources' file; the message names those that are there."""


def statements_for(settings: Settings, where: Where, account: str = "") -> tuple[Statement, ...]:
    """What the process' own identity needs, or the role in a named account.

    Args:
        where: Where the process' own identity is and asks.
        account: One of the resources' file that has a role; empty: the process' own identity.

    Raises:
        NoAccount: there is none of that name, or it has no role.
        ResourcesError, BadQueue: the resources' file, or a queue's address, is wrong.
    """
    resources = Resources() if settings.resources_file is None else load_resources(settings.resources_file)
    by_role = {name: each for name, each in resources.accounts.items() if each.role is not None}
    if account:
        if account not in by_role:
            known = ", ".join(by_role) or "none"
            raise NoAccount(f"the resources' file has no account {account!r} with a role; those that have one: {known}")
        return _in_account(settings, resources, account, by_role[account])
    own = (name for name in resources.accounts if name not in by_role)
    return merged(
        (
            *statements_of(load_services(), settings.model_dump(), load_models(), where),
            *((READING,) if settings.aws_regions else ()),
            *(each for name in own for each in _in_account(settings, resources, name, resources.accounts[name])),
            *_queues(settings, {each.id for each in by_role.values()}, theirs=False),
            *_voter_keys(settings.voter_keys, where),
            *_roles(by_role),
        )
    )


def _in_account(settings: Settings, resources: Resources, name: str, account: Account) -> tuple[Statement, ...]:
    reading = (READING,) if account.read else ()
    queues = _queues(settings, {account.id}, theirs=True) if account.role is not None else ()
    return merged((*reading, *statements_in(resources, name, load_catalogue()), *queues))


def _queues(settings: Settings, accounts: set[str], *, theirs: bool) -> tuple[Statement, ...]:
    """The queues in some accounts, or all others: a queue is read by the role of its account where there is one."""
    found = (Queue.at(url) for url in settings.sqs_queue_urls)
    arns = tuple(_queue_arn(queue) for queue in found if (queue.account in accounts) == theirs)
    calls = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes")
    if not arns:
        return ()
    return (Statement(sid="TakeInFromQueues", actions=tuple(f"sqs:{call}" for call in calls), resources=arns),)


def _queue_arn(queue: Queue) -> str:
    where = Where(region=queue.region or "*", account=queue.account)
    return where.fill("arn:{partition}:sqs:{region}:{account}:{name}", {"name": queue.name})


def _voter_keys(kept: str, where: Where) -> tuple[Statement, ...]:
    service, _, prefix = kept.partition(":")
    prefix = prefix.rstrip("/")
    if service == "secretsmanager":
        arn = where.fill("arn:{partition}:secretsmanager:{region}:{account}:secret:{prefix}/*", {"prefix": prefix})
        calls = ("secretsmanager:GetSecretValue", "secretsmanager:CreateSecret")
        return (Statement(sid="KeepVoterKeys", actions=calls, resources=(arn,)),)
    if service == "kms":
        arn = where.fill("arn:{partition}:kms:{region}:{account}:key/*")
        by_alias = {"StringLike": {"kms:RequestAlias": (f"alias/{prefix}/*",)}}
        calls = ("kms:GetPublicKey", "kms:Sign")
        return (Statement(sid="SignBallots", actions=calls, resources=(arn,), condition=by_alias),)
    return ()


def _roles(by_role: dict[str, Account]) -> tuple[Statement, ...]:
    arns = tuple(each.role for each in by_role.values() if each.role is not None)
    return (Statement(sid="AssumeRolesOfAccounts", actions=("sts:AssumeRole",), resources=arns),) if arns else ()
