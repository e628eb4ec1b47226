"""PagerDuty's doors as its own client and Alertmanager use them: what is sent becomes incidents and evidence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from incident_commander.api import build_api
from incident_commander.api.services import ApiServices
from incident_commander.composition import build
from incident_commander.domain.base import IncidentId, JsonObject
from incident_commander.domain.settings import Settings
from incident_commander.domain.telemetry import Window
from incident_commander.ingest import Intake, integration
from incident_commander.store import Database

from ..ingest.test_pagerduty import KEY, LISTED, OTHER_KEY, event, of_group, payload
from ..ingest.worlds import Worlds
from ..store.databases import opened
from .acting import authenticator
from .test_api import Exporter, PracticeOperations, assert_refused, webhook


async def nobody(_: IncidentId) -> None:
    """Responds to no incident."""


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


@pytest.fixture
async def services(database: Database) -> ApiServices:
    return ApiServices(Intake(database, Worlds(), nobody), database, PracticeOperations(), Exporter(), authenticator())


@pytest.fixture
async def client(services: ApiServices) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(services) as client:
        yield client


def client_of(services: ApiServices) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(build_api(services)), base_url="http://test")


async def send(client: httpx.AsyncClient, body: JsonObject) -> str:
    answer = await client.post("/v2/enqueue", json=body)
    assert answer.status_code == 202, answer.text
    assert (answer.json()["status"], answer.json()["message"]) == ("success", "Event processed")
    key: str = answer.json()["dedup_key"]
    return key


async def incidents(client: httpx.AsyncClient) -> list[JsonObject]:
    found: list[JsonObject] = (await client.get("/api/incidents")).json()["incidents"]
    return found


async def kinds(client: httpx.AsyncClient, incident: JsonObject) -> list[str]:
    events = (await client.get(f"/api/incidents/{incident['id']}/timeline")).json()["events"]
    return [told["kind"] for told in events]


async def firing(client: httpx.AsyncClient, incident: JsonObject) -> list[str]:
    stored = (await client.get(f"/api/incidents/{incident['id']}")).json()["alerts"]
    return [each["alert"]["name"] for each in stored if each["alert"]["status"] == "firing"]


async def test_a_trigger_opens_an_incident_and_its_resolve_ends_the_alert_with_what_was_known_of_it(
    client: httpx.AsyncClient,
) -> None:
    assert await send(client, event(payload=payload(component="checkout"))) == "checkout/errors"
    (incident,) = await incidents(client)
    assert (incident["sources"], incident["services"], incident["severity"]) == (
        ["pagerduty"],
        ["checkout"],
        "critical",
    )
    assert await firing(client, incident) == ["checkouts fail"]
    await send(client, event("resolve", payload=None))
    assert await firing(client, incident) == []
    assert await kinds(client, incident) == ["incident.opened", "alert.grouped", "alert.resolved"]
    (stored,) = (await client.get(f"/api/incidents/{incident['id']}")).json()["alerts"]
    assert (stored["alert"]["name"], stored["alert"]["service"]) == ("checkouts fail", "checkout")


async def test_a_trigger_sent_again_is_the_same_alert(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await send(client, event())
    (incident,) = await incidents(client)
    assert await kinds(client, incident) == ["incident.opened", "alert.grouped"]


async def test_a_trigger_without_a_key_can_be_resolved_by_the_key_that_was_answered(client: httpx.AsyncClient) -> None:
    key = await send(client, event(dedup_key=None))
    await send(client, event("resolve", dedup_key=key, payload=None))
    (incident,) = await incidents(client)
    assert await firing(client, incident) == []


async def test_an_acknowledgement_is_noted_once_and_changes_nothing_else(client: httpx.AsyncClient) -> None:
    await send(client, event())
    (before,) = await incidents(client)
    for _ in range(2):
        await send(client, event("acknowledge", payload=None))
    assert await incidents(client) == [before]
    assert await kinds(client, before) == ["incident.opened", "alert.grouped", "alert.acknowledged"]
    assert await firing(client, before) == ["checkouts fail"]


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_word_of_something_unknown_is_taken_and_opens_nothing(client: httpx.AsyncClient, action: str) -> None:
    assert await send(client, event(action, payload=None)) == "checkout/errors"
    assert await incidents(client) == []


async def test_an_alert_that_was_resolved_before_it_fired_fires(client: httpx.AsyncClient) -> None:
    await send(client, event("resolve", payload=None))
    await send(client, event())
    (incident,) = await incidents(client)
    assert await firing(client, incident) == ["checkouts fail"]


async def test_a_resolve_of_another_integration_is_of_another_alert(client: httpx.AsyncClient) -> None:
    await send(client, event())
    await send(client, event("resolve", routing_key=OTHER_KEY, payload=None))
    (incident,) = await incidents(client)
    assert await firing(client, incident) == ["checkouts fail"]


async def test_one_alert_by_webhook_pagerduty_and_prometheus_is_one_incident_with_three_sources(
    client: httpx.AsyncClient,
) -> None:
    labels: JsonObject = {
        "alertname": "HighErrorRatio",
        "instance": "a:1",
        "service": "checkout",
        "severity": "critical",
    }
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    await client.post("/api/v2/alerts", json=[{"labels": labels, "endsAt": soon}])
    await client.post("/api/alerts/alertmanager", json=webhook(labels))
    await send(client, of_group(LISTED.format(instance="a:1", severity="critical")))
    (incident,) = await incidents(client)
    assert incident["sources"] == ["prometheus", "alertmanager", "pagerduty"]
    stored = (await client.get(f"/api/incidents/{incident['id']}")).json()["alerts"]
    assert [[door["source"] for door in each["doors"]] for each in stored] == [
        ["prometheus", "alertmanager"],
        ["pagerduty"],
    ], "to correlate is not to merge"


@pytest.mark.parametrize("pagerduty_first", [True, False])
async def test_a_group_without_a_service_joins_its_alerts(client: httpx.AsyncClient, pagerduty_first: bool) -> None:
    listed = LISTED.replace(" - service = checkout\n", "", 1).replace(" - service = a trap\n", "")
    labels: JsonObject = {"alertname": "HighErrorRatio", "instance": "a:1", "severity": "page"}
    group = of_group(listed.format(instance="a:1", severity="page"), listed.format(instance="b:1", severity="page"))
    if pagerduty_first:
        await send(client, group)
    await client.post("/api/alerts/alertmanager", json=webhook(labels, {**labels, "alertname": "Other"}))
    if not pagerduty_first:
        await send(client, group)
    found = {str(incident["title"]): incident["sources"] for incident in await incidents(client)}
    assert found == {
        "HighErrorRatio": ["pagerduty", "alertmanager"] if pagerduty_first else ["alertmanager", "pagerduty"],
        "Other": ["alertmanager"],
    }


async def test_a_change_is_kept_as_evidence_once(client: httpx.AsyncClient, database: Database) -> None:
    at = datetime.now(UTC) - timedelta(minutes=3)
    body: JsonObject = {
        "routing_key": KEY,
        "payload": {"summary": "4.2 is live", "timestamp": at.isoformat(), "custom_details": {"service": "checkout"}},
    }
    for _ in range(2):
        answer = await client.post("/v2/change/enqueue", json=body)
        assert (answer.status_code, answer.json()["status"]) == (202, "success")
    async with database.read() as unit:
        (reported,) = await unit.changes.between(Window(start=at, end=at + timedelta(seconds=1)))
    assert (reported.change.summary, reported.change.service, reported.source) == (
        "4.2 is live",
        "checkout",
        "pagerduty",
    )


@pytest.mark.parametrize("route", ["/v2/enqueue", "/v2/change/enqueue"])
@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b"{}", "routing_key"),
        (b'{"routing_key": "%s", "event_action": "trigger", "payload": {}}' % KEY.encode(), "payload.summary"),
    ],
)
async def test_a_refusal_is_in_pagerdutys_form_and_in_ours(
    client: httpx.AsyncClient, route: str, content: bytes, field: str
) -> None:
    answer = await client.post(route, content=content)
    error = assert_refused(answer, 400, field)
    told = answer.json()
    assert (told["status"], told["message"]) == ("invalid event", "Event object is invalid")
    (sentence,) = told["errors"]
    assert error["problem"] in sentence
    assert error["remedy"] in sentence


async def test_a_dedup_key_that_is_too_long_is_refused_by_its_length(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v2/enqueue", json=event(dedup_key="x" * 300))
    assert "300 characters" in assert_refused(answer, 400, "dedup_key")["problem"]
    assert await incidents(client) == []


async def test_only_the_integrations_set_may_send(services: ApiServices) -> None:
    async with client_of(replace(services, pagerduty_integrations=frozenset([integration(KEY)]))) as client:
        await send(client, event())
        answer = await client.post("/v2/enqueue", json=event(routing_key=OTHER_KEY))
        assert "IC_PAGERDUTY_ROUTING_KEYS" in assert_refused(answer, 400, "routing_key")["remedy"]
        assert OTHER_KEY not in answer.text


async def test_the_routing_keys_set_are_those_that_may_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IC_PAGERDUTY_ROUTING_KEYS", f'["{KEY}"]')
    api = build(Settings(data_dir=tmp_path)).api
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://test") as client:
        for route in ("/v2/enqueue", "/v2/change/enqueue"):
            answer = await client.post(route, json=event(routing_key=OTHER_KEY))
            assert "not one of those" in assert_refused(answer, 400, "routing_key")["problem"]


async def test_the_store_holds_no_routing_key(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await send(client, event())
    await client.post("/v2/change/enqueue", json={"routing_key": KEY, "payload": {"summary": "4.2 is live"}})
    assert holds(tmp_path, b"checkouts fail")
    assert not holds(tmp_path, KEY.encode())


def holds(folder: Path, text: bytes) -> bool:
    return any(text in path.read_bytes() for path in folder.rglob("*") if path.is_file())
