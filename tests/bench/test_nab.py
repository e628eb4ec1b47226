"""`bench nab`: the published score, one threshold a profile, and what it says of a folder it cannot use."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from incident_commander.bench.commands import app
from incident_commander.bench.nab_corpus import CostMatrix, LabelledSeries, read_corpus, read_series
from incident_commander.bench.nab_scoring import NEVER, best_threshold, judge_rows, nab_score
from incident_commander.domain.telemetry import FloatArray

from ..running import REPOSITORY

PUBLIC_DATA = REPOSITORY.parent / "shared" / "data" / "nab"
COSTS = CostMatrix(tpWeight=1.0, fnWeight=1.0, fpWeight=0.11)
PROFILES = {
    "standard": {"CostMatrix": {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.11, "tnWeight": 1.0}},
    "reward_low_FP_rate": {"CostMatrix": {"tpWeight": 1.0, "fnWeight": 1.0, "fpWeight": 0.22, "tnWeight": 1.0}},
    "reward_low_FN_rate": {"CostMatrix": {"tpWeight": 1.0, "fnWeight": 2.0, "fpWeight": 0.11, "tnWeight": 1.0}},
}
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
N_ROWS = 1_000


def time_of(row: int) -> str:
    return (BEGIN + timedelta(minutes=5 * row)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two series of noise, one with a spike in the middle of its window."""
    labels = {}
    for seed, name in enumerate(["quiet", "spiky"]):
        values = np.random.default_rng(seed).standard_normal(N_ROWS)
        if name == "spiky":
            values[600] += 30.0
        path = tmp_path / "data" / "metrics" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{time_of(row)},{value}" for row, value in enumerate(values)]
        path.write_text("\n".join(["timestamp,value", *lines]) + "\n")
        labels[f"metrics/{name}.csv"] = [[time_of(550), time_of(650)]] if name == "spiky" else []
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(labels))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "profiles.json").write_text(json.dumps(PROFILES))
    return tmp_path


def bench(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["nab", *map(str, arguments)])


def series(n_rows: int, *windows: tuple[int, int]) -> LabelledSeries:
    return LabelledSeries("a/b.csv", np.arange(n_rows, dtype=np.float64), np.zeros(n_rows), windows)


def published_score(data: LabelledSeries, scores: FloatArray, costs: CostMatrix, threshold: float) -> float:
    """The raw score row by row, as the paper and the published sweeper describe it."""
    n_rows = scores.size
    probation = min(math.floor(0.15 * n_rows), 0.15 * 5000)
    total = 0.0
    for first, last in data.windows:
        width = last - first + 1
        worths = [
            sigmoid(-(last - row + 1) / width) / sigmoid(-1.0) * costs.true_positive
            for row in range(first, last + 1)
            if row >= probation and scores[row] >= threshold
        ]
        if last >= probation:
            total += max(worths, default=-costs.false_negative)
    for row in range(n_rows):
        inside = any(first <= row <= last for first, last in data.windows)
        if row < probation or inside or scores[row] < threshold:
            continue
        before = [window for window in data.windows if window[1] < row]
        past = (row - before[-1][1]) / (before[-1][1] - before[-1][0]) if before else 3.0
        total += costs.false_positive * (sigmoid(past) if past < 3.0 else -1.0)
    return total


def sigmoid(position: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(PROFILES)))
@settings(max_examples=20, deadline=None)
def test_the_score_is_the_published_one(seed: int, profile: str) -> None:
    rng = np.random.default_rng(seed)
    costs = CostMatrix.model_validate(PROFILES[profile]["CostMatrix"])
    edges = np.sort(rng.choice(np.arange(5, 200), 4, replace=False)).tolist()
    data = series(200, (edges[0], edges[1]), (edges[2], edges[3]))
    scores = np.round(rng.random(200) ** 4, 2)
    judged = [judge_rows(data, scores)]
    n_windows = sum(last >= 30 for _, last in data.windows)
    null, perfect = -costs.false_negative * n_windows, costs.true_positive * n_windows
    for threshold in (0.0, 0.35, 0.8, 1.0, NEVER):
        expected = 100.0 * (published_score(data, scores, costs, threshold) - null) / (perfect - null)
        assert nab_score(judged, costs, threshold) == pytest.approx(expected, abs=1e-9)
    best = best_threshold(judged, costs)
    assert all(nab_score(judged, costs, best) >= nab_score(judged, costs, each) for each in [*scores, NEVER])


def test_detecting_nothing_scores_0_and_the_first_row_of_each_window_100() -> None:
    data = series(400, (100, 139), (300, 339))
    scores = np.zeros(400)
    judged = [judge_rows(data, scores)]
    assert nab_score(judged, COSTS, NEVER) == 0.0
    scores[[100, 300]] = 1.0
    assert nab_score([judge_rows(data, scores)], COSTS, 0.5) == pytest.approx(100.0)


def test_rows_of_the_probation_cost_nothing() -> None:
    scores = np.zeros(400)
    scores[:60] = 1.0
    assert nab_score([judge_rows(series(400, (100, 139)), scores)], COSTS, 0.5) == 0.0


