"""The outside servers themselves: what Debian's Prometheus and Alertmanager really send is what the doors must take."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import JsonValue

from ..running import wait_until
from .monitoring import Rule, alertmanager, prometheus
from .receiver import Receiver, receiving

LABELS: dict[str, str] = {"alertname": "HighErrorRatio", "service": "checkout", "practice_run": "run-1"}


def objects(value: JsonValue) -> list[dict[str, JsonValue]]:
    assert isinstance(value, list)
    return [item for item in value if isinstance(item, dict)]


def time_of(value: JsonValue) -> datetime:
    """The two write the same time with and without trailing zeros."""
    assert isinstance(value, str)
    return datetime.fromisoformat(value)


def webhooks(receiver: Receiver, status: str) -> list[dict[str, JsonValue]]:
    return [body for body in objects(receiver.posted("/hook")) if body.get("status") == status]


def test_alertmanager_delivers_a_posted_alert_and_its_resolution_by_webhook(tmp_path: Path) -> None:
    with receiving() as receiver, alertmanager(tmp_path / "am", f"{receiver.url}/hook") as server:
        alert = {"labels": LABELS, "annotations": {"summary": "errors"}, "startsAt": datetime.now(UTC).isoformat()}
        httpx.post(f"{server.url}/api/v2/alerts", json=[alert]).raise_for_status()
        firing = wait_until(lambda: webhooks(receiver, "firing"), 30, "the firing webhook")[0]
        httpx.post(
            f"{server.url}/api/v2/alerts", json=[{**alert, "endsAt": datetime.now(UTC).isoformat()}]
        ).raise_for_status()
        resolved = wait_until(lambda: webhooks(receiver, "resolved"), 30, "the resolved webhook")[0]
    assert firing["version"] == "4"
    (told,) = objects(firing["alerts"])
    assert told["labels"] == LABELS
    assert told["status"] == "firing"
    assert told["endsAt"] == "0001-01-01T00:00:00Z"
    (ended,) = objects(resolved["alerts"])
    assert ended["status"] == "resolved"
    assert ended["fingerprint"] == told["fingerprint"]


def test_prometheus_fires_by_both_doors_and_tells_the_end_by_both(tmp_path: Path) -> None:
    rule = Rule("HighErrorRatio", "error_ratio > 0.1", "1s", {"severity": "critical"}, {"summary": "errors"})
    with receiving() as receiver, alertmanager(tmp_path / "am", f"{receiver.url}/hook") as door:
        receiver.exposition = 'error_ratio{service="checkout"} 0.5\n'
        with prometheus(
            tmp_path / "prom", scrape=f"{receiver.url}/metrics", rules=[rule], alertmanagers=[door.url, receiver.url]
        ):
            fired = wait_until(lambda: receiver.posted("/api/v2/alerts"), 30, "Prometheus' own post")[0]
            wait_until(lambda: webhooks(receiver, "firing"), 30, "the firing webhook")
            receiver.exposition = 'error_ratio{service="checkout"} 0.01\n'
            wait_until(lambda: webhooks(receiver, "resolved"), 30, "the resolved webhook")
    (direct,) = objects(fired)
    assert direct["labels"] == {
        "alertname": "HighErrorRatio",
        "instance": receiver.url.removeprefix("http://"),
        "job": "practice_company",
        "service": "checkout",
        "severity": "critical",
    }
    (first,) = objects(webhooks(receiver, "firing")[0]["alerts"])
    assert first["labels"] == direct["labels"]
    assert time_of(first["startsAt"]) == time_of(direct["startsAt"])
    assert time_of(direct["endsAt"]) > time_of(direct["startsAt"]), "a firing alert carries an end in the future"
