"""What an operator says of memory on /ops goes to the response in their name; what cannot be is told in words."""

import pytest

from incident_commander.domain.memory import Cause
from incident_commander.ui.ops.memory_state import MemoryState
from tests.ui.test_operator import Pages, Session, pages, sign_in
from tests.ui.test_states import entered

__all__ = ["pages"]

SAID = {"incident": "inc-1", "fault": "memory_leak", "service": "orders", "reason": "the heap grew"}


async def call(state: MemoryState, name: str, **form: str) -> None:
    await MemoryState.event_handlers[name].fn(Session(state), {**SAID, **form})


async def test_it_is_corrected_and_forgotten_in_the_operators_name(pages: Pages) -> None:
    state = await entered(MemoryState, "/ops")
    sign_in(state, pages.token)
    await call(state, "correct")
    assert state.notice == "Corrected: Memory leak of orders."
    await call(state, "correct", fault="nothing", service="")
    assert state.notice == "Corrected: Nothing was wrong, or nothing was found."
    await call(state, "forget")
    cause = Cause.model_validate({"service": "orders", "fault": "memory_leak"})
    assert pages.operations.acts == [
        ("correct_memory", "inc-1", cause, "Ada Lovelace", "the heap grew"),
        ("correct_memory", "inc-1", None, "Ada Lovelace", "the heap grew"),
        ("forget", "inc-1", "Ada Lovelace", "the heap grew"),
    ]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"fault": "gremlins"}, "choose one of the list"),
        ({"service": " "}, "Name the service"),
        ({"reason": ""}, "A reason is needed"),
    ],
)
async def test_what_cannot_be_is_told(pages: Pages, form: dict[str, str], told: str) -> None:
    state = await entered(MemoryState, "/ops")
    sign_in(state, pages.token)
    await call(state, "correct", **form)
    assert told in state.problem
    assert pages.operations.acts == []
