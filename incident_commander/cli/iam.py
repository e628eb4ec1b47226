"""`incident-commander doctor --iam`: the policy to attach, as IAM takes it."""

import asyncio
import json

import typer

from ..aws import Aws, AwsError, Limits
from ..domain.permission import Where, policy_document
from ..domain.settings import Settings
from .permissions import statements_for

MANAGED_CHARACTERS, INLINE_CHARACTERS = 6_144, 10_240
"""What a managed policy may have, and the inline policies of a role in all; spaces are not counted."""


def print_policy(settings: Settings, account: str) -> None:
    """Print the policy of the process' own identity, or of the role in an account."""
    where = asyncio.run(where_asked(settings))
    statements = statements_for(settings, where, account)
    if not statements:
        typer.echo("nothing of AWS is switched on, so that IAM need not allow anything; see docs/aws.md", err=True)
        raise typer.Exit(0)
    if "*" in (where.account, where.region) and not account:
        unknown = "AWS could not be asked who we are: the account or the region stands as *, put yours there"
        typer.echo(unknown, err=True)
    policy = policy_document(statements)
    characters = len(json.dumps(policy, separators=(",", ":")))
    if characters > MANAGED_CHARACTERS:
        fits = "a role's inline policy" if characters <= INLINE_CHARACTERS else "no one policy: split it"
        told = (
            f"it has {characters:,} characters, too many for a managed policy ({MANAGED_CHARACTERS:,}); it fits {fits}"
        )
        typer.echo(told, err=True)
    typer.echo(json.dumps(policy, indent=2))


async def where_asked(settings: Settings) -> Where:
    """The account and region of the process' own credentials, as far as they are known."""
    aws = Aws(settings.ai_region or None, Limits(connect_seconds=2, read_seconds=5, reads=1))
    try:
        region = (await aws.place("bedrock-runtime")).region
    except AwsError:
        region = "*"
    try:
        account = (await aws.identity()).account
    except AwsError:
        account = "*"
    finally:
        aws.close()
    return Where(region=region, account=account)
