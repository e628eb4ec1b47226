"""When CloudWatch's alarms changed their state, as lines of a log: what somebody once thought worth watching."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from ...aws import AwsError, Pascal
from ...domain.base import ServiceName
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Gap, Incomplete, LogRecord, Window
from .inventory import Stock
from .listing import Lister
from .minutes import Minutes
from .place import Place

WRITER = ServiceName("cloudwatch")
"""Who writes these lines: no service of yours."""
MOST_CHANGES = 500


class AlarmHistory:
    """See LogsPort; of one place."""

    def __init__(self, place: Place, stock: Stock, lister: Lister, now: Callable[[], float] = time.time) -> None:
        self._place = place
        self._stock = stock
        self._lister = lister
        self._kept = Minutes[tuple[LogRecord, ...]](self._read, now)

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """See LogsPort.

        Raises:
            SourceUnavailable: they cannot be read.
        """
        return await self._kept.get(window)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self, start: int, end: int) -> tuple[LogRecord, ...]:
        asked = {
            "HistoryItemType": "StateUpdate",
            "StartDate": datetime.fromtimestamp(start, UTC),
            "EndDate": datetime.fromtimestamp(end, UTC),
            "ScanBy": "TimestampDescending",
            "PaginationConfig": {"MaxItems": MOST_CHANGES, "PageSize": 100},
        }
        try:
            source = await self._place.source("cloudwatch")
            listing = await self._lister.listing()
            found = await self._place.read_all(_History, "cloudwatch", "DescribeAlarmHistory", asked)
        except AwsError as error:
            raise SourceUnavailable(self._place.gap("alerts", error, "the alarms' history")) from error
        names = (await self._stock.inventory()).names
        owners = {
            alarm.name: dict.fromkeys(names.of(each.owner) for each in alarm.metrics if each.owner)
            for alarm in listing.alarms
        }
        records = [
            LogRecord(
                at=item.timestamp,
                service=WRITER,
                level="WARN" if "to ALARM" in item.history_summary else "INFO",
                message=f"alarm {item.alarm_name} of {', '.join(owners.get(item.alarm_name, ())) or 'no service'}: "
                f"{item.history_summary}",
                source=source,
            )
            for item in found.alarm_history_items
        ]
        records.sort(key=lambda record: record.at)
        if found.next_token:
            reason = f"{self._place.name}: alarms changed their state more than {MOST_CHANGES} times"
            gap = Gap(signal="alerts", reason=reason, remedy="see to alarms that flap")
            return Incomplete(records, (gap,))
        return tuple(records)


class _Item(Pascal):
    alarm_name: str
    timestamp: datetime
    history_summary: str = ""


class _History(Pascal):
    alarm_history_items: tuple[_Item, ...] = ()
    next_token: str = ""
