"""Each of the eight services asked once: what it takes and costs, and just what is missing where it does not answer."""

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import httpx
import pytest

from incident_commander.aws import Aws
from incident_commander.cli.aws_services import told
from incident_commander.reasoning.checkup import Check, Checkup, checkup
from incident_commander.reasoning.embedding import TITAN
from incident_commander.reasoning.models import load_models
from incident_commander.reasoning.prices import load_prices
from incident_commander.reasoning.services import load_services
from incident_commander.reasoning.shelf import Outlook, ShelfState

from ...cli.test_mistakes import run
from ...reasoning.test_services import EVERYTHING
from ...running import wait_until
from ..installation import installation
from .cases import ACCOUNT
from .client import REGION
from .front import Front, Trouble
from .minds import DENIED, END_OF_LIFE, THROTTLED, Minds, words
from .protocol import Refusal
from .services import Services
from .shelves import Shelves

pytestmark = pytest.mark.loopback
SETTINGS: Mapping[str, object] = {**EVERYTHING, "agentcore_namespace": "/incidents/{actorId}", "model_ids": {}}
NO_FORM = Refusal("ResourceNotFoundException", "Model use case details have not been submitted for this account.", 404)

NO_ACCESS = Refusal("AccessDeniedException", "You don't have access to the model with the specified model ID.", 403)


@pytest.fixture
def shelves(front: Front) -> Shelves:
    """All eight services, and what Bedrock offers."""
    Services(front)
    minds = Minds(front)
    for model in ("nova", "claude"):
        minds.always(model, words("OK."))
    return Shelves(front, minds)


async def checked(aws: Aws, settings: Mapping[str, object] = SETTINGS) -> Checkup:
    return await checkup(aws, settings, load_models(), load_prices(), installed=lambda name: "1.62.0")


def one(found: Checkup, service: str, subject: str = "") -> Check:
    return next(each for each in found.checks if each.service == service and subject in each.subject)


async def test_each_of_the_eight_is_asked_once_and_measured(shelves: Shelves, once: Aws) -> None:
    found = await checked(once)
    assert {check.service for check in found.checks} == {service.name for service in load_services()}
    asked = [check for check in found.checks if check.service != "Strands"]
    assert [(check.state, check.detail) for check in asked if check.state != "ok"] == []
    assert all(check.source == "loopback" for check in asked)
    assert all(check.latency_ms is not None and check.latency_ms > 0 for check in asked)
    assert (found.well, found.region) == (True, "eu-west-1")
    assert ACCOUNT in found.identity


async def test_the_cost_told_is_that_of_the_tokens_that_were_counted(shelves: Shelves, once: Aws) -> None:
    cost = one(await checked(once), "Nova", "nova-micro").cost
    assert cost is not None
    assert (cost.price, cost.usd) == (
        "listed",
        load_prices().of_tokens("eu.amazon.nova-micro-v1:0", 1000, 50, datetime.now(UTC)).usd,
    )


async def test_what_would_leave_something_behind_is_not_tried_and_said(
    shelves: Shelves, once: Aws, front: Front
) -> None:
    found = await checked(once)
    assert not {"bedrock-agentcore:CreateEvent", "bedrock-agent-runtime:InvokeAgent"} & set(front.calls)
    assert "CreateEvent not tried" in one(found, "Agent memory", "incidents-").detail


async def test_the_look_into_memory_is_at_a_place_that_nobody_told_anything(front: Front, once: Aws) -> None:
    services = Services(front)
    await checked(once)
    (asked,) = services.requests("RetrieveMemoryRecords")
    assert asked["namespace"] == "/incidents/incident-commander-doctor"


async def test_with_nothing_set_nobody_is_asked(front: Front, once: Aws) -> None:
    found = await checked(once, {})
    assert {check.state for check in found.checks} == {"off"}
    assert (found.well, front.calls) == (True, [])
    assert all(check.remedy for check in found.checks)


