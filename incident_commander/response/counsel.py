"""Asking models for their opinion of an incident, all at once; what they say is shown and decides nothing."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from ..agents.case import Case
from ..domain.base import ServiceName
from ..domain.reasoning import (
    Analysis,
    Answered,
    Asked,
    Counsel,
    PatternOpinion,
    SeverityOpinion,
    Situation,
    Suspicion,
)
from .record import IncidentRecord


class Advisers(Protocol):
    """Who is asked; none of them ever fails, at worst the answer is local."""

    async def classify(self, asked: Asked, situation: Situation) -> Answered[SeverityOpinion]: ...

    async def match(self, asked: Asked, situation: Situation) -> Answered[PatternOpinion]: ...

    async def analyse(self, asked: Asked, situation: Situation) -> Answered[Analysis]: ...


class Counsellor:
    """Puts an incident to the advisers."""

    def __init__(self, advisers: Advisers) -> None:
        self._advisers = advisers

    async def give(self, case: Case, record: IncidentRecord) -> Counsel:
        """What they say of an incident as it is known by now."""
        situation = situation_of(case, record)
        severity, pattern, analysis = await asyncio.gather(
            self._advisers.classify(Asked("detection", case.incident.id), situation),
            self._advisers.match(Asked("prediction", case.incident.id), situation),
            self._advisers.analyse(Asked("diagnosis", case.incident.id), situation),
        )
        return Counsel(
            severity=severity.value,
            pattern=pattern.value,
            analysis=analysis.value,
            usage=(*severity.used, *pattern.used, *analysis.used),
        )


def situation_of(case: Case, record: IncidentRecord) -> Situation:
    """An incident as it is put to a model: what was observed, without what local analysis makes of it.

    Its suspicions are there for local stand-ins alone.
    """
    incident, found = case.incident, record.diagnosis
    suspected = found.hypotheses if found else ()
    return Situation(
        title=incident.title,
        severity=incident.severity,
        services=tuple(dict.fromkeys(_services(case, record))),
        observations=tuple(dict.fromkeys(_observations(case, record))),
        suspicions=tuple(
            Suspicion(
                service=each.service,
                fault=each.fault,
                reason="; ".join(evidence.what for evidence in each.evidence[:2]) or "local analysis ranks it so",
            )
            for each in suspected[:3]
        ),
    )


def _services(case: Case, record: IncidentRecord) -> Iterator[ServiceName]:
    yield from case.incident.services
    yield from (anomaly.service for anomaly in record.anomalies)
    yield from (each.service for each in (record.diagnosis.hypotheses if record.diagnosis else ()))
    yield from (service.name for service in case.observations.topology.services)


def _observations(case: Case, record: IncidentRecord) -> Iterator[str]:
    """What was seen, in words: what speaks for and against causes, what is abnormal, what alerts and changes say."""
    for hypothesis in record.diagnosis.hypotheses if record.diagnosis else ():
        told = (*hypothesis.evidence, *hypothesis.against)
        # What a model suspects is told to none, so that none echoes another.
        yield from (evidence.what for evidence in told if evidence.signal != "model")
    yield from (evidence.what for evidence in record.detection_evidence)
    for alert in case.alerts:
        yield " ".join((f"alert {alert.name} of {alert.service or 'no service'}:", *alert.annotations.values()))
    for change in case.observations.changes:
        yield f"{change.kind} at {change.at.isoformat()}: {change.summary}"
