"""What SNS posts to a subscribed address: an envelope, signed, with a message or a request to confirm.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from .bad_alert import BadAlert, Parsed
from .cloudwatch import Origin, read_alarm_messages
from .elsewhere import not_for_this_door
from .eventbridge import parse_eventbridge
from .fields import read_object, read_text, read_time
from .limits import MAX_ALERTS, MAX_LABEL_CHARACTERS, MAX_MESSAGE_CHARACTERS, MAX_URL_CHARACTERS

EnvelopeType = Literal["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]
_SIGNED: dict[EnvelopeType, tuple[str, ...]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""The fields that each type's signature covers, in the order of the signed text."""
_EXPECTED = "what SNS posts to an HTTP subscription, with `Type`, `TopicArn`, `Message` and `Signature`"
_CONFIGURATION = Path(__file__).with_name("alertmanager_sns.yml")


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope as it was read: nothing in it is to be believed before its signature is verified.

    Attributes:
        signed: The text that its signature is over.
        signature: In base64.
        subscribe_url: Where a subscription is confirmed; empty in a notification.
    """

    type: EnvelopeType
    message_id: str
    topic_arn: str
    message: str
    timestamp: datetime
    signed: bytes
    signature_version: str
    signature: str
    signing_cert_url: str
    subscribe_url: str

    @property
    def account(self) -> str:
        """The account that the topic is of, as its ARN says."""
        return _of_arn(self.topic_arn, 4)


def read_envelope(body: JsonValue) -> Envelope:
    """Read an envelope; what is missing in it for its signature to be verified is refused by name.

    Raises:
        BadAlert: it is none, or a field of it is missing or wrong.
    """
    if not isinstance(body, dict) or not {"Type", "TopicArn"} & body.keys():
        raise not_for_this_door(body, _EXPECTED)
    envelope_type = _type(body.get("Type"))
    texts = {
        name: _signed_text(body.get(name), name)
        for name in _SIGNED[envelope_type]
        if name != "Subject" or body.get("Subject") is not None
    }
    return Envelope(
        type=envelope_type,
        message_id=texts["MessageId"],
        topic_arn=texts["TopicArn"],
        message=texts["Message"],
        timestamp=read_time(texts["Timestamp"], "Timestamp"),
        signed="".join(f"{name}\n{text}\n" for name, text in texts.items()).encode(),
        signature_version=read_text(body.get("SignatureVersion"), "SignatureVersion", MAX_LABEL_CHARACTERS),
        signature=read_text(body.get("Signature"), "Signature", MAX_LABEL_CHARACTERS),
        signing_cert_url=read_text(body.get("SigningCertURL"), "SigningCertURL", MAX_URL_CHARACTERS),
        subscribe_url=texts.get("SubscribeURL", ""),
    )


def read_notification(envelope: Envelope, received_at: datetime) -> Parsed:
    """Read what a notification carries: CloudWatch alarms, or an event that EventBridge sent by the topic.

    Raises:
        BadAlert: nothing in it can be taken.
    """
    return _carried(envelope.message, "Message", envelope.topic_arn, envelope.timestamp, received_at)


def parse_sns(body: JsonValue, received_at: datetime) -> Parsed:
    """Read a notification, or those in Lambda's wrapping (`Records[].Sns`), without asking who signed them.

    Raises:
        BadAlert: it is neither, or nothing in it can be taken.
    """
    if isinstance(body, dict) and "Records" in body:
        return _unwrapped(body, received_at)
    if not isinstance(body, dict) or "TopicArn" not in body:
        raise not_for_this_door(body, _EXPECTED)
    return _unsigned(body, "", received_at)


@cache
def alertmanager_configuration() -> str:
    """An Alertmanager's configuration by which its alerts come through SNS as this door reads them."""
    return _CONFIGURATION.read_text("utf-8")


def _unwrapped(body: Mapping[str, JsonValue], received_at: datetime) -> Parsed:
    records = body["Records"]
    if not isinstance(records, list) or not 1 <= len(records) <= MAX_ALERTS:
        raise BadAlert("Records", records, f"this is not a list of 1 to {MAX_ALERTS} records", f"send {_EXPECTED}")
    read: list[Parsed] = []
    bad: list[BadAlert] = []
    for index, record in enumerate(records):
        fields = read_object(record, f"Records[{index}]")
        if "Sns" not in fields:
            raise not_for_this_door({**body}, _EXPECTED)
        here = f"Records[{index}].Sns"
        try:
            read.append(_unsigned(read_object(fields["Sns"], here), f"{here}.", received_at))
        except BadAlert as error:
            bad.append(error)
    return Parsed(
        tuple(alert for one in read for alert in one.alerts),
        (*(each for one in read for each in one.bad), *bad),
        tuple(change for one in read for change in one.changes),
        tuple(note for one in read for note in one.notes),
    )


def _unsigned(fields: Mapping[str, JsonValue], path: str, received_at: datetime) -> Parsed:
    message = _signed_text(fields.get("Message"), f"{path}Message")
    topic_arn = _signed_text(fields.get("TopicArn"), f"{path}TopicArn")
    timestamp = read_time(fields.get("Timestamp"), f"{path}Timestamp")
    return _carried(message, f"{path}Message", topic_arn, timestamp, received_at)


def _carried(message: str, field: str, topic_arn: str, published_at: datetime, received_at: datetime) -> Parsed:
    try:
        document: JsonValue = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise _not_an_alarm(field, message, "this is not JSON") from error
    if isinstance(document, dict) and "detail-type" in document:
        return parse_eventbridge(document, received_at)
    if not isinstance(document, list) and not (isinstance(document, dict) and "AlarmName" in document):
        raise _not_an_alarm(field, message, "this is JSON, but no CloudWatch alarm")
    origin = Origin(
        account=_of_arn(topic_arn, 4),
        region=_of_arn(topic_arn, 3),
        at=min(published_at, received_at),
        source="sns",
        received_at=received_at,
    )
    return read_alarm_messages(document, origin)


def _not_an_alarm(field: str, message: str, problem: str) -> BadAlert:
    remedy = (
        "send a CloudWatch alarm's JSON, or an event of EventBridge's. An Alertmanager sends text unless it is "
        f"configured so:\n\n{alertmanager_configuration()}"
    )
    return BadAlert(field, message, problem, remedy)


def _type(value: JsonValue) -> EnvelopeType:
    for known in _SIGNED:
        if value == known:
            return known
    raise BadAlert("Type", value, "this is not an envelope's type", f"send one of {', '.join(_SIGNED)}")


def _signed_text(value: JsonValue, field: str) -> str:
    return read_text(value, field, MAX_MESSAGE_CHARACTERS)


def _of_arn(arn: str, place: int) -> str:
    """A part of `arn:aws:sns:REGION:ACCOUNT:NAME`, empty where the text is no such ARN."""
    parts = arn.split(":")
    return parts[place] if len(parts) == 6 else ""