async def test_a_denied_model_is_down_with_the_statement_that_would_allow_it(shelves: Shelves, once: Aws) -> None:
    shelves.minds.say("nova-micro", DENIED)
    found = await checked(once)
    check = one(found, "Nova", "nova-micro")
    assert (check.state, found.well) == ("down", False)
    assert check.statement is not None
    profile = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:inference-profile/eu.amazon.nova-micro-v1:0"
    assert check.statement.actions == ("bedrock:InvokeModel",)
    assert profile in check.statement.resources
    assert any("bedrock:InvokeModel" in line for line in told(found))


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("bedrock-agent-runtime:Retrieve", "bedrock:Retrieve"),
        ("bedrock-runtime:ApplyGuardrail", "bedrock:ApplyGuardrail"),
        ("qbusiness:ChatSync", "qbusiness:ChatSync"),
        ("bedrock-agentcore:RetrieveMemoryRecords", "bedrock-agentcore:RetrieveMemoryRecords"),
        ("bedrock-agent-runtime:GetAgentMemory", "bedrock:GetAgentMemory"),
        ("bedrock-runtime:InvokeModel", "bedrock:InvokeModel"),
    ],
)
async def test_a_denied_service_names_the_action_as_iam_calls_it(
    shelves: Shelves, once: Aws, front: Front, call: str, action: str
) -> None:
    front.trouble(call, "deny")
    down = [check for check in (await checked(once)).checks if check.state == "down"]
    assert len(down) == 1
    assert down[0].statement is not None
    assert action in down[0].statement.actions


@pytest.mark.parametrize(
    ("refusal", "remedy"),
    [
        (NO_FORM, "submit the use case form"),
        (END_OF_LIFE, "IC_MODEL_IDS"),
        (
            Refusal("AccessDeniedException", "You don't have access to the model with the specified model ID.", 403),
            "ask for",
        ),
        (
            Refusal(
                "ValidationException",
                "Invocation of model ID x with on-demand throughput isn't supported. Retry with an inference profile.",
                400,
            ),
            "inference profile",
        ),
    ],
)
async def test_what_only_the_console_can_mend_is_told_as_a_step(
    shelves: Shelves, once: Aws, refusal: Refusal, remedy: str
) -> None:
    shelves.minds.say("claude-haiku", refusal)
    check = one(await checked(once), "Claude", "haiku")
    assert (check.state, check.statement) == ("down", None)
    assert remedy in check.remedy


async def test_a_throttled_model_is_degraded_and_not_down(shelves: Shelves, once: Aws) -> None:
    shelves.minds.say("nova-pro", THROTTLED)
    found = await checked(once)
    assert one(found, "Nova", "nova-pro").state == "degraded"
    assert found.well


async def test_a_model_that_will_end_is_degraded_with_the_day(shelves: Shelves, once: Aws) -> None:
    end = datetime.now(UTC) + timedelta(days=40)
    shelves.life("amazon.nova-lite-v1:0", "LEGACY", end)
    check = one(await checked(once), "Nova", "nova-lite")
    assert (check.state, check.latency_ms is not None) == ("degraded", True)
    assert f"{end:%Y-%m-%d}" in check.detail
    assert "IC_MODEL_IDS" in check.remedy


async def test_a_model_past_its_end_is_down_even_where_it_still_answers(shelves: Shelves, once: Aws) -> None:
    shelves.life("amazon.nova-lite-v1:0", "LEGACY", datetime.now(UTC) - timedelta(days=1))
    found = await checked(once)
    assert one(found, "Nova", "nova-lite").state == "down"
    assert not found.well


async def test_a_model_or_a_profile_that_is_not_on_offer_is_named(shelves: Shelves, once: Aws) -> None:
    shelves.take_away("anthropic.claude-sonnet-4-6", "eu.amazon.nova-pro-v1:0")
    found = await checked(once)
    assert "lists no anthropic.claude-sonnet-4-6 in eu-west-1" in one(found, "Claude", "sonnet").detail
    assert "no inference profile eu.amazon.nova-pro-v1:0" in one(found, "Nova", "nova-pro").detail


async def test_where_the_list_may_not_be_seen_models_are_asked_all_the_same(
    shelves: Shelves, once: Aws, front: Front
) -> None:
    front.trouble("bedrock:ListFoundationModels", "deny")
    check = one(await checked(once), "Nova", "nova-micro")
    assert (check.state, check.latency_ms is not None) == ("degraded", True)
    assert check.statement is not None
    assert "bedrock:ListFoundationModels" in check.statement.actions


async def test_strands_is_as_well_as_the_models_that_it_asks(shelves: Shelves, once: Aws) -> None:
    assert one(await checked(once), "Strands").state == "ok"
    shelves.minds.always("claude", DENIED)
    check = one(await checked(once), "Strands")
    assert (check.state, check.subject) == ("down", "strands-agents 1.62.0")


async def test_strands_that_is_not_installed_is_down_with_the_remedy(shelves: Shelves, once: Aws) -> None:
    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    found = await checkup(once, SETTINGS, load_models(), load_prices(), installed=nothing)
    check = one(found, "Strands")
    assert (check.state, check.remedy) == ("down", "run scripts/setup, which installs it")


