"""The pages are served whatever becomes of the response: it is tried again, and what keeps it down is said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_commander.response.demo_runs import DemoRuns
from incident_commander.response.shelf import Shelf
from incident_commander.ui.exhibits import Exhibits
from incident_commander.ui.operations import Operations
from incident_commander.ui.services import NotRunning, exhibits, running
from incident_commander.ui.serving import serving
from tests.api.acting import authenticator
from tests.ui.doubles import RecordedSockets, ToldOperations


class ResponseThatFails:
    """A response that fails to start so many times, and is stopped as often as it was started."""

    def __init__(self, error: Exception, failures: int) -> None:
        self._error = error
        self._failures = failures
        self.starts = 0
        self.stops = 0
        self.up = asyncio.Event()

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Operations]:
        self.starts += 1
        if self.starts <= self._failures:
            raise self._error
        self.up.set()
        try:
            yield ToldOperations()
        finally:
            self.stops += 1


class AlreadyServed(Exception):
    """A failure that trying again does not mend."""


@pytest.fixture
def shown(tmp_path: Path) -> Exhibits:
    return Exhibits(DemoRuns(), Shelf(tmp_path))


def is_running() -> bool:
    try:
        running()
    except NotRunning:
        return False
    return True


async def test_the_pages_reach_the_response_for_as_long_as_it_serves(shown: Exhibits) -> None:
    response = ResponseThatFails(OSError(), failures=0)
    async with serving(RecordedSockets(), response, shown, authenticator(), final=()):
        assert running().operations.scenario_names()
        assert exhibits() is shown
    assert response.stops == 1
    assert not is_running()
    with pytest.raises(NotRunning):
        exhibits()


async def test_the_exhibits_are_shown_while_the_response_cannot_start_and_why_is_said(shown: Exhibits) -> None:
    response = ResponseThatFails(OSError("no space left on device"), failures=10**6)
    async with serving(RecordedSockets(), response, shown, authenticator(), final=(), retry_seconds=1000):
        assert exhibits() is shown
        with pytest.raises(NotRunning, match="no space left on device"):
            running()


async def test_the_response_is_tried_again_until_it_starts(shown: Exhibits) -> None:
    response = ResponseThatFails(OSError("connection refused"), failures=3)
    async with serving(RecordedSockets(), response, shown, authenticator(), final=(), retry_seconds=0.001):
        await asyncio.wait_for(response.up.wait(), 10)
        await asyncio.sleep(0)
        assert is_running()
        assert response.starts == 4
    assert response.stops == 1


async def test_what_trying_again_cannot_mend_ends_the_server(shown: Exhibits) -> None:
    response = ResponseThatFails(AlreadyServed("stop the other one"), failures=1)
    with pytest.raises(AlreadyServed, match="stop the other one"):
        async with serving(RecordedSockets(), response, shown, authenticator(), final=(AlreadyServed,)):
            pytest.fail("it served")
    assert response.starts == 1
