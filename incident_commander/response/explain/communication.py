"""Who was told what in a recorded response, when, and by which channel; and the postmortem."""

from ...domain.base import Value
from ...domain.event import Event, Update
from .. import view_text as text
from ..record import IncidentRecord
from ..recording import Recording
from .producers import ProducerRow, producer_row

_AUDIENCES = {
    "on_call": "The person on call",
    "stakeholders": "Stakeholders",
    "status_page": "Status page",
}


class MessageRow(Value):
    """One message, or one question to a person.

    Attributes:
        after: How long after the first alert began, on the simulated clock.
        channel: Where it really went.
        sent: Whether any channel took it.
    """

    at: str
    after: str
    audience: str
    subject: str
    body: str
    channel: str
    sent: bool
    failed: bool
    author: str


class CommunicationView(Value):
    """The Communication tab; `postmortem` is Markdown in which outside text was escaped when it was written."""

    messages: tuple[MessageRow, ...] = ()
    summary: str = ""
    postmortem: str = ""
    producer: ProducerRow = ProducerRow()


def communication_view(recording: Recording) -> CommunicationView:
    """All that people were told and asked, oldest first; nothing where no alert came."""
    record = recording.record
    if record is None:
        return CommunicationView()
    events = record.of_kind("update.published", "approval.requested", "approval.answered")
    messages = tuple(_message(record, event) for event in events)
    written = record.latest("postmortem.written")
    markdown = written.payload.get("markdown") if written else None
    sent = sum(message.sent for message in messages)
    return CommunicationView(
        messages=messages,
        summary=f"{len(messages)} messages, {sent} of them taken by a channel",
        postmortem=markdown if isinstance(markdown, str) else "",
        producer=producer_row(recording, "communication"),
    )


def _message(record: IncidentRecord, event: Event) -> MessageRow:
    row = MessageRow(
        at=text.clock_time(event.occurred_at),
        after=text.time_between(record.incident.began_at, event.occurred_at),
        audience="",
        subject="",
        body="",
        channel="On the timeline",
        sent=False,
        failed=False,
        author=event.actor,
    )
    if event.kind == "update.published":
        return row.model_copy(update=_update(Update.model_validate(event.payload)))
    asked = event.kind == "approval.requested"
    plan = text.plan_text(record.chosen) if record.chosen else "the certified plan"
    return row.model_copy(
        update={
            "audience": "Who approves" if asked else "The response",
            "subject": f"May it run: {plan}?" if asked else f"{text.sentence(str(event.payload['answer']))}: {plan}",
            "body": f"Until {event.payload['expires_at']}" if asked else str(event.payload["reason"]),
        }
    )


def _update(update: Update) -> dict[str, object]:
    parts = [f"Sent to {', '.join(update.delivered_to)}"] if update.delivered_to else []
    if update.failures:
        parts.append(f"Not taken by {'; '.join(update.failures)}")
    return {
        "audience": _AUDIENCES[update.audience],
        "subject": update.subject,
        "body": update.body,
        "channel": ". ".join(parts) or "Kept on the timeline: no channel was configured",
        "sent": bool(update.delivered_to),
        "failed": bool(update.failures),
    }
