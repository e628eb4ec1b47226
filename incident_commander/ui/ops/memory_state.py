"""What an operator says of remembered incidents."""

from typing import get_args

import reflex as rx

from ...access import reason_of
from ...domain.base import IncidentId, ServiceName
from ...domain.findings import FaultKind
from ...domain.memory import Cause
from ...response.view_memory import cause_text
from ..operations import Operations
from ..operator import OperatorState, act

NOTHING = "nothing"
"""Chosen in place of a kind of fault: nothing was wrong."""
FAULTS: dict[str, FaultKind] = {kind: kind for kind in get_args(FaultKind)}
LONGEST_NAME = 128


class MemoryState(OperatorState):
    """The controls of the memory panel."""

    @rx.event(background=True)
    async def correct(self, form: dict[str, str]) -> None:
        """Say what an incident's cause was."""

        async def work(operations: Operations, by: str) -> str:
            cause, reason = cause_of(form), reason_of(str(form.get("reason", "")))
            said = await operations.correct_memory(_incident(form), cause, by, reason)
            return f"Corrected: {cause_text(said.cause)}."

        await act(self, "memory", work)

    @rx.event(background=True)
    async def forget(self, form: dict[str, str]) -> None:
        """Call an incident to mind no more."""

        async def work(operations: Operations, by: str) -> str:
            incident = _incident(form)
            await operations.forget(incident, by, reason_of(str(form.get("reason", ""))))
            return f"{incident} is forgotten; the ledger keeps that, by whom and why."

        await act(self, "memory", work)


def cause_of(form: dict[str, str]) -> Cause | None:
    """What a person says it was; None: nothing was wrong.

    Raises:
        ValueError: no kind of fault is chosen, or no service is named.
    """
    fault, service = str(form.get("fault", "")), str(form.get("service", "")).strip()
    if fault == NOTHING:
        return None
    if fault not in FAULTS:
        raise ValueError(f"the kind of fault is {fault[:40]!r}; choose one of the list")
    if not service or len(service) > LONGEST_NAME or not service.isprintable():
        raise ValueError("name the service that was at fault, as alerts name it")
    return Cause(service=ServiceName(service), fault=FAULTS[fault])


def _incident(form: dict[str, str]) -> IncidentId:
    return IncidentId(str(form.get("incident", ""))[:LONGEST_NAME])
