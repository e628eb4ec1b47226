"""The large case is what it says: a day of every series, the same for the same seed, with its fault to be found."""

from pathlib import Path

from incident_commander.bench.diagnose import DiagnoseRun, diagnose_figures, run_diagnose
from incident_commander.bench.large_case import METRICS, MINUTES, write_large_case
from incident_commander.telemetry.case_folder import read_case


def test_a_case_holds_a_day_of_every_metric_and_reads_without_surprises(tmp_path: Path) -> None:
    case = write_large_case(tmp_path, 6, 3)
    observed = read_case(tmp_path).observations
    assert case.rows == 6 * len(METRICS) * MINUTES
    assert {series.values.size for series in observed.metrics} == {MINUTES}
    assert len(observed.metrics) == 6 * len(METRICS)
    assert {gap.signal for gap in observed.gaps} == {"logs", "traces"}
    assert case.commit in {change.reference for change in observed.changes}
    assert case.service in {series.service for series in observed.metrics}


def test_the_same_seed_writes_the_same_case(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_large_case(tmp_path / name, 4, 3)
    for path in sorted((tmp_path / "one").rglob("*.*")):
        assert path.read_bytes() == (tmp_path / "other" / path.relative_to(tmp_path / "one")).read_bytes()


def test_a_run_measures_the_command_in_a_process_of_its_own() -> None:
    run = run_diagnose(8)
    assert 0 < run.seconds < run.process_seconds
    assert run.peak_rss_mb > 20
    assert run.rows == 8 * len(METRICS) * MINUTES


def test_the_two_sizes_with_limits_are_held_to_them() -> None:
    run = DiagnoseRun(
        services=1000, rows=1, megabytes=1, seconds=31, process_seconds=32, cpu_seconds=40, peak_rss_mb=500, right=True
    )
    within = {figure.name: figure.within for figure in diagnose_figures([run])}
    assert within == {
        "1,000 services: read and diagnosed": False,
        "1,000 services: with start-up": None,
        "1,000 services: peak memory": True,
    }
