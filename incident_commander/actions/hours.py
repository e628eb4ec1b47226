"""Weekly hours in a time zone, as a policy writes them: `Mon-Fri 09:00-17:00 Europe/Berlin`."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(r"(?P<days>\S+) +(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d) +(?P<zone>\S+)")
_EXAMPLE = "write it as 'Mon-Fri 09:00-17:00 Europe/Berlin'"
_DAY = 24 * 60

T = TypeVar("T")


class WeeklyHours(BaseModel):
    """Some hours of some days of every week, by the clocks of a time zone, `start <= t < end`.

    Attributes:
        days: 0 is Monday.
        start: Minutes after midnight.
        end: Minutes after the same midnight; beyond a day where the hours last past the next one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    written: str
    days: frozenset[int]
    start: int
    end: int
    zone: ZoneInfo

    def __contains__(self, moment: datetime) -> bool:
        return self.until(moment) is not None

    def until(self, moment: datetime) -> datetime | None:
        """When the hours that hold a moment end; None where none do."""
        local = moment.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        for day, offset in ((local.weekday(), 0), ((local.weekday() - 1) % 7, _DAY)):
            if day in self.days and self.start <= minute + offset < self.end:
                midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
                end = midnight + timedelta(minutes=self.end - offset)
                # Clocks that are put back show an hour twice, those that are put on leave one out: the later reading.
                return max(end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return None


def weekly_hours(written: str) -> WeeklyHours:
    """The hours that a text names.

    Raises:
        ValueError: it is not of the form, or names a day, a time or a time zone that there is not.
    """
    parts = _FORM.fullmatch(written.strip())
    if parts is None:
        raise ValueError(f"{written!r} names no hours; {_EXAMPLE}")
    start, end = _minutes(written, parts["start"]), _minutes(written, parts["end"])
    if start in (end, _DAY):
        raise ValueError(f"{written!r} begins where it ends; a whole day is 00:00-24:00")
    return WeeklyHours(
        written=written.strip(),
        days=frozenset(_days(written, parts["days"])),
        start=start,
        end=end if end > start else end + _DAY,
        zone=_zone(written, parts["zone"]),
    )


def _read(value: T) -> T | WeeklyHours:
    return weekly_hours(value) if isinstance(value, str) else value


def _read_all(value: T) -> T | tuple[T]:
    return (value,) if isinstance(value, str) else value


Hours = Annotated[WeeklyHours, BeforeValidator(_read)]
"""Weekly hours, read from a text."""
HoursList = Annotated[tuple[Hours, ...], BeforeValidator(_read_all)]
"""One text, or a list of them: inside any of the hours."""


def _minutes(written: str, time: str) -> int:
    hours, minutes = int(time[:2]), int(time[3:])
    if minutes > 59 or hours * 60 + minutes > _DAY:
        raise ValueError(f"{written!r}: there is no {time}; times go from 00:00 to 24:00")
    return hours * 60 + minutes


def _days(written: str, named: str) -> set[int]:
    found: set[int] = set()
    for part in named.split(","):
        first, _, last = part.partition("-")
        unknown = [day for day in (first, last or first) if day not in DAYS]
        if unknown:
            raise ValueError(f"{written!r}: {unknown[0]!r} is no day; days are {', '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return found


def _zone(written: str, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{written!r}: {name!r} is no time zone known here; {_EXAMPLE}") from error
