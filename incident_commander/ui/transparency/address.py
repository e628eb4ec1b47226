"""What an address of /transparency can ask for."""

from typing import Literal, get_args

PATH = "/transparency"

Tab = Literal["reasoning", "decisions", "confidence", "communication", "services", "analytics", "what-if"]
TABS: tuple[Tab, ...] = get_args(Tab)

YOURS = "your.run"
"""As a recording: the viewer's own last run. No file on the shelf can have this name."""

Place = Literal["recording", "own", "live"]
"""A recording; a run of the viewer's own in which agents fail; the live agents."""


def tab_label(tab: Tab) -> str:
    """`what-if` as `What if`."""
    if tab == "services":
        return "AI services"
    return tab.replace("-", " ").capitalize()
