"""What SNS signed lately is believed; whatever else looks like it is refused, and nothing foreign is ever visited."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import JsonValue

from incident_commander.domain.base import JsonObject
from incident_commander.ingest.bad_alert import BadAlert
from incident_commander.ingest.sns import read_envelope
from incident_commander.ingest.sns_trust import (
    KEPT_CERTIFICATES,
    SnsRefused,
    SnsTrust,
    SnsUnavailable,
    Unverified,
)

from .sns_sender import CERTIFICATE_URL, TOPIC, SnsSender, certificate, confirmation, envelope, signed, stamp

FOREIGN_HOSTS = [
    "http://sns.eu-west-1.amazonaws.com/",
    "https://sns.eu-west-1.amazonaws.com.evil.example/",
    "https://evil.example/sns.eu-west-1.amazonaws.com/",
    "https://sns.eu-west-1.amazonaws.com:8443/",
    "https://user@sns.eu-west-1.amazonaws.com/",
    "https://sns.eu-west-1.amazonaws.com@evil.example/",
    "https://sns.eu-west-1.amazonaws.com\\@evil.example/",
    "https://evilsns.eu-west-1.amazonaws.com/",
    "https://sns.evil.example.amazonaws.com/",
    "https://SNS.EU-WEST-1.AMAZONAWS.COM/",
    "https://sns.eu-west-1.amazonaws.com.cn.evil/",
    "https://sns.eu-west-1.amazonaws.com\n.evil.example/",
    " https://sns.eu-west-1.amazonaws.com/",
    "file:///",
    "",
]


async def verified(body: JsonObject, sender: SnsSender | None = None, topics: tuple[str, ...] = ()) -> SnsSender:
    sender = sender or SnsSender()
    await SnsTrust(sender, topics).verify(read_envelope(body), datetime.now(UTC))
    return sender


async def refused(body: JsonObject, sender: SnsSender | None = None, topics: tuple[str, ...] = ()) -> Unverified:
    with pytest.raises(Unverified) as caught:
        await verified(body, sender, topics)
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("changes", [{}, {"Subject": "ALARM: \U0001f525"}, {"Subject": None}])
async def test_both_versions_of_the_signature_are_verified_with_a_subject_and_without(
    version: str, changes: dict[str, JsonValue]
) -> None:
    present = {name: value for name, value in changes.items() if value is not None}
    sender = await verified({**envelope("\u05d0 \U0001f525", version=version, **present), **changes})
    assert sender.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
async def test_requests_to_confirm_are_verified_over_their_own_fields(kind: str) -> None:
    await verified(confirmation(kind))
    assert (await refused({**confirmation(kind), "Token": "another"})).field == "Signature"
    assert (await refused({**confirmation(kind), "SubscribeURL": "https://evil.example"})).field == "Signature"


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": "another"},
        {"MessageId": "another"},
        {"TopicArn": "arn:aws:sns:eu-west-1:444455556666:another"},
        {"Subject": "added"},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"Signature": "\u05d0"},
        {"Signature": ""},
        {"SignatureVersion": "1"},
    ],
)
async def test_a_forged_envelope_is_refused(changes: JsonObject) -> None:
    assert (await refused({**envelope(), **changes})).field == "Signature"


async def test_an_unknown_signature_version_is_refused() -> None:
    assert (await refused({**envelope(), "SignatureVersion": "3"})).field == "SignatureVersion"


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_certificate_is_never_fetched_from_a_foreign_host(host: str) -> None:
    sender = SnsSender()
    assert (await refused({**envelope(), "SigningCertURL": f"{host}a.pem"}, sender)).field == "SigningCertURL"
    assert sender.asked == []


@pytest.mark.parametrize("path", ["/", "/a.crt", "/a.pem?x=.pem", "/?a.pem", "/a.pem#b.pem", "/a.pem\n", "/a\\b.pem"])
async def test_a_certificate_is_never_fetched_from_another_path(path: str) -> None:
    sender = SnsSender()
    url = f"https://sns.eu-west-1.amazonaws.com{path}"
    assert (await refused({**envelope(), "SigningCertURL": url}, sender)).field == "SigningCertURL"
    assert sender.asked == []


async def test_the_host_of_china_is_known() -> None:
    url = "https://sns.cn-north-1.amazonaws.com.cn/a.pem"
    sender = await verified(envelope(SigningCertURL=url), SnsSender({url: certificate()}))
    assert sender.asked == [url]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_subscription_is_never_confirmed_at_a_foreign_host(host: str) -> None:
    sender = SnsSender()
    trust = SnsTrust(sender)
    body = read_envelope(confirmation(SubscribeURL=f"{host}?Action=ConfirmSubscription"))
    await trust.verify(body, datetime.now(UTC))
    with pytest.raises(Unverified) as caught:
        await trust.confirm(body)
    assert caught.value.field == "SubscribeURL"
    assert sender.visited == []


@pytest.mark.parametrize(
    ("age", "said"), [(timedelta(days=1), "60 minutes old"), (timedelta(hours=-2), "from the future")]
)
async def test_an_envelope_from_another_time_is_refused(age: timedelta, said: str) -> None:
    fault = await refused(envelope(Timestamp=stamp(datetime.now(UTC) - age)))
    assert (fault.field, said in fault.problem) == ("Timestamp", True)


async def test_a_delivery_that_was_retried_for_some_minutes_is_taken() -> None:
    sender = await verified(envelope(Timestamp=stamp(datetime.now(UTC) - timedelta(minutes=50))))
    assert sender.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (certificate(elliptic=True), "not one of RSA"),
        (certificate(valid_days_ago=1), "not now"),
        (b"hello", "no certificate"),
        (b"", "no certificate"),
        (SnsRefused("it answered 404"), "404"),
    ],
)
async def test_a_certificate_that_cannot_have_signed_it_is_refused(pem: bytes | Exception, said: str) -> None:
    fault = await refused(envelope(), SnsSender({CERTIFICATE_URL: pem}))
    assert (fault.field, said in fault.problem) == ("SigningCertURL", True)


async def test_a_certificate_that_cannot_be_fetched_now_refuses_nothing() -> None:
    with pytest.raises(SnsUnavailable):
        await verified(envelope(), SnsSender({CERTIFICATE_URL: SnsUnavailable("down")}))


async def test_a_certificate_is_fetched_once_however_many_wait_for_it() -> None:
    sender = SnsSender()
    trust = SnsTrust(sender)
    now = datetime.now(UTC)
    await asyncio.gather(*(trust.verify(read_envelope(envelope()), now) for _ in range(5)))
    await trust.verify(read_envelope(envelope("another")), now)
    assert sender.asked == [CERTIFICATE_URL]


async def test_a_failed_fetch_is_not_remembered() -> None:
    sender = SnsSender({CERTIFICATE_URL: SnsUnavailable("down")})
    trust = SnsTrust(sender)
    with pytest.raises(SnsUnavailable):
        await trust.verify(read_envelope(envelope()), datetime.now(UTC))
    sender.certificates[CERTIFICATE_URL] = certificate()
    await trust.verify(read_envelope(envelope()), datetime.now(UTC))


async def test_addresses_without_end_do_not_fill_the_memory() -> None:
    urls = [f"https://sns.eu-west-1.amazonaws.com/{number}.pem" for number in range(KEPT_CERTIFICATES + 1)]
    sender = SnsSender(dict.fromkeys(urls, certificate()))
    trust = SnsTrust(sender)
    for url in (*urls, urls[-1], urls[0]):
        await trust.verify(read_envelope(signed({**envelope(), "SigningCertURL": url})), datetime.now(UTC))
    assert sender.asked == [*urls, urls[0]]


async def test_only_the_topics_and_accounts_of_the_setting_are_taken() -> None:
    for topics in ((TOPIC,), ("111122223333",), ("444455556666", "111122223333")):
        await verified(envelope(), topics=topics)
    sender = SnsSender()
    assert (await refused(envelope(), sender, ("444455556666",))).field == "TopicArn"
    assert sender.asked == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"Type": "Gossip"}, "Type"),
        ({"Type": None}, "Type"),
        ({"Message": None}, "Message"),
        ({"Message": "x" * 300_000}, "Message"),
        ({"Message": "a\x00"}, "Message"),
        ({"Message": "\ud800"}, "Message"),
        ({"MessageId": 5}, "MessageId"),
        ({"Subject": 5}, "Subject"),
        ({"Timestamp": "now"}, "Timestamp"),
        ({"TopicArn": []}, "TopicArn"),
        ({"Signature": None}, "Signature"),
        ({"SignatureVersion": 1}, "SignatureVersion"),
        ({"SigningCertURL": None}, "SigningCertURL"),
        ({"SigningCertURL": "https://" + "x" * 3000}, "SigningCertURL"),
    ],
)
def test_a_field_of_an_envelope_that_is_wrong_is_named(changes: JsonObject, field: str) -> None:
    with pytest.raises(BadAlert) as caught:
        read_envelope({**envelope(), **changes})
    assert caught.value.field == field
