"""What is connected from outside, as settings say: telemetry, queues and models. Nothing here touches a network.

Whoever connects nothing of AWS does not pay for importing its client.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr

from .domain.base import ServiceName
from .domain.ports import ChangesPort
from .domain.settings import Settings
from .ingest import Intake
from .reasoning.budget import Limits
from .reasoning.models import load_models
from .reasoning.prices import load_prices
from .response.usage_report import UsageReports
from .store import Database
from .telemetry.prometheus import PrometheusAt
from .telemetry.sources import Sources, telemetry_sources

if TYPE_CHECKING:
    from .aws import Aws
    from .ingest.queued import Queue
    from .ingest.sqs import SqsConsumers
    from .reasoning.faculties import Faculties
    from .reasoning.shelf import Outlook
    from .telemetry.aws import AwsSource


def sources_of(settings: Settings, changes: ChangesPort) -> Sources:
    """The telemetry sources that are configured; touches no network.

    Args:
        changes: What was reported to our doors.

    Raises:
        SourceMisconfigured, ResourcesError: a setting, or a file that it names, is wrong.
    """
    prometheus = PrometheusAt(
        url=settings.prometheus_url,
        token=_revealed(settings.prometheus_token),
        basic_auth=_revealed(settings.prometheus_basic_auth),
        headers=tuple((name, value.get_secret_value()) for name, value in settings.prometheus_headers.items()),
        match=settings.prometheus_match,
        queries=settings.prometheus_queries,
    )
    return telemetry_sources(changes, prometheus if prometheus.url else None, _aws_sources(settings))


def service_names(settings: Settings) -> Mapping[str, ServiceName]:
    """Which service something is that AWS calls otherwise, as the resources' file says."""
    if settings.resources_file is None:
        return {}
    from .actions.aws import load_resources

    return load_resources(settings.resources_file).services


def queues_of(settings: Settings) -> "tuple[tuple[Queue, Aws], ...]":
    """The queues that are configured, each with the way there: by the role of its account, where a file names one.

    Raises:
        BadQueue: an address is none.
    """
    if not settings.sqs_queue_urls:
        return ()
    from .actions.aws import Resources, load_resources
    from .aws import Aws
    from .ingest.queued import Queue
    from .ingest.sqs import LIMITS

    named = Resources() if settings.resources_file is None else load_resources(settings.resources_file)
    found = []
    for url in settings.sqs_queue_urls:
        queue = Queue.at(url)
        accounts = (each for each in named.accounts.values() if each.id == queue.account)
        found.append((queue, Aws(queue.region or None, LIMITS, next(accounts, None))))
    return tuple(found)


def consumers(settings: Settings, intake: Intake) -> "SqsConsumers | None":
    """What takes in from the queues that are configured; None: there is none.

    Raises:
        BadQueue: an address is none.
    """
    ways = queues_of(settings)
    if not ways:
        return None
    from .ingest.sqs import SqsConsumers

    return SqsConsumers(ways, intake, settings.sns_topics)


def faculties_of(settings: Settings, database: Database) -> "Faculties | None":
    """The reasoning services of AWS, where they are to be asked.

    Raises:
        ModelsError, PricesError: IC_MODEL_IDS, or a data file, is wrong.
    """
    if settings.ai == "off":
        return None
    from .reasoning.faculties import Faculties, Wanted
    from .reasoning.remembering import AgentCore, BedrockAgent

    memory, agent, alias = settings.agentcore_memory_id, settings.diagnosis_agent_id, settings.diagnosis_agent_alias
    return Faculties(
        database,
        Wanted(
            region=settings.ai_region,
            guardrail=settings.ai_guardrail,
            models=settings.model_ids,
            incident_usd=settings.ai_budget_incident_usd,
            day_usd=settings.ai_budget_day_usd,
            knowledge_base=settings.knowledge_base_id,
            q_business=settings.q_business_app_id,
            agent_core=AgentCore(memory, settings.agentcore_namespace) if memory else None,
            agent=BedrockAgent(agent, alias) if agent and alias else None,
            runbooks=settings.runbooks_dir,
        ),
    )


def usage_of(settings: Settings, database: Database) -> UsageReports:
    """What reads the usage ledger; models are asked or not, what was asked before stays in it.

    Raises:
        ModelsError, PricesError: a data file is wrong.
    """
    limits = Limits(incident_usd=settings.ai_budget_incident_usd, day_usd=settings.ai_budget_day_usd)
    return UsageReports(database, limits, load_models(), load_prices())


def outlook_of(settings: Settings) -> "Outlook | None":
    """What looks whether a model comes to its end, where models are asked.

    Raises:
        ModelsError: IC_MODEL_IDS is wrong.
    """
    if settings.ai == "off":
        return None
    from .aws import Aws
    from .aws import Limits as Patience
    from .reasoning.services import load_services
    from .reasoning.shelf import Outlook

    models = load_models().with_ids(settings.model_ids).models.values()
    own = tuple(service.model for service in load_services() if service.model)
    return Outlook(Aws(settings.ai_region or None, Patience(reads=2)), tuple(models), own)


def _aws_sources(settings: Settings) -> "tuple[AwsSource, ...]":
    """Every account and region that is to be read: those of the resources' file, and the regions that are set."""
    if settings.resources_file is None and not settings.aws_regions:
        return ()
    # Only who reads AWS pays for importing its client.
    from .actions.aws import Resources, load_resources
    from .telemetry.aws import AwsAt, aws_sources

    named = Resources() if settings.resources_file is None else load_resources(settings.resources_file)
    return aws_sources(
        AwsAt(
            accounts=tuple(account for account in named.accounts.values() if account.read),
            regions=tuple(settings.aws_regions),
            services=named.services,
            metrics=settings.cloudwatch_metrics,
        )
    )


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
