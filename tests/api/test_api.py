"""What a caller of the HTTP API sees: alerts taken durably, errors by field and remedy, never a 500."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.access import Authenticator
from incident_commander.api import ApiServices, SlackApp, build_api
from incident_commander.consensus.certificate_file import CertificateFile
from incident_commander.consensus.examination import examine
from incident_commander.consensus.rule import rule
from incident_commander.consensus.tally import tally
from incident_commander.domain.ballot import VOTERS, Quarantined, Voter
from incident_commander.domain.base import Digest, IncidentId, JsonObject, RunId
from incident_commander.domain.fault import VoterFault
from incident_commander.domain.incident import Incident
from incident_commander.domain.memory import Cause, Memory
from incident_commander.domain.operator import KillSwitch, TrustChange, TrustRow, World
from incident_commander.domain.plan import ActionName, Argument, TrustLevel
from incident_commander.domain.ports import UnknownPracticeRun
from incident_commander.domain.practice import ApproverKind, PracticeRun
from incident_commander.ingest import MAX_BODY_BYTES, Intake
from incident_commander.response.remembering import Learned
from incident_commander.response.report import RunReport
from incident_commander.response.usage_report import IncidentUsage, UsageReport
from incident_commander.response.view_approval import PendingApproval
from incident_commander.response.views import HealthRow
from incident_commander.store import Database, UnknownIncident

from ..consensus.ballot_box import KEYS, NOW, RIGHT, ballot, poll, sent, signed
from ..ingest.worlds import NOON, Worlds
from ..store.databases import opened, tamper
from .acting import asked, authenticator, learned, memory, quarantined, trusted
from .used import asked_for, reported


@dataclass
class PracticeOperations:
    """The response's side, as far as the API asks: it notes what was started."""

    started: list[tuple[str | None, int | None]] = field(default_factory=list)
    down: Exception | None = None
    acts: list[tuple[object, ...]] = field(default_factory=list)
    refusal: Exception | None = None

    def scenario_names(self) -> Sequence[str]:
        return ("database_cascade", "memory_leak")

    async def start_scenario(
        self,
        scenario: str | None,
        seed: int | None,
        *,
        pace: float | None = None,
        external_alerting: bool = False,
        approver: ApproverKind = "modelled",
        faults: Mapping[Voter, VoterFault] | None = None,
    ) -> PracticeRun:
        self.started.append((scenario, seed))
        return PracticeRun(
            id=RunId("run-1"),
            pace=pace,
            external_alerting=external_alerting,
            scenario=scenario or "memory_leak",
            seed=7 if seed is None else seed,
            epoch=NOON,
            opened_at=NOON,
            started_at=NOON,
            clock_at=NOON,
        )

    async def reset_practice(self) -> None:
        self.acts.append(("reset_practice",))

    async def approvals(self) -> tuple[PendingApproval, ...]:
        return (asked(),)

    async def answer_approval(
        self,
        incident_id: IncidentId,
        plan: Digest,
        answer: Literal["approved", "denied"],
        by: str,
        reason: str,
        scope: Literal["plan", "class"] = "plan",
        arguments: dict[str, Argument] | None = None,
    ) -> None:
        if self.refusal:
            raise self.refusal
        self.acts.append(("answer_approval", incident_id, plan, answer, by, reason, scope, arguments))

    async def kill_switch(self) -> KillSwitch:
        return KillSwitch(on=False, by="", reason="", at=None)

    async def throw_kill_switch(self, on: bool, by: str, reason: str) -> KillSwitch:
        self.acts.append(("throw_kill_switch", on, by, reason))
        return KillSwitch(on=on, by=by, reason=reason, at=NOON)

    async def trust(self) -> tuple[TrustRow, ...]:
        return (trusted(),)

    async def set_trust(
        self, action: ActionName, level: TrustLevel, by: str, reason: str, world: World = "live"
    ) -> TrustChange:
        if self.refusal:
            raise self.refusal
        self.acts.append(("set_trust", action, level, by, reason, world))
        return trusted().history[0]

    async def report_advice(self, incident_id: IncidentId, right: bool, by: str, reason: str) -> TrustChange | None:
        if self.refusal:
            raise self.refusal
        self.acts.append(("report_advice", incident_id, right, by, reason))
        return None

    async def faults(self) -> Mapping[Voter, VoterFault]:
        return {"diagnosis": "lie"}

    async def inject_fault(self, voter: Voter, fault: VoterFault | None, by: str, reason: str) -> None:
        self.acts.append(("inject_fault", voter, fault, by, reason))

    async def quarantined(self) -> tuple[Quarantined, ...]:
        return (quarantined(),)

    async def release_agent(self, voter: Voter, by: str, reason: str) -> None:
        if self.refusal:
            raise self.refusal
        self.acts.append(("release_agent", voter, by, reason))

    async def learned(self) -> tuple[Learned, ...]:
        return learned()

    async def correct_memory(self, incident_id: IncidentId, cause: Cause | None, by: str, reason: str) -> Memory:
        if self.refusal:
            raise self.refusal
        self.acts.append(("correct_memory", incident_id, cause, by, reason))
        return memory(cause)

    async def forget(self, incident_id: IncidentId, by: str, reason: str) -> None:
        if self.refusal:
            raise self.refusal
        self.acts.append(("forget", incident_id, by, reason))

    async def usage(self) -> UsageReport:
        return reported()

    async def usage_of(self, incident_id: IncidentId) -> IncidentUsage:
        if incident_id != "inc-1":
            raise UnknownIncident(f"there is no incident {incident_id!r}")
        return asked_for(incident_id)

    async def incident_of(self, run_id: RunId) -> Incident | None:
        return None

    async def run_report(self, run_id: RunId) -> RunReport | None:
        if run_id != "run-1":
            raise UnknownPracticeRun(run_id)
        return None

    async def health(self) -> tuple[HealthRow, ...]:
        if self.down:
            raise self.down
        return (HealthRow(name="database", state="ok", detail=""), HealthRow(name="telemetry", state="off", detail=""))


