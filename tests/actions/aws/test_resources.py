"""The resources' file: what is wrong in it is said with its line, and every type does what it says it can."""

from pathlib import Path
from typing import get_args

import pytest

from incident_commander.actions.aws import Resources, ResourcesError, load_resources
from incident_commander.actions.aws.operation import Operation
from incident_commander.actions.aws.resources import AnyResource, Resource, Webhook
from incident_commander.actions.aws.tasks import aws_task
from incident_commander.actions.catalogue import ResourceType, load_catalogue
from incident_commander.aws import Aws
from incident_commander.domain.base import ServiceName
from incident_commander.domain.plan import ActionName

CHECKOUT = ServiceName("checkout")
CATALOGUE = load_catalogue()
GOOD = """
live = ["scale_out"]

[accounts.shop]
id = "111122223333"
region = "eu-west-1"

[[resources]]
service = "checkout"
type = "ecs_service"
cluster = "prod"
name = "checkout"
max_count = 40

[[resources]]
service = "checkout"
type = "ssm_parameter"
name = "/checkout/pool"
highest = 80
actions = ["raise_pool"]
"""


def load(tmp_path: Path, text: str) -> Resources:
    path = tmp_path / "resources.toml"
    path.write_text(text)
    return load_resources(path)


def types() -> tuple[type[Resource], ...]:
    return get_args(get_args(AnyResource)[0])


def test_an_action_on_a_service_finds_its_resource(tmp_path: Path) -> None:
    resources = load(tmp_path, GOOD)
    found = {name: None if (it := resources.find(CHECKOUT, name)) is None else it.id for name in get_args(ActionName)}
    assert {name: it for name, it in found.items() if it} == {
        "rollback": "ecs_service prod/checkout",
        "restart": "ecs_service prod/checkout",
        "scale_out": "ecs_service prod/checkout",
        "raise_pool": "ssm_parameter /checkout/pool",
    }
    assert resources.live == ("scale_out",)
    assert resources.find(ServiceName("search"), "restart") is None


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ('cluster = "prod"', 'cluter = "prod"', 11, "unknown key 'cluter'; see docs"),
        ("max_count = 40", "max_count = 40\nmax_cuont = 4", 14, "unknown key 'max_cuont'"),
        ("max_count = 40", "max_count = -1", 13, "greater than or equal to 1"),
        ('type = "ecs_service"', 'type = "ecs"', 8, "does not match any of the expected tags"),
        ('id = "111122223333"', 'id = "1111"', 5, "String should match pattern"),
        ('region = "eu-west-1"', 'region = "Ireland"', 6, "String should match pattern"),
        ('live = ["scale_out"]', 'live = ["scale_up"]', 2, "Input should be 'rollback'"),
        ('actions = ["raise_pool"]', 'actions = ["failover"]', 15, "'failover' cannot be done to it"),
        ('actions = ["raise_pool"]', "", 1, "rollback of 'checkout' would be done to ecs_service prod/checkout and to"),
        ("highest = 80\n", "", 15, "raise_pool needs 'highest'"),
        ("[accounts.shop]", "[accounts.shop]\nname = 1", 5, "unknown key 'name'"),
        ('max_count = 40', 'max_count = 40\naccount = "other"', 1, "is 'other', and the file's accounts are shop"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, was: str, becomes: str, line: int, says: str) -> None:
    assert was in GOOD
    with pytest.raises(ResourcesError) as caught:
        load(tmp_path, GOOD.replace(was, becomes, 1))
    assert f"resources.toml:{line}: " in str(caught.value)
    assert says in str(caught.value)


def test_a_file_that_is_missing_or_no_toml_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ResourcesError, match="cannot be read"):
        load_resources(tmp_path / "nowhere.toml")
    with pytest.raises(ResourcesError, match="is not TOML"):
        load(tmp_path, "live = [")


