"""What must not leave is masked, and undone exactly where it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.reasoning.masking import Masks


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail anna@example.com now", "mail [EMAIL_1] now"),
        ("AKIAABCDEFGHIJKLMNOP", "[AWS_KEY_1]"),
        ("password=password1 and password=password1", "password=[SECRET_1] and password=[SECRET_1]"),
        ('{"api_key": "s3cr3t-value"}', '{"api_key": "[SECRET_1]"}'),
        ("postgresql://app:hunter2@db/orders", "postgresql://[PASSWORD_1]@db/orders"),
        ("Authorization: Bearer abcdef.ghijkl-mnop", "Authorization: Bearer [TOKEN_1]"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "[TOKEN_1]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[PRIVATE_KEY_1]"),
        ("card 4111 1111 1111 1111", "card [CARD_1]"),
        ("call +49 (30) 1234 5678", "call [PHONE_1]"),
        ("ssn 078-05-1120", "ssn [SSN_1]"),
    ],
)
def test_secrets_and_personal_data_become_placeholders(text: str, masked: str) -> None:
    masks = Masks()
    assert masks.mask(text) == masked
    assert masks.unmask(masked) == text


@pytest.mark.parametrize(
    "text",
    [
        "p99 rose from 120 ms to 4,300 ms at 2026-11-29T12:03:04Z",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736 on i-0abc123def4567890 at 10.0.12.7:5432",
        "orders-db: 100 of 100 connections; request 1764417600000 1764417600123",
        "passwords are wrong; secrets manager is slow",
    ],
)
def test_what_telemetry_says_is_left_as_it_is(text: str) -> None:
    assert Masks().mask(text) == text


def test_a_placeholder_that_the_text_brings_along_is_never_taken_for_ours() -> None:
    masks = Masks()
    text = "[EMAIL_1] and anna@example.com"
    assert masks.mask(text) == "[EMAIL_1] and [EMAIL_2]"
    assert masks.unmask("[EMAIL_1] [EMAIL_2] [EMAIL_3]") == "[EMAIL_1] anna@example.com [EMAIL_3]"


@given(st.lists(st.sampled_from(["a@b.io", "AKIAABCDEFGHIJKLMNOP", "pwd: hunter2!", "[EMAIL_1]", "x", "\n", "é"])))
def test_unmasking_undoes_masking(parts: list[str]) -> None:
    masks = Masks()
    text = " ".join(parts)
    assert masks.unmask(masks.mask(text)) == text


@pytest.mark.parametrize("piece", ["a" * 200_000, "password" * 25_000, "1 " * 100_000, "a.b-" * 50_000, "+1 " * 66_000])
@pytest.mark.timeout(20)
def test_no_text_makes_masking_slow(piece: str) -> None:
    assert isinstance(Masks().mask(piece), str)
