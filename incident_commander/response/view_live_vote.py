"""How the live agents voted last: the rounds of the newest real incident that came to a vote."""

from collections.abc import Sequence

from ..domain.ballot import QuorumRule
from ..domain.base import Value
from . import view_text as text
from .faults import FaultChange, standing
from .record import IncidentRecord
from .view_rounds import RoundView, round_views


class LiveVote(Value):
    """A real incident's vote; `incident` empty where none came to one.

    Attributes:
        quarantined: The live agents whose ballots do not count now, with why and until when.
    """

    quarantined: tuple[str, ...] = ()
    incident: str = ""
    title: str = ""
    status: str = ""
    status_text: str = ""
    began: str = ""
    rounds: tuple[RoundView, ...] = ()


def live_vote(record: IncidentRecord, rule: QuorumRule, changes: Sequence[FaultChange]) -> LiveVote:
    """The vote of a real incident, each round with the faults that stood when it began.

    Args:
        changes: Every fault that was injected or taken back, oldest first.
    """
    incident = record.incident
    return LiveVote(
        incident=incident.id,
        title=incident.title,
        status=incident.status,
        status_text=text.sentence(incident.status.replace("_", " ")),
        began=f"{text.date_time(incident.began_at)} UTC",
        rounds=_rounds(record, rule, changes),
    )


def _rounds(record: IncidentRecord, rule: QuorumRule, changes: Sequence[FaultChange]) -> tuple[RoundView, ...]:
    views: list[RoundView] = []
    for place, view in enumerate(round_views(record, rule, {})):
        began = record.stage_event("stage.started", "deliberate", view.round)
        stood = standing(each for each in changes if began is None or each.at <= began.recorded_at)
        views.append(round_views(record, rule, stood)[place] if stood else view)
    return tuple(views)
