"""Asking the reasoning services about an incident, each at the stage it is of use to.

What they say is shown. Of all of it only the causes that models suspect weigh in the diagnosis, as one capped witness.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

import structlog

from ..agents.case import Case
from ..domain.base import ServiceName
from ..domain.event import Update
from ..domain.findings import Diagnosis, Evidence, Hypothesis
from ..domain.incident import Incident
from ..domain.reasoning import (
    Analysis,
    Answered,
    Asked,
    Counsel,
    Draft,
    Guarded,
    Investigation,
    Outcome,
    Situation,
    Suspicion,
)
from . import view_text as text
from .looking import CaseTelemetry

if TYPE_CHECKING:
    from ..reasoning.faculties import Faculties

log = structlog.get_logger(__name__)

SIMILAR = 5
"""Passages that are told of similar incidents."""
MOST_SYMPTOMS = 12
"""Observations that a question to documents names."""


class Counsellor:
    """Puts an incident to the reasoning services.

    None of them fails; should asking itself fail, the incident goes on without, and the counsel says why.

    Args:
        practice: Whether they are asked about practice incidents too.
        remembers: Whether a memory of theirs is told how incidents end.
    """

    def __init__(self, faculties: "Faculties", practice: bool = False, remembers: bool = True) -> None:
        self._faculties = faculties
        self._practice = practice
        self.remembers = remembers

    def hears(self, incident: Incident) -> bool:
        """Whether anybody is asked about an incident."""
        return self._practice or incident.practice_run is None

    async def on_severity(self, case: Case, seen: Sequence[Evidence]) -> Counsel:
        """How severe it seems, once detection has looked."""

        async def asked() -> Counsel:
            whom = _for("detection", case.incident)
            _, situation, screened = await self._screened(whom, case, situation_of(case, None, seen))
            said = await self._faculties.opinions.classify(whom, situation)
            return screened.with_(Counsel(severity=said.value, usage=said.used))

        return await _without_fail(asked)

    async def on_causes(self, case: Case, found: Diagnosis | None, seen: Sequence[Evidence]) -> Counsel:
        """What seems to be the cause, and what is known of such incidents, once local analysis has its own opinion."""

        async def asked() -> Counsel:
            whom = _for("diagnosis", case.incident)
            shown, situation, screened = await self._screened(whom, case, situation_of(case, found, seen))
            # Each on its own: one that fails leaves what the others say, and none of them running.
            said = await asyncio.gather(
                _without_fail(lambda: self._known(shown, situation)),
                _without_fail(lambda: self._analysed(shown, situation)),
                _without_fail(lambda: self._investigated(shown, situation)),
            )
            return reduce(Counsel.with_, said, screened)

        return await _without_fail(asked)

    async def on_kind(self, case: Case, found: Diagnosis | None, seen: Sequence[Evidence]) -> Counsel:
        """Which kind of trouble it seems to be."""

        async def asked() -> Counsel:
            whom = _for("prediction", case.incident)
            _, situation, screened = await self._screened(whom, case, situation_of(case, found, seen))
            said = await self._faculties.opinions.match(whom, situation)
            return screened.with_(Counsel(pattern=said.value, usage=said.used))

        return await _without_fail(asked)

    async def on_remedies(self, case: Case, found: Diagnosis | None, seen: Sequence[Evidence]) -> Counsel:
        """What the organisation knows of how such trouble is mended."""

        async def asked() -> Counsel:
            whom = _for("resolution", case.incident)
            _, situation, screened = await self._screened(whom, case, situation_of(case, found, seen))
            lead = found.hypotheses[0] if found and found.hypotheses else None
            said = await self._faculties.organisation.ask(whom, _guidance_question(lead, situation))
            return screened.with_(Counsel(guidance=said.value, usage=said.used))

        return await _without_fail(asked)

    async def on_words(self, incident: Incident, update: Update) -> Counsel:
        """How it ended, in words for people; without a draft where none is better than our own."""

        async def asked() -> Counsel:
            whom = _for("communication", incident)
            wanted = "A short paragraph for people who were not there: what happened, why, and how it ended."
            facts = {"subject": update.subject, "facts": update.body}
            said = await self._faculties.opinions.draft(whom, wanted, facts, update.body)
            if _local(said):
                return Counsel(usage=said.used)
            checked = await self._faculties.guard.check(whom, said.value.text, "output", update.body)
            draft = None if checked.value.blocked else said.value
            return Counsel(draft=draft, guarded=_told("a draft", checked.value), usage=(*said.used, *checked.used))

        return await _without_fail(asked)

    async def on_end(self, incident: Incident, outcome: Outcome) -> Counsel:
        """Have it remembered how it ended."""

        async def asked() -> Counsel:
            said = await self._faculties.memory.remember(_for("memory", incident), outcome)
            return Counsel(remembered=said.value.where, trace=said.value.trace, usage=said.used)

        return await _without_fail(asked)

    async def _screened(self, whom: Asked, case: Case, situation: Situation) -> tuple[Case, Situation, Counsel]:
        """Both as they may be put to anybody, without what comes from outside where a guard blocks that; and its word.

        The same words are checked once, and again where alerts or changes have come.
        """
        outside = tuple(_from_outside(case))
        checked = await self._faculties.guard.check(whom, "\n".join(outside), "input")
        if checked.value.blocked:
            kept = tuple(each for each in situation.observations if each not in outside)
            situation = situation.model_copy(update={"observations": kept})
            case = replace(case, observations=replace(case.observations, changes=()))
        return case, situation, Counsel(guarded=_told("alerts and changes", checked.value), usage=checked.used)

    async def _known(self, case: Case, situation: Situation) -> Counsel:
        """What the organisation knows of such incidents."""
        said = await self._faculties.organisation.ask(_for("diagnosis", case.incident), _question(situation))
        return Counsel(knowledge=said.value, usage=said.used)

    async def _analysed(self, case: Case, situation: Situation) -> Counsel:
        """The causes that a model suspects, held to what was observed."""
        whom = _for("diagnosis", case.incident)
        said = await self._faculties.opinions.analyse(whom, situation)
        if _local(said) or not said.value.suspicions:
            return Counsel(analysis=said.value, usage=said.used)
        grounds = "\n".join(situation.observations)
        checked = await self._faculties.guard.check(whom, _claim(said.value.suspicions), "output", grounds)
        analysis = Analysis(next_question=said.value.next_question) if checked.value.blocked else said.value
        return Counsel(analysis=analysis, guarded=_told("suspicions", checked.value), usage=(*said.used, *checked.used))

    async def _investigated(self, case: Case, situation: Situation) -> Counsel:
        """The causes that a model suspects which looked at telemetry itself, similar incidents at hand."""
        whom, known = _for("diagnosis", case.incident), await self._similar(case, situation)
        telemetry = CaseTelemetry(case, known.similar)
        said = await self._faculties.investigator.investigate(whom, situation, telemetry)
        found = Counsel(investigation=said.value, usage=said.used)
        if _local(said) or not said.value.suspicions:
            return known.with_(found)
        # It saw more than the situation tells, so that it cannot be held to that.
        checked = await self._faculties.guard.check(whom, _claim(said.value.suspicions), "output")
        if checked.value.blocked:
            found = Counsel(investigation=said.value.model_copy(update={"suspicions": ()}), usage=said.used)
        guarded = Counsel(guarded=_told("what was investigated", checked.value), usage=checked.used)
        return known.with_(found).with_(guarded)

    async def _similar(self, case: Case, situation: Situation) -> Counsel:
        """What is written and remembered of similar incidents, the nearest in meaning first."""
        whom, looked_for = _for("diagnosis", case.incident), _question(situation)
        service = situation.services[0] if situation.services else ServiceName("unknown-service")
        written, remembered = await asyncio.gather(
            self._faculties.retriever.retrieve(whom, looked_for, SIMILAR),
            self._faculties.memory.recall(whom, service, looked_for, SIMILAR),
        )
        passages = list({(each.title, each.text): each for each in (*written.value, *remembered.value)}.values())
        used = (*written.used, *remembered.used)
        if not passages:
            return Counsel(usage=used)
        embedded = await self._faculties.embedder.embed(whom, [looked_for, *(each.text for each in passages)])
        near = embedded.value.nearest()
        return Counsel(similar=tuple(passages[index] for index in near[:SIMILAR]), usage=(*used, *embedded.used))


async def _without_fail(asked: Callable[[], Awaitable[Counsel]]) -> Counsel:
    try:
        return await asked()
    except Exception as error:
        log.exception("asking the reasoning services failed")
        return Counsel(trouble=f"{type(error).__name__}: {error}"[:500])


def drafted(update: Update, counsel: Counsel) -> Update:
    """An update that begins with a model's words, where there are some, and says whose they are; ours follow."""
    by = counsel.by("draft")
    if counsel.draft is None or by is None or by.service is None:
        return update
    whose = f"Drafted by {by.service} ({by.provenance.source}); the facts, by Incident Commander:"
    return update.model_copy(update={"body": f"{counsel.draft.text}\n\n{whose}\n{update.body}"})


