"""A CloudWatch alarm is the same alert by SNS and by EventBridge, and another one in another account."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.domain.alert import Alert
from incident_commander.domain.base import JsonObject
from incident_commander.ingest.bad_alert import BadAlert, Parsed
from incident_commander.ingest.eventbridge import parse_eventbridge
from incident_commander.ingest.limits import MAX_ALERTS
from incident_commander.ingest.sns import parse_sns

from .alarms import event, message
from .sns_sender import TOPIC
from .test_parsers import json_values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def by_sns(document: JsonValue) -> Parsed:
    return parse_sns(notification(document), NOW)


def notification(document: JsonValue) -> JsonObject:
    return {
        "Type": "Notification",
        "TopicArn": TOPIC,
        "Message": document if isinstance(document, str) else json.dumps(document),
        "Timestamp": "2026-03-01T11:59:30Z",
    }


def only(parsed: Parsed) -> Alert:
    assert parsed.bad == ()
    (alert,) = parsed.alerts
    return alert


def test_an_alarm_is_the_same_alert_by_sns_and_by_eventbridge() -> None:
    one, other = only(by_sns(message())), only(parse_eventbridge(event(), NOW))
    assert one.labels == other.labels == {
        "alertname": "orders-db connections",
        "account": "111122223333",
        "region": "eu-west-1",
        "metric_namespace": "AWS/RDS",
        "metric": "DatabaseConnections",
        "DBInstanceIdentifier": "orders-db",
    }  # fmt: skip
    assert one.fingerprint == other.fingerprint
    assert (one.source, other.source) == ("sns", "eventbridge")
    assert one.service == other.service == "orders-db"
    assert one.starts_at == other.starts_at == datetime(2026, 3, 1, 11, 59, 0, 123000, UTC)
    assert one.annotations == other.annotations
    assert one.annotations["summary"] == "the pool is nearly used up"


def test_one_name_in_two_accounts_is_two_alerts() -> None:
    one, other = only(by_sns(message())), only(by_sns(message(AWSAccountId="444455556666")))
    assert one.fingerprint != other.fingerprint
    assert only(parse_eventbridge(event(account="444455556666"), NOW)).fingerprint == other.fingerprint


def test_an_alarm_that_was_edited_is_still_the_same_alert() -> None:
    assert only(by_sns(message())).fingerprint == only(by_sns(message(Trigger={}))).fingerprint


def test_what_has_no_alarm_arn_is_told_apart_by_all_its_labels() -> None:
    def alarm(value: str) -> JsonObject:
        dimensions: JsonValue = [{"name": "service", "value": value}, {"name": "severity", "value": "critical"}]
        return {"AlarmName": "HighErrorRate", "NewStateValue": "ALARM", "Trigger": {"Dimensions": dimensions}}

    parsed = by_sns([alarm("checkout"), alarm("search")])
    assert [(alert.service, alert.severity) for alert in parsed.alerts] == [
        ("checkout", "critical"),
        ("search", "critical"),
    ]
    assert len({alert.fingerprint for alert in parsed.alerts}) == 2
    assert parsed.alerts[0].labels["account"] == "111122223333"
    assert parsed.alerts[0].starts_at == datetime(2026, 3, 1, 11, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(("read", "build"), [(by_sns, message), (lambda body: parse_eventbridge(body, NOW), event)])
def test_ok_resolves_and_too_little_data_says_nothing(
    read: Callable[[JsonValue], Parsed], build: Callable[..., JsonObject]
) -> None:
    over = only(read(build(state="OK")))
    assert (over.status, over.ends_at) == ("resolved", over.starts_at)
    unknown = read(build(state="INSUFFICIENT_DATA"))
    assert (unknown.alerts, unknown.bad) == ((), ())
    assert "too little data" in unknown.notes[0]


def test_an_alarm_of_metric_math_has_the_dimensions_on_which_its_metrics_agree() -> None:
    def query(name: str, balancer: str) -> JsonObject:
        dimensions: JsonValue = [
            {"name": "service", "value": "checkout"}, {"name": "LoadBalancer", "value": balancer},
        ]  # fmt: skip
        metric: JsonObject = {"MetricName": name, "Namespace": "AWS/ApplicationELB", "Dimensions": dimensions}
        return {"Id": name.lower(), "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}

    ratio: JsonObject = {"Id": "e1", "Expression": "errors / requests", "Label": "ratio", "ReturnData": True}
    alert = only(by_sns(message(Trigger={"Metrics": [ratio, query("Errors", "a"), query("Requests", "b")]})))
    assert alert.labels["service"] == alert.service == "checkout"
    assert alert.labels["metric_namespace"] == "AWS/ApplicationELB"
    assert not {"metric", "LoadBalancer"} & alert.labels.keys()


@pytest.mark.parametrize(
    ("dimension", "value", "service"),
    [
        ("LoadBalancer", "app/shop/50dc6c495c0c9188", "shop"),
        ("LoadBalancer", "net/shop-net/50dc6c495c0c9188", "shop-net"),
        ("ServiceName", "app/cart", "app/cart"),
    ],
)
def test_a_load_balancer_is_known_by_its_own_name(dimension: str, value: str, service: str) -> None:
    trigger = message()["Trigger"]
    assert isinstance(trigger, dict)
    alert = only(by_sns(message(Trigger={**trigger, "Dimensions": [{"name": dimension, "value": value}]})))
    assert alert.service == service
    assert alert.labels[dimension] == value


def test_a_composite_alarm_keeps_its_rule() -> None:
    composite = message(AlarmRule='ALARM("a") AND ALARM("b")')
    del composite["Trigger"]
    assert only(by_sns(composite)).annotations["alarm_rule"] == 'ALARM("a") AND ALARM("b")'
    detail: Any = copy.deepcopy(event()["detail"])
    detail["configuration"] = {"alarmRule": "ALARM(a)"}
    assert only(parse_eventbridge(event(detail=detail), NOW)).annotations["alarm_rule"] == "ALARM(a)"


def test_a_dimension_cannot_pass_for_what_the_alarm_itself_says() -> None:
    trigger: JsonObject = {
        "Dimensions": [{"name": "account", "value": "999999999999"}, {"name": "region", "value": "eu-west-1"}]
    }
    labels = only(by_sns(message(Trigger=trigger))).labels
    assert (labels["account"], labels["dimension_account"]) == ("111122223333", "999999999999")
    assert "dimension_region" not in labels


def test_emoji_and_right_to_left_text_are_taken_as_they_are() -> None:
    alert = only(by_sns(message(name="\U0001f525 \u05d0\u05d6\u05e2\u05e7\u05d4 \u202e")))
    assert alert.name == alert.labels["alertname"] == "\U0001f525 \u05d0\u05d6\u05e2\u05e7\u05d4 \u202e"
    assert alert.generator_url.isascii()


def test_the_lambda_wrapping_is_read_with_its_own_spelling() -> None:
    sns: JsonObject = {**notification(message()), "SigningCertUrl": "EXAMPLE", "Signature": "EXAMPLE"}
    assert only(parse_sns({"Records": [{"EventSource": "aws:sns", "Sns": sns}]}, NOW)).service == "orders-db"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"AlarmName": ""}, "Message.AlarmName"),
        ({"AlarmName": 5}, "Message.AlarmName"),
        ({"AlarmName": "a\x00"}, "Message.AlarmName"),
        ({"AlarmName": "\ud800"}, "Message.AlarmName"),
        ({"AlarmName": "x" * 5000}, "Message.AlarmName"),
        ({"NewStateValue": "PANIC"}, "Message.NewStateValue"),
        ({"NewStateValue": None}, "Message.NewStateValue"),
        ({"StateChangeTime": "yesterday"}, "Message.StateChangeTime"),
        ({"StateChangeTime": "2027-03-01T11:59:00.123+0000"}, "Message.StateChangeTime"),
        ({"StateChangeTime": "2026-03-01T11:59:00"}, "Message.StateChangeTime"),
        ({"AWSAccountId": 111122223333}, "Message.AWSAccountId"),
        ({"Trigger": "cpu"}, "Message.Trigger"),
        ({"Trigger": {"Dimensions": {}}}, "Message.Trigger.Dimensions"),
        ({"Trigger": {"Dimensions": [5]}}, "Message.Trigger.Dimensions[0]"),
        ({"Trigger": {"Dimensions": [{"name": "a"}]}}, "Message.Trigger.Dimensions[0].value"),
        ({"Trigger": {"Metrics": [{"MetricStat": {}}]}}, "Message.Trigger.Metrics[0].MetricStat.Metric"),
        ({"AlarmRule": {"a": 1}}, "Message.AlarmRule"),
    ],
)
def test_a_bad_field_of_an_alarm_is_named(changes: JsonObject, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        by_sns({**message(), **changes})
    assert caught.value.field == field
    assert caught.value.value.isascii()


def test_of_several_alarms_the_good_ones_are_taken() -> None:
    parsed = by_sns([message(), {"AlarmName": "a"}, 5])
    assert len(parsed.alerts) == 1
    assert [bad.field for bad in parsed.bad] == ["Message[1].NewStateValue", "Message[2]"]


@pytest.mark.parametrize("number", [0, MAX_ALERTS + 1])
def test_a_list_of_no_alarms_or_too_many_is_refused(number: int) -> None:
    with pytest.raises(BadAlert, match="alarms in it"):
        by_sns([{}] * number)


@pytest.mark.parametrize(
    "text", ["", "[FIRING:1] HighErrorRate (checkout)", "5", '"text"', "{}", "[" * 100_000, "1" * 5000]
)
def test_a_message_that_is_no_alarm_shows_how_to_configure_an_alertmanager(text: str) -> None:
    with pytest.raises(BadAlert) as caught:
        by_sns(text)
    assert caught.value.field == "Message"
    for shown in ("sns_configs", 'subject: ""', "AlarmName", "NewStateValue"):
        assert shown in caught.value.remedy


def test_an_event_that_eventbridge_sent_by_a_topic_is_read_as_one() -> None:
    assert only(by_sns(event())).source == "eventbridge"


alarm_texts = st.fixed_dictionaries(
    {},
    optional={
        "AlarmName": st.text(max_size=5) | json_values,
        "NewStateValue": st.sampled_from(["ALARM", "OK", "INSUFFICIENT_DATA"]) | json_values,
        "StateChangeTime": st.datetimes().map(lambda t: t.isoformat() + "+0000") | json_values,
        "AlarmArn": st.text(max_size=5) | json_values,
        "AWSAccountId": json_values,
        "Region": json_values,
        "AlarmDescription": json_values,
        "AlarmRule": json_values,
        "Trigger": st.fixed_dictionaries(
            {},
            optional={
                "Dimensions": st.lists(st.fixed_dictionaries({"name": st.text(), "value": st.text()}), max_size=3)
                | json_values,
                "Metrics": st.lists(
                    st.fixed_dictionaries({"MetricStat": st.fixed_dictionaries({"Metric": json_values}) | json_values})
                    | json_values,
                    max_size=3,
                )
                | json_values,
            },
        )
        | json_values,
    },
)
events = st.fixed_dictionaries(
    {"detail-type": st.sampled_from(["CloudWatch Alarm State Change", "ECS Task State Change"]) | json_values},
    optional={
        "id": json_values,
        "account": st.just("1") | json_values,
        "region": st.just("r") | json_values,
        "time": st.datetimes().map(lambda t: t.isoformat() + "Z") | json_values,
        "resources": json_values,
        "source": json_values,
        "detail": st.fixed_dictionaries(
            {},
            optional={
                "alarmName": st.text(max_size=5) | json_values,
                "configuration": st.fixed_dictionaries({"metrics": json_values}) | json_values,
                "state": st.fixed_dictionaries(
                    {"value": st.just("ALARM") | json_values, "timestamp": json_values},
                    optional={"reason": json_values},
                ),
                "taskArn": json_values,
                "lastStatus": json_values,
            },
        )
        | json_values,
    },
)


@given(st.lists(alarm_texts | json_values, max_size=3) | alarm_texts | json_values)
def test_any_message_is_read_or_refused_by_field(document: JsonValue) -> None:
    read_or_refused(parse_sns, notification(document))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "Type": json_values, "TopicArn": st.text() | json_values, "Message": st.text() | json_values,
            "Timestamp": st.just("2026-03-01T11:59:30Z") | json_values,
            "Records": st.lists(st.fixed_dictionaries({"Sns": json_values}) | json_values, max_size=2) | json_values,
        },
    )
    | json_values
)  # fmt: skip
def test_any_envelope_is_read_or_refused_by_field(body: JsonValue) -> None:
    read_or_refused(parse_sns, body)


@given(events | json_values)
def test_any_event_is_read_or_refused_by_field(body: JsonValue) -> None:
    read_or_refused(parse_eventbridge, body)


def read_or_refused(parse: Callable[[JsonValue, datetime], Parsed], body: JsonValue) -> None:
    try:
        parsed = parse(body, NOW)
    except BadAlert as bad:
        parsed = Parsed((), (bad,))
    assert all(alert.canonical() for alert in parsed.alerts)
    assert all(change.canonical() for change in parsed.changes)
    assert all(bad.field and bad.problem and bad.remedy for bad in parsed.bad)
    assert all(alert.starts_at <= NOW + timedelta(days=1) for alert in parsed.alerts)
