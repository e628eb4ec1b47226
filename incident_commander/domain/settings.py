"""Every setting there is, read from `IC_...` environment variables (or `.env`) by the doors, which hand values down."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, DirectoryPath, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from .memory import MemoryMode

RECORDINGS = Path(__file__).resolve().parents[2] / "assets" / "scenarios"
"""The recordings that come with the product."""


class BadSettings(Exception):
    """A setting has a value that it cannot have; the message names it and says what to do."""


class Settings(BaseSettings):
    """Settings of one installation; each has a default that works on a laptop with nothing configured."""

    model_config = SettingsConfigDict(env_prefix="IC_", env_file=".env", extra="ignore", populate_by_name=True)

    data_dir: Path = Field(default=Path(".data"), description="where databases and keys are kept")
    database_url: str = Field(
        default="", repr=False, description="postgresql://user:password@host/database; empty: SQLite inside data_dir"
    )
    workflow_database_url: str = Field(
        default="", repr=False, description="where workflows are recorded; empty: with the application's own tables"
    )
    host: str = Field(default="127.0.0.1", description="address to bind")
    port: int = Field(default=8000, ge=1, le=65535, description="the one port of UI, API and websocket")
    worker_slot: int = Field(default=0, ge=0, description="which of this installation's workers this process is")
    analysis_processes: int = Field(default=1, ge=1, description="worker processes for analysis")
    notify_urls: list[str] = Field(default=[], description="apprise URLs updates go to; none: timeline only")
    recordings_dir: Path = Field(default=RECORDINGS, description="where /transparency finds its recordings")
    sns_topics: list[str] = Field(
        default=[], description="SNS topic ARNs or account ids to take messages of; none: any that SNS signed"
    )
    sqs_queue_urls: list[str] = Field(
        default=[], description="queues of SQS that alarms and changes are taken from; none: only the doors"
    )
    pagerduty_routing_keys: list[SecretStr] = Field(
        default=[], description="the routing keys that may send to /v2/enqueue; none: all may"
    )
    memory: MemoryMode = Field(
        default="own",
        description="what is remembered: each world its own incidents, practice runs also each other's, or nothing",
    )
    voters: Literal["together", "processes"] = Field(
        default="together", description="voters in one process together, or each in a process of its own"
    )
    voter_keys: str = Field(
        default="files",
        pattern=r"^(files|(secretsmanager|kms):[A-Za-z0-9/_.-]+)$",
        description="where voters' keys are: files (in data_dir), secretsmanager:PREFIX or kms:PREFIX",
    )
    approval_wait_hours: float = Field(
        default=72, gt=0, le=24 * 365, description="how long an incident waits for a person's approval"
    )
    policy_file: Path | None = Field(default=None, description="policy for real incidents; none: no action is allowed")

    resources_file: Path | None = Field(
        default=None, description="what real services consist of and which actions are live; none: nothing can act"
    )
    runbook_secrets: dict[str, SecretStr] = Field(
        default={}, description="secrets that webhook runbooks are signed with, by the names in the resources' file"
    )
    prometheus_url: str = Field(default="", description="the Prometheus that live metrics are read from; empty: none")
    prometheus_token: SecretStr | None = Field(default=None, description="a bearer token that it asks for")
    prometheus_basic_auth: SecretStr | None = Field(default=None, description="user:password that it asks for")
    prometheus_headers: dict[str, SecretStr] = Field(
        default={}, description="whatever headers it asks for besides, such as a tenant's"
    )
    prometheus_match: str = Field(default="", description='matchers for every selector, such as cluster="prod"')
    prometheus_queries: Path | None = Field(
        default=None, description="what metrics mean, before what is shipped; docs/telemetry.md"
    )
    aws_regions: list[str] = Field(
        default=[], description="regions of the account of this process' credentials that are read; none: no AWS"
    )
    cloudwatch_metrics: Path | None = Field(
        default=None, description="what CloudWatch's metrics mean, before what is shipped; docs/telemetry.md"
    )
    ai: Literal["off", "aws"] = Field(
        default="off", description="aws: AI services of AWS are asked about real incidents; docs/reasoning.md"
    )
    ai_practice: bool = Field(default=False, description="whether models are asked about practice incidents too")
    ai_region: str = Field(
        default="",
        pattern=r"^$|^[a-z]{2,4}(-[a-z]+)+-\d$",
        description="the region that is asked, such as eu-west-1; empty: as the environment says",
    )
    ai_guardrail: str = Field(
        default="",
        pattern=r"^$|^[^:\s]+:(DRAFT|\d+)$",
        description="the guardrail that questions and answers pass, as ID:VERSION",
    )
    ai_budget_incident_usd: Decimal = Field(
        default=Decimal("0.50"), ge=0, description="USD that models may cost for one incident"
    )
    ai_budget_day_usd: Decimal = Field(default=Decimal(10), ge=0, description="USD that models may cost in a day, UTC")
    model_ids: dict[str, str] = Field(
        default={}, description="ids or ARNs in place of those in models.toml, by the names there"
    )
    knowledge_base_id: str = Field(
        default="",
        pattern=r"^$|^[0-9A-Za-z]{10}$",
        description="the knowledge base of Bedrock that is looked through; empty: runbooks and outcomes here",
    )
    q_business_app_id: str = Field(
        default="",
        validation_alias=AliasChoices("IC_Q_BUSINESS_APP_ID", "Q_BUSINESS_APP_ID"),
        pattern=r"^$|^[0-9A-Za-z][0-9A-Za-z-]{35}$",
        description="the application of Q Business that is asked what the organisation knows",
    )
    agentcore_memory_id: str = Field(
        default="",
        pattern=r"^$|^[A-Za-z][A-Za-z0-9_-]{0,99}-[A-Za-z0-9]{10}$",
        description="the memory of AgentCore that outcomes are told to",
    )
    agentcore_namespace: str = Field(
        default="/incidents/{actorId}",
        # Without it every service, and practice, would be remembered as one.
        pattern=r"\{actorId\}",
        description="where that memory puts what it extracts; {actorId} stands for the service",
    )
    diagnosis_agent_id: str = Field(
        default="",
        validation_alias=AliasChoices("IC_DIAGNOSIS_AGENT_ID", "DIAGNOSIS_AGENT_ID"),
        pattern=r"^$|^[0-9A-Za-z]{1,10}$",
        description="the agent of Bedrock whose memory outcomes are told to; agentcore_memory_id is its successor",
    )
    diagnosis_agent_alias: str = Field(
        default="",
        validation_alias=AliasChoices("IC_DIAGNOSIS_AGENT_ALIAS", "DIAGNOSIS_AGENT_ALIAS"),
        pattern=r"^$|^[0-9A-Za-z]{1,10}$",
        description="the alias by which that agent is asked",
    )
    runbooks_dir: DirectoryPath | None = Field(
        default=None, description="a folder of Markdown runbooks; none: there are none"
    )
    operator_token: SecretStr | None = Field(
        default=None, description="the operator token; none: the one that the first start makes and shows"
    )
    public_url: str = Field(default="", description="where people reach the pages, for links; empty: this machine")
    slack_webhook_url: SecretStr | None = Field(
        default=None, description="an incoming webhook that approvals are asked by"
    )
    slack_bot_token: SecretStr | None = Field(
        default=None, description="a bot's token, which asks in slack_channel instead of by a webhook"
    )
    slack_channel: str = Field(default="", description="the channel's id that the bot asks in")
    slack_api_url: str = Field(default="https://slack.com/api", description="Slack's API, as the bot calls it")
    slack_signing_secret: SecretStr | None = Field(
        default=None, description="the app's signing secret: what proves that a pressed button comes from Slack"
    )
    slack_approvers: list[str] = Field(
        default=[], description="ids of the Slack users who may answer; none: whoever sees the message"
    )

    @property
    def keys_dir(self) -> Path:
        """Where keys are kept, and the hash of the operator token."""
        return self.data_dir / "keys"

    def resolved_public_url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://127.0.0.1:{self.port}"

    def resolved_database_url(self) -> str:
        """The application database's URL, the default filled in."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'incident-commander.db').resolve()}"

    def resolved_workflow_database_url(self) -> str:
        """The workflow database's URL, the default filled in: a schema of its own on PostgreSQL, a file on SQLite."""
        if self.workflow_database_url:
            return self.workflow_database_url
        if self.database_url.strip().startswith("postgres"):
            return self.database_url
        return f"sqlite:///{(self.data_dir / 'workflows.db').resolve()}"


