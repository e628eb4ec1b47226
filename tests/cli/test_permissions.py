"""The policy allows what is switched on and nothing more, each purpose in a statement of its own."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from botocore.session import get_session  # type: ignore[import-untyped]

from incident_commander.actions.aws.permissions import PERMISSIONS_FILE
from incident_commander.actions.catalogue import load_catalogue
from incident_commander.cli.permissions import NoAccount, statements_for
from incident_commander.domain.permission import Statement, Where, policy_document
from incident_commander.domain.settings import Settings

from ..reasoning.test_services import EVERYTHING
from .test_mistakes import run

ACCOUNT, OTHER = "123456789012", "999988887777"
WHERE = Where(region="eu-west-1", account=ACCOUNT)
RESOURCES = f"""
live = ["restart", "rollback", "redrive", "revoke_credentials", "rate_limit"]

[accounts.shop]
id = "{ACCOUNT}"
region = "eu-west-1"

[accounts.pay]
id = "{OTHER}"
region = "eu-central-1"
role = "arn:aws:iam::{OTHER}:role/incident-commander"

[[resources]]
service = "checkout"
type = "ecs_service"
account = "shop"
cluster = "arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/prod"
name = "checkout"
max_count = 8

[[resources]]
service = "orders"
type = "dead_letter_queue"
account = "shop"
arn = "arn:aws:sqs:eu-west-1:{ACCOUNT}:orders-dead"

[[resources]]
service = "orders"
type = "ssm_parameter"
account = "shop"
name = "/orders/pool"
highest = 100

[[resources]]
service = "edge"
type = "waf_rule"
account = "shop"
web_acl = "edge"
web_acl_id = "a-1"
rule = "flood"

[[resources]]
service = "payment"
type = "secret"
account = "pay"
name = "payment/key"

