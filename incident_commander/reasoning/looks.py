"""What an investigating model may look at: by tools that only read, nothing twice, all of it bounded and marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field, JsonValue

from ..domain.base import ServiceName, canonical_json
from ..domain.reasoning import Situation
from .converse import filled_in
from .masking import Masks
from .ports import Telemetry
from .prompts import block
from .reasoner import Unusable
from .suspecting import Form

MOST_LOOKS = 12
MOST_OF_A_LOOK = 4_000
"""Characters of what one look shows."""


class Look(Form):
    """One thing to look at; its docstring is what a model is told of it."""

    @property
    def about(self) -> str:
        """The service that it is about; empty: no single one."""
        return ""

    @property
    def words(self) -> str:
        """What is looked at."""
        raise NotImplementedError

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        """What is there, in lines."""
        raise NotImplementedError


class _OfService(Look):
    service: str = Field(description="one of the list of services")

    @property
    def about(self) -> str:
        return self.service


class _Metrics(_OfService):
    """The metrics of a service: what is usual, what is now, and since when it is other than usual."""

    @property
    def words(self) -> str:
        return f"metrics of {self.service}"

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        return await telemetry.metrics(ServiceName(self.service))


class _Logs(_OfService):
    """Lines of a service's log, errors first; only those that contain a text, where one is given."""

    containing: str = Field(default="", max_length=100)

    @property
    def words(self) -> str:
        return f"logs of {self.service}" + (f" containing {self.containing!r}" if self.containing else "")

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        return await telemetry.logs(ServiceName(self.service), self.containing)


class _Traces(_OfService):
    """Requests through a service: how many fail there, and how long they take there, before and since."""

    @property
    def words(self) -> str:
        return f"traces of {self.service}"

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        return await telemetry.traces(ServiceName(self.service))


class _Changes(Look):
    """Deployments, commits, flags, settings and scaling of late, of every service."""

    @property
    def words(self) -> str:
        return "changes"

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        return await telemetry.changes()


class _SimilarIncidents(Look):
    """Earlier incidents that looked alike, with what they turned out to be."""

    @property
    def words(self) -> str:
        return "similar incidents"

    async def show(self, telemetry: Telemetry) -> Sequence[str]:
        return await telemetry.similar_incidents()


LOOKS: Mapping[str, type[Look]] = {
    "metrics": _Metrics,
    "logs": _Logs,
    "traces": _Traces,
    "changes": _Changes,
    "similar_incidents": _SimilarIncidents,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What comes of using a tool: marked data, or a word of ours why there is none."""

    text: str
    refused: bool = False


class Looks:
    """The looks of one investigation.

    Attributes:
        taken: What was looked at, in words and in order.
    """

    def __init__(self, telemetry: Telemetry, situation: Situation, masks: Masks) -> None:
        self._telemetry = telemetry
        self._services = tuple(masks.mask(service) for service in situation.services)
        self._masks = masks
        self._asked: set[bytes] = set()
        self.taken: list[str] = []

    async def take(self, name: str, arguments: JsonValue) -> Shown:
        """Show what is there; a word of ours where it cannot be asked so, or was asked so before."""
        try:
            # In its own words, with what is masked left so: only they may be said back to it.
            said = filled_in(LOOKS[name], arguments, Masks())
            look = filled_in(LOOKS[name], arguments, self._masks)
        except Unusable as error:
            return Shown(f"{name} was not asked: {error}", refused=True)
        if said.about and said.about not in self._services:
            known = ", ".join(self._services)
            return Shown(f"{name} was not asked: {said.about!r} is none of the services: {known}", refused=True)
        key = canonical_json([name, look.model_dump(mode="json")])
        if key in self._asked:
            return Shown("you asked this before, and its answer stands above; ask something else, or answer", True)
        if len(self.taken) >= MOST_LOOKS:
            return Shown(f"you have looked at {MOST_LOOKS} things, which is all that you may; answer now", True)
        self._asked.add(key)
        self.taken.append(look.words)
        lines = await look.show(self._telemetry)
        return Shown(block(said.words, "\n".join(lines) or "nothing is there", MOST_OF_A_LOOK, self._masks))
