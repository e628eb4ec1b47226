"""Weekly hours hold by the clocks of their own time zone, past midnight and past the days on which clocks change."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from incident_commander.actions.hours import weekly_hours

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A UTC time of the week that begins on MONDAY."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("Mon-Fri 09:00-17:00 UTC", [at(0, 9), at(4, 16, 59)], [at(0, 8, 59), at(4, 17), at(5, 12)]),
        ("Mon-Fri 09:00-17:00 Europe/Berlin", [at(0, 8), at(0, 15, 59)], [at(0, 7, 59), at(0, 16)]),
        ("Mon-Fri 09:00-17:00 Asia/Tokyo", [at(0, 0), at(6, 0) + timedelta(days=1)], [at(0, 8), at(6, 0)]),
        ("Fri 22:00-06:00 UTC", [at(4, 22), at(5, 5, 59)], [at(5, 22), at(4, 5), at(5, 6)]),
        ("Sun 22:00-02:00 UTC", [at(6, 23), at(0, 1), at(7, 1)], [at(6, 1), at(7, 2)]),
        ("Sat-Mon 00:00-24:00 UTC", [at(5, 0), at(6, 12), at(0, 23, 59)], [at(1, 0), at(4, 23, 59)]),
        ("Tue,Thu 10:00-11:00 UTC", [at(1, 10), at(3, 10)], [at(2, 10), at(4, 10)]),
    ],
)
def test_a_time_is_inside_by_the_zones_own_clock(written: str, inside: list[datetime], outside: list[datetime]) -> None:
    hours = weekly_hours(written)
    assert [moment in hours for moment in inside] == [True] * len(inside)
    assert [moment in hours for moment in outside] == [False] * len(outside)


def test_the_same_hour_holds_in_summer_and_in_winter() -> None:
    hours = weekly_hours("Mon-Fri 09:00-17:00 Europe/Berlin")
    assert datetime(2026, 7, 6, 7, 0, tzinfo=UTC) in hours
    assert datetime(2026, 11, 23, 7, 0, tzinfo=UTC) not in hours


@pytest.mark.parametrize(
    "written",
    ["", "always", "Mon-Fri", "09:00-17:00 UTC", "Mon-Fri 09:00-17:00", "Mon-Fri 9:00-17:00 UTC",
     "Mo-Fr 09:00-17:00 UTC", "Mon-Fri 09:00-09:00 UTC", "Mon-Fri 24:00-09:00 UTC", "Mon-Fri 09:60-17:00 UTC",
     "Mon-Fri 09:00-17:00 Mars/Olympus", "Mon-Fri 09:00-17:00 ../../etc/passwd", "Mon,, 09:00-17:00 UTC"],
)  # fmt: skip
def test_what_names_no_hours_is_refused_with_the_text(written: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(written))):
        weekly_hours(written)


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 23),
    st.integers(1, 24),
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
)
def test_they_end_later_than_any_moment_inside_and_within_a_day_and_an_hour(
    zone: str, start: int, end: int, moment: datetime
) -> None:
    assume(start not in (end, end % 24))
    hours = weekly_hours(f"Mon-Sun {start:02}:00-{end:02}:00 {zone}")
    until = hours.until(moment)
    assert (until is not None) == (moment in hours)
    if until is not None:
        assert moment < until <= moment + timedelta(hours=25)
        assert until in hours or until.astimezone(hours.zone).hour in (end % 24, (end + 1) % 24)
