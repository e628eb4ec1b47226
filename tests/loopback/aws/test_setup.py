"""Setting up an account: a plan that makes nothing, then each thing once, and what an account may not have is told."""

import json
import os
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from incident_commander.aws import Aws
from incident_commander.domain.settings import Settings
from incident_commander.reasoning.models import load_models
from incident_commander.reasoning.setup import Document, Part, Step, load_wanted, setup
from incident_commander.reasoning.setup.agent import DiagnosisAgent
from incident_commander.reasoning.setup.guardrail import Guardrail
from incident_commander.reasoning.setup.knowledge_source import KnowledgeSource
from incident_commander.reasoning.setup.memory import Memory
from incident_commander.reasoning.setup.q_business import Application

from ...cli.test_mistakes import run
from ...store.databases import NOON, Home, incident, opened, url_of
from .client import REGION, client_of
from .control import BASE, BUCKET, Control
from .front import Front, Trouble
from .protocol import Refusal

pytestmark = pytest.mark.loopback
ROLE = "arn:aws:iam::123456789012:role/agent"
ARTICLES = (Document("inc-1.md", "# One\n"), Document("inc-2.md", "# Two\n"))
CHANGES = ("Create", "Prepare", "Start", "Put", "Delete", "Update")
WANTED, MODELS = load_wanted(), load_models()


async def at_once() -> None:
    """No pause between two looks."""


@pytest.fixture
def control(front: Front) -> Control:
    """An account with nothing in it but a knowledge base whose source is an empty bucket."""
    storage = client_of("s3", front.moto)
    if not storage.list_buckets().get("Buckets"):
        storage.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in keys(front):
        storage.delete_object(Bucket=BUCKET, Key=key)
    return Control(front)


def keys(front: Front) -> list[str]:
    listed: dict[str, object] = {**client_of("s3", front.moto).list_objects_v2(Bucket=BUCKET)}
    found = listed.get("Contents", [])
    assert isinstance(found, list)
    return [each["Key"] for each in found]


def parts(aws: Aws, *, base: str = BASE, role: str = ROLE, articles: Sequence[Document] = ARTICLES) -> list[Part]:
    return [
        Guardrail(aws, WANTED, at_once),
        Memory(aws, WANTED),
        KnowledgeSource(aws, WANTED, base, articles),
        Application(aws, WANTED, at_once, asked_for=True),
        DiagnosisAgent(aws, WANTED, MODELS, role, at_once),
    ]


def changes(front: Front) -> list[str]:
    return [call for call in front.calls if call.partition(":")[2].startswith(CHANGES)]


def by_part(steps: Sequence[Step]) -> dict[str, Step]:
    return {step.part: step for step in steps}


async def test_a_plan_says_what_would_be_made_and_makes_nothing(control: Control, aws: Aws, front: Front) -> None:
    steps = await setup(parts(aws), apply=False)
    assert {step.state for step in steps} == {"missing"}
    assert "2 article(s) to s3://knowledge-of-the-shop/docs/incident-commander/" in by_part(steps)["knowledge"].detail
    assert "billed by the hour" in by_part(steps)["q-business"].detail
    assert changes(front) == []


async def test_everything_is_made_once_and_a_second_run_makes_nothing_new(
    control: Control, aws: Aws, front: Front
) -> None:
    control.slowly = 2
    made = await setup(parts(aws), apply=True)
    assert {step.state for step in made} == {"made"}
    first = changes(front)
    assert first == [
        "bedrock:CreateGuardrail", "bedrock:CreateGuardrailVersion", "bedrock-agentcore-control:CreateMemory",
        "s3:PutObject", "s3:PutObject", "bedrock-agent:StartIngestionJob", "qbusiness:CreateApplication",
        "qbusiness:CreateIndex", "qbusiness:CreateRetriever", "bedrock-agent:CreateAgent",
        "bedrock-agent:PrepareAgent", "bedrock-agent:CreateAgentAlias",
    ]  # fmt: skip
    again = await setup(parts(aws), apply=True)
    assert {step.state for step in again} == {"there"}
    assert changes(front) == first
    assert [step.settings for step in again] == [step.settings for step in made]


