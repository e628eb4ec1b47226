"""The rounds of a vote, each against its line, with the voters that were made to fail and what they did."""

from collections.abc import Mapping, Sequence
from typing import Literal

from ..consensus.faults import DESCRIPTIONS
from ..domain.ballot import Quarantined, QuorumRule, Voter
from ..domain.base import Value
from ..domain.event import Event
from ..domain.fault import VoterFault
from . import view_text as text
from .record import IncidentRecord
from .view_decision import QuorumView, RejectionRow, VoteRow, quorum_view
from .view_timeline import ROUND_WORDS

FAULT_WORDS: Mapping[VoterFault, str] = {
    "lie": "made to lie",
    "flip": "made to flip",
    "silent": "made silent",
    "slow": "made late",
    "equivocate": "made to equivocate",
    "forge": "made to forge",
    "replay": "made to replay",
    "collude": "made to collude",
    "injected": "prompt-injected",
}


class CastRow(Value):
    """One voter in a round; `fault` and what it does are empty where it was honest."""

    vote: VoteRow
    fault: str = ""
    does: str = ""


class RefusedRow(Value):
    """What one voter sent that was not counted, for one reason; `details` says of each ballot what it was."""

    voter: str
    label: str
    reason: str
    ballots: str
    details: tuple[str, ...]


class RoundView(Value):
    """One round against the line.

    Attributes:
        slots: The states of the votes, those for the leading plan first, to draw against the line.
        meaning: What the count means with so many made to fail; empty while votes are missing, or all were honest.
    """

    round: int = 0
    why: str = ""
    state: Literal["none", "voting", "reached", "failed"] = "none"
    text: str = ""
    plan: str = ""
    reason: str = ""
    n: int = 0
    required: int = 0
    slots: tuple[str, ...] = ()
    votes: tuple[CastRow, ...] = ()
    refused: tuple[RefusedRow, ...] = ()
    quarantined: tuple[str, ...] = ()
    meaning: str = ""


def round_views(record: IncidentRecord, rule: QuorumRule, faults: Mapping[Voter, VoterFault]) -> tuple[RoundView, ...]:
    """Every round in which a ballot was cast or counted, the first one first.

    Args:
        faults: The voters that were made to fail, and how.
    """
    views: list[RoundView] = []
    for until in _ends(record.events):
        part = IncidentRecord(record.incident, record.events[:until])
        quorum = quorum_view(part, rule)
        if quorum.state != "none" and quorum.round > (views[-1].round if views else 0):
            views.append(_round(record, quorum, rule, faults))
    return tuple(views)


def _ends(events: Sequence[Event]) -> list[int]:
    """Where each round ends in the events; what was not counted yet ends with them."""
    counted = [place + 1 for place, event in enumerate(events) if event.kind in ("quorum.reached", "quorum.failed")]
    return [*counted, len(events)]


def _round(
    record: IncidentRecord, quorum: QuorumView, rule: QuorumRule, faults: Mapping[Voter, VoterFault]
) -> RoundView:
    opened = next((each for each in record.rounds if each.round == quorum.round), None)
    return RoundView(
        round=quorum.round,
        why=ROUND_WORDS[opened.why] if opened else "",
        state=quorum.state,
        text=quorum.text,
        plan=quorum.leading_plan,
        reason=quorum.reason,
        n=quorum.n,
        required=quorum.required,
        slots=quorum.slots,
        votes=cast_rows(quorum.votes, faults),
        refused=refused_rows(quorum.rejected),
        quarantined=tuple(
            quarantine_text(each, practice=record.incident.practice_run is not None)
            for each in _quarantined(record.events)
            if each.round == quorum.round
        ),
        meaning=meaning(quorum.state == "reached", rule, len(faults)) if quorum.state in ("reached", "failed") else "",
    )


def cast_rows(votes: Sequence[VoteRow], faults: Mapping[Voter, VoterFault]) -> tuple[CastRow, ...]:
    """The votes, with what was done to those who cast them."""
    by_name = {str(voter): fault for voter, fault in faults.items()}
    return tuple(
        CastRow(vote=vote, fault=FAULT_WORDS[by_name[vote.voter]], does=DESCRIPTIONS[by_name[vote.voter]])
        if vote.voter in by_name
        else CastRow(vote=vote)
        for vote in votes
    )


def refused_rows(rejected: Sequence[RejectionRow]) -> tuple[RefusedRow, ...]:
    """The ballots that were not counted, together where one voter sent them and the reason is one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for row in rejected:
        alike.setdefault((row.voter, row.reason), []).append(row.detail)
    return tuple(
        RefusedRow(
            voter=voter,
            label=text.sentence(voter),
            reason=reason,
            ballots=f"{len(details)} ballot{'' if len(details) == 1 else 's'}",
            details=tuple(dict.fromkeys(details)),
        )
        for (voter, reason), details in alike.items()
    )


def quarantine_text(quarantined: Quarantined, *, practice: bool) -> str:
    """Who is out, for what and how long; what comes to light in practice holds for that incident alone."""
    short = practice or quarantined.until == "incident"
    lasts = "for the rest of this incident" if short else "until a person releases it"
    return f"{text.sentence(quarantined.voter)} is quarantined {lasts}: {text.words(quarantined.reason)}"


def meaning(certified: bool, rule: QuorumRule, faulty: int) -> str:
    """What an outcome means with so many voters that fail; empty where none does."""
    honest = rule.n - faulty
    if not faulty:
        return ""
    fail = f"{faulty} of {rule.n} {'fails' if faulty == 1 else 'fail'}"
    if faulty <= rule.f:
        bears = f"{fail}, as many as the rule bears (f = {rule.f})"
        if certified:
            return f"{bears}: the others are enough."
        return f"{bears}, and the honest voters did not all name one plan: nothing is certified, nothing is done."
    bears = f"{fail}, more than the rule bears (f = {rule.f})"
    if certified:
        return f"{bears}, and yet {rule.required} named one plan. By count it is certified; it is guaranteed no more."
    if honest < rule.required:
        return (
            f"{bears}. {honest} honest votes are left and {rule.required} are needed, so nothing is certified: "
            "nothing is done, and a person is told."
        )
    return f"{bears}. No plan has {rule.required} votes, so nothing is certified: nothing is done, a person is told."


def _quarantined(events: Sequence[Event]) -> tuple[Quarantined, ...]:
    return tuple(Quarantined.model_validate(event.payload) for event in events if event.kind == "agent.quarantined")
