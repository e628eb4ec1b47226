"""A question to a person as a message of Slack with buttons, and what a pressed button says."""

import json
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, Field, JsonValue, ValidationError

from ..domain.base import Digest, IncidentId, JsonObject
from . import view_text as text
from .view_approval import PendingApproval

Pressed = Literal["approve", "approve_class", "deny"]

REASON = "reason"
LONGEST_NAME = 40
HEADER_CHARACTERS = 150
FIELD_CHARACTERS = 2900
"""Below Slack's limits of a header and a section."""


class NotOurs(ValueError):
    """A payload is not of a button of ours; the message says what it lacks."""


class Press(BaseModel):
    """A pressed button, as far as an answer needs it.

    Attributes:
        by: The user's name with the id that Slack gave them: names can be changed, ids cannot.
        reason: What stood in the message's field; empty where nothing did.
        reply_to: Where Slack takes what is to be told them.
    """

    incident_id: IncidentId
    plan: Digest
    pressed: Pressed
    user_id: str
    by: str
    reason: str
    reply_to: str


def question(asked: PendingApproval, page: str) -> JsonObject:
    """The message that asks, with a field for the reason and the three buttons.

    Args:
        page: The address of /ops.
    """
    facts = (
        ("What", asked.text),
        ("Why", asked.rationale),
        ("Asked because", asked.reason),
        ("Votes", asked.votes),
        ("Who may approve", ", ".join(asked.approvers)),
        ("Blast radius", asked.blast_radius),
        ("Undo", asked.undo or "Cannot be undone"),
        ("Checks", "\n".join(asked.checks)),
        ("Refused before", "\n".join(asked.denied_before)),
        ("Waits until", f"{text.date_time(asked.expires_at)} UTC"),
    )
    kind = "Practice, simulated: approval" if asked.simulated else "Approval"
    address = f"{page}?{urlencode({'incident': asked.incident_id})}"
    blocks: list[JsonValue] = [
        {"type": "header", "text": _plain(f"{kind} asked: {asked.text}"[:HEADER_CHARACTERS])},
        _section(f"<{address}|{_escaped(asked.title)}> ({_escaped(asked.severity)})"),
        *(_section(f"*{name}*\n{_escaped(told)}") for name, told in facts if told),
        {
            "type": "input",
            "block_id": REASON,
            "optional": True,
            "label": _plain("Reason (needed to deny)"),
            "element": {"type": "plain_text_input", "action_id": REASON, "max_length": 500},
        },
        {"type": "actions", "block_id": "answer", "elements": _buttons(asked)},
    ]
    return {"text": f"{kind} asked: {_escaped(asked.text)}", "blocks": blocks}


def told(outcome: str, *, replace: bool) -> JsonObject:
    """What is told whoever pressed: in place of the message, for all, or to them alone."""
    if replace:
        return {"replace_original": True, "text": _escaped(outcome)}
    return {"replace_original": False, "response_type": "ephemeral", "text": _escaped(outcome)}


def press_of(payload: JsonValue) -> Press:
    """What a payload of Slack's says was pressed.

    Raises:
        NotOurs: it is of another kind, or of a message that is not of ours.
    """
    try:
        sent = _BlockActions.model_validate(payload)
        (action,) = sent.actions
        about = _About.model_validate(json.loads(action.value))
    except (ValidationError, ValueError, RecursionError) as error:
        raise NotOurs("this is not the payload of an answer button of Incident Commander") from error
    name = "".join(filter(str.isprintable, sent.user.username or sent.user.name))[:LONGEST_NAME]
    typed = (sent.state.values.get(REASON) or {}).get(REASON) if sent.state else None
    return Press(
        incident_id=IncidentId(about.incident_id),
        plan=Digest(about.plan),
        pressed=action.action_id,
        user_id=sent.user.id,
        by=f"{name} (Slack {sent.user.id})" if name else f"Slack {sent.user.id}",
        reason=(typed.value if typed else None) or "",
        reply_to=sent.response_url,
    )


class _About(BaseModel):
    incident_id: str = Field(pattern="^[A-Za-z0-9_.:-]{1,128}$")
    plan: str = Field(pattern="^[0-9a-f]{64}$")


class _User(BaseModel):
    id: str = Field(pattern="^[A-Z0-9]{1,20}$")
    username: str = ""
    name: str = ""


class _Action(BaseModel):
    action_id: Pressed
    value: str


class _Typed(BaseModel):
    value: str | None = None


class _State(BaseModel):
    values: dict[str, dict[str, _Typed]] = {}


class _BlockActions(BaseModel):
    type: Literal["block_actions"]
    user: _User
    actions: list[_Action]
    response_url: str
    state: _State | None = None


def _buttons(asked: PendingApproval) -> list[JsonValue]:
    value = json.dumps({"incident_id": asked.incident_id, "plan": asked.plan})

    def button(pressed: Pressed, label: str, style: str = "") -> JsonObject:
        made: JsonObject = {"type": "button", "action_id": pressed, "value": value, "text": _plain(label)}
        if style:
            made["style"] = style
        if asked.irreversible and pressed != "deny":
            made["confirm"] = {
                "title": _plain("This cannot be undone"),
                "text": _plain(asked.text[:300]),
                "confirm": _plain("Approve"),
                "deny": _plain("Not now"),
            }
        return made

    return [
        button("approve", "Approve", "primary"),
        button("approve_class", f"Approve every {text.words(asked.action)} here"[:75]),
        button("deny", "Deny", "danger"),
    ]


def _plain(written: str) -> JsonObject:
    return {"type": "plain_text", "text": written, "emoji": False}


def _section(written: str) -> JsonValue:
    return {"type": "section", "text": {"type": "mrkdwn", "text": written[:FIELD_CHARACTERS], "verbatim": True}}


def _escaped(written: str) -> str:
    """Text without what Slack takes for links, mentions and commands."""
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
