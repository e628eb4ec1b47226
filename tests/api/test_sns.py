"""What SNS posts becomes alerts, once and in the right order; what it did not sign changes nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue

from incident_commander.domain.base import JsonObject
from incident_commander.ingest import SnsRefused, SnsUnavailable

from ..ingest.alarms import event, message
from ..ingest.payloads import payload
from ..ingest.sns_sender import SUBSCRIBE_URL, confirmation, envelope, stamp
from .aws_doors import AwsDoors, aws_doors
from .test_api import assert_refused


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[AwsDoors]:
    async with aws_doors(tmp_path) as doors:
        yield doors


def at(minutes_ago: float) -> str:
    """A time as CloudWatch writes it."""
    return stamp(datetime.now(UTC) - timedelta(minutes=minutes_ago)).replace("Z", "+0000")


async def became(doors: AwsDoors, *states: tuple[str, float]) -> list[str]:
    """What became of an alarm's changes of state, each given with its age in minutes, in the order of delivery."""
    answers = []
    for state, minutes in states:
        answer = await doors.sns(envelope(message(state=state, at=at(minutes))))
        assert answer.status_code == 200, answer.text
        answers += [outcome["became"] for outcome in answer.json()["outcomes"]]
    return answers


async def test_an_alarm_opens_an_incident_and_its_end_resolves_it(doors: AwsDoors) -> None:
    assert await became(doors, ("ALARM", 5), ("OK", 1)) == ["opened", "resolved"]
    (incident,) = await doors.incidents()
    assert (incident.sources, incident.services) == (("sns",), ("orders-db",))
    assert doors.called == [incident.id]


async def test_the_same_message_again_changes_nothing(doors: AwsDoors) -> None:
    body = envelope(message(at=at(5)))
    first, second = await doors.sns(body), await doors.sns(body)
    assert [first.json()["outcomes"][0]["became"], second.json()["outcomes"][0]["became"]] == ["opened", "resent"]
    assert len(await doors.incidents()) == 1


async def test_a_message_that_comes_late_does_not_undo_a_later_one(doors: AwsDoors) -> None:
    assert await became(doors, ("ALARM", 9), ("OK", 5), ("ALARM", 9)) == ["opened", "resolved", "recorded"]
    assert await became(doors, ("ALARM", 2), ("OK", 5)) == ["resent", "recorded"]
    async with doors.database.read() as unit:
        assert len(await unit.alerts.firing((await doors.incidents())[0].id)) == 1


async def test_an_alarm_that_is_over_before_it_fires_opens_nothing(doors: AwsDoors) -> None:
    assert await became(doors, ("OK", 2), ("ALARM", 3)) == ["recorded", "recorded"]
    assert await doors.incidents() == ()
    assert await became(doors, ("ALARM", 1)) == ["opened"]


async def test_too_little_data_is_told_and_ends_nothing(doors: AwsDoors) -> None:
    assert await became(doors, ("ALARM", 2), ("INSUFFICIENT_DATA", 1)) == ["opened"]
    answer = await doors.sns(envelope(message(state="INSUFFICIENT_DATA")))
    assert "too little data" in answer.json()["notes"][0]


async def test_one_alarm_by_sns_and_eventbridge_is_one_incident_with_two_sources(doors: AwsDoors) -> None:
    moment = at(1)
    await doors.sns(envelope(message(at=moment)))
    answer = await doors.eventbridge(event(at=moment))
    assert answer.json()["outcomes"][0]["became"] == "resent"
    (incident,) = await doors.incidents()
    assert incident.sources == ("sns", "eventbridge")


async def test_one_alarm_name_in_two_accounts_is_two_alerts(doors: AwsDoors) -> None:
    await doors.sns(envelope(message(at=at(1))))
    await doors.sns(envelope(message(at=at(1), AWSAccountId="444455556666")))
    async with doors.database.read() as unit:
        accounts = {stored.alert.labels["account"] for stored in await unit.alerts.recent(9)}
    assert accounts == {"111122223333", "444455556666"}


async def test_a_subscription_is_confirmed_once_its_signature_is_verified(doors: AwsDoors) -> None:
    answer = await doors.sns(confirmation())
    assert (answer.status_code, doors.sender.visited) == (200, [SUBSCRIBE_URL])
    assert "confirmed" in answer.json()["notes"][0]
    forged = await doors.sns({**confirmation(), "Token": "another"})
    assert_refused(forged, 403, "Signature")
    assert len(doors.sender.visited) == 1


async def test_the_end_of_a_subscription_is_not_taken_back(doors: AwsDoors) -> None:
    answer = await doors.sns(confirmation("UnsubscribeConfirmation"))
    assert (answer.status_code, doors.sender.visited) == (200, [])


