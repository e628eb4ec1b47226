"""What produced the statements of each actor in a recording."""

from ...domain.base import Value
from ...domain.event import Actor
from .. import view_text as text
from ..recording import Producer, Recording


class ProducerRow(Value):
    """The method behind an actor's statements, and whether a language model had a part in it."""

    actor: str = ""
    label: str = ""
    what: str = ""
    models: str = ""
    kind: str = ""
    source: str = ""


def producer_rows(recording: Recording) -> tuple[ProducerRow, ...]:
    """Every actor that the recording accounts for."""
    return tuple(_row(producer) for producer in recording.producers)


def producer_row(recording: Recording, actor: Actor) -> ProducerRow:
    """What produced this actor's statements; said to be unknown where the recording does not say."""
    found = next((producer for producer in recording.producers if producer.actor == actor), None)
    if found is None:
        return ProducerRow(
            actor=actor, label=text.sentence(actor), what="The recording does not say what produced this."
        )
    return _row(found)


def _row(producer: Producer) -> ProducerRow:
    return ProducerRow(
        actor=producer.actor,
        label=text.sentence(producer.actor),
        what=producer.what,
        models=f"asked {', '.join(producer.models)}" if producer.models else "no language model asked",
        kind=producer.provenance.kind,
        source=producer.provenance.source,
    )