async def test_what_is_billed_by_the_hour_is_made_only_where_it_is_named(
    control: Control, aws: Aws, front: Front
) -> None:
    (step,) = await setup([Application(aws, WANTED, at_once, asked_for=False)], apply=True)
    assert (step.state, changes(front)) == ("missing", [])
    assert "billed by the hour" in step.detail
    assert "--only q-business" in step.detail


async def test_the_settings_that_are_printed_are_taken(
    control: Control, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in await setup(parts(aws), apply=True):
        for name, value in step.settings.items():
            monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    assert (settings.ai_guardrail, settings.knowledge_base_id) == ("gr0000000000:1", BASE)
    assert (settings.agentcore_memory_id, settings.agentcore_namespace) == (
        "incident_commander-AbCdEf0000",
        Settings.model_fields["agentcore_namespace"].default,
    )
    assert (settings.diagnosis_agent_id, settings.diagnosis_agent_alias) == ("AGENT00000", "ALIAS00000")
    assert settings.q_business_app_id.startswith("a1b2c3d4-")


async def test_the_guardrail_checks_attacks_personal_data_and_grounding(control: Control, aws: Aws) -> None:
    await setup([Guardrail(aws, WANTED, at_once)], apply=True)
    (asked,) = control.of("guardrails asked")
    assert asked["contentPolicyConfig"] == {
        "filtersConfig": [{"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}]
    }
    assert asked["contextualGroundingPolicyConfig"] == {"filtersConfig": [{"type": "GROUNDING", "threshold": 0.7}]}
    assert "ANONYMIZE" in json.dumps(asked["sensitiveInformationPolicyConfig"])


async def test_the_memory_keeps_what_it_extracts_where_it_is_looked_for(control: Control, aws: Aws) -> None:
    (step,) = await setup([Memory(aws, WANTED)], apply=True)
    (asked,) = control.of("memories asked")
    assert step.settings["IC_AGENTCORE_NAMESPACE"] in json.dumps(asked["memoryStrategies"])


async def test_the_agent_remembers_summaries_and_is_prepared(control: Control, aws: Aws) -> None:
    await setup([DiagnosisAgent(aws, WANTED, MODELS, ROLE, at_once)], apply=True)
    (agent,) = control.of("agents")
    assert agent["memoryConfiguration"] == {"enabledMemoryTypes": ["SESSION_SUMMARY"], "storageDays": 30}
    assert (agent["agentStatus"], agent["foundationModel"]) == ("PREPARED", "eu.amazon.nova-lite-v1:0")


async def test_what_was_begun_and_broke_off_is_taken_up_where_it_was(control: Control, aws: Aws, front: Front) -> None:
    for call in ("bedrock:CreateGuardrailVersion", "qbusiness:CreateIndex", "bedrock-agent:CreateAgentAlias"):
        front.trouble(call, "deny")
    first = by_part(await setup(parts(aws), apply=True))
    assert [name for name, step in first.items() if step.state == "failed"] == ["guardrail", "q-business", "agent"]
    again = by_part(await setup(parts(aws), apply=True))
    assert {step.state for step in again.values()} == {"made", "there"}
    made = [call.partition(":")[2] for call in front.carried_out if "Create" in call and "s3" not in call]
    assert len(made) == len(set(made)) == 8


async def test_an_article_that_changed_is_uploaded_and_one_that_was_forgotten_goes(
    control: Control, aws: Aws, front: Front
) -> None:
    await setup([KnowledgeSource(aws, WANTED, BASE, ARTICLES)], apply=True)
    before = len(changes(front))
    newer = (Document("inc-1.md", "# One\n"), Document("inc-3.md", "# Three\n"))
    (step,) = await setup([KnowledgeSource(aws, WANTED, BASE, newer, frozenset({"inc-2.md"}))], apply=True)
    assert step.detail.startswith("1 article(s) to s3://")
    assert changes(front)[before:] == ["s3:PutObject", "s3:DeleteObject", "bedrock-agent:StartIngestionJob"]
    assert keys(front) == ["docs/incident-commander/inc-1.md", "docs/incident-commander/inc-3.md"]
    same_length = (Document("inc-1.md", "# Uno\n"),)
    (step,) = await setup([KnowledgeSource(aws, WANTED, BASE, same_length)], apply=True)
    assert step.state == "made"


async def test_what_was_uploaded_and_not_taken_in_is_taken_in_by_the_next_run(
    control: Control, aws: Aws, front: Front
) -> None:
    front.trouble("bedrock-agent:StartIngestionJob", "deny")
    source = KnowledgeSource(aws, WANTED, BASE, ARTICLES)
    (first,) = await setup([source], apply=True)
    (again,) = await setup([source], apply=True)
    assert (first.state, again.state, len(control.jobs)) == ("failed", "made", 1)
    assert front.calls.count("s3:PutObject") == 2


async def test_a_job_under_way_is_told_and_not_failed(control: Control, aws: Aws) -> None:
    source = KnowledgeSource(aws, WANTED, BASE, ARTICLES)
    await setup([source], apply=True)
    control.jobs[-1]["status"] = "IN_PROGRESS"
    (step,) = await setup([KnowledgeSource(aws, WANTED, BASE, (*ARTICLES, Document("x.md", "x")))], apply=True)
    assert step.state == "made"
    assert "another one is under way" in step.detail


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "Amazon Q Business is no longer open to new customers."),
        ("ValidationException", "This service is not available to new accounts."),
    ],
)
async def test_what_is_closed_to_new_customers_is_told_and_does_not_fail(
    control: Control, aws: Aws, front: Front, code: str, message: str
) -> None:
    def closed(asked: dict[str, object]) -> dict[str, object]:
        raise Refusal(code, message, 403 if code.startswith("Access") else 400)

    front.serve("qbusiness", {"CreateApplication": closed})
    front.serve("bedrock-agent", {"CreateAgent": closed})
    steps = by_part(await setup(parts(aws), apply=True))
    assert [name for name, step in steps.items() if step.state == "cannot"] == ["q-business", "agent"]
    assert message in steps["q-business"].detail
    assert {steps[name].state for name in ("guardrail", "memory", "knowledge")} == {"made"}