def situation_of(case: Case, found: Diagnosis | None, seen: Sequence[Evidence]) -> Situation:
    """An incident as it is put to a model: what was observed, without what local analysis makes of it.

    Its suspicions are there for local stand-ins alone.

    Args:
        seen: What detection saw.
    """
    suspected = found.hypotheses if found else ()
    return Situation(
        title=case.incident.title,
        severity=case.incident.severity,
        services=tuple(dict.fromkeys(_services(case, suspected))),
        observations=tuple(dict.fromkeys((*_observations(suspected, seen), *_from_outside(case)))),
        suspicions=tuple(
            Suspicion(
                service=each.service,
                fault=each.fault,
                reason="; ".join(evidence.what for evidence in each.evidence[:2]) or "local analysis ranks it so",
            )
            for each in suspected[:3]
        ),
    )


def _for(agent: str, incident: Incident) -> Asked:
    return Asked(agent, incident.id, practice=incident.practice_run is not None)


def _claim(suspicions: Sequence[Suspicion]) -> str:
    return "\n".join(f"{each.fault} of {each.service}: {each.reason}" for each in suspicions)


def _local(said: "Answered[Analysis] | Answered[Investigation] | Answered[Draft]") -> bool:
    return not said.used or said.used[-1].service is None


def _told(what: str, checked: Guarded) -> tuple[str, ...]:
    """What a guard found, each finding with what it was found in."""
    rated = () if checked.grounding is None else (f"grounding rated {checked.grounding:.2f}",)
    return tuple(f"{what}: {finding}" for finding in (*checked.findings, *rated))


