"""Cost over time: every request counted once, at the price given, and nobody is never the baseline."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.business.cost import (
    NoPrice,
    cumulative_failed,
    cumulative_usd,
    prices_needed,
    reached,
    saved_usd,
    total_usd,
)
from incident_commander.domain.practice import Course, Courses, Flow

PRICES = {"usd_per_failed_request": 0.02, "usd_per_slow_request": 0.005}


def course(
    failed: tuple[float, ...], slow: tuple[float, ...] | None = None, name: Literal["ours", "human", "nobody"] = "ours"
) -> Course:
    return Course(
        name=name,
        requests_per_second=tuple(100.0 for _ in failed),
        flows=(
            Flow(name="failed requests", price="usd_per_failed_request", per_second=failed),
            Flow(name="slow requests", price="usd_per_slow_request", per_second=slow or tuple(0.0 for _ in failed)),
        ),
    )


def courses(ours: Course, human: Course, nobody: Course) -> Courses:
    return Courses(
        start=datetime(2026, 5, 17, 16, 0, tzinfo=UTC), interval_seconds=15, alerted_at=None,
        ours=ours, human=human, nobody=nobody,
    )  # fmt: skip


def test_cost_runs_up_from_nothing_scrape_by_scrape() -> None:
    assert cumulative_usd(course((2.0, 0.0, 4.0), (0.0, 10.0, 0.0)), 15, PRICES) == pytest.approx((0, 0.6, 1.35, 2.55))


def test_failed_requests_are_counted_without_the_slow_ones() -> None:
    assert cumulative_failed(course((2.0, 0.0, 4.0), (9.0, 9.0, 9.0)), 15) == (0, 30, 30, 90)


def test_the_saving_is_the_humans_cost_less_ours_whatever_nobody_would_have_cost() -> None:
    told = courses(course((1.0,)), course((3.0,), name="human"), course((900.0,), name="nobody"))
    assert saved_usd(told, PRICES) == 0.60


def test_a_run_that_cost_more_than_the_human_saved_less_than_nothing() -> None:
    told = courses(course((5.0,)), course((3.0,), name="human"), course((9.0,), name="nobody"))
    assert saved_usd(told, PRICES) == -0.60


def test_a_kind_of_harm_without_a_price_is_refused_by_name() -> None:
    with pytest.raises(NoPrice, match="'usd_per_slow_request'"):
        total_usd(course((1.0,)), 15, {"usd_per_failed_request": 0.02})


def test_the_prices_needed_are_those_of_the_flows() -> None:
    calm = course((0.0,))
    assert prices_needed(courses(calm, calm, calm)) == set(PRICES)


def test_between_two_scrapes_the_cost_is_in_proportion_and_outside_it_is_held() -> None:
    running = (0.0, 0.6, 1.2)
    assert [reached(running, 15, seconds) for seconds in (-5, 0, 7.5, 30, 999)] == pytest.approx([0, 0, 0.3, 1.2, 1.2])


rates = st.lists(st.floats(0, 1e4), min_size=1, max_size=40).map(tuple)


@given(rates, st.floats(0, 100), st.floats(0, 100))
def test_cost_never_falls_over_time_and_follows_its_prices(
    failed: tuple[float, ...], price: float, more: float
) -> None:
    told = course(failed)
    cheap = cumulative_usd(told, 15, PRICES | {"usd_per_failed_request": price})
    dear = cumulative_usd(told, 15, PRICES | {"usd_per_failed_request": price + more})
    assert len(cheap) == len(failed) + 1
    assert all(before <= after for before, after in pairwise(cheap))
    assert all(low <= high for low, high in zip(cheap, dear, strict=True))
