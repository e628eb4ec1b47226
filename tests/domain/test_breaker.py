"""What is down costs its time-out once."""

import pytest

from incident_commander.domain.breaker import Breaker, BreakerOpen


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.shown = 0.0

    def __call__(self) -> float:
        return self.shown


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def breaker(clock: Hands) -> Breaker:
    return Breaker(rest_seconds=10, longest_seconds=30, clock=clock)


def test_what_works_is_let_through(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.enter()
        breaker.worked()
    assert not breaker.open


def test_after_a_failure_nobody_is_let_through_until_the_rest_is_over(breaker: Breaker, clock: Hands) -> None:
    breaker.enter()
    breaker.failed("no route")
    clock.shown = 9.9
    with pytest.raises(BreakerOpen, match="no route; it is asked again in 0 s"):
        breaker.enter()
    clock.shown = 10.0
    breaker.enter()


def test_after_a_rest_one_alone_tries_and_its_success_lets_all_through(breaker: Breaker, clock: Hands) -> None:
    breaker.failed("x")
    clock.shown = 10.0
    breaker.enter()
    with pytest.raises(BreakerOpen):
        breaker.enter()
    breaker.worked()
    breaker.enter()
    breaker.enter()


def test_each_failed_trial_doubles_the_rest_up_to_the_longest(breaker: Breaker, clock: Hands) -> None:
    breaker.failed("x")
    for rest in (10.0, 20.0, 30.0, 30.0):
        clock.shown += rest - 0.1
        with pytest.raises(BreakerOpen):
            breaker.enter()
        clock.shown += 0.1
        breaker.enter()
        breaker.failed("x")


def test_calls_that_fail_together_are_one_failure(breaker: Breaker, clock: Hands) -> None:
    for _ in range(20):
        breaker.failed("x")
    clock.shown = 10.0
    breaker.enter()


def test_a_trial_that_never_ends_keeps_nobody_out_for_ever(breaker: Breaker, clock: Hands) -> None:
    breaker.failed("x")
    clock.shown = 10.0
    breaker.enter()
    clock.shown = 20.0
    breaker.enter()
