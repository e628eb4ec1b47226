"""A voter whose process somebody else controls: `python -m tests.response.compromised_voter HOW VOTER KEYS DIRECTORY`.

It has what such a process has: its own key, the question, and its channel, into which it may write anything.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from incident_commander.domain.fault import VoterFault

LONG = 3600
PROOF = "COMPROMISED_VOTER_PROOF"


def write(content: bytes) -> None:
    """Write content with its length before it, as an answer."""
    os.write(1, len(content).to_bytes(4, "big") + content)


class RunsCode:
    """Runs a command in whoever unpickles it."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {os.environ['TMPDIR']}/{PROOF}",)


def answer_with(name: str, value: object) -> str:
    """An answer whose one ballot is true but for one field."""
    signature = "A" * 86 + "=="
    judgement: dict[str, object] = {"choice": None, "scores": {}, "confidence": 0.5, "reason": "x"}
    moment = "2026-11-23T09:30:00Z"
    ballot: dict[str, object] = {
        "voter": "detection", "incident_id": "inc-1", "round": 1, "judgement": judgement,
        "cast_at": moment, "expires_at": moment,
    }  # fmt: skip
    ballot = {**ballot, "judgement": {**judgement, name: value}} if name in judgement else {**ballot, name: value}
    import json

    return json.dumps({"ballots": [{"ballot": ballot, "public_key": "A" * 44, "signature": signature}]})


def escape_and_die() -> None:
    """Leave a process behind in a session of its own that holds the channel open."""
    subprocess.Popen(["sleep", "30"], start_new_session=True)


def shout() -> None:
    """Fill the error output, and die."""
    os.write(2, b"x" * 2**16 + b"\nthe last words \x1b[31m\xff")


def stall_in_the_middle() -> None:
    """Announce an answer, and do not write it."""
    os.write(1, (1000).to_bytes(4, "big") + b"{")
    time.sleep(LONG)


def flood() -> None:
    """Write without end."""
    while True:
        os.write(1, b"\xff" * 2**16)


GARBAGE: Mapping[str, Callable[[], object]] = MappingProxyType(
    {
        "says nothing and dies": lambda: None,
        "dies of a signal": lambda: os.kill(os.getpid(), 9),
        "stalls": lambda: time.sleep(LONG),
        "stalls in the middle of its answer": stall_in_the_middle,
        "writes without end": flood,
        "announces four gigabytes": lambda: os.write(1, b"\xff\xff\xff\xff"),
        "leaves a process behind that holds its channel": escape_and_die,
        "shouts": shout,
        "answers in pickle": lambda: write(pickle.dumps(RunsCode())),
        "answers with no JSON": lambda: write(b"\x00\xff{"),
        "answers with a list": lambda: write(b"[]"),
        "answers with deep JSON": lambda: write(b"[" * 10**5),
        "answers with too many ballots": lambda: write(b'{"ballots": [' + b"{}," * 100 + b"{}]}"),
        "answers with another field": lambda: write(b'{"run": "rm"}'),
        "answers with a huge round": lambda: write(answer_with("round", 10**40).encode()),
        "answers with a lone surrogate": lambda: write(answer_with("reason", "\ud800").encode()),
        "answers with not a number": lambda: write(answer_with("confidence", float("nan")).encode()),
        "answers with a time that there is not": lambda: write(
            answer_with("cast_at", "9999-12-31T23:59:59-23:00").encode()
        ),
        "answers with a voter that there is not": lambda: write(answer_with("voter", "root").encode()),
        "answers with an endless ballot": lambda: write(answer_with("reason", "x" * 10**5).encode()),
        "tells its environment": lambda: write(
            ('{"error": "' + ",".join(name for name in sorted(os.environ) if name.isidentifier()) + '"}').encode()
        ),
    }
)


def as_the_fault_says(fault: VoterFault, voter: str, keys: str, directory: str) -> None:
    """Fail with its own key in one of the ways of `consensus.faults`, without having been told to."""
    from dataclasses import replace

    from incident_commander.agents import panel
    from incident_commander.consensus.keys import key_source, load_key
    from incident_commander.domain.ballot import VOTERS
    from incident_commander.response.voter import Answer, Asked
    from incident_commander.response.voting import answer

    asked: Asked = pickle.loads(sys.stdin.buffer.read())
    own = next(each for each in VOTERS if each == voter)
    question = replace(asked.question, faults={own: fault})
    key = load_key(key_source(keys, Path(directory)), own, Path(directory))
    vote, sent = answer(panel.vote(own, question.case, question.plans, question.shared), question, key.signer)
    write(Answer(ballots=tuple(each.ballot for each in sent), cited=vote.cited).model_dump_json().encode())


if __name__ == "__main__":
    how, *arguments = sys.argv[1:]
    wanted = next((fault for fault in get_args(VoterFault) if fault == how), None)
    if wanted is not None:
        as_the_fault_says(wanted, *arguments)
    else:
        GARBAGE[how]()
