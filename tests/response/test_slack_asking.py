"""Every question that waits for a person is asked in Slack once, and what is in it is text."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.domain.base import Digest, JsonObject
from incident_commander.notify import SlackOverHttps
from incident_commander.response.slack_asking import SlackAsking
from incident_commander.response.slack_message import press_of, question
from incident_commander.response.view_approval import PendingApproval
from incident_commander.store import Database

from ..api.acting import PLAN, asked
from ..loopback.slack import LoopbackSlack, fault_of, slack
from ..store.databases import opened

PAGE = "https://commander.example/ops"


@pytest.fixture
def theirs() -> Iterator[LoopbackSlack]:
    with slack() as running:
        yield running


class Questions:
    """What waits, as a test lets it."""

    def __init__(self, *waiting: PendingApproval) -> None:
        self.waiting = list(waiting)

    async def __call__(self) -> list[PendingApproval]:
        return self.waiting


def asking(database: Database, questions: Questions, theirs: LoopbackSlack) -> SlackAsking:
    ours = SlackOverHttps(theirs.webhook, None, "", "")
    return SlackAsking(database, questions, ours, PAGE, look_seconds=0.01, pause_seconds=0)


async def test_a_question_is_asked_once_also_by_a_process_that_comes_later(
    tmp_path: Path, theirs: LoopbackSlack
) -> None:
    another = asked().model_copy(update={"plan": Digest("b" * 64)})
    questions = Questions(asked())
    async with opened(tmp_path) as database:
        await asking(database, questions, theirs).look()
        await asking(database, questions, theirs).look()
        assert len(theirs.messages) == 1
        questions.waiting.append(another)
        await asking(database, questions, theirs).look()
    assert theirs.messages == [question(asked(), PAGE), question(another, PAGE)]


async def test_a_question_that_slack_refused_is_asked_again_and_the_trouble_is_told_meanwhile(
    tmp_path: Path, theirs: LoopbackSlack
) -> None:
    async with opened(tmp_path) as database:
        ours = asking(database, Questions(asked()), theirs)
        theirs.down = True
        await ours.look()
        assert "500" in ours.trouble
        theirs.down = False
        running = asyncio.create_task(ours.run())
        while not theirs.messages or ours.trouble:  # noqa: ASYNC110 - another task's doing, which no event announces
            await asyncio.sleep(0)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def test_a_message_says_all_that_a_person_decides_by() -> None:
    written = str(question(asked(), PAGE))
    for said in (
        "Scale out checkout (factor 2.0)", "checkout is saturated", "needs_approval", "4 of 5 voters", "payments",
        "latency p99 below 800 ms", "Scale out checkout (factor 0.5)", "it makes the database worse",
        "2026-02-03 12:00:00 UTC", f"{PAGE}?incident=inc-1",
    ):  # fmt: skip
        assert said in written.replace("&lt;", "<"), said
    assert "simulated" not in written
    assert "simulated" in str(question(asked(simulated=True), PAGE))


def test_what_cannot_be_undone_says_so_and_asks_once_more() -> None:
    written = str(question(asked(irreversible=True), PAGE))
    assert "Cannot be undone" in written
    assert written.count("This cannot be undone") == 2


@given(st.text(min_size=1, max_size=6000))
def test_hostile_text_stays_text_and_within_slacks_limits(text: str) -> None:
    message = question(asked(f"<!channel> <@U1> {text}").model_copy(update={"rationale": text, "text": text}), PAGE)
    assert fault_of(message) == ""
    assert "<!channel>" not in str(message)
    assert "<@U1>" not in str(message)


def test_a_pressed_button_names_its_question() -> None:
    (value,) = {str(button["value"]) for button in _buttons(question(asked(), PAGE))}
    press = press_of(
        {
            "type": "block_actions",
            "user": {"id": "U1", "username": "gr\u202eace" + "x" * 99},
            "actions": [{"action_id": "deny", "value": value}],
            "response_url": "https://hooks.slack.com/actions/1",
        }
    )
    assert (press.incident_id, press.plan, press.pressed, press.reason) == ("inc-1", PLAN, "deny", "")
    assert press.by == f"grace{'x' * 35} (Slack U1)"


def _buttons(message: JsonObject) -> list[JsonObject]:
    blocks = message["blocks"]
    assert isinstance(blocks, list)
    (actions,) = [block for block in blocks if isinstance(block, dict) and block["type"] == "actions"]
    elements = actions["elements"]
    assert isinstance(elements, list)
    return [element for element in elements if isinstance(element, dict)]
