"""What Slack signed a moment ago, and nothing else, is Slack's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from incident_commander.access.slack_signature import FRESH_SECONDS, NotFromSlack, SlackSignatures, sign

# The example of Slack's own documentation of version 0.
SECRET = SecretStr("8f742231b10e8888abcd99yyyzzz85a5")
AT = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d"
    b"10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def signatures(seconds: float = float(AT)) -> SlackSignatures:
    return SlackSignatures(SECRET, lambda: seconds)


def test_the_documented_example_is_slacks() -> None:
    assert sign(SECRET, BODY, AT) == SIGNATURE
    signatures().verify(BODY, AT, SIGNATURE)


@given(st.integers(0, len(BODY) - 1), st.binary(min_size=1, max_size=1))
def test_a_changed_body_is_not(where: int, byte: bytes) -> None:
    changed = BODY[:where] + byte + BODY[where + 1 :]
    if changed != BODY:
        with pytest.raises(NotFromSlack, match="does not fit"):
            signatures().verify(changed, AT, SIGNATURE)


@pytest.mark.parametrize("signature", ["", "v0=", SIGNATURE.upper(), SIGNATURE[3:], "v1=" + SIGNATURE[3:], "\ud800"])
def test_another_signature_is_not(signature: str) -> None:
    with pytest.raises(NotFromSlack, match="does not fit"):
        signatures().verify(BODY, AT, signature)


@pytest.mark.parametrize("timestamp", ["", "1531420617", "0" + AT, AT + "\ud800"])
def test_another_time_is_not(timestamp: str) -> None:
    with pytest.raises(NotFromSlack, match="does not fit"):
        signatures().verify(BODY, timestamp, SIGNATURE)


@pytest.mark.parametrize("off", [FRESH_SECONDS + 1, -FRESH_SECONDS - 1, 10**9])
def test_what_was_signed_long_ago_or_is_yet_to_be_is_not(off: int) -> None:
    with pytest.raises(NotFromSlack, match="more than 300 s before or after"):
        signatures(float(AT) + off).verify(BODY, AT, SIGNATURE)


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "\u0661", "9" * 5000])
def test_a_time_that_is_none_is_refused_though_it_was_signed(timestamp: str) -> None:
    with pytest.raises(NotFromSlack, match="more than 300 s"):
        signatures().verify(BODY, timestamp, sign(SECRET, BODY, timestamp))


def test_the_same_request_is_taken_once_and_forgotten_when_it_is_old() -> None:
    now = [float(AT)]
    seen = SlackSignatures(SECRET, lambda: now[0])
    seen.verify(BODY, AT, SIGNATURE)
    for later in (0, 1, FRESH_SECONDS):
        now[0] = float(AT) + later
        with pytest.raises(NotFromSlack, match="came before"):
            seen.verify(BODY, AT, SIGNATURE)
    now[0] = float(AT) + 3 * FRESH_SECONDS
    fresh = str(int(now[0]))
    seen.verify(BODY, fresh, sign(SECRET, BODY, fresh))
    assert len(seen._seen) == 1
