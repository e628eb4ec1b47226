"""Alarms come through a topic of moto's SNS, which signs and delivers: published by boto3 and Debian's Alertmanager."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import boto3  # type: ignore[import-untyped]
import httpx
import pytest
from pydantic import JsonValue

from incident_commander.ingest import alertmanager_configuration

from ..ingest.alarms import message
from ..ingest.sns_sender import stamp
from ..running import ProcessGroup, free_port, require_program, wait_until
from .amazon import amazon
from .installation import installation

REGION = "eu-west-1"
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of moto's that an installation has subscribed to."""

    moto: str
    arn: str
    door: str

    def publish(self, text: str) -> None:
        """Publish to it with the official client."""
        _client(self.moto).publish(TopicArn=self.arn, Message=text)

    def incidents(self) -> list[dict[str, JsonValue]]:
        """The incidents of the installation, the newest first."""
        found: list[dict[str, JsonValue]] = (
            httpx.get(f"{self.door}/api/incidents").raise_for_status().json()["incidents"]
        )
        return found

    def alert_statuses(self, incident_id: JsonValue) -> list[str]:
        """How an incident's alerts stand."""
        detail = httpx.get(f"{self.door}/api/incidents/{incident_id}").raise_for_status().json()
        return [each["alert"]["status"] for each in detail["alerts"]]


@pytest.fixture(scope="module")
def topic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topic]:
    folder = tmp_path_factory.mktemp("sns")
    with amazon(folder / "moto") as moto, installation(folder / "installation", moto) as door:
        client = _client(moto)
        arn = client.create_topic(Name="alarms")["TopicArn"]
        client.subscribe(TopicArn=arn, Protocol="http", Endpoint=f"{door}/api/alerts/sns")
        yield Topic(moto, arn, door)


def test_an_alarm_that_boto3_publishes_opens_an_incident_and_its_end_resolves_the_alert(topic: Topic) -> None:
    topic.publish(json.dumps(message("by boto3", at=stamp(datetime.now(UTC)))))
    (incident,) = wait_until(lambda: _titled(topic, "by boto3"), PATIENCE_SECONDS, "the incident")
    assert (incident["sources"], incident["services"]) == (["sns"], ["orders-db"])
    topic.publish(json.dumps(message("by boto3", "OK", at=stamp(datetime.now(UTC)))))
    wait_until(lambda: topic.alert_statuses(incident["id"]) == ["resolved"], PATIENCE_SECONDS, "the resolution")


def test_an_alertmanager_with_the_configuration_shown_sends_its_alerts_through_the_topic(
    topic: Topic, tmp_path: Path
) -> None:
    alert: dict[str, JsonValue] = {
        "labels": {"alertname": "HighErrorRatio", "service": "checkout", "severity": "critical", "path": 'a"b\\c'},
        "annotations": {"summary": "errors \U0001f525\nand more"},
        "startsAt": datetime.now(UTC).isoformat(),
    }
    with _alertmanager(tmp_path, topic) as url:
        httpx.post(f"{url}/api/v2/alerts", json=[alert]).raise_for_status()
        (incident,) = wait_until(lambda: _titled(topic, "HighErrorRatio"), PATIENCE_SECONDS, "the incident")
        assert (incident["services"], incident["severity"]) == (["checkout"], "critical")
        over = {**alert, "endsAt": datetime.now(UTC).isoformat()}
        httpx.post(f"{url}/api/v2/alerts", json=[over]).raise_for_status()
        wait_until(lambda: topic.alert_statuses(incident["id"]) == ["resolved"], PATIENCE_SECONDS, "the resolution")


def test_a_text_that_is_published_opens_nothing(topic: Topic) -> None:
    before = len(topic.incidents())
    topic.publish("Alerts Firing: HighErrorRatio")
    topic.publish(json.dumps(message("after the text", at=stamp(datetime.now(UTC)))))
    wait_until(lambda: _titled(topic, "after the text"), PATIENCE_SECONDS, "the alarm after it")
    assert len(topic.incidents()) == before + 1


def _titled(topic: Topic, name: str) -> list[dict[str, JsonValue]]:
    return [incident for incident in topic.incidents() if name in str(incident["title"])]


@contextmanager
def _alertmanager(folder: Path, topic: Topic) -> Iterator[str]:
    """An Alertmanager with the configuration that the door shows, but for where the topic is; its URL."""
    shown = alertmanager_configuration()
    shown = shown.replace("arn:aws:sns:eu-west-1:111122223333:alerts", topic.arn)
    keys = f"{{region: {REGION}, access_key: test, secret_key: test}}"
    shown = shown.replace("sigv4: {region: eu-west-1}", f"sigv4: {keys}\n        api_url: {topic.moto}")
    assert topic.arn in shown
    assert topic.moto in shown
    route = "route: {receiver: incident-commander, group_wait: 1s, group_interval: 1s}\n"
    (folder / "alertmanager.yml").write_text(route + shown)
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        require_program("prometheus-alertmanager"),
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address={urlsplit(url).netloc}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with ProcessGroup(command, log=folder / "log", cwd=folder) as group:
        group.wait_until(lambda: httpx.get(f"{url}/-/ready", timeout=1).is_success, PATIENCE_SECONDS, "Alertmanager")
        yield url


class _Sns(Protocol):
    """As much of the official client as is used here; it comes without types."""

    def create_topic(self, *, Name: str) -> dict[str, str]: ...

    def subscribe(self, *, TopicArn: str, Protocol: str, Endpoint: str) -> object: ...

    def publish(self, *, TopicArn: str, Message: str) -> object: ...


def _client(moto: str) -> _Sns:
    client: _Sns = boto3.client(
        "sns", endpoint_url=moto, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
    )
    return client
