"""What an investigating model is shown of a case: what left its course first, and the worst lines."""

from dataclasses import replace
from datetime import timedelta

from incident_commander.analysis.recollection import CAP
from incident_commander.domain.reasoning import Passage
from incident_commander.domain.telemetry import LogRecord
from incident_commander.response.looking import CaseTelemetry

from ..agents.shop import CALM, CHECKOUT, GATEWAY, LEAKING, NOW, SEARCH, TORN
from ..agents.test_memory import CAUSES, remembering, word


async def test_metrics_that_left_their_course_come_first_and_the_others_keep_theirs() -> None:
    lines = await CaseTelemetry(LEAKING.case()).metrics(CHECKOUT)
    assert lines[0].startswith("latency p99 ms of checkout rose from")
    assert lines[1].startswith("memory utilization of checkout rose from")
    assert len(lines) == 6
    assert all("keeps its course: " in line for line in lines[2:])


async def test_lines_that_differ_in_numbers_alone_are_one_and_the_worst_come_first() -> None:
    begun = NOW - timedelta(minutes=1)
    lines = (
        LogRecord(at=begun, service=SEARCH, level="INFO", message="up"),
        LogRecord(at=begun + timedelta(seconds=1), service=SEARCH, level="ERROR", message="took 12 ms"),
        LogRecord(at=begun + timedelta(seconds=2), service=SEARCH, level="ERROR", message="took 640 ms"),
        LogRecord(at=begun + timedelta(seconds=3), service=SEARCH, level="WARN", message="slow"),
        LogRecord(at=begun + timedelta(seconds=4), service=SEARCH, level="INFO", message="Took 3 ms"),
    )
    telemetry = CaseTelemetry(replace(CALM, logs=lines).case())
    assert await telemetry.logs(SEARCH, "") == [
        "ERROR 09:59:01 to 09:59:02, 2 times: took 640 ms",
        "WARN 09:59:03: slow",
        "INFO 09:59:04: Took 3 ms",
        "INFO 09:59:00: up",
    ]
    assert await telemetry.logs(SEARCH, "TOOK") == [
        "ERROR 09:59:01 to 09:59:02, 2 times: took 640 ms",
        "INFO 09:59:04: Took 3 ms",
    ]
    assert await telemetry.logs(CHECKOUT, "") == []


async def test_traces_tell_who_fails_before_and_since_and_where_it_begins() -> None:
    lines = await CaseTelemetry(TORN.case()).traces(GATEWAY)
    assert [line.split(" since ")[0] for line in lines[:-1]] == ["gateway", "search", "checkout"]
    assert all("before: 0 of " in line for line in lines[:-1])
    assert lines[-1].startswith("requests that fail do so first in ")


async def test_changes_and_similar_incidents_are_told_in_words() -> None:
    (change,) = await CaseTelemetry(LEAKING.case()).changes()
    assert "deploy 4f2a9c of checkout: Keep decoded responses in a cache for reuse" in change
    assert await CaseTelemetry(CALM.case()).changes() == []
    case = remembering(CALM.case(), word(CAUSES[1], CAP))
    told = await CaseTelemetry(case, (Passage(title="inc-7", text="the cache was cold"),)).similar_incidents()
    assert told == ["as told", "inc-7: the cache was cold"]