def test_json_has_the_keys_and_says_that_thresholds_were_fitted_here(folder: Path) -> None:
    result = bench("--data", folder, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert set(found["profiles"]) == set(found["thresholds"]) == set(PROFILES)
    assert found["profiles"]["standard"] > 80.0
    assert (found["files"], found["rows"]) == (2, 2 * N_ROWS)
    assert found["rows_per_second"] == pytest.approx(found["rows"] / found["seconds"])
    assert found["thresholds_fitted_on_this_data"] is True


def test_fitted_thresholds_are_written_and_give_the_same_scores_when_used(folder: Path, tmp_path: Path) -> None:
    fitted = bench("--data", folder, "--fit", tmp_path / "thresholds.json", "--json")
    frozen = bench("--data", folder, "--threshold", tmp_path / "thresholds.json", "--json")
    assert json.loads(frozen.stdout)["profiles"] == json.loads(fitted.stdout)["profiles"]
    assert json.loads(frozen.stdout)["thresholds"] == json.loads((tmp_path / "thresholds.json").read_text())
    assert json.loads(frozen.stdout)["thresholds_fitted_on_this_data"] is False


def test_the_table_prints_the_published_detectors_beside(folder: Path) -> None:
    result = bench("--data", folder)
    assert "fitted on this very data" in result.output
    assert "ARTime 67.0" in result.output
    assert "Random Cut Forest 47.6" in result.output


def test_times_with_an_offset_are_the_same_instant_as_times_without(folder: Path) -> None:
    path = folder / "data" / "metrics" / "quiet.csv"
    plain = read_series(path)[0]
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(line.replace(",", "+00:00,") for line in lines[1:])]))
    np.testing.assert_array_equal(read_series(path)[0], plain)


def test_a_missing_value_is_a_gap(folder: Path) -> None:
    path = folder / "data" / "metrics" / "quiet.csv"
    path.write_text(f"timestamp,value\n{time_of(0)},\n{time_of(1)},2\n")
    np.testing.assert_array_equal(read_series(path)[1], [np.nan, 2.0])


SERIES, LABELS, PROFILE = "data/metrics/quiet.csv", "labels/combined_windows.json", "config/profiles.json"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        (SERIES, b"", "quiet.csv is empty"),
        (SERIES, b"timestamp,value\n", "no rows"),
        (SERIES, b"time,value\n2026-03-01 00:00:00,1\n", "line 1: no column 'timestamp'"),
        (SERIES, b"timestamp,value\n2026-03-01 00:00:00,1\nyesterday,2\n", "line 3: 'yesterday' is no time"),
        (SERIES, b"timestamp,value\n2026-03-01 00:00:00,many\n", "line 2: could not convert"),
        (SERIES, b"timestamp,value\n2026-03-01 00:00:00,1\n2026-03-01 00:0", "line 3: 1 cells"),
        (SERIES, b"timestamp,value\n\x80\xff", "line 2: byte 0x80 is not UTF-8"),
        (SERIES, b"\x00\x01\x02", "line 1: a NUL byte"),
        (SERIES, None, "quiet.csv"),
        (LABELS, b"{", "combined_windows.json, line 1: no JSON"),
        (LABELS, b'{"metrics/quiet.csv": []}', "says nothing of 'metrics/spiky.csv'"),
        (LABELS, b'{"metrics/quiet.csv": [["2030-01-01 00:00:00", "2030-01-02 00:00:00"]]}', "no row of the series"),
        (LABELS, b'{"metrics/quiet.csv": [["then", "now"]]}', "'then' is no time"),
        (LABELS, b"[]", "combined_windows.json"),
        (LABELS, None, "combined_windows.json is missing"),
        (PROFILE, b'{"standard": {"CostMatrix": {"tpWeight": 1}}}', "profiles.json: at"),
        (PROFILE, b"{}", "profiles.json names no profile"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(
    folder: Path, file: str, content: bytes | None, said: str
) -> None:
    path = folder / file
    path.unlink()
    if content is None and file == SERIES:
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    result = bench("--data", folder, "--json")
    assert result.exit_code == 1
    assert said in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_folder_without_series_is_refused(tmp_path: Path) -> None:
    result = bench("--data", tmp_path)
    assert result.exit_code == 1
    assert "holds no data/*/*.csv" in result.output


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"standard": "high"}', b"\xff", b'{"standard": 0.5}'])
def test_thresholds_that_cannot_be_used_are_refused(folder: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "thresholds.json"
    if content is not None:
        path.write_bytes(content)
    result = bench("--data", folder, "--threshold", path)
    assert result.exit_code == 1
    assert "--fit" in result.output


def test_fitting_and_freezing_at_once_is_refused(folder: Path) -> None:
    assert bench("--data", folder, "--fit", "a.json", "--threshold", "b.json").exit_code == 2


@pytest.mark.skipif(not PUBLIC_DATA.is_dir(), reason="needs NAB's series in ../shared/data/nab")
def test_the_public_series_are_read_with_all_their_windows() -> None:
    corpus = read_corpus(PUBLIC_DATA)
    assert (len(corpus.series), sum(len(each.windows) for each in corpus.series)) == (34, 67)
    assert sum(each.values.size for each in corpus.series) == 228_257
