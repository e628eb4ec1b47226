from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.calibration import LogOdds, Stated, fit_log_odds, mapped, reliability
from incident_commander.analysis.calibration_report import REPORT, UnreadableReport, load_report

STATEMENTS = st.lists(st.builds(Stated, st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def drawn(seed: int, slope: float, shift: float, count: int = 3000) -> list[Stated]:
    """Statements whose true log odds are `slope * stated log odds + shift`."""
    rng = np.random.default_rng(seed)
    stated = rng.uniform(0.01, 0.99, count)
    truth = LogOdds(slope=slope, shift=shift)
    return [Stated(float(p), bool(rng.random() < truth(float(p)))) for p in stated]


def test_brier_score_and_error_are_those_of_the_definitions() -> None:
    held = reliability([Stated(0.8, True), Stated(0.8, False), Stated(0.1, False), Stated(1.0, True)])
    assert held is not None
    assert held.brier == pytest.approx((0.04 + 0.64 + 0.01 + 0.0) / 4)
    assert held.base_brier == pytest.approx(0.25)
    assert held.error == pytest.approx((0.6 + 0.1 + 0.0) / 4)
    assert [(b.low, b.count, b.true) for b in held.bands] == [(0.1, 1, 0), (0.8, 2, 1), (0.9, 1, 1)]


def test_nothing_stated_is_nothing_reported() -> None:
    assert reliability([]) is None
    assert fit_log_odds([]) == LogOdds()


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.5, 0.3), (2.0, -1.0)])
def test_a_known_distortion_is_found_and_undone_on_other_statements(slope: float, shift: float) -> None:
    fit = fit_log_odds(drawn(1, slope, shift))
    assert fit.slope == pytest.approx(slope, rel=0.2)
    assert fit.shift == pytest.approx(shift, abs=0.2)
    others = drawn(2, slope, shift)
    before, after = reliability(others), reliability(mapped(others, fit))
    assert before is not None
    assert after is not None
    assert after.error < 0.03
    assert after.brier <= before.brier + 1e-3


def test_a_few_statements_that_all_came_true_do_not_lead_to_certainty() -> None:
    fit = fit_log_odds([Stated(0.6, True)] * 3)
    assert 0.6 < fit(0.6) < 0.95


@given(STATEMENTS, st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_map_keeps_the_order_and_stays_in_range(statements: list[Stated], one: float, other: float) -> None:
    fit = fit_log_odds(statements)
    low, high = sorted((one, other))
    assert 0.0 <= fit(low) <= fit(high) <= 1.0


@given(STATEMENTS)
@settings(max_examples=100, deadline=None)
def test_bands_part_the_statements(statements: list[Stated]) -> None:
    held = reliability(statements)
    assert held is not None
    assert sum(band.count for band in held.bands) == held.count == len(statements)
    assert sum(band.true for band in held.bands) == held.true
    assert all(band.low - 1e-9 <= band.stated <= band.high + 1e-9 for band in held.bands)


def test_the_report_that_is_kept_can_be_read() -> None:
    report = load_report(REPORT)
    assert report.sources[0].name == "leading cause"
    for source in report.sources:
        assert source.fitted_on != source.reported_on
        assert source.raw.count == source.calibrated.count > 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"sources": []}', b"[]"])
def test_a_broken_report_is_refused_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calibration.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableReport, match="bench calibration --write"):
        load_report(path)


def test_a_missing_report_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UnreadableReport, match="bench calibration --write"):
        load_report(tmp_path / "none.json")
