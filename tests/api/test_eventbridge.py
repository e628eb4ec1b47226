"""What EventBridge posts becomes alerts, and changes that the diagnosis of a real incident reads."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_commander.agents import diagnosis
from incident_commander.agents.case import Case
from incident_commander.domain.base import JsonObject
from incident_commander.domain.telemetry import Window
from incident_commander.response.observe import observe

from ..ingest.alarms import event
from ..ingest.payloads import payload
from ..ingest.sns_sender import stamp
from .aws_doors import AwsDoors, aws_doors
from .test_api import assert_refused

YEARS = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[AwsDoors]:
    async with aws_doors(tmp_path) as doors:
        yield doors


def deployment(minutes_ago: float, state: str = "START", **changes: str) -> JsonObject:
    """A deployment of CodeDeploy."""
    return {
        "version": "0",
        "id": f"event-{state}",
        "detail-type": "CodeDeploy Deployment State-change Notification",
        "source": "aws.codedeploy",
        "account": "111122223333",
        "time": stamp(datetime.now(UTC) - timedelta(minutes=minutes_ago)),
        "region": "eu-west-1",
        "resources": [],
        "detail": {
            "application": "orders-db",
            "deploymentGroup": "production",
            "deploymentId": "d-8XK2LQ",
            "state": state,
        },
        **changes,
    }


async def test_an_alarm_opens_an_incident_resolves_and_may_come_twice(doors: AwsDoors) -> None:
    times = [stamp(datetime.now(UTC) - timedelta(minutes=minutes)).replace("Z", "+0000") for minutes in (5, 5, 1, 1)]
    states = ("ALARM", "ALARM", "OK", "OK")
    answers = [await doors.eventbridge(event(state=state, at=at)) for state, at in zip(states, times, strict=True)]
    became = [answer.json()["outcomes"][0]["became"] for answer in answers]
    assert became == ["opened", "resent", "resolved", "recorded"]


async def test_a_change_is_kept_once_and_opens_nothing(doors: AwsDoors) -> None:
    first, second = await doors.eventbridge(deployment(5)), await doors.eventbridge(deployment(5))
    assert [first.json()["changes"], second.json()["changes"]] == [1, 0]
    another = await doors.eventbridge(deployment(5, account="444455556666"))
    assert another.json()["changes"] == 1
    assert doors.called == []


async def test_a_deployment_before_a_real_alert_is_evidence_in_its_diagnosis_and_convicts_nobody(
    doors: AwsDoors,
) -> None:
    await doors.eventbridge(deployment(6))
    await doors.eventbridge(deployment(4, "SUCCESS"))
    await doors.eventbridge(event(at=stamp(datetime.now(UTC) - timedelta(minutes=2)).replace("Z", "+0000")))
    (incident,) = await doors.incidents()
    now = datetime.now(UTC)
    observations, impact = await observe(doors.environment, incident.began_at, now)
    (change,) = observations.changes
    assert (change.reference, change.summary) == ("d-8XK2LQ", "deployment success")
    async with doors.database.read() as unit:
        alerts = await unit.alerts.of_incident(incident.id)
    findings = diagnosis.examine(Case(incident, alerts, observations, impact, now)).diagnosis
    assert findings.verdict == "inconclusive"
    assert (findings.hypotheses[0].fault, findings.hypotheses[0].change) == ("bad_deploy", "d-8XK2LQ")
    assert [each.signal for each in findings.hypotheses[0].evidence].count("changes") == 1
    assert {gap.signal for gap in findings.gaps} == {"metrics", "logs", "traces", "topology", "impact"}


@pytest.mark.parametrize(
    ("name", "kind", "service", "reference"),
    [
        ("codedeploy-deployment-event.json", "deploy", "myApplication", "d-123456789"),
        ("autoscaling-event-lifecycle-action.json", "scaling", "my-asg", "i-1234567890abcdef0"),
        ("ecs-container-instance-state-change.json", "scaling", None, "i-f3a8506b"),
    ],
)
async def test_third_party_events_become_changes(
    doors: AwsDoors, name: str, kind: str, service: str | None, reference: str
) -> None:
    answer = await doors.eventbridge(payload(name))
    assert (answer.status_code, answer.json()["changes"]) == (200, 1)
    async with doors.database.read() as unit:
        (kept,) = await unit.changes.between(YEARS)
    assert (kept.change.kind, kept.change.service, kept.change.reference) == (kind, service, reference)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sns-event.json", "SNS notification in Lambda's wrapping"),
        ("sqs-event.json", "SQS messages in Lambda's wrapping"),
        ("cloudwatch-alarm-sns-payload-single-metric.json", "SNS notification in Lambda's wrapping"),
    ],
)
async def test_other_third_party_payloads_are_refused_by_saying_what_they_are(
    doors: AwsDoors, name: str, said: str
) -> None:
    error = assert_refused(await doors.eventbridge(payload(name)), 422, "body")
    assert said in error["problem"]


async def test_another_event_is_refused_with_the_kinds_that_are_taken(doors: AwsDoors) -> None:
    error = assert_refused(
        await doors.eventbridge({**deployment(1), "detail-type": "Scheduled Event"}), 422, "detail-type"
    )
    assert "CloudWatch Alarm State Change" in error["remedy"]


async def test_half_a_surrogate_and_control_characters_are_no_error_of_ours(doors: AwsDoors) -> None:
    for text in ("\ud800", "\x00"):
        content = json.dumps(deployment(1, id=text)).encode()
        assert_refused(await doors.client.post("/api/alerts/eventbridge", content=content), 422, "id")
    assert (await doors.eventbridge(deployment(1, id="\U0001f525\u202e\u05d0"))).json()["changes"] == 1
