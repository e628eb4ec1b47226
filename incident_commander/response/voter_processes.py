"""Each voter in a process of its own, with its own key, started for one round and ended with it.

Nothing of a voter outlives its round: an idle voter takes no memory, and one that was broken into in one incident
starts anew in the next. It cannot keep the server waiting, make it keep more than a bounded answer, or run code in it.
"""

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import structlog

from ..agents.panel import Vote
from ..consensus.known_keys import UnusableKey, known_keys
from ..consensus.poll import Submission
from ..domain.ballot import VOTERS, Voter
from .voter import HEADER_BYTES, MAX_ANSWER_BYTES, Answer, Asked, Garbage, read_answer
from .voting import Cast, Question, shown

log = structlog.get_logger(__name__)

GRACE_SECONDS = 2.0
"""How long after the deadline an answer is still taken, to be recorded as late."""
ROUNDS_AT_ONCE = 2
"""How many rounds, each of five processes, are held at once; more wait."""
_KEY_SECONDS = 60.0
_TOLD_BYTES = 400
_LISTEN_SECONDS = 0.5
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")

Command = Callable[[Voter], Sequence[str]]


class VoterFailed(Exception):
    """A voter's process gave no answer that can be used; the message says why."""


class VoterProcesses:
    """Voters in processes of their own.

    Args:
        command: What starts a voter.
        keys_dir: Where the voters write their public keys down.
    """

    def __init__(self, command: Command, keys_dir: Path, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._command = command
        self._keys_dir = keys_dir
        self._grace = timedelta(seconds=grace_seconds)
        self._rounds = asyncio.Semaphore(ROUNDS_AT_ONCE)
        self._known: Mapping[Voter, str] | None = None

    async def cast(self, question: Question) -> Cast:
        """See Voters."""
        async with self._rounds:
            raw = await asyncio.to_thread(pickle.dumps, Asked(question, time.monotonic()))
            answered = await asyncio.gather(*(self._ask(voter, question, raw) for voter in VOTERS))
        return Cast(tuple(vote for vote, _ in answered), tuple(each for _, sent in answered for each in sent))

    def public_keys(self) -> Mapping[Voter, str]:
        """See Voters. This process reads public keys only; whose key is not known yet is started to make it."""
        if self._known is None:
            for voter in VOTERS:
                if not (self._keys_dir / f"{voter}.pub").exists():
                    _make_key(self._command(voter))
            self._known = known_keys(self._keys_dir)
        return self._known

    async def _ask(self, voter: Voter, question: Question, raw: bytes) -> tuple[Vote, tuple[Submission, ...]]:
        poll = question.poll
        patience = (poll.deadline - poll.opened_at + self._grace).total_seconds()
        started_at, start = datetime.now(UTC), time.perf_counter()
        answer, failure = Answer(), ""
        try:
            answer = read_answer(await _exchange(self._command(voter), raw, patience))
        except VoterFailed as error:
            failure = str(error)
        except Garbage as error:
            failure = f"its answer cannot be used: {error}"
        took = time.perf_counter() - start
        if failure:
            log.warning("voter=<%s>, error=<%s> | voter is silent", voter, failure)
        received_at = poll.opened_at + timedelta(seconds=took)
        vote = Vote(voter, None, answer.cited, failure or answer.error, started_at, took * 1000)
        return shown(vote, answer.ballots), tuple(Submission(voter, each, received_at) for each in answer.ballots)


def voter_command(keys: str, directory: Path) -> Command:
    """What starts a voter of this installation.

    Args:
        keys: Where its key is, as the setting says.
    """
    start = (sys.executable, "-m", f"{__package__}.voter")
    return lambda voter: (*start, voter, keys, str(directory.resolve()))


def _environment() -> dict[str, str]:
    """What a voter is told of the server's environment: no password of a database, no token; AWS for its key."""
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("AWS_")}


async def _exchange(command: Sequence[str], question: bytes, seconds: float) -> bytes:
    """Start a process, hand it a question, and end it with its answer or when the time is over.

    Raises:
        VoterFailed: there was no whole answer of a permitted length in time.
    """
    async with contextlib.AsyncExitStack() as stack:
        # A file rather than a pipe: nobody waits for a process that does not read.
        asked = stack.enter_context(await asyncio.to_thread(_file_of, question))
        answers, answer_end = await _pipe(stack)
        errors, error_end = await _pipe(stack)
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asked, stdout=answer_end, stderr=error_end, env=_environment(), start_new_session=True
            )
        except OSError as error:
            raise VoterFailed(f"its process could not be started: {error}") from error
        finally:
            os.close(answer_end)
            os.close(error_end)
        stack.push_async_callback(_end, process)
        said = bytearray()
        listening = asyncio.create_task(_listen(errors, said))
        stack.push_async_callback(_cancel, listening)
        try:
            async with asyncio.timeout(seconds):
                length = int.from_bytes(await answers.readexactly(HEADER_BYTES), "big")
                if length > MAX_ANSWER_BYTES:
                    raise VoterFailed(f"its answer is to be {length} bytes long; {MAX_ANSWER_BYTES} are the most")
                return await answers.readexactly(length)
        except TimeoutError as error:
            raise VoterFailed(f"it did not answer within {seconds:.0f} s") from error
        except asyncio.IncompleteReadError as error:
            await _end(process)
            await asyncio.wait({listening}, timeout=_LISTEN_SECONDS)
            words = said.decode(errors="replace").strip()
            raise VoterFailed(
                f"its process ended with {process.returncode} before it had answered; it said {words!r}"
            ) from error


def _file_of(content: bytes) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked for it closes it
    file.write(content)
    file.seek(0)
    return file


async def _pipe(stack: contextlib.AsyncExitStack) -> tuple[asyncio.StreamReader, int]:
    """A reader, and the file descriptor that is written to."""
    readable, writable = os.pipe()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(readable, "rb", 0)
    )
    stack.callback(transport.close)
    return reader, writable


async def _listen(errors: asyncio.StreamReader, said: bytearray) -> None:
    """Keep the end of what a process writes to its error output, however much that is."""
    while more := await errors.read(2**16):
        said += more
        del said[:-_TOLD_BYTES]


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process and those it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _make_key(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_KEY_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnusableKey(f"a voter could not be started to make its key: {error}") from error
    if done.returncode != 0:
        raise UnusableKey(f"a voter could not make its key: {done.stderr.strip()[-_TOLD_BYTES:]}")
