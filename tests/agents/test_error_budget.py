import numpy as np
import pytest

from incident_commander.agents import prediction
from incident_commander.agents.error_budget import budget_told
from incident_commander.domain.telemetry import FloatArray

from ..analysis.series import level, series, step
from ..analysis.test_root_cause import N, observe
from .cases import case_of

FAILING = series("orders", "error_ratio", "ratio", step(0.0005, 0.2, 300, N, 3))


def test_a_lasting_error_ratio_says_when_the_assumed_budget_is_used_up_and_stays_what_can_be_looked_up() -> None:
    case = case_of(observe([FAILING]))
    found = prediction.examine(case).predictions
    assert [(p.service, p.metric, p.direction) for p in found] == [("orders", "error_ratio", "above")]
    assert 0.0005 < found[0].threshold < 0.2
    assert "as fast as 99.9% over 30 days allows (assumed: no objective is configured)" in found[0].basis
    assert "it will be used up by" in found[0].basis
    assert "80% interval" in found[0].basis


def test_percent_and_ratio_say_the_same() -> None:
    case = case_of(observe([FAILING]))
    percent = series("orders", "error_percent", "percent", 100 * FAILING.values)
    assert budget_told(percent, case.now) == budget_told(FAILING, case.now) != ""


def test_after_an_outage_is_mended_the_budget_is_not_going_to_be_used_up() -> None:
    case = case_of(observe([FAILING]))
    mended = np.concatenate((step(0.0005, 0.2, 200, N - 60, 3), np.zeros(60)))
    assert budget_told(series("orders", "error_ratio", "ratio", mended), case.now).endswith("not going to be used up")


@pytest.mark.parametrize(
    ("metric", "unit", "values"),
    [
        ("error_ratio", "ratio", level(0.0005, N, 1)),
        ("error_ratio", "ratio", np.concatenate((step(0.0005, 0.2, 100, N - 130, 3), np.zeros(130)))),
        ("errors", "per_second", step(0.1, 50, 300, N, 3)),
        ("cpu_utilization", "ratio", step(0.2, 0.9, 300, N, 3)),
        ("error_ratio", "ratio", np.empty(0)),
        ("error_ratio", "ratio", np.full(N, np.nan)),
    ],
)
def test_what_does_not_burn_now_or_is_no_error_ratio_says_nothing(metric: str, unit: str, values: FloatArray) -> None:
    case = case_of(observe([FAILING]))
    assert budget_told(series("orders", metric, unit, values), case.now) == ""
