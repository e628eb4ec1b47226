"""What reasoning there is to ask for. Every answer says who gave it and what it took; none of them ever fails."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from ..domain.base import ServiceName
from ..domain.reasoning import (
    Analysis,
    Answered,
    Asked,
    Draft,
    Guarded,
    Investigation,
    Kept,
    Knowledge,
    Outcome,
    Passage,
    PatternOpinion,
    SeverityOpinion,
    Situation,
)
from .vectors import Vectors


class Classifier(Protocol):
    async def classify(self, asked: Asked, situation: Situation) -> Answered[SeverityOpinion]:
        """How severe an incident seems."""
        ...


class Matcher(Protocol):
    async def match(self, asked: Asked, situation: Situation) -> Answered[PatternOpinion]:
        """Which kind of trouble it seems to be, and why."""
        ...


class Analyst(Protocol):
    async def analyse(self, asked: Asked, situation: Situation) -> Answered[Analysis]:
        """What seems to be the cause."""
        ...


class Telemetry(Protocol):
    """What an investigation may look at: lines in words, the most telling first. It only reads, and never fails."""

    async def metrics(self, service: ServiceName) -> Sequence[str]: ...

    async def logs(self, service: ServiceName, containing: str) -> Sequence[str]:
        """Lines of its log. `containing`: whatever the case; empty: all of them."""
        ...

    async def traces(self, service: ServiceName) -> Sequence[str]: ...

    async def changes(self) -> Sequence[str]: ...

    async def similar_incidents(self) -> Sequence[str]: ...


class Investigator(Protocol):
    async def investigate(self, asked: Asked, situation: Situation, telemetry: Telemetry) -> Answered[Investigation]:
        """What seems to be the cause to who looks at telemetry itself."""
        ...


class Drafter(Protocol):
    async def draft(self, asked: Asked, wanted: str, facts: Mapping[str, str], ours: str) -> Answered[Draft]:
        """Words for people.

        Args:
            wanted: What to write, in our words.
            facts: All that it may say, by name.
            ours: What our own templates make of them, which is the local answer.
        """
        ...


class Embedder(Protocol):
    async def embed(self, asked: Asked, texts: Sequence[str]) -> Answered[Vectors]:
        """Texts as vectors of one space, in their order."""
        ...


class Retriever(Protocol):
    async def retrieve(self, asked: Asked, query: str, limit: int) -> Answered[tuple[Passage, ...]]:
        """Passages of documents that speak of it, the most fitting first."""
        ...


class Organisation(Protocol):
    async def ask(self, asked: Asked, question: str) -> Answered[Knowledge]:
        """What the organisation's own documents say."""
        ...


class Memory(Protocol):
    async def remember(self, asked: Asked, outcome: Outcome) -> Answered[Kept]:
        """Keep how an incident ended; the answer is where it can be found again."""
        ...

    async def recall(
        self, asked: Asked, service: ServiceName, situation: str, limit: int
    ) -> Answered[tuple[Passage, ...]]:
        """What is remembered of similar incidents, the most similar first.

        Args:
            service: Whose memory is looked through, where there is one for each.
        """
        ...


class Guard(Protocol):
    async def check(
        self, asked: Asked, text: str, source: Literal["input", "output"], grounds: str = ""
    ) -> Answered[Guarded]:
        """A text, checked for injection, secrets and personal data, and a claim for what carries it.

        Args:
            source: Whether it goes to a model or comes from one.
            grounds: What the text is to rest on; empty: that is not asked.
        """
        ...
