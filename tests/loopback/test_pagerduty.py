"""PagerDuty's doors with whom they are for: PagerDuty's own client, Debian's Alertmanager, and Prometheus beside it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pagerduty
import pytest

from incident_commander.api.incidents import IncidentDetail, IncidentPage, Timeline
from incident_commander.domain.incident import Incident

from ..running import wait_until
from .installation import installation
from .monitoring import ROUTING_KEY, Rule, alertmanager, prometheus
from .receiver import receiving
from .secure_doors import SecureDoors, secure_doors

PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureDoors]:
    with secure_doors(tmp_path_factory.mktemp("pagerduty") / "doors") as secure:
        yield secure


@pytest.fixture
def doors(secure: SecureDoors) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=secure.url, verify=secure.trust) as doors:
        yield doors


@pytest.fixture
def client(secure: SecureDoors) -> Iterator[pagerduty.EventsApiV2Client]:
    """PagerDuty's own, which takes nothing but TLS."""
    with pagerduty.EventsApiV2Client(ROUTING_KEY, base_url=secure.url, verify=secure.trust) as client:
        yield client


def test_the_official_client_triggers_acknowledges_and_resolves(
    doors: httpx.Client, client: pagerduty.EventsApiV2Client
) -> None:
    details = {"service": "ledger", "free space": "1 %", "load": 0.75}
    links = [{"href": "https://runbook.example.com/7", "text": "the runbook"}]
    key = client.trigger("disk is full 🔥", "db-7.example.com", custom_details=details, links=links)
    (incident,) = incidents(doors, "ledger")
    assert (incident.title, incident.severity, incident.sources) == (
        "disk is full 🔥 on ledger", "critical", ("pagerduty",),
    )  # fmt: skip
    assert client.acknowledge(key) == key
    assert client.resolve(key) == key
    assert statuses(doors, incident) == ["resolved"]
    told = Timeline.model_validate(get(doors, f"/api/incidents/{incident.id}/timeline")).events
    assert [event.kind for event in told] == [
        "incident.opened", "alert.grouped", "alert.acknowledged", "alert.resolved",
    ]  # fmt: skip


def test_the_official_client_reports_a_change(client: pagerduty.EventsApiV2Client) -> None:
    now = datetime.now(UTC).isoformat()
    client.submit("4.2 is live", "pipeline-3", {"service": "cart"}, timestamp=now)
    with pytest.raises(pagerduty.HttpError) as caught:
        client.submit("x" * 2000, timestamp=now)
    assert "the text has 2000 characters" in sentence(caught.value)


def test_the_official_client_hears_what_is_wrong_and_what_to_do(client: pagerduty.EventsApiV2Client) -> None:
    with pytest.raises(pagerduty.HttpError) as caught:
        client.trigger("too long a key", "db-7", dedup_key="k" * 300)
    assert "dedup_key: the text has 300 characters" in sentence(caught.value)
    assert "send at most 255" in sentence(caught.value)


def test_one_alert_by_webhook_pagerduty_and_prometheus_is_one_incident_with_three_sources(tmp_path: Path) -> None:
    rule = Rule("HighErrorRatio", "error_ratio > 0.1", "1s", {"severity": "critical"}, {"summary": "one in two fails"})
    with installation(tmp_path / "installation", "") as url, httpx.Client(base_url=url) as doors:
        by_webhook, by_pagerduty = f"{url}/api/alerts/alertmanager", f"{url}/v2/enqueue"
        with receiving() as company, alertmanager(tmp_path / "alertmanager", by_webhook, by_pagerduty) as notifier:
            company.exposition = 'error_ratio{service="checkout"} 0.5\n'
            scrape, both = f"{company.url}/metrics", [notifier.url, url]
            with prometheus(tmp_path / "prometheus", scrape=scrape, rules=[rule], alertmanagers=both):
                incident = wait_until(lambda: of_three(doors), PATIENCE_SECONDS, "an incident with three sources")
                company.exposition = 'error_ratio{service="checkout"} 0.01\n'
                over = {"resolved"}
                wait_until(lambda: set(statuses(doors, incident)) == over, PATIENCE_SECONDS, "the end by all of them")
        assert [one.id for one in incidents(doors)] == [incident.id]
        detail = IncidentDetail.model_validate(get(doors, f"/api/incidents/{incident.id}"))
    assert (incident.severity, incident.services) == ("critical", ("checkout",))
    told_by = {frozenset(door.source for door in stored.doors) for stored in detail.alerts}
    assert told_by == {frozenset({"prometheus", "alertmanager"}), frozenset({"pagerduty"})}
    assert {stored.alert.name for stored in detail.alerts} == {"HighErrorRatio"}


def sentence(error: pagerduty.HttpError) -> str:
    """What PagerDuty's client hears is wrong."""
    assert error.response is not None
    (told,) = error.response.json()["errors"]
    return str(told)


def get(doors: httpx.Client, path: str) -> object:
    return doors.get(path).raise_for_status().json()


def incidents(doors: httpx.Client, service: str = "") -> list[Incident]:
    found = IncidentPage.model_validate(get(doors, "/api/incidents")).incidents
    return [incident for incident in found if not service or service in incident.services]


def of_three(doors: httpx.Client) -> Incident | None:
    return next((incident for incident in incidents(doors) if len(incident.sources) == 3), None)


def statuses(doors: httpx.Client, incident: Incident) -> list[str]:
    detail = IncidentDetail.model_validate(get(doors, f"/api/incidents/{incident.id}"))
    return [stored.alert.status for stored in detail.alerts]
