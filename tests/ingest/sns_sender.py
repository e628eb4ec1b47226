"""SNS as a test plays it: a certificate of its own, envelopes signed with it, and a note of what was asked."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from pydantic import JsonValue

from incident_commander.domain.base import JsonObject

TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE_URL = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=secret"
_ORDER = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass
class SnsSender:
    """Signs envelopes, and answers what is asked of SNS.

    Attributes:
        certificates: By the address they are at; an exception is raised instead.
        asked: The addresses of certificates that were fetched.
        visited: The addresses that were visited to confirm.
    """

    certificates: dict[str, bytes | Exception] = field(default_factory=lambda: {CERTIFICATE_URL: certificate()})
    confirming: Exception | None = None
    asked: list[str] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)

    async def certificate(self, url: str) -> bytes:
        """See the Sns protocol."""
        self.asked.append(url)
        found = self.certificates[url]
        if isinstance(found, Exception):
            raise found
        return found

    async def confirm(self, url: str) -> None:
        """See the Sns protocol."""
        self.visited.append(url)
        if self.confirming is not None:
            raise self.confirming


def envelope(message: JsonValue = "hello", *, version: str = "2", **changes: JsonValue) -> JsonObject:
    """A signed notification, published now; a message that is no text is sent as JSON."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    return signed(
        {
            "Type": "Notification",
            "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "TopicArn": TOPIC,
            "Message": text,
            "Timestamp": stamp(datetime.now(UTC)),
            "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
            **changes,
        },
        version,
    )


def confirmation(kind: str = "SubscriptionConfirmation", **changes: JsonValue) -> JsonObject:
    """A signed request to confirm."""
    return signed(
        {
            "Type": kind,
            "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
            "Token": "secret",
            "TopicArn": TOPIC,
            "Message": "You have chosen to subscribe to the topic.",
            "SubscribeURL": SUBSCRIBE_URL,
            "Timestamp": stamp(datetime.now(UTC)),
            **changes,
        },
        "1",
    )


def signed(fields: JsonObject, version: str = "2") -> JsonObject:
    """The fields with their signature, over them as they are."""
    text = "".join(f"{name}\n{fields[name]}\n" for name in _ORDER if name in fields)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = _key().sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
        **fields,
        "Signature": base64.b64encode(signature).decode(),
    }


def stamp(moment: datetime) -> str:
    """A time as SNS writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def certificate(*, elliptic: bool = False, valid_days_ago: int = 0) -> bytes:
    """The certificate of the key that signs; or of an elliptic one; or one that ended that many days ago."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else _key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    end = datetime.now(UTC) + timedelta(days=1) - timedelta(days=valid_days_ago + 1 if valid_days_ago else 0)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(end - timedelta(days=365)).not_valid_after(end)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
