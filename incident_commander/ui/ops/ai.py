"""The AI services: which are on, what they were asked, how fast they answered and what it cost, worlds apart."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

from ...response.view_ai import AiServiceRow, AiWorldView, BudgetView, ModelRow, UsageLine
from ..components.badges import chip, empty, panel, provenance
from .insights import guarded, insights
from .state import LiveState


def ai() -> rx.Component:
    """The eight services, and of their calls: insights, models, usage with its budgets, guardrails."""
    return panel(
        "AI services",
        rx.el.p(
            "Asked beside local analysis, which answers where they are off or fail. Of what they say only the causes "
            "that models suspect weigh in the diagnosis, as one capped witness.",
            class_name="muted",
        ),
        rx.el.ul(rx.foreach(LiveState.ai.services, _service), class_name="ai-services"),
        _part("Q Business insights", "insights", insights(), LiveState.ai.insights_how),
        _part("Models", "models", _models(), LiveState.ai.models_how),
        _part("Bedrock usage and budget", "usage", _usage(), LiveState.ai.models_how),
        _part("Guardrails", "guardrails", _guardrails(), LiveState.ai.guardrails_how),
        name="ai",
        aside=rx.el.span(LiveState.ai.summary, class_name="muted"),
    )


def memory_of_aws() -> rx.Component:
    """What a memory of AWS was told, for the memory panel."""
    return _part(
        "Told to agent memory",
        "told",
        rx.foreach(
            LiveState.ai.worlds,
            lambda view: rx.cond(view.told != "", rx.el.p(rx.el.strong(view.label), ": ", view.told)),
        ),
        LiveState.ai.memory_how,
    )


def _part(title: str, name: str, content: rx.Component, how: str) -> rx.Component:
    return rx.el.details(
        rx.el.summary(title, rx.cond(how != "", rx.el.span("not configured", class_name="muted"))),
        rx.cond(how != "", rx.el.p(how, class_name="ai-how")),
        content,
        class_name="ai-part",
        data_part=name,
    )


def _service(row: AiServiceRow) -> rx.Component:
    return rx.el.li(
        rx.el.details(
            rx.el.summary(
                rx.el.span(class_name="dot", aria_hidden="true"),
                rx.el.strong(row.name),
                rx.el.span(row.state_text, class_name="health-state"),
                rx.cond(row.asked != "", rx.el.span(row.asked, class_name="muted")),
            ),
            rx.el.p(row.use),
            rx.cond(row.how != "", rx.el.p(row.how, class_name="ai-how")),
        ),
        data_service=row.name,
        data_state=row.state,
    )


def _worlds(shown: rx.Component) -> rx.Component:
    return rx.cond(LiveState.ai.worlds, shown, empty("Nothing has been asked yet."))


def _models() -> rx.Component:
    return _worlds(
        rx.fragment(
            rx.foreach(
                LiveState.ai.worlds,
                lambda view: _world(
                    view,
                    rx.cond(
                        view.models,
                        rx.el.ul(rx.foreach(view.models, _model), class_name="rows"),
                        empty("No model was asked."),
                    ),
                    rx.cond(
                        view.savings != "",
                        rx.el.p(
                            view.savings,
                            " ",
                            provenance("assumed", ""),
                            rx.el.span(" ", view.savings_basis, class_name="muted"),
                            class_name="ai-savings",
                        ),
                    ),
                ),
            ),
            rx.el.p(LiveState.ai.counted, class_name="muted"),
        )
    )


def _model(row: ModelRow) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.strong(row.task), " ", rx.el.code(row.model)),
        rx.el.p(row.latency, rx.cond(row.goal != "", rx.el.span(": ", row.goal)), data_missed=row.missed),
        rx.el.p(
            rx.el.span(row.calls),
            rx.el.span(row.cost),
            provenance("live", row.source),
            class_name="row-meta",
        ),
    )


def _usage() -> rx.Component:
    return rx.fragment(
        _budget(LiveState.ai.day),
        rx.cond(LiveState.insights.budget.name != "", _budget(LiveState.insights.budget, LiveState.insights.calls)),
        _worlds(
            rx.foreach(
                LiveState.ai.worlds,
                lambda view: _world(
                    view,
                    rx.el.p(view.summary),
                    rx.el.ul(rx.foreach(view.lines, _line), class_name="rows"),
                ),
            )
        ),
    )


def _budget(budget: BudgetView, calls: str | None = None) -> rx.Component:
    return rx.el.div(
        rx.el.p(rx.el.strong(budget.name), ": ", budget.text, *(() if calls is None else (" (", calls, ")"))),
        rx.el.meter(value=budget.share, min=0, max=1, aria_label=f"Share of the budget spent: {budget.name}"),
        rx.cond(
            budget.spent_out,
            rx.el.p("Local analysis answers alone until more may be spent: ", rx.el.code(budget.setting)),
        ),
        class_name="ai-budget",
        data_spent_out=budget.spent_out,
    )


def _line(row: UsageLine) -> rx.Component:
    return rx.el.li(
        rx.el.p(rx.el.strong(row.service), ": ", row.calls),
        rx.el.p(
            rx.cond(row.tokens != "", rx.el.span(row.tokens)),
            rx.cond(row.cost != "", rx.el.span(row.cost)),
            provenance("live", row.source),
            class_name="row-meta",
        ),
    )


def _guardrails() -> rx.Component:
    return rx.fragment(
        rx.foreach(
            LiveState.ai.worlds,
            lambda view: rx.cond(view.interventions != "", rx.el.p(rx.el.strong(view.label), ": ", view.interventions)),
        ),
        guarded(),
    )


def _world(view: AiWorldView, *content: rx.Component) -> rx.Component:
    return rx.el.div(
        rx.el.h3(view.label),
        rx.cond(view.world == "practice", chip("simulated", "simulated", "clock")),
        *content,
        class_name="ai-world",
        data_world=view.world,
        key=view.world,
    )
