"""The figures of many calls of AWS at once."""

import os

import pytest

from incident_commander.bench.aws import ANSWER_SECONDS, aws_figures


def test_calls_are_timed_from_their_beginning_and_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of this machine")
    before = dict(os.environ)
    first, median, high, lag = aws_figures(runs=2)
    assert dict(os.environ) == before
    assert [each.samples for each in (first, median, high)] == [1, 2, 2]
    for each in (first, median, high):
        assert each.measured is not None
        assert each.measured >= ANSWER_SECONDS * 1000
    assert lag.samples > 0
