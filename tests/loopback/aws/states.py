"""What moto does not have, as small states behind the front: each look brings what is under way a step further.

Each knows its own resources by name and refuses any other as AWS does, so that a wrong name does not go unnoticed.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .client import Client, listed, named
from .front import Front
from .protocol import Answer, Refusal

BEGAN = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _text(value: object) -> str:
    assert isinstance(value, str)
    return value


def _known(code: str, value: object, *names: str, status: int = 400) -> None:
    """Refuse what this state does not know by that name.

    Raises:
        Refusal: with that code.
    """
    if value not in names:
        raise Refusal(code, f"{value} is not known", status)


@dataclass(slots=True)
class Rollouts:
    """The ECS service prod/checkout, which is deployed step by step, with its service deployments and revisions.

    Attributes:
        looks: How often it is looked at until a rollout ends.
        fails: Whether rollouts fail.
    """

    front: Front
    looks: int = 2
    fails: bool = False
    definitions: list[str] = field(default_factory=lambda: [_definition(6), _definition(7)])
    serial: int = 2
    desired: int = 4
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve(
            "ecs",
            {
                "DescribeServices": self.describe,
                "UpdateService": self.update,
                "ListServiceDeployments": self.deployments,
                "DescribeServiceRevisions": self.revisions,
            },
        )

    def describe(self, parameters: dict[str, object]) -> Answer:
        _known("ClusterNotFoundException", parameters["cluster"], "prod")
        if parameters["services"] != ["checkout"]:
            return {"services": [], "failures": [{"reason": "MISSING"}]}
        self.left = max(0, self.left - 1)
        return {"services": [self._service()]}

    def update(self, parameters: dict[str, object]) -> Answer:
        _known("ClusterNotFoundException", parameters["cluster"], "prod")
        _known("ServiceNotFoundException", parameters["service"], "checkout")
        if "taskDefinition" in parameters:
            _known("ClientException", parameters["taskDefinition"], *self.definitions)
        if "desiredCount" in parameters:
            assert isinstance(parameters["desiredCount"], int)
            self.desired = parameters["desiredCount"]
        if "taskDefinition" in parameters or parameters.get("forceNewDeployment"):
            self.definitions.append(_text(parameters.get("taskDefinition", self.definitions[-1])))
            self.serial += 1
            self.left = self.looks
        return {"service": self._service()}

    def deployments(self, parameters: dict[str, object]) -> Answer:
        _known("ServiceNotFoundException", parameters["service"], "checkout")
        if parameters["status"] != ["SUCCESSFUL"]:
            return {"serviceDeployments": []}
        return {
            "serviceDeployments": [
                {"targetServiceRevisionArn": _revision(number), "createdAt": BEGAN + timedelta(hours=number)}
                for number in range(len(self.definitions))
            ]
        }

    def revisions(self, parameters: dict[str, object]) -> Answer:
        asked = parameters["serviceRevisionArns"]
        assert isinstance(asked, list)
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": self.definitions[int(arn.rpartition("/")[2])]}
                for arn in asked
            ]
        }

    def _service(self) -> dict[str, object]:
        state = "IN_PROGRESS" if self.left else "FAILED" if self.fails and self.serial > 2 else "COMPLETED"
        deployment = {
            "id": f"ecs-svc/{self.serial}",
            "status": "PRIMARY",
            "taskDefinition": self.definitions[-1],
            "rolloutState": state,
        }
        counts = {"desiredCount": self.desired, "runningCount": self.desired - (1 if self.left else 0)}
        return {"status": "ACTIVE", "taskDefinition": self.definitions[-1], "deployments": [deployment], **counts}


def _definition(revision: int) -> str:
    return f"arn:aws:ecs:eu-west-1:123456789012:task-definition/checkout:{revision}"


def _revision(number: int) -> str:
    return f"arn:aws:ecs:eu-west-1:123456789012:service-revision/prod/checkout/{number}"


@dataclass(slots=True)
class Refreshes:
    """Refreshes of the instances of the Auto Scaling group `workers`."""

    front: Front
    looks: int = 2
    ends: str = "Successful"
    started: list[str] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve(
            "autoscaling", {"StartInstanceRefresh": self.start, "DescribeInstanceRefreshes": self.describe}
        )

    def start(self, parameters: dict[str, object]) -> Answer:
        _known("ValidationError", parameters["AutoScalingGroupName"], "workers")
        if self.left:
            raise Refusal("InstanceRefreshInProgress", "An Instance Refresh is already in progress")
        self.started.append(f"refresh-{len(self.started) + 1}")
        self.left = self.looks
        return {"InstanceRefreshId": self.started[-1]}

    def describe(self, parameters: dict[str, object]) -> Answer:
        _known("ValidationError", parameters["AutoScalingGroupName"], "workers")
        self.left = max(0, self.left - 1)
        return {
            "InstanceRefreshes": [
                {
                    "InstanceRefreshId": name,
                    "Status": "InProgress" if self.left and name == self.started[-1] else self.ends,
                    "StartTime": BEGAN + timedelta(minutes=number),
                    "PercentageComplete": 50 if self.left else 100,
                }
                for number, name in enumerate(self.started)
            ]
        }


@dataclass(slots=True)
class TwoZones:
    """The RDS instance `orders` with a standby in another zone, its reboots, and the events that tell of them."""

    front: Front
    looks: int = 2
    zones: tuple[str, str] = ("eu-west-1a", "eu-west-1b")
    multi_az: bool = True
    restarts: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve(
            "rds",
            {
                "DescribeDBInstances": self.describe,
                "RebootDBInstance": self.reboot,
                "DescribeEvents": self.events,
            },
        )

    def describe(self, parameters: dict[str, object]) -> Answer:
        _known("DBInstanceNotFound", parameters["DBInstanceIdentifier"], "orders", status=404)
        self.left = max(0, self.left - 1)
        return {"DBInstances": [self._instance(_text(parameters["DBInstanceIdentifier"]))]}

    def reboot(self, parameters: dict[str, object]) -> Answer:
        _known("DBInstanceNotFound", parameters["DBInstanceIdentifier"], "orders", status=404)
        if self.left:
            raise Refusal("InvalidDBInstanceState", "Instance orders is not in available state.")
        if parameters.get("ForceFailover"):
            if not self.multi_az:
                raise Refusal("InvalidParameterCombination", "Cannot reboot with failover")
            self.zones = (self.zones[1], self.zones[0])
        self.restarts += 1
        self.left = self.looks
        return {"DBInstance": self._instance(_text(parameters["DBInstanceIdentifier"]))}

    def events(self, parameters: dict[str, object]) -> Answer:
        if (parameters["SourceIdentifier"], parameters["SourceType"]) != ("orders", "db-instance"):
            return {"Events": []}
        return {
            "Events": [
                {"Date": BEGAN + timedelta(minutes=number), "Message": "DB instance restarted"}
                for number in range(self.restarts)
            ]
        }

    def _instance(self, name: str) -> dict[str, object]:
        return {
            "DBInstanceIdentifier": name,
            "DBInstanceStatus": "rebooting" if self.left else "available",
            "MultiAZ": self.multi_az,
            "AvailabilityZone": self.zones[0],
            "SecondaryAvailabilityZone": self.zones[1],
            "AllocatedStorage": 100,
        }


@dataclass(slots=True)
class Shard:
    """The replication group `sessions` of ElastiCache with one shard of two nodes."""

    front: Front
    looks: int = 2
    primary: int = 1
    failovers: int = 0
    automatic_failover: str = "enabled"
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve("elasticache", {"DescribeReplicationGroups": self.describe, "TestFailover": self.fail_over})

    def describe(self, parameters: dict[str, object]) -> Answer:
        _known("ReplicationGroupNotFoundFault", parameters["ReplicationGroupId"], "sessions", status=404)
        self.left = max(0, self.left - 1)
        return {"ReplicationGroups": [self._group(_text(parameters["ReplicationGroupId"]))]}

    def fail_over(self, parameters: dict[str, object]) -> Answer:
        _known("ReplicationGroupNotFoundFault", parameters["ReplicationGroupId"], "sessions", status=404)
        _known("NodeGroupNotFoundFault", parameters["NodeGroupId"], "0001", status=404)
        if self.left:
            raise Refusal("InvalidReplicationGroupState", "the replication group is not available")
        self.primary = 3 - self.primary
        self.failovers += 1
        self.left = self.looks
        return {"ReplicationGroup": self._group(_text(parameters["ReplicationGroupId"]))}

    def _group(self, name: str) -> dict[str, object]:
        members = [
            {"CacheClusterId": f"{name}-00{node}", "CurrentRole": "primary" if node == self.primary else "replica"}
            for node in (1, 2)
        ]
        status = "modifying" if self.left else "available"
        shard = {"NodeGroupId": "0001", "Status": status, "NodeGroupMembers": members}
        return {
            "ReplicationGroupId": name,
            "Status": status,
            "AutomaticFailover": self.automatic_failover,
            "NodeGroups": [shard],
        }


@dataclass(slots=True)
class Moves:
    """Tasks of SQS that move dead letters, a message each look. The queues and their messages are moto's."""

    front: Front
    queues: Client
    looks: int = 2
    ends: str = "COMPLETED"
    started: int = 0
    left: int = 0
    moved: int = 0

    def __post_init__(self) -> None:
        self.front.serve("sqs", {"StartMessageMoveTask": self.start, "ListMessageMoveTasks": self.list})

    def start(self, parameters: dict[str, object]) -> Answer:
        if self.left:
            raise Refusal("AWS.SimpleQueueService.UnsupportedOperation", "There is already a task running")
        if not self._source(parameters["SourceArn"]):
            raise Refusal("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        self.started += 1
        self.left = self.looks
        self.moved = 0
        return {"TaskHandle": f"handle-{self.started}"}

    def list(self, parameters: dict[str, object]) -> Answer:
        self.left = max(0, self.left - 1)
        if not self.started:
            return {"Results": []}
        while self._move_one(parameters["SourceArn"]) and not self.left:
            """The last look brings it to its end."""
        task: dict[str, object] = {
            "Status": "RUNNING" if self.left else self.ends,
            "SourceArn": parameters["SourceArn"],
            "ApproximateNumberOfMessagesMoved": self.moved,
            "StartedTimestamp": 1_764_000_000_000 + self.started,
        }
        return {"Results": [task]}

    def _url(self, arn: object) -> str:
        return str(self.queues.get_queue_url(QueueName=_text(arn).rpartition(":")[2])["QueueUrl"])

    def _source(self, arn: object) -> str:
        """The queue whose dead letters these are; empty where there is none."""
        return next(iter(named(self.queues.list_dead_letter_source_queues(QueueUrl=self._url(arn)), "queueUrls")), "")

    def _move_one(self, arn: object) -> bool:
        """Move the next message to where it came from; whether there was one. A task that is to fail moves none."""
        if self.ends != "COMPLETED":
            return False
        received = self.queues.receive_message(QueueUrl=self._url(arn), MaxNumberOfMessages=1)
        for message in listed(received, "Messages"):
            self.queues.send_message(QueueUrl=self._source(arn), MessageBody=message["Body"])
            self.queues.delete_message(QueueUrl=self._url(arn), ReceiptHandle=message["ReceiptHandle"])
            self.moved += 1
            return True
        return False


@dataclass(slots=True)
class Automations:
    """Runs of SSM Automation documents, each by its client token and found by its tags."""

    front: Front
    looks: int = 2
    ends: str = "Success"
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve("ssm", {"StartAutomationExecution": self.start, "DescribeAutomationExecutions": self.describe})

    def start(self, parameters: dict[str, object]) -> Answer:
        _known("AutomationDefinitionNotFoundException", parameters["DocumentName"], "Shop-ClearLogs")
        token = _text(parameters["ClientToken"])
        if token not in self.tokens:
            tags = parameters["Tags"]
            assert isinstance(tags, list)
            self.tokens.append(token)
            self.tags.append(tags[0]["Key"])
            self.parameters.append(parameters["Parameters"])
            self.left = self.looks
        return {"AutomationExecutionId": _execution(self.tokens.index(token))}

    def describe(self, parameters: dict[str, object]) -> Answer:
        self.left = max(0, self.left - 1)
        filters = parameters["Filters"]
        assert isinstance(filters, list)
        assert filters[0]["Key"] == "TagKey"
        found = [number for number, tag in enumerate(self.tags) if tag in filters[0]["Values"]]
        return {
            "AutomationExecutionMetadataList": [
                {
                    "AutomationExecutionId": _execution(number),
                    "AutomationExecutionStatus": "InProgress" if self.left else self.ends,
                }
                for number in found
            ]
        }


def _execution(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@dataclass(slots=True)
class Deployments:
    """CodeDeploy of shop/prod with a deployment under way, which can be stopped and rolled back."""

    front: Front
    looks: int = 2
    status: str = "InProgress"
    back: str = ""
    stops: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        self.front.serve(
            "codedeploy", {"ListDeployments": self.list, "GetDeployment": self.get, "StopDeployment": self.stop}
        )

    def list(self, parameters: dict[str, object]) -> Answer:
        _known("ApplicationDoesNotExistException", parameters["applicationName"], "shop")
        _known("DeploymentGroupDoesNotExistException", parameters["deploymentGroupName"], "prod")
        asked = parameters["includeOnlyStatuses"]
        assert isinstance(asked, list)
        return {"deployments": ["d-NEW"] if self.status in asked else []}

    def get(self, parameters: dict[str, object]) -> Answer:
        name = _text(parameters["deploymentId"])
        _known("DeploymentDoesNotExistException", name, "d-NEW", self.back)
        if name == "d-BACK":
            self.left = max(0, self.left - 1)
            return {"deploymentInfo": {"deploymentId": name, "status": "InProgress" if self.left else "Succeeded"}}
        info: dict[str, object] = {"deploymentId": name, "status": self.status}
        if self.back:
            info["rollbackInfo"] = {"rollbackDeploymentId": self.back}
        return {"deploymentInfo": info}

    def stop(self, parameters: dict[str, object]) -> Answer:
        _known("DeploymentDoesNotExistException", parameters["deploymentId"], "d-NEW")
        if self.status != "InProgress":
            raise Refusal("DeploymentAlreadyCompletedException", "the deployment is over")
        assert parameters["autoRollbackEnabled"] is True
        self.stops += 1
        self.status, self.back, self.left = "Stopped", "d-BACK", self.looks
        return {"status": "Succeeded", "statusMessage": "it is being rolled back"}
