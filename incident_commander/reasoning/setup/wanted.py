"""What is to be made, as data."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field

from ...domain.base import Value

WANTED_FILE = Path(__file__).with_name("wanted.toml")


class WantedGuardrail(Value):
    name: str
    description: str
    blocked_input: str
    blocked_output: str
    prompt_attack: Literal["LOW", "MEDIUM", "HIGH"]
    grounding: float = Field(gt=0, lt=1)
    personal: tuple[str, ...]


class WantedMemory(Value):
    name: str = Field(pattern=r"^[a-zA-Z][a-zA-Z0-9_]{0,47}$")
    description: str
    days: int = Field(ge=3, le=365)
    namespace: str = Field(pattern=r"^/[a-z/]*(\{actorId\})?$")


class WantedKnowledge(Value):
    folder: str = Field(pattern=r"^[a-z-]+$")


class WantedApplication(Value):
    name: str
    description: str


class WantedAgent(Value):
    """A diagnosis agent: `model` is a name in models.toml, `days` how long its memory keeps a summary."""

    name: str
    description: str
    model: str
    days: int = Field(ge=1, le=365)
    instruction: str = Field(min_length=40, max_length=4000)
    alias: str


class Wanted(Value):
    """The whole file."""

    tags: dict[str, str]
    guardrail: WantedGuardrail
    memory: WantedMemory
    knowledge: WantedKnowledge
    q_business: WantedApplication
    agent: WantedAgent


def load_wanted(path: Path = WANTED_FILE) -> Wanted:
    """What is shipped to be made."""
    return Wanted.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
