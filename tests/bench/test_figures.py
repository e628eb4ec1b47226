"""Figures: what is printed is what was measured, and what was not is said to be so."""

import pytest

from incident_commander.bench.figures import figure, figures_table


def test_a_figure_is_the_named_quantile_of_its_samples() -> None:
    samples = [float(value) for value in range(1, 101)]
    assert figure("lag", "median", samples, "ms").measured == pytest.approx(50.5)
    assert figure("lag", "p95", samples, "ms").measured == pytest.approx(95.05)


@pytest.mark.parametrize(("samples", "within", "shown"), [([4.0], True, "kept"), ([6.0], False, "MISSED")])
def test_a_limit_is_kept_or_missed(samples: list[float], within: bool, shown: str) -> None:
    measured = figure("answer", "p95", samples, "ms", limit=5)
    assert measured.within is within
    assert shown in figures_table([measured])


def test_without_samples_nothing_is_claimed() -> None:
    measured = figure("on the page", "p95", [], "ms", limit=1000, detail="chromium is not installed")
    assert (measured.measured, measured.within) == (None, None)
    assert "not measured" in figures_table([measured])
    assert "chromium is not installed" in figures_table([measured])
