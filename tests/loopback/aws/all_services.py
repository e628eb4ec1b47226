"""Every AI service on one address of this machine, each with a good answer, and the settings that lead there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from . import minds as said
from .cases import ACCOUNT
from .front import Front, front_of
from .protocol import Answer
from .services import guarded
from .shelves import Shelves
from .test_practice_with_services import ASKED_AT_THE_START, EVERY_SERVICE, everybody_answers, rated

NOWHERE = "http://127.0.0.1:9"
"""What is not played here is not to be asked."""
CAUSE = {
    "suspicions": [{"service": "checkout", "fault": "bad_deploy", "reason": "a deploy came right before"}],
    "next_question": "what did it change?",
}


@contextmanager
def all_services() -> Iterator[Front]:
    """All of them, until the block ends. A guardrail blocks what speaks to a model."""
    with front_of(NOWHERE) as front:
        minds, _ = everybody_answers(front)
        Shelves(front, minds)
        minds.always("nova-pro", said.form(CAUSE))
        front.serve("bedrock-runtime", {"ApplyGuardrail": _guard})
        whoever = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/x", "UserId": "x"}
        front.serve("sts", {"GetCallerIdentity": lambda asked: whoever})
        yield front


def settings_of(front: Front) -> dict[str, str]:
    """Environment variables that switch everything on, for real incidents and practice runs."""
    return {
        **EVERY_SERVICE,
        "AWS_ENDPOINT_URL": front.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def reasoning_calls(front: Front) -> int:
    """How many calls the server counted, without those of a start, which are no reasoning."""
    return sum(not call.startswith(ASKED_AT_THE_START) for call in front.calls)


def _guard(request: dict[str, object]) -> Answer:
    if "ignore previous instructions" not in str(request["content"]):
        return rated(request)
    attack = {"filters": [{"type": "PROMPT_ATTACK", "confidence": "HIGH", "action": "BLOCKED"}]}
    return guarded("GUARDRAIL_INTERVENED", "Sorry.", contentPolicy=attack)
