"""What asking a model or another reasoning service took and cost: measured, one record for every call."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, model_validator

from .base import IncidentId, UtcDatetime, Value
from .provenance import Provenance

ReasoningTask = Literal[
    "classify", "match", "analyse", "investigate", "draft", "embed", "retrieve", "ask", "remember", "recall", "guard"
]
AiService = Literal[
    "Claude",
    "Nova",
    "Titan embeddings",
    "Knowledge Bases",
    "Guardrails",
    "Q Business",
    "Agent memory",
    "Strands",
]
"""The AWS AI services there are; an answer that none of them gave never carries such a name."""
Price = Literal["listed", "assumed", "unpriced", "free"]
"""How a call's cost is known: by a kept price list, by a dated file, not at all, or because nothing was bought."""

Usd = Annotated[Decimal, PlainSerializer(lambda usd: f"{usd:f}", return_type=str, when_used="json")]
"""US dollars, in JSON as digits without an exponent: a token costs far less than a millionth of one."""


class Cost(Value):
    """What a call cost.

    Attributes:
        usd: None where it is not known.
        basis: The list or the document that the price was taken from.
    """

    usd: Usd | None = Field(default=None, ge=0)
    price: Price = "unpriced"
    basis: str = ""

    @model_validator(mode="after")
    def _known_or_not(self) -> Self:
        if (self.usd is None) != (self.price == "unpriced"):
            raise ValueError(f"a cost of {self.usd} cannot be {self.price!r}; unpriced is what has no amount")
        return self


FREE = Cost(usd=Decimal(0), price="free")
UNPRICED = Cost()


class Usage(Value):
    """One call.

    Attributes:
        agent: For whom: an agent's name, or `response`.
        service: None where the answer was computed here.
        provenance: Who answered: `local`, `loopback`, or AWS; with the reason where nobody did.
        model: The id it was asked by; empty where there is none.
        latency_ms: From asking to the whole answer, wall clock.
        input_tokens, output_tokens: As the service counted them; None where it does not say.
        requests: How many were sent for it: most calls take one.
        request_id: AWS's own, to find the call again.
        cached: Whether an earlier answer was given again, without a call.
        fell_back: Why this one was asked in place of another; empty where it was the first choice.
        error: Why there is no answer; empty where there is one.
        intervened: Whether a guardrail of the account acted on what was asked or answered.
    """

    task: ReasoningTask
    agent: str
    incident_id: IncidentId | None = None
    service: AiService | None = None
    provenance: Provenance
    model: str = ""
    region: str = ""
    at: UtcDatetime
    latency_ms: float = Field(ge=0)
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    cost: Cost = Cost()
    requests: int = Field(default=1, ge=0)
    request_id: str = ""
    cached: bool = False
    fell_back: str = ""
    error: str = ""
    intervened: bool = False
