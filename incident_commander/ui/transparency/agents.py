"""Choosing for each agent whether it is honest or how it fails."""

from collections.abc import Mapping

from ...consensus.faults import DESCRIPTIONS, FAULT_KINDS
from ...consensus.rule import rule
from ...domain.ballot import VOTERS, QuorumRule, Voter
from ...domain.base import Value
from ...domain.fault import VoterFault
from ...response.view_text import sentence

HONEST = "honest"
CHOICES: tuple[str, ...] = (HONEST, *FAULT_KINDS)
"""What can be chosen for an agent."""


class AgentRow(Value):
    """One agent; `fault` is HONEST or how it fails, and `does` what that means."""

    voter: str
    label: str
    fault: str
    does: str


class NoSuchFault(ValueError):
    """What was chosen is no agent, or no way to fail; the message says what there is."""


def agent_rows(faults: Mapping[Voter, VoterFault]) -> list[AgentRow]:
    """The five agents."""
    return [
        AgentRow(
            voter=voter,
            label=sentence(voter),
            fault=faults.get(voter, HONEST),
            does=DESCRIPTIONS[faults[voter]] if voter in faults else "votes by its own evidence",
        )
        for voter in VOTERS
    ]


def voter_named(name: object) -> Voter:
    """The voter of that name.

    Raises:
        NoSuchFault: there is none.
    """
    found = next((voter for voter in VOTERS if voter == name), None)
    if found is None:
        raise NoSuchFault(f"There is no agent {str(name)[:40]!r}; there are {', '.join(VOTERS)}.")
    return found


def fault_named(name: object) -> VoterFault | None:
    """The fault of that name; None for HONEST.

    Raises:
        NoSuchFault: there is none.
    """
    if name == HONEST:
        return None
    found = next((kind for kind in FAULT_KINDS if kind == name), None)
    if found is None:
        raise NoSuchFault(f"No agent can {str(name)[:40]!r}; choose {HONEST}, {', '.join(FAULT_KINDS)}.")
    return found


def bearing(faulty: int, counted_by: QuorumRule | None = None) -> str:
    """What so many agents that fail mean for a decision."""
    line = counted_by or rule()
    if not faulty:
        return f"All {line.n} are honest. {line.required} must name the same plan."
    fail = f"{faulty} of {line.n} {'fails' if faulty == 1 else 'fail'}"
    if faulty <= line.f:
        return f"{fail}: as many as the rule bears (f = {line.f}). The {line.n - faulty} honest ones can still decide."
    return (
        f"{fail}: more than the rule bears (f = {line.f}). {line.required} votes are needed and {line.n - faulty} "
        "honest ones are left, so no plan is guaranteed a certificate, and none should be trusted that gets one."
    )
