"""Audit lines of several makers, and which of their calls are strange."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.analysis.audit_trail import audit_lines, owner_of, strange_calls
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import LogRecord

from .test_root_cause import N, at, observe

ORDERS = ServiceName("orders")
CLOUDTRAIL = (
    '{"eventSource":"s3.amazonaws.com","eventName":"GetObject","sourceIPAddress":"203.0.113.77","userIdentity":{"type":'
    '"AssumedRole","arn":"arn:aws:sts::123456789012:assumed-role/orders-role/i-0abc"},"errorCode":"AccessDenied"}'
)
KUBERNETES = (
    '{"kind":"Event","verb":"list","user":{"username":"system:serviceaccount:shop:orders"},'
    '"sourceIPs":["198.51.100.9"],"objectRef":{"resource":"secrets"}}'
)


def said(message: str, index: float = 350, **attributes: str) -> LogRecord:
    return LogRecord(at(index), ServiceName("orders-db"), "WARN", message, tuple(attributes.items()))


@pytest.mark.parametrize(
    ("record", "source", "denied"),
    [
        (said("audit: identity=svc-orders source=203.0.113.77 call=COPY rows=48211 allowed"), "203.0.113.77", False),
        (said("audit: identity=svc-orders source=203.0.113.77:44120 call=ListRoles denied"), "203.0.113.77", True),
        (said(CLOUDTRAIL), "203.0.113.77", True),
        (said(KUBERNETES), "198.51.100.9", False),
        (said("call", user="orders", source_ip="-", ip="2001:db8::7", action="read"), "2001:db8::7", False),
    ],
    ids=["pairs", "with a port", "CloudTrail", "Kubernetes", "attributes"],
)
def test_a_call_is_read_from_whatever_writes_it(record: LogRecord, source: str, denied: bool) -> None:
    (line,) = audit_lines((record,))
    assert owner_of(line.identity, frozenset((ORDERS, ServiceName("orders-db")))) == ORDERS
    assert (line.source, line.denied, line.outside) == (source, denied, True)


@pytest.mark.parametrize(
    "source", ["10.20.4.17", "172.20.0.3", "100.72.1.1", "fd00::12", "cloudformation.amazonaws.com"]
)
def test_a_private_address_and_a_name_are_inside(source: str) -> None:
    lines = audit_lines((said(f"identity=svc-orders source={source} call=SELECT at 10.0.0.1"),))
    assert not any(line.outside for line in lines)


def test_an_address_that_the_identity_comes_from_anyway_is_not_strange() -> None:
    call = "identity=svc-orders source=203.0.113.{} call=SELECT allowed"
    usual, again, moved = said(call.format(7), 20), said(call.format(9), 350), said(call.replace("113.{}", "99.1"), 350)
    assert strange_calls(observe((), logs=(usual, again))) == ()
    assert [line.source for line in strange_calls(observe((), logs=(usual, again, moved)))] == ["203.0.99.1"]


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=3))
def test_any_text_can_be_read(message: str, attributes: list[tuple[str, str]]) -> None:
    record = replace(said(message), attributes=tuple(attributes), at=at(N) - timedelta(seconds=1))
    for line in audit_lines((record,)):
        assert line.identity
        assert isinstance(line.outside, bool)