async def test_what_is_not_for_us_to_make_says_who_does_it(control: Control, aws: Aws) -> None:
    steps = by_part(await setup(parts(aws, base="", role=""), apply=True))
    assert steps["knowledge"].state == steps["agent"].state == "cannot"
    assert "console" in steps["knowledge"].detail
    assert "--agent-role" in steps["agent"].detail


async def test_a_source_that_is_not_in_s3_an_application_with_sign_in_and_an_agent_without_memory_are_left_alone(
    control: Control, aws: Aws, front: Front
) -> None:
    await setup(parts(aws), apply=True)
    control.source = {"type": "CUSTOM"}
    control.of("applications")[0]["identityType"] = "AWS_IAM_IDC"
    del control.of("agents")[0]["memoryConfiguration"]
    before = changes(front)
    steps = by_part(await setup(parts(aws), apply=True))
    assert [name for name, step in steps.items() if step.state == "cannot"] == ["knowledge", "q-business", "agent"]
    assert changes(front) == before


async def test_what_fails_to_come_up_is_said_and_not_called_made(control: Control, aws: Aws) -> None:
    control.slowly = 1000
    (step,) = await setup([Guardrail(aws, WANTED, at_once)], apply=True)
    assert (step.state, step.settings) == ("failed", {})
    assert "is still CREATING" in step.detail


