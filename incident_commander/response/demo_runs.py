"""Practice runs for viewers of /demo and /transparency, each in a process and a store of its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ..domain.ballot import Voter
from ..domain.fault import VoterFault
from ..sandbox.assumptions import assume, load_assumptions
from ..sandbox.scenarios import scenario_named
from .progress import Progress
from .recording import Recording, UnreadableRecording, load_recording

AT_ONCE = 2
"""How many runs there are at once: each keeps two processes busy."""
MOST_WAITING = 10
"""How many may wait for their turn; at about ten seconds a run, the last of them waits a minute."""
PATIENCE_SECONDS = 270.0
"""How long a run may take before it is ended, wall clock: a little longer than it gives itself."""
REMEMBERED = 8
_NICENESS = 5
"""Viewers' runs yield to the server that shows them."""

RECORDING = "recording.json"
STDERR = "stderr"
"""The files of a run's folder."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A scenario and a seed, the figures assumed in place of the shipped ones, and the voters made to fail."""

    scenario: str
    seed: int
    figures: tuple[tuple[str, float], ...]
    faults: tuple[tuple[Voter, VoterFault], ...]


class TooManyRuns(Exception):
    """No more runs are taken on now; the message says when to try again."""


class RunFailed(Exception):
    """A run did not come to its end; the message says why."""


class DemoRuns:
    """Runs scenarios for viewers: so many at once, the others in the order they came.

    A run is a function of what was asked of it, so the last few are remembered, and given again to whoever asks the
    same of the same server: `recorded_at` says when it really ran.

    Args:
        at_once: How many run at the same time.
        most_waiting: How many wait at most.
        patience_seconds: How long one may take.
        program: The `incident-commander` command.
        services: Settings by which its runs ask the reasoning services of AWS; None: they ask none.
    """

    def __init__(
        self,
        at_once: int = AT_ONCE,
        most_waiting: int = MOST_WAITING,
        patience_seconds: float = PATIENCE_SECONDS,
        program: Sequence[str] = (sys.executable, "-m", "incident_commander"),
        services: Mapping[str, str] | None = None,
    ) -> None:
        self._at_once = at_once
        self._most_waiting = most_waiting
        self._patience_seconds = patience_seconds
        self._program = tuple(program)
        self._services = services
        self._line: list[asyncio.Event] = []
        self._known: dict[_Asked, Recording] = {}

    def run(
        self,
        scenario: str,
        seed: int,
        assumed: Mapping[str, float] | None = None,
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> AsyncGenerator[Progress | Recording, None]:
        """Run a scenario: what happens while it does, and last its recording.

        A viewer who goes closes the generator (`contextlib.aclosing`) or is cancelled; either ends the run at once.

        Args:
            assumed: Assumed figures to be taken instead of the shipped ones, by name.
            faults: The voters that are made to fail in it, and how.

        Raises:
            ValueError: the scenario, the seed or a figure is not possible; the message says what is.
            TooManyRuns: while it is gone through: too many wait already.
            RunFailed: while it is gone through: the run died, took too long, or left no recording.
        """
        chosen = scenario_named(scenario).name
        if not 0 <= seed < 2**32:
            raise ValueError(f"the seed must be a whole number from 0 to {2**32 - 1}, not {seed}")
        figures = dict(assumed or {})
        assume(load_assumptions(), figures)
        return self._run(_Asked(chosen, seed, tuple(sorted(figures.items())), tuple(sorted((faults or {}).items()))))

    async def _run(self, asked: _Asked) -> AsyncGenerator[Progress | Recording, None]:
        if asked not in self._known:
            async with contextlib.aclosing(self._in_turn(asked)) as run:
                async for each in run:
                    if isinstance(each, Recording):
                        self._remember(asked, each)
                    else:
                        yield each
        # The turn is over: a viewer who looks at the recording keeps nobody waiting.
        yield self._known[asked]

    async def _in_turn(self, asked: _Asked) -> AsyncGenerator[Progress | Recording, None]:
        if len(self._line) >= self._at_once + self._most_waiting:
            raise TooManyRuns(
                f"{self._most_waiting} runs wait already; try again in a minute, or play a recording meanwhile"
            )
        moved = asyncio.Event()
        self._line.append(moved)
        try:
            while (ahead := self._line.index(moved) - self._at_once + 1) > 0:
                moved.clear()
                runs = "one run goes" if ahead == 1 else f"{ahead} runs go"
                yield Progress(stage="queue", text=f"Waiting: {runs} first", queued_behind=ahead)
                await moved.wait()
            recorded = _recorded(self._program, asked, self._services, self._patience_seconds)
            async with contextlib.aclosing(recorded) as run:
                async for each in run:
                    yield each
        finally:
            self._line.remove(moved)
            for other in self._line:
                other.set()

    def _remember(self, asked: _Asked, recording: Recording) -> None:
        self._known[asked] = recording
        while len(self._known) > REMEMBERED:
            self._known.pop(next(iter(self._known)))


async def _recorded(
    program: Sequence[str], asked: _Asked, services: Mapping[str, str] | None, patience_seconds: float
) -> AsyncGenerator[Progress | Recording, None]:
    """One run in a process group and a folder of its own; neither is left behind, however this ends."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_seconds
    with tempfile.TemporaryDirectory(prefix="incident-commander-demo-") as name:
        folder = Path(name)
        process = _start(program, asked, services, folder)
        try:
            async with _output(process) as output:
                while line := await asyncio.wait_for(output.readline(), deadline - loop.time()):
                    with contextlib.suppress(ValidationError):  # whatever else a library prints is no progress
                        yield Progress.model_validate_json(line)
            code = await asyncio.wait_for(asyncio.to_thread(process.wait), deadline - loop.time())
            if code != 0:
                ended = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
                raise RunFailed(f"the run {ended}: {_last_words(folder)}")
            yield await asyncio.to_thread(load_recording, folder / RECORDING)
        except TimeoutError as error:
            raise RunFailed(f"the run was ended after {patience_seconds:g} s; try it again, or another seed") from error
        except UnreadableRecording as error:
            raise RunFailed(f"the run ended without a recording: {error}") from error
        finally:
            _end(process)


def _start(
    program: Sequence[str], asked: _Asked, services: Mapping[str, str] | None, folder: Path
) -> "subprocess.Popen[bytes]":
    command = [*program, "scenario", "record", asked.scenario, "--seed", str(asked.seed)]
    command += ["--out", str(folder / RECORDING), "--progress"]
    for name, value in asked.figures:
        command += ["--assume", f"{name}={value!r}"]
    for voter, fault in asked.faults:
        command += ["--fault", f"{voter}={fault}"]
    if services is not None:
        command += ["--with", "aws"]
    # The server's own settings are for its own store and its own people.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IC_")}
    environment |= services or {}
    environment |= {"TMPDIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])}
    with (folder / STDERR).open("wb") as errors:
        # Not asyncio's own: being cancelled while it starts a process, it can wait for that process for ever.
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    return process


@contextlib.asynccontextmanager
async def _output(process: "subprocess.Popen[bytes]") -> AsyncIterator[asyncio.StreamReader]:
    """Its standard output, to be read without holding up the event loop."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), process.stdout)
    try:
        yield reader
    finally:
        transport.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill whatever is left of the process group: nothing in it is worth finishing."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_words(folder: Path) -> str:
    lines = (folder / STDERR).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else "it said nothing"
