"""What an operator does on /ops. Each handler is one call of `act`, which asks for the operator's session."""

from collections.abc import Mapping
from typing import Literal, TypeVar, get_args

import reflex as rx

from ...access import reason_of
from ...domain.ballot import VOTERS, Voter
from ...domain.base import Digest, IncidentId
from ...domain.operator import WORLDS, World
from ...domain.plan import TRUST_LEVELS, ActionName, Argument, TrustLevel
from ...response.view_approval import PendingApproval
from ..operations import Operations
from ..operator import OperatorState, act

ARGUMENT = "argument:"
"""Begins the name of a field that changes an argument of the action asked about."""
LEVELS: dict[str, TrustLevel] = {level: level for level in TRUST_LEVELS}
CLASSES: dict[str, ActionName] = {name: name for name in get_args(ActionName)}
BY_VOTER: dict[str, Voter] = {voter: voter for voter in VOTERS}
BY_NAME: dict[str, World] = {world: world for world in WORLDS}

Form = dict[str, str]
T = TypeVar("T")


class ControlState(OperatorState):
    """The controls of /ops."""

    @rx.event(background=True)
    async def approve(self, form: Form) -> None:
        """Agree to a plan as it was asked about, or with other arguments."""

        async def work(operations: Operations, by: str) -> str:
            incident, plan = IncidentId(_field(form, "incident")), Digest(_field(form, "plan"))
            reason = reason_of(_field(form, "reason"), required=False)
            asked = {(each.incident_id, each.plan): each for each in await operations.approvals()}.get((incident, plan))
            arguments = changed(asked, form) if asked else {}
            scope: Literal["plan", "class"] = "class" if _field(form, "class") else "plan"
            await operations.answer_approval(incident, plan, "approved", by, reason, scope, arguments or None)
            return f"Approved by {by}." + (" The changed plan goes to a new round of votes." if arguments else "")

        await act(self, "approvals", work)

    @rx.event(background=True)
    async def deny(self, form: Form) -> None:
        """Refuse a plan, and say why."""

        async def work(operations: Operations, by: str) -> str:
            reason = reason_of(_field(form, "reason"))
            incident, plan = IncidentId(_field(form, "incident")), Digest(_field(form, "plan"))
            await operations.answer_approval(incident, plan, "denied", by, reason)
            return f"Denied by {by}. The incident is escalated."

        await act(self, "approvals", work)

    @rx.event(background=True)
    async def throw_kill_switch(self, form: Form) -> None:
        """Stop every action, or let them run again, at once."""

        async def work(operations: Operations, by: str) -> str:
            on = _choice({"on": True, "off": False}, form, "turn")
            switch = await operations.throw_kill_switch(on, by, reason_of(_field(form, "reason")))
            return "The kill switch is on." if switch.on else "The kill switch is off."

        await act(self, "kill-switch", work)

    @rx.event(background=True)
    async def set_trust(self, form: Form) -> None:
        """Set by hand how far a class of actions is trusted."""

        async def work(operations: Operations, by: str) -> str:
            action, level = _choice(CLASSES, form, "action"), _choice(LEVELS, form, "level")
            world = _choice(BY_NAME, form, "world")
            change = await operations.set_trust(action, level, by, reason_of(_field(form, "reason")), world)
            return f"{change.action}, {change.world}: {change.before} before, {change.after} now."

        await act(self, "trust", work)

    @rx.event(background=True)
    async def release_agent(self, form: Form) -> None:
        """Let a quarantined voter count again."""

        async def work(operations: Operations, by: str) -> str:
            voter = _choice(BY_VOTER, form, "voter")
            await operations.release_agent(voter, by, reason_of(_field(form, "reason")))
            return f"The {voter} agent's ballots count again."

        await act(self, "quarantined", work)

    @rx.event(background=True)
    async def end_fault(self, form: Form) -> None:
        """Let a live voter vote honestly again."""

        async def work(operations: Operations, by: str) -> str:
            voter = _choice(BY_VOTER, form, "voter")
            await operations.inject_fault(voter, None, by, reason_of(_field(form, "reason")))
            return f"The {voter} agent votes honestly again."

        await act(self, "faults", work)

    @rx.event(background=True)
    async def report_advice(self, form: Form) -> None:
        """Say whether a plan that was only observed or advised was right."""

        async def work(operations: Operations, by: str) -> str:
            incident, right = IncidentId(_field(form, "incident")), _choice({"yes": True, "no": False}, form, "right")
            change = await operations.report_advice(incident, right, by, reason_of(_field(form, "reason")))
            return "It was said before, or counts for nothing here." if change is None else f"Counted: {change.cause}."

        await act(self, "advice", work)

    @rx.event(background=True)
    async def reset_practice(self) -> None:
        """End all practice runs."""

        async def work(operations: Operations, by: str) -> str:
            await operations.reset_practice()
            return "Practice runs ended. The ledger keeps what happened."

        await act(self, "practice", work)


def changed(asked: PendingApproval, form: Form) -> dict[str, Argument]:
    """The arguments that the form gives other values than were asked about.

    Raises:
        ValueError: what should be a number is none; the message says which.
    """
    found: dict[str, Argument] = {}
    for field in asked.arguments:
        written = str(form.get(ARGUMENT + field.name, field.value)).strip()
        if written == str(field.value):
            continue
        value = _number(field.name, written) if field.type == "number" else written
        if value != field.value:
            found[field.name] = value
    return found


def _number(name: str, written: str) -> float:
    try:
        return float(written)
    except ValueError as error:
        raise ValueError(f"{name} is {written[:40]!r}, which is not a number; write digits, such as 1.5") from error


def _choice(options: Mapping[str, T], form: Form, name: str) -> T:
    """What a field chooses.

    Raises:
        ValueError: nothing that can be chosen.
    """
    written = _field(form, name)
    if written not in options:
        raise ValueError(f"{name} is {written[:40]!r}; choose one of {', '.join(options)}")
    return options[written]


def _field(form: Form, name: str) -> str:
    """A field as the browser sent it; empty where it sent none."""
    return str(form.get(name, ""))[:2000]
