"""What the landing page asks of the services: how this installation is."""

import reflex as rx

from ...response.views import HealthRow
from ..services import NotRunning, running


class LandingState(rx.State):
    """The state of this installation in a line, read when the page is opened."""

    origin: str = "http://127.0.0.1:8000"
    address: str = "127.0.0.1:8000"
    health: str = ""
    health_state: str = ""

    @rx.event()
    async def enter(self) -> None:
        """Read by what address this page was reached, and the dependencies' state."""
        self.origin, self.address = self.router.url.origin, self.router.url.netloc
        try:
            rows = await running().operations.health()
        except NotRunning as error:
            self.health_state, self.health = "down", str(error)
            return
        self.health_state, self.health = summary(rows)


def summary(rows: tuple[HealthRow, ...]) -> tuple[str, str]:
    """The worst state among the parts, and a line that names those that are not in order."""
    troubled = [row for row in rows if row.state in ("down", "degraded")]
    off = [row.name for row in rows if row.state == "off"]
    aside = f" Not configured: {', '.join(off)}." if off else ""
    if not troubled:
        working = [row.name for row in rows if row.state == "ok"]
        return "ok", f"In order: {', '.join(working) or 'nothing reported'}.{aside}"
    worst = "down" if any(row.state == "down" for row in troubled) else "degraded"
    return worst, "; ".join(f"{row.name} {row.state}: {row.detail}" for row in troubled) + f".{aside}"