def _question(situation: Situation) -> str:
    symptoms = "; ".join(situation.observations[:MOST_SYMPTOMS])
    return f"What is known of incidents such as {situation.title}? Symptoms: {symptoms}"


def _guidance_question(lead: Hypothesis | None, situation: Situation) -> str:
    what = f"{text.words(lead.fault)} of {lead.service}" if lead else situation.title
    return f"How is {what} mended? Symptoms: {'; '.join(situation.observations[:MOST_SYMPTOMS])}"


def _services(case: Case, suspected: Sequence[Hypothesis]) -> Iterator[ServiceName]:
    yield from case.incident.services
    yield from (each.service for each in suspected)
    yield from (service.name for service in case.observations.topology.services)


def _observations(suspected: Sequence[Hypothesis], seen: Sequence[Evidence]) -> Iterator[str]:
    """What was seen, in words: what speaks for and against causes, and what is abnormal."""
    for hypothesis in suspected:
        told = (*hypothesis.evidence, *hypothesis.against)
        # What a model suspects is told to none, so that none echoes another.
        yield from (evidence.what for evidence in told if evidence.signal != "model")
    yield from (evidence.what for evidence in seen)


def _from_outside(case: Case) -> Iterator[str]:
    """What alerts and changes say, in words that others chose."""
    for alert in case.alerts:
        yield " ".join((f"alert {alert.name} of {alert.service or 'no service'}:", *alert.annotations.values()))
    for change in case.observations.changes:
        yield f"{change.kind} at {change.at.isoformat()}: {change.summary}"
