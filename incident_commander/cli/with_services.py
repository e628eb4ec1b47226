"""Whether a run asks the reasoning services of AWS, and the settings by which it does."""

import json
from typing import Annotated, Literal

import typer

from ..domain.settings import Settings

Services = Annotated[
    Literal["local", "aws"],
    typer.Option("--with", help="aws: ask the reasoning services too, as settings say; it costs what they cost."),
]
_SETTINGS = (
    "ai_region",
    "ai_guardrail",
    "ai_budget_incident_usd",
    "ai_budget_day_usd",
    "model_ids",
    "knowledge_base_id",
    "q_business_app_id",
    "agentcore_memory_id",
    "agentcore_namespace",
    "diagnosis_agent_id",
    "diagnosis_agent_alias",
    "runbooks_dir",
)


def services_of(settings: Settings) -> dict[str, str]:
    """The settings of the reasoning services as environment variables, for a run in a process of its own."""
    told = settings.model_dump(mode="json", include=set(_SETTINGS), exclude_defaults=True)
    found = {f"IC_{name.upper()}": each if isinstance(each, str) else json.dumps(each) for name, each in told.items()}
    if settings.runbooks_dir is not None:
        found["IC_RUNBOOKS_DIR"] = str(settings.runbooks_dir.resolve())
    return found
