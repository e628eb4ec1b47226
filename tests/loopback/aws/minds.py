"""Models of Bedrock as the server plays them: each says what it was given to say, and counts what it was asked."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from .front import Front
from .protocol import Answer, Refusal

TOKENS_IN, TOKENS_OUT = 1000, 50
"""What every answer says that it took."""
Saying = Answer | Refusal


@dataclass(slots=True)
class Minds:
    """The models behind the front.

    Attributes:
        asked: Every request that a model took, in order.
        embeds: What Titan says to a text; None: a vector of what was asked for.
    """

    front: Front
    asked: list[dict[str, object]] = field(default_factory=list)
    embeds: Callable[[dict[str, object]], object] | None = None
    _sayings: defaultdict[str, deque[Saying]] = field(default_factory=lambda: defaultdict(deque))
    _always: dict[str, Saying] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.front.serve("bedrock-runtime", {"Converse": self._converse, "InvokeModel": self._embed})

    def say(self, model: str, *sayings: Saying) -> None:
        """What a model says next, by a part of its id."""
        self._sayings[model].extend(sayings)

    def always(self, model: str, saying: Saying) -> None:
        """What a model says from here on."""
        self._always[model] = saying

    @property
    def models(self) -> list[str]:
        """The ids that were asked, in order."""
        return [str(request["modelId"]) for request in self.asked]

    def prompt(self, index: int = -1) -> str:
        """All text of a request."""
        return json.dumps(self.asked[index], ensure_ascii=False)

    def _converse(self, request: dict[str, object]) -> Answer:
        self.asked.append(request)
        saying = self._next(str(request["modelId"]))
        if isinstance(saying, Refusal):
            raise saying
        return saying

    def _next(self, model: str) -> Saying:
        for part, queue in self._sayings.items():
            if part in model and queue:
                return queue.popleft()
        for part, saying in self._always.items():
            if part in model:
                return saying
        raise Refusal("ValidationException", f"{model} was given nothing to say")

    def _embed(self, request: dict[str, object]) -> Answer:
        self.asked.append(request)
        body = TypeAdapter(dict[str, object]).validate_json(TypeAdapter(bytes).validate_python(request["body"]))
        text, dimensions = str(body["inputText"]), TypeAdapter(int).validate_python(body["dimensions"])
        embedding = (
            self.embeds(body) if self.embeds else [1.0 if n == len(text) % 7 else 0.0 for n in range(dimensions)]
        )
        answer = {"embedding": embedding, "inputTextTokenCount": TOKENS_IN}
        return {"body": json.dumps(answer).encode(), "contentType": "application/json"}


def said(*content: Mapping[str, object], stopped: str = "end_turn") -> Answer:
    """An answer of Converse."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": stopped,
        "usage": {"inputTokens": TOKENS_IN, "outputTokens": TOKENS_OUT, "totalTokens": TOKENS_IN + TOKENS_OUT},
        "metrics": {"latencyMs": 7},
    }


def words(text: str, stopped: str = "end_turn") -> Answer:
    """An answer in words."""
    return said({"text": text}, stopped=stopped)


def form(answer: object, tool: str = "answer", stopped: str = "tool_use") -> Answer:
    """An answer by a tool."""
    return said(use(answer, tool), stopped=stopped)


def use(answer: object, tool: str = "answer") -> Answer:
    """A call of a tool, as a piece of an answer."""
    return {"toolUse": {"toolUseId": "t-1", "name": tool, "input": answer}}


THROTTLED = Refusal("ThrottlingException", "Too many tokens, please wait before trying again.", 429)
DENIED = Refusal(
    "AccessDeniedException",
    "User: arn:aws:iam::123456789012:user/x is not authorized to perform: bedrock:InvokeModel on resource: *",
    403,
)
"""Bedrock names the permission that Converse needs, which is not `bedrock:Converse`."""
END_OF_LIFE = Refusal("ResourceNotFoundException", "This model version has reached the end of its life.", 404)
NOT_READY = Refusal("ModelNotReadyException", "Model is not ready for inference.", 429)
FAILED = Refusal("ModelErrorException", "The model failed in itself.", 424)
TOO_LONG = Refusal("ValidationException", "Input is too long for requested model.", 400)
