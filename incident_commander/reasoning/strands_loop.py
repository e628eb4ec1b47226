"""Strands runs an inquiry: it asks turn by turn, uses tools as it is asked to, and remembers what was said.

Importing it takes seconds: only who investigates does.
"""

import json
from collections.abc import AsyncGenerator
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter
from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.models import Model
from strands.tools import PythonAgentTool
from strands.tools.executors import SequentialToolExecutor
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolResult, ToolSpec, ToolUse

from ..domain.base import JsonObject
from .inquiry import Inquiry

F = TypeVar("F", bound=BaseModel)

_MESSAGES = TypeAdapter(list[JsonObject])
_SPECIFICATION = TypeAdapter(ToolSpec)


async def run(inquiry: Inquiry) -> None:
    """Have an inquiry come to its end."""
    agent = Agent(
        model=_Voice(inquiry),
        tools=[_tool(specification, inquiry) for specification in inquiry.tools],
        callback_handler=None,
        conversation_manager=NullConversationManager(),
        tool_executor=SequentialToolExecutor(),
        retry_strategy=None,
    )
    said = inquiry.prompt
    while not inquiry.ended:
        await agent.invoke_async(said)
        said = inquiry.press()


class _Voice(Model):
    """Whoever answers in the inquiry, as Strands sees a model: it is asked by our own client, budget and breakers."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry

    def update_config(self, **model_config: object) -> None:
        """Nothing can be set here: the models' file says it."""

    def get_config(self) -> dict[str, object]:
        """Nothing that Strands should know."""
        return {}

    def structured_output(
        self, output_model: type[F], prompt: Messages, system_prompt: str | None = None, **kwargs: object
    ) -> AsyncGenerator[dict[str, F], None]:
        """Not offered: an answer comes by its tool."""
        raise NotImplementedError("an inquiry's answer comes by its tool, never by structured output")

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: object,
    ) -> AsyncGenerator[StreamEvent, None]:
        """One turn, as the stream that Strands reads."""
        turn = await self._inquiry.turn([_sendable(message) for message in _MESSAGES.validate_python(messages)])
        yield {"messageStart": {"role": "assistant"}}
        for text in turn.texts or (() if turn.uses else (self._inquiry.ended,)):
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": text}}}
            yield {"contentBlockStop": {}}
        for use in turn.uses:
            yield {"contentBlockStart": {"start": {"toolUse": {"name": use.name, "toolUseId": use.tool_use_id}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(use.input)}}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if turn.uses else "end_turn"}}


def _sendable(message: JsonObject) -> JsonObject:
    """A message as Converse takes it: what a model gave a tool may be anything, and only objects are sent back."""
    content = message["content"]
    if isinstance(content, list):
        for each in content:
            use = each.get("toolUse") if isinstance(each, dict) else None
            if isinstance(use, dict) and not isinstance(use.get("input"), dict):
                use["input"] = {}
    return message


def _tool(specification: JsonObject, inquiry: Inquiry) -> PythonAgentTool:
    name = str(specification["name"])

    async def used(tool_use: ToolUse, **kwargs: object) -> ToolResult:
        shown = await inquiry.use(name, tool_use["input"])
        return {
            "toolUseId": tool_use["toolUseId"],
            "status": "error" if shown.refused else "success",
            "content": [{"text": shown.text}],
        }

    return PythonAgentTool(name, _SPECIFICATION.validate_python(specification), used)
