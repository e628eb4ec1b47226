"""PagerDuty's events become alerts and changes, or are refused by field; the routing key shows up nowhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.domain.alert import Alert
from incident_commander.domain.base import JsonObject
from incident_commander.domain.change import ReportedChange
from incident_commander.ingest import BadAlert, integration, parse_pagerduty, parse_pagerduty_change
from incident_commander.ingest.pagerduty import PagerDutyEvent

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "f" * 32
LISTED = """Labels:
 - alertname = HighErrorRatio
 - instance = {instance}
 - service = checkout
 - severity = {severity}
Annotations:
 - description = one in ten fails
Labels: of no alert
 - service = a trap
 - summary = errors
Source: http://prometheus/graph?g0.expr=up
"""


def payload(**changes: JsonValue) -> JsonObject:
    return {"summary": "checkouts fail", "source": "shop-7", "severity": "critical", **changes}


def event(action: str = "trigger", **changes: JsonValue) -> JsonObject:
    return {
        "routing_key": KEY,
        "event_action": action,
        "dedup_key": "checkout/errors",
        "payload": payload(),
        "a key of tomorrow": {},
        **changes,
    }


def of_group(*listed: str, **changes: JsonValue) -> JsonObject:
    """As Alertmanager's default template writes it."""
    details: JsonObject = {
        "firing": "".join(listed), "resolved": "", "num_firing": str(len(listed)), "num_resolved": "0", **changes,
    }  # fmt: skip
    said = payload(summary="[FIRING:1] (checkout)", source="Alertmanager", severity="error", custom_details=details)
    return event(client="Alertmanager", client_url="http://alertmanager/#/alerts", payload=said)


def alert_of(body: JsonValue) -> Alert:
    alert = parse_pagerduty(body, NOW).alert
    assert alert is not None
    return alert


def test_a_trigger_is_a_firing_alert() -> None:
    details: JsonObject = {"service": "checkout", "load avg": 0.75, "tags": ["a", "b"], "none": None}
    said = payload(timestamp="2026-03-01T11:59:00.000+0000", component="mysql", custom_details=details)
    alert = alert_of(event(payload=said, links=[{"href": "https://runbook/7", "text": "runbook"}], images=[]))
    assert (alert.name, alert.service, alert.severity, alert.status) == (
        "checkouts fail", "checkout", "critical", "firing",
    )  # fmt: skip
    assert (alert.starts_at, alert.ends_at, alert.source) == (NOW - timedelta(minutes=1), None, "pagerduty")
    assert alert.labels == {"service": "checkout", "component": "mysql", "source": "shop-7"}
    assert alert.annotations["load avg"] == "0.75"
    assert alert.annotations["tags"] == '["a", "b"]'
    assert alert.generator_url == "https://runbook/7"


@pytest.mark.parametrize(
    ("word", "severity"), [("critical", "critical"), ("error", "high"), ("warning", "medium"), ("info", "low")]
)
def test_the_severities_are_pagerdutys_own(word: str, severity: str) -> None:
    assert alert_of(event(payload=payload(severity=word))).severity == severity


def test_a_component_names_the_service_where_the_details_do_not_and_a_source_never_does() -> None:
    assert alert_of(event(payload=payload(component="mysql"))).service == "mysql"
    assert alert_of(event()).service is None


def test_a_trigger_without_a_dedup_key_gets_one_of_its_own_each_time() -> None:
    first, second = (parse_pagerduty(event(dedup_key=None), NOW) for _ in range(2))
    assert first.dedup_key != second.dedup_key
    assert first.fingerprint != second.fingerprint


def test_one_dedup_key_of_two_integrations_is_two_conditions() -> None:
    mine, theirs = (parse_pagerduty(event(routing_key=key), NOW).fingerprint for key in (KEY, OTHER_KEY))
    assert mine != theirs
    assert parse_pagerduty(event("resolve"), NOW).fingerprint == mine


def test_a_resolve_needs_no_payload() -> None:
    alert = alert_of(event("resolve", payload=None))
    assert (alert.status, alert.ends_at, alert.labels) == ("resolved", NOW, {})


def test_an_acknowledgement_is_no_alert() -> None:
    assert parse_pagerduty(event("acknowledge", payload=None), NOW).alert is None


def test_the_routing_key_is_kept_nowhere() -> None:
    assert KEY not in alert_of(event()).model_dump_json()
    change = parse_pagerduty_change({"routing_key": KEY, "payload": {"summary": "4.2 is live"}}, NOW)
    assert KEY not in change.model_dump_json()