class Exporter:
    def exposition(self) -> str:
        return '# TYPE request_rate gauge\nrequest_rate{service="checkout"} 5\n'


@dataclass
class Served:
    """The API with a client, and what stands behind it."""

    client: httpx.AsyncClient
    database: Database
    operations: PracticeOperations
    app: FastAPI
    folder: Path


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with opened(tmp_path) as database:
        operations = PracticeOperations()
        app = api_over(database, operations)
        async with client_of(app) as client:
            yield Served(client, database, operations, app, tmp_path)


def api_over(
    database: Database,
    operations: PracticeOperations,
    access: Authenticator | None = None,
    slack: SlackApp | None = None,
) -> FastAPI:
    async def opened_incident(_: IncidentId) -> None:
        return None

    return build_api(
        ApiServices(
            Intake(database, Worlds(), opened_incident),
            database,
            operations,
            Exporter(),
            access or authenticator(),
            slack=slack,
        )
    )


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def webhook(*labels: JsonObject, status: str = "firing") -> JsonObject:
    begun = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    return {
        "version": "4",
        "alerts": [{"status": status, "labels": one, "annotations": {}, "startsAt": begun} for one in labels],
    }


CHECKOUT: JsonObject = {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"}


def assert_refused(answer: httpx.Response, status: int, field_name: str) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    error: dict[str, str] = answer.json()["error"]
    assert set(error) == {"field", "value", "problem", "remedy"}
    assert error["field"] == field_name
    assert error["problem"]
    assert error["remedy"]
    return error


async def test_an_alert_becomes_an_incident_with_its_timeline(served: Served) -> None:
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT))
    assert answer.status_code == 200
    incident_id = answer.json()["outcomes"][0]["incident_id"]
    page = (await served.client.get("/api/incidents")).json()
    assert (page["total"], page["incidents"][0]["id"]) == (1, incident_id)
    detail = (await served.client.get(f"/api/incidents/{incident_id}")).json()
    assert detail["alerts"][0]["alert"]["labels"] == CHECKOUT
    assert detail["alerts"][0]["doors"][0]["source"] == "alertmanager"
    timeline = (await served.client.get(detail["timeline_url"])).json()
    assert [event["kind"] for event in timeline["events"]] == ["incident.opened", "alert.grouped"]
    first, second = timeline["events"]
    assert second["previous_hash"] == first["hash"]
    assert (await served.client.get("/api/ledger/verify")).json() == {
        "valid": True, "events": 2, "first_bad": None, "reason": "",
    }  # fmt: skip


