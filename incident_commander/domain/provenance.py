"""Where a figure comes from. No number is shown without it."""

from typing import Literal

from .base import Value

ProvenanceKind = Literal["live", "recorded", "simulated", "assumed"]


class Provenance(Value):
    """How a statement came to be.

    Attributes:
        kind: `live` (measured now), `recorded` (measured then), `simulated` (the practice company), `assumed` (cited).
        source: `local`, `loopback`, the name of an AWS service, or the document an assumption is cited from.
        available: False when the source could not answer.
        reason: Why it is not available, or what an assumption rests on.
    """

    kind: ProvenanceKind
    source: str
    available: bool = True
    reason: str = ""


class Figure(Value):
    """A number for a person to read, with its unit and where it comes from; `value` None means not known yet."""

    name: str
    value: float | None
    unit: str
    provenance: Provenance
    detail: str = ""
