"""What every page has around its content: the bar with the name, the ways to go, and the theme."""
# mypy: disable-error-code="no-any-return"

import reflex as rx

THEME_SCRIPT = """
(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.classList.add(chosen);
})();
"""
"""Runs before the first paint, so that a chosen theme does not flash the other one."""


def page(*children: rx.Component, current: str, status: rx.Component | None = None) -> rx.Component:
    """A page: bar, content. `status` goes into the bar."""
    return rx.fragment(
        rx.el.a("Skip to content", href="#content", class_name="skip"),
        rx.el.header(
            rx.el.a(
                rx.el.img(src="/favicon.svg", alt="", width="22", height="22"),
                rx.el.span("Incident Commander"),
                href="/",
                class_name="brand",
                aria_label="Incident Commander, overview",
            ),
            rx.el.nav(
                _way("Overview", "/", current),
                _way("Demo", "/demo", current),
                _way("Operations", "/ops", current),
                _way("Transparency", "/transparency", current),
                _way("API", "/docs", current),
                aria_label="Pages",
            ),
            status if status is not None else rx.fragment(),
            rx.el.button(
                rx.el.span(class_name="theme-sign", aria_hidden="true"),
                type="button",
                class_name="theme",
                aria_label="Switch between light and dark",
                title="Switch between light and dark",
                on_click=rx.toggle_color_mode,
            ),
            class_name="bar",
        ),
        rx.el.main(*children, id="content", tab_index=-1),
    )


def _way(label: str, href: str, current: str) -> rx.Component:
    if href == current:
        return rx.el.a(label, href=href, aria_current="page")
    return rx.el.a(label, href=href)
