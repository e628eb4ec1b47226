"""What the reasoning faculties are asked and answer: opinions and knowledge, each with who gave it. None decides."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import Field

from .alert import Severity
from .base import IncidentId, ServiceName, UtcDatetime, Value
from .findings import FaultKind
from .provenance import Provenance
from .usage import ReasoningTask, Usage

T_co = TypeVar("T_co", covariant=True)

PatternCategory = Literal["Database", "Network", "Application", "Infrastructure", "Security"]


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom something is asked, for budgets and the usage ledger.

    Attributes:
        incident_id: None where it concerns no incident.
        practice: Whether that is a practice incident: what is remembered of those is kept apart.
    """

    agent: str
    incident_id: IncidentId | None = None
    practice: bool = False


@dataclass(frozen=True, slots=True)
class Answered(Generic[T_co]):
    """An answer with every call that it took, those that failed before it included.

    Attributes:
        provenance: Who gave it.
    """

    value: T_co
    provenance: Provenance
    used: tuple[Usage, ...] = ()

    @property
    def fell_back(self) -> str:
        """Why it was not given by the first choice; empty where it was."""
        return self.used[-1].fell_back if self.used else ""


class Suspicion(Value):
    """One cause that is suspected, and why."""

    service: ServiceName
    fault: FaultKind
    reason: str


class Situation(Value):
    """An incident as it is put to a model. All of its text is data from outside: never an instruction.

    Attributes:
        severity: The worst that an alert says.
        services: Those that are known; a suspicion of any other is no answer.
        observations: What was seen, one sentence each, the most telling first.
        suspicions: What local analysis suspects, the likeliest first.
    """

    title: str
    severity: Severity
    services: tuple[ServiceName, ...] = ()
    observations: tuple[str, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()


class SeverityOpinion(Value):
    """How severe an incident seems."""

    severity: Severity


class PatternOpinion(Value):
    """Which kind of trouble it seems to be, and why.

    Attributes:
        category: None where nothing tells; a model must name one.
    """

    category: PatternCategory | None
    reasoning: str


class Analysis(Value):
    """What seems to be the cause.

    Attributes:
        suspicions: The likeliest first; empty: inconclusive.
        next_question: What to look at to know more.
    """

    suspicions: tuple[Suspicion, ...] = ()
    next_question: str = ""


class Investigation(Value):
    """What a model found that looked at telemetry itself, by tools that only read.

    Attributes:
        suspicions: The likeliest first; empty: inconclusive.
        looked_at: What it asked its tools, in order and in words.
        ended: Why it went no further: it had its answer, or a bound of turns, tokens, money or time.
    """

    suspicions: tuple[Suspicion, ...] = ()
    summary: str = ""
    looked_at: tuple[str, ...] = ()
    ended: str = ""


class Draft(Value):
    """Words for people. Every figure in it is one of the facts that it was made from."""

    text: str


class Passage(Value):
    """A piece of a document that was found.

    Attributes:
        where: Its address or name, for a person to open.
        score: As the service rates it; None where it rates nothing.
    """

    title: str
    text: str
    where: str = ""
    score: float | None = None
    updated_at: UtcDatetime | None = None


class Knowledge(Value):
    """What an organisation's own documents say, with the passages it rests on. No confidence: none is given.

    Attributes:
        text: The answer in words; empty where only passages were found.
    """

    text: str
    passages: tuple[Passage, ...] = ()


class Outcome(Value):
    """How an incident ended, as it is remembered.

    Attributes:
        pattern: What it looked like, in words that a similar one would share.
        resolution: What was done; empty where nothing was.
        mttr_seconds: On the incident's clock; None where it was not resolved.
        verified: Whether registered checks proved the resolution.
    """

    incident_id: IncidentId
    services: tuple[ServiceName, ...]
    fault: FaultKind | None
    pattern: str
    resolution: str
    mttr_seconds: float | None = Field(default=None, ge=0)
    success: bool
    verified: bool
    learnings: str = ""
    ended_at: UtcDatetime


class Kept(Value):
    """That something is remembered.

    Attributes:
        where: By which to find it again.
        trace: What the service says it did with it, step by step; empty where it does not say.
    """

    where: str
    trace: tuple[str, ...] = ()


class Guarded(Value):
    """A text after it was checked.

    Attributes:
        text: With what must not leave masked by placeholders.
        masked: What each placeholder stands for, so that it can be undone where it is shown.
        findings: What was found, in words; empty: nothing.
        blocked: Whether the text must not be used at all.
        grounding: How far the material carries the text, in [0, 1]; None where that was not asked or is not rated.
    """

    text: str
    masked: dict[str, str] = {}
    findings: tuple[str, ...] = ()
    blocked: bool = False
    grounding: float | None = Field(default=None, ge=0, le=1)


class Counsel(Value):
    """What the reasoning services say on an incident at one stage, beside what local analysis finds.

    It is shown. Of all of it only the causes that models suspect weigh in the diagnosis, as one witness whose weight is
    capped; nothing acts by it.

    Attributes:
        knowledge: What the organisation knows of such an incident; guidance: of how to mend it.
        similar: What is remembered or written of similar incidents, the most similar first.
        draft: How it ended, in words for people.
        remembered: Where it is kept how it ended; trace: what the service did when it was told.
        guarded: What a guard found in what was put to models, or in what they said, in words.
        trouble: Why somebody could not be asked; empty where that is not so.
        usage: Every call that it took, those that failed included.
    """

    severity: SeverityOpinion | None = None
    pattern: PatternOpinion | None = None
    analysis: Analysis | None = None
    investigation: Investigation | None = None
    knowledge: Knowledge | None = None
    guidance: Knowledge | None = None
    draft: Draft | None = None
    similar: tuple[Passage, ...] = ()
    remembered: str = ""
    trace: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    trouble: str = ""
    usage: tuple[Usage, ...] = ()

    def by(self, task: ReasoningTask, agent: str = "") -> Usage | None:
        """The last call that answered a task, for an agent where one is named; None: it was not asked."""
        return next((u for u in reversed(self.usage) if u.task == task and agent in ("", u.agent)), None)

    def with_(self, later: "Counsel") -> "Counsel":
        """This and what was said at a later stage, which stands where both speak."""
        said = {name: value for name, value in later if value not in (None, (), "")}
        both = {"guarded": (*self.guarded, *later.guarded), "usage": (*self.usage, *later.usage)}
        return self.model_copy(update={**said, **both})


NO_COUNSEL = Counsel()
