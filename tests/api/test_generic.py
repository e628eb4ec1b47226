"""The door for any sender: our own form, and CloudEvents in each of their modes."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from incident_commander.domain.base import JsonObject

from ..ingest.test_generic import ALERT, cloud_event
from .test_api import Served, assert_refused, served, webhook

__all__ = ["served"]

ROUTE = "/api/alerts/generic"


async def became(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [outcome["became"] for outcome in answer.json()["outcomes"]]


async def post(served: Served, body: object, **headers: str) -> httpx.Response:
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return await served.client.post(ROUTE, content=json.dumps(body), headers=named)


async def test_an_alert_opens_an_incident_and_its_id_resolves_it(served: Served) -> None:
    assert await became(await post(served, {**ALERT, "id": "7"})) == ["opened"]
    assert await became(await post(served, {**ALERT, "id": "7", "status": "firing"})) == ["resent"]
    assert await became(await post(served, {"id": "7", "status": "resolved"})) == ["resolved"]
    (incident,) = (await served.client.get("/api/incidents")).json()["incidents"]
    assert (incident["title"], incident["sources"], incident["severity"]) == (
        "DiskAlmostFull on checkout", ["generic"], "high",
    )  # fmt: skip
    (stored,) = (await served.client.get(f"/api/incidents/{incident['id']}")).json()["alerts"]
    assert (stored["alert"]["status"], stored["alert"]["name"]) == ("resolved", "DiskAlmostFull")


async def test_a_list_of_alerts_is_taken_with_what_is_wrong_in_it(served: Served) -> None:
    answer = await post(served, {"alerts": [ALERT, {"service": "checkout"}]})
    assert await became(answer) == ["opened"]
    assert [bad["field"] for bad in answer.json()["rejected"]] == ["alerts[1].name"]


async def test_an_alert_that_is_resolved_before_it_fires_opens_nothing_until_it_does(served: Served) -> None:
    assert await became(await post(served, {**ALERT, "status": "resolved"})) == ["recorded"]
    assert (await served.client.get("/api/incidents")).json()["total"] == 0
    assert await became(await post(served, ALERT)) == ["opened"]


async def test_equal_labels_are_one_alert_by_this_door_and_the_webhook(served: Served) -> None:
    labels: JsonObject = {"alertname": "DiskAlmostFull", "service": "checkout"}
    await served.client.post("/api/alerts/alertmanager", json=webhook(labels))
    assert await became(await post(served, {"name": "DiskAlmostFull", "service": "checkout"})) == ["resent"]
    (incident,) = (await served.client.get("/api/incidents")).json()["incidents"]
    assert incident["sources"] == ["alertmanager", "generic"]


async def test_a_firing_alert_with_an_end_expires_by_it(served: Served) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=5)
    await post(served, {**ALERT, "ends_at": soon.isoformat()})
    (incident,) = (await served.client.get("/api/incidents")).json()["incidents"]
    (stored,) = (await served.client.get(f"/api/incidents/{incident['id']}")).json()["alerts"]
    assert datetime.fromisoformat(stored["alert"]["ends_at"]) == soon


async def test_cloud_events_come_in_by_every_mode(served: Served) -> None:
    structured = await post(served, cloud_event(), Content_Type="application/cloudevents+json; charset=utf-8")
    assert await became(structured) == ["opened"]
    batch = await post(served, [cloud_event(id="e-2")], Content_Type="application/cloudevents-batch+json")
    assert await became(batch) == ["resent"]
    binary = await post(served, ALERT, ce_specversion="1.0", ce_id="e-3", ce_source="/shop/disks", ce_type="shop.disk")
    assert await became(binary) == ["resent"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "field"),
    [
        ({}, {}, 422, "name"),
        ({"alerts": [{}]}, {}, 422, "alerts[0].name"),
        ([ALERT], {}, 422, "body"),
        (cloud_event(), {}, 422, "specversion"),
        ({}, {"Content_Type": "application/cloudevents+json"}, 422, "specversion"),
        ({}, {"Content_Type": "application/cloudevents+avro"}, 415, "Content-Type"),
        (ALERT, {"ce_specversion": "1.0"}, 422, "ce-id"),
        (ALERT, {"ce_specversion": "2"}, 422, "ce-specversion"),
    ],
)
async def test_what_cannot_be_read_is_refused_by_field(
    served: Served, body: object, headers: dict[str, str], status: int, field: str
) -> None:
    assert_refused(await post(served, body, **headers), status, field)
