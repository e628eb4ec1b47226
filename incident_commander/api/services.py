"""What the routes need of the rest of the system, and nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..access import Authenticator
from ..access.slack_signature import SlackSignatures
from ..domain.ballot import Quarantined, Voter
from ..domain.base import Digest, IncidentId, RunId
from ..domain.fault import VoterFault
from ..domain.incident import Incident
from ..domain.operator import KillSwitch, TrustRow
from ..domain.practice import ApproverKind, PracticeRun
from ..ingest import Intake, SnsOverHttps, SnsTrust
from ..notify import Slack
from ..response.operator_controls import OperatorControls
from ..response.remembering import Learned
from ..response.report import RunReport
from ..response.usage_report import IncidentUsage, UsageReport
from ..response.views import HealthRow
from ..store import Database


class Operations(OperatorControls, Protocol):
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

    async def kill_switch(self) -> KillSwitch:
        """How the kill switch stands."""
        ...

    async def trust(self) -> tuple[TrustRow, ...]:
        """How far each class of actions is trusted, and how that came about."""
        ...

    async def faults(self) -> Mapping[Voter, VoterFault]:
        """The faults that were injected into the live voters."""
        ...

    async def quarantined(self) -> tuple[Quarantined, ...]:
        """The voters whose ballots do not count in real incidents, with what they did, oldest first."""
        ...

    async def learned(self) -> tuple[Learned, ...]:
        """What ended incidents taught, the real ones and those of practice apart."""
        ...

    async def usage(self) -> UsageReport:
        """What reasoning services were asked, how fast they answered, what it cost, and what is left of the budget."""
        ...

    async def usage_of(self, incident_id: IncidentId) -> IncidentUsage:
        """The calls for one incident.

        Raises:
            UnknownIncident: there is none of that id.
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
class SlackApp:
    """The Slack app whose buttons are heard.

    Attributes:
        slack: Where whoever pressed a button is told what came of it; None: nowhere.
        approvers: The ids of the users who may answer; empty: all who see a message.
    """

    signatures: SlackSignatures
    slack: Slack | None = None
    approvers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiServices:
    """The services behind the routes.

    Attributes:
        access: Knows the operators, whom guarded routes are for.
        slack: None where no Slack app is set up.
        pagerduty_integrations: Those that may send by PagerDuty's doors; empty: all may.
    """

    intake: Intake
    database: Database
    operations: Operations
    company: Exporter
    access: Authenticator
    pagerduty_integrations: frozenset[Digest] = frozenset()
    slack: SlackApp | None = None
    sns: SnsTrust = field(default_factory=lambda: SnsTrust(SnsOverHttps()))