async def test_a_certificate_is_to_be_had_as_a_file_that_can_be_checked(served: Served) -> None:
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT))
    key = answer.json()["outcomes"][0]["incident_id"]
    url = f"/api/incidents/{key}/certificate"
    assert_refused(await served.client.get(url), 404, "round")
    cast = [signed(ballot(voter, RIGHT.digest, incident=key, round_number=2)) for voter in VOTERS]
    certificate = tally(poll(incident=key, round_number=2), sent(cast), rule(), KEYS.public_keys, NOW).certificate
    assert certificate is not None
    async with served.database.write() as unit:
        await unit.certificates.save(certificate, RIGHT)
    assert_refused(await served.client.get(f"{url}?round=1"), 404, "round")
    held = CertificateFile.model_validate_json((await served.client.get(f"{url}?round=2")).content)
    assert held == CertificateFile.model_validate_json((await served.client.get(url)).content)
    assert all(finding.holds for finding in examine(held.certificate, held.plan, KEYS.public_keys, key))


async def test_a_method_that_is_not_there_is_answered_with_those_that_are(served: Served) -> None:
    for path, allowed in (("/api/practice/reset", "POST"), ("/api/practice/run-1", "GET"), ("/api/v2/alerts", "POST")):
        answer = await served.client.put(path)
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


async def test_prometheus_and_alertmanager_report_one_incident(served: Served) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    first = await served.client.post("/api/v2/alerts", json=[{"labels": CHECKOUT, "endsAt": soon}])
    assert (first.status_code, first.json()["outcomes"][0]["became"]) == (200, "opened")
    second = await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT))
    assert second.json()["outcomes"][0]["became"] == "resent"
    page = (await served.client.get("/api/incidents")).json()
    assert page["incidents"][0]["sources"] == ["prometheus", "alertmanager"]


async def test_good_alerts_are_stored_and_bad_ones_reported(served: Served) -> None:
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT, {}, {"a": 1}))
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert [bad["field"] for bad in answer.json()["rejected"]] == ["alerts[1].labels", "alerts[2].labels['a']"]
    assert (await served.client.get("/api/incidents")).json()["total"] == 1


async def test_a_post_without_one_good_alert_is_refused(served: Served) -> None:
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook({}, {"a": 1}))
    assert_refused(answer, 422, "alerts[0].labels")
    assert len(answer.json()["rejected"]) == 2


async def test_an_empty_post_is_fine(served: Served) -> None:
    assert (await served.client.post("/api/v2/alerts", json=[])).status_code == 200


