from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.analysis.log_patterns import rising_patterns, template_of
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import LogRecord

from .series import EPOCH


def lines(service: str, text: str, minutes: range, error: bool = True) -> list[LogRecord]:
    return [
        LogRecord(
            at=EPOCH + timedelta(minutes=m),
            service=ServiceName(service),
            level="ERROR" if error else "INFO",
            message=text.format(m),
        )
        for m in minutes
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("waited 512ms for a connection", "waited 7ms for a connection"),
        ("user 10.2.3.4:8080 gone", "user 192.168.0.1:99 gone"),
        ("request 3f2a9c77 failed", "request 0b1c2d3e failed"),
        ("retry of 'cart' failed", "retry of 'basket item' failed"),
        ("at 0x7f00aa", "at 0x12"),
    ],
)
def test_lines_that_differ_in_variables_share_a_template(one: str, other: str) -> None:
    assert template_of(one) == template_of(other)


def test_lines_that_say_different_things_do_not() -> None:
    assert template_of("pool exhausted after 5 s") != template_of("disk full after 5 s")


def test_new_and_bursting_templates_rise_and_steady_ones_do_not() -> None:
    records = [
        *lines("orders", "heartbeat {}", range(120), error=False),
        *lines("orders", "slow query {}", range(0, 100, 20)),
        *lines("orders", "slow query {}", range(100, 120)),
        *lines("orders", "pool exhausted {}", range(110, 120)),
    ]
    end = EPOCH + timedelta(minutes=120)
    found = rising_patterns(tuple(records), EPOCH, EPOCH + timedelta(minutes=100), end)
    assert {p.template for p in found} == {"pool exhausted <*>", "slow query <*>"}
    new = next(p for p in found if p.new)
    assert (new.template, new.before, new.after) == ("pool exhausted <*>", 0, 10)


@given(st.text(max_size=600))
def test_any_line_has_a_template(text: str) -> None:
    assert template_of(template_of(text)) is not None
