"""What a queue of SQS carries: an event of EventBridge, a notification of SNS, or an alarm that SNS delivered raw."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from pydantic import JsonValue

from .bad_alert import BadAlert, Parsed
from .cloudwatch import Origin, read_alarm_messages
from .elsewhere import not_for_this_door
from .eventbridge import is_taken, parse_eventbridge
from .sns import parse_sns

_OF_AWS = re.compile(r"(?:sqs(?:-fips)?\.)?([a-z]{2,4}(?:-[a-z]+)+-\d)\.(?:queue\.)?amazonaws\.com(?:\.cn)?")
_PATH = re.compile(r"/(\d{12})/([\w.-]{1,80})")
_EXPECTED = "an event of EventBridge, or what SNS delivers of a CloudWatch alarm"


class BadQueue(ValueError):
    """A queue's address is none; the message names it and says what to give."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue by its address.

    Attributes:
        region: Empty where the address does not say, as on this machine: then the environment does.
    """

    url: str
    account: str
    region: str
    name: str

    @property
    def title(self) -> str:
        """For people."""
        return f"SQS {self.name}"

    @classmethod
    def at(cls, url: str) -> "Queue":
        """The queue of an address.

        Raises:
            BadQueue: it is none.
        """
        place = urlsplit(url)
        path = _PATH.fullmatch(place.path)
        if place.scheme not in ("https", "http") or not place.hostname or path is None:
            raise BadQueue(
                f"IC_SQS_QUEUE_URLS has {url!r}; give a queue's URL, such as "
                "https://sqs.eu-west-1.amazonaws.com/111122223333/incidents"
            )
        of_aws = _OF_AWS.fullmatch(place.hostname)
        return cls(url=url, account=path[1], region=of_aws[1] if of_aws else "", name=path[2])


def parse_queued(
    body: str, queue: Queue, sent_at: datetime, received_at: datetime, topics: Collection[str] = ()
) -> Parsed:
    """Read a message. An event that nobody here has a use for is a note: its rule matches more than it must.

    Args:
        topics: The topics of SNS, or their accounts, that may send; empty: any. Nobody's signature is asked for: the
            queue's own policy says who may send to it.

    Raises:
        BadAlert: it is nothing of that, or nothing in it can be taken.
    """
    try:
        document: JsonValue = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAlert("body", body, "this is not JSON", f"send {_EXPECTED}") from error
    if isinstance(document, dict) and "detail-type" in document:
        if not is_taken(document):
            kind = str(document["detail-type"])[:80]
            return Parsed((), notes=(f"an event {kind!r} is neither an alert nor a change here",))
        return parse_eventbridge(document, received_at)
    if isinstance(document, dict) and "TopicArn" in document:
        topic = str(document["TopicArn"])
        if topics and not {topic, topic.split(":")[4] if topic.count(":") == 5 else topic} & set(topics):
            raise BadAlert("TopicArn", topic, "this topic may not send here", "name it in IC_SNS_TOPICS")
        return parse_sns(document, received_at)
    if isinstance(document, list) or (isinstance(document, dict) and "AlarmName" in document):
        origin = Origin(
            account=queue.account,
            region=queue.region,
            at=min(sent_at, received_at),
            source="sns",
            received_at=received_at,
        )
        return read_alarm_messages(document, origin)
    raise not_for_this_door(document, _EXPECTED)
