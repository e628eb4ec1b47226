"""`--fault VOTER=FAULT`: the voters that are made to fail, as every command takes them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ..consensus.faults import FAULT_KINDS
from ..domain.ballot import VOTERS, Voter
from ..domain.fault import VoterFault

Faults = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="VOTER=FAULT",
        help=f"A voter that fails, e.g. detection=lie; may be repeated. Faults are {', '.join(FAULT_KINDS)}.",
    ),
]


def chosen_faults(given: Sequence[str] | None) -> dict[Voter, VoterFault]:
    """The faults that were given, by voter.

    Raises:
        typer.BadParameter: one names no voter or no fault, or a voter is given two.
    """
    faults: dict[Voter, VoterFault] = {}
    for each in given or ():
        name, _, kind = each.partition("=")
        voter = next((voter for voter in VOTERS if voter == name), None)
        fault = next((fault for fault in FAULT_KINDS if fault == kind), None)
        if voter is None or fault is None:
            raise typer.BadParameter(
                f"{each!r} is not VOTER=FAULT; voters are {', '.join(VOTERS)}, faults {', '.join(FAULT_KINDS)}"
            )
        if voter in faults:
            raise typer.BadParameter(f"{voter} is given two faults, {faults[voter]} and {fault}; choose one")
        faults[voter] = fault
    return faults
