"""Texts as vectors: Titan Text Embeddings v2, or hashed words here."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from ..aws import Answer, Aws
from ..domain.reasoning import Answered, Asked
from .kept import Kept
from .masking import Masks
from .prices import Prices
from .reasoner import Candidate, Counted, Reasoner, Reply, Unusable
from .vectors import Vectors, hashed

TITAN = "amazon.titan-embed-text-v2:0"
Dimensions = Literal[1024, 512, 256]
VIA = "bedrock-runtime"
MOST_CHARACTERS = 20_000
"""Of one text; the model takes 8,192 tokens and at most 50,000 characters."""
SECONDS = 15.0


class Embedding:
    """See Embedder. Texts of one call are of one space, whoever made it; a failed text is a failed call.

    Args:
        aws: None: Titan is not configured.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        prices: Prices,
        aws: Aws | None,
        model: str = TITAN,
        dimensions: Dimensions = 512,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reasoner = reasoner
        self._prices = prices
        self._aws = aws
        self._model = model
        self._dimensions = dimensions
        self._now = now
        self._kept: Kept[_Embedded] = Kept()

    async def embed(self, asked: Asked, texts: Sequence[str]) -> Answered[Vectors]:
        """See Embedder."""

        async def local() -> Vectors:
            return await asyncio.to_thread(hashed, tuple(texts))

        candidates = () if self._aws is None or not texts else (self._titan(self._aws, texts),)
        return await self._reasoner.ask("embed", asked, candidates, local)

    def _titan(self, aws: Aws, texts: Sequence[str]) -> Candidate[Vectors]:
        # The service refuses an empty text.
        masked = [Masks().mask(text)[:MOST_CHARACTERS] or "-" for text in texts]
        keys = [hashlib.sha256(f"{self._model}/{self._dimensions}/{text}".encode()).hexdigest() for text in masked]

        sent: list[str] = []

        async def one(text: str) -> _Embedded:
            sent.append(text)
            body = json.dumps({"inputText": text, "dimensions": self._dimensions, "normalize": True})
            request = {"modelId": self._model, "body": body, "contentType": "application/json"}
            return await aws.read(_Embedded, VIA, "InvokeModel", {**request, "accept": "application/json"})

        async def call() -> Reply[Vectors]:
            answers = await asyncio.gather(*(one(text) for text in masked))

            def read() -> Vectors:
                vectors = self._vectors(answers)
                for key, answer in zip(keys, answers, strict=True):
                    self._kept.put(key, answer)
                return vectors

            return self._reply(answers, read)

        def kept() -> Reply[Vectors] | None:
            answers = [answer for key in keys if (answer := self._kept.get(key)) is not None]
            return self._reply(answers, lambda: self._vectors(answers)) if len(answers) == len(keys) else None

        most_tokens = sum(len(text.encode()) for text in masked)
        return Candidate(
            service="Titan embeddings",
            via=VIA,
            aws=aws,
            call=call,
            seconds=SECONDS,
            model=self._model,
            most=self._prices.of_tokens(self._model, most_tokens, 0, self._now()),
            kept=kept,
            sent=lambda: len(sent),
        )

    def _reply(self, answers: "Sequence[_Embedded]", read: Callable[[], Vectors]) -> Reply[Vectors]:
        tokens = sum(_counted(answer) for answer in answers)
        return Reply(
            read=read,
            cost=self._prices.of_tokens(self._model, tokens, 0, self._now()),
            input_tokens=tokens,
            request_id=" ".join(answer.request_id for answer in answers),
        )

    def _vectors(self, answers: "Sequence[_Embedded]") -> Vectors:
        rows = [_vector(answer, self._dimensions) for answer in answers]
        return Vectors(f"{self._model}/{self._dimensions}", np.array(rows, dtype=np.float64))


class _Embedded(Answer):
    body: bytes


class _Body(BaseModel):
    embedding: list[float]
    tokens: Counted = Field(alias="inputTextTokenCount")


class _Counted(BaseModel):
    tokens: Counted = Field(default=0, alias="inputTextTokenCount")


def _counted(answer: _Embedded) -> int:
    """The tokens that it says it read, whatever else is wrong with it."""
    try:
        return _Counted.model_validate_json(answer.body).tokens
    except ValidationError:
        return 0


def _vector(answer: _Embedded, dimensions: int) -> list[float]:
    try:
        vector = _Body.model_validate_json(answer.body).embedding
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "its answer"
        raise Unusable(f"{where}: {first['msg']}") from error
    if len(vector) != dimensions:
        raise Unusable(f"its vector has {len(vector)} dimensions, not {dimensions}")
    if not np.all(np.isfinite(vector)) or not np.any(vector):
        raise Unusable("its vector has no direction")
    return vector
