"""One case for each operation: what to make beforehand, what to do, and how to see from outside what became of it."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from incident_commander.actions.aws import Resources
from incident_commander.actions.aws.resources import Automation
from incident_commander.actions.catalogue import Means, ResourceType, load_catalogue
from incident_commander.domain.base import JsonObject, ServiceName
from incident_commander.domain.plan import ActionName, Argument

from .client import REGION, Client, client_of
from .front import Front
from .states import Automations, Deployments, Moves, Refreshes, Rollouts, Shard, TwoZones

ACCOUNT = "123456789012"
SERVICE = ServiceName("checkout")
CATALOGUE = load_catalogue()


@dataclass(frozen=True, slots=True)
class World:
    """Where a case happens.

    Attributes:
        name: Different for each test, so that none sees another's resources.
    """

    front: Front
    name: str

    def client(self, service: str) -> Client:
        """The official client, straight to moto."""
        return client_of(service, self.front.moto)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A world in which an action can be done.

    Attributes:
        writes: The call that changes something, as `service:Operation`; `undoes` the one that takes it back.
        look: What is seen from outside, without the code under test.
        after: What is to be seen once it is done.
    """

    resource: JsonObject
    writes: str
    look: Callable[[], object]
    after: object
    undoes: str = ""

    @property
    def resources(self) -> Resources:
        """The resources' file."""
        account: JsonObject = {"id": ACCOUNT, "region": REGION}
        document: JsonObject = {
            "accounts": {"shop": account},
            "resources": [{"service": SERVICE, **self.resource}],
        }
        return Resources.model_validate(document)


@dataclass(frozen=True, slots=True)
class Case:
    """An action on a type of resource.

    Attributes:
        server: Who answers the call that changes something: moto, or a state of ours behind the front.
        repeatable: Whether a call without an answer may be made again.
    """

    name: str
    type: ResourceType
    action: ActionName
    server: Literal["moto", "own"]
    prepare: Callable[[World], Prepared]
    arguments: dict[str, Argument]
    repeatable: bool = True

    @property
    def means(self) -> Means:
        """What the catalogue says of it."""
        return CATALOGUE[self.action].on[self.type]

    @property
    def reversible(self) -> bool:
        """Whether it is taken back, as the catalogue says."""
        return self.means.reversible


def ecs(world: World) -> tuple[Client, Callable[[], dict[str, object]]]:
    """A service of four tasks on moto."""
    client = world.client("ecs")
    client.create_cluster(clusterName=world.name)
    client.register_task_definition(
        family=world.name, containerDefinitions=[{"name": "app", "image": "app:1", "memory": 64}]
    )
    client.create_service(cluster=world.name, serviceName="checkout", taskDefinition=f"{world.name}:1", desiredCount=4)

    def look() -> dict[str, object]:
        found = client.describe_services(cluster=world.name, services=["checkout"])["services"]
        assert isinstance(found, list)
        service: dict[str, object] = found[0]
        return service

    return client, look


def ecs_tasks(world: World) -> Prepared:
    _, look = ecs(world)
    resource: JsonObject = {"type": "ecs_service", "cluster": world.name, "name": "checkout", "max_count": 16}
    return Prepared(resource, "ecs:UpdateService", lambda: look()["desiredCount"], 8)


def ecs_restart(world: World) -> Prepared:
    _, look = ecs(world)
    resource: JsonObject = {"type": "ecs_service", "cluster": world.name, "name": "checkout", "max_count": 16}

    def newest() -> object:
        deployments = look()["deployments"]
        assert isinstance(deployments, list)
        return deployments[0]["id"]

    before = newest()
    return Prepared(resource, "ecs:UpdateService", lambda: newest() != before, True)


def ecs_rollout(world: World) -> Prepared:
    state = Rollouts(world.front)
    resource: JsonObject = {"type": "ecs_service", "cluster": "prod", "name": "checkout", "max_count": 16}
    return Prepared(resource, "ecs:UpdateService", lambda: state.definitions[-1][-1], "6")


def ecs_forced(world: World) -> Prepared:
    state = Rollouts(world.front)
    resource: JsonObject = {"type": "ecs_service", "cluster": "prod", "name": "checkout", "max_count": 16}
    return Prepared(resource, "ecs:UpdateService", lambda: state.serial, 3)


