"""The form of our own and CloudEvents that carry it: read alike, and refused by field."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.domain.alert import Alert
from incident_commander.domain.base import JsonObject
from incident_commander.ingest import (
    BadAlert,
    Parsed,
    parse_alertmanager,
    parse_binary_cloud_event,
    parse_cloud_event,
    parse_cloud_events,
    parse_generic,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERT: JsonObject = {"name": "DiskAlmostFull", "service": "checkout", "severity": "high", "summary": "97 % used"}


def cloud_event(**changes: JsonValue) -> JsonObject:
    return {
        "specversion": "1.0", "id": "e-1", "source": "/shop/disks", "type": "shop.disk", "data": ALERT, **changes,
    }  # fmt: skip


def only(parsed: Parsed) -> Alert:
    assert parsed.bad == ()
    (alert,) = parsed.alerts
    return alert


def test_an_alert_needs_little_more_than_a_name() -> None:
    alert = only(parse_generic(ALERT, NOW))
    assert (alert.name, alert.service, alert.severity, alert.status) == ("DiskAlmostFull", "checkout", "high", "firing")
    assert (alert.starts_at, alert.ends_at, alert.source) == (NOW, None, "generic")
    assert alert.labels == {"alertname": "DiskAlmostFull", "service": "checkout"}
    assert alert.annotations == {"summary": "97 % used"}
    assert only(parse_generic({"name": "x"}, NOW)).severity == "medium"


def test_all_fields_are_read() -> None:
    alert = only(
        parse_generic(
            {
                **ALERT,
                "id": "d7",
                "source": "nagios",
                "status": "resolved",
                "labels": {"host": "shop-7"},
                "annotations": {"runbook": "https://runbook"},
                "starts_at": "2026-03-01T11:00:00Z",
                "ends_at": "2026-03-01T11:30:00+00:00",
                "url": "https://nagios/d7",
            },
            NOW,
        )
    )
    assert (alert.status, alert.labels["host"]) == ("resolved", "shop-7")
    assert (alert.starts_at, alert.ends_at) == (NOW - timedelta(hours=1), NOW - timedelta(minutes=30))
    assert alert.annotations == {"runbook": "https://runbook", "summary": "97 % used", "source": "nagios"}
    assert alert.generator_url == "https://nagios/d7"


def test_without_an_id_equal_labels_are_one_alert_with_the_webhooks() -> None:
    labels: JsonObject = {"alertname": "DiskAlmostFull", "service": "checkout", "severity": "page"}
    entry: JsonObject = {"status": "firing", "labels": labels, "startsAt": "2026-03-01T11:00:00Z"}
    (by_webhook,) = parse_alertmanager({"alerts": [entry]}, NOW).alerts
    sent: JsonObject = {"name": "DiskAlmostFull", "service": "checkout", "labels": {"severity": "page"}}
    assert only(parse_generic(sent, NOW)).fingerprint == by_webhook.fingerprint


def test_an_id_is_the_senders_own() -> None:
    sent: list[JsonObject] = [
        {**ALERT, "id": "7", "source": "account-1"},
        {"name": "renamed", "id": "7", "source": "account-1"},
        {**ALERT, "id": "7", "source": "account-2"},
    ]
    first, again, theirs = (only(parse_generic(each, NOW)).fingerprint for each in sent)
    assert first == again != theirs


def test_a_resolution_by_id_needs_nothing_else() -> None:
    alert = only(parse_generic({"id": "7", "status": "resolved"}, NOW))
    assert (alert.status, alert.ends_at, alert.labels) == ("resolved", NOW, {})


def test_a_resolution_that_says_only_when_does_not_begin_after_it() -> None:
    alert = only(parse_generic({"name": "x", "status": "resolved", "ends_at": "2026-03-01T11:30:00Z"}, NOW))
    assert alert.starts_at == alert.ends_at == NOW - timedelta(minutes=30)


def test_good_alerts_are_taken_beside_bad_ones() -> None:
    parsed = parse_generic({"alerts": [ALERT, {"name": ""}, 5, {"nam": "x"}]}, NOW)
    assert [alert.name for alert in parsed.alerts] == ["DiskAlmostFull"]
    assert [bad.field for bad in parsed.bad] == ["alerts[1].name", "alerts[2]", "alerts[3].nam"]


def test_a_cloud_event_stands_in_for_what_its_alert_leaves_out() -> None:
    alert = only(parse_cloud_event(cloud_event(data={"service": "checkout"}, time="2026-03-01T11:58:00Z"), NOW))
    assert (alert.name, alert.service, alert.starts_at) == ("shop.disk", "checkout", NOW - timedelta(minutes=2))
    assert alert.annotations["source"] == "/shop/disks"


def test_one_id_from_two_cloud_event_sources_is_two_alerts() -> None:
    data: JsonObject = {**ALERT, "id": "7"}
    one, other = (only(parse_cloud_event(cloud_event(data=data, source=source), NOW)) for source in ("/a", "/b"))
    assert one.fingerprint != other.fingerprint


def test_all_three_modes_of_cloud_events_say_the_same() -> None:
    structured = only(parse_cloud_event(cloud_event(), NOW))
    headers = {"ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "%2Fshop/disks", "ce-type": "shop.disk", "x": "y"}
    assert only(parse_binary_cloud_event(headers, ALERT, NOW)) == structured
    batch = parse_cloud_events([cloud_event(), cloud_event(specversion="0.3"), cloud_event(data={"nam": 1})], NOW)
    assert batch.alerts == (structured,)
    assert [bad.field for bad in batch.bad] == ["[1].specversion", "[2].data.nam"]


def test_emoji_and_text_from_right_to_left_are_taken_as_they_are() -> None:
    text = "تعطل الدفع 🔥 \u202e"
    assert only(parse_generic({"name": text, "summary": text}, NOW)).name == text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, "body"),
        ([], "body"),
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "status": "on fire"}, "status"),
        ({"name": "x", "severity": "purple"}, "severity"),
        ({"name": "x", "severity": 1}, "severity"),
        ({"name": "x", "labels": []}, "labels"),
        ({"name": "x", "labels": {"a": 1}}, "labels['a']"),
        ({"name": "x", "annotations": {"a": "\x00"}}, "annotations['a']"),
        ({"name": "x", "summary": {}}, "summary"),
        ({"name": "x", "starts_at": "yesterday"}, "starts_at"),
        ({"name": "x", "starts_at": 1772366400}, "starts_at"),
        ({"name": "x", "ends_at": "2099-01-01T00:00:00Z"}, "ends_at"),
        ({"name": "x", "ends_at": "2026-03-01T12:00:00Z"}, "ends_at"),
        ({"name": "x", "url": 7}, "url"),
        ({"name": "x", "servce": "checkout"}, "servce"),
        ({"id": "7", "status": "firing"}, "name"),
        ({"alerts": {}}, "alerts"),
        ({"alerts": [], "version": "4"}, "version"),
    ],
)
def test_a_bad_field_is_named_with_a_remedy(body: JsonValue, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        parse_generic(body, NOW)
    assert caught.value.field.replace('"', "'") == field
    assert caught.value.problem
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": None}, "specversion"),
        ({"specversion": "0.3"}, "specversion"),
        ({"id": ""}, "id"),
        ({"source": None}, "source"),
        ({"type": 5}, "type"),
        ({"time": "noon"}, "time"),
        ({"data": None}, "data"),
        ({"data": "text"}, "data"),
        ({"data": {"name": 5}}, "data.name"),
        ({"data_base64": "e30="}, "data_base64"),
    ],
)
def test_a_bad_cloud_event_is_refused_by_field(changes: JsonObject, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        parse_cloud_event({**cloud_event(), **changes}, NOW)
    assert caught.value.field == field


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
texts = st.dictionaries(st.text(max_size=5), st.text(max_size=5) | json_values, max_size=3)
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z")
alerts = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=5) | json_values,
        "name": st.text(max_size=5) | json_values,
        "severity": st.sampled_from(["high", "p1"]) | json_values,
        "status": st.sampled_from(["firing", "resolved"]) | json_values,
        "labels": texts | json_values,
        "annotations": texts | json_values,
        "starts_at": times | json_values,
        "ends_at": times | json_values,
        "url": json_values,
    },
)
bodies = alerts | st.fixed_dictionaries({"alerts": st.lists(alerts | json_values, max_size=3)}) | json_values
cloud_events = st.fixed_dictionaries(
    {"specversion": st.just("1.0") | json_values, "data": bodies},
    optional={name: st.text(max_size=5) | json_values for name in ("id", "source", "type", "time", "data_base64")},
)


@given(bodies)
def test_any_body_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_generic, body)


@given(cloud_events | json_values)
def test_any_cloud_event_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_cloud_event, body)
    _read_or_refused(parse_cloud_events, [body])
    headers = {"ce-specversion": "1.0", "ce-id": "%ff", "ce-source": "%"}
    _read_or_refused(lambda data, now: parse_binary_cloud_event(headers, data, now), body)


def _read_or_refused(parse: Callable[[JsonValue, datetime], Parsed], body: JsonValue) -> None:
    try:
        parsed = parse(body, NOW)
    except BadAlert as bad:
        parsed = Parsed((), (bad,))
    assert all(alert.canonical() for alert in parsed.alerts)
    assert all(bad.field and bad.problem and bad.remedy for bad in parsed.bad)