@pytest.mark.parametrize("trouble", ["drop_before", "fail", "garbage", "cut"])
async def test_a_service_that_does_not_answer_whole_is_down_and_the_others_are_asked(
    shelves: Shelves, once: Aws, front: Front, trouble: Trouble
) -> None:
    front.trouble("qbusiness:ChatSync", trouble)
    found = await checked(once)
    assert one(found, "Q Business").state == "down"
    assert {check.state for check in found.checks if check.service not in ("Q Business", "Strands")} == {"ok"}


async def test_without_credentials_nothing_is_asked_and_the_remedy_is_told_once(
    shelves: Shelves, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws = Aws("eu-west-1")
    found = await checked(aws)
    aws.close()
    assert {check.state for check in found.checks} == {"down"}
    assert "give credentials" in found.trouble
    assert front.calls == []


async def looked(aws: Aws) -> ShelfState:
    outlook = Outlook(aws, tuple(load_models().models.values()), [TITAN])
    assert outlook.state.state == "off"
    await outlook.look()
    return outlook.state


async def test_at_the_start_all_models_are_looked_up_by_two_requests(shelves: Shelves, once: Aws, front: Front) -> None:
    state = await looked(once)
    assert (state.state, state.detail) == ("ok", "6 model(s), none at its end of life")
    assert front.calls == ["bedrock:ListFoundationModels", "bedrock:ListInferenceProfiles"]


async def test_a_model_at_its_end_is_degraded_at_the_start_with_the_remedy(shelves: Shelves, once: Aws) -> None:
    shelves.life(TITAN, "LEGACY", datetime.now(UTC) - timedelta(days=1))
    state = await looked(once)
    assert state.state == "degraded"
    assert f"{TITAN}: it came to its end of life on" in state.detail
    assert "IC_MODEL_IDS" in state.detail


@pytest.mark.parametrize("trouble", ["deny", "fail", "garbage", "drop_before"])
async def test_what_cannot_be_looked_up_at_the_start_is_said(
    shelves: Shelves, once: Aws, front: Front, trouble: Trouble
) -> None:
    front.trouble("bedrock:ListFoundationModels", trouble)
    state = await looked(once)
    assert (state.state, "is not known" in state.detail) == ("off", True)


def test_health_has_a_row_for_it_soon_after_the_start(shelves: Shelves, tmp_path: Path) -> None:
    shelves.life("amazon.nova-lite-v1:0", "LEGACY", datetime.now(UTC) + timedelta(days=30))
    with installation(tmp_path / "app", IC_AI="aws", IC_AI_REGION=REGION) as url:
        row = wait_until(lambda: looked_up(url), 60, "the row of models that end")
    assert row["state"] == "degraded"
    assert "eu.amazon.nova-lite-v1:0: Bedrock calls it legacy, until" in row["detail"]


def looked_up(url: str) -> dict[str, str] | None:
    rows = httpx.get(f"{url}/health", timeout=30).raise_for_status().json()["dependencies"]
    return next((row for row in rows if row["name"] == "end of life" and row["state"] != "off"), None)


def command(folder: Path, front: Front, *arguments: str) -> "subprocess.CompletedProcess[str]":
    reach = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    told = {f"IC_{name.upper()}": str(value) for name, value in EVERYTHING.items()}
    return run(folder, "doctor", *arguments, **reach, **told, IC_AI_REGION=REGION)


def test_the_command_says_it_in_words_and_exits_1_where_something_is_down(
    shelves: Shelves, front: Front, tmp_path: Path
) -> None:
    shelves.minds.say("nova-micro", DENIED)
    done = command(tmp_path, front, "--aws")
    assert done.returncode == 1
    assert '"Sid": "AskNova"' in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if "nova-lite" in line and line.startswith("ok"))
    assert " ms, " in line
    assert "USD listed, loopback" in line


def test_the_command_says_it_as_json(shelves: Shelves, front: Front, tmp_path: Path) -> None:
    found = Checkup.model_validate_json(command(tmp_path, front, "--aws", "--json").stdout)
    assert {check.service for check in found.checks} == {service.name for service in load_services()}
    assert one(found, "Knowledge Bases").state == "ok"


def test_doctor_lists_the_eight_services_without_asking_them(shelves: Shelves, front: Front, tmp_path: Path) -> None:
    done = command(tmp_path, front)
    listed = [line.split()[0] for line in done.stdout.splitlines() if "doctor --aws" in line]
    assert listed == ["ok"] * 8
    assert front.calls == []
