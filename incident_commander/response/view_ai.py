"""What /ops shows of the AI services alike to everyone: which are on, what they were asked, how fast, at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from ..business.usage import CallFigures, Savings, Spent, WorldUsage
from ..domain.base import Value
from ..domain.operator import World
from ..domain.usage import AiService
from ..reasoning.services import ServiceState
from . import view_text as text
from .usage_report import BudgetState, IncidentUsage, UsageReport
from .view_memory import WORLD_WORDS

MODELS: frozenset[AiService] = frozenset(("Claude", "Nova", "Titan embeddings", "Strands"))
"""The services whose calls are a model's."""


@dataclass(frozen=True, slots=True)
class AiState:
    """How the AI services stand.

    Attributes:
        resting: The services, with their model, that were down when they were last asked.
        usage: None: nothing is known of it.
        incident: What the shown incident took; None where none is shown.
    """

    services: tuple[ServiceState, ...] = ()
    resting: tuple[str, ...] = ()
    usage: UsageReport | None = None
    incident: IncidentUsage | None = None


NOTHING_ASKED = AiState()


class AiServiceRow(Value):
    """One of the eight services. `how` says how to have it, and is empty where it is on."""

    name: str
    use: str
    state: Literal["ok", "degraded", "off"]
    state_text: str
    asked: str
    how: str


class ModelRow(Value):
    """One model at one task, as measured. `missed`: whether any answer took longer than the task's goal."""

    model: str
    task: str
    source: str
    calls: str
    latency: str
    goal: str
    missed: bool
    cost: str


class UsageLine(Value):
    """What one service was asked, from one source."""

    service: str
    source: str
    calls: str
    tokens: str
    cost: str


class BudgetView(Value):
    """What was spent of a budget; `share` of it in [0, 1], for a meter."""

    name: str = ""
    text: str = ""
    share: float = 0
    spent_out: bool = False
    setting: str = ""


class AiWorldView(Value):
    """One world's calls. `told` says what a memory of AWS was told of its incidents."""

    world: World
    label: str
    summary: str
    models: tuple[ModelRow, ...]
    lines: tuple[UsageLine, ...]
    savings: str
    savings_basis: str
    interventions: str
    told: str


class AiView(Value):
    """The AI services. `worlds` are those of which there are calls; each `..._how` is empty where that is on."""

    summary: str = ""
    services: tuple[AiServiceRow, ...] = ()
    worlds: tuple[AiWorldView, ...] = ()
    day: BudgetView = BudgetView()
    counted: str = ""
    models_how: str = ""
    insights_how: str = ""
    guardrails_how: str = ""
    memory_how: str = ""


def ai_view(state: AiState) -> AiView:
    """How the AI services stand, ready to show."""
    usage = state.usage
    worlds = tuple(each for each in usage.figures.worlds if each.calls) if usage else ()
    on = sum(each.on for each in state.services)
    return AiView(
        summary=f"{on} of {len(state.services)} configured",
        services=tuple(_service(each, state.resting, worlds) for each in state.services),
        worlds=tuple(_world(each) for each in worlds),
        day=budget_view("Today, UTC", usage.day) if usage else BudgetView(),
        counted=_counted(usage) if usage else "",
        models_how=_how(state.services, "Nova"),
        insights_how=_how(state.services, "Q Business"),
        guardrails_how=_how(state.services, "Guardrails"),
        memory_how=_how(state.services, "Agent memory"),
    )


def budget_view(name: str, budget: BudgetState) -> BudgetView:
    """What was spent of a budget, and what is left of it."""
    spent = text.exact_usd(budget.spent_usd)
    if budget.limit_usd is None or budget.left_usd is None:
        return BudgetView(name=name, text=f"{spent} spent, no limit", setting=budget.setting)
    share = min(Decimal(1), budget.spent_usd / budget.limit_usd) if budget.limit_usd else Decimal(1)
    left = text.exact_usd(budget.left_usd)
    return BudgetView(
        name=name,
        text=f"{spent} spent of {text.exact_usd(budget.limit_usd)}, {left} left",
        share=float(share),
        spent_out=budget.left_usd == 0,
        setting=budget.setting,
    )


def _how(services: Sequence[ServiceState], name: AiService) -> str:
    return next((how_to(each) for each in services if each.name == name and not each.on), "")


def how_to(state: ServiceState) -> str:
    """How to have a service that is off."""
    return f"Not configured: {state.have}. Not set: {', '.join(state.missing)}."


def _service(state: ServiceState, resting: Sequence[str], worlds: Sequence[WorldUsage]) -> AiServiceRow:
    down = [each for each in resting if each == state.name or each.startswith(f"{state.name} (")]
    asked = [row for world in worlds for row in world.calls if row.service == state.name]
    calls, failed = sum(row.calls for row in asked), sum(row.failed for row in asked)
    sources = ", ".join(sorted({row.source for row in asked}))
    return AiServiceRow(
        name=state.name,
        use=text.sentence(state.use),
        state="off" if not state.on else "degraded" if down else "ok",
        state_text="off" if not state.on else "resting" if down else "on",
        asked=f"{text.counted(calls, 'call')}{f', {failed} failed' if failed else ''} ({sources})" if asked else "",
        how="" if state.on else how_to(state),
    )


