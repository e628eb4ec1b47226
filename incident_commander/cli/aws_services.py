"""`incident-commander doctor --aws`: each of the eight services asked once, with what is missing."""

import asyncio
import json

import typer

from ..aws import Aws, Limits
from ..domain.permission import policy_document
from ..domain.settings import Settings
from ..domain.usage import Cost
from ..reasoning.checkup import Check, Checkup, checkup
from ..reasoning.models import load_models
from ..reasoning.prices import load_prices

PATIENCE = Limits(connect_seconds=3, read_seconds=30, reads=1, writes=1)
"""Nothing is sent again: a latency is that of one call."""


def print_services(settings: Settings, *, as_json: bool) -> bool:
    """Ask and print; whether nothing that is switched on is down."""
    found = asyncio.run(_asked(settings))
    typer.echo(found.model_dump_json(indent=2) if as_json else "\n".join(told(found)))
    return found.well


async def _asked(settings: Settings) -> Checkup:
    aws = Aws(settings.ai_region or None, PATIENCE)
    try:
        return await checkup(aws, settings.model_dump(), load_models(), load_prices())
    finally:
        aws.close()


def told(found: Checkup) -> list[str]:
    """The checkup as lines."""
    lines = []
    if found.identity or found.trouble:
        state = "ok" if found.identity else "down"
        lines.append(f"{state:9} credentials       {found.identity or found.trouble}, {found.region or 'no region'}")
    for check in found.checks:
        lines.append(f"{check.state:9} {check.service:17} {_line(check)}")
        if check.remedy:
            lines.append(f"{'':10}-> {check.remedy}")
        if check.statement is not None:
            lines += [f"{'':13}{line}" for line in _document(check).splitlines()]
    costs = [check.cost for check in found.checks if check.cost is not None]
    if costs:
        known = [cost.usd for cost in costs if cost.usd is not None]
        lines.append(
            f"asked {len(costs)} time(s) for {sum(known):f} USD"
            + (f", and {len(costs) - len(known)} that have no known price" if len(known) < len(costs) else "")
        )
    return lines


def _line(check: Check) -> str:
    measured = "" if check.latency_ms is None else f"{check.latency_ms:.0f} ms, {_price(check.cost)}, {check.source}: "
    subject = f"{check.subject}: " if check.subject else ""
    return f"{subject}{measured}{check.detail}"


def _price(cost: Cost | None) -> str:
    return "unpriced" if cost is None or cost.usd is None else f"{cost.usd:f} USD {cost.price}"


def _document(check: Check) -> str:
    return json.dumps(policy_document([check.statement] if check.statement is not None else []), indent=2)
