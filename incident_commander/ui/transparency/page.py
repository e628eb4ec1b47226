"""/transparency as a whole: the recordings, the label of the one that is shown, and its tabs."""
# mypy: disable-error-code="no-any-return"

import reflex as rx
from reflex_components_core.react_router.dom import ReactRouterLink  # type: ignore[import-untyped]

from ...response.explain.producers import ProducerRow
from ..components.badges import chip, empty, provenance
from ..components.chrome import page
from .address import PATH, TABS, YOURS, Place, Tab, tab_label
from .analytics import analytics
from .communication import communication
from .confidence import confidence
from .decisions import decisions
from .live_faults import live_faults
from .own_run import own_run
from .own_run_state import OwnRunState
from .reasoning import reasoning
from .services import services
from .state import CardRow, TransparencyState
from .what_if import what_if


def transparency() -> rx.Component:
    """The engineer's page."""
    return page(
        rx.el.div(
            _recordings(),
            rx.el.div(
                rx.cond(
                    TransparencyState.problem != "",
                    rx.el.div(
                        rx.cond(
                            TransparencyState.head.name == "",
                            rx.el.h1("This recording cannot be shown"),
                            rx.el.h2("This could not be done"),
                        ),
                        rx.el.p(TransparencyState.problem, id="problem"),
                        class_name="panel problem-panel",
                        role="alert",
                    ),
                ),
                rx.match(TransparencyState.place, ("own", own_run()), ("live", live_faults()), _recording()),
                class_name="exhibit",
            ),
            class_name="transparency",
        ),
        current=PATH,
    )


def _recording() -> rx.Component:
    return rx.cond(TransparencyState.head.name != "", rx.fragment(_label(), _tabs(), _shown()), _nothing())


def _recordings() -> rx.Component:
    return rx.el.aside(
        rx.el.h2("Make agents fail"),
        rx.el.ul(_trial("own", "In a run of your own"), _trial("live", "In the live agents"), class_name="trial-ways"),
        rx.el.h2("Recordings"),
        rx.cond(
            TransparencyState.cards,
            rx.el.ul(_own_card(), rx.foreach(TransparencyState.cards, _card), class_name="recordings"),
            rx.cond(
                TransparencyState.loaded,
                empty("None. Make them with ", rx.el.code("incident-commander record-scenarios"), "."),
                rx.el.div(
                    *(rx.el.div(class_name="bone") for _ in range(6)),
                    class_name="waiting",
                    role="img",
                    aria_label="Loading",
                ),
            ),
        ),
        class_name="shelf",
        aria_label="What can be looked at",
    )


def _is_here(name: rx.Var[str] | str) -> rx.Var[str]:
    return rx.cond((TransparencyState.place == "recording") & (TransparencyState.name == name), "true", "false")


def _own_card() -> rx.Component:
    ending = OwnRunState.ending
    return rx.cond(
        ending.there,
        rx.el.li(
            ReactRouterLink.create(
                rx.el.span("Your own run", class_name="card-label"),
                rx.el.span(ending.scenario, ", seed ", ending.seed, class_name="card-title"),
                rx.el.span(
                    chip(ending.status_text, ending.status, "status"),
                    rx.cond(ending.faults, rx.el.span("with agents that fail")),
                    class_name="incident-meta",
                ),
                to=f"{PATH}?recording={YOURS}&tab={TransparencyState.tab}",
                aria_current=_is_here(YOURS),
                prevent_scroll_reset=True,
            ),
        ),
    )


def _trial(place: Place, label: str) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            label,
            to=f"{PATH}?fail={place}",
            aria_current=rx.cond(TransparencyState.place == place, "true", "false"),
            prevent_scroll_reset=True,
        )
    )


