"""What an agent of Bedrock says it did, step by step: its trace, in words."""

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from ..aws import Camel

MOST_STEPS = 40
MOST_OF_A_STEP = 300
_TELLING = ("text", "failureReason", "action", "invocationType", "type", "foundationModel")
"""The fields that say what a step was about, the most telling first."""


class TracePart(Camel):
    """One event of a trace. See TracePart of bedrock-agent-runtime."""

    trace: dict[str, JsonValue] = {}


def steps(parts: Sequence[TracePart]) -> tuple[str, ...]:
    """Each step as `orchestration, rationale: what it thought`; cut in number and length."""
    return tuple(step for part in parts for step in _told(part))[:MOST_STEPS]


def _told(part: TracePart) -> Iterator[str]:
    for kind, of in part.trace.items():
        name = _words(kind.removesuffix("Trace"))
        if not isinstance(of, dict):
            continue
        inner = {each: value for each, value in of.items() if isinstance(value, dict) and each != "metadata"}
        if not inner:
            yield _step(name, of)
        for each, value in inner.items():
            if isinstance(value, dict):
                yield _step(f"{name}, {_words(each)}", value)


def _step(name: str, of: dict[str, JsonValue]) -> str:
    said = next((str(of[field]) for field in _TELLING if of.get(field)), "")
    plain = " ".join(said.split())
    cut = plain if len(plain) <= MOST_OF_A_STEP else f"{plain[:MOST_OF_A_STEP]}..."
    return f"{name}: {cut}" if cut else name


def _words(name: str) -> str:
    """`modelInvocationInput` as `model invocation input`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
