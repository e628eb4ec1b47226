"""The composition root: builds every service from the settings, and starts and stops them. No Reflex here."""

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog
from fastapi import FastAPI

from .access import Attempts, Authenticator, TokenSource, token_source
from .access.slack_signature import SlackSignatures
from .actions.catalogue import Catalogue, load_catalogue
from .actions.gate import Gate
from .actions.irreversible import PersonForIrreversible
from .actions.policy import DenyAll
from .actions.policy_file import load_policy
from .actions.register import StoredRegister
from .api import ApiServices, SlackApp, build_api
from .connections import (
    consumers,
    faculties_of,
    outlook_of,
    service_names,
    sources_of,
    usage_of,
)
from .consensus.certificate import verify_certificate
from .consensus.keys import Keyring, key_source
from .consensus.quarantine import load_rules
from .consensus.rule import rule
from .domain.ballot import Certificate
from .domain.base import IncidentId, JsonObject, RunId
from .domain.findings import Prediction
from .domain.incident import Incident
from .domain.memory import MemoryMode
from .domain.plan import Plan
from .domain.ports import Environment
from .domain.settings import Settings
from .domain.telemetry import Signal
from .health import health
from .ingest import Intake, Sns, SnsOverHttps, SnsTrust, integration
from .notify import AppriseNotifier, Slack, SlackOverHttps
from .reasoning.services import configured
from .response.approvals import Approvals
from .response.counsel import Counsellor
from .response.faults import Faults
from .response.lifecycle import Lifecycle
from .response.operations import Operations
from .response.practice import PracticeDriver
from .response.quarantine import Quarantine
from .response.record import Comparison
from .response.recorder import Recorder
from .response.remembering import LocalMemory, Remembering
from .response.scoring import Hindsight, compare_run, score_predictions
from .response.slack_asking import SlackAsking
from .response.stages import Stages
from .response.trusting import Trust, installed_ladder
from .response.voter_processes import VoterProcesses, voter_command
from .response.voting import Voters, VotersHere
from .response.workers import Workers
from .sandbox import POLICY_FILE, Assumptions, PracticeCompany
from .store import Database, migrate, workflow_url
from .telemetry.recorded_changes import RecordedChanges
from .telemetry.sources import Sources
from .telemetry.unconfigured import blindfolded

if TYPE_CHECKING:
    from .actions.aws import AwsExecutor
    from .ingest.sqs import SqsConsumers
    from .reasoning.faculties import Faculties
    from .reasoning.shelf import Outlook

log = structlog.get_logger(__name__)

JUDGES_REST_SECONDS = 30.0
"""How long the process that judges practice runs stays after the last one."""
TIDY_SECONDS = 1.0
"""How often expired alerts are looked for, paced practice worlds taken up and missing workflows started, wall clock."""


