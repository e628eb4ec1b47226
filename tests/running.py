"""Running real programs in tests: a free port, a process group that is always stopped, bounded waits on conditions."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
import pytest

T = TypeVar("T")

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout under test."""

STOP_SECONDS = 10.0
"""How long a process group may take to end after SIGTERM before it is killed."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert isinstance(port, int)
    return port


def require_program(name: str, package: str | None = None) -> str:
    """The full path of an installed program; skips the test with the line that installs it where there is none."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed; as root: apt-get install --no-install-recommends {package or name}")
    return path


def wait_until(condition: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask `condition` again and again until it returns something true, and return that.

    A refused, broken or slow connection counts as "not yet".

    Raises:
        TimeoutError: it did not within `seconds`; the message says `what` was waited for and the last error.
    """
    deadline = time.monotonic() + seconds
    last = "it stayed false"
    while True:
        try:
            answer = condition()
            if answer:
                return answer
        except (OSError, httpx.HTTPError) as error:
            last = repr(error)
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}: {last}")
        time.sleep(0.05)


class ProcessGroup:
    """A program run in a process group of its own, without a terminal; leaving the context stops the whole group.

    Args:
        log: Where its stdout and stderr go, appended, so that a restarted program keeps its history.
        env: Its whole environment; None: this process's.
    """

    def __init__(
        self, command: Sequence[str | Path], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.command = [str(part) for part in command]
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=cwd,
                env=None if env is None else dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The id of the first process, which is also the group's."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def wait_until(self, condition: Callable[[], T | None], seconds: float, what: str) -> T:
        """As `wait_until`, but fails at once, with the end of the log, when the program has ended meanwhile."""

        def unless_ended() -> T | None:
            code = self._process.poll()
            if code is not None:
                raise AssertionError(f"{self.command[0]} ended with {code} before {what}:\n{self.log_tail()}")
            return condition()

        try:
            return wait_until(unless_ended, seconds, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}\nthe end of its log:\n{self.log_tail()}") from None

    def log_tail(self, characters: int = 4000) -> str:
        """The end of what the program printed."""
        return self.log.read_text(errors="replace")[-characters:]

    def stop(self) -> None:
        """SIGTERM to the group, SIGKILL to whatever is left of it after ten seconds. Stopping twice is harmless."""
        if not self._signal(signal.SIGTERM):
            self._process.wait(STOP_SECONDS)
            return
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group at once, as a crash would end it."""
        self._signal(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive() and time.monotonic() < deadline:
            time.sleep(0.02)

    def _alive(self) -> bool:
        self._process.poll()
        return self._signal(0)

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True
