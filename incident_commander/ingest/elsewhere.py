"""What a body is that came to the wrong door, so that its sender hears where it belongs."""

from pydantic import JsonValue

from .bad_alert import BadAlert


def not_for_this_door(body: JsonValue, expected: str) -> BadAlert:
    """The refusal of a body that is not what a door takes, saying what it is where that can be told.

    Args:
        expected: What the door takes, to follow "send".
    """
    what, remedy = _recognised(body)
    return BadAlert("body", body, f"this is {what}", remedy or f"send {expected}")


def _recognised(body: JsonValue) -> tuple[str, str]:
    """What a body is, and where to send it; empty where only the door itself can say."""
    if not isinstance(body, dict):
        return "not an object" if not isinstance(body, list) else "a list, not one object", ""
    if "Records" in body:
        return _records(body["Records"])
    if isinstance(kind := body.get("detail-type"), str):
        return f"EventBridge's event {kind[:60]!r}", "send it to /api/alerts/eventbridge"
    if "TopicArn" in body:
        return "an envelope of SNS", "send it to /api/alerts/sns"
    if "AlarmName" in body:
        return "a CloudWatch alarm without its SNS envelope, so nobody signed it", (
            "switch raw message delivery off for this subscription"
        )
    if "event_action" in body:
        return "an event of PagerDuty", "send it to /v2/enqueue"
    if isinstance(body.get("alerts"), list):
        return "Alertmanager's webhook", "send it to /api/alerts/alertmanager"
    return "no message that is known here", ""


def _records(records: JsonValue) -> tuple[str, str]:
    first = records[0] if isinstance(records, list) and records else None
    fields = first if isinstance(first, dict) else {}
    source = fields.get("EventSource", fields.get("eventSource"))
    if source == "aws:sns":
        return "an SNS notification in Lambda's wrapping, whose signature cannot be checked", (
            "subscribe the address of /api/alerts/sns itself to the topic, by HTTPS and without raw message delivery"
        )
    if source == "aws:sqs":
        return "a batch of SQS messages in Lambda's wrapping, which no door takes", (
            "subscribe /api/alerts/sns to the topic, or let a rule of EventBridge post to /api/alerts/eventbridge"
        )
    named = f" of {source[:60]!r}" if isinstance(source, str) else ""
    return f"a batch of records{named} in Lambda's wrapping, which no door takes", ""
