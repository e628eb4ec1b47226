"""A recorded vote beside the same vote with something otherwise, and what would have flipped its decision."""

from collections.abc import Collection, Mapping, Sequence

from ...consensus.faults import DESCRIPTIONS
from ...consensus.quarantine import load_rules
from ...consensus.rule import rule as installed_rule
from ...domain.ballot import VOTERS, QuorumRule, Voter
from ...domain.base import Value
from ...domain.fault import VoterFault
from .. import view_text as text
from ..counterfactuals import Question
from ..recording import Recording
from ..replayed import BallotState, Ending, Replay, Replayed, ReplayedBallot, ReplayedRound
from ..view_decision import VOTE_STATES, VoteRow
from ..view_rounds import FAULT_WORDS, CastRow, RefusedRow, RoundView, meaning, round_views
from .rule import rule_of

ENDING_WORDS: Mapping[Ending, str] = {
    "acts": "Certified, and carried out",
    "kept_back": "Certified, and kept back",
    "tells_a_person": "Certified: nothing is done, a person is told",
    "no_quorum": "Nothing is certified, a person is told",
    "conflict": "Two plans at once have a quorum, so neither runs",
}
LEFT_OUT = "left out"
_LEFT_OUT_DOES = "is not there, and stays one of the five"
_STATES: Mapping[BallotState, tuple[str, str]] = {
    "abstained": ("abstained", "Abstained"),
    "silent": ("missing", "No ballot"),
    "rejected": ("rejected", "Not counted"),
}


class FactRow(Value):
    """One fact of the vote with nothing otherwise and as supposed; `other`: they differ."""

    name: str
    before: str
    supposed: str
    other: bool


class WhatIfView(Value):
    """What came of a supposition.

    Attributes:
        there: Whether anything was supposed.
        flips: Whether the decision is another one than with nothing supposed.
        differs: How the vote with nothing supposed, computed anew, differs from the recorded one; empty: it does not.
        threshold: What another threshold bears, in words; empty where it is the rule's own.
    """

    there: bool = False
    title: str = ""
    flips: bool = False
    verdict: str = ""
    ending: Ending = "acts"
    ending_text: str = ""
    decision: str = ""
    why: str = ""
    differs: str = ""
    threshold: str = ""
    facts: tuple[FactRow, ...] = ()
    rounds: tuple[RoundView, ...] = ()


class TriedRow(Value):
    """One of the things that were taken away in a search, with what was decided without it."""

    title: str
    decision: str
    ending_text: str
    flips: bool


class AsRecorded(Value):
    """The vote as it was recorded; `missing` says why there is none."""

    decision: str = ""
    missing: str = ""
    rounds: tuple[RoundView, ...] = ()


def as_recorded(recording: Recording) -> AsRecorded:
    """The vote that a recording holds."""
    record = recording.record
    if record is None:
        return AsRecorded(missing="No alert came in this run, so there was no vote to hold again.")
    rounds = round_views(record, rule_of(record), recording.run.faults)
    if not rounds:
        return AsRecorded(missing="This incident ended before its plans came to a vote.")
    return AsRecorded(decision=_recorded_decision(recording), rounds=rounds)


def what_if_view(recording: Recording, question: Question, replay: Replay) -> WhatIfView:
    """What came of a question about a recording."""
    (found,) = replay.supposed
    faults = {voter: fault for voter, fault in recording.run.faults.items() if voter not in question.honest}
    faults |= question.suppose.faults
    absent = question.suppose.absent
    rule = supposed_rule(found.required)
    failing = len(faults.keys() | set(absent))
    rounds = tuple(
        _round(each, rule, faults, absent, failing, found.ending if each is found.rounds[-1] else "no_quorum")
        for each in found.rounds
    )
    return WhatIfView(
        there=True,
        title=question.title,
        flips=found.flips,
        verdict="It flips the decision" if found.flips else "It does not change the decision",
        ending=found.ending,
        ending_text=ENDING_WORDS[found.ending],
        decision=found.decision,
        why=found.why,
        differs=replay.differs,
        threshold=threshold_text(rule) if rule.required != installed_rule().required else "",
        facts=_facts(replay.as_it_was, found),
        rounds=rounds,
    )


def tried_row(found: Replayed) -> TriedRow:
    """One of the things that were tried."""
    return TriedRow(
        title=found.title, decision=found.decision, ending_text=ENDING_WORDS[found.ending], flips=found.flips
    )


def supposed_rule(required: int) -> QuorumRule:
    """The installed rule at another threshold, with the arbitrary voters it bears.

    With f arbitrary voters two quorums must share f + 1 voters, and the n - f honest ones must be a quorum themselves.
    """
    rule = installed_rule()
    if required == rule.required:
        return rule
    bears = max(0, min(2 * required - rule.n - 1, rule.n - required))
    return rule.model_copy(update={"required": required, "f": bears})


