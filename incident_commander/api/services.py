"""What the routes need of the rest of the system, and nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..domain.ballot import Voter
from ..domain.base import Digest, RunId
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.practice import ApproverKind, PracticeRun
from ..ingest import Intake, SnsOverHttps, SnsTrust
from ..response.report import RunReport
from ..response.views import HealthRow
from ..store import Database


class Operations(Protocol):
    """What the API may ask of the response."""

    def scenario_names(self) -> Sequence[str]:
        """The practice scenarios that can be started."""
        ...

    async def start_scenario(
        self,
        scenario: str | None,
        seed: int | None,
        *,
        pace: float | None = None,
        external_alerting: bool = False,
        approver: ApproverKind = "modelled",
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> PracticeRun:
        """Start a practice run.

        Raises:
            ValueError: that is not possible; the message says what is.
        """
        ...

    async def incident_of(self, run_id: RunId) -> Incident | None:
        """The first incident of a practice run, None while there is none."""
        ...

    async def run_report(self, run_id: RunId) -> RunReport | None:
        """The judged report of a practice run, None while it is under way.

        Raises:
            UnknownPracticeRun: there is no such run.
        """
        ...

    async def health(self) -> tuple[HealthRow, ...]:
        """The dependencies and their state."""
        ...


class Exporter(Protocol):
    """What exports the practice company's metrics."""

    def exposition(self) -> str:
        """Prometheus text of all running practice worlds."""
        ...


@dataclass(frozen=True, slots=True)
class ApiServices:
    """The services behind the routes.

    Attributes:
        pagerduty_integrations: Those that may send by PagerDuty's doors; empty: all may.
    """

    intake: Intake
    database: Database
    operations: Operations
    company: Exporter
    pagerduty_integrations: frozenset[Digest] = frozenset()
    sns: SnsTrust = field(default_factory=lambda: SnsTrust(SnsOverHttps()))
