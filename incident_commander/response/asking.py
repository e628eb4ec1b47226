"""Asking an agent: in a worker process, with its run recorded whatever comes of it."""

from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import structlog

from ..agents.case import Case
from ..agents.panel import Vote
from ..domain.ballot import AgentName
from ..domain.base import Digest
from ..domain.event import AgentRun
from .desk import Desk
from .observe import inputs_read
from .workers import Timed

log = structlog.get_logger(__name__)


class Answer(Protocol):
    """What every agent returns: findings or a judgement, with how sure it is."""

    @property
    def confidence(self) -> float: ...


A = TypeVar("A", bound=Answer)


async def ask(desk: Desk, agent: AgentName, case: Case, asked: Awaitable[Timed[A]]) -> A | None:
    """Await an agent and record its run; None when it failed: then the record holds its error.

    One failing agent never stops the response: a stage goes on without its findings, a round without its ballot.
    """
    asked_at = datetime.now(UTC)
    try:
        done = await asked
    except Exception as error:
        log.exception("agent=<%s>, stage=<%s> | agent failed", agent, desk.stage)
        failure = f"{type(error).__name__}: {error}"[:500]
        took = (datetime.now(UTC) - asked_at).total_seconds() * 1000
        await desk.note("agent.ran", agent, _run(desk, agent, case, asked_at, took, None, error=failure))
        return None
    confidence = done.value.confidence
    await desk.note("agent.ran", agent, _run(desk, agent, case, done.started_at, done.duration_ms, confidence))
    return done.value


async def note_votes(desk: Desk, case: Case, votes: Sequence[Vote]) -> None:
    """Record each voter's run, with its ballot or its error."""
    for vote in votes:
        if vote.error:
            log.error("agent=<%s>, stage=<%s>, error=<%s> | voter failed", vote.voter, desk.stage, vote.error)
        confidence = vote.judgement.confidence if vote.judgement else None
        ballot = vote.judgement.content_digest() if vote.judgement else None
        run = _run(desk, vote.voter, case, vote.started_at, vote.duration_ms, confidence, ballot, vote.error)
        await desk.note("agent.ran", vote.voter, run, name=vote.voter)


def _run(
    desk: Desk,
    agent: AgentName,
    case: Case,
    started_at: datetime,
    duration_ms: float,
    confidence: float | None,
    ballot: Digest | None = None,
    error: str = "",
) -> AgentRun:
    return AgentRun(
        agent=agent,
        stage=desk.stage,
        started_at=started_at,
        duration_ms=round(duration_ms, 3),
        inputs=inputs_read(case.observations),
        confidence=confidence,
        ballot=ballot,
        error=error,
    )