def group(world: World) -> Prepared:
    client = world.client("autoscaling")
    client.create_launch_configuration(
        LaunchConfigurationName=world.name, ImageId="ami-12345678", InstanceType="t3.micro"
    )
    client.create_auto_scaling_group(
        AutoScalingGroupName=world.name,
        LaunchConfigurationName=world.name,
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        AvailabilityZones=[f"{REGION}a"],
    )

    def look() -> object:
        found = client.describe_auto_scaling_groups(AutoScalingGroupNames=[world.name])["AutoScalingGroups"]
        assert isinstance(found, list)
        return found[0]["DesiredCapacity"], found[0]["MaxSize"], len(found[0]["Instances"])

    resource: JsonObject = {"type": "auto_scaling_group", "name": world.name, "max_count": 8}
    return Prepared(resource, "autoscaling:UpdateAutoScalingGroup", look, (4, 4, 4))


def refreshed_group(world: World) -> Prepared:
    state = Refreshes(world.front)
    resource: JsonObject = {"type": "auto_scaling_group", "name": "workers", "max_count": 8}
    return Prepared(resource, "autoscaling:StartInstanceRefresh", lambda: list(state.started), ["refresh-1"])


def scalable_target(world: World) -> Prepared:
    client = world.client("application-autoscaling")
    ecs(world)
    named = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{world.name}/checkout",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    client.register_scalable_target(**named, MinCapacity=2, MaxCapacity=6)

    def look() -> object:
        found = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[named["ResourceId"]])
        targets = found["ScalableTargets"]
        assert isinstance(targets, list)
        return targets[0]["MinCapacity"], targets[0]["MaxCapacity"]

    resource: JsonObject = {
        "type": "scalable_target",
        "namespace": "ecs",
        "resource_id": named["ResourceId"],
        "dimension": named["ScalableDimension"],
        "max_count": 20,
    }
    return Prepared(resource, "application-autoscaling:RegisterScalableTarget", look, (4, 12))


