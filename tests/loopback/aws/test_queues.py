"""Queues of SQS on moto: nothing is lost, nothing blocks, and what cannot be read goes where it belongs."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from pydantic import JsonValue

from incident_commander.aws import Aws
from incident_commander.domain.base import IncidentId, JsonObject
from incident_commander.ingest import Intake
from incident_commander.ingest.queued import BadQueue, Queue
from incident_commander.ingest.sqs import QueueState, SqsConsumer, SqsConsumers, look_at
from incident_commander.store import Database

from ...ingest.alarms import event, message
from ...ingest.worlds import Worlds
from ...running import REPOSITORY, ProcessGroup, wait_until
from ...store.databases import opened
from .cases import ACCOUNT, World
from .client import REGION
from .conftest import LIMITS
from .front import Trouble

pytestmark = pytest.mark.loopback

PATIENCE_SECONDS = 60.0


@dataclass
class Desk:
    """A queue, and the intake behind it."""

    world: World
    database: Database
    aws: Aws
    queue: Queue
    dead: str
    called: list[IncidentId] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.intake = Intake(self.database, Worlds(), self._opened)

    async def _opened(self, incident_id: IncidentId) -> None:
        self.called.append(incident_id)

    def send(self, body: JsonValue) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.world.client("sqs").send_message(QueueUrl=self.queue.url, MessageBody=text)

    def consumer(self, **more: float) -> SqsConsumer:
        return SqsConsumer(self.queue, self.intake, self.aws, pause_seconds=0.01, **more)  # type: ignore[arg-type]

    def left(self, url: str = "") -> int:
        """Messages in the queue, or in another, those that are in work among them."""
        asked = {"QueueUrl": url or self.queue.url, "AttributeNames": ["All"]}
        told = self.world.client("sqs").get_queue_attributes(**asked)["Attributes"]
        return sum(
            int(str(told[name])) for name in ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        )

    def asked(self, operation: str) -> int:
        return self.world.front.calls.count(f"sqs:{operation}")

    def has_deleted(self, messages: int) -> bool:
        return self.asked("DeleteMessage") >= messages

    async def alerts(self) -> set[str]:
        async with self.database.read() as unit:
            incidents = await unit.incidents.recent(100)
            return {stored.name for incident in incidents for stored in await unit.alerts.of_incident(incident.id)}


@pytest.fixture
async def desk(world: World, aws: Aws, tmp_path: Path) -> AsyncIterator[Desk]:
    sqs = world.client("sqs")
    dead = str(sqs.create_queue(QueueName=f"{world.name}-dead")["QueueUrl"])
    made = sqs.create_queue(QueueName=world.name, Attributes={"RedrivePolicy": redrive(world, 2)})
    async with opened(tmp_path) as database:
        yield Desk(world, database, aws, Queue.at(str(made["QueueUrl"])), dead)


def redrive(world: World, receives: int) -> str:
    """The policy that moves a message to the dead letters after so many receives."""
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{world.name}-dead"
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": receives})


@contextlib.asynccontextmanager
async def running(*consumers: SqsConsumer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(consumer.run()) for consumer in consumers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds, PATIENCE_SECONDS, "what the queue is to show")


def enveloped(document: JsonValue) -> JsonObject:
    return {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
        "Message": json.dumps(document),
        "Timestamp": "2026-03-01T11:59:30Z",
    }


async def test_events_envelopes_and_raw_alarms_are_taken_in_and_gone(desk: Desk) -> None:
    desk.send(event("by a rule"))
    desk.send(enveloped(message("by a topic")))
    desk.send(message("raw"))
    async with running(desk.consumer()):
        await until(lambda: desk.left() == 0)
    assert await desk.alerts() == {"by a rule", "by a topic", "raw"}
    assert len(desk.called) >= 1


async def test_what_a_topic_of_moto_delivers_is_taken_in(desk: Desk) -> None:
    sns = desk.world.client("sns")
    topic = sns.create_topic(Name=desk.world.name)["TopicArn"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{desk.world.name}"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message=json.dumps(message("published")))
    async with running(desk.consumer()):
        await until(lambda: desk.left() == 0)
    assert await desk.alerts() == {"published"}


async def test_a_deployment_is_a_change_and_an_event_that_nobody_needs_is_gone(desk: Desk) -> None:
    detail: JsonObject = {"application": "checkout", "deploymentGroup": "prod", "deploymentId": "d-1", "state": "START"}
    frame: JsonObject = {
        "id": "1",
        "source": "aws.codedeploy",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-03-01T12:00:00Z",
    }
    kind = "CodeDeploy Deployment State-change Notification"
    desk.send({**frame, "detail-type": kind, "resources": [], "detail": detail})
    desk.send({**frame, "id": "2", "detail-type": "EC2 Spot Instance Interruption Warning", "detail": {}})
    async with running(desk.consumer()):
        await until(lambda: desk.left() == 0)
    async with desk.database.read() as unit:
        assert await unit.changes.ever()
    assert desk.left(desk.dead) == 0


async def test_the_same_message_twice_is_one_alert(desk: Desk) -> None:
    for _ in range(3):
        desk.send(message("again"))
    async with running(desk.consumer()):
        await until(lambda: desk.left() == 0)
    assert len(desk.called) == 1


async def test_a_message_is_gone_only_once_it_is_durable(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    let = asyncio.Event()
    accept = desk.intake.accept

    async def slow(alerts: object) -> object:
        await let.wait()
        return await accept(alerts)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.intake, "accept", slow)
    desk.send(message("slow"))
    async with running(desk.consumer(extend_seconds=0.05)):
        await until(lambda: desk.asked("ChangeMessageVisibility") >= 3)
        assert desk.asked("DeleteMessage") == 0
        assert desk.left() == 1
        let.set()
        await until(lambda: desk.left() == 0)
    assert await desk.alerts() == {"slow"}


async def test_while_the_database_is_down_messages_are_tried_again_and_not_given_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 5
    accept = desk.intake.accept

    async def failing(alerts: object) -> object:
        nonlocal failures
        if failures:
            failures -= 1
            raise OSError("the database is down")
        return await accept(alerts)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.intake, "accept", failing)
    desk.send(message("patient"))
    consumer = desk.consumer()
    async with running(consumer):
        await until(lambda: desk.left() == 0)
    assert await desk.alerts() == {"patient"}
    assert desk.left(desk.dead) == 0
    assert consumer.state.state == "ok"


async def test_a_message_that_always_fails_here_is_given_back_and_the_others_are_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = desk.intake.accept

    async def failing(alerts: tuple[object, ...]) -> object:
        if "poison" in str(alerts):
            raise ZeroDivisionError
        return await accept(alerts)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.intake, "accept", failing)
    desk.send(message("poison"))
    desk.send(message("good"))
    async with running(desk.consumer(work_seconds=0.05)):
        await until(lambda: desk.asked("DeleteMessage") == 1 and desk.asked("ChangeMessageVisibility") == 1)
    assert await desk.alerts() == {"good"}
    assert desk.left() == 1


async def test_what_cannot_be_read_goes_to_the_dead_letters_and_blocks_nothing(desk: Desk) -> None:
    for body in ("{", '"text"', '{"Type": "Notification", "TopicArn": "x", "Message": "plain"}'):
        desk.send(body)
    desk.send(message("good"))

    def look_again() -> bool:
        # The messages come again after a while, which moto is spared by asking for all of them at once.
        return desk.asked("DeleteMessage") == 1 and desk.asked("ChangeMessageVisibility") == 3

    consumer = desk.consumer()
    async with running(consumer):
        await until(look_again)
    assert await desk.alerts() == {"good"}
    assert desk.left() == 3, "they are left for the queue to move"
    assert consumer.state.state in ("ok", "degraded")


async def test_without_a_dead_letter_queue_what_cannot_be_read_is_dropped_after_some_receives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incident_commander.ingest.sqs._AGAIN_SECONDS", 0)
    url = desk.world.client("sqs").create_queue(QueueName=f"{desk.world.name}-plain")["QueueUrl"]
    desk.queue = Queue.at(str(url))
    desk.send("poison")
    consumer = desk.consumer()
    async with running(consumer):
        await until(lambda: desk.left() == 0)
    assert desk.asked("ChangeMessageVisibility") == 4
    assert "is dropped" in consumer.state.detail


async def test_a_reader_that_ends_in_the_middle_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()
    accept = desk.intake.accept

    async def never(alerts: object) -> object:
        begun.set()
        return await asyncio.Event().wait()

    monkeypatch.setattr(desk.intake, "accept", never)
    # A slow machine hands it out again and again before the first reader ends; that is no dead letter.
    often = {"RedrivePolicy": redrive(desk.world, 1000)}
    desk.world.client("sqs").set_queue_attributes(QueueUrl=desk.queue.url, Attributes=often)
    desk.send(message("cut off"))
    async with running(desk.consumer(visibility_seconds=1)):
        await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
    monkeypatch.setattr(desk.intake, "accept", accept)
    assert desk.left() == 1
    async with running(desk.consumer()):
        await until(lambda: desk.has_deleted(1))
    assert await desk.alerts() == {"cut off"}
    assert desk.left() == 0


async def test_two_readers_share_a_queue(desk: Desk) -> None:
    for number in range(25):
        desk.send(message(f"a{number}"))
    async with running(desk.consumer(), desk.consumer()):
        await until(lambda: desk.left() == 0)
    assert len(await desk.alerts()) == 25


TROUBLES: list[Trouble] = ["throttle", "fail", "drop_before", "deny", "garbage", "expire"]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_queue_that_cannot_be_read_is_told_and_read_again_once_it_can(desk: Desk, trouble: Trouble) -> None:
    desk.world.front.trouble("sqs:ReceiveMessage", trouble, times=2 * LIMITS.reads)
    desk.send(message("late"))
    consumer = desk.consumer()
    seen: list[QueueState] = []

    def note() -> bool:
        seen.append(consumer.state)
        return desk.left() == 0

    async with running(consumer):
        await until(lambda: consumer.state.state == "down")
        await until(note)
    assert await desk.alerts() == {"late"}
    assert consumer.state.state == "ok"


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_message_that_cannot_be_deleted_comes_again_and_is_known(desk: Desk, trouble: Trouble) -> None:
    desk.world.front.trouble("sqs:DeleteMessage", trouble, times=LIMITS.reads)
    desk.send(message("twice"))
    async with running(desk.consumer(visibility_seconds=1)):
        await until(lambda: desk.left() == 0)
    assert len(desk.called) == 1


async def test_who_may_not_see_attributes_receives_all_the_same(desk: Desk) -> None:
    desk.world.front.trouble("sqs:GetQueueAttributes", "deny", times=100)
    desk.send(message("blind"))
    consumer = desk.consumer()
    async with running(consumer):
        await until(lambda: desk.asked("DeleteMessage") == 1)
    assert await desk.alerts() == {"blind"}


async def test_a_topic_that_is_not_named_may_not_send(desk: Desk) -> None:
    consumer = SqsConsumer(desk.queue, desk.intake, desk.aws, (f"arn:aws:sns:{REGION}:{ACCOUNT}:other",))
    desk.send(enveloped(message("unasked")))
    async with running(consumer):
        await until(lambda: desk.asked("ChangeMessageVisibility") == 1)
    assert await desk.alerts() == set()
    assert "IC_SNS_TOPICS" in consumer.state.detail


async def test_a_queue_tells_what_waits_and_whether_dead_letters_go_anywhere(desk: Desk) -> None:
    desk.send(message("waiting"))
    state, has_dead_letters = await look_at(desk.queue, desk.aws)
    assert (state.state, state.detail, has_dead_letters) == ("ok", "1 waiting", True)
    plain = desk.world.client("sqs").create_queue(QueueName=f"{desk.world.name}-plain")["QueueUrl"]
    state, has_dead_letters = await look_at(Queue.at(str(plain)), desk.aws)
    assert (state.state, has_dead_letters) == ("degraded", False)
    assert "redrive policy" in state.detail


async def test_every_queue_is_read_by_itself(desk: Desk) -> None:
    other = Queue.at(str(desk.world.client("sqs").create_queue(QueueName=f"{desk.world.name}-b")["QueueUrl"]))
    consumers = SqsConsumers([(desk.queue, desk.aws), (other, desk.aws)], desk.intake)
    task = asyncio.create_task(consumers.run())
    desk.send(message("one"))
    desk.world.client("sqs").send_message(QueueUrl=other.url, MessageBody=json.dumps(message("other")))
    await until(lambda: desk.left() == 0 and desk.left(other.url) == 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await desk.alerts() == {"one", "other"}
    assert {state.name for state in consumers.seen()} == {desk.queue.title, other.title}


async def test_a_reader_that_is_killed_over_and_over_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    kills = 3
    policy = {"RedrivePolicy": redrive(desk.world, kills + 5)}
    desk.world.client("sqs").set_queue_attributes(QueueUrl=desk.queue.url, Attributes=policy)
    names = {f"k{number}" for number in range(60)}
    for name in sorted(names):
        desk.send(message(name))
    command: list[str | Path] = [sys.executable, "-m", "tests.loopback.aws.queue_reader", str(tmp_path), desk.queue.url]
    for kill in range(kills):
        before = desk.asked("DeleteMessage")
        with ProcessGroup(command, log=tmp_path / f"log{kill}", cwd=REPOSITORY) as reader:
            await until(partial(desk.has_deleted, before + 3))
            reader.kill()
        assert desk.left() > 0, "it is killed in the middle"
    with ProcessGroup(command, log=tmp_path / "log", cwd=REPOSITORY):
        await until(lambda: desk.left() == 0)
    assert desk.left(desk.dead) == 0
    assert await desk.alerts() == names


@pytest.mark.parametrize(
    ("url", "region", "name"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/incidents", "eu-west-1", "incidents"),
        ("https://sqs-fips.us-east-1.amazonaws.com/111122223333/a.fifo", "us-east-1", "a.fifo"),
        ("https://us-east-1.queue.amazonaws.com/111122223333/old", "us-east-1", "old"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q", "cn-north-1", "q"),
        ("http://127.0.0.1:4566/111122223333/q", "", "q"),
    ],
)
def test_a_queues_address_says_its_region_and_account(url: str, region: str, name: str) -> None:
    queue = Queue.at(url)
    assert (queue.account, queue.region, queue.name) == ("111122223333", region, name)


@pytest.mark.parametrize("url", ["incidents", "arn:aws:sqs:eu-west-1:1:q", "https://x/y", "ftp://x/111122223333/q", ""])
def test_what_is_no_address_of_a_queue_is_said(url: str) -> None:
    with pytest.raises(BadQueue, match="IC_SQS_QUEUE_URLS"):
        Queue.at(url)