async def test_a_confirmation_that_sns_did_not_give_is_told(doors: AwsDoors) -> None:
    doors.sender.confirming = SnsRefused("it answered 400")
    assert_refused(await doors.sns(confirmation()), 403, "SubscribeURL")
    doors.sender.confirming = SnsUnavailable("SNS could not be asked: ConnectTimeout")
    answer = await doors.sns(confirmation())
    assert_refused(answer, 503, "request")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**envelope("x"), "Message": "y"}, "Signature"),
        (envelope("x", SigningCertURL="https://evil.example/a.pem"), "SigningCertURL"),
        (confirmation(SubscribeURL="https://evil.example/?a"), "SubscribeURL"),
        (envelope("x", Timestamp="2026-01-01T00:00:00.000Z"), "Timestamp"),
    ],
)
async def test_what_is_not_to_be_believed_is_forbidden(doors: AwsDoors, body: JsonObject, field: str) -> None:
    assert_refused(await doors.sns(body), 403, field)
    assert doors.sender.visited == []


async def test_other_topics_than_those_of_the_setting_are_forbidden(tmp_path: Path) -> None:
    async with aws_doors(tmp_path, "444455556666") as doors:
        error = assert_refused(await doors.sns(envelope(message())), 403, "TopicArn")
        assert "IC_SNS_TOPICS" in error["remedy"]


async def test_the_default_text_of_an_alertmanager_is_answered_with_its_configuration(doors: AwsDoors) -> None:
    text = "Alerts Firing:\nLabels:\n - alertname = HighErrorRate\nAnnotations:\nSource: http://prometheus/graph\n"
    error = assert_refused(await doors.sns(envelope(text, Subject="[FIRING:1] HighErrorRate")), 422, "Message")
    assert "sns_configs" in error["remedy"]
    assert 'subject: ""' in error["remedy"]


@pytest.mark.parametrize("body", [[], 5, "text", {}, {"Type": "Notification"}, message(), {"Records": [{}]}])
async def test_what_is_no_envelope_is_refused_by_saying_what_it_is(doors: AwsDoors, body: JsonValue) -> None:
    answer = await doors.client.post("/api/alerts/sns", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["remedy"]


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"\xff", 400), (b" " * 5_000_000, 413)])
async def test_a_broken_or_huge_body_is_refused(doors: AwsDoors, content: bytes, status: int) -> None:
    assert_refused(await doors.client.post("/api/alerts/sns", content=content), status, "body")


async def test_the_third_party_alarm_is_refused_as_a_file_and_opens_an_incident_in_an_envelope(doors: AwsDoors) -> None:
    raw = payload("cloudwatch-alarm-sns-payload-single-metric.json")
    error = assert_refused(await doors.client.post("/api/alerts/sns", json=raw), 422, "body")
    assert "Lambda's wrapping" in error["problem"]
    assert isinstance(raw, dict)
    answer = await doors.sns(envelope(_lifted(raw)))
    assert answer.json()["outcomes"][0]["became"] == "opened"
    assert (await doors.incidents())[0].title == "EXAMPLE"


@pytest.mark.parametrize("name", ["sns-event.json", "sqs-event.json", "codedeploy-deployment-event.json"])
async def test_other_third_party_payloads_are_refused_by_saying_what_they_are(doors: AwsDoors, name: str) -> None:
    answer: httpx.Response = await doors.client.post("/api/alerts/sns", json=payload(name))
    error = assert_refused(answer, 422, "body")
    assert any(named in error["problem"] for named in ("SNS notification", "SQS messages", "EventBridge's event"))


def _lifted(raw: JsonObject) -> JsonValue:
    records = raw["Records"]
    assert isinstance(records, list)
    assert isinstance(records[0], dict)
    sns = records[0]["Sns"]
    assert isinstance(sns, dict)
    return sns["Message"]


async def test_an_alertmanager_may_say_again_that_an_alert_fires_since_before_it_said_that_it_was_over(
    doors: AwsDoors,
) -> None:
    became = []
    for minutes, state in ((9, "ALARM"), (5, "OK"), (1, "ALARM"), (4, "OK")):
        alarm: JsonObject = {"AlarmName": "HighErrorRate", "NewStateValue": state, "StateChangeTime": at(minutes + 1)}
        if state == "ALARM":
            alarm["StateChangeTime"] = at(10)
        published = stamp(datetime.now(UTC) - timedelta(minutes=minutes))
        answer = await doors.sns(envelope([alarm], Timestamp=published))
        became.append(answer.json()["outcomes"][0]["became"])
    assert became == ["opened", "resolved", "resent", "recorded"]


async def test_an_end_that_comes_after_the_next_beginning_does_not_end_it(doors: AwsDoors) -> None:
    assert await became(doors, ("ALARM", 9), ("ALARM", 2), ("OK", 5)) == ["opened", "resent", "recorded"]
