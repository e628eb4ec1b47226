"""What an incident costs customers over time, as pure functions of the courses of one seed and the prices of harm.

Prices are USD for one request, by the name of the assumption that says so: `usd_per_failed_request`, ... With the
prices of a run its totals are those of the run's own comparison; with others the same run is costed anew.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..domain.practice import Course, Courses
from ..domain.telemetry import FloatArray

FAILED_REQUESTS = "failed requests"
"""The name of the flow that counts them."""


class NoPrice(ValueError):
    """A kind of harm costs what no price was given for; the message names it."""


def prices_needed(courses: Courses) -> frozenset[str]:
    """The names of the prices that the courses' costs depend on."""
    return frozenset(flow.price for course in (courses.ours, courses.human, courses.nobody) for flow in course.flows)


def cumulative_usd(course: Course, interval_seconds: float, prices: Mapping[str, float]) -> tuple[float, ...]:
    """What a course had cost by the end of each scrape.

    Returns:
        float[n_scrapes + 1] in USD, from 0 at the start.

    Raises:
        NoPrice: one of its kinds of harm has none in `prices`.
    """
    rate = np.zeros(len(course.requests_per_second))
    for flow in course.flows:
        if flow.price not in prices:
            raise NoPrice(f"{flow.name} cost {flow.price!r} each, and no such price was given")
        rate += np.asarray(flow.per_second) * prices[flow.price]
    return _running_total(rate * interval_seconds)


def cumulative_failed(course: Course, interval_seconds: float) -> tuple[float, ...]:
    """How many requests had failed by the end of each scrape, float[n_scrapes + 1], from 0 at the start."""
    failed = np.zeros(len(course.requests_per_second))
    for flow in course.flows:
        if flow.name == FAILED_REQUESTS:
            failed += np.asarray(flow.per_second)
    return _running_total(failed * interval_seconds)


def total_usd(course: Course, interval_seconds: float, prices: Mapping[str, float]) -> float:
    """What a course cost as a whole, in USD to the cent.

    Raises:
        NoPrice: one of its kinds of harm has none in `prices`.
    """
    return round(cumulative_usd(course, interval_seconds, prices)[-1], 2)


def saved_usd(courses: Courses, prices: Mapping[str, float]) -> float:
    """The modelled human's cost less ours, in USD to the cent; negative where we cost customers more.

    Raises:
        NoPrice: a kind of harm has none in `prices`.
    """
    human, ours = (total_usd(course, courses.interval_seconds, prices) for course in (courses.human, courses.ours))
    return round(human - ours, 2)


def reached(cumulative: Sequence[float], interval_seconds: float, seconds: float) -> float:
    """The value `seconds` after the start: between two scrapes in proportion, outside of them held."""
    return float(np.interp(seconds / interval_seconds, np.arange(len(cumulative)), cumulative))


def _running_total(amounts: FloatArray) -> tuple[float, ...]:
    return (0.0, *(float(total) for total in np.cumsum(amounts)))
