"""A program run in a process group of its own: started without a terminal, waited for by condition, always stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

T = TypeVar("T")

STOP_SECONDS = 10.0
"""How long a process group may take to end after SIGTERM before it is killed."""

POLL_SECONDS = 0.02


class EndedTooSoon(Exception):
    """The program ended while something was still expected of it; the message holds the end of its log."""


class NeverHappened(Exception):
    """A condition did not come true in the time it had; the message says which, and the last error."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if not isinstance(port, int):
        raise TypeError(f"the port of a TCP socket is {port!r}")
    return port


def wait_until(condition: Callable[[], T | None], seconds: float, what: str) -> T:
    """Ask `condition` again and again until it returns something true, and return that.

    A refused, broken or slow connection counts as "not yet".

    Raises:
        NeverHappened: it did not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = condition()
            if answer:
                return answer
            last = "it stayed false"
        except (OSError, httpx.HTTPError) as error:
            last = repr(error)
        if time.monotonic() >= deadline:
            raise NeverHappened(f"waited {seconds:g} s for {what}: {last}")
        time.sleep(POLL_SECONDS)


class ProcessGroup:
    """A running program and all it starts. Leaving the context stops the whole group.

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
        """As the function of that name.

        Raises:
            EndedTooSoon: the program ended meanwhile.
            NeverHappened: the condition did not come true within `seconds`; the message holds the end of the log.
        """

        def unless_ended() -> T | None:
            code = self._process.poll()
            if code is not None:
                raise EndedTooSoon(f"{self.command[0]} ended with {code} before {what}:\n{self.log_tail()}")
            return condition()

        try:
            return wait_until(unless_ended, seconds, what)
        except NeverHappened as error:
            raise NeverHappened(f"{error}\nthe end of its log:\n{self.log_tail()}") from None

    def log_tail(self, characters: int = 4000) -> str:
        """The end of what the program printed."""
        return self.log.read_text(errors="replace")[-characters:]

    def members(self) -> tuple[int, ...]:
        """The ids of the group's living processes. Linux only: read from /proc."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(") ")[2].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(fields[2]) == self.pid and fields[0] != "Z":
                    found.append(int(entry.name))
        return tuple(sorted(found))

    def proportional_memory_mib(self) -> float:
        """The group's proportional set size (each shared page divided by those who share it). Linux only."""
        kib = 0
        for pid in self.members():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
        return kib / 1024

    def stop(self) -> None:
        """SIGTERM to the group, SIGKILL to whatever is left of it after ten seconds. Stopping twice is harmless."""
        self._signal(signal.SIGTERM)
        if not self._ended():
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group at once, as a crash would end it."""
        self._signal(signal.SIGKILL)
        if not self._ended():
            raise NeverHappened(f"process group {self.pid} is still there {STOP_SECONDS:g} s after SIGKILL")

    def _ended(self) -> bool:
        deadline = time.monotonic() + STOP_SECONDS
        while True:
            self._process.poll()
            if not self._signal(0):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(POLL_SECONDS)

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True
