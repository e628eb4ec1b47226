"""What a call costs is looked up, assumed with its source, or not known; never made up."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from incident_commander.domain.usage import Cost
from incident_commander.reasoning.prices import PricesError, load_prices

AT = datetime(2026, 11, 29, tzinfo=UTC)
PRICES = load_prices()


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("us.amazon.nova-micro-v1:0", "0.175"),
        ("eu.amazon.nova-lite-v1:0", "0.30"),
        ("apac.amazon.nova-pro-v1:0", "4"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "6"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "6.6"),
        ("amazon.titan-embed-text-v2:0", "0.02"),
    ],
)
def test_tokens_cost_what_the_list_says_a_region_s_surcharge_included(model: str, usd: str) -> None:
    cost = PRICES.of_tokens(model, 1_000_000, 1_000_000, AT)
    assert (cost.usd, cost.price) == (Decimal(usd), "listed")
    assert cost.basis.startswith("genai-prices ")


def test_a_model_that_the_list_lacks_is_unpriced() -> None:
    assert PRICES.of_tokens("acme.unheard-of-v1:0", 1000, 1000, AT) == Cost()


def test_units_have_an_assumed_price_that_names_its_source_and_date() -> None:
    cost = PRICES.of_units("guardrails", {"contentPolicyUnits": 2, "wordPolicyUnits": 7})
    assert (cost.usd, cost.price) == (Decimal("0.0003"), "assumed")
    assert "bedrock-guardrails" in cost.basis
    assert "2026" in cost.basis


def test_units_of_an_unknown_kind_are_unpriced_together() -> None:
    assert PRICES.of_units("guardrails", {"contentPolicyUnits": 2, "moodPolicyUnits": 1}) == Cost()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[guardrails]\nsource = 'x'\nusd = {}\n", "dated: Field required"),
        ("[guardrails]\ndated = 2026-01-01\nsource = ''\nusd = {}\n", "source"),
        ("[guardrails]\ndated = 2026-01-01\nsource = 'x'\nusd = {a = 0.1}\n", "written as a string"),
        ("[guardrails]\ndated = 2026-01-01\nsource = 'x'\nusd = {a = '-1'}\n", "greater than or equal to 0"),
        ("[guardrails\n", "Expected"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "prices.toml"
    path.write_text(text)
    with pytest.raises(PricesError, match=rf"prices\.toml: .*{says}"):
        load_prices(path)
