"""The real loop, on the wall clock: Debian's Prometheus and Alertmanager around a practice world that moves by itself.

Prometheus scrapes the world's exported metrics and judges its own rules. It tells Alertmanager, whose webhook comes in
by one door, and tells us directly, by the other. We diagnose, certify, fix and verify while /ops shows it, and the
incident is resolved only when Prometheus itself says that the alert is.
"""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pydantic import BaseModel

from incident_commander.api.incidents import IncidentDetail, IncidentPage, Timeline
from incident_commander.domain.event import Event, EventKind
from incident_commander.domain.incident import Incident
from incident_commander.sandbox.alarms import load_rules
from incident_commander.sandbox.assumptions import load_assumptions
from incident_commander.sandbox.topology import load_company
from tests.e2e.conftest import Server, Viewer
from tests.loopback.monitoring import Rule, alertmanager, prometheus
from tests.running import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SCENARIO, SEED = "api_overload", 2
PACE = 60.0
"""Simulated seconds in one of wall time: a scrape a second is one a simulated minute."""
FIRST_ALERT_SECONDS = 90.0
ENDED_SECONDS = 120.0


class Started(BaseModel):
    run_id: str


def test_prometheus_alerts_we_mend_and_prometheus_says_that_it_is_over(
    server: Server, viewer: Viewer, tmp_path: Path
) -> None:
    with (
        alertmanager(tmp_path / "alertmanager", f"{server.url}/api/alerts/alertmanager") as notifier,
        prometheus(
            tmp_path / "prometheus",
            scrape=f"{server.url}/sandbox/metrics",
            rules=rules(),
            alertmanagers=[notifier.url, server.url],
        ),
    ):
        page = viewer.open("/ops")
        run = start(server)
        opened = wait_until(lambda: incident_of(server, run), FIRST_ALERT_SECONDS, "an incident from outside alerts")
        shown = page.locator("#incidents li").filter(has_text=opened.title).first
        expect(shown).to_be_visible()
        shown.get_by_role("button").click()
        expect(page.locator(".votes > li")).to_have_count(5)
        expect(page.locator("#action .status").first).to_be_visible()
        ended = wait_until(lambda: ended_incident(server, run), ENDED_SECONDS, "the end of the incident")
        events = timeline(server, ended)
        assert ended.status == "resolved", [event.payload for event in of_kind(events, "incident.status_changed")]
        expect(page.locator("#incident .head-marks .status")).to_have_text("Resolved")

    assert ended.practice_run == run
    assert set(ended.sources) == {"alertmanager", "prometheus"}
    assert total_of(server, run) == 1, "the same alerts by two doors are one incident"
    detail = IncidentDetail.model_validate(server.get(f"/api/incidents/{ended.id}").json())
    assert any({door.source for door in stored.doors} == {"alertmanager", "prometheus"} for stored in detail.alerts)
    assert all(stored.alert.status == "resolved" for stored in detail.alerts), "Prometheus' own word, not ours"

    acted = one(events, "action.received")
    assert one(events, "diagnosis.made").sequence < one(events, "quorum.reached").sequence < acted.sequence
    assert one(events, "checks.registered").sequence < acted.sequence
    judged = of_kind(events, "check.judged")
    assert judged
    assert all(event.payload["met"] for event in judged)
    last_alert_over = max(event.sequence for event in of_kind(events, "alert.resolved"))
    resolved = [event for event in of_kind(events, "incident.status_changed") if event.payload["to"] == "resolved"]
    assert acted.sequence < last_alert_over < resolved[-1].sequence
    assert [certified.certificate.plan_digest for certified in detail.certificates] == [
        certified.plan.digest for certified in detail.certificates
    ]
    assert viewer.errors == []


def rules() -> list[Rule]:
    """The practice company's own alarm rules as Prometheus rules, their delays converted by the pace."""
    figures = load_assumptions()
    hold = {"critical": figures.alert_for_critical_seconds.value, "warning": figures.alert_for_warning_seconds.value}
    found = []
    for rule in load_rules():
        services = "|".join(service.name for service in load_company().services if service.kind in rule.kinds)
        found.append(
            Rule(
                alert=rule.alertname,
                expr=f'{rule.metric}{{service=~"{services}"}} > {rule.above}',
                hold=f"{hold[rule.hold] / PACE:.0f}s",
                labels={"severity": rule.severity},
                annotations={"summary": f"{rule.metric} of {{{{ $labels.service }}}} is {{{{ $value }}}}"},
            )
        )
    return found


def start(server: Server) -> str:
    body = {"scenario": SCENARIO, "seed": SEED, "pace": PACE, "external_alerting": True}
    answer = server.post("/api/incidents/demo", body)
    assert answer.is_success, answer.text
    return Started.model_validate(answer.json()).run_id


def page_of(server: Server, run: str) -> IncidentPage:
    return IncidentPage.model_validate(server.get(f"/api/incidents?practice_run={run}").json())


def total_of(server: Server, run: str) -> int:
    return page_of(server, run).total


def incident_of(server: Server, run: str) -> Incident | None:
    found = page_of(server, run).incidents
    return found[0] if found else None


def ended_incident(server: Server, run: str) -> Incident | None:
    incident = incident_of(server, run)
    return incident if incident is not None and incident.ended_at is not None else None


def timeline(server: Server, incident: Incident) -> tuple[Event, ...]:
    return Timeline.model_validate(server.get(f"/api/incidents/{incident.id}/timeline").json()).events


def of_kind(events: tuple[Event, ...], kind: EventKind) -> list[Event]:
    return [event for event in events if event.kind == kind]


def one(events: tuple[Event, ...], kind: EventKind) -> Event:
    (event,) = of_kind(events, kind)
    return event