def function(world: World) -> Client:
    """A Lambda function with two published versions on moto."""
    iam = world.client("iam")
    role = iam.create_role(RoleName=world.name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client = world.client("lambda")

    def code(version: int) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", f"def handler(event, context): return {version}")
        return packed.getvalue()

    client.create_function(
        FunctionName=world.name, Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": code(1)}
    )
    client.publish_version(FunctionName=world.name)
    client.update_function_code(FunctionName=world.name, ZipFile=code(2))
    client.publish_version(FunctionName=world.name)
    return client


def alias(world: World) -> Prepared:
    client = function(world)
    client.create_alias(FunctionName=world.name, Name="live", FunctionVersion="2")
    resource: JsonObject = {"type": "lambda_alias", "function": world.name, "name": "live"}
    return Prepared(
        resource,
        "lambda:UpdateAlias",
        lambda: client.get_alias(FunctionName=world.name, Name="live")["FunctionVersion"],
        "1",
    )


def concurrency(world: World, reserved: int | None, after: int) -> Prepared:
    client = function(world)
    if reserved is not None:
        client.put_function_concurrency(FunctionName=world.name, ReservedConcurrentExecutions=reserved)
    resource: JsonObject = {
        "type": "lambda_function",
        "name": world.name,
        "usual_concurrency": 40,
        "max_concurrency": 100,
    }
    return Prepared(
        resource,
        "lambda:PutFunctionConcurrency",
        lambda: client.get_function_concurrency(FunctionName=world.name).get("ReservedConcurrentExecutions"),
        after,
        "lambda:PutFunctionConcurrency" if reserved is not None else "lambda:DeleteFunctionConcurrency",
    )


def storage(world: World) -> Prepared:
    client = world.client("rds")
    client.create_db_instance(
        DBInstanceIdentifier=world.name,
        DBInstanceClass="db.m5.large",
        Engine="postgres",
        AllocatedStorage=100,
        MasterUsername="shop",
        MasterUserPassword="not-a-real-password",
    )

    def look() -> object:
        found = client.describe_db_instances(DBInstanceIdentifier=world.name)["DBInstances"]
        assert isinstance(found, list)
        return found[0]["AllocatedStorage"]

    resource: JsonObject = {"type": "rds_instance", "name": world.name, "max_gib": 500}
    return Prepared(resource, "rds:ModifyDBInstance", look, 200)


def rebooted(world: World) -> Prepared:
    state = TwoZones(world.front)
    resource: JsonObject = {"type": "rds_instance", "name": "orders", "max_gib": 500}
    return Prepared(resource, "rds:RebootDBInstance", lambda: (state.restarts, state.zones[0][-1]), (1, "a"))


def other_zone(world: World) -> Prepared:
    state = TwoZones(world.front)
    resource: JsonObject = {"type": "rds_instance", "name": "orders", "max_gib": 500}
    return Prepared(resource, "rds:RebootDBInstance", lambda: state.zones[0][-1], "b")


def cluster(world: World) -> Prepared:
    client = world.client("rds")
    client.create_db_cluster(
        DBClusterIdentifier=world.name,
        Engine="aurora-postgresql",
        MasterUsername="shop",
        MasterUserPassword="not-a-real-password",
    )
    for node in ("one", "two"):
        client.create_db_instance(
            DBInstanceIdentifier=f"{world.name}-{node}",
            DBClusterIdentifier=world.name,
            DBInstanceClass="db.r5.large",
            Engine="aurora-postgresql",
        )

    def look() -> object:
        found = client.describe_db_clusters(DBClusterIdentifier=world.name)["DBClusters"]
        assert isinstance(found, list)
        (writer,) = [each for each in found[0]["DBClusterMembers"] if each["IsClusterWriter"]]
        return writer["DBInstanceIdentifier"]

    resource: JsonObject = {"type": "aurora_cluster", "name": world.name}
    return Prepared(resource, "rds:FailoverDBCluster", look, f"{world.name}-two")


def shard(world: World) -> Prepared:
    state = Shard(world.front)
    resource: JsonObject = {"type": "elasticache_group", "name": "sessions"}
    return Prepared(resource, "elasticache:TestFailover", lambda: (state.primary, state.failovers), (2, 1))


def dead_letters(world: World) -> Prepared:
    client = world.client("sqs")
    Moves(world.front, client)
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{world.name}"
    dead = client.create_queue(QueueName=world.name)["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    orders = client.create_queue(QueueName=f"{world.name}-orders", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for number in range(3):
        client.send_message(QueueUrl=dead, MessageBody=f"order {number}")

    def waiting(url: object) -> object:
        asked = ["ApproximateNumberOfMessages"]
        return client.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"][asked[0]]

    resource: JsonObject = {"type": "dead_letter_queue", "arn": arn}
    return Prepared(resource, "sqs:StartMessageMoveTask", lambda: (waiting(dead), waiting(orders)), ("0", "3"))


def rule(world: World) -> Prepared:
    client = world.client("events")
    client.put_rule(Name=world.name, ScheduleExpression="rate(5 minutes)", State="ENABLED")
    resource: JsonObject = {"type": "event_rule", "name": world.name}
    return Prepared(
        resource,
        "events:DisableRule",
        lambda: client.describe_rule(Name=world.name)["State"],
        "DISABLED",
        "events:EnableRule",
    )


def web_acl(world: World, changed: str, after: object) -> Prepared:
    client = world.client("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": False, "MetricName": "x"}
    rules = [
        {
            "Name": name,
            "Priority": priority,
            "Statement": {"RateBasedStatement": {"Limit": limit, "AggregateKeyType": "IP"}},
            "Action": {"Count": {}},
            "VisibilityConfig": seen,
        }
        for priority, (name, limit) in enumerate([("flood", 2000), ("login", 100)])
    ]
    summary = client.create_web_acl(
        Name=world.name,
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Description="the shop's",
        Rules=rules,
        VisibilityConfig=seen,
    )["Summary"]

    def look() -> object:
        acl = client.get_web_acl(Name=world.name, Scope="REGIONAL", Id=summary["Id"])["WebACL"]
        found = acl["Rules"]
        assert isinstance(found, list)
        assert (acl["Description"], found[1]) == ("the shop's", rules[1])
        return found[0]["Action"] if changed == "Action" else found[0]["Statement"]["RateBasedStatement"]["Limit"]

    resource: JsonObject = {
        "type": "waf_rule",
        "web_acl": world.name,
        "web_acl_id": str(summary["Id"]),
        "rule": "flood",
    }
    return Prepared(resource, "wafv2:UpdateWebACL", look, after)


def parameter(world: World) -> Prepared:
    client = world.client("ssm")
    client.put_parameter(Name=f"/{world.name}/pool", Value="30", Type="String")
    client.put_parameter(Name=f"/{world.name}/pool", Value="10", Type="String", Overwrite=True)
    resource: JsonObject = {"type": "ssm_parameter", "name": f"/{world.name}/pool", "highest": 50}
    return Prepared(
        resource,
        "ssm:PutParameter",
        lambda: client.get_parameter(Name=f"/{world.name}/pool")["Parameter"]["Value"],
        "20",
    )


def earlier_parameter(world: World) -> Prepared:
    prepared = parameter(world)
    return Prepared(prepared.resource, prepared.writes, prepared.look, "30")


def automation(world: World, action: ActionName) -> Prepared:
    state = Automations(world.front)
    resource: JsonObject = {
        "type": "ssm_automation",
        "document": "Shop-ClearLogs",
        "parameters": {"InstanceId": ["i-1"]},
        "actions": [action],
    }
    return Prepared(resource, "ssm:StartAutomationExecution", lambda: list(state.parameters), [{"InstanceId": ["i-1"]}])


def deployment(world: World) -> Prepared:
    state = Deployments(world.front)
    resource: JsonObject = {"type": "codedeploy_group", "application": "shop", "name": "prod"}
    return Prepared(resource, "codedeploy:StopDeployment", lambda: (state.status, state.back), ("Stopped", "d-BACK"))


def volume(world: World) -> Prepared:
    client = world.client("ec2")
    made = client.create_volume(AvailabilityZone=f"{REGION}a", Size=50)["VolumeId"]

    def look() -> object:
        found = client.describe_volumes(VolumeIds=[made])["Volumes"]
        assert isinstance(found, list)
        return found[0]["Size"]

    resource: JsonObject = {"type": "ebs_volume", "volume_id": str(made), "max_gib": 400}
    return Prepared(resource, "ec2:ModifyVolume", look, 100)


def secret(world: World) -> Prepared:
    client = world.client("secretsmanager")
    client.create_secret(Name=world.name, SecretString=json.dumps({"password": "one"}))
    client.rotate_secret(SecretId=world.name, RotationRules={"AutomaticallyAfterDays": 30})

    def versions() -> int:
        return len(client.describe_secret(SecretId=world.name)["VersionIdsToStages"])

    before = versions()
    resource: JsonObject = {"type": "secret", "name": world.name}
    return Prepared(resource, "secretsmanager:RotateSecret", lambda: versions() > before, True)


BACK: dict[str, Argument] = {"reference": "v7", "direction": "back"}
DOUBLE: dict[str, Argument] = {"factor": 2.0}
HALF: dict[str, Argument] = {"admit": 0.5}
CASES = (
    Case("ecs tasks", "ecs_service", "scale_out", "moto", ecs_tasks, DOUBLE),
    Case("ecs restart", "ecs_service", "restart", "moto", ecs_restart, {}, repeatable=False),
    Case("ecs forced deployment", "ecs_service", "restart", "own", ecs_forced, {}, repeatable=False),
    Case("ecs rollback", "ecs_service", "rollback", "own", ecs_rollout, BACK),
    Case("auto scaling group", "auto_scaling_group", "scale_out", "moto", group, DOUBLE),
    Case("instance refresh", "auto_scaling_group", "restart", "own", refreshed_group, {}, repeatable=False),
    Case("scalable target", "scalable_target", "scale_out", "moto", scalable_target, DOUBLE),
    Case("lambda alias", "lambda_alias", "rollback", "moto", alias, BACK),
    Case("lambda limit", "lambda_function", "rate_limit", "moto", partial(concurrency, reserved=None, after=20), HALF),
    Case("lambda less", "lambda_function", "rate_limit", "moto", partial(concurrency, reserved=30, after=15), HALF),
    Case("lambda more", "lambda_function", "scale_out", "moto", partial(concurrency, reserved=30, after=60), DOUBLE),
    Case("rds storage", "rds_instance", "grow_storage", "moto", storage, DOUBLE),
    Case("rds reboot", "rds_instance", "restart", "own", rebooted, {}, repeatable=False),
    Case("rds failover", "rds_instance", "failover", "own", other_zone, {}, repeatable=False),
    Case("aurora failover", "aurora_cluster", "failover", "moto", cluster, {}),
    Case("elasticache failover", "elasticache_group", "failover", "own", shard, {}, repeatable=False),
    Case("sqs redrive", "dead_letter_queue", "redrive", "own", dead_letters, {"per_second": 50}, repeatable=False),
    Case("eventbridge rule", "event_rule", "pause", "moto", rule, {"mode": "pause"}),
    Case("waf limit", "waf_rule", "rate_limit", "moto", partial(web_acl, changed="Limit", after=1000), HALF),
    Case("waf block", "waf_rule", "block_sources", "moto", partial(web_acl, changed="Action", after={"Block": {}}), {}),
    Case("parameter pool", "ssm_parameter", "raise_pool", "moto", parameter, DOUBLE),
    Case("parameter back", "ssm_parameter", "rollback", "moto", earlier_parameter, BACK),
    *(
        Case(
            f"ssm automation {name}",
            "ssm_automation",
            name,
            "own",
            partial(automation, action=name),
            DOUBLE if name == "grow_storage" else {},
        )
        for name in Automation.can
    ),
    Case("codedeploy stop", "codedeploy_group", "rollback", "own", deployment, BACK),
    Case("ebs volume", "ebs_volume", "grow_storage", "moto", volume, DOUBLE),
    Case("secret", "secret", "revoke_credentials", "moto", secret, {}),
)
