"""What documents say: a Bedrock knowledge base and Amazon Q Business; here, runbooks and how incidents ended."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import Field, JsonValue

from ..aws import Answer, Aws, Camel
from ..domain.base import UtcDatetime
from ..domain.reasoning import Answered, Asked, Knowledge, Passage
from .library import Documents, best
from .masking import Masks
from .reasoner import Candidate, Reasoner, Reply, Unusable

T = TypeVar("T")

MOST_QUERY = 1_000
"""Characters of what is looked for: a question, not a report."""
MOST_PASSAGE = 4_000
SIMILAR = 5
SECONDS = 20.0


class KnowledgeBase:
    """See Retriever: Knowledge Bases for Amazon Bedrock.

    Args:
        aws, id: None, empty: none is configured.
        documents: What is looked through here.
    """

    def __init__(self, reasoner: Reasoner, aws: Aws | None, id: str, documents: Documents) -> None:
        self._reasoner = reasoner
        self._aws = aws
        self._id = id
        self._documents = documents

    async def retrieve(self, asked: Asked, query: str, limit: int) -> Answered[tuple[Passage, ...]]:
        """See Retriever. The local answer goes by shared words."""

        async def local() -> tuple[Passage, ...]:
            return best(query, await self._documents(asked), limit)

        return await self._reasoner.ask("retrieve", asked, self.candidates(query, limit, lambda found: found), local)

    def candidates(self, query: str, limit: int, read: Callable[[tuple[Passage, ...]], T]) -> tuple[Candidate[T], ...]:
        """The knowledge base, where there is one."""
        aws = self._aws
        if aws is None or not self._id:
            return ()
        request = {
            "knowledgeBaseId": self._id,
            "retrievalQuery": {"text": Masks().mask(query)[:MOST_QUERY]},
            "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": limit}},
        }

        async def call() -> Reply[T]:
            answer = await aws.read(_Retrieved, "bedrock-agent-runtime", "Retrieve", request)
            passages = [_passage(result) for result in answer.retrieval_results[:limit]]
            found = tuple(each for each in passages if each.text)
            return Reply(read=lambda: read(found), request_id=answer.request_id)

        return (Candidate("Knowledge Bases", "bedrock-agent-runtime", aws, call, SECONDS, model=self._id),)


class AskOrganisation:
    """See Organisation: Amazon Q Business, else the knowledge base that succeeds it.

    Args:
        aws, application: None, empty: Q Business is not configured.
    """

    def __init__(
        self, reasoner: Reasoner, aws: Aws | None, application: str, successor: KnowledgeBase, documents: Documents
    ) -> None:
        self._reasoner = reasoner
        self._aws = aws
        self._application = application
        self._successor = successor
        self._documents = documents

    async def ask(self, asked: Asked, question: str) -> Answered[Knowledge]:
        """See Organisation. The local answer is passages without words of its own."""

        async def local() -> Knowledge:
            return _only(best(question, await self._documents(asked), SIMILAR))

        candidates = (*self._q_business(question), *self._successor.candidates(question, SIMILAR, _only))
        return await self._reasoner.ask("ask", asked, candidates, local)

    def _q_business(self, question: str) -> Sequence[Candidate[Knowledge]]:
        aws = self._aws
        if aws is None or not self._application:
            return ()
        masks = Masks()
        request = {"applicationId": self._application, "userMessage": masks.mask(question)[:MOST_QUERY]}

        async def call() -> Reply[Knowledge]:
            answer = await aws.read(_Chat, "qbusiness", "ChatSync", {**request, "chatMode": "RETRIEVAL_MODE"})
            return Reply(read=lambda: _said(answer, masks), request_id=answer.request_id)

        return (Candidate("Q Business", "qbusiness", aws, call, SECONDS, model=self._application),)


class _Content(Camel):
    text: str = ""


class _Result(Camel):
    content: _Content = _Content()
    location: dict[str, JsonValue] = {}
    score: float | None = Field(default=None, allow_inf_nan=False)


class _Retrieved(Answer):
    retrieval_results: tuple[_Result, ...]


class _Source(Camel):
    title: str = ""
    snippet: str = ""
    url: str = ""
    updated_at: UtcDatetime | None = None


class _Chat(Answer):
    system_message: str = ""
    source_attributions: tuple[_Source, ...] = ()
    auth_challenge_request: dict[str, JsonValue] | None = None


def _passage(result: _Result) -> Passage:
    """A passage as it stands: a placeholder in it was masked in a document, and is none of the question's."""
    where = next(
        (
            str(value)
            for part in result.location.values()
            if isinstance(part, dict)
            for name, value in part.items()
            if name in ("uri", "url", "id")
        ),
        "",
    )
    text, title = result.content.text[:MOST_PASSAGE], where.rpartition("/")[2] or "a passage"
    return Passage(title=title, text=text, where=where, score=result.score)


def _said(answer: _Chat, masks: Masks) -> Knowledge:
    """What Q Business said; without a source it rests on nothing that a person could open, so it is none."""
    if answer.auth_challenge_request is not None:
        raise Unusable("it asks a person to sign in; use an application whose identity type is ANONYMOUS")
    text = masks.unmask(answer.system_message).strip()
    passages = tuple(
        Passage(title=each.title or "a document", text=each.snippet, where=each.url, updated_at=each.updated_at)
        for each in answer.source_attributions
    )
    if not text:
        raise Unusable("it said nothing")
    if not passages:
        raise Unusable("it names no source for what it says")
    return Knowledge(text=text, passages=passages[:SIMILAR])


def _only(passages: tuple[Passage, ...]) -> Knowledge:
    return Knowledge(text="", passages=passages)
