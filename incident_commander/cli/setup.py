"""`incident-commander setup aws`: what the AI services need in an account, a plan first."""

import asyncio
import json as codec
from collections.abc import Sequence
from typing import Annotated

import typer

from ..domain.permission import policy_document
from ..domain.settings import Settings, read_settings
from ..reasoning.setup.parts import Document, Step

app = typer.Typer(no_args_is_help=True)
PARTS = ("guardrail", "memory", "knowledge", "q-business", "agent")


@app.callback()
def _setup() -> None:
    """Commands that make something elsewhere."""


@app.command()
def aws(
    apply: Annotated[
        bool, typer.Option("--apply", help="Make what is missing; without it only the plan is shown.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"One of {', '.join(PARTS)}; may be repeated.")
    ] = None,
    agent_role: Annotated[str, typer.Option("--agent-role", help="The ARN of the role that the agent works by.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is there, what would be made and what cannot be, then make it; run twice, nothing is new.

    Exits with 1 where something failed that should have been possible.
    """
    unknown = [name for name in only or () if name not in PARTS]
    if unknown:
        typer.echo(f"there is no part {unknown[0]!r}; --only takes {', '.join(PARTS)}", err=True)
        raise typer.Exit(2)
    settings = read_settings()
    found = asyncio.run(_set_up(settings, only or [], agent_role, apply=apply, show=not json))
    if json:
        typer.echo(codec.dumps({"steps": [step.model_dump(mode="json") for step in found]}))
    else:
        typer.echo("\n".join(told(found)))
        wanted = {name: value for step in found for name, value in step.settings.items()}
        if wanted:
            typer.echo(
                "\nSettings:\n" + "\n".join(f"{name}={value}" for name, value in {"IC_AI": "aws", **wanted}.items())
            )
        if not apply and any(step.state == "missing" for step in found):
            typer.echo("\nNothing was made yet: run it again with --apply.")
    raise typer.Exit(1 if any(step.state == "failed" for step in found) else 0)


def told(steps: Sequence[Step]) -> list[str]:
    """The steps as lines."""
    lines = []
    for step in steps:
        lines.append(f"{step.state:8} {step.part:11} {step.detail}")
        if step.statement is not None:
            lines += [
                f"{'':12}{line}" for line in codec.dumps(policy_document([step.statement]), indent=2).splitlines()
            ]
    return lines


async def _set_up(
    settings: Settings, only: Sequence[str], agent_role: str, *, apply: bool, show: bool
) -> tuple[Step, ...]:
    from ..aws import Aws, Limits
    from ..reasoning.models import load_models
    from ..reasoning.setup import load_wanted, setup
    from ..reasoning.setup.agent import DiagnosisAgent
    from ..reasoning.setup.guardrail import Guardrail
    from ..reasoning.setup.knowledge_source import KnowledgeSource
    from ..reasoning.setup.memory import Memory
    from ..reasoning.setup.parts import two_seconds
    from ..reasoning.setup.q_business import Application

    wanted, models = load_wanted(), load_models().with_ids(settings.model_ids)
    names = only or PARTS
    documents, forgotten = await _documents(settings) if "knowledge" in names else ((), frozenset[str]())
    client = Aws(settings.ai_region or None, Limits(read_seconds=60, reads=4))
    every = (
        Guardrail(client, wanted, two_seconds),
        Memory(client, wanted),
        KnowledgeSource(client, wanted, settings.knowledge_base_id, documents, forgotten),
        Application(client, wanted, two_seconds, asked_for="q-business" in only),
        DiagnosisAgent(client, wanted, models, agent_role, two_seconds),
    )
    parts = [part for part in every if part.name in names]
    try:
        plan = await setup(parts, apply=False)
        if not apply:
            return plan
        if show:
            typer.echo("\n".join(["Plan:", *told(plan), "", "Made:"]))
        return await setup(parts, apply=True)
    finally:
        client.close()


async def _documents(settings: Settings) -> tuple[tuple[Document, ...], frozenset[str]]:
    """The articles of ended incidents; none where there is no database yet."""
    from ..response.knowledge import articles
    from ..store import Database

    if not settings.database_url and not (settings.data_dir / "incident-commander.db").exists():
        return (), frozenset()
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    await database.open()
    try:
        found, forgotten = await articles(database, "live")
    finally:
        await database.close()
    return tuple(Document(each.name, each.text) for each in found), forgotten
