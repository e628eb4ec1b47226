"""Both doors read the same alert alike, take what they can, and name what they cannot take."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.domain.base import JsonObject
from incident_commander.ingest import BadAlert, Parsed, parse_alertmanager, parse_prometheus
from incident_commander.ingest.limits import MAX_ALERTS, MAX_LABELS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LABELS: JsonObject = {"alertname": "HighErrorRate", "service": "checkout", "severity": "page", "empty": ""}


def entry(**changes: JsonValue) -> JsonObject:
    return {
        "status": "firing",
        "labels": copy.deepcopy(LABELS),
        "annotations": {"summary": "5 % fail"},
        "startsAt": "2026-03-01T11:59:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "theirs",
        **changes,
    }


def webhook(*entries: JsonValue) -> JsonObject:
    return {"version": "4", "groupKey": "g", "truncatedAlerts": 0, "new in version 5": {}, "alerts": list(entries)}


def only(parsed: Parsed) -> BadAlert:
    assert parsed.alerts == ()
    (bad,) = parsed.bad
    return bad


def test_one_alert_has_the_same_fingerprint_through_both_doors() -> None:
    (one,) = parse_alertmanager(webhook(entry()), NOW).alerts
    without_empty = {name: text for name, text in LABELS.items() if text}
    (other,) = parse_prometheus([{"labels": dict(reversed(without_empty.items()))}], NOW).alerts
    assert one.fingerprint == other.fingerprint
    assert (one.name, one.service, one.severity) == ("HighErrorRate", "checkout", "critical")
    assert (one.source, other.source) == ("alertmanager", "prometheus")


def test_the_zero_time_is_no_end() -> None:
    (alert,) = parse_alertmanager(webhook(entry()), NOW).alerts
    assert (alert.status, alert.ends_at) == ("firing", None)
    assert alert.starts_at == datetime(2026, 3, 1, 11, 59, 0, 123456, UTC)


def test_a_resolved_alert_without_an_end_ended_when_it_came() -> None:
    (alert,) = parse_alertmanager(webhook(entry(status="resolved")), NOW).alerts
    assert (alert.status, alert.ends_at) == ("resolved", NOW)


def test_prometheus_may_leave_the_beginning_away() -> None:
    (alert,) = parse_prometheus([{"labels": {"a": "b"}, "startsAt": "0001-01-01T00:00:00Z"}], NOW).alerts
    assert (alert.starts_at, alert.name, alert.service, alert.severity) == (NOW, "unnamed alert", None, "medium")


def test_offsets_are_read_as_utc() -> None:
    (alert,) = parse_alertmanager(webhook(entry(startsAt="2026-03-01T13:00:00+02:00")), NOW).alerts
    assert alert.starts_at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"job": "node", "app": "shop"}, "shop"),
        ({"job": "node"}, "node"),
        ({"Service": " cart "}, "cart"),
        ({"service": " ", "deployment": "d"}, "d"),
        ({"FunctionName": "f"}, "f"),
        ({"instance": "i"}, None),
    ],
)
def test_the_service_is_read_in_a_stated_order(labels: JsonObject, service: str | None) -> None:
    (alert,) = parse_prometheus([{"labels": labels}], NOW).alerts
    assert alert.service == service


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "WARNING"}, "medium"),
        ({"priority": "P1"}, "critical"),
        ({"severity": "unheard of", "level": "error"}, "high"),
        ({"severity": "info"}, "low"),
        ({"a": "b"}, "medium"),
    ],
)
def test_the_severity_is_read_by_a_stated_mapping(labels: JsonObject, severity: str) -> None:
    (alert,) = parse_prometheus([{"labels": labels}], NOW).alerts
    assert alert.severity == severity


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"labels": {}}, "alerts[0].labels"),
        ({"labels": []}, "alerts[0].labels"),
        ({"labels": None}, "alerts[0].labels"),
        ({"labels": {"a": 5}}, "alerts[0].labels['a']"),
        ({"labels": {"a": "b\x00"}}, "alerts[0].labels['a']"),
        ({"labels": {"a": "\ud800"}}, "alerts[0].labels['a']"),
        ({"labels": {"": "b"}}, "alerts[0].labels"),
        ({"labels": {"x" * 1000: "b"}}, "alerts[0].labels (a name)"),
        ({"labels": {"a": "x" * 5000}}, "alerts[0].labels['a']"),
        ({"labels": {f"l{i}": "x" for i in range(MAX_LABELS + 1)}}, "alerts[0].labels"),
        ({"annotations": "text"}, "alerts[0].annotations"),
        ({"annotations": {"a": None}}, "alerts[0].annotations['a']"),
        ({"status": "on fire"}, "alerts[0].status"),
        ({"status": None}, "alerts[0].status"),
        ({"startsAt": None}, "alerts[0].startsAt"),
        ({"startsAt": 1700000000}, "alerts[0].startsAt"),
        ({"startsAt": "yesterday"}, "alerts[0].startsAt"),
        ({"startsAt": "2026-03-01T12:00:00"}, "alerts[0].startsAt"),
        ({"startsAt": "1999-12-31T23:59:59Z"}, "alerts[0].startsAt"),
        ({"startsAt": "0001-01-01T00:00:00+05:00"}, "alerts[0].startsAt"),
        ({"startsAt": "9999-12-31T23:59:59-05:00"}, "alerts[0].startsAt"),
        ({"startsAt": "2026-03-03T12:00:00Z"}, "alerts[0].startsAt"),
        ({"endsAt": "2099-01-01T00:00:00Z"}, "alerts[0].endsAt"),
        ({"endsAt": {}}, "alerts[0].endsAt"),
        ({"generatorURL": 7}, "alerts[0].generatorURL"),
    ],
)
def test_a_bad_field_is_named_with_its_value_and_a_remedy(changes: JsonObject, field: str) -> None:
    bad = only(parse_alertmanager(webhook(entry(**changes)), NOW))
    assert bad.field.startswith(field) or bad.field.replace('"', "'").startswith(field)
    assert bad.problem
    assert bad.remedy
    assert bad.value.isascii()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "body"),
        ([], "body"),
        ({}, "alerts"),
        ({"alerts": {}}, "alerts"),
        ({"alerts": [], "version": "3"}, "version"),
        ({"alerts": [{}] * (MAX_ALERTS + 1)}, "alerts"),
    ],
)
def test_a_body_that_is_no_webhook_is_refused_by_field(body: JsonValue, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        parse_alertmanager(body, NOW)
    assert caught.value.field == field


def test_good_alerts_are_taken_beside_bad_ones() -> None:
    parsed = parse_alertmanager(webhook(entry(), entry(labels={}), 5, entry(labels={"a": "b"})), NOW)
    assert [alert.labels for alert in parsed.alerts] == [{k: v for k, v in LABELS.items() if v}, {"a": "b"}]
    assert [bad.field for bad in parsed.bad] == ["alerts[1].labels", "alerts[2]"]


def test_control_characters_and_markup_are_taken_as_they_are() -> None:
    text = "<script>alert(1)</script>\x1b[31m\x07\u202e"
    (alert,) = parse_alertmanager(webhook(entry(annotations={"summary": text})), NOW).alerts
    assert alert.annotations == {"summary": text}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
entries = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["firing", "resolved", "", None]) | json_values,
        "labels": st.dictionaries(st.text(max_size=5), st.text(max_size=5) | json_values, max_size=3) | json_values,
        "annotations": st.dictionaries(st.text(max_size=5), json_values, max_size=3) | json_values,
        "startsAt": st.datetimes().map(datetime.isoformat)
        | st.datetimes().map(lambda t: t.isoformat() + "Z")
        | json_values,
        "endsAt": st.datetimes().map(lambda t: t.isoformat() + "Z") | json_values,
        "generatorURL": json_values,
        "fingerprint": json_values,
    },
)


@given(st.fixed_dictionaries({"alerts": st.lists(entries | json_values, max_size=3)}) | json_values)
def test_any_webhook_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_alertmanager, body)


@given(st.lists(entries | json_values, max_size=3) | json_values)
def test_any_prometheus_body_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_prometheus, body)


def _read_or_refused(parse: Callable[[JsonValue, datetime], Parsed], body: JsonValue) -> None:
    try:
        parsed = parse(body, NOW)
    except BadAlert as bad:
        parsed = Parsed((), (bad,))
    assert all(alert.canonical() for alert in parsed.alerts)
    assert all(bad.field and bad.problem and bad.remedy for bad in parsed.bad)
