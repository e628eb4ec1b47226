"""An account in a region: by which role, how many calls at once, and what becomes of a service that is down."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from incident_commander.aws import Account, Aws, Denied, NoAnswer, NoCredentials, Unreachable
from incident_commander.domain.breaker import Breaker
from incident_commander.telemetry.aws.place import LIMITS as TELEMETRY
from incident_commander.telemetry.aws.place import Place

from .cases import ACCOUNT
from .client import REGION
from .cloud import caller
from .conftest import LIMITS
from .front import Front
from .protocol import Answer

pytestmark = pytest.mark.loopback

OTHER = "999900001111"
ROLE = f"arn:aws:iam::{OTHER}:role/incident-commander-reader"
CALLS = 50


class Anything(BaseModel):
    """An answer in which nothing is needed."""


def place_of(account: Account | None, aws: Aws) -> Place:
    return Place(account, REGION, aws, 30.0, lambda: Breaker(rest_seconds=3600))


@pytest.fixture
def assuming(front: Front) -> Iterator[Aws]:
    """The way to another account, by a role in it."""
    account = Account(id=OTHER, region=REGION, role=ROLE, external_id="shop")
    aws = Aws(REGION, LIMITS, account)
    yield aws
    aws.close()


async def test_another_account_is_read_by_its_role_which_is_assumed_once(front: Front, assuming: Aws) -> None:
    place = place_of(Account(id=OTHER, region=REGION, role=ROLE), assuming)
    assert await place.account() == OTHER
    for _ in range(3):
        await place.read(Anything, "sqs", "ListQueues", {})
    assert front.calls.count("sts:AssumeRole") == 1
    assert await place.source("sqs") == f"loopback sqs ({OTHER}, {REGION})"


async def test_a_role_that_may_not_be_assumed_names_the_permission(front: Front, assuming: Aws) -> None:
    front.trouble("sts:AssumeRole", "deny", times=100)
    place = place_of(Account(id=OTHER, region=REGION, role=ROLE), assuming)
    with pytest.raises(Denied) as caught:
        await place.account()
    gap = place.gap("metrics", caught.value)
    assert "allow sts:AssumeRole to what asks (999900001111, eu-west-1)" in gap.remedy


async def test_a_role_without_credentials_to_assume_it_is_said(
    front: Front, assuming: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentials, match="give credentials and a region"):
        await place_of(Account(id=OTHER, region=REGION, role=ROLE), assuming).account()
    assert front.calls == []


async def test_without_a_file_the_account_is_that_of_the_credentials(front: Front, aws: Aws) -> None:
    front.serve("sts", {"GetCallerIdentity": lambda asked: caller(ACCOUNT)})
    place = place_of(None, aws)
    assert place.name == REGION
    assert await place.account() == ACCOUNT
    assert place.name == f"{ACCOUNT}, {REGION}"
    await place.account()
    assert front.calls.count("sts:GetCallerIdentity") == 1


async def test_fifty_calls_are_under_way_at_once(front: Front) -> None:
    """Each is answered only when all of them have come."""
    together = threading.Barrier(CALLS)

    def answer(asked: dict[str, object]) -> Answer:
        together.wait(timeout=60)
        return {"QueueUrls": []}

    front.serve("sqs", {"ListQueues": answer})
    aws = Aws(REGION, TELEMETRY)
    place = place_of(None, aws)
    await asyncio.gather(*(place.read(Anything, "sqs", "ListQueues", {}) for _ in range(CALLS)))
    assert front.calls.count("sqs:ListQueues") == CALLS
    aws.close()


async def test_a_service_that_is_silent_is_left_alone_and_the_others_are_asked(front: Front, hasty: Aws) -> None:
    place = place_of(None, hasty)
    front.trouble("sqs:ListQueues", "stall_before", times=100)
    with pytest.raises(NoAnswer):
        await place.read(Anything, "sqs", "ListQueues", {})
    asked = front.calls.count("sqs:ListQueues")
    for _ in range(5):
        with pytest.raises(Unreachable, match="was not called: sqs could not be reached lately"):
            await place.read(Anything, "sqs", "ListQueues", {})
    assert front.calls.count("sqs:ListQueues") == asked
    await place.read(Anything, "sns", "ListTopics", {})


async def test_a_call_ends_when_its_time_is_over_however_often_it_is_repeated(front: Front, aws: Aws) -> None:
    place = Place(None, REGION, aws, 0.2, lambda: Breaker(rest_seconds=3600))
    front.trouble("sqs:ListQueues", "stall_before", times=100)
    with pytest.raises(NoAnswer, match=r"gave no answer within 0.2 s"):
        await place.read(Anything, "sqs", "ListQueues", {})


async def test_a_denial_does_not_take_a_service_for_down(front: Front, aws: Aws) -> None:
    place = place_of(None, aws)
    front.trouble("sqs:ListQueues", "deny")
    with pytest.raises(Denied):
        await place.read(Anything, "sqs", "ListQueues", {})
    await place.read(Anything, "sqs", "ListQueues", {})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "reader"}, "is not the ARN of a role"),
        ({"role": "arn:aws:iam::123456789012:role/x"}, "the role is in account 123456789012"),
        ({"external_id": "x"}, "belongs to a role"),
    ],
)
def test_a_role_that_cannot_be_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Account.model_validate({"id": OTHER, "region": REGION, **given})
