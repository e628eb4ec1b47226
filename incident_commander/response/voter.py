"""One voter in a process of its own: `python -m incident_commander.response.voter VOTER KEYS DIRECTORY`.

It loads its key, reads one question from its input, judges, signs its own ballot, writes one answer and ends. Without a
question it only sees to it that its key is there. The question comes from the server, which it must trust in any case;
the answer is JSON of bounded length, since the server need not trust a voter.
"""

import io
import os
import pickle
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import Field, TypeAdapter

from ..agents import panel
from ..agents.panel import Vote
from ..consensus.ballots import MAX_BALLOT_BYTES
from ..consensus.keys import key_source, load_key
from ..consensus.known_keys import UnusableKey
from ..consensus.poll import Submission
from ..domain.ballot import SignedBallot, Voter
from ..domain.base import Value
from ..domain.findings import Evidence
from .voting import Question, answer

HEADER_BYTES = 4
MAX_ANSWER_BYTES = 2**19
MAX_BALLOTS = 64
_LATE_SECONDS = 0.3
"""How long after the deadline a voter answers that is made to be slow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the moment it was asked, by the machine's monotonic clock."""

    question: Question
    at: float


class Answer(Value):
    """What a voter answers: the ballots it sends, what its judgement cites, or why it judged nothing."""

    ballots: tuple[SignedBallot, ...] = Field(default=(), max_length=MAX_BALLOTS)
    cited: tuple[Evidence, ...] = Field(default=(), max_length=256)
    error: str = Field(default="", max_length=500)


class Garbage(ValueError):
    """An answer that cannot be used; the message says why."""


def read_answer(raw: bytes) -> Answer:
    """Validate an answer that may have been written by anybody.

    Raises:
        Garbage: it is no answer, or holds a ballot that nobody could sign.
    """
    try:
        read = Answer.model_validate_json(raw)
        longest = max((len(signed.ballot.canonical()) for signed in read.ballots), default=0)
        for evidence in read.cited:
            evidence.canonical()
    except ValueError as error:
        raise Garbage(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}") from error
    if longest > MAX_BALLOT_BYTES:
        raise Garbage(f"a ballot takes {longest} bytes; {MAX_BALLOT_BYTES} are the most")
    return read


def write_answer(channel: BinaryIO, given: Answer) -> None:
    """Write an answer, its length before it."""
    raw = given.model_dump_json().encode()
    channel.write(len(raw).to_bytes(HEADER_BYTES, "big") + raw)
    channel.flush()


def main(arguments: Sequence[str]) -> int:
    """Answer one question; the exit status is 1 where the key cannot be used."""
    voter, keys, directory = arguments
    return _serve(TypeAdapter[Voter](Voter).validate_python(voter), keys, Path(directory), _own_channel())


def _serve(voter: Voter, keys: str, directory: Path, channel: BinaryIO) -> int:
    raw = sys.stdin.buffer.read()
    try:
        key = load_key(key_source(keys, directory), voter, directory)
    except UnusableKey as error:
        print(error, file=sys.stderr)
        if raw:
            write_answer(channel, Answer(error=str(error)[:500]))
        return 1
    if raw:
        asked: Asked = pickle.loads(raw)
        question = asked.question
        vote, sent = answer(panel.vote(voter, question.case, question.plans, question.shared), question, key.signer)
        _stall(asked, sent)
        write_answer(channel, _answer(vote, sent))
    return 0


def _own_channel() -> BinaryIO:
    """The answer's way out, kept to itself: whatever a library prints goes where errors go."""
    channel = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return io.FileIO(channel, "wb")


def _answer(vote: Vote, sent: tuple[Submission, ...]) -> Answer:
    ballots = tuple(each.ballot for each in sent)[:MAX_BALLOTS]
    return Answer(ballots=ballots, cited=vote.cited, error="" if ballots else vote.error)


def _stall(asked: Asked, sent: tuple[Submission, ...]) -> None:
    """Wait until a ballot that is to be late is late."""
    poll = asked.question.poll
    if any(each.received_at > poll.deadline for each in sent):
        ends = asked.at + (poll.deadline - poll.opened_at).total_seconds() + _LATE_SECONDS
        time.sleep(max(0.0, ends - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
