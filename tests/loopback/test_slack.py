"""A whole installation asks in a loopback Slack, and goes on by the button that is pressed there."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..running import wait_until
from .installation import installation
from .slack import BOT_TOKEN, CHANNEL, SIGNING_SECRET, LoopbackSlack, slack

SECONDS = 120.0
SCENARIO = {"scenario": "storage_failure", "seed": 1, "approver": "person"}
"""Its certified plan grows a volume, which nothing takes back: a person must agree."""


@pytest.fixture(scope="module")
def theirs() -> Iterator[LoopbackSlack]:
    with slack() as running:
        yield running


@pytest.fixture(scope="module")
def door(theirs: LoopbackSlack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = {
        "IC_SLACK_BOT_TOKEN": BOT_TOKEN,
        "IC_SLACK_CHANNEL": CHANNEL,
        "IC_SLACK_API_URL": f"{theirs.url}/api",
        "IC_SLACK_SIGNING_SECRET": SIGNING_SECRET.get_secret_value(),
        "IC_PUBLIC_URL": "https://commander.example",
    }
    folder: Path = tmp_path_factory.mktemp("slack")
    with installation(folder / "installation", "http://127.0.0.1:9", **settings) as door:
        yield door


def ended(door: str, run: str) -> dict[str, str]:
    """The incident of a practice run, once it has ended."""

    def found() -> dict[str, str] | None:
        incidents: list[dict[str, str]] = httpx.get(f"{door}/api/incidents?practice_run={run}").json()["incidents"]
        over = [each for each in incidents if each["status"] in ("resolved", "escalated", "closed")]
        return over[0] if over and len(over) == len(incidents) else None

    return wait_until(found, SECONDS, f"the end of {run}")


@pytest.mark.parametrize(("pressed", "answer"), [("approve", "approved"), ("deny", "denied")])
def test_an_incident_goes_on_by_the_button_that_is_pressed_in_slack(
    door: str, theirs: LoopbackSlack, pressed: str, answer: str
) -> None:
    posted = len(theirs.messages)
    run = httpx.post(f"{door}/api/incidents/demo", json=SCENARIO).raise_for_status().json()["run_id"]
    wait_until(lambda: len(theirs.messages) > posted, SECONDS, "a question in Slack")
    message = theirs.messages[-1]
    assert "Practice, simulated: approval asked: Grow the storage of core-db" in str(message["text"])
    assert "https://commander.example/ops?incident=inc-" in str(message)

    request = theirs.press(message, pressed, "as agreed this morning")
    heard = httpx.post(f"{door}/api/slack/actions", content=request.content, headers=request.headers)
    assert heard.json()["answered"] is True, heard.text
    incident = ended(door, run)
    events = httpx.get(f"{door}/api/incidents/{incident['id']}/timeline").json()["events"]
    (given,) = [event["payload"] for event in events if event["kind"] == "approval.answered"]
    assert (given["answer"], given["by"]) == (answer, "grace (Slack U012ABCDE)")
    assert given["reason"] == "as agreed this morning"
    assert any(event["kind"] == "action.received" for event in events) is (answer == "approved")
    wait_until(lambda: "by grace" in str(theirs.replies[-1:]), SECONDS, "the outcome in Slack")
    assert len(theirs.messages) == posted + 1

    late = theirs.press(
        message, "deny" if pressed == "approve" else "approve", "changed my mind", user="U9", name="eve"
    )
    heard = httpx.post(f"{door}/api/slack/actions", content=late.content, headers=late.headers)
    assert heard.json()["answered"] is False
    assert f"{answer} by grace" in heard.json()["outcome"]
