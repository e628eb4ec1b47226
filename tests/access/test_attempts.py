"""Wrong tokens are tried at a slow rate; who waits is heard again, and a crowd of strangers keeps no operator out."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.access import Attempts, TooManyAttempts
from incident_commander.access.attempts import (
    CLIENT_BURST,
    CLIENT_SECONDS,
    KNOWN_CLIENTS,
    OVERALL_BURST,
    OVERALL_SECONDS,
)


@dataclass
class Watch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def is_admitted(attempts: Attempts, client: str) -> bool:
    try:
        attempts.admit(client)
    except TooManyAttempts:
        return False
    return True


def wrong(attempts: Attempts, client: str, times: int) -> None:
    for _ in range(times):
        attempts.admit(client)
        attempts.failed(client)


def test_a_client_that_was_wrong_too_often_waits_for_its_next_try_and_no_longer() -> None:
    watch = Watch()
    attempts = Attempts(watch)
    wrong(attempts, "192.0.2.1", CLIENT_BURST)
    with pytest.raises(TooManyAttempts) as refusal:
        attempts.admit("192.0.2.1")
    assert refusal.value.retry_after_seconds == CLIENT_SECONDS
    assert is_admitted(attempts, "192.0.2.2")
    for _ in range(1_000):
        assert not is_admitted(attempts, "192.0.2.1")
    watch.seconds += CLIENT_SECONDS
    assert is_admitted(attempts, "192.0.2.1")


def test_a_crowd_of_strangers_keeps_strangers_out_but_nobody_who_has_been_in() -> None:
    watch = Watch()
    attempts = Attempts(watch)
    attempts.succeeded("192.0.2.1")
    for number in range(OVERALL_BURST):
        wrong(attempts, f"198.51.100.{number}", 1)
    assert not is_admitted(attempts, "192.0.2.2")
    assert is_admitted(attempts, "192.0.2.1")
    watch.seconds += OVERALL_SECONDS
    assert is_admitted(attempts, "192.0.2.2")


def test_a_client_that_was_right_has_no_more_wrong_tries_than_others() -> None:
    attempts = Attempts(Watch())
    attempts.succeeded("192.0.2.1")
    wrong(attempts, "192.0.2.1", CLIENT_BURST)
    assert not is_admitted(attempts, "192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unix", False),
    ],
)
def test_an_ipv6_subscriber_is_one_client(one: str, other: str, same: bool) -> None:
    attempts = Attempts(Watch())
    wrong(attempts, one, CLIENT_BURST)
    assert is_admitted(attempts, other) is not same


def test_what_is_remembered_is_bounded() -> None:
    watch = Watch()
    attempts = Attempts(watch)
    for number in range(KNOWN_CLIENTS + 10):
        watch.seconds += OVERALL_SECONDS
        client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        wrong(attempts, client, 1)
        attempts.succeeded(client)
    assert len(attempts._clients) == len(attempts._trusted) == KNOWN_CLIENTS


@given(st.lists(st.floats(0, 30, allow_nan=False), max_size=200))
def test_whatever_the_rhythm_a_client_is_heard_no_oftener_than_its_allowance(pauses: list[float]) -> None:
    watch = Watch()
    attempts = Attempts(watch)
    heard = 0
    for pause in pauses:
        watch.seconds += pause
        if is_admitted(attempts, "192.0.2.1"):
            attempts.failed("192.0.2.1")
            heard += 1
    assert heard <= CLIENT_BURST + watch.seconds / CLIENT_SECONDS + 1