def _card(row: CardRow) -> rx.Component:
    return rx.el.li(
        ReactRouterLink.create(
            rx.el.span(row.label, class_name="card-label"),
            rx.cond(
                row.problem == "",
                rx.fragment(
                    rx.el.span(row.title, class_name="card-title"),
                    rx.el.span(
                        chip(row.status_text, row.status, "status"),
                        rx.el.span(row.verdict),
                        rx.el.span(row.recorded),
                        class_name="incident-meta",
                    ),
                    rx.cond(row.services != "", rx.el.span(row.services, class_name="card-services")),
                ),
                rx.el.span(rx.el.strong("Cannot be shown. "), row.problem, class_name="card-problem"),
            ),
            to=f"{PATH}?{row.query}&tab={TransparencyState.tab}",
            aria_current=_is_here(row.name),
            prevent_scroll_reset=True,
        ),
        data_problem=row.problem != "",
    )


def _label() -> rx.Component:
    head = TransparencyState.head
    return rx.el.section(
        rx.el.p(
            provenance("recorded", ""),
            rx.el.span("on ", head.recorded, " UTC"),
            rx.el.span("scenario ", rx.el.code(head.scenario), ", seed ", rx.el.strong(head.seed)),
            chip("simulated practice company", "simulated", "clock"),
            rx.el.span(head.versions),
            rx.cond(head.services, rx.foreach(head.services, _service), rx.el.span(head.unasked)),
            rx.foreach(head.faults, lambda fault: chip(fault, "fault")),
            class_name="label",
            id="label",
        ),
        rx.el.h1(head.title, id="recording-title"),
        rx.el.p(head.description, class_name="muted"),
        rx.el.dl(
            _fact("Outcome", chip(head.status_text, head.status, "status")),
            rx.cond(
                head.incident != "",
                rx.fragment(
                    _fact("Incident", head.incident),
                    _fact(
                        "Cause",
                        rx.fragment(
                            rx.el.span(head.verdict_text, class_name="verdict", data_state=head.verdict),
                            rx.cond(head.cause != "", rx.fragment(": ", head.cause)),
                        ),
                    ),
                    _fact("Plan", head.action),
                    _fact("Vote", head.votes),
                    _fact("Lasted", rx.fragment(head.lasted, ", simulated")),
                    _fact("Ledger", rx.fragment(head.events, " events")),
                ),
            ),
            _fact("Against the answer", rx.el.span(head.judgement, data_right=head.right)),
            class_name="facts",
        ),
        rx.el.details(
            rx.el.summary("What produced these statements"),
            rx.el.ul(rx.foreach(head.producers, _producer), class_name="producers"),
            class_name="more",
        ),
        class_name="panel label-panel",
        aria_labelledby="recording-title",
    )


def _service(badge: tuple[str, str]) -> rx.Component:
    """A service that answered, and where it really is."""
    return rx.el.span(provenance(badge[0], badge[1]), data_service=badge[0])


def _fact(name: str, value: rx.Component | rx.Var[str] | str) -> rx.Component:
    return rx.el.div(rx.el.dt(name), rx.el.dd(value))


def _producer(row: ProducerRow) -> rx.Component:
    return rx.el.li(
        rx.el.strong(row.label),
        rx.el.span(row.what),
        rx.el.span(chip(row.models), provenance(row.kind, row.source), class_name="row-meta"),
    )


def _tabs() -> rx.Component:
    return rx.el.nav(*(_tab(tab) for tab in TABS), class_name="tabs", aria_label="Parts of the recording")


def _tab(tab: Tab) -> rx.Component:
    return ReactRouterLink.create(
        tab_label(tab),
        to=f"{PATH}?recording={TransparencyState.name}&tab={tab}",
        aria_current=rx.cond(TransparencyState.tab == tab, "page", "false"),
        prevent_scroll_reset=True,
    )


def _shown() -> rx.Component:
    return rx.el.div(
        rx.match(
            TransparencyState.tab,
            ("decisions", decisions()),
            ("confidence", confidence()),
            ("communication", communication()),
            ("services", services()),
            ("analytics", analytics()),
            ("what-if", what_if()),
            reasoning(),
        ),
        class_name="tab",
        data_tab=TransparencyState.tab,
    )


def _nothing() -> rx.Component:
    return rx.cond(
        TransparencyState.loaded | (TransparencyState.problem != ""),
        rx.fragment(),
        rx.el.div(rx.el.h1("Transparency"), rx.el.p("Reading the recordings."), class_name="panel nothing"),
    )