def read_settings() -> Settings:
    """The settings of this process.

    Raises:
        BadSettings: one cannot be read.
    """
    try:
        return Settings()
    except SettingsError as error:
        raise BadSettings(f"{_unread(error)}; correct or unset it, in the environment or in .env") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{_variable(each['loc'][0])} is {each['input']!r}: {each['msg']}{_meaning(each['loc'][0])}"
            for each in error.errors()
        )
        raise BadSettings(f"{wrong}; correct or unset it, in the environment or in .env") from error


def _unread(error: SettingsError) -> str:
    """Which setting is no JSON, and how it would be written. What it says may be a secret."""
    named = re.search(r'field "(\w+)"', str(error))
    if named is None:
        return str(error)
    like = '{"name": "value"}' if "dict" in str(Settings.model_fields[named[1]].annotation) else '["one", "two"]'
    return f"{_variable(named[1])} is not JSON, such as {like}{_meaning(named[1])}"


def _meaning(name: int | str) -> str:
    """What a setting is, in brackets; nothing where it says nothing of itself."""
    for known, field in Settings.model_fields.items():
        aliases = field.validation_alias.choices if isinstance(field.validation_alias, AliasChoices) else ()
        if (name == known or name in aliases) and field.description:
            return f" ({field.description})"
    return ""


def _variable(name: int | str) -> str:
    """The variables that a setting is read from, by its name or by the first of them."""
    for field in Settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices) and name in field.validation_alias.choices:
            return " or ".join(str(each) for each in field.validation_alias.choices)
    return f"IC_{str(name).upper()}"
