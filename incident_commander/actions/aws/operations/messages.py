"""SQS and EventBridge: move dead letters back to where they came from, and stop a rule from starting work."""

from ....aws import Pascal
from ....domain.base import Value
from ....domain.plan import Action
from ..operation import Call, Impossible, Operation, Progress, from_mode, number
from ..resources import DeadLetterQueue, EventRule


class DeadLetters(Value):
    """A dead-letter queue, with the newest task that moved its messages.

    Attributes:
        waiting: About how many messages wait in it.
        started: When the newest task began, in milliseconds since the epoch; 0 where there was none.
    """

    waiting: int
    started: int
    status: str
    moved: int
    failure: str


class MovedAfter(Value):
    """Any task that began later than this one."""

    started: int
    per_second: int


class Redrive(Operation[DeadLetterQueue, DeadLetters, MovedAfter]):
    """Moves the messages back to the queues they came from. SQS runs one such task at a time for a queue."""

    repeatable = False
    wait_seconds = 1800.0
    state_type = DeadLetters
    goal_type = MovedAfter

    async def read(self, token: str, goal: MovedAfter | None) -> DeadLetters:
        arn = self.resource.arn
        account, name = arn.split(":")[4:6]
        owner = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        url = (await self.aws.read(_Url, "sqs", "GetQueueUrl", owner)).queue_url
        asked = {"QueueUrl": url, "AttributeNames": ["ApproximateNumberOfMessages"]}
        waiting = (await self.aws.read(_Attributes, "sqs", "GetQueueAttributes", asked)).attributes
        tasks = await self.aws.read(_Tasks, "sqs", "ListMessageMoveTasks", {"SourceArn": arn, "MaxResults": 1})
        newest = max(tasks.results, key=lambda each: each.started_timestamp, default=_Task())
        return DeadLetters(
            waiting=waiting.approximate_number_of_messages,
            started=newest.started_timestamp,
            status=newest.status,
            moved=newest.approximate_number_of_messages_moved,
            failure=newest.failure_reason,
        )

    def aim(self, start: DeadLetters, action: Action) -> MovedAfter:
        if start.status in ("RUNNING", "CANCELLING"):
            raise Impossible(f"the messages of {self.resource.id} are being moved already; wait until that is done")
        if start.waiting == 0:
            raise Impossible(f"no message waits in {self.resource.id}; there is nothing to move")
        return MovedAfter(started=start.started, per_second=round(number(action, "per_second")))

    def call(self, now: DeadLetters, goal: MovedAfter, token: str) -> Call:
        return Call(
            service="sqs",
            operation="StartMessageMoveTask",
            parameters={"SourceArn": self.resource.arn, "MaxNumberOfMessagesPerSecond": goal.per_second},
        )

    def judge(self, start: DeadLetters, goal: MovedAfter, now: DeadLetters) -> Progress:
        if now.started <= goal.started:
            return Progress(state="untouched", detail=f"no new task moves messages, and {now.waiting} wait")
        seen = f"the task is {now.status}, {now.moved} messages are moved and {now.waiting} wait"
        if now.status == "COMPLETED":
            return Progress(state="done", detail=seen)
        ended = now.status in ("FAILED", "CANCELLED")
        return Progress(state="failed" if ended else "working", detail=f"{seen} {now.failure}".strip())


class RuleState(Value):
    """Whether a rule starts work, as EventBridge says it."""

    state: str


class PauseRule(Operation[EventRule, RuleState, RuleState]):
    """Switches a rule off."""

    wait_seconds = 60.0
    state_type = RuleState
    goal_type = RuleState

    async def read(self, token: str, goal: RuleState | None) -> RuleState:
        rule = await self.aws.read(_Rule, "events", "DescribeRule", self._named())
        if rule.managed_by:
            raise Impossible(f"{self.resource.id} belongs to {rule.managed_by}; see to what made it")
        return RuleState(state=rule.state)

    def aim(self, start: RuleState, action: Action) -> RuleState:
        from_mode(action, "pause")
        if start.state != "ENABLED":
            raise Impossible(f"{self.resource.id} is {start.state}; only a rule that is ENABLED is paused")
        return RuleState(state="DISABLED")

    def way_back(self, start: RuleState) -> RuleState:
        return start

    def call(self, now: RuleState, goal: RuleState, token: str) -> Call:
        operation = "EnableRule" if goal.state == "ENABLED" else "DisableRule"
        return Call(service="events", operation=operation, parameters={**self._named()})

    def judge(self, start: RuleState, goal: RuleState, now: RuleState) -> Progress:
        seen = f"the rule is {now.state}"
        if now == goal:
            return Progress(state="done", detail=seen)
        return Progress(state="untouched" if now == start else "drifted", detail=seen)

    def _named(self) -> dict[str, str]:
        return {"Name": self.resource.name, "EventBusName": self.resource.bus}


class _Url(Pascal):
    queue_url: str


class _Waiting(Pascal):
    approximate_number_of_messages: int


class _Attributes(Pascal):
    attributes: _Waiting


class _Task(Pascal):
    started_timestamp: int = 0
    status: str = ""
    approximate_number_of_messages_moved: int = 0
    failure_reason: str = ""


class _Tasks(Pascal):
    results: tuple[_Task, ...] = ()


class _Rule(Pascal):
    state: str
    managed_by: str = ""
