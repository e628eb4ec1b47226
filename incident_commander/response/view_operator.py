"""What /ops shows of the decisions that people hold: questions that wait, the kill switch, trust, faults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..domain.ballot import Quarantined, Voter
from ..domain.base import Value
from ..domain.fault import VoterFault
from ..domain.operator import KillSwitch, TrustChange, TrustRow
from ..domain.plan import TRUST_LEVELS
from . import view_text as text
from .remembering import Learned
from .view_approval import ArgumentField, PendingApproval

SHOWN_CHANGES = 6
"""The newest of a class; `GET /api/trust` has them all."""
CAUSES = {
    "agreed": "agreement counted",
    "promoted": "promoted",
    "disagreed": "disagreement, count void",
    "demoted": "demoted",
    "set": "set by hand",
}


class ArgumentRow(Value):
    """One argument that a person may change; `bounds` says within what."""

    name: str
    label: str
    type: Literal["number", "choice", "text"]
    value: str
    bounds: str
    choices: tuple[str, ...] = ()


class ApprovalRow(Value):
    """One question that waits for a person, with all they decide by. Times are UTC, wall clock."""

    incident_id: str
    title: str
    severity: str
    simulated: bool
    plan: str
    action: str
    text: str
    rationale: str
    undo: str
    irreversible: bool
    arguments: tuple[ArgumentRow, ...]
    checks: tuple[str, ...]
    blast_radius: str
    reason: str
    votes: str
    approvers: str
    denied_before: tuple[str, ...]
    requested: str
    expires: str


class KillSwitchView(Value):
    """How the kill switch stands, in words; `at` empty where nobody ever threw it."""

    on: bool = False
    by: str = ""
    reason: str = ""
    at: str = ""


class TrustCell(Value):
    """How far one class is trusted in one world."""

    level: str
    highest: str
    agreements: str
    reason: str


class TrustChangeRow(Value):
    """One change, in words."""

    at: str
    text: str
    reason: str


class TrustClassRow(Value):
    """One class of actions: how far it is trusted with real incidents and in practice, and what changed lately."""

    action: str
    label: str
    live: TrustCell
    practice: TrustCell
    history: tuple[TrustChangeRow, ...]


class FaultRow(Value):
    """A live voter that was made to fail."""

    voter: str
    label: str
    fault: str


class QuarantineRow(Value):
    """A voter whose ballots do not count in real incidents until a person releases it."""

    voter: str
    label: str
    reason: str
    incident: str


@dataclass(frozen=True, slots=True)
class Held:
    """What people hold in their hands, as it stands."""

    approvals: Sequence[PendingApproval] = ()
    kill_switch: KillSwitch | None = None
    trust: Sequence[TrustRow] = ()
    faults: Mapping[Voter, VoterFault] | None = None
    quarantined: Sequence[Quarantined] = ()
    learned: Sequence[Learned] = ()


NOTHING_HELD = Held()


def approval_row(asked: PendingApproval) -> ApprovalRow:
    """A question, ready to show."""
    return ApprovalRow(
        incident_id=asked.incident_id,
        title=asked.title,
        severity=asked.severity,
        simulated=asked.simulated,
        plan=asked.plan,
        action=text.words(asked.action),
        text=asked.text,
        rationale=asked.rationale,
        undo=asked.undo,
        irreversible=asked.irreversible,
        arguments=tuple(_argument(field) for field in asked.arguments),
        checks=asked.checks,
        blast_radius=asked.blast_radius or "not known",
        reason=asked.reason,
        votes=asked.votes,
        approvers=", ".join(asked.approvers),
        denied_before=asked.denied_before,
        requested=text.date_time(asked.requested_at),
        expires=text.date_time(asked.expires_at),
    )


def kill_switch_view(switch: KillSwitch | None) -> KillSwitchView:
    """The kill switch, ready to show."""
    if switch is None:
        return KillSwitchView()
    at = text.date_time(switch.at) if switch.at else ""
    return KillSwitchView(on=switch.on, by=switch.by, reason=switch.reason, at=at)


def trust_rows(rows: Sequence[TrustRow]) -> tuple[TrustClassRow, ...]:
    """The classes in the catalogue's order, each with both its worlds."""
    live = {row.action: row for row in rows if row.world == "live"}
    practice = {row.action: row for row in rows if row.world == "practice"}
    return tuple(
        TrustClassRow(
            action=action,
            label=text.sentence(action),
            live=_cell(row),
            practice=_cell(practice[action]),
            history=_history((*row.history, *practice[action].history)),
        )
        for action, row in live.items()
        if action in practice
    )


def fault_rows(faults: Mapping[Voter, VoterFault] | None) -> tuple[FaultRow, ...]:
    """The live voters that were made to fail."""
    return tuple(
        FaultRow(voter=voter, label=text.sentence(voter), fault=fault) for voter, fault in (faults or {}).items()
    )


def quarantine_rows(quarantined: Sequence[Quarantined]) -> tuple[QuarantineRow, ...]:
    """Each voter that a person must release, by what it did first."""
    first: dict[Voter, Quarantined] = {}
    for each in quarantined:
        if each.until == "release":
            first.setdefault(each.voter, each)
    return tuple(
        QuarantineRow(
            voter=voter,
            label=text.sentence(voter),
            reason=f"{text.sentence(each.reason)}: {each.detail}",
            incident=each.incident_id,
        )
        for voter, each in first.items()
    )


def _argument(field: ArgumentField) -> ArgumentRow:
    bounds = field.describe
    if field.minimum is not None and field.maximum is not None:
        bounds = f"{text.number(field.minimum)} to {text.number(field.maximum)}: {field.describe}"
    return ArgumentRow(
        name=field.name,
        label=text.sentence(field.name),
        type=field.type,
        value=str(field.value),
        bounds=bounds,
        choices=field.choices,
    )


def _cell(row: TrustRow) -> TrustCell:
    at_top = TRUST_LEVELS.index(row.level) >= TRUST_LEVELS.index(row.highest)
    return TrustCell(
        level=row.level,
        highest=row.highest,
        agreements="as far as it can be" if at_top else f"{row.agreements} of {row.needed} agreements",
        reason=row.reason,
    )


def _history(changes: Sequence[TrustChange]) -> tuple[TrustChangeRow, ...]:
    newest = sorted(changes, key=lambda change: change.at, reverse=True)[:SHOWN_CHANGES]
    return tuple(
        TrustChangeRow(
            at=text.date_time(change.at),
            text=f"{text.sentence(change.world)}: {_step(change)}, {CAUSES[change.cause]} by {change.by}",
            reason=change.reason,
        )
        for change in newest
    )


def _step(change: TrustChange) -> str:
    return change.after if change.before == change.after else f"{change.before} to {change.after}"