def threshold_text(rule: QuorumRule) -> str:
    """What a threshold bears, in words."""
    at, spare = f"At {rule.required} of {rule.n}", rule.n - rule.required
    if 2 * rule.required <= rule.n:
        return f"{at}, two plans can have a quorum at once, with every voter honest."
    if not spare:
        return f"{at}, a single voter that is silent, or sees it otherwise, is enough that nothing is decided."
    shared = 2 * rule.required - rule.n
    if not rule.f:
        return (
            f"{at}, two quorums may share no more than {shared} voter{'' if shared == 1 else 's'}: were it arbitrary, "
            "two plans could be certified at once."
        )
    return f"{at}, {rule.f} arbitrary voter{'' if rule.f == 1 else 's'} can be borne."


def _recorded_decision(recording: Recording) -> str:
    record = recording.record
    if record is None or record.tally is None:
        return ""
    return text.plan_text(record.chosen) if record.chosen else "No decision, tell a person"


def _facts(as_it_was: Replayed, found: Replayed) -> tuple[FactRow, ...]:
    def row(name: str, before: str, supposed: str) -> FactRow:
        return FactRow(name=name, before=before, supposed=supposed, other=before != supposed)

    return (
        row("Decision", as_it_was.decision, found.decision),
        row("Outcome", ENDING_WORDS[as_it_was.ending], ENDING_WORDS[found.ending]),
        row("Cause named", _cause(as_it_was), _cause(found)),
        row("Candidate plans", "; ".join(as_it_was.plans), "; ".join(found.plans)),
        row("Needed", _needed(as_it_was), _needed(found)),
        row("Rounds", str(len(as_it_was.rounds)), str(len(found.rounds))),
    )


def _cause(found: Replayed) -> str:
    return f"{found.cause} ({found.verdict})" if found.cause else "none: inconclusive"


def _needed(found: Replayed) -> str:
    return f"{found.required} of {len(VOTERS)} votes"


def _round(
    held: ReplayedRound,
    rule: QuorumRule,
    faults: Mapping[Voter, VoterFault],
    absent: Collection[Voter],
    failing: int,
    ending: Ending,
) -> RoundView:
    leading = max(held.votes, key=lambda plan: len(held.votes[plan]), default="")
    votes = tuple(_vote(each, leading) for each in held.ballots)
    count = len(held.votes.get(leading, ()))
    certified = ending in ("acts", "kept_back", "tells_a_person")
    said = "quorum reached" if certified else "two quorums at once" if ending == "conflict" else "no quorum"
    return RoundView(
        round=held.round,
        why="" if held.round == 1 else "no quorum, so the evidence of all is shared",
        state="reached" if certified else "failed",
        text=f"{count} of {rule.n} for one plan, {rule.required} needed: {said}",
        plan=leading,
        reason=held.outcome,
        n=rule.n,
        required=rule.required,
        slots=tuple(sorted((vote.state for vote in votes), key=VOTE_STATES.index)),
        votes=tuple(_cast(vote, faults, absent) for vote in votes),
        refused=tuple(row for each in held.ballots for row in _refused(each)),
        quarantined=tuple(_quarantined(held.ballots)),
        meaning="" if ending == "conflict" else meaning(certified, rule, failing),
    )


def _vote(ballot: ReplayedBallot, leading: str) -> VoteRow:
    if ballot.state == "counted":
        state, said = ("for", "For the leading plan") if ballot.plan == leading else ("other", "For another plan")
    else:
        state, said = _STATES[ballot.state]
    return VoteRow.model_validate(
        {
            "voter": ballot.voter,
            "label": text.sentence(ballot.voter),
            "state": state,
            "state_text": said,
            "choice": ballot.plan or "",
            "confidence_text": "" if ballot.confidence is None else f"confidence {text.share(ballot.confidence)}",
            "reason": ballot.reason,
            "heard": ballot.heard,
        }
    )


def _cast(vote: VoteRow, faults: Mapping[Voter, VoterFault], absent: Collection[Voter]) -> CastRow:
    if vote.voter in absent:
        return CastRow(vote=vote, fault=LEFT_OUT, does=_LEFT_OUT_DOES)
    fault = next((fault for voter, fault in faults.items() if voter == vote.voter), None)
    if fault is None:
        return CastRow(vote=vote)
    return CastRow(vote=vote, fault=FAULT_WORDS[fault], does=DESCRIPTIONS[fault])


def _refused(ballot: ReplayedBallot) -> Sequence[RefusedRow]:
    return [
        RefusedRow(
            voter=ballot.voter, label=text.sentence(ballot.voter), reason=text.words(reason), ballots="", details=()
        )
        for reason in ballot.rejected
    ]


def _quarantined(ballots: Sequence[ReplayedBallot]) -> Sequence[str]:
    until = load_rules().until
    return [
        f"{text.sentence(ballot.voter)} is quarantined for the rest of this incident: {text.words(reason)}"
        for ballot in ballots
        for reason in ballot.rejected[:1]
        if reason in until
    ]
