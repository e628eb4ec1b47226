"""Calls to AWS over HTTP: what is sent again, what never is, and what each failure means."""

import pytest
from pydantic import BaseModel, Field

from incident_commander.aws import (
    Aws,
    AwsError,
    BadAnswer,
    Denied,
    Identity,
    Limits,
    NoAnswer,
    NoCredentials,
    NotFound,
    Rejected,
    ServerFault,
    Throttled,
    Unreachable,
)

from .cases import ACCOUNT, World
from .client import REGION
from .conftest import HASTY, LIMITS
from .front import Front, Trouble

pytestmark = pytest.mark.loopback
READ = "ssm:GetParameterHistory"
WRITE = "ssm:PutParameter"


class Version(BaseModel):
    value: str = Field(alias="Value")


class History(BaseModel):
    parameters: list[Version] = Field(alias="Parameters")


class Anything(BaseModel):
    """An answer in which nothing is needed."""


class Nonsense(BaseModel):
    weather: str


def put(world: World, value: str = "10") -> dict[str, object]:
    return {"Name": f"/{world.name}", "Value": value, "Type": "String", "Overwrite": True}


async def read(aws: Aws, world: World) -> list[str]:
    history = await aws.read_all(History, "ssm", "GetParameterHistory", {"Name": f"/{world.name}", "MaxResults": 1})
    return [each.value for each in history.parameters]


async def test_one_cheap_call_says_who_we_are(world: World, aws: Aws) -> None:
    identity = await aws.identity()
    assert isinstance(identity, Identity)
    assert identity.account == ACCOUNT
    assert world.front.calls == ["sts:GetCallerIdentity"]


async def test_all_pages_of_an_answer_are_read(world: World, aws: Aws) -> None:
    for value in ("1", "2", "3"):
        await aws.write("ssm", "PutParameter", put(world, value))
    assert await read(aws, world) == ["1", "2", "3"]
    assert world.front.calls.count(READ) == 3


@pytest.mark.parametrize("trouble", ["throttle", "fail", "drop_before"])
async def test_what_changes_nothing_is_asked_again(world: World, aws: Aws, trouble: Trouble) -> None:
    await aws.write("ssm", "PutParameter", put(world))
    world.front.trouble(READ, trouble, times=LIMITS.reads - 1)
    assert await read(aws, world) == ["10"]
    assert world.front.calls.count(READ) == LIMITS.reads


FAILURES: list[tuple[Trouble, type[AwsError], bool]] = [
    ("throttle", Throttled, True),
    ("deny", Denied, True),
    ("fail", ServerFault, False),
    ("drop_before", NoAnswer, False),
    ("drop_after", NoAnswer, False),
]


@pytest.mark.parametrize(("trouble", "kind", "nothing_done"), FAILURES)
async def test_what_changes_something_is_sent_again_only_where_aws_throttled_it(
    world: World, aws: Aws, trouble: Trouble, kind: type[AwsError], nothing_done: bool
) -> None:
    world.front.trouble(WRITE, trouble, times=LIMITS.writes)
    with pytest.raises(kind) as caught:
        await aws.write("ssm", "PutParameter", put(world))
    assert caught.value.nothing_done is nothing_done
    assert caught.value.call == WRITE
    assert world.front.calls.count(WRITE) == (LIMITS.writes if kind is Throttled else 1)


async def test_what_gets_no_answer_ends_with_the_time_it_has(world: World, hasty: Aws) -> None:
    world.client("ssm").put_parameter(**put(world))
    world.front.trouble(READ, "stall_before", times=HASTY.reads)
    world.front.trouble(WRITE, "stall_after")
    with pytest.raises(NoAnswer, match="Read timeout"):
        await read(hasty, world)
    with pytest.raises(NoAnswer, match="Read timeout"):
        await hasty.write("ssm", "PutParameter", put(world, "11"))
    assert (world.front.calls.count(READ), world.front.calls.count(WRITE)) == (HASTY.reads, 1)


async def test_a_denial_names_the_permission(world: World, aws: Aws) -> None:
    world.front.trouble(WRITE, "deny")
    with pytest.raises(Denied, match="allow ssm:PutParameter to the role") as caught:
        await aws.write("ssm", "PutParameter", put(world))
    assert caught.value.permission == "ssm:PutParameter"


