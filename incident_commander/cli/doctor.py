"""`incident-commander doctor`: what is configured, what is degraded, and how to mend it."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer
from pydantic import SecretStr

from ..access import SetToken, TokenUnusable, WeakToken, token_source
from ..actions.catalogue import load_catalogue
from ..actions.policy_file import PolicyError, load_policy
from ..connections import queues_of, sources_of
from ..consensus.keys import FileKeys
from ..consensus.known_keys import UnusableKey, known_keys
from ..domain.ballot import VOTERS
from ..domain.settings import Settings, read_settings
from ..health import queue_rows, telemetry_rows
from ..ingest.pagerduty import ROUTING_KEY_CHARACTERS
from ..reasoning.services import configured
from ..response.views import HealthRow
from ..store import DatabaseUnusable, UnsupportedDatabase, check_database, shown_url
from ..telemetry.unconfigured import NoTelemetry


def doctor(
    json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    aws: bool = typer.Option(False, "--aws", help="Ask each AI service of AWS that is switched on; it costs a little."),
    iam: bool = typer.Option(False, "--iam", help="Print the least that IAM must allow for what is switched on."),
    account: str = typer.Option(
        "", "--account", help="With --iam: for the role in this account of the resources' file."
    ),
) -> None:
    """Say what is configured, what is degraded and how to mend it; exit 1 when something is down."""
    if account and not iam:
        raise typer.BadParameter(f"{account!r} is whose policy to print; give --iam too", param_hint="--account")
    if iam and aws:
        raise typer.BadParameter("--iam prints a policy and --aws asks the services; give one of them")
    settings = read_settings()
    if iam:
        from .iam import print_policy

        print_policy(settings, account)
        return
    if aws:
        from .aws_services import print_services

        raise typer.Exit(0 if print_services(settings, as_json=json) else 1)
    rows = _examine(settings)
    if json:
        import json as codec

        typer.echo(codec.dumps({"checks": [row.model_dump() for row in rows]}))
    else:
        for row in rows:
            typer.echo(f"{row.state:9} {row.name:16} {row.detail}")
    raise typer.Exit(1 if any(row.state == "down" for row in rows) else 0)


def _examine(settings: Settings) -> tuple[HealthRow, ...]:
    return (
        HealthRow(name="python", state="ok", detail=f"{sys.version.split()[0]} at {sys.prefix}"),
        _node(),
        _data(settings.data_dir),
        _database(settings),
        _voters(settings),
        _policy(settings.policy_file),
        _resources(settings.resources_file, settings.runbook_secrets),
        *_accounts(settings.resources_file),
        _operator_token(settings),
        _pagerduty(settings.pagerduty_routing_keys),
        HealthRow(name="notifications", state="ok", detail=f"{len(settings.notify_urls)} channel(s)")
        if settings.notify_urls
        else HealthRow(name="notifications", state="off", detail="updates stay on the timeline; set IC_NOTIFY_URLS"),
        *_telemetry(settings),
        *_queues(settings),
        _models(settings),
        *_services(settings),
    )


def _queues(settings: Settings) -> tuple[HealthRow, ...]:
    """Every queue of SQS, asked now."""
    if not settings.sqs_queue_urls:
        return ()
    from ..aws import AwsError
    from ..ingest.sqs import look_at

    async def asked() -> tuple[HealthRow, ...]:
        rows: list[HealthRow] = []
        for queue, aws in queues_of(settings):
            try:
                rows += queue_rows([(await look_at(queue, aws))[0]])
            except AwsError as error:
                rows.append(HealthRow(name=queue.title, state="down", detail=str(error)))
            finally:
                aws.close()
        return tuple(rows)

    try:
        return asyncio.run(asked())
    except ValueError as error:  # an address, or the file of accounts: its message says which
        return (HealthRow(name="queues", state="down", detail=str(error)),)


def _models(settings: Settings) -> HealthRow:
    """Whether models are asked beside local analysis. It asks none: that costs money."""
    if settings.ai == "off":
        return HealthRow(name="models", state="off", detail="analysis is local alone; set IC_AI=aws to hear models too")
    from ..reasoning.models import ModelsError, load_models

    try:
        load_models().with_ids(settings.model_ids)
    except ModelsError as error:
        return HealthRow(name="models", state="down", detail=str(error))
    spend = f"{settings.ai_budget_incident_usd:f} USD an incident, {settings.ai_budget_day_usd:f} USD a day"
    where = f"in {settings.ai_region}" if settings.ai_region else "in the region of the environment"
    return HealthRow(name="models", state="ok", detail=f"Bedrock {where}, at most {spend}; not asked by this check")


def _services(settings: Settings) -> tuple[HealthRow, ...]:
    """The eight services of AWS that may be asked, and which are switched on; `--aws` asks them."""
    rows = []
    for each in configured(settings.model_dump()):
        how = f"it needs {', '.join(each.missing)}: {each.have}"
        told = "not asked by this check, `doctor --aws` asks" if each.on else how
        rows.append(HealthRow(name=each.name, state="ok" if each.on else "off", detail=f"{each.use}; {told}"))
    return tuple(rows)


def _telemetry(settings: Settings) -> tuple[HealthRow, ...]:
    """Every live source, asked now."""
    try:
        # Changes that were reported to our doors are in the database, which has a row of its own.
        sources = sources_of(settings, NoTelemetry())
    except ValueError as error:  # a setting, or a file that it names: whichever it is, its message says so
        return (HealthRow(name="telemetry", state="down", detail=str(error)),)

    async def asked() -> tuple[HealthRow, ...]:
        try:
            return telemetry_rows(await sources.check())
        finally:
            await sources.close()

    return asyncio.run(asked())


def _operator_token(settings: Settings) -> HealthRow:
    try:
        token = token_source(settings.operator_token, settings.keys_dir)
        known = token.digest() is not None
    except (WeakToken, TokenUnusable) as error:
        return HealthRow(name="operator token", state="down", detail=str(error))
    if not known:
        return HealthRow(name="operator token", state="off", detail="the first `up` makes one and shows it")
    detail = "set by IC_OPERATOR_TOKEN" if isinstance(token, SetToken) else "made here; only its hash is kept"
    return HealthRow(name="operator token", state="ok", detail=detail)


def _node() -> HealthRow:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    node = shutil.which("node", path=path)
    if node is None:
        return HealthRow(name="javascript", state="down", detail="no node found; run scripts/setup")
    return HealthRow(name="javascript", state="ok", detail=node)


def _data(directory: Path) -> HealthRow:
    there = next(folder for folder in (directory.resolve(), *directory.resolve().parents) if folder.exists())
    if not there.is_dir():
        return HealthRow(name="data", state="down", detail=f"{there} is not a folder; set IC_DATA_DIR to one")
    if not os.access(there, os.W_OK | os.X_OK):
        return HealthRow(name="data", state="down", detail=f"{there} cannot be written; mend its rights or IC_DATA_DIR")
    if not directory.exists():
        return HealthRow(name="data", state="ok", detail=f"{directory.resolve()} will be made with the first start")
    return HealthRow(name="data", state="ok", detail=str(directory.resolve()))


def _voters(settings: Settings) -> HealthRow:
    """How the voters run and where their keys are. Makes no key and asks nothing of AWS."""
    directory, apart = settings.keys_dir, settings.voters == "processes"
    how = f"{'each in a process of its own' if apart else 'together in one process'}, keys in {settings.voter_keys}"
    try:
        if settings.voter_keys == "files":
            for voter in VOTERS:
                if (directory / f"{voter}.pem").exists():
                    FileKeys(directory).load(voter)
        made = len(known_keys(directory)) if any(directory.glob("*.pub")) else 0
    except UnusableKey as error:
        return HealthRow(name="voters", state="down", detail=str(error))
    left = "" if made == len(VOTERS) else f"; {len(VOTERS) - made} of {len(VOTERS)} are made known by the next start"
    return HealthRow(name="voters", state="ok", detail=how + left)


def _pagerduty(keys: Sequence[SecretStr]) -> HealthRow:
    if not keys:
        detail = "any routing key may send to /v2/enqueue; set IC_PAGERDUTY_ROUTING_KEYS"
        return HealthRow(name="routing keys", state="off", detail=detail)
    wrong = sum(len(key.get_secret_value()) != ROUTING_KEY_CHARACTERS for key in keys)
    if wrong:
        detail = (
            f"{wrong} of IC_PAGERDUTY_ROUTING_KEYS have not {ROUTING_KEY_CHARACTERS} characters; none can send by them"
        )
        return HealthRow(name="routing keys", state="degraded", detail=detail)
    return HealthRow(name="routing keys", state="ok", detail=f"{len(keys)} routing key(s) may send to /v2/enqueue")


def _database(settings: Settings) -> HealthRow:
    try:
        for url in (settings.resolved_database_url(), settings.resolved_workflow_database_url()):
            check_database(url)
    except (UnsupportedDatabase, DatabaseUnusable) as error:
        return HealthRow(name="database", state="down", detail=str(error))
    shown = shown_url(settings.resolved_database_url())
    version = f"; SQLite {sqlite3.sqlite_version}" if shown.startswith("sqlite") else ""
    return HealthRow(name="database", state="ok", detail=shown + version)


def _resources(path: Path | None, secrets: Mapping[str, SecretStr]) -> HealthRow:
    if path is None:
        return HealthRow(name="actions", state="off", detail="nothing real can be acted on; set IC_RESOURCES_FILE")
    from ..actions.aws import ResourcesError, load_resources

    try:
        resources = load_resources(path)
    except ResourcesError as error:
        return HealthRow(name="actions", state="down", detail=str(error))
    unsigned = resources.secrets - secrets.keys()
    if unsigned:
        return HealthRow(name="actions", state="down", detail=f"IC_RUNBOOK_SECRETS lacks {', '.join(sorted(unsigned))}")
    live = f"live: {', '.join(resources.live)}" if resources.live else "all of it a dry run"
    return HealthRow(name="actions", state="ok", detail=f"{path}: {len(resources.resources)} resource(s), {live}")


def _accounts(path: Path | None) -> tuple[HealthRow, ...]:
    """Each AWS account that something may be done in, asked now who we are; and what must be allowed there."""
    if path is None:
        return ()
    from ..actions.aws import Accounts, ResourcesError, load_resources, permissions_in
    from ..aws import Aws, AwsError, Limits
    from ..domain.ports import ActionFailed

    try:
        resources = load_resources(path)
    except ResourcesError:
        return ()  # told by the row of the file

    async def asked(name: str) -> HealthRow:
        account = resources.accounts[name]
        accounts = Accounts(lambda each: Aws(each.region, Limits(reads=1), account=each))
        needed = ", ".join(permissions_in(resources, name, load_catalogue())) or "nothing"
        try:
            await accounts.prove(account)
        except (ActionFailed, AwsError) as error:
            return HealthRow(name=f"aws {name}", state="down", detail=str(error))
        finally:
            accounts.close()
        return HealthRow(name=f"aws {name}", state="ok", detail=f"{account.id}, {account.region}; it needs {needed}")

    return tuple(asyncio.run(asked(name)) for name in resources.accounts)


def _policy(path: Path | None) -> HealthRow:
    if path is None:
        return HealthRow(name="policy", state="off", detail="no action on real systems is allowed; set IC_POLICY_FILE")
    try:
        load_policy(path)
    except (PolicyError, OSError) as error:
        return HealthRow(name="policy", state="down", detail=str(error))
    return HealthRow(name="policy", state="ok", detail=str(path))