class AlreadyRunning(Exception):
    """Another process serves this data folder with the same worker slot; the message says what to do."""


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Send logs, one readable entry each with plain tracebacks, to stderr, so that stdout is the result's alone."""
    logging.basicConfig(stream=sys.stderr, level=level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@dataclass(frozen=True, slots=True)
class Commander:
    """The services of one process, built but not started."""

    settings: Settings
    database: Database
    company: PracticeCompany
    intake: Intake
    lifecycle: Lifecycle
    operations: Operations
    recorder: Recorder
    analysts: Workers
    judges: Workers
    voters: Voters
    token: TokenSource
    access: Authenticator
    api: FastAPI
    executor: "AwsExecutor | None"
    asking: SlackAsking | None
    sources: Sources
    queues: "SqsConsumers | None"
    faculties: "Faculties | None"
    outlook: "Outlook | None"


def build(
    settings: Settings,
    *,
    awaited: bool = False,
    assumptions: Assumptions | None = None,
    sns: Sns | None = None,
    without: frozenset[Signal] = frozenset(),
    memory: MemoryMode | None = None,
) -> Commander:
    """Wire all services together; touches neither disk nor network.

    Args:
        awaited: Somebody waits for a practice run's figures, so that its judges compute at once, not only when idle.
        assumptions: The practice company's assumed figures; None: as the cited file says.
        sns: What is asked for the certificates of SNS and to confirm subscriptions; None: SNS itself.
        without: Signals that are kept from the agents in practice runs, to measure what they are worth.
        memory: What is remembered; None: as the settings say.

    Raises:
        PolicyError, CatalogueError, TrustError, QuorumError, QuarantineError, ResourcesError: a data file is wrong; the
            message names file and line.
        WeakToken: the operator token that is set is none.
        BadSlack: Slack is set up by halves.
        SourceMisconfigured: a setting of a telemetry source, or a file that it names, is wrong.
        ModelsError, PricesError: IC_MODEL_IDS, or a data file, is wrong.
    """
    token = token_source(settings.operator_token, settings.keys_dir)
    access = Authenticator(token, Attempts())
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    quorum = rule()
    catalogue = load_catalogue()
    analysts = Workers(settings.analysis_processes)
    judges = Workers(1, idle_seconds=JUDGES_REST_SECONDS, patient=not awaited)
    sources = sources_of(settings, RecordedChanges(database))
    live = sources.live(load_policy(settings.policy_file) if settings.policy_file else DenyAll())
    live, executor = _able_to_act(settings, live, catalogue, database)
    door = _OwnDoor()
    practice_policy = PersonForIrreversible(load_policy(POLICY_FILE), catalogue)
    company = PracticeCompany(
        database, practice_policy, door.post, lambda: datetime.now(UTC), Hindsight(judges), assumptions
    )
    environments = _Environments(live, company, without)

    voters = _voters(settings, analysts)

    def verify(certificate: Certificate, plan: Plan, incident: Incident) -> None:
        verify_certificate(certificate, plan.digest, incident.id, voters.public_keys(), quorum)

    async def compare(incident: Incident, predictions: tuple[Prediction, ...]) -> Comparison | None:
        if incident.practice_run is None:
            return None
        async with database.read() as unit:
            run = await unit.practice.get(incident.practice_run)
        return await compare_run(company, run, incident, predictions)

    async def opened(incident_id: IncidentId) -> None:
        await lifecycle.respond(incident_id)

    ladder = installed_ladder(catalogue)
    trust = Trust(database, ladder)
    intake = Intake(database, environments, opened, service_names(settings))
    queues = consumers(settings, intake)
    faults = Faults(database)
    quarantine = Quarantine(database, load_rules())
    faculties = faculties_of(settings, database)
    outlook = outlook_of(settings)
    remembered = LocalMemory(database, memory or settings.memory)
    stages = Stages(
        database=database,
        analysts=analysts,
        catalogue=catalogue,
        voters=voters,
        faults=faults,
        quarantine=quarantine,
        rule=quorum,
        gate=Gate(catalogue, verify, StoredRegister(database, ladder)),
        trust=trust,
        memory=Remembering(remembered),
        notifier=AppriseNotifier(settings.notify_urls),
        expire=intake.expire,
        score=partial(score_predictions, company),
        compare=compare,
        approval_wait=timedelta(hours=settings.approval_wait_hours),
        counsel=None if faculties is None else Counsellor(faculties, settings.ai_practice, settings.memory != "off"),
    )
    lifecycle = Lifecycle(database, environments, stages, PracticeDriver(database, company).drive)
    approvals = Approvals(database, catalogue, lifecycle.answer_approval)
    slack = _slack(settings)
    asking = SlackAsking(database, approvals.pending, slack, f"{settings.resolved_public_url()}/ops") if slack else None
    operations = Operations(
        database,
        company,
        environments,
        lifecycle,
        voters.public_keys,
        quorum,
        partial(health, settings, database, analysts, asking, sources, queues, faculties, outlook),
        approvals,
        faults,
        trust,
        quarantine,
        remembered,
        usage_of(settings, database),
        configured(settings.model_dump()),
        (lambda: ()) if faculties is None else faculties.resting,
    )
    recorder = Recorder(database, company, operations, voters.public_keys)
    topics = SnsTrust(SnsOverHttps() if sns is None else sns, settings.sns_topics)
    integrations = frozenset(integration(key.get_secret_value()) for key in settings.pagerduty_routing_keys)
    api = build_api(
        ApiServices(
            intake,
            database,
            operations,
            company,
            access,
            sns=topics,
            pagerduty_integrations=integrations,
            slack=_slack_app(settings, slack),
        )
    )
    door.open(api)
    return Commander(
        settings,
        database,
        company,
        intake,
        lifecycle,
        operations,
        recorder,
        analysts,
        judges,
        voters,
        token,
        access,
        api,
        executor,
        asking,
        sources,
        queues,
        faculties,
        outlook,
    )


@contextlib.asynccontextmanager
async def running(commander: Commander) -> AsyncIterator[Commander]:
    """Migrate, open, take up what a dead process left, and serve until the block ends.

    Raises:
        AlreadyRunning: another live process has this data folder and worker slot.
        UnusableKey: a voter's key cannot be used.
    """
    settings = commander.settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _only_one(settings.data_dir / f"worker-{settings.worker_slot}.lock"):
        await asyncio.to_thread(migrate, settings.resolved_database_url())
        await asyncio.to_thread(commander.voters.public_keys)
        await commander.database.open()
        if commander.faculties is not None:
            await commander.faculties.open()
        commander.analysts.open()
        commander.judges.open()
        try:
            executor = f"{_installation_id(settings.data_dir)}-{settings.worker_slot}"
            async with commander.lifecycle.running(workflow_url(settings.resolved_workflow_database_url()), executor):
                await commander.lifecycle.take_up()
                beside = [
                    asyncio.create_task(_tidy(commander)),
                    asyncio.create_task(commander.analysts.warm()),
                    asyncio.create_task(commander.sources.check()),
                ]
                if commander.outlook is not None:
                    beside.append(asyncio.create_task(commander.outlook.look()))
                if commander.asking is not None:
                    beside.append(asyncio.create_task(commander.asking.run()))
                if commander.queues is not None:
                    beside.append(asyncio.create_task(commander.queues.run()))
                if commander.faculties is not None:
                    beside.append(asyncio.create_task(commander.faculties.warm()))
                try:
                    yield commander
                finally:
                    for task in beside:
                        task.cancel()
                    await asyncio.gather(*beside, return_exceptions=True)
        finally:
            await commander.company.close()
            if commander.executor is not None:
                await commander.executor.close()
            await commander.sources.close()
            if commander.queues is not None:
                commander.queues.close()
            if commander.faculties is not None:
                commander.faculties.close()
            if commander.outlook is not None:
                commander.outlook.close()
            commander.analysts.close()
            commander.judges.close()
            await commander.database.close()


def _able_to_act(
    settings: Settings, live: Environment, catalogue: Catalogue, database: Database
) -> "tuple[Environment, AwsExecutor | None]":
    """The live world with hands, where a resources' file says what they may touch; unchanged where there is none."""
    if settings.resources_file is None:
        return live, None
    # Only who acts on AWS pays for importing its client.
    from .actions.aws import aws_executor, load_resources

    resources = load_resources(settings.resources_file)
    executor = aws_executor(resources, catalogue, database, live.clock, settings.runbook_secrets)
    policy = PersonForIrreversible(live.policy, catalogue, executor.irreversible)
    return replace(live, executor=executor, policy=policy), executor


def _slack(settings: Settings) -> Slack | None:
    if settings.slack_webhook_url is None and settings.slack_bot_token is None:
        return None
    return SlackOverHttps(
        settings.slack_webhook_url, settings.slack_bot_token, settings.slack_channel, settings.slack_api_url
    )


def _slack_app(settings: Settings, slack: Slack | None) -> SlackApp | None:
    if settings.slack_signing_secret is None:
        return None
    return SlackApp(SlackSignatures(settings.slack_signing_secret), slack, frozenset(settings.slack_approvers))


def _voters(settings: Settings, analysts: Workers) -> Voters:
    """The voters in this process, or each in one of its own."""
    if settings.voters == "processes":
        return VoterProcesses(voter_command(settings.voter_keys, settings.keys_dir), settings.keys_dir)
    source = key_source(settings.voter_keys, settings.keys_dir)

    @cache
    def keyring() -> Keyring:
        return Keyring.load(source, settings.keys_dir)

    return VotersHere(analysts, keyring)


class _Environments:
    """Finds the world that an incident happens in."""

    def __init__(self, live: Environment, company: PracticeCompany, without: frozenset[Signal]) -> None:
        self._live = live
        self._company = company
        self._without = without

    async def environment(self, run: RunId | None) -> Environment:
        """See the Environments port."""
        if run is None:
            return self._live
        world = await self._company.environment(run)
        return blindfolded(world, self._without) if self._without else world


class _OwnDoor:
    """Posts the practice company's alerts through the same HTTP routes as everybody's."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    def open(self, api: FastAPI) -> None:
        """Name the application whose routes to post to."""
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://practice.local")

    async def post(self, body: JsonObject) -> None:
        """Post an Alertmanager webhook; raises where it was not accepted."""
        if self._client is None:
            raise RuntimeError("the door is not open yet")
        (await self._client.post("/api/alerts/alertmanager", json=body)).raise_for_status()


async def _tidy(commander: Commander) -> None:
    while True:
        try:
            await commander.intake.expire()
            await commander.company.tick()
            await commander.lifecycle.take_up()
        except Exception:
            log.exception("tidying failed, trying again")
        await asyncio.sleep(TIDY_SECONDS)


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold an advisory lock for as long as the process serves; the kernel lets go of it however the process ends."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"another process serves from {path.parent} as worker slot {path.stem.rpartition('-')[2]}; stop it, "
                "or give this one its own IC_DATA_DIR or IC_WORKER_SLOT"
            ) from error
        yield


def _installation_id(data_dir: Path) -> str:
    """This installation's id, made with the first start."""
    path = data_dir / "installation-id"
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(8))
    return path.read_text().strip()