def test_only_the_routing_keys_set_may_send() -> None:
    assert parse_pagerduty(event(), NOW, {integration(KEY)}).dedup_key == "checkout/errors"
    change: JsonObject = {"routing_key": OTHER_KEY, "payload": payload()}
    for body, parse in ((event(routing_key=OTHER_KEY), parse_pagerduty), (change, parse_pagerduty_change)):
        with pytest.raises(BadAlert, match="IC_PAGERDUTY_ROUTING_KEYS") as caught:
            parse(body, NOW, {integration(KEY)})
        assert OTHER_KEY not in str(caught.value)


def test_a_group_of_one_is_read_as_the_alert_it_is() -> None:
    alert = alert_of(of_group(LISTED.format(instance="a:1", severity="critical")))
    assert alert.labels == {
        "alertname": "HighErrorRatio", "instance": "a:1", "service": "checkout", "severity": "critical",
    }  # fmt: skip
    assert (alert.name, alert.service, alert.severity) == ("HighErrorRatio", "checkout", "critical")
    assert alert.annotations["summary"] == "[FIRING:1] (checkout)"
    assert alert.generator_url == "http://alertmanager/#/alerts"


def test_a_group_of_a_practice_run_belongs_to_it() -> None:
    named = LISTED.replace(" - service", " - practice_run = run-1\n - service", 1)
    listed = named.format(instance="a:1", severity="page")
    assert alert_of(of_group(listed)).practice_run == "run-1"


def test_a_group_of_several_has_the_labels_they_share_and_the_worst_severity() -> None:
    alert = alert_of(of_group(*(LISTED.format(instance=f"{n}:1", severity=n) for n in ("warning", "page", "info"))))
    assert alert.labels == {"alertname": "HighErrorRatio", "service": "checkout"}
    assert alert.severity == "critical"


def test_a_group_of_several_services_speaks_of_the_first() -> None:
    one = LISTED.format(instance="a:1", severity="page")
    alert = alert_of(of_group(one, one.replace("checkout", "payments")))
    assert (alert.service, "service" in alert.labels) == ("checkout", False)


def test_a_resolved_group_is_read_from_what_was_resolved() -> None:
    body = of_group(resolved=LISTED.format(instance="a:1", severity="page"), num_resolved="1")
    alert = alert_of({**body, "event_action": "resolve"})
    assert (alert.status, alert.service, alert.labels["instance"]) == ("resolved", "checkout", "a:1")


def test_a_group_written_as_json_is_read_alike() -> None:
    labels: JsonObject = {"alertname": "HighErrorRatio", "service": "checkout", "severity": "page"}
    alert = alert_of(of_group(firing=[{"status": "firing", "labels": labels}], num_firing=1))
    assert (alert.labels, alert.service) == (labels, "checkout")


@pytest.mark.parametrize(
    "firing",
    [
        "",
        "by a template of one's own",
        "Labels:\n",
        "Labels:\nAnnotations:\nSource: x\n",
        LISTED.format(instance="a:1", severity="page") * 2,
    ],
)
def test_a_group_that_cannot_be_read_is_still_an_alert(firing: str) -> None:
    alert = alert_of(of_group(firing=firing, num_firing="1"))
    assert (alert.name, alert.service, alert.severity) == ("[FIRING:1] (checkout)", None, "high")


def test_a_group_too_long_to_keep_is_read_whole_and_shortened() -> None:
    listed = [LISTED.format(instance=f"{n}:1", severity="page") for n in range(500)]
    alert = alert_of(of_group(*listed))
    assert alert.labels["service"] == "checkout"
    assert alert.annotations["firing"].endswith("characters more)")