@pytest.mark.parametrize("trouble", ["throttle", "fail", "drop_after"])
async def test_a_call_that_is_sent_again_makes_one_thing(
    control: Control, aws: Aws, front: Front, trouble: Trouble
) -> None:
    for call in ("bedrock:CreateGuardrail", "bedrock-agentcore-control:CreateMemory", "bedrock-agent:CreateAgent"):
        front.trouble(call, trouble)
    steps = await setup(parts(aws), apply=True)
    assert {step.state for step in steps} == {"made"}
    assert {len(control.of(kind)) for kind in ("guardrails", "memories", "agents")} == {1}


async def test_a_denied_call_prints_the_statement_that_is_missing(control: Control, aws: Aws, front: Front) -> None:
    front.trouble("bedrock-agentcore-control:CreateMemory", "deny")
    front.trouble("s3:ListObjectsV2", "deny")
    steps = by_part(await setup(parts(aws), apply=True))
    missing = {name: step.statement.actions for name, step in steps.items() if step.statement is not None}
    assert missing == {"memory": ("bedrock-agentcore:CreateMemory",), "knowledge": ("s3:ListBucket",)}


def command(folder: Path, front: Front, *arguments: str) -> "subprocess.CompletedProcess[str]":
    reach = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    return run(folder, "setup", "aws", *arguments, **reach, IC_AI_REGION=REGION, IC_KNOWLEDGE_BASE_ID=BASE)


def test_the_command_shows_a_plan_and_makes_only_what_is_asked_for(
    control: Control, front: Front, tmp_path: Path
) -> None:
    plan = command(tmp_path, front)
    assert (plan.returncode, changes(front)) == (0, [])
    assert "run it again with --apply" in plan.stdout
    done = command(tmp_path, front, "--apply", "--only", "guardrail", "--only", "memory")
    assert done.returncode == 0, done.stderr
    assert "IC_AI_GUARDRAIL=gr0000000000:1\nIC_AGENTCORE_MEMORY_ID=incident_commander-AbCdEf0000" in done.stdout
    assert done.stdout.index("Plan:") < done.stdout.index("Made:")
    assert {call for call in changes(front) if "Create" in call} == {
        "bedrock:CreateGuardrail", "bedrock:CreateGuardrailVersion", "bedrock-agentcore-control:CreateMemory",
    }  # fmt: skip


def test_the_command_exits_1_where_something_failed_and_2_for_a_part_that_is_none(
    control: Control, front: Front, tmp_path: Path
) -> None:
    front.trouble("bedrock:ListGuardrails", "deny", times=10)
    assert command(tmp_path, front, "--only", "guardrail").returncode == 1
    wrong = command(tmp_path, front, "--only", "everything")
    assert wrong.returncode == 2
    assert "--only takes guardrail, memory, knowledge, q-business, agent" in wrong.stderr


async def test_the_command_uploads_the_articles_of_ended_incidents_once(
    control: Control, front: Front, tmp_path: Path
) -> None:
    assert run(tmp_path, "migrate").returncode == 0
    home = Home(url_of(tmp_path / ".data" / "incident-commander.db"), tmp_path / ".data" / "keys" / "ledger.pem")
    async with opened(home) as database, database.write() as unit:
        await unit.incidents.add(incident("inc-77", status="closed", ended_at=NOON + timedelta(minutes=9)))
        await unit.incidents.add(incident("inc-78"))
    done = command(tmp_path, front, "--apply", "--only", "knowledge")
    assert done.returncode == 0, done.stderr
    assert keys(front) == ["docs/incident-commander/inc-77.md"]
    again = command(tmp_path, front, "--apply", "--only", "knowledge")
    assert "1 article(s) in s3://" in again.stdout
    assert front.calls.count("s3:PutObject") == len(control.jobs) == 1
