"""What a model is asked: our words as instructions, everything from outside as marked data, bounded and masked."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from .masking import Masks
from .models import ModelTask

PROMPTS_FILE = Path(__file__).with_name("prompts.toml")
MOST_OF_A_BLOCK = 12_000
"""Characters of one block that are sent; the rest is cut, and said to be."""
MOST_OF_A_PROMPT = 40_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question, ready to be sent.

    Attributes:
        masks: What was masked in it, to be undone in the answer.
    """

    system: str
    text: str
    masks: Masks

    @property
    def most_tokens(self) -> int:
        """More tokens than it can have: none is shorter than a byte."""
        return len(self.system.encode()) + len(self.text.encode())


def prompt(task: ModelTask, blocks: Mapping[str, str]) -> Prompt:
    """The question of a task about some data.

    Args:
        blocks: Data from outside by what it is, the most telling first; an empty one is left out.
    """
    words = _words()
    masks = Masks()
    parts: list[str] = []
    left = MOST_OF_A_PROMPT
    for name, text in blocks.items():
        if text:
            shown = _bounded(text, min(left, MOST_OF_A_BLOCK), masks)
            left = max(0, left - len(shown))
            parts.append(_marked(name, shown))
    return Prompt(f"{words['preamble'].strip()}\n\n{words[task].strip()}", "\n\n".join(parts), masks)


def block(name: str, text: str, most: int, masks: Masks) -> str:
    """A text from outside as marked data for a conversation that goes on, of so many characters at most."""
    return _marked(name, _bounded(text, most, masks))


def _marked(name: str, shown: str) -> str:
    named = _inert(name).replace('"', "'")
    return f'<data name="{named}">\n{_inert(shown)}\n</data>'


def _bounded(text: str, most: int, masks: Masks) -> str:
    """A text masked and then cut. Twice as much is masked: a secret that the cut runs through is masked whole."""
    masked = masks.mask(text[: 2 * most])
    left_out = len(text) - min(len(text), 2 * most) + max(0, len(masked) - most)
    return masked[:most] + (f"\n[{left_out} more characters were left out]" if left_out else "")


def _inert(text: str) -> str:
    """Text that cannot end its block, begin another one, or hold what no JSON or terminal should."""
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in shown)


@cache
def _words() -> dict[str, str]:
    return TypeAdapter(dict[str, str]).validate_python(tomllib.loads(PROMPTS_FILE.read_text(encoding="utf-8")))
