"""How fast each door has an alert durable and answered: its own body, one after another, into one open incident."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from ..domain.base import JsonObject
from .figures import Figure, figure
from .ingest import ANSWER_LIMIT_MS, NotAccepted, quiet
from .practice import practising

_ACCOUNT, _REGION = "111122223333", "eu-west-1"
_TOPIC = f"arn:aws:sns:{_REGION}:{_ACCOUNT}:bench"


@dataclass(frozen=True, slots=True)
class Door:
    """A door, and how to write the body of an alert for it.

    Attributes:
        body: Of a service and a number, different for every number.
    """

    path: str
    body: Callable[[str, int], object]


async def door_figures(url: str, alerts: int) -> tuple[Figure, ...]:
    """Time every door of a running server; the one for SNS in this process, where the signature can be one of our own.

    Args:
        alerts: How many are posted at each door.

    Raises:
        NotAccepted: a door did not take its alert.
        httpx.HTTPError: the server does not answer.
    """
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        figures = [await _time(client, door, alerts, "over HTTP") for door in DOORS]
    signer = _Signer()
    async with practising(sns=signer) as commander:
        transport = httpx.ASGITransport(commander.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
            door = Door("/api/alerts/sns", signer.envelope)
            figures.append(await _time(client, door, alerts, "in this process, signed with a key of its own"))
    return tuple(figures)


async def _time(client: httpx.AsyncClient, door: Door, alerts: int, detail: str) -> Figure:
    service = f"bench-{token_hex(6)}"
    bodies = [door.body(service, number) for number in range(alerts + 1)]
    samples = []
    for number, body in enumerate(bodies):
        begun = time.perf_counter()
        answer = await client.post(door.path, json=body)
        seconds = time.perf_counter() - begun
        if not answer.is_success:
            raise NotAccepted(f"{door.path} answered {answer.status_code}: {answer.text[:300]}")
        if number:
            samples.append(seconds * 1000)
        else:
            # The first opens the incident; the response to it would run beside the others.
            await quiet(client)
    return figure(f"{door.path} durable and answered", "p95", samples, "ms", ANSWER_LIMIT_MS, detail)


def _labels(service: str, number: int) -> JsonObject:
    return {"alertname": "Bench", "service": service, "instance": f"instance-{number}", "severity": "warning"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _alertmanager(service: str, number: int) -> JsonObject:
    alert: JsonObject = {"status": "firing", "labels": _labels(service, number), "annotations": {}, "startsAt": _now()}
    return {"version": "4", "groupKey": "bench", "status": "firing", "alerts": [alert]}


def _prometheus(service: str, number: int) -> list[JsonObject]:
    later = (datetime.now(UTC) + timedelta(minutes=4)).isoformat()
    return [{"labels": _labels(service, number), "annotations": {}, "startsAt": _now(), "endsAt": later}]


def _pagerduty(service: str, number: int) -> JsonObject:
    return {
        "routing_key": "0" * 32,
        "event_action": "trigger",
        "dedup_key": f"{service}-{number}",
        "payload": {"summary": "Bench", "source": f"instance-{number}", "severity": "warning", "component": service},
    }


def _generic(service: str, number: int) -> JsonObject:
    return {"name": "Bench", "service": service, "severity": "medium", "labels": {"instance": f"instance-{number}"}}


def _eventbridge(service: str, number: int) -> JsonObject:
    metric: JsonObject = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": {"FunctionName": service}}
    return {
        "version": "0",
        "id": token_hex(16),
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": _ACCOUNT,
        "time": _now(),
        "region": _REGION,
        "resources": [],
        "detail": {
            "alarmName": f"bench-{number}",
            "state": {"value": "ALARM", "reason": "bench", "timestamp": _now()},
            "previousState": {"value": "OK", "reason": "bench", "timestamp": _now()},
            "configuration": {
                "metrics": [
                    {"id": "m1", "metricStat": {"metric": metric, "period": 60, "stat": "Sum"}, "returnData": True}
                ]
            },
        },
    }


DOORS = (
    Door("/api/alerts/alertmanager", _alertmanager),
    Door("/api/v2/alerts", _prometheus),
    Door("/v2/enqueue", _pagerduty),
    Door("/api/alerts/generic", _generic),
    Door("/api/alerts/eventbridge", _eventbridge),
)


class _Signer:
    """SNS as far as a door asks it, with a key made for the measurement."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    async def certificate(self, url: str) -> bytes:
        """The certificate of that key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    async def confirm(self, url: str) -> None:
        """Nothing is subscribed."""

    def envelope(self, service: str, number: int) -> JsonObject:
        """A signed notification of a CloudWatch alarm."""
        alarm: JsonObject = {
            "AlarmName": f"bench-{number}",
            "AWSAccountId": _ACCOUNT,
            "NewStateValue": "ALARM",
            "NewStateReason": "bench",
            "StateChangeTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            "Region": "EU (Ireland)",
            "OldStateValue": "OK",
            "Trigger": {
                "MetricName": "Errors",
                "Namespace": "AWS/Lambda",
                "Dimensions": [{"name": "FunctionName", "value": service}],
            },
        }
        signed = {
            "Message": json.dumps(alarm),
            "MessageId": token_hex(16),
            "Timestamp": _now(),
            "TopicArn": _TOPIC,
            "Type": "Notification",
        }
        text = "".join(f"{name}\n{value}\n" for name, value in signed.items())
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {
            **signed,
            "SignatureVersion": "2",
            "SigningCertURL": f"https://sns.{_REGION}.amazonaws.com/bench.pem",
            "Signature": base64.b64encode(signature).decode(),
        }
