"""Whether an SNS envelope is to be believed: where it says its certificate is, its signature, its age, its topic.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from weakref import WeakValueDictionary

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from .bad_alert import BadAlert, shown
from .limits import MAX_ENVELOPE_AGE, MAX_ENVELOPE_AHEAD
from .sns import Envelope

KEPT_SECONDS = 24 * 3600.0
"""How long a certificate is kept before it is asked for again."""
KEPT_CERTIFICATES = 64
"""SNS has one for each region, changed now and then."""

_HOST = r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?"
_CERTIFICATE_URL = re.compile(_HOST + r"/[A-Za-z0-9._/-]*\.pem")
_SUBSCRIBE_URL = re.compile(_HOST + r"/\?[!-~]+")
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}
_log = structlog.get_logger(__name__)


class Unverified(BadAlert):
    """An envelope that is not to be believed; whoever sent it gets nothing done by it."""


class SnsRefused(Exception):
    """SNS answered, and did not give what was asked for; the message says how it answered."""


class SnsUnavailable(Exception):
    """SNS could not be asked; the envelope should be sent again after `retry_after_seconds`."""

    retry_after_seconds = 20


class Sns(Protocol):
    """What is asked of SNS itself, at addresses that were checked to be its own."""

    async def certificate(self, url: str) -> bytes:
        """A signing certificate, in PEM.

        Raises:
            SnsRefused, SnsUnavailable: there is none.
        """
        ...

    async def confirm(self, url: str) -> None:
        """Visit the address that confirms a subscription.

        Raises:
            SnsRefused, SnsUnavailable: it is not confirmed.
        """
        ...


class SnsTrust:
    """Decides whether envelopes are to be believed.

    Args:
        topics: ARNs of topics, or ids of accounts, whose messages are taken; empty: any that SNS signed.
    """

    def __init__(self, sns: Sns, topics: Collection[str] = ()) -> None:
        self._sns = sns
        self._topics = frozenset(topics)
        self._kept: dict[str, tuple[float, x509.Certificate]] = {}
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def verify(self, envelope: Envelope, now: datetime) -> None:
        """Return if SNS itself signed this envelope, lately, for a topic that is taken.

        Raises:
            Unverified: it is not to be believed.
            SnsUnavailable: the certificate could not be fetched.
        """
        self._check_topic(envelope)
        _check_age(envelope, now)
        algorithm = _HASHES.get(envelope.signature_version)
        if algorithm is None:
            raise Unverified("SignatureVersion", envelope.signature_version, "this version is not known", "send 1 or 2")
        if _CERTIFICATE_URL.fullmatch(envelope.signing_cert_url) is None:
            raise Unverified(
                "SigningCertURL",
                envelope.signing_cert_url,
                "this is not an address of SNS's certificates",
                "only https://sns.REGION.amazonaws.com/....pem is asked for one",
            )
        certificate = await self._certificate(envelope.signing_cert_url)
        _check_signature(envelope, _key_of(certificate, envelope.signing_cert_url, now), algorithm)

    async def confirm(self, envelope: Envelope) -> None:
        """Confirm the subscription that a verified envelope asks for.

        Raises:
            Unverified: its address is not one of SNS's, or SNS did not confirm.
            SnsUnavailable: SNS could not be asked.
        """
        url = envelope.subscribe_url
        if _SUBSCRIBE_URL.fullmatch(url) is None:
            raise Unverified(
                "SubscribeURL",
                url,
                "this is not an address of SNS",
                "only https://sns.REGION.amazonaws.com/?... is visited",
            )
        try:
            await self._sns.confirm(url)
        except SnsRefused as error:
            raise Unverified("SubscribeURL", url, f"SNS did not confirm: {error}", "subscribe again") from error
        _log.info("topic=<%s> | subscription confirmed", shown(envelope.topic_arn))

    def _check_topic(self, envelope: Envelope) -> None:
        if self._topics and not self._topics & {envelope.topic_arn, envelope.account}:
            raise Unverified(
                "TopicArn",
                envelope.topic_arn,
                "messages of this topic are not taken here",
                "add the topic's ARN or its account to IC_SNS_TOPICS",
            )

    async def _certificate(self, url: str) -> x509.Certificate:
        """The certificate at an address, asked for once however many wait for it."""
        lock = self._asking.setdefault(url, asyncio.Lock())
        kept = self._kept.get(url)
        if kept is None or kept[0] < time.monotonic():
            async with lock:
                kept = self._kept.get(url)
                if kept is None or kept[0] < time.monotonic():
                    kept = time.monotonic() + KEPT_SECONDS, await self._ask(url)
                    self._keep(url, kept)
        return kept[1]

    async def _ask(self, url: str) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(await self._sns.certificate(url))
        except SnsRefused as error:
            raise Unverified("SigningCertURL", url, f"there is no certificate: {error}", _SIGNED_BY_SNS) from error
        except ValueError as error:
            raise Unverified("SigningCertURL", url, "what is there is no certificate", _SIGNED_BY_SNS) from error

    def _keep(self, url: str, kept: tuple[float, x509.Certificate]) -> None:
        self._kept.pop(url, None)
        self._kept[url] = kept
        while len(self._kept) > KEPT_CERTIFICATES:
            del self._kept[next(iter(self._kept))]


_SIGNED_BY_SNS = "send what SNS itself signed"


def _check_age(envelope: Envelope, now: datetime) -> None:
    age = now - envelope.timestamp
    if age > MAX_ENVELOPE_AGE:
        problem = f"this envelope is more than {MAX_ENVELOPE_AGE.total_seconds() / 60:.0f} minutes old"
    elif age < -MAX_ENVELOPE_AHEAD:
        problem = "this envelope is from the future"
    else:
        return
    remedy = f"it is {now:%Y-%m-%dT%H:%M:%SZ} here: send messages as SNS delivers them, and set the clock that is wrong"
    raise Unverified("Timestamp", envelope.timestamp.isoformat(), problem, remedy)


def _key_of(certificate: x509.Certificate, url: str, now: datetime) -> RSAPublicKey:
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        until = f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
        raise Unverified("SigningCertURL", url, f"this certificate is valid from {until}, not now", _SIGNED_BY_SNS)
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unverified("SigningCertURL", url, "this certificate has no key that is known", _SIGNED_BY_SNS) from error
    if not isinstance(key, RSAPublicKey):
        raise Unverified("SigningCertURL", url, "this certificate's key is not one of RSA", _SIGNED_BY_SNS)
    return key


def _check_signature(envelope: Envelope, key: RSAPublicKey, algorithm: hashes.HashAlgorithm) -> None:
    try:
        key.verify(base64.b64decode(envelope.signature, validate=True), envelope.signed, PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise Unverified(
            "Signature", envelope.signature, "this is not the signature of SNS over this envelope", _SIGNED_BY_SNS
        ) from error
