"""Checking what goes to models and comes from them: Bedrock Guardrails, and patterns of our own, which always run."""

import json
import math
import re
from typing import Literal

from pydantic import Field

from ..aws import Answer, Aws, Camel
from ..domain.reasoning import Answered, Asked, Guarded
from ..domain.usage import Cost
from .converse import Guardrail
from .figures import figures
from .kept import Kept
from .masking import Masks
from .prices import Prices
from .reasoner import Candidate, Counted, Reasoner, Reply, Unusable

SECONDS = 10.0
QUESTION = "What happened in this incident, and why?"
"""Grounding is rated towards a question; this is the one that every claim of ours answers."""
INTERVENED = "GUARDRAIL_INTERVENED"
_UNIT_CHARACTERS = 1_000
_INJECTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|above|previous)\b",
        r"\byou are now\b|\bact as (?:an?|the)\b|\bnew (?:system )?instructions?\b",
        r"\bsystem prompt\b|\bdeveloper mode\b",
        r"</?(?:system|data|assistant|instructions?)\b|\[/?INST\]|<\|im_(?:start|end)\|>",
        r"\b(?:reveal|print|repeat|show)\b.{0,40}\b(?:prompt|instructions)\b",
    )
)


class Guarding:
    """See Guard. What our own patterns find is masked before AWS is asked, and its findings are added to ours.

    A text that speaks to a model is a finding and no reason to drop it: whoever writes such a line into a log must not
    be able to blind us.

    Args:
        aws, guardrail: None: Guardrails are not configured.
    """

    def __init__(self, reasoner: Reasoner, prices: Prices, aws: Aws | None, guardrail: Guardrail | None) -> None:
        self._reasoner = reasoner
        self._prices = prices
        self._aws = aws
        self._guardrail = guardrail
        self._kept: Kept[_Applied] = Kept()

    async def check(
        self, asked: Asked, text: str, source: Literal["input", "output"], grounds: str = ""
    ) -> Answered[Guarded]:
        """See Guard. Here a claim is held to its grounds by its figures alone, and not rated."""
        ours = checked_here(text, grounds)

        async def local() -> Guarded:
            return ours

        candidates: tuple[Candidate[Guarded], ...] = ()
        if self._aws is not None and self._guardrail is not None:
            candidates = (self._guardrails(self._aws, self._guardrail, ours, source, grounds),)
        return await self._reasoner.ask("guard", asked, candidates, local)

    def _guardrails(
        self, aws: Aws, guardrail: Guardrail, ours: Guarded, source: Literal["input", "output"], grounds: str
    ) -> Candidate[Guarded]:
        content: list[dict[str, object]] = []
        if grounds:
            content.append({"text": {"text": Masks().mask(grounds), "qualifiers": ["grounding_source"]}})
            content.append({"text": {"text": QUESTION, "qualifiers": ["query"]}})
        content.append({"text": {"text": ours.text, "qualifiers": ["guard_content"]}})
        request = {
            "guardrailIdentifier": guardrail.id,
            "guardrailVersion": guardrail.version,
            # Only what is given out is rated for its grounds.
            "source": "OUTPUT" if grounds else source.upper(),
            "content": content,
        }

        key = json.dumps(request, sort_keys=True)

        def reply(applied: _Applied) -> Reply[Guarded]:
            def read() -> Guarded:
                guarded = _guarded(ours, applied, asked_to_rate=bool(grounds))
                self._kept.put(key, applied)
                return guarded

            counted = {name: units for name, units in applied.usage.items() if units}
            return Reply(
                read=read,
                cost=self._prices.of_units("guardrails", counted),
                request_id=applied.request_id,
                intervened=applied.action == INTERVENED,
            )

        async def call() -> Reply[Guarded]:
            return reply(await aws.read(_Applied, "bedrock-runtime", "ApplyGuardrail", request))

        def kept() -> Reply[Guarded] | None:
            applied = self._kept.get(key)
            return None if applied is None else reply(applied)

        return Candidate(
            "Guardrails",
            "bedrock-runtime",
            aws,
            call,
            SECONDS,
            model=guardrail.id,
            most=self._most(len(ours.text) + len(grounds) + len(QUESTION)),
            kept=kept,
        )

    def _most(self, characters: int) -> Cost:
        """What the check of so many characters costs, were every policy switched on."""
        units = math.ceil(characters / _UNIT_CHARACTERS) + 2
        kinds = ("topic", "content", "sensitiveInformation", "contextualGrounding")
        return self._prices.of_units("guardrails", {f"{kind}PolicyUnits": units for kind in kinds})


