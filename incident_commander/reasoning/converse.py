"""Claude and Nova by Bedrock's Converse: one question, one answer in words or in a given form, checked."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from ..aws import Answer, Aws, AwsError, Camel
from ..domain.base import JsonObject
from ..domain.usage import AiService
from .kept import Kept
from .masking import Masks
from .models import Models, ModelTask
from .prices import Prices
from .prompts import Prompt
from .reasoner import Candidate, Counted, Reply, Unusable
from .router import Choice, Latencies, ordered

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")

ANSWER = "answer"
"""The tool that a model has to call with its answer, where that has a form."""
VIA = "bedrock-runtime"
INTERVENED = "guardrail_intervened"
_MORE_TOKENS = 1000
"""More than any model adds to a question to explain its tool to itself."""


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A guardrail of the account."""

    id: str
    version: str


class Converse:
    """Makes the candidates for a question to a language model, in the order in which they are asked.

    Args:
        latencies: What was measured so far.
        guardrail: What every question and answer passes; None: nothing of Bedrock's.
    """

    def __init__(
        self,
        aws: Aws,
        models: Models,
        prices: Prices,
        latencies: Latencies,
        guardrail: Guardrail | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._aws = aws
        self._models = models
        self._prices = prices
        self._latencies = latencies
        self._guardrail = guardrail
        self._now = now
        self._kept: Kept[_Said] = Kept()

    async def in_form(
        self, task: ModelTask, prompt: Prompt, form: type[A], read: Callable[[A], T], left_usd: Decimal | None
    ) -> tuple[Candidate[T], ...]:
        """Candidates whose answer has a form.

        Args:
            read: Makes the answer of it; raises Unusable.
            left_usd: What may still be spent; None: there is no limit.
        """
        specification = {
            "name": ANSWER,
            "description": "Give your answer. Call it exactly once.",
            "inputSchema": {"json": inlined(form.model_json_schema())},
        }
        tools = {"tools": [{"toolSpec": specification}], "toolChoice": {"tool": {"name": ANSWER}}}
        request = self._request(task, prompt) | {"toolConfig": tools}
        return await self._candidates(task, request, lambda said: read(_in_form(said, form, prompt)), left_usd)

    async def turn(
        self,
        task: ModelTask,
        system: str,
        messages: Sequence[JsonObject],
        tools: Sequence[JsonObject],
        left_usd: Decimal | None,
        *,
        service: AiService,
        seconds: float,
        must_use: str = "",
    ) -> tuple[Candidate["Turn"], ...]:
        """Candidates that go on with a conversation that has tools.

        Args:
            tools: Each as Converse specifies it.
            service: To whom the answer is attributed.
            seconds: What is left; a turn takes no longer, nor longer than its task allows.
            must_use: The tool that has to be used; empty: any, or none.
        """
        choice: dict[str, object] = {"tool": {"name": must_use}} if must_use else {"auto": {}}
        request = {
            **self._asking(task, system, messages),
            "toolConfig": {"tools": [{"toolSpec": each} for each in tools], "toolChoice": choice},
        }
        found = await self._candidates(task, request, _turn, left_usd, service)
        return tuple(replace(each, seconds=seconds, hurried=True) if seconds < each.seconds else each for each in found)

    async def in_words(
        self, task: ModelTask, prompt: Prompt, read: Callable[[str], T], left_usd: Decimal | None
    ) -> tuple[Candidate[T], ...]:
        """Candidates that answer in words; see `in_form`."""
        request = self._request(task, prompt)
        return await self._candidates(task, request, lambda said: read(_in_words(said, prompt)), left_usd)

    def _request(self, task: ModelTask, prompt: Prompt) -> dict[str, object]:
        return self._asking(task, prompt.system, [{"role": "user", "content": [{"text": prompt.text}]}])

    def _asking(self, task: ModelTask, system: str, messages: Sequence[JsonObject]) -> dict[str, object]:
        request: dict[str, object] = {
            "system": [{"text": system}],
            "messages": list(messages),
            "inferenceConfig": {"maxTokens": self._models.tasks[task].max_tokens, "temperature": 0.0},
        }
        if self._guardrail is not None:
            request["guardrailConfig"] = {
                "guardrailIdentifier": self._guardrail.id,
                "guardrailVersion": self._guardrail.version,
            }
        return request

    async def _candidates(
        self,
        task: ModelTask,
        request: dict[str, object],
        read: Callable[["_Said"], T],
        left_usd: Decimal | None,
        service: AiService | None = None,
    ) -> tuple[Candidate[T], ...]:
        rules = self._models.tasks[task]
        region = await self._region()
        # No token is shorter than a byte.
        most_tokens = len(json.dumps(request, ensure_ascii=False).encode()) + _MORE_TOKENS
        found: dict[str, Candidate[T]] = {}
        choices: list[Choice] = []
        for name in rules.models:
            model = self._models.models[name]
            id = model.id_in(region)
            most = self._prices.of_tokens(id, most_tokens, rules.max_tokens, self._now())
            key = hashlib.sha256(json.dumps([id, request], sort_keys=True).encode()).hexdigest()
            found[id] = Candidate(
                service=service or model.service,
                via=VIA,
                aws=self._aws,
                call=self._call(id, request, key, read),
                seconds=rules.seconds,
                model=id,
                most=most,
                kept=self._reply_kept(id, key, read),
            )
            choices.append(Choice(id, most.usd, self._latencies.typical_ms(task, id)))
        return tuple(found[choice.model] for choice in ordered(choices, rules.prefer, rules.goal_ms, left_usd))

    async def _region(self) -> str:
        """The one that is asked, by which profiles differ; empty where none is configured, which a call will tell."""
        try:
            return (await self._aws.place(VIA)).region
        except AwsError:
            return ""

    def _call(
        self, id: str, request: dict[str, object], key: str, read: Callable[["_Said"], T]
    ) -> Callable[[], Awaitable[Reply[T]]]:
        async def call() -> Reply[T]:
            said = await self._aws.read(_Said, VIA, "Converse", {"modelId": id, **request})

            def read_and_keep() -> T:
                answer = read(said)
                self._kept.put(key, said)
                return answer

            return self._reply(id, said, read_and_keep)

        return call

    def _reply_kept(self, id: str, key: str, read: Callable[["_Said"], T]) -> Callable[[], Reply[T] | None]:
        def kept() -> Reply[T] | None:
            said = self._kept.get(key)
            return None if said is None else self._reply(id, said, lambda: read(said))

        return kept

    def _reply(self, id: str, said: "_Said", read: Callable[[], T]) -> Reply[T]:
        usage = said.usage
        return Reply(
            read=read,
            cost=self._prices.of_tokens(id, usage.input_tokens, usage.output_tokens, self._now()),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            request_id=said.request_id,
            intervened=said.stop_reason == INTERVENED,
        )


def inlined(schema: JsonObject) -> JsonObject:
    """A JSON schema without references, which not every model follows, and without titles, which cost tokens."""
    definitions = TypeAdapter(JsonObject).validate_python(schema.get("$defs", {}))

    def plain(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [plain(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return plain(definitions[str(part["$ref"]).removeprefix("#/$defs/")])
        kept = {name: plain(each) for name, each in part.items() if name != "$defs"}
        return {name: each for name, each in kept.items() if name != "title" or not isinstance(each, str)}

    return TypeAdapter(JsonObject).validate_python(plain(schema))


class ToolUse(Camel):
    """A tool that a model wants to use; `input` may be anything."""

    name: str
    input: JsonValue = None
    tool_use_id: str = ""


class _Block(Camel):
    text: str | None = None
    tool_use: ToolUse | None = None


class _Message(Camel):
    content: tuple[_Block, ...] = ()


class _Output(Camel):
    message: _Message = _Message()


class _Tokens(Camel):
    input_tokens: Counted
    output_tokens: Counted


class _Said(Answer):
    output: _Output
    stop_reason: str
    usage: _Tokens


_STOPPED = {
    "max_tokens": "it was cut at the most tokens that it may give",
    INTERVENED: "a guardrail intervened",
    "content_filtered": "it was filtered for its content",
    "model_context_window_exceeded": "the question is longer than the model can read",
}


def _ended(said: _Said, *well: str) -> None:
    """Make sure that an answer is whole.

    Raises:
        Unusable: it is not.
    """
    if said.stop_reason not in well:
        raise Unusable(_STOPPED.get(said.stop_reason, f"it stopped with {said.stop_reason!r}"))


def _in_form(said: _Said, form: type[A], prompt: Prompt) -> A:
    _ended(said, "tool_use", "end_turn")
    used = [block.tool_use for block in said.output.message.content if block.tool_use is not None]
    if len(used) != 1 or used[0].name != ANSWER:
        called = ", ".join(repr(each.name) for each in used) or "nothing"
        raise Unusable(f"it was to call {ANSWER!r} once and called {called}")
    return filled_in(form, used[0].input, prompt.masks)


def filled_in(form: type[A], said: JsonValue, masks: Masks) -> A:
    """A form as a model filled it in, with what was masked undone.

    Raises:
        Unusable: it is not filled in as it has to be.
    """
    try:
        answer = form.model_validate(said, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        raise Unusable(f"{_where(first['loc'])} is {_short(first['input'])}: {first['msg']}") from error
    # As JSON, for what was masked may be anywhere in it; undone only once its form is known to hold.
    undone = _unmasked(TypeAdapter(JsonValue).validate_python(answer.model_dump(mode="json")), masks)
    try:
        return form.model_validate(undone)
    except ValidationError as error:
        # Without what it is: a model may be told of it, and what was masked is in it.
        first = error.errors()[0]
        raise Unusable(f"{_where(first['loc'])}, with what was masked undone: {first['msg']}") from error


@dataclass(frozen=True, slots=True)
class Turn:
    """What a model said in its turn: words, tools that it wants to use, or both; nothing where no model answered."""

    texts: tuple[str, ...] = ()
    uses: tuple[ToolUse, ...] = ()


def _turn(said: _Said) -> Turn:
    _ended(said, "tool_use", "end_turn", "stop_sequence")
    content = said.output.message.content
    texts = tuple(block.text for block in content if block.text and block.text.strip())
    uses = tuple(block.tool_use for block in content if block.tool_use is not None)
    if not texts and not uses:
        raise Unusable("it said nothing")
    return Turn(texts, uses)


def _in_words(said: _Said, prompt: Prompt) -> str:
    _ended(said, "end_turn", "stop_sequence")
    text = "".join(block.text or "" for block in said.output.message.content).strip()
    if not text:
        raise Unusable("it said nothing")
    return prompt.masks.unmask(text)


def _unmasked(part: JsonValue, masks: Masks) -> JsonValue:
    if isinstance(part, str):
        return masks.unmask(part)
    if isinstance(part, list):
        return [_unmasked(each, masks) for each in part]
    if isinstance(part, dict):
        return {name: _unmasked(each, masks) for name, each in part.items()}
    return part


def _where(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place) or "its answer"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}..."
