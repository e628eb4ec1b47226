"""metrics.csv is read the same in any order and by either way, and what cannot be used is named with its line."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident_commander.domain.telemetry import MetricSeries
from incident_commander.telemetry.case_folder import metrics as reader
from incident_commander.telemetry.case_folder.documents import Skipped
from incident_commander.telemetry.case_folder.metric_columns import read_columns
from incident_commander.telemetry.case_folder.metric_rows import Block, Layout, Rows, read_row_by_row
from incident_commander.telemetry.case_folder.metric_series import SeriesBuilder, unit_of
from incident_commander.telemetry.case_folder.metrics import read_metrics

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp()
FIRED_AT = NINE + 3600
LAYOUT = Layout(0, 1, 2, 3, 4)
HEADER = "timestamp,service,metric,value\n"


def read(folder: Path, text: str | bytes) -> tuple[tuple[MetricSeries, ...], list[str]]:
    """The series of a file with this content, and the reasons of its gaps."""
    path = folder / "metrics.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    series, skipped = read_metrics(path, FIRED_AT)
    return series, [gap.reason for gap in skipped.found()]


def as_table(rows: Rows) -> list[tuple[float, str, str, float]]:
    """Every row in full."""
    return [
        (float(rows.times[at]), rows.services[owner], rows.metrics[metric], float(value))
        for at, owner, metric, value in zip(rows.at, rows.of_service, rows.of_metric, rows.values, strict=True)
    ]


CLOCKS = st.sampled_from(("2026-03-02T09:00:00Z", "2026-03-02T11:30:00+02:00", "2026-03-02 09:15", "1772442000"))
ANY_CLOCK = CLOCKS | st.sampled_from(("1772442000000", "soon", "", "2026-13-01"))
NAMES = st.sampled_from(("orders", " orders ", "mail", '"a,b"', "\u00e9t\u00e9"))
VALUES = st.floats(allow_nan=False, allow_infinity=False, width=64).map(repr) | st.sampled_from(
    (" 7 ", "", "NaN", "N/A")
)
ANY_VALUE = VALUES | st.sampled_from(("inf", "-nan", "abc", "1_0", "1e999"))


@given(st.lists(st.tuples(ANY_CLOCK, NAMES | st.just(""), NAMES, ANY_VALUE).map(",".join), max_size=12))
@settings(max_examples=150, deadline=None)
def test_rows_read_as_columns_are_those_read_one_by_one_or_left_to_that(rows: list[str]) -> None:
    content = "".join(f"{row}\n" for row in rows).encode()
    block = Block(content, 2, len(rows))
    skipped = Skipped("metrics.csv", "metrics", "rows")
    one_by_one = read_row_by_row(block, LAYOUT, skipped)
    at_once = read_columns(block, LAYOUT) if rows else None
    if at_once is not None:
        assert as_table(at_once) == as_table(one_by_one)
        assert not skipped.count


@given(st.lists(st.tuples(CLOCKS, NAMES, NAMES, VALUES).map(",".join), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_rows_without_a_fault_are_always_read_as_columns(rows: list[str]) -> None:
    assert read_columns(Block("".join(f"{row}\n" for row in rows).encode(), 2, len(rows)), LAYOUT) is not None


def test_order_line_ends_quotes_a_byte_order_mark_and_more_columns_change_nothing(tmp_path: Path) -> None:
    rows = [f"2026-03-02T09:{minute:02}:00Z,s{n},m{n % 2},{minute + n}" for minute in range(30) for n in range(3)]
    plain, _ = read(tmp_path, HEADER + "\n".join(rows))
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows)).tolist()]
    dressed = "\ufeff" + "\r\n".join(
        ["host,VALUE,metric,Service,timestamp"] + ['h,{3},"{2}",{1},{0}'.format(*row.split(",")) for row in shuffled]
    )
    other, reasons = read(tmp_path, dressed)
    assert reasons == []
    assert [(each.service, each.metric) for each in other] == [("s0", "m0"), ("s1", "m1"), ("s2", "m0")]
    for one, two in zip(plain, other, strict=True):
        assert np.array_equal(one.timestamps, two.timestamps)
        assert np.array_equal(one.values, two.values)
        assert np.all(np.diff(two.timestamps) > 0)


def test_times_of_all_zones_and_units_are_one_clock(tmp_path: Path) -> None:
    clocks = ("2026-03-02T09:00:00Z", "2026-03-02T11:01:00+02:00", "2026-03-02T09:02:00", f"{NINE + 180}",
              f"{(NINE + 240) * 1000:.0f}", f"{(NINE + 300) * 1e9:.0f}")  # fmt: skip
    (series,), _ = read(tmp_path, HEADER + "".join(f"{clock},a,m,1\n" for clock in clocks))
    assert series.timestamps.tolist() == [NINE + 60 * minute for minute in range(6)]


@pytest.mark.parametrize("blocks", [10**9, 64])
def test_of_duplicates_the_last_counts_and_a_missing_sample_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    monkeypatch.setattr(reader, "_BLOCK_BYTES", blocks)
    rows = ["2026-03-02T09:00:00Z,a,m,1", "2026-03-02T09:01:00Z,a,m,NaN", "2026-03-02T09:02:00Z,a,m,3"]
    (series,), reasons = read(tmp_path, HEADER + "\n".join([*rows, "2026-03-02T09:00:00Z,a,m,9"]))
    assert series.timestamps.tolist() == [NINE, NINE + 120]
    assert series.values.tolist() == [9.0, 3.0]
    assert reasons == []


def test_rows_that_cannot_be_used_are_counted_and_the_first_is_named_with_its_line(tmp_path: Path) -> None:
    rows = ["2026-03-02T09:00:00Z,a,m,1", "2026-03-02T09:01:00Z,a,m,abc", "2026-03-02T09:02:00Z,a,m", "x,a,m,1"]
    (series,), reasons = read(tmp_path, HEADER + "\n".join(rows))
    assert series.values.tolist() == [1.0]
    assert reasons == ["metrics.csv: 3 rows skipped, the first at line 3: value 'abc' is not a finite number"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-03-02T09:01:00Z,a,m,inf", "value 'inf' is not a finite number"),
        ("2026-03-02T09:01:00Z,a,m,1,2", "there are 5 columns instead of 4"),
        ("2026-03-02T09:01:00Z,,m,1", "the service or the metric is empty"),
        ("2026-03-02T09:01:00Z,\x1b,m,x\x1b", r"value 'x\x1b' is not a finite number"),
        ("yesterday,a,m,1", "the time 'yesterday' cannot be read"),
    ],
)
def test_a_bad_row_of_a_large_file_is_named_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, reason: str
) -> None:
    monkeypatch.setattr(reader, "SMALL_BYTES", 0)
    monkeypatch.setattr(reader, "_BLOCK_BYTES", 200)
    good = [f"2026-03-02T09:{minute:02}:00Z,a,m,{minute}" for minute in range(40)]
    (series,), reasons = read(tmp_path, HEADER + "\n".join([*good[:33], row, *good[33:]]))
    assert series.values.tolist() == list(range(40))
    assert reasons == [f"metrics.csv: 1 row skipped, at line 35: {reason}"]


def test_clocks_that_are_years_off_are_skipped(tmp_path: Path) -> None:
    rows = [f"{clock},a,m,1" for clock in ("1999-01-01T00:00:00Z", "2026-03-02T09:00:00Z", "2031-01-01T00:00:00Z")]
    (series,), reasons = read(tmp_path, HEADER + "\n".join(rows))
    assert series.timestamps.tolist() == [NINE]
    assert reasons[0].startswith("metrics.csv: 2 rows skipped")
    assert "before the alert" in reasons[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\n\n2026-03-02T09:00:00Z,a,m,1\n", "line 1 has no column 'timestamp'"),
        (b"time,service,value\n", "line 1 has no column 'metric' among 'time', 'service', 'value'"),
        (b"\xff\xfe\x00", "holds a NUL byte"),
        (b"timestamp,service,metric,value\n" + b"x" * 3_000_000, "line 2 is longer than 1,048,576 bytes"),
        (HEADER.encode(), "there is no sample in it"),
    ],
)
def test_a_file_without_a_usable_row_is_a_gap_that_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    series, reasons = read(tmp_path, content)
    assert series == ()
    assert reason in reasons[0]


def test_what_stands_before_a_binary_part_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_BLOCK_BYTES", 64)
    rows = "".join(f"2026-03-02T09:{minute:02}:00Z,a,m,{minute}\n" for minute in range(9))
    (series,), reasons = read(tmp_path, (HEADER + rows).encode() + b"\0" * 64)
    assert series.values.size >= 8
    assert "line 11 holds a NUL byte" in reasons[0]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.floats(0, 9)), max_size=60), st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_series_do_not_depend_on_how_rows_fall_into_blocks_or_on_the_way_they_are_laid_out(
    samples: list[tuple[int, int, float]], size: int
) -> None:
    def built(parts: list[list[tuple[int, int, float]]], spread: float) -> dict[str, list[tuple[float, float]]]:
        builder = SeriesBuilder()
        for part in parts:
            names = sorted({f"s{owner}" for _, owner, _ in part})
            builder.add(
                read_row_by_row(
                    Block("".join(f"{NINE + at * spread},s{o},m,{v!r}\n" for at, o, v in part).encode(), 1, len(part)),
                    LAYOUT,
                    Skipped("", "metrics", "rows"),
                )
            )
            assert len(names) <= 4
        series, outside = builder.build(0.0, 1e11)
        assert outside == 0
        return {
            each.service: [
                (round((at - NINE) / spread), value)
                for at, value in zip(each.timestamps.tolist(), each.values.tolist(), strict=True)
            ]
            for each in series
        }

    expected: dict[str, dict[int, float]] = {}
    for at, owner, value in samples:
        expected.setdefault(f"s{owner}", {})[at] = value
    whole = {name: sorted(found.items()) for name, found in expected.items()}
    assert built([samples], 60.0) == whole
    assert built([samples[n : n + size] for n in range(0, len(samples), size)], 60.0) == whole


def test_few_samples_of_many_possible_series_take_little_room(tmp_path: Path) -> None:
    rows = "".join(f"{NINE + n},s{n},m{n},{n}\n" for n in range(3000))
    series, reasons = read(tmp_path, HEADER + rows)
    assert (len(series), reasons) == (3000, [])
    assert {each.values.size for each in series} == {1}


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        ("http_server_duration_p99_ms", "ms"),
        ("db_pool_wait_seconds_p99", "seconds"),
        ("requests_per_sec", "per_second"),
        ("container_memory_rss_mb", "MB"),
        ("disk_used_pct", ""),
        ("queue_depth", ""),
    ],
)
def test_a_metric_s_name_tells_its_unit(metric: str, unit: str) -> None:
    assert unit_of(metric) == unit