@pytest.mark.parametrize("route", ["/api/alerts/alertmanager", "/api/v2/alerts", "/api/incidents/demo"])
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"9" * 5000, 400),
        (b"[" + b" " * MAX_BODY_BYTES + b"]", 413),
        (b"x" * 10_000_000, 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(served: Served, route: str, content: bytes, status: int) -> None:
    assert_refused(await served.client.post(route, content=content), status, "body")


async def test_a_body_is_measured_while_it_streams(served: Served) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 2**40:
            sent += 2**20
            yield b" " * 2**20

    assert_refused(await served.client.post("/api/v2/alerts", content=endless()), 413, "body")
    assert sent < 100 * 2**20


async def test_a_hundred_thousand_labels_are_refused_by_name(served: Served) -> None:
    labels: JsonObject = {f"label_{index}": "x" for index in range(100_000)}
    error = assert_refused(
        await served.client.post("/api/alerts/alertmanager", json=webhook(labels)), 422, "alerts[0].labels"
    )
    assert "100000" in error["problem"]


async def test_markup_and_control_characters_come_back_as_they_went_in(served: Served) -> None:
    text = "<img src=x onerror=alert(1)>\x1b[31m\x07\u202e"
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook({**CHECKOUT, "alertname": text}))
    assert answer.status_code == 200
    listed = await served.client.get("/api/incidents")
    assert listed.headers["content-type"] == "application/json"
    assert listed.json()["incidents"][0]["title"] == f"{text} on checkout"


@pytest.mark.parametrize(
    ("url", "status", "field_name"),
    [
        ("/api/incidents/inc-unknown", 404, "incident_id"),
        ("/api/incidents/inc-unknown/timeline", 404, "incident_id"),
        ("/api/incidents/inc-unknown/certificate", 404, "incident_id"),
        ("/api/incidents/inc-unknown/certificate?round=0", 422, "round"),
        ("/api/incidents/%00", 422, "incident_id"),
        ("/api/incidents/%ff%fe", 422, "incident_id"),
        ("/api/incidents/' OR 1=1", 422, "incident_id"),
        (f"/api/incidents/{'x' * 500}", 422, "incident_id"),
        ("/api/incidents?limit=0", 422, "limit"),
        ("/api/incidents?limit=many", 422, "limit"),
        ("/api/incidents?offset=99999999999999999999999", 422, "offset"),
        ("/api/incidents?status=burning", 422, "status[0]"),
        ("/api/incidents?practice_run=%00", 422, "practice_run"),
        ("/api/practice/run-9", 404, "run_id"),
        ("/api/nothing", 404, "request"),
    ],
)
async def test_what_is_not_there_is_refused_by_field(served: Served, url: str, status: int, field_name: str) -> None:
    assert_refused(await served.client.get(url), status, field_name)


async def test_a_wrong_method_is_refused(served: Served) -> None:
    answer = await served.client.get("/api/alerts/alertmanager")
    assert_refused(answer, 405, "request")
    assert answer.headers["allow"] == "POST"


async def test_incidents_are_paged_and_filtered(served: Served) -> None:
    labels: list[JsonObject] = [{"alertname": "A", "service": name} for name in ("one", "two", "three")]
    await served.client.post("/api/alerts/alertmanager", json=webhook(*labels))
    page = (await served.client.get("/api/incidents?limit=2&offset=2")).json()
    assert (page["total"], len(page["incidents"])) == (3, 1)
    assert (await served.client.get("/api/incidents?status=resolved&status=closed")).json()["total"] == 0
    assert (await served.client.get("/api/incidents?practice=false&status=open")).json()["total"] == 3
    assert (await served.client.get("/api/incidents?practice=true")).json()["total"] == 0


@pytest.mark.parametrize(
    ("content", "started"),
    [
        (b"", (None, None)),
        (b"{}", (None, None)),
        (b'{"scenario": null, "seed": null}', (None, None)),
        (b'{"scenario": "memory_leak", "seed": 0}', ("memory_leak", 0)),
    ],
)
async def test_a_demo_starts_a_practice_run(
    served: Served, content: bytes, started: tuple[str | None, int | None]
) -> None:
    answer = await served.client.post("/api/incidents/demo", content=content)
    assert answer.status_code == 202
    assert served.operations.started == [started]
    begun = answer.json()
    assert (begun["run_id"], begun["incident_id"]) == ("run-1", None)
    following = await served.client.get(begun["urls"]["run"])
    assert (following.status_code, following.json()["status"]) == (202, "running")


