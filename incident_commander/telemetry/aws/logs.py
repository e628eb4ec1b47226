"""The lines of a window that complain, from CloudWatch Logs: by Logs Insights, or group by group where that is denied.

Both are bounded; what was not read is a gap. The newest lines come first, since they are of the incident.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, Field

from ...aws import AwsError, Camel, Denied, Rejected
from ...domain.ports import SourceUnavailable
from ...domain.telemetry import Gap, Incomplete, LogRecord, Window
from ..log_line import read_line
from .inventory import Stock
from .log_groups import LogGroup, chosen
from .minutes import Minutes
from .place import Place

MOST_GROUPS = 150
"""That are read; Logs Insights takes 50 at once."""
MOST_LINES = 3000
"""Of one query."""
QUERY_SECONDS = 20.0
FILTERED_GROUPS = 20
"""That are read one by one where Logs Insights may not be used."""
FILTERED_LINES = 1000
"""Of a group."""
LATEST_SECONDS = 20 * 60
"""What is read first, group by group."""

_AT_ONCE = 50
_FIRST_LOOK, _LOOK_LONGER = 0.3, 1.6
_COMPLAINS = (
    "error|exception|fatal|panic|fail|time(d )?-?out|refused|denied|forbidden|unauthori[sz]ed|throttl|oom|out of|"
    "killed|warn|unavailable|reset by|exhausted|too many|no space|deadlock|corrupt|invalid|certificate|expired|abort"
)
QUERY = f"""fields @timestamp, @log, @logStream, @message
| filter @message like /(?i)({_COMPLAINS})/
| sort @timestamp desc
| limit {MOST_LINES}"""
PATTERN = " ".join(
    f"?{word}"
    for word in (
        "ERROR", "Error", "error", "Exception", "exception", "FATAL", "Fatal", "fatal", "panic", "FAIL", "Fail", "fail",
        "WARN", "warn", "timeout", "refused", "denied", "unavailable", "memory", "exhausted",
    )
)  # fmt: skip
"""The same for FilterLogEvents, which knows whole terms and both cases apart."""


class CloudWatchLogs:
    """See LogsPort; of one place."""

    def __init__(self, place: Place, stock: Stock, now: Callable[[], float] = time.time) -> None:
        self._place = place
        self._stock = stock
        self._kept = Minutes[tuple[LogRecord, ...]](self._read, now)

    async def logs(self, window: Window) -> tuple[LogRecord, ...]:
        """See LogsPort. What was not read is a gap of an incomplete answer.

        Raises:
            SourceUnavailable: nothing could be read.
        """
        return await self._kept.get(window)

    def close(self) -> None:
        """Give up what is being read."""
        self._kept.close()

    async def _read(self, start: int, end: int) -> tuple[LogRecord, ...]:
        try:
            source = await self._place.source("logs")
            asked = {"PaginationConfig": {"MaxItems": 1000}}
            listed = await self._place.read_all(_Groups, "logs", "DescribeLogGroups", asked)
        except AwsError as error:
            raise SourceUnavailable(self._place.gap("logs", error)) from error
        inventory = await self._stock.inventory()
        groups = chosen((each.log_group_name for each in listed.log_groups), inventory)
        gaps: list[Gap] = []
        if len(groups) > MOST_GROUPS:
            reason = f"{self._place.name} has {len(groups):,} log groups, and {MOST_GROUPS} are read"
            gaps.append(Gap(signal="logs", reason=reason, remedy="tag those of services with service=NAME"))
        groups = groups[:MOST_GROUPS]
        if not groups or end <= start:
            return Incomplete((), gaps) if gaps else ()
        found: list[LogRecord] = []
        answered = 0
        failed: AwsError | None = None
        some = [groups[first : first + _AT_ONCE] for first in range(0, len(groups), _AT_ONCE)]
        answers = await asyncio.gather(
            *(self._query(each, start, end, source, gaps) for each in some), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, AwsError):
                failed = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                records, complete = answer
                found += records
                answered += complete
        if failed is not None:
            gaps.append(self._place.gap("logs", failed))
            if not answered and isinstance(failed, Denied | Rejected):
                found += await self._filtered(groups, start, end, source, gaps)
        records = sorted(found, key=lambda record: record.at)
        if not records and not answered:
            raise SourceUnavailable(*gaps)
        return Incomplete(records, gaps) if gaps else tuple(records)

    async def _query(
        self, groups: Sequence[LogGroup], start: int, end: int, source: str, gaps: list[Gap]
    ) -> tuple[list[LogRecord], bool]:
        """Lines by Logs Insights, as many as it has found when its time is over, and whether those are all."""
        asked = {"logGroupNames": [each.name for each in groups], "startTime": start, "endTime": end}
        query = (await self._place.read(_Started, "logs", "StartQuery", {**asked, "queryString": QUERY})).query_id
        deadline, pause = time.monotonic() + QUERY_SECONDS, _FIRST_LOOK
        while True:
            answer = await self._place.read(_Results, "logs", "GetQueryResults", {"queryId": query})
            if answer.status not in ("Scheduled", "Running", "Unknown") or time.monotonic() >= deadline:
                break
            await asyncio.sleep(pause)
            pause = min(pause * _LOOK_LONGER, 2.0)
        if answer.status != "Complete":
            reason = f"{self._place.name}: the query of {len(groups)} log groups is {answer.status!r}"
            gaps.append(Gap(signal="logs", reason=reason, remedy="see to Logs Insights, or tag the groups of services"))
            if answer.status in ("Scheduled", "Running", "Unknown"):
                await self._stop(query)
        matched = int(answer.statistics.records_matched)
        if matched > len(answer.results):
            reason = f"{self._place.name}: {matched:,} lines complain, and the newest {len(answer.results):,} were read"
            gaps.append(Gap(signal="logs", reason=reason, remedy="look at the earlier ones in Logs Insights"))
        by_name = {each.name: each for each in groups}
        return await asyncio.to_thread(_records, answer.results, by_name, source), answer.status == "Complete"

    async def _stop(self, query: str) -> None:
        """Let AWS scan no further; whether it stops changes nothing for us."""
        try:
            await self._place.read(_Nothing, "logs", "StopQuery", {"queryId": query})
        except AwsError:
            return

    async def _filtered(
        self, groups: Sequence[LogGroup], start: int, end: int, source: str, gaps: list[Gap]
    ) -> list[LogRecord]:
        """Lines group by group: of each the latest, then those before."""
        latest = max(start, end - LATEST_SECONDS)
        if len(groups) > FILTERED_GROUPS:
            reason = f"{self._place.name}: without Logs Insights {FILTERED_GROUPS} of {len(groups)} log groups are read"
            gaps.append(Gap(signal="logs", reason=reason, remedy="allow logs:StartQuery and logs:GetQueryResults"))

        async def of(group: LogGroup) -> list[LogRecord]:
            found: list[LogRecord] = []
            for first, last in ((latest, end), (start, latest)):
                if last > first:
                    found += await self._page(group, first, last, source, gaps)
            return found

        read = await asyncio.gather(*(of(group) for group in groups[:FILTERED_GROUPS]))
        return [record for each in read for record in each]

    async def _page(self, group: LogGroup, first: int, last: int, source: str, gaps: list[Gap]) -> list[LogRecord]:
        asked = {
            "logGroupName": group.name,
            "startTime": first * 1000,
            "endTime": last * 1000,
            "filterPattern": PATTERN,
            "PaginationConfig": {"MaxItems": FILTERED_LINES},
        }
        try:
            answer = await self._place.read_all(_Events, "logs", "FilterLogEvents", asked)
        except AwsError as error:
            gaps.append(self._place.gap("logs", error, group.name))
            return []
        if answer.next_token:
            reason = (
                f"{self._place.name}: {group.name} complains more than {FILTERED_LINES:,} times; the rest is not read"
            )
            gaps.append(Gap(signal="logs", reason=reason, remedy="allow logs:StartQuery and logs:GetQueryResults"))
        return [
            read_line(each.message, at, group.writer(each.log_stream_name), source)
            for each in answer.events
            if (at := _moment(each.timestamp)) is not None
        ]


def _records(rows: Sequence[Sequence["_Field"]], groups: Mapping[str, LogGroup], source: str) -> list[LogRecord]:
    return [record for row in rows if (record := _record(row, groups, source)) is not None]


def _record(row: Sequence["_Field"], groups: Mapping[str, LogGroup], source: str) -> LogRecord | None:
    """The record of a row; None where it lacks what makes one."""
    fields = {each.field: each.value for each in row}
    group = groups.get(fields.get("@log", "").partition(":")[2])
    try:
        at = datetime.fromisoformat(fields["@timestamp"]).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    if group is None or not fields.get("@message"):
        return None
    return read_line(fields["@message"], at, group.writer(fields.get("@logStream", "")), source)


def _moment(milliseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


class _Group(Camel):
    log_group_name: str


class _Groups(Camel):
    log_groups: tuple[_Group, ...] = ()


class _Started(Camel):
    query_id: str


class _Field(Camel):
    field: str = ""
    value: str = ""


class _Statistics(Camel):
    records_matched: float = 0.0


class _Results(Camel):
    status: str
    results: tuple[tuple[_Field, ...], ...] = ()
    statistics: _Statistics = _Statistics()


class _Event(Camel):
    timestamp: int
    message: str = ""
    log_stream_name: str = ""


class _Events(BaseModel):
    events: tuple[_Event, ...] = ()
    next_token: str = Field(default="", alias="NextToken")


class _Nothing(BaseModel):
    """An answer that says nothing."""
