"""Whatever a case folder holds: a diagnosis that lists the gaps, or an error with a remedy; never a traceback."""

import functools
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from incident_commander.response.case_report import CaseReport, diagnose_folder
from incident_commander.response.case_text import WIDTH, case_text
from incident_commander.telemetry.case_folder import CaseFolderError

from ..telemetry.case_folder.cases import small_case

HUGE_OR_NAN = st.sampled_from(("1" + "0" * 400, "NaN"))
SERVICES = ("orders", "frontend", "stock", "mail", "bank")
STRANGE: st.SearchStrategy[JsonValue] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        (0, -1, 10**30, 1e308, -1e-308, 1.5e9, 1772445600000, "", "NaN", "2026-03-02T09:58:00+02:00", "9999-12-31",
         "0001-01-01T00:00:00Z", "\ud800", "\x1b[2J", "\x00", "x" * 30_000, [], {}, [[]], [None], {"a": {"b": []}})
    ),
)  # fmt: skip


@functools.cache
def whole_case() -> dict[str, bytes]:
    """The files of a case that is in order."""
    with tempfile.TemporaryDirectory() as name:
        folder = small_case(Path(name))
        files = [path for path in sorted(folder.rglob("*.*")) if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def diagnosed(files: dict[str, bytes]) -> CaseReport | None:
    """The report, after both renderings were made; None where the folder was refused with a remedy."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "context").mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        try:
            case = diagnose_folder(folder)
        except CaseFolderError as error:
            said = str(error)
            return None if "; give one JSON object" in said or "; name the folder" in said else pytest.fail(said)
        text = case_text(case)
        assert text.replace("\n", "").isprintable()
        assert all(len(line) <= WIDTH for line in text.split("\n"))
        report = case.report()
        assert CaseReport.model_validate_json(json.dumps(report.model_dump(mode="json"))) == report
        return report


def any_file() -> st.SearchStrategy[str]:
    return st.sampled_from(sorted(whole_case()))


@given(files=st.dictionaries(any_file(), st.sampled_from(("missing", "empty", "binary", "blank")), max_size=10))
@settings(max_examples=15, deadline=None)
def test_files_that_are_missing_empty_or_binary_are_gaps(files: dict[str, str]) -> None:
    broken = {"empty": b"", "binary": bytes(range(256)) * 8, "blank": b" \n\n"}
    case = {
        name: broken[files[name]] if name in files else content
        for name, content in whole_case().items()
        if files.get(name) != "missing"
    }
    report = diagnosed(case)
    assert (report is None) == ("alert.json" in files)
    if report is not None:
        reasons = " ".join(gap.reason for gap in report.gaps)
        needless = ("patterns.json", "status_feed.json", "context/topology.json")
        for name, how in files.items():
            if how != "missing" or name not in needless:
                assert name.removeprefix("context/") in reasons or name in reasons, (name, how)


@given(name=any_file(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_file_cut_off_at_any_byte_is_read_to_there_or_refused(name: str, data: st.DataObject) -> None:
    content = whole_case()[name]
    end = data.draw(st.integers(0, len(content)))
    report = diagnosed(whole_case() | {name: content[:end]})
    assert report is not None or name == "alert.json"


@given(name=any_file(), data=st.data())
@settings(max_examples=30, deadline=None)
def test_bytes_that_are_overwritten_never_end_in_a_traceback(name: str, data: st.DataObject) -> None:
    content = bytearray(whole_case()[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 1] = data.draw(st.binary(min_size=0, max_size=3))
    report = diagnosed(whole_case() | {name: bytes(content)})
    assert report is not None or name == "alert.json"


@given(name=any_file().filter(lambda name: name.endswith("json")), data=st.data())
@settings(max_examples=40, deadline=None)
def test_values_of_the_wrong_type_or_size_never_end_in_a_traceback(name: str, data: st.DataObject) -> None:
    text = whole_case()[name].decode()
    lines = [json.loads(line) for line in text.splitlines()] if name.endswith("ndjson") else [json.loads(text)]
    changed = [_with_strange_values(line, data) for line in lines]
    written = "\n".join(json.dumps(line) for line in changed).replace('"NaN"', data.draw(HUGE_OR_NAN))
    report = diagnosed(whole_case() | {name: written.encode()})
    assert report is not None or name == "alert.json"


def _with_strange_values(value: JsonValue, data: st.DataObject) -> JsonValue:
    """The same document with something else in some places."""
    if data.draw(st.integers(0, 7)) == 0:
        return data.draw(STRANGE)
    if isinstance(value, dict):
        return {key: _with_strange_values(inner, data) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_strange_values(inner, data) for inner in value]
    return value


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(("2026-03-02T09:58:00Z", "2026-03-02T10:58:00+01:00", "2026-03-02 09:58:00", "1772445480",
                             "1772445480000", "soon", "", "1e300", "-5", "0001-01-01", "9999-12-31T23:59:59Z")),
            st.sampled_from(("orders", "frontend", "", '"a,b"', '"', "\u00e9", "x" * 300, "\x1b[31m")),
            st.sampled_from(("db_pool_in_use", "http_server_duration_p99_ms", "", "total", "%", "_", "per_second")),
            st.sampled_from(("1", "-1", "nan", "inf", "", "1e400", "1e308", "-1e308", "abc", "0x1", "1_0", " 7 ",
                             "5e-324")),
        ),
        max_size=30,
    ),
    end=st.sampled_from(("\n", "\r\n", "\n\n")),
    mark=st.sampled_from(("", "\ufeff")),
    kept=st.booleans(),
)  # fmt: skip
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_metrics_with_any_cells_never_end_in_a_traceback(
    rows: list[tuple[str, str, str, str]], end: str, mark: str, kept: bool
) -> None:
    before = whole_case()["metrics.csv"].decode().split("\n")[1:-1] if kept else []
    lines = ["timestamp,service,metric,value", *before, *(",".join(row) for row in rows)]
    assert diagnosed(whole_case() | {"metrics.csv": (mark + end.join(lines)).encode()}) is not None


@given(calls=st.lists(st.tuples(st.sampled_from(SERVICES), st.sampled_from(SERVICES)), max_size=14))
@settings(max_examples=15, deadline=None)
def test_cycles_islands_and_services_that_call_themselves_are_walked_once(calls: list[tuple[str, str]]) -> None:
    topology = {"services": list(SERVICES), "calls": calls}
    report = diagnosed(whole_case() | {"context/topology.json": json.dumps(topology).encode()})
    assert report is not None
    assert len(set(report.blast_radius)) == len(report.blast_radius)