def test_emoji_and_text_from_right_to_left_are_taken_as_they_are() -> None:
    text = "تعطل الدفع 🔥👩🏽\u200d🚒 \u202e"
    alert = alert_of(event(dedup_key=text, payload=payload(summary=text)))
    assert (alert.name, alert.annotations["pagerduty_dedup_key"]) == (text, text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"routing_key": None}, "routing_key"),
        ({"routing_key": 5}, "routing_key"),
        ({"routing_key": "short"}, "routing_key"),
        ({"event_action": None}, "event_action"),
        ({"event_action": "snooze"}, "event_action"),
        ({"event_action": ["trigger"]}, "event_action"),
        ({"dedup_key": "x" * 300}, "dedup_key"),
        ({"dedup_key": 5}, "dedup_key"),
        ({"dedup_key": "\x00"}, "dedup_key"),
        ({"dedup_key": "\ud800"}, "dedup_key"),
        ({"event_action": "resolve", "dedup_key": None}, "dedup_key"),
        ({"event_action": "acknowledge", "dedup_key": ""}, "dedup_key"),
        ({"event_action": "acknowledge", "payload": []}, "payload"),
        ({"payload": None}, "payload.summary"),
        ({"payload": "text"}, "payload"),
        ({"payload": payload(summary="")}, "payload.summary"),
        ({"payload": payload(summary="x" * 1025)}, "payload.summary"),
        ({"payload": payload(source=None)}, "payload.source"),
        ({"payload": payload(severity="fatal")}, "payload.severity"),
        ({"payload": payload(severity={})}, "payload.severity"),
        ({"payload": payload(timestamp="yesterday")}, "payload.timestamp"),
        ({"payload": payload(timestamp="2026-03-09T12:00:00Z")}, "payload.timestamp"),
        ({"payload": payload(component=5)}, "payload.component"),
        ({"payload": payload(custom_details=[])}, "payload.custom_details"),
        ({"payload": payload(custom_details={"": "x"})}, "payload.custom_details"),
        ({"payload": payload(custom_details={"a": "\ud800"})}, "payload.custom_details['a']"),
        ({"payload": payload(custom_details={str(n): "x" for n in range(300)})}, "payload.custom_details"),
        ({"links": {}}, "links"),
        ({"links": [{}] * 101}, "links"),
        ({"links": [{"text": "no address"}]}, "links[0].href"),
        ({"links": [{"href": "https://x", "text": False}]}, "links[0].text"),
        ({"images": ["x"]}, "images[0]"),
        ({"client_url": 7}, "client_url"),
    ],
)
def test_a_bad_field_is_named_with_a_remedy(changes: JsonObject, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        parse_pagerduty({**event(), **changes}, NOW)
    assert caught.value.field.replace('"', "'") == field
    assert caught.value.problem
    assert caught.value.remedy
    assert KEY not in str(caught.value)


def test_a_change_says_what_was_changed_where_and_by_whom() -> None:
    details: JsonObject = {"service": "checkout", "kind": "config", "commit": "4f2a", "author": "ada", "n": 3}
    body: JsonObject = {
        "routing_key": KEY,
        "payload": {
            "summary": "pool halved", "source": "ci", "timestamp": "2026-03-01T11:50:00Z", "custom_details": details,
        },
    }  # fmt: skip
    reported = parse_pagerduty_change(body, NOW)
    change = reported.change
    assert (change.service, change.kind, change.reference, change.author) == ("checkout", "config", "4f2a", "ada")
    assert (change.summary, change.at) == ("pool halved", NOW - timedelta(minutes=10))
    assert "n=3" in change.detail
    assert parse_pagerduty_change(body, NOW + timedelta(minutes=5)).key == reported.key


def test_two_changes_without_a_time_are_two() -> None:
    body: JsonObject = {"routing_key": KEY, "payload": {"summary": "deployed"}}
    one, other = (parse_pagerduty_change(body, NOW + timedelta(seconds=n)) for n in range(2))
    assert one.key != other.key
    assert (one.change.kind, one.change.service, one.change.reference) == ("deploy", None, "deployed")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
listed = st.sampled_from(["Labels:", "Annotations:", "Source: x", " - service = a", " - a = \ud800", "rest", ""])
groups = st.lists(listed, max_size=8).map("\n".join)
payloads = st.fixed_dictionaries(
    {},
    optional={
        "summary": st.text(max_size=5) | json_values,
        "source": st.text(max_size=5) | json_values,
        "severity": st.sampled_from(["critical", "info"]) | json_values,
        "timestamp": st.datetimes().map(lambda moment: moment.isoformat() + "Z") | json_values,
        "component": json_values,
        "custom_details": st.fixed_dictionaries({"firing": groups | json_values}, optional={"num_firing": json_values})
        | json_values,
    },
)
events = st.fixed_dictionaries(
    {"routing_key": st.just(KEY) | json_values},
    optional={
        "event_action": st.sampled_from(["trigger", "acknowledge", "resolve"]) | json_values,
        "dedup_key": st.text(max_size=5) | json_values,
        "payload": payloads | json_values,
        "links": st.lists(st.dictionaries(st.sampled_from(["href", "text"]), json_values), max_size=2) | json_values,
        "client_url": json_values,
    },
)


@given(events | json_values)
def test_any_event_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_pagerduty, body)


@given(events | json_values)
def test_any_change_is_read_or_refused_by_field(body: JsonValue) -> None:
    _read_or_refused(parse_pagerduty_change, body)


def _read_or_refused(parse: Callable[[JsonValue, datetime], PagerDutyEvent | ReportedChange], body: JsonValue) -> None:
    bad: BadAlert | None = None
    alert: Alert | ReportedChange | None = None
    try:
        read = parse(body, NOW)
        alert = read.alert if isinstance(read, PagerDutyEvent) else read
    except BadAlert as error:
        bad = error
    assert alert is None or alert.canonical()
    assert bad is None or (bad.field and bad.problem and bad.remedy)