def checked_here(text: str, grounds: str) -> Guarded:
    """What our own patterns find."""
    masks = Masks()
    masked = masks.mask(text)
    kinds = sorted({placeholder.strip("[]").rpartition("_")[0] for placeholder in masks.undone})
    findings = [f"masked: {kind.lower().replace('_', ' ')}" for kind in kinds]
    if any(pattern.search(text) for pattern in _INJECTIONS):
        findings.append("it speaks to a model as if to instruct it")
    without = figures(text) - figures(grounds) if grounds else frozenset[str]()
    if without:
        findings.append(f"figures that are not in what it is to rest on: {', '.join(sorted(without)[:5])}")
    return Guarded(text=masked, masked=dict(masks.undone), findings=tuple(findings))


class _Filter(Camel):
    """One of a policy's filters that saw something."""

    name: str = ""
    type: str = ""
    action: str
    confidence: str = ""
    score: float | None = Field(default=None, ge=0, le=1)
    detected: bool = True


class _Policy(Camel):
    topics: tuple[_Filter, ...] = ()
    filters: tuple[_Filter, ...] = ()
    custom_words: tuple[_Filter, ...] = ()
    managed_word_lists: tuple[_Filter, ...] = ()
    pii_entities: tuple[_Filter, ...] = ()
    regexes: tuple[_Filter, ...] = ()

    @property
    def all(self) -> tuple[_Filter, ...]:
        return (
            *self.topics,
            *self.filters,
            *self.custom_words,
            *self.managed_word_lists,
            *self.pii_entities,
            *self.regexes,
        )


class _Assessment(Camel):
    topic_policy: _Policy = _Policy()
    content_policy: _Policy = _Policy()
    word_policy: _Policy = _Policy()
    sensitive_information_policy: _Policy = _Policy()
    contextual_grounding_policy: _Policy = _Policy()


class _Output(Camel):
    text: str = ""


class _Applied(Answer):
    usage: dict[str, Counted]
    action: Literal["NONE", "GUARDRAIL_INTERVENED"]
    outputs: tuple[_Output, ...] = ()
    assessments: tuple[_Assessment, ...] = ()


def _guarded(ours: Guarded, applied: _Applied, *, asked_to_rate: bool) -> Guarded:
    found: list[str] = []
    acted: set[str] = set()
    grounding: float | None = None
    for each in applied.assessments:
        for policy in (each.topic_policy, each.content_policy, each.word_policy, each.sensitive_information_policy):
            for seen in policy.all:
                if seen.detected:
                    acted.add(seen.action)
                    sure = f" ({seen.confidence.lower()} confidence)" if seen.confidence else ""
                    found.append(f"{seen.action.lower()}: {seen.name or seen.type or 'a word'}{sure}")
        for seen in each.contextual_grounding_policy.filters:
            if seen.type == "GROUNDING" and seen.score is not None:
                grounding = seen.score if grounding is None else min(grounding, seen.score)
            if seen.action == "BLOCKED":
                acted.add(seen.action)
                found.append(f"blocked: {seen.type.lower()} {seen.score}")
    if asked_to_rate and grounding is None:
        raise Unusable("its guardrail does not rate grounding; switch its contextual grounding check on")
    intervened = applied.action == INTERVENED
    only_masked = intervened and acted == {"ANONYMIZED"}
    if only_masked and not applied.outputs:
        raise Unusable("it masked something and gives no text")
    return Guarded(
        text=applied.outputs[0].text if only_masked else ours.text,
        masked=ours.masked,
        findings=(*ours.findings, *found),
        blocked=intervened and not only_masked,
        grounding=grounding,
    )
