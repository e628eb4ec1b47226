"""Opinions of language models on an incident: how severe, which kind of trouble, which cause; and words for people.

Each has a local stand-in that says no more than what local analysis knows already.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ..domain.alert import Severity
from ..domain.findings import FaultKind
from ..domain.reasoning import (
    Analysis,
    Answered,
    Asked,
    Draft,
    PatternCategory,
    PatternOpinion,
    SeverityOpinion,
    Situation,
)
from .budget import Budget
from .converse import Converse
from .figures import figures
from .models import ModelTask
from .prompts import Prompt, prompt
from .reasoner import Reasoner, Unusable
from .suspecting import MOST, Form, SuspicionForm, suspicions_of

LOCAL_CATEGORIES: Mapping[FaultKind, PatternCategory | None] = {
    "connection_pool_exhaustion": "Database",
    "memory_leak": "Application",
    "overload": "Infrastructure",
    "bad_deploy": "Application",
    "disk_full": "Infrastructure",
    "node_failure": "Infrastructure",
    "dependency_failure": "Network",
    "attack_traffic": "Security",
    "credential_compromise": "Security",
    "certificate_expiry": "Network",
    "noisy_neighbour": "Infrastructure",
    "bad_data": "Application",
    "quota_exhaustion": "Infrastructure",
    "unknown": None,
}
"""Which kind of trouble a fault is, for the local stand-in."""
MOST_OBSERVATIONS = 60
MOST_OF_A_DRAFT = 4_000
"""Characters; more than its most tokens give."""


class Opinions:
    """See Classifier, Matcher, Analyst and Drafter.

    Args:
        converse: None: no model is configured, and every answer is local.
    """

    def __init__(self, reasoner: Reasoner, budget: Budget, converse: Converse | None) -> None:
        self._reasoner = reasoner
        self._budget = budget
        self._converse = converse

    async def classify(self, asked: Asked, situation: Situation) -> Answered[SeverityOpinion]:
        """See Classifier. The local answer is what the alerts say."""

        async def local() -> SeverityOpinion:
            return SeverityOpinion(severity=situation.severity)

        if self._converse is None:
            return await self._reasoner.ask("classify", asked, (), local)
        candidates = await self._converse.in_form(
            "classify",
            about("classify", situation),
            _SeverityForm,
            lambda form: SeverityOpinion(severity=_SEVERITIES[form.severity]),
            await self._budget.left(asked.incident_id),
        )
        return await self._reasoner.ask("classify", asked, candidates, local)

    async def match(self, asked: Asked, situation: Situation) -> Answered[PatternOpinion]:
        """See Matcher. The local answer follows from the fault that local analysis suspects most."""

        async def local() -> PatternOpinion:
            return _local_pattern(situation)

        if self._converse is None:
            return await self._reasoner.ask("match", asked, (), local)
        candidates = await self._converse.in_form(
            "match",
            about("match", situation),
            _PatternForm,
            lambda form: PatternOpinion(category=form.category, reasoning=form.reasoning),
            await self._budget.left(asked.incident_id),
        )
        return await self._reasoner.ask("match", asked, candidates, local)

    async def analyse(self, asked: Asked, situation: Situation) -> Answered[Analysis]:
        """See Analyst. The local answer is what local analysis suspects; no model is told, so none echoes it."""

        async def local() -> Analysis:
            return Analysis(suspicions=situation.suspicions)

        if self._converse is None:
            return await self._reasoner.ask("analyse", asked, (), local)
        candidates = await self._converse.in_form(
            "analyse",
            about("analyse", situation),
            _AnalysisForm,
            lambda form: _analysis(form, situation),
            await self._budget.left(asked.incident_id),
        )
        return await self._reasoner.ask("analyse", asked, candidates, local)

    async def draft(self, asked: Asked, wanted: str, facts: Mapping[str, str], ours: str) -> Answered[Draft]:
        """See Drafter. A draft with a figure that is none of the facts' is no answer."""

        async def local() -> Draft:
            return Draft(text=ours)

        if self._converse is None:
            return await self._reasoner.ask("draft", asked, (), local)
        told = {"what is asked for": wanted, **facts}
        candidates = await self._converse.in_words(
            "draft",
            prompt("draft", told),
            lambda text: _draft(text, told),
            await self._budget.left(asked.incident_id),
        )
        return await self._reasoner.ask("draft", asked, candidates, local)


class _SeverityForm(Form):
    severity: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]


class _PatternForm(Form):
    category: PatternCategory
    reasoning: str = Field(min_length=1, max_length=2000)


class _AnalysisForm(Form):
    suspicions: tuple[SuspicionForm, ...] = Field(max_length=MOST)
    next_question: str = Field(max_length=500)


_SEVERITIES: Mapping[str, Severity] = {"CRITICAL": "critical", "HIGH": "high", "MEDIUM": "medium", "LOW": "low"}


def about(task: ModelTask, situation: Situation) -> Prompt:
    """A question about an incident: its title, its services and what was observed."""
    seen = situation.observations[:MOST_OBSERVATIONS]
    return prompt(
        task,
        {
            "incident": f"{situation.title}\nthe worst severity that an alert says: {situation.severity}",
            "services": "\n".join(situation.services),
            "observations": "\n".join(seen),
        },
    )


def _local_pattern(situation: Situation) -> PatternOpinion:
    for suspicion in situation.suspicions:
        category = LOCAL_CATEGORIES[suspicion.fault]
        if category is not None:
            kind = suspicion.fault.replace("_", " ")
            return PatternOpinion(category=category, reasoning=f"{kind} at {suspicion.service} is suspected")
    return PatternOpinion(category=None, reasoning="local analysis suspects no fault that tells")


def _analysis(form: _AnalysisForm, situation: Situation) -> Analysis:
    return Analysis(suspicions=suspicions_of(form.suspicions, situation), next_question=form.next_question)


def _draft(text: str, told: Mapping[str, str]) -> Draft:
    if len(text) > MOST_OF_A_DRAFT:
        raise Unusable(f"its draft has {len(text)} characters, and a paragraph was asked for")
    made_up = figures(text) - figures("\n".join([*told, *told.values()]))
    if made_up:
        raise Unusable(f"its draft has figures that are none of the facts': {', '.join(sorted(made_up)[:5])}")
    # It goes out to people's channels and terminals: nothing in it steers one.
    return Draft(text="".join(each if each.isprintable() or each in "\n\t" else " " for each in text))