def _world(world: WorldUsage) -> AiWorldView:
    calls = sum(row.calls for row in world.calls)
    acted = sum(row.intervened for row in world.calls)
    checks = sum(row.requests for row in world.calls if row.service == "Guardrails")
    return AiWorldView(
        world=world.world,
        label=WORLD_WORDS[world.world],
        summary=f"{text.counted(calls, 'call')} for {text.counted(world.incidents, 'incident')}: {_spent(world.spent)}",
        models=tuple(_model(row) for row in world.calls if row.service in MODELS),
        lines=_lines(world.calls),
        savings=_savings(world.savings),
        savings_basis=f"{world.savings.provenance.reason} ({world.savings.provenance.source})",
        interventions=f"{text.counted(acted, 'intervention')}; {text.counted(checks, 'check')} of their own"
        if acted or checks
        else "",
        told=_told(world.calls),
    )


def _model(row: CallFigures) -> ModelRow:
    latency = row.latency
    measured = latency.p50_ms is not None and latency.p95_ms is not None
    return ModelRow(
        model=row.model,
        task=text.sentence(row.task),
        source=row.source,
        calls=_asked(row.calls, row.failed, row.fell_back, row.cached),
        latency=f"p50 {text.milliseconds(latency.p50_ms)}, p95 {text.milliseconds(latency.p95_ms)}"
        if latency.p50_ms is not None and latency.p95_ms is not None
        else "no answer was measured",
        goal=f"{latency.kept} of {latency.measured} within {text.milliseconds(latency.goal_ms)}"
        if measured and latency.goal_ms is not None
        else "",
        missed=latency.goal_ms is not None and latency.kept < latency.measured,
        cost=_spent(row.spent),
    )


def _lines(rows: Sequence[CallFigures]) -> tuple[UsageLine, ...]:
    alike: dict[tuple[str, str], list[CallFigures]] = {}
    for row in rows:
        alike.setdefault((row.service or "Local analysis", row.source), []).append(row)
    return tuple(_line(service, source, group) for (service, source), group in alike.items())


def _line(service: str, source: str, rows: Sequence[CallFigures]) -> UsageLine:
    tokens = sum(row.input_tokens for row in rows), sum(row.output_tokens for row in rows)
    return UsageLine(
        service=service,
        source=source,
        calls=_asked(
            sum(row.calls for row in rows),
            sum(row.failed for row in rows),
            sum(row.fell_back for row in rows),
            sum(row.cached for row in rows),
        ),
        tokens=f"{tokens[0]:,} tokens in, {tokens[1]:,} out" if any(tokens) else "",
        cost=""
        if source == "local"
        else _spent(
            Spent(
                listed_usd=sum((row.spent.listed_usd for row in rows), Decimal(0)),
                assumed_usd=sum((row.spent.assumed_usd for row in rows), Decimal(0)),
                unpriced=sum(row.spent.unpriced for row in rows),
            )
        ),
    )


def _asked(calls: int, failed: int, fell_back: int, cached: int) -> str:
    parts = [text.counted(calls, "call")]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{fell_back} in place of another"] if fell_back else []
    parts += [f"{cached} from what was kept"] if cached else []
    return ", ".join(parts)


def _spent(spent: Spent) -> str:
    parts = [f"{text.exact_usd(spent.listed_usd)} listed"] if spent.listed_usd else []
    parts += [f"{text.exact_usd(spent.assumed_usd)} assumed"] if spent.assumed_usd else []
    parts += [f"{text.counted(spent.unpriced, 'call')} unpriced"] if spent.unpriced else []
    return ", ".join(parts) or "nothing spent"


def _savings(savings: Savings) -> str:
    if not savings.calls:
        return ""
    saved = savings.saved_usd
    more_or_less = f"{text.exact_usd(abs(saved))} {'less' if saved >= 0 else 'more'}"
    return (
        f"{text.counted(savings.calls, 'model call')} cost {text.exact_usd(savings.paid_usd)}: {more_or_less} than "
        f"{text.exact_usd(savings.would_have_usd)} with {savings.model} alone"
    )


def _told(rows: Sequence[CallFigures]) -> str:
    """What a memory of AWS took; what it did not is kept here, with why it fell back."""
    remembered = [row for row in rows if row.task == "remember"]
    told = sum(row.calls - row.failed for row in remembered if row.service is not None)
    missed = sum(row.fell_back for row in remembered if row.service is None)
    if not told and not missed:
        return ""
    answered = [row for row in remembered if row.service is not None and row.answered_at is not None]
    last = max((row.answered_at for row in answered if row.answered_at), default=None)
    sources = ", ".join(sorted({row.source for row in answered}))
    parts = [f"Told {text.counted(told, 'outcome')} ({sources})"] if told else []
    parts += [f"the last at {text.date_time(last)} UTC"] if last else []
    are = "is" if missed == 1 else "are"
    parts += [f"{text.counted(missed, 'outcome')} could not be told, and {are} kept here alone"] if missed else []
    return ", ".join(parts)


def _counted(usage: UsageReport) -> str:
    figures = usage.figures
    if figures.since is None:
        return "Nothing has been asked yet."
    since = text.date_time(figures.since)
    return f"Over {text.counted(figures.counted, 'call')} since {since} UTC" + (
        f"; older ones are left out, {figures.most:,} at most" if figures.counted == figures.most else ""
    )
