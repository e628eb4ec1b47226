from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.analysis.log_patterns import Pattern, compared_patterns, rising_patterns, story
from incident_commander.domain.base import ServiceName
from incident_commander.domain.telemetry import LogRecord

from .series import EPOCH

SPLIT = EPOCH + timedelta(minutes=100)
END = EPOCH + timedelta(minutes=120)
SERVICES = ("orders", "payments", "catalog", "search", "accounts", "shipping")


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


def compared(*records: list[LogRecord]) -> dict[str, Pattern]:
    whole = tuple(record for some in records for record in some)
    return {pattern.template: pattern for pattern in compared_patterns(whole, EPOCH, SPLIT, END)}


def test_new_and_bursting_templates_rise_and_steady_ones_do_not() -> None:
    records = [
        *lines("orders", "heartbeat {}", range(120), error=False),
        *lines("orders", "slow query {}", range(0, 100, 20)),
        *lines("orders", "slow query {}", range(100, 120)),
        *lines("orders", "pool exhausted {}", range(110, 120)),
    ]
    found = rising_patterns(tuple(records), EPOCH, SPLIT, END)
    assert {p.template for p in found} == {"pool exhausted <*>", "slow query <*>"}
    new = next(p for p in found if p.new)
    assert (new.template, new.before, new.after) == ("pool exhausted <*>", 0, 10)


def test_a_template_is_new_rare_bursting_or_steady_against_the_reference() -> None:
    kinds = compared(
        lines("orders", "heartbeat {}", range(120), error=False),
        lines("orders", "slow query {}", range(0, 100, 20)),
        lines("orders", "slow query {}", range(100, 120)),
        lines("orders", "pool exhausted {}", range(110, 120)),
        lines("orders", "certificate renewed {}", range(50, 120, 60), error=False),
    )
    assert {template: pattern.kind for template, pattern in kinds.items()} == {
        "heartbeat <*>": "steady",
        "slow query <*>": "bursting",
        "pool exhausted <*>": "new",
        "certificate renewed <*>": "rare",
    }
    assert 15 < kinds["slow query <*>"].factor < 25


def test_each_service_has_patterns_of_its_own() -> None:
    both = tuple(
        lines("orders", "pool exhausted {}", range(120)) + lines("search", "pool exhausted {}", range(110, 120))
    )
    found = rising_patterns(both, EPOCH, SPLIT, END)
    assert [(p.service, p.before, p.after) for p in found] == [("search", 0, 10)]


def test_lines_that_name_different_services_stay_apart() -> None:
    records = [record for name in SERVICES[1:] for record in lines("orders", f"{name} timed out {{}}", range(110, 120))]
    records += [record for name in SERVICES for record in lines(name, "heartbeat {}", range(120), error=False)]
    found = rising_patterns(tuple(records), EPOCH, SPLIT, END)
    assert {p.template for p in found} == {f"{name} timed out <*>" for name in SERVICES[1:]}


def test_the_story_is_told_by_what_is_new_and_severe_rather_than_by_what_is_loud() -> None:
    records = [
        *lines("catalog", "served item {}", range(100), error=False),
        *(record for _ in range(9) for record in lines("catalog", "served item {}", range(100, 120), error=False)),
        *lines("search", "catalog timed out after {} ms", range(104, 120)),
        *lines("catalog", "pool exhausted after {} ms", range(102, 120)),
    ]
    told = story(rising_patterns(tuple(records), EPOCH, SPLIT, END))
    assert [t.pattern.template for t in told] == [
        "pool exhausted after <*>", "catalog timed out after <*>", "served item <*>"
    ]  # fmt: skip
    assert told[0].why == ("new since 10:42:00, 18 times; ERROR; search mentions catalog; the first trouble logged")
    assert told[1].names == ("catalog",)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.integers(0, 119), st.sampled_from(SERVICES)), max_size=30))
def test_every_line_after_the_moment_is_counted_once(said: list[tuple[str, int, str]]) -> None:
    records = [record for text, minute, name in said for record in lines(name, "{}", range(minute, minute + 1))]
    records = [
        LogRecord(record.at, record.service, record.level, text)
        for record, (text, _, _) in zip(records, said, strict=True)
    ]
    found = compared_patterns(tuple(records), EPOCH, SPLIT, END)
    assert sum(p.after for p in found) == sum(minute >= 100 for _, minute, _ in said)
    assert all(p.factor > 0.0 and p.evidence >= 0.0 for p in found)
