"""Which model is asked first follows from task, measured latency, price and what is left, and from nothing else."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from incident_commander.domain.provenance import Provenance
from incident_commander.domain.usage import Usage
from incident_commander.reasoning.models import MODELS_FILE, ModelsError, load_models
from incident_commander.reasoning.router import Choice, Latencies, ordered

FIT = Choice("fit", Decimal("0.010"), None)
CHEAP = Choice("cheap", Decimal("0.001"), None)
NAMELESS = Choice("unpriced", None, None)


def order(*choices: Choice, prefer: str = "fitness", left: str | None = None) -> list[str]:
    chosen = ordered(choices, "price" if prefer == "price" else "fitness", 500, None if left is None else Decimal(left))
    return [each.model for each in chosen]


def timed(choice: Choice, typical_ms: float) -> Choice:
    return Choice(choice.model, choice.most_usd, typical_ms)


def test_the_most_fit_comes_first_or_the_cheapest_and_the_unpriced_after_it() -> None:
    assert order(FIT, NAMELESS, CHEAP) == ["fit", "unpriced", "cheap"]
    assert order(FIT, NAMELESS, CHEAP, prefer="price") == ["cheap", "fit", "unpriced"]


def test_a_model_that_was_measured_to_miss_the_goal_comes_after_those_that_were_not() -> None:
    assert order(timed(FIT, 501), CHEAP) == ["cheap", "fit"]
    assert order(timed(FIT, 500), CHEAP) == ["fit", "cheap"]
    assert order(timed(FIT, 900), timed(CHEAP, 700)) == ["cheap", "fit"]


def test_a_model_that_cannot_be_paid_comes_last() -> None:
    assert order(FIT, CHEAP, left="0.009") == ["cheap", "fit"]
    assert order(FIT, timed(CHEAP, 9000), left="0.009") == ["cheap", "fit"]


def usage(ms: float, *, error: str = "", cached: bool = False) -> Usage:
    return Usage(
        task="classify",
        agent="detection",
        service="Nova",
        provenance=Provenance(kind="live", source="loopback"),
        model="m",
        at=datetime(2026, 11, 29, tzinfo=UTC),
        latency_ms=ms,
        error=error,
        cached=cached,
    )


def test_a_latency_is_the_median_of_what_was_measured_once_that_is_enough() -> None:
    latencies = Latencies()
    latencies.add_all([usage(100), usage(9000, error="throttled"), usage(0.1, cached=True), usage(300)])
    assert latencies.typical_ms("classify", "m") is None
    latencies.add(usage(200))
    assert latencies.typical_ms("classify", "m") == 200
    assert latencies.typical_ms("match", "m") is None


@pytest.mark.parametrize(
    ("region", "name", "id"),
    [
        ("us-east-1", "nova-micro", "us.amazon.nova-micro-v1:0"),
        ("eu-central-1", "nova-pro", "eu.amazon.nova-pro-v1:0"),
        ("ap-southeast-2", "nova-lite", "apac.amazon.nova-lite-v1:0"),
        ("ap-southeast-2", "claude-sonnet", "global.anthropic.claude-sonnet-4-6"),
        ("sa-east-1", "nova-micro", "amazon.nova-micro-v1:0"),
    ],
)
def test_a_model_is_asked_by_the_inference_profile_of_its_region(region: str, name: str, id: str) -> None:
    assert load_models().models[name].id_in(region) == id


def test_an_id_of_ones_own_is_asked_as_it_stands() -> None:
    models = load_models().with_ids({"nova-micro": "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/x"})
    assert models.models["nova-micro"].id_in("us-east-1").startswith("arn:aws:bedrock:")
    with pytest.raises(ModelsError, match="IC_MODEL_IDS names nova-mini; the models are nova-micro"):
        models.with_ids({"nova-mini": "x"})
    with pytest.raises(ModelsError, match="IC_MODEL_IDS has no id for nova-lite"):
        models.with_ids({"nova-lite": " "})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('service = "Nova"', 'service = "Bard"', r"models\.nova-micro\.service"),
        ('["nova-pro", "claude-sonnet"]', '["nova-max"]', "tasks.analyse.models names nova-max"),
        ("[tasks.draft]", "[tasks.sing]", r"tasks\.sing"),
        ("seconds = 40", "seconds = 0", "greater than 0"),
        ("[models.nova-micro]", "[models.nova-micro", "Expected"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(MODELS_FILE.read_text().replace(old, new))
    with pytest.raises(ModelsError, match=rf"models\.toml: .*{says}"):
        load_models(path)
