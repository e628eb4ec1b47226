"""What an agent is handed: one incident as seen through the telemetry ports at one moment."""

from dataclasses import dataclass
from datetime import datetime

from ..domain.advice import NO_ADVICE, Advice
from ..domain.alert import Alert
from ..domain.findings import Impact
from ..domain.incident import Incident
from ..domain.memory import NOTHING_RECALLED, Recalled
from ..domain.policy import Notice
from ..domain.telemetry import Observations


@dataclass(frozen=True, slots=True)
class Case:
    """The input of every `examine`. Picklable; holds no port, so an agent can look at nothing else.

    Attributes:
        impact: What customers feel now; None where the impact port could not answer.
        now: On the incident's clock; the end of the observed window.
        notices: The freezes and maintenance windows that the policy says are in force.
        recalled: What memory says, to whom it is of use: diagnosis and resolution.
        advice: What models suspect, which diagnosis alone hears.
    """

    incident: Incident
    alerts: tuple[Alert, ...]
    observations: Observations
    impact: Impact | None
    now: datetime
    notices: tuple[Notice, ...] = ()
    recalled: Recalled = NOTHING_RECALLED
    advice: Advice = NO_ADVICE
