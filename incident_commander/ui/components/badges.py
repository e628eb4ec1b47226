"""Small marks. Each says in words what its colour means."""
# mypy: disable-error-code="no-any-return"

import reflex as rx


def chip(text: str, state: str = "", kind: str = "chip", title: str = "") -> rx.Component:
    """A short word in a pill; `state` chooses its colour in the stylesheet."""
    return rx.el.span(text, class_name=kind, data_state=state, title=title)


def provenance(kind: str, source: str) -> rx.Component:
    """Where a figure comes from: its kind and source."""
    return rx.el.span(
        rx.el.span(kind, class_name="provenance-kind"),
        rx.cond(source != "", rx.el.span(source, class_name="provenance-source")),
        class_name="provenance",
        data_kind=kind,
    )


def empty(*what: rx.Component | str) -> rx.Component:
    """What an empty panel says: what will be here, and how to bring it about."""
    return rx.el.p(*what, class_name="empty")


def panel(title: str, *children: rx.Component, name: str, aside: rx.Component | None = None) -> rx.Component:
    """A titled section of a page."""
    return rx.el.section(
        rx.el.header(
            rx.el.h2(title, id=f"{name}-title"), aside if aside is not None else rx.fragment(), class_name="panel-head"
        ),
        *children,
        id=name,
        class_name="panel",
        aria_labelledby=f"{name}-title",
    )
