"""Exactly eight services, each known with what switches it on, what it calls, and what IAM must allow."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from incident_commander.domain.settings import Settings
from incident_commander.domain.usage import AiService
from incident_commander.reasoning.embedding import TITAN
from incident_commander.reasoning.services import SERVICES_FILE, Service, ServicesError, configured, load_services

EVERYTHING: dict[str, object] = {
    "ai": "aws",
    "ai_guardrail": "abc123def456:1",
    "knowledge_base_id": "KB12345678",
    "q_business_app_id": "a1b2c3d4-0000-4000-8000-000000000001",
    "agentcore_memory_id": "incidents-AbCdEf0123",
    "diagnosis_agent_id": "AGENT12345",
    "diagnosis_agent_alias": "ALIAS12345",
}


def named(name: AiService) -> Service:
    return next(service for service in load_services() if service.name == name)


def on(settings: dict[str, object]) -> list[str]:
    return [state.name for state in configured(settings) if state.on]


def test_there_are_exactly_the_eight_services_of_the_design() -> None:
    assert {service.name for service in load_services()} == set(get_args(AiService))
    assert len(load_services()) == 8


def test_with_nothing_set_none_is_on_and_each_says_what_would_switch_it_on() -> None:
    states = configured(Settings(_env_file=None).model_dump())
    assert not any(state.on for state in states)
    assert all("IC_AI" in state.missing for state in states)
    assert all(state.have for state in states)


def test_asking_aws_alone_switches_on_the_models() -> None:
    assert on({"ai": "aws"}) == ["Claude", "Nova", "Titan embeddings", "Strands"]


def test_with_everything_set_all_eight_are_on() -> None:
    assert len(on(EVERYTHING)) == 8


def test_a_service_of_one_setting_names_just_that_one() -> None:
    (state,) = (state for state in configured({"ai": "aws"}) if state.name == "Q Business")
    assert state.missing == ("IC_Q_BUSINESS_APP_ID",)


def test_an_agent_without_its_alias_is_no_memory() -> None:
    assert "Agent memory" not in on({"ai": "aws", "diagnosis_agent_id": "AGENT12345"})
    assert "Agent memory" in on(
        {"ai": "aws", "diagnosis_agent_id": "AGENT12345", "diagnosis_agent_alias": "ALIAS12345"}
    )


@pytest.mark.parametrize(
    ("begun", "missing"),
    [
        ({}, "IC_AGENTCORE_MEMORY_ID"),
        ({"diagnosis_agent_id": "AGENT12345"}, "IC_DIAGNOSIS_AGENT_ALIAS"),
        ({"diagnosis_agent_alias": "ALIAS12345"}, "IC_DIAGNOSIS_AGENT_ID"),
    ],
)
def test_who_began_to_switch_a_service_on_is_told_what_that_lacks(begun: dict[str, str], missing: str) -> None:
    (memory,) = (state for state in configured({"ai": "aws", **begun}) if state.name == "Agent memory")
    assert memory.missing == (missing,)


def test_only_the_memory_that_is_set_is_called() -> None:
    memory = named("Agent memory")
    assert [call.via for call in memory.calls_with({"ai": "aws", "agentcore_memory_id": "incidents-AbCdEf0123"})] == [
        "bedrock-agentcore",
        "bedrock-agentcore",
    ]
    assert len(memory.calls_with(EVERYTHING)) == 4
    assert memory.calls_with({"ai": "aws"}) == ()


def test_everything_that_a_service_needs_is_a_setting() -> None:
    needed = {name for service in load_services() for way in service.needs for name in way}
    assert needed <= set(Settings.model_fields)


def test_converse_is_allowed_by_invoke_model_on_the_profile_and_on_the_model_behind_it() -> None:
    (call,) = named("Nova").calls
    assert (call.operation, call.action) == ("Converse", "bedrock:InvokeModel")
    assert any("inference-profile/{profile}" in arn for arn in call.resources)
    assert any("foundation-model/{model}" in arn for arn in call.resources)


def test_titan_is_the_model_that_embedding_asks() -> None:
    assert named("Titan embeddings").model == TITAN


def test_reading_the_services_imports_no_client_of_aws() -> None:
    program = (
        "import sys\nfrom incident_commander.reasoning.services import configured\nconfigured({})\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("instead_of", "written", "told"),
    [
        ('name = "Strands"', 'name = "Claude"', "each of"),
        ('name = "Strands"', 'name = "Bedrock"', "services.7.name"),
        ("{knowledge_base_id}", "{base}", "Knowledge Bases names base in resources and not in needs"),
        ('action = "qbusiness:ChatSync"', 'action = "ChatSync"', "action"),
        ("[[services]]", "[[services", "services.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, instead_of: str, written: str, told: str) -> None:
    path = tmp_path / "services.toml"
    path.write_text(SERVICES_FILE.read_text().replace(instead_of, written, 1))
    with pytest.raises(ServicesError) as refused:
        load_services(path)
    assert str(path) in str(refused.value)
    assert told in str(refused.value)
