"""The causes that a model names, in the form in which it has to, held to what is known."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from ..domain.findings import FaultKind
from ..domain.reasoning import Situation, Suspicion
from .reasoner import Unusable

MOST = 3


class Form(BaseModel):
    """What a model fills in, with nothing beside."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SuspicionForm(Form):
    """One cause."""

    service: str = Field(description="one of the list of services")
    fault: FaultKind
    reason: str = Field(min_length=1, max_length=2000)


def suspicions_of(forms: Sequence[SuspicionForm], situation: Situation) -> tuple[Suspicion, ...]:
    """The suspicions of a situation's services.

    Raises:
        Unusable: one is of a service that is not known.
    """
    known = {str(service): service for service in situation.services}
    for each in forms:
        if each.service not in known:
            raise Unusable(f"it suspects {each.service!r}, which is none of the services")
    return tuple(Suspicion(service=known[each.service], fault=each.fault, reason=each.reason) for each in forms)
