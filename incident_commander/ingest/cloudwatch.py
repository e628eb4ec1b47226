"""A CloudWatch alarm, as SNS carries it (PascalCase) and as EventBridge does: the same alarm is the same alert by both.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pydantic import JsonValue

from ..domain.alert import Alert, AlertSource
from ..domain.base import Fingerprint
from .bad_alert import BadAlert, Parsed
from .fields import read_labels, read_object, read_starts_at, read_text
from .labels import fingerprint, service, severity
from .limits import MAX_ALERTS, MAX_LABEL_CHARACTERS, MAX_LABELS, MAX_TEXT_CHARACTERS

_ARN = re.compile(r"arn:(aws[a-z-]*):cloudwatch:([a-z0-9-]+):(\d{12}):alarm:.+", re.DOTALL)
_IDENTITY = ("alertname", "account", "region")


@dataclass(frozen=True, slots=True)
class Origin:
    """What the carrier of an alarm says of it, for what the alarm itself leaves out.

    Attributes:
        at: When it was published.
    """

    account: str
    region: str
    at: datetime
    source: AlertSource
    received_at: datetime


@dataclass(frozen=True, slots=True)
class _Metric:
    namespace: str
    name: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Alarm:
    name: str
    account: str
    region: str
    arn: str
    state: str
    at: datetime
    metrics: tuple[_Metric, ...]
    annotations: dict[str, str]


def read_alarm_messages(message: JsonValue, origin: Origin) -> Parsed:
    """Read the `Message` of an SNS notification: one alarm, or a list of them as our Alertmanager template writes it.

    Raises:
        BadAlert: nothing in it can be taken.
    """
    if not isinstance(message, list):
        return _parsed(_message(message, "Message", origin), "Message.NewStateValue", origin)
    if not 1 <= len(message) <= MAX_ALERTS:
        raise BadAlert("Message", message, f"there are {len(message)} alarms in it", f"send 1 to {MAX_ALERTS} alarms")
    alerts: list[Alert] = []
    bad: list[BadAlert] = []
    notes: list[str] = []
    for index, entry in enumerate(message):
        here = f"Message[{index}]"
        try:
            one = _parsed(_message(entry, here, origin), f"{here}.NewStateValue", origin)
        except BadAlert as error:
            bad.append(error)
        else:
            alerts += one.alerts
            notes += one.notes
    return Parsed(tuple(alerts), tuple(bad), notes=tuple(notes))


def read_alarm_event(event: Mapping[str, JsonValue], origin: Origin) -> Parsed:
    """Read EventBridge's `CloudWatch Alarm State Change`.

    Raises:
        BadAlert: it cannot be taken.
    """
    detail = read_object(event.get("detail"), "detail")
    state = read_object(detail.get("state"), "detail.state")
    configuration = read_object(detail.get("configuration", {}), "detail.configuration")
    name = _text(detail.get("alarmName"), "detail.alarmName")
    resources = event.get("resources")
    arn = resources[0] if isinstance(resources, list) and resources else ""
    alarm = _Alarm(
        name=name,
        account=origin.account,
        region=origin.region,
        arn=read_text(arn, "resources[0]", MAX_LABEL_CHARACTERS),
        state=_text(state.get("value"), "detail.state.value"),
        at=_time(state.get("timestamp"), "detail.state.timestamp", origin),
        metrics=tuple(_event_metrics(configuration.get("metrics"), "detail.configuration.metrics")),
        annotations=_annotations(
            description=(configuration.get("description"), "detail.configuration.description"),
            reason=(state.get("reason"), "detail.state.reason"),
            alarm_rule=(configuration.get("alarmRule"), "detail.configuration.alarmRule"),
        ),
    )
    return _parsed(alarm, "detail.state.value", origin)


def _message(message: JsonValue, field: str, origin: Origin) -> _Alarm:
    fields = read_object(message, field)
    arn = _optional(fields.get("AlarmArn"), f"{field}.AlarmArn")
    known = _ARN.fullmatch(arn)
    # `Region` is a name for people, such as "US East (N. Virginia)"; EventBridge, like the ARN, has the code.
    region = known[2] if known else _optional(fields.get("Region"), f"{field}.Region")
    trigger = fields.get("Trigger")
    return _Alarm(
        name=_text(fields.get("AlarmName"), f"{field}.AlarmName"),
        account=_optional(fields.get("AWSAccountId"), f"{field}.AWSAccountId") or origin.account,
        region=region or origin.region,
        arn=arn,
        state=_text(fields.get("NewStateValue"), f"{field}.NewStateValue"),
        at=_time(fields.get("StateChangeTime"), f"{field}.StateChangeTime", origin),
        metrics=() if trigger is None else tuple(_message_metrics(trigger, f"{field}.Trigger")),
        annotations=_annotations(
            description=(fields.get("AlarmDescription"), f"{field}.AlarmDescription"),
            reason=(fields.get("NewStateReason"), f"{field}.NewStateReason"),
            alarm_rule=(fields.get("AlarmRule"), f"{field}.AlarmRule"),
        ),
    )


def _parsed(alarm: _Alarm, state_field: str, origin: Origin) -> Parsed:
    if alarm.state == "INSUFFICIENT_DATA":
        note = (
            f"alarm {alarm.name!r} has too little data, which says neither that it fires nor that it is over; where no "
            "data means trouble, let it treat missing data as breaching"
        )
        return Parsed((), notes=(note,))
    if alarm.state not in ("ALARM", "OK"):
        raise BadAlert(state_field, alarm.state, "this is not an alarm's state", "send ALARM, OK or INSUFFICIENT_DATA")
    labels = _labels(alarm)
    alert = Alert(
        fingerprint=_fingerprint(alarm, labels),
        name=alarm.name,
        service=service(labels),
        severity=severity(labels),
        status="firing" if alarm.state == "ALARM" else "resolved",
        labels=labels,
        annotations=alarm.annotations,
        starts_at=alarm.at,
        ends_at=None if alarm.state == "ALARM" else alarm.at,
        source=origin.source,
        generator_url=_console(alarm),
        received_at=origin.received_at,
        said_at=origin.at if _ARN.fullmatch(alarm.arn) is None else alarm.at,
    )
    return Parsed((alert,))


def _fingerprint(alarm: _Alarm, labels: Mapping[str, str]) -> Fingerprint:
    """An alarm's name is its own in an account and region: edited, or without its metrics, it is the same alarm.

    What has no alarm's ARN was written by somebody else, as by an Alertmanager, and is told apart by all its labels.
    """
    if _ARN.fullmatch(alarm.arn) is None:
        return fingerprint(labels)
    return fingerprint({name: labels[name] for name in _IDENTITY if name in labels})


def _labels(alarm: _Alarm) -> dict[str, str]:
    """What the alarm is and where, then the dimensions on which all its metrics agree."""
    own = {
        "alertname": alarm.name,
        "account": alarm.account,
        "region": alarm.region,
        "metric_namespace": _agreed(metric.namespace for metric in alarm.metrics),
        "metric": _agreed(metric.name for metric in alarm.metrics),
    }
    labels = {name: value for name, value in own.items() if value}
    for dimension in sorted({name for metric in alarm.metrics for name in metric.dimensions}):
        value = _agreed(metric.dimensions.get(dimension, "") for metric in alarm.metrics)
        if value and labels.get(dimension) != value:
            labels[f"dimension_{dimension}" if dimension in labels else dimension] = value
    return read_labels({**labels}, "the alarm's labels", MAX_LABELS)


def _agreed(values: Iterable[str]) -> str:
    """The one value there is beside empty ones; empty where there are none or several."""
    different = {value for value in values if value}
    return different.pop() if len(different) == 1 else ""


def _message_metrics(value: JsonValue, field: str) -> Iterable[_Metric]:
    trigger = read_object(value, field)
    if trigger.get("Metrics") is None:
        yield _message_metric(trigger, field)
        return
    for index, query in enumerate(_list(trigger["Metrics"], f"{field}.Metrics")):
        here = f"{field}.Metrics[{index}]"
        statistic = read_object(query, here).get("MetricStat")
        if statistic is not None:
            metric = read_object(statistic, f"{here}.MetricStat").get("Metric")
            yield _message_metric(read_object(metric, f"{here}.MetricStat.Metric"), f"{here}.MetricStat.Metric")


def _message_metric(metric: Mapping[str, JsonValue], field: str) -> _Metric:
    dimensions: dict[str, str] = {}
    for index, entry in enumerate(_list(metric.get("Dimensions", []), f"{field}.Dimensions")):
        here = f"{field}.Dimensions[{index}]"
        pair = read_object(entry, here)
        dimensions[_text(pair.get("name"), f"{here}.name")] = _text(pair.get("value"), f"{here}.value")
    return _Metric(
        namespace=_optional(metric.get("Namespace"), f"{field}.Namespace"),
        name=_optional(metric.get("MetricName"), f"{field}.MetricName"),
        dimensions=dimensions,
    )


def _event_metrics(value: JsonValue, field: str) -> Iterable[_Metric]:
    for index, query in enumerate(_list([] if value is None else value, field)):
        here = f"{field}[{index}]"
        statistic = read_object(query, here).get("metricStat")
        if statistic is None:
            continue
        here = f"{here}.metricStat.metric"
        metric = read_object(read_object(statistic, here).get("metric"), here)
        dimensions = read_object(metric.get("dimensions", {}), f"{here}.dimensions")
        yield _Metric(
            namespace=_optional(metric.get("namespace"), f"{here}.namespace"),
            name=_optional(metric.get("name"), f"{here}.name"),
            dimensions={
                _text(name, f"{here}.dimensions (a name)"): _text(text, f"{here}.dimensions[{name[:40]!r}]")
                for name, text in dimensions.items()
            },
        )


def _annotations(**texts: tuple[JsonValue, str]) -> dict[str, str]:
    read = {name: read_text(value, field, MAX_TEXT_CHARACTERS) for name, (value, field) in texts.items() if value}
    summary = read.get("description") or read.get("reason")
    return {"summary": summary, **read} if summary else read


def _console(alarm: _Alarm) -> str:
    """Where a person looks at it, where its ARN says."""
    known = _ARN.fullmatch(alarm.arn)
    if known is None or known[1] != "aws":
        return ""
    host = f"https://{known[2]}.console.aws.amazon.com"
    return f"{host}/cloudwatch/home?region={known[2]}#alarmsV2:alarm/{quote(alarm.name, safe='')}"


def _time(value: JsonValue, field: str, origin: Origin) -> datetime:
    return origin.at if value is None else read_starts_at(value, field, origin.received_at)


def _list(value: JsonValue, field: str) -> Sequence[JsonValue]:
    if not isinstance(value, list):
        raise BadAlert(field, value, "this is not a list", "send a JSON array")
    if len(value) > MAX_LABELS:
        raise BadAlert(field, value, f"there are {len(value)} entries", f"send at most {MAX_LABELS}")
    return value


def _text(value: JsonValue, field: str) -> str:
    text = read_text(value, field, MAX_LABEL_CHARACTERS)
    if not text:
        raise BadAlert(field, value, "this is empty", "send what CloudWatch writes there")
    return text


def _optional(value: JsonValue, field: str) -> str:
    return "" if value is None else read_text(value, field, MAX_LABEL_CHARACTERS)