@pytest.mark.parametrize(
    ("body", "field_name"),
    [
        ({"scenario": "nope"}, "scenario"),
        ({"scenario": 5}, "scenario"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"sed": 1}, "sed"),
        ([], "body"),
        ("x", "body"),
    ],
)
async def test_a_demo_that_cannot_be_is_refused_by_field(served: Served, body: JsonValue, field_name: str) -> None:
    error = assert_refused(await served.client.post("/api/incidents/demo", json=body), 422, field_name)
    assert served.operations.started == []
    if field_name == "scenario" and body == {"scenario": "nope"}:
        assert "database_cascade, memory_leak" in error["remedy"]


async def test_the_practice_metrics_are_prometheus_text(served: Served) -> None:
    answer = await served.client.get("/sandbox/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'request_rate{service="checkout"} 5' in answer.text


async def test_health_is_200_while_the_process_serves(served: Served) -> None:
    answer = await served.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    served.operations.down = OSError("disk")
    answer = await served.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_a_store_that_is_down_is_503_with_a_time_to_come_back(served: Served) -> None:
    await served.database.close()
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT))
    assert_refused(answer, 503, "database")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_tampered_ledger_turns_alerts_away_and_says_why(served: Served) -> None:
    await served.client.post("/api/alerts/alertmanager", json=webhook(CHECKOUT))
    tamper(served.folder, [("DELETE FROM ledger_events WHERE sequence = 2", ())])
    verified = (await served.client.get("/api/ledger/verify")).json()
    assert (verified["valid"], verified["first_bad"]) == (False, 2)
    answer = await served.client.post("/api/alerts/alertmanager", json=webhook({**CHECKOUT, "pod": "x"}))
    assert "cut off" in assert_refused(answer, 503, "database")["problem"]


async def test_an_error_of_ours_is_told_in_the_same_form(tmp_path: Path) -> None:
    async with opened(tmp_path) as database:
        app = api_over(database, PracticeOperations(down=ZeroDivisionError()))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert_refused(await client.get("/health"), 500, "request")


async def test_the_documentation_names_no_other_host_and_its_files_are_served(served: Served) -> None:
    page = (await served.client.get("/docs")).text
    assert "https://" not in page
    assert "http://" not in page
    for path in ("/static-offline-docs/swagger-ui-bundle.js", "/static-offline-docs/swagger-ui.css", "/openapi.json"):
        assert path in page
        assert (await served.client.get(path)).status_code == 200
    paths = set((await served.client.get("/openapi.json")).json()["paths"])
    assert {"/health", "/api/alerts/alertmanager", "/api/v2/alerts", "/api/incidents/demo", "/api/incidents"} <= paths


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["alerts", "labels", "annotations", "startsAt", "endsAt", "status", "version", "scenario", "seed", "generatorURL"]
)
bodies = st.recursive(
    json_values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=8,
).map(json.dumps)
posts = st.tuples(
    st.just("POST"),
    st.sampled_from(["/api/alerts/alertmanager", "/api/v2/alerts", "/api/incidents/demo"]),
    st.binary(max_size=200) | bodies.map(str.encode),
)
segments = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: "/" + quote(text))
reads = st.tuples(
    st.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    st.builds(
        lambda root, rest, query: f"{root}{rest}?{query}",
        st.sampled_from(["/api/incidents", "/api/practice", "/health", "/sandbox/metrics", "/api/ledger/verify", ""]),
        segments,
        st.dictionaries(
            st.sampled_from(["limit", "offset", "status", "practice", "practice_run"]),
            st.text(st.characters(codec="utf-8"), max_size=8),
            max_size=3,
        ).map(urlencode),
    ),
    st.just(b""),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(posts | reads)
async def test_no_input_makes_a_500(served: Served, request_: tuple[str, str, bytes]) -> None:
    method, url, content = request_
    answer = await served.client.request(method, url, content=content)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"field", "value", "problem", "remedy"}