async def test_what_does_not_exist_and_what_is_wrong_are_told_apart(world: World, aws: Aws) -> None:
    with pytest.raises(NotFound, match="see to the name"):
        await aws.read(History, "rds", "DescribeDBInstances", {"DBInstanceIdentifier": "nowhere"})
    with pytest.raises(Rejected, match="was not called"):
        await aws.write("ssm", "PutParameter", {"Nme": "typo"})
    assert world.front.calls == ["rds:DescribeDBInstances"]


async def test_an_answer_without_what_is_needed_is_an_error(world: World, aws: Aws) -> None:
    await aws.write("ssm", "PutParameter", put(world))
    with pytest.raises(BadAnswer, match="without a usable weather"):
        await aws.read(Nonsense, "ssm", "GetParameter", {"Name": f"/{world.name}"})


@pytest.mark.parametrize("call", ["GetParameterHistory", "GetParameter"])
async def test_a_page_or_nonsense_in_place_of_an_answer_is_an_error_and_no_empty_answer(
    world: World, aws: Aws, call: str
) -> None:
    world.front.trouble(f"ssm:{call}", "garbage", times=100)
    ask = aws.read_all if call == "GetParameterHistory" else aws.read
    with pytest.raises(BadAnswer, match="cannot be read"):
        await ask(Anything, "ssm", call, {"Name": f"/{world.name}"})


async def test_an_answer_that_was_cut_is_an_error_and_no_shorter_answer(world: World, aws: Aws) -> None:
    await aws.write("ssm", "PutParameter", put(world))
    world.front.trouble(READ, "cut", times=100)
    with pytest.raises(NoAnswer, match="gave no answer"):
        await read(aws, world)


async def test_credentials_that_are_missing_are_said_to_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    nobody = Aws(REGION, LIMITS)
    with pytest.raises(NoCredentials, match="give credentials and a region") as caught:
        await nobody.identity()
    assert caught.value.nothing_done
    assert world.front.calls == []
    nobody.close()


async def test_a_missing_region_is_said_to_be(world: World) -> None:
    nowhere = Aws(None, LIMITS)
    with pytest.raises(NoCredentials, match="region"):
        await nowhere.read(History, "ssm", "GetParameterHistory", {"Name": "x"})
    nowhere.close()


@pytest.mark.parametrize(
    ("given", "region"),
    [
        ({"AWS_REGION": "eu-north-1"}, "eu-north-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
    ],
)
async def test_the_region_that_a_container_is_told_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], region: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    somewhere = Aws(None, LIMITS)
    assert (await somewhere.place("ssm")).region == region
    somewhere.close()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("AWS_ENDPOINT_URL", "foo", "Invalid endpoint: foo"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://203.0.113.7/role", "Unsupported host"),
    ],
)
async def test_an_environment_that_makes_no_sense_is_said_to_be(
    world: World, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if "CREDENTIALS" in variable else ():
        monkeypatch.delenv(name)
    monkeypatch.setenv(variable, value)
    lost = Aws(REGION, LIMITS)
    with pytest.raises(NoCredentials, match=f"{said}.*; mend what the environment"):
        await lost.identity()
    lost.close()


async def test_where_nobody_listens_nothing_was_asked(world: World, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    alone = Aws(REGION, Limits(connect_seconds=1, read_seconds=1, reads=1))
    with pytest.raises(Unreachable, match="see to the network") as caught:
        await alone.write("ssm", "PutParameter", put(world))
    assert caught.value.nothing_done
    alone.close()


async def test_a_stand_in_is_never_called_by_the_name_of_aws(
    world: World, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.source("ssm") == "loopback"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    real = Aws(REGION, LIMITS)
    assert real.source("ssm") == "AWS ssm"
    real.close()


@pytest.mark.parametrize(("service", "operation"), [("bedrock", "ListFoundationModels"), ("logs", "DescribeLogGroups")])
async def test_a_page_of_a_proxy_is_not_quoted(front: Front, once: Aws, service: str, operation: str) -> None:
    front.trouble(f"{service}:{operation}", "proxy")
    with pytest.raises(ServerFault, match="a page for people came back") as failed:
        await once.read(Anything, service, operation, {})
    assert "<" not in str(failed.value)