@pytest.mark.parametrize(
    "url", ["http://ops.example.com/", "https://", "ftp://x/", "https://user@host/", "http://127.0.0.1.evil.com/", ""]
)
def test_a_webhook_is_asked_over_https_only(tmp_path: Path, url: str) -> None:
    webhook = f'[[resources]]\nservice = "a"\ntype = "webhook"\nurl = "{url}"\nsecret = "ops"\nactions = ["runbook"]\n'
    with pytest.raises(ResourcesError, match="is not an https address"):
        load(tmp_path, webhook)


def test_a_web_acl_of_cloudfront_is_in_its_one_region(tmp_path: Path) -> None:
    rule = 'service = "edge"\ntype = "waf_rule"\nweb_acl = "a"\nweb_acl_id = "1"\nrule = "r"\nscope = "CLOUDFRONT"\n'
    with pytest.raises(ResourcesError, match="us-east-1, not eu-west-1"):
        load(tmp_path, f"{GOOD}\n[[resources]]\n{rule}")


EXAMPLES: dict[str, dict[str, object]] = {
    "ecs_service": {"cluster": "c", "name": "n", "max_count": 4},
    "auto_scaling_group": {"name": "n", "max_count": 4},
    "scalable_target": {"namespace": "ecs", "resource_id": "r", "dimension": "d", "max_count": 4},
    "lambda_alias": {"function": "f", "name": "live"},
    "lambda_function": {"name": "f", "usual_concurrency": 10, "max_concurrency": 20},
    "rds_instance": {"name": "n", "max_gib": 100},
    "aurora_cluster": {"name": "n"},
    "elasticache_group": {"name": "n"},
    "dead_letter_queue": {"arn": "arn:aws:sqs:eu-west-1:111122223333:orders-dlq"},
    "event_rule": {"name": "n"},
    "waf_rule": {"web_acl": "a", "web_acl_id": "1", "rule": "r"},
    "ssm_parameter": {"name": "/n", "highest": 10},
    "ssm_automation": {"document": "d"},
    "codedeploy_group": {"application": "a", "name": "n"},
    "ebs_volume": {"volume_id": "vol-0a", "max_gib": 10},
    "secret": {"name": "n"},
    "webhook": {"url": "https://ops.example.com/run", "secret": "ops", "actions": ["runbook"]},
}


def type_of(kind: type[Resource]) -> str:
    (name,) = get_args(kind.model_fields["type"].annotation)
    return str(name)


def example(kind: type[Resource]) -> AnyResource:
    name = type_of(kind)
    document = {"service": "checkout", "type": name, **EXAMPLES[name]}
    account = {"id": "111122223333", "region": "eu-west-1"}
    return Resources.model_validate({"accounts": {"shop": account}, "resources": [document]}).resources[0]


@pytest.mark.parametrize("kind", types(), ids=lambda kind: kind.__name__)
def test_every_type_does_all_that_it_says_it_can(kind: type[Resource]) -> None:
    resource = example(kind)
    assert resource.can
    assert resource.id.startswith(f"{resource.type} ")
    if isinstance(resource, Webhook):
        return
    aws = Aws("eu-west-1")
    for name in resource.can:
        means = CATALOGUE[name].on[resource.type]
        task = aws_task(resource, name, means, aws)
        assert isinstance(task, Operation)
        assert task.permissions == means.permissions
        takes_back = type(task).way_back is not Operation.way_back
        assert takes_back is means.reversible, (kind, name)
        with pytest.raises(LookupError, match="what can be is"):
            aws_task(resource, next(other for other in get_args(ActionName) if other not in resource.can), means, aws)
    aws.close()


def test_the_catalogue_and_the_types_name_the_same_actions() -> None:
    """What a type can do is in its class, what that needs is in the catalogue: neither is without the other."""
    in_code = {(type_of(kind), name) for kind in types() if kind is not Webhook for name in kind.can}
    in_data = {(kind, name) for name, spec in CATALOGUE.actions.items() for kind in spec.on}
    assert in_code == in_data
    assert {type_of(kind) for kind in types() if kind is not Webhook} == set(get_args(ResourceType))
    assert {name for _, name in in_data} == set(get_args(ActionName))
