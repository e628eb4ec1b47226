"""Investigating an incident: a model looks at telemetry itself, by tools that only read, in turns run by Strands."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from ..domain.reasoning import Answered, Asked, Investigation, Situation
from .budget import Budget
from .converse import Converse
from .inquiry import Inquiry
from .ports import Telemetry
from .reasoner import Reasoner

log = structlog.get_logger(__name__)


class StrandsInvestigator:
    """See Investigator. Where no model answers any more, the answer is what local analysis suspects.

    Args:
        converse: None: no model is configured, and every answer is local.
        clock: Seconds that only go up.
    """

    def __init__(
        self,
        reasoner: Reasoner,
        budget: Budget,
        converse: Converse | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._reasoner = reasoner
        self._budget = budget
        self._converse = converse

    async def investigate(self, asked: Asked, situation: Situation, telemetry: Telemetry) -> Answered[Investigation]:
        """See Investigator."""
        if self._converse is None:
            return await self._locally(asked, situation, "no model is configured")
        inquiry = Inquiry(self._reasoner, self._budget, self._converse, asked, situation, telemetry, self._clock)
        try:
            run = await asyncio.to_thread(load_strands)
            await run(inquiry)
        except Exception as error:  # noqa: BLE001 - whatever stops Strands, the incident goes on, and it is on record
            log.warning("incident_id=<%s>, error=<%s> | investigation was cut off", asked.incident_id, error)
            inquiry.ended = f"Strands stopped: {type(error).__name__}: {error}"[:500]
        if not inquiry.used:
            return await self._locally(asked, situation, inquiry.ended)
        suspicions, summary = inquiry.found or ((situation.suspicions if inquiry.unanswered else ()), "")
        found = Investigation(
            suspicions=suspicions, summary=summary, looked_at=tuple(inquiry.looks.taken), ended=inquiry.ended
        )
        return Answered(found, inquiry.used[-1].provenance, tuple(inquiry.used))

    async def _locally(self, asked: Asked, situation: Situation, why: str) -> Answered[Investigation]:
        async def local() -> Investigation:
            return Investigation(suspicions=situation.suspicions, ended=why)

        return await self._reasoner.ask("investigate", asked, (), local)


def load_strands() -> Callable[[Inquiry], Awaitable[None]]:
    """What runs an inquiry; importing it takes seconds."""
    from .strands_loop import run

    return run