[[resources]]
service = "payment"
type = "rds_instance"
account = "pay"
name = "ledger"
max_gib = 200
"""
_CALLED = {"elasticloadbalancing": "elbv2", "tag": "resourcegroupstaggingapi"}
_BEDROCK = ("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime")
_AGENT_CORE = ("bedrock-agentcore", "bedrock-agentcore-control")
ONLY_IN_IAM = {"iam:PassRole", "lambda:InvokeFunction"}
"""Permissions that no operation is called by, or another one than it seems."""


def settings(folder: Path, **named: object) -> Settings:
    path = folder / "resources.toml"
    path.write_text(RESOURCES)
    return Settings.model_validate({**EVERYTHING, "resources_file": path, "aws_regions": ["eu-west-1"], **named})


def by_sid(statements: Sequence[Statement]) -> dict[str, Statement]:
    found = {each.sid: each for each in statements}
    assert len(found) == len(statements)
    return found


def everything(folder: Path, account: str = "") -> tuple[Statement, ...]:
    queues = [
        f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/alarms",
        f"https://sqs.eu-central-1.amazonaws.com/{OTHER}/pay",
    ]
    named = settings(folder, sqs_queue_urls=queues, voter_keys="kms:ops/voters")
    return statements_for(named, WHERE, account)


def test_with_nothing_switched_on_nothing_is_allowed() -> None:
    assert statements_for(Settings(_env_file=None), WHERE) == ()


def test_every_purpose_that_is_switched_on_is_one_statement(tmp_path: Path) -> None:
    assert set(by_sid(everything(tmp_path))) == {
        "AskClaude", "AskNova", "EmbedWithTitan", "SearchKnowledgeBase", "CheckByGuardrail", "AskQBusiness",
        "RememberInAgentCore", "RememberByAgent", "SeeModels", "ReadTelemetry", "SeeWhatMayBeActedOn",
        "RestartEcsService", "RollbackEcsService", "RollbackSsmParameter", "RateLimitWafRule", "RedriveDeadLetterQueue",
        "MoveMessagesBack", "PassRolesToWhatIsStarted", "TakeInFromQueues", "SignBallots", "AssumeRolesOfAccounts",
    }  # fmt: skip


def test_a_model_is_allowed_by_its_profile_and_by_what_is_behind_it(tmp_path: Path) -> None:
    nova = by_sid(everything(tmp_path))["AskNova"]
    assert nova.actions == ("bedrock:InvokeModel",)
    assert f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/eu.amazon.nova-micro-v1:0" in nova.resources
    assert "arn:aws:bedrock:*::foundation-model/amazon.nova-micro-v1:0" in nova.resources
    assert not any("claude" in arn for arn in nova.resources)


def test_an_id_of_ones_own_is_allowed_in_place_of_the_one_that_is_shipped(tmp_path: Path) -> None:
    own = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:application-inference-profile/x1"
    ids = {"nova-micro": own, "nova-lite": "global.amazon.nova-2-lite-v1:0", "nova-pro": "amazon.nova-pro-v1:0"}
    nova = by_sid(statements_for(settings(tmp_path, model_ids=ids), WHERE))["AskNova"]
    assert set(nova.resources) == {
        own,
        "arn:aws:bedrock:*::foundation-model/amazon.nova-micro-v1:0",
        f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/global.amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:*::foundation-model/amazon.nova-2-lite-v1:0",
        "arn:aws:bedrock:*::foundation-model/amazon.nova-pro-v1:0",
    }


def test_a_guardrail_is_named_without_its_version(tmp_path: Path) -> None:
    guard = by_sid(everything(tmp_path))["CheckByGuardrail"]
    assert guard.resources == (f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:guardrail/abc123def456",)


def test_what_is_acted_on_is_named_and_what_is_not_live_is_only_read(tmp_path: Path) -> None:
    found = by_sid(everything(tmp_path))
    assert found["RestartEcsService"].resources == (f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/prod/checkout",)
    assert found["RollbackSsmParameter"].resources == (f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/orders/pool",)
    assert "ScaleOutEcsService" not in found
    assert "ecs:DescribeServices" in found["SeeWhatMayBeActedOn"].actions
    assert not any(
        action.split(":")[1].startswith(("Update", "Put", "Start", "Delete"))
        for action in found["SeeWhatMayBeActedOn"].actions
    )


def test_another_account_has_a_policy_of_its_own(tmp_path: Path) -> None:
    pay = by_sid(everything(tmp_path, "pay"))
    assert set(pay) == {
        "ReadTelemetry", "SeeWhatMayBeActedOn", "RevokeCredentialsSecret", "RestartRdsInstance", "RotateSecrets",
        "TakeInFromQueues",
    }  # fmt: skip
    assert pay["RevokeCredentialsSecret"].resources == (
        f"arn:aws:secretsmanager:eu-central-1:{OTHER}:secret:payment/key-??????",
    )
    assert pay["TakeInFromQueues"].resources == (f"arn:aws:sqs:eu-central-1:{OTHER}:pay",)
    own = by_sid(everything(tmp_path))
    assert own["TakeInFromQueues"].resources == (f"arn:aws:sqs:eu-west-1:{ACCOUNT}:alarms",)
    assert own["AssumeRolesOfAccounts"].resources == (f"arn:aws:iam::{OTHER}:role/incident-commander",)


def test_an_account_without_a_role_is_refused_with_those_that_have_one(tmp_path: Path) -> None:
    with pytest.raises(NoAccount, match=r"no account 'shop' with a role; those that have one: pay"):
        everything(tmp_path, "shop")


def test_keys_in_kms_may_only_be_used_by_the_aliases_of_voters(tmp_path: Path) -> None:
    signing = by_sid(everything(tmp_path))["SignBallots"]
    assert signing.condition == {"StringLike": {"kms:RequestAlias": ("alias/ops/voters/*",)}}


def test_keys_in_secrets_manager_are_those_of_the_prefix(tmp_path: Path) -> None:
    named = settings(tmp_path, voter_keys="secretsmanager:ops/voters")
    keeping = by_sid(statements_for(named, WHERE))["KeepVoterKeys"]
    assert keeping.resources == (f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:ops/voters/*",)


@pytest.mark.parametrize("account", ["", "pay"])
def test_every_action_is_an_operation_that_aws_has(tmp_path: Path, account: str) -> None:
    known = get_session()
    for statement in everything(tmp_path, account):
        for action in statement.actions:
            prefix, _, name = action.partition(":")
            services = {"bedrock": _BEDROCK, "bedrock-agentcore": _AGENT_CORE}.get(
                prefix, (_CALLED.get(prefix, prefix),)
            )
            operations = {name for each in services for name in known.get_service_model(each).operation_names}
            assert name in operations or action in ONLY_IN_IAM, action


@pytest.mark.parametrize("account", ["", "pay"])
def test_the_document_is_one_that_iam_takes(tmp_path: Path, account: str) -> None:
    document = json.loads(json.dumps(policy_document(everything(tmp_path, account))))
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        assert "*" not in "".join(statement["Action"])
        for arn in statement["Resource"]:
            assert arn == "*" or arn.count(":") >= 5, arn
            assert "{" not in arn


def test_every_type_of_resource_has_arns(tmp_path: Path) -> None:
    """A new type without them would fail where somebody asks for the policy."""

    types = {type for spec in load_catalogue().actions.values() for type in spec.on}
    assert all(f"\n{type} = [" in PERMISSIONS_FILE.read_text() for type in types)


def test_the_command_prints_one_document_and_says_what_it_does_not_know(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--iam", IC_AI="aws", IC_AI_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")
    assert done.returncode == 0
    assert {each["Sid"] for each in json.loads(done.stdout)["Statement"]} == {
        "AskClaude", "AskNova", "EmbedWithTitan", "SeeModels",
    }  # fmt: skip
    assert "put yours there" in done.stderr


def test_with_nothing_of_aws_the_command_says_so(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--iam", AWS_EC2_METADATA_DISABLED="true")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing of AWS is switched on" in done.stderr
