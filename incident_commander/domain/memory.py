"""What is remembered of ended incidents, what a person says of it afterwards, and what of it is called to mind."""

from typing import Literal, Self

from pydantic import Field, model_validator

from .ballot import Voter
from .base import IncidentId, RunId, ServiceName, UtcDatetime, Value
from .findings import Evidence, FaultKind, Probability, Verdict
from .incident import IncidentStatus
from .operator import World
from .plan import ActionName
from .reasoning import Outcome
from .telemetry import TESTIMONY

MemoryMode = Literal["own", "shared", "off"]
"""Whose incidents are called to mind: each world's own (the real one, or one practice run), all practice runs' among
themselves, or nobody's. No practice run ever reaches a real incident, nor the other way round."""
Proof = Literal["proven", "refuted", "open"]
"""What came of an incident's action: it is resolved with its checks met, or checks were unmet, or nothing tells."""


class Cause(Value):
    """A service at fault and the kind of its fault."""

    service: ServiceName
    fault: FaultKind


class Tried(Value):
    """The action that was carried out, and where."""

    action: ActionName
    target: ServiceName


class RememberedVote(Value):
    """Whether a voter was for the plan that was carried out, and how sure it was of its choice."""

    voter: Voter
    was_for: bool
    confidence: float = Field(ge=0, le=1)


class Remembered(Value):
    """One incident as memory has it: payload of `outcome.remembered`.

    Attributes:
        run: The practice run it happened in; None for a real one.
        symptoms: What it looked like, each in a form that a similar incident's would share.
        verdict: About its cause, as stated.
        leading: The leading hypothesis, whatever the verdict; None where there was none, or it was of no known kind.
        stated: Its probability, as stated.
        addressed: The cause that the action was for; None where nothing was done.
        tried: What was done; None: nothing.
        votes: Of the round that decided it, where something was done.
    """

    outcome: Outcome
    run: RunId | None = None
    symptoms: tuple[str, ...] = ()
    status: IncidentStatus
    verdict: Verdict | None = None
    leading: Cause | None = None
    stated: Probability | None = Field(default=None, ge=0, le=1)
    addressed: Cause | None = None
    tried: Tried | None = None
    proof: Proof = "open"
    votes: tuple[RememberedVote, ...] = ()

    @property
    def id(self) -> IncidentId:
        """The incident's."""
        return self.outcome.incident_id

    @property
    def world(self) -> World:
        """Where it happened."""
        return "live" if self.run is None else "practice"


class Correction(Value):
    """What a person says the cause was: payload of `memory.corrected`. It stands above what the response concluded.

    Attributes:
        cause: None: nothing was wrong.
        at: Wall clock.
    """

    incident_id: IncidentId
    cause: Cause | None
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: UtcDatetime


class Forgetting(Value):
    """A person's word that an incident is to be called to mind no more: payload of `memory.forgotten`."""

    incident_id: IncidentId
    by: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    at: UtcDatetime


class Memory(Value):
    """One incident that is remembered, with the newest correction of it."""

    remembered: Remembered
    correction: Correction | None = None

    @property
    def known(self) -> bool:
        """Whether it is known what the cause was."""
        return self.correction is not None or (self.remembered.proof == "proven" and self.cause is not None)

    @property
    def cause(self) -> Cause | None:
        """What it was as far as is known: as a person says, else what was mended; None: nothing, or not known."""
        if self.correction is not None:
            return self.correction.cause
        return self.remembered.addressed if self.remembered.proof == "proven" else None

    @property
    def refuted(self) -> Cause | None:
        """The cause that it was taken for and was not; None where nothing says so."""
        if self.correction is not None or self.remembered.proof != "refuted":
            return None
        return self.remembered.addressed


class Similar(Value):
    """A remembered incident that looked like one that goes on.

    Attributes:
        likeness: The share of what either looked like that both did, rare symptoms weighing more, in [0, 1].
    """

    memory: Memory
    likeness: float = Field(ge=0, le=1)


class Witness(Value):
    """What memory, or the models that were asked, say for or against one cause: each one witness of capped weight.

    Attributes:
        cause: None: that nothing is wrong.
    """

    cause: Cause | None
    evidence: Evidence

    @model_validator(mode="after")
    def _testified(self) -> Self:
        if self.evidence.signal not in TESTIMONY:
            raise ValueError(f"evidence by {self.evidence.signal!r} is no testimony; that is by {sorted(TESTIMONY)}")
        return self


class Experience(Value):
    """What came of one action in similar incidents. `incidents`: in which it did not hold."""

    tried: Tried
    proven: int = Field(ge=0)
    refuted: int = Field(ge=0)
    incidents: tuple[IncidentId, ...]
    evidence: Evidence


class Recalled(Value):
    """What is called to mind for an incident: payload of `memory.recalled`.

    Attributes:
        similar: The incidents that it rests on, the most alike first, each with its likeness.
        testimony: About causes; experience: about actions.
    """

    similar: tuple[tuple[IncidentId, float], ...] = ()
    testimony: tuple[Witness, ...] = ()
    experience: tuple[Experience, ...] = ()


NOTHING_RECALLED = Recalled()
