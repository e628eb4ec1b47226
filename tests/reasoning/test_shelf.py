"""How a model stands by what Bedrock offers: well, coming to its end, past it, or not on the list."""

from datetime import UTC, datetime

import pytest

from incident_commander.reasoning.permissions import profile_and_model
from incident_commander.reasoning.shelf import Shelf, Standing, _Listed

NOW = datetime(2026, 11, 29, tzinfo=UTC)
NOVA, PROFILE = "amazon.nova-micro-v1:0", "eu.amazon.nova-micro-v1:0"


def shelf(**life: object) -> Shelf:
    listed = _Listed.model_validate({"modelId": NOVA, "modelLifecycle": {"status": "ACTIVE", **life}})
    return Shelf("eu-west-1", [listed], [PROFILE])


@pytest.mark.parametrize(
    ("life", "state", "told"),
    [
        ({}, "ok", ""),
        ({"status": "LEGACY"}, "degraded", "legacy"),
        ({"endOfLifeTime": "2027-03-01T00:00:00Z"}, "degraded", "until 2027-03-01"),
        ({"status": "LEGACY", "endOfLifeTime": "2026-11-29T00:00:00Z"}, "down", "end of life on 2026-11-29"),
    ],
)
def test_a_model_stands_as_its_life_says(life: dict[str, object], state: Standing, told: str) -> None:
    standing = shelf(**life).standing(PROFILE, NOW)
    assert standing.state == state
    assert told in standing.detail
    assert ("IC_MODEL_IDS" in standing.remedy) == (state != "ok")


def test_a_model_or_a_profile_that_is_not_listed_is_named() -> None:
    assert "lists no amazon.nova-pro-v1:0" in shelf().standing("amazon.nova-pro-v1:0", NOW).detail
    assert "no inference profile us.amazon.nova-micro-v1:0" in shelf().standing("us.amazon.nova-micro-v1:0", NOW).detail


def test_an_arn_is_looked_up_by_its_end_and_a_profile_of_ones_own_is_not() -> None:
    arn = "arn:aws:bedrock:eu-west-1:123456789012:"
    assert shelf().standing(f"{arn}inference-profile/{PROFILE}", NOW).state == "ok"
    assert "not looked up" in shelf().standing(f"{arn}application-inference-profile/x1", NOW).detail


@pytest.mark.parametrize(
    ("id", "known"),
    [
        ("amazon.nova-micro-v1:0", ("", "amazon.nova-micro-v1:0")),
        ("us.amazon.nova-micro-v1:0", ("us.amazon.nova-micro-v1:0", "amazon.nova-micro-v1:0")),
        ("us-gov.anthropic.claude-sonnet-4-6", ("us-gov.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6")),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", ("", "anthropic.claude-haiku-4-5-20251001-v1:0")),
    ],
)
def test_a_profile_is_told_from_a_model(id: str, known: tuple[str, str]) -> None:
    assert profile_and_model(id) == known
