from datetime import UTC, datetime
from pathlib import Path

import pytest

from incident_commander.analysis.calibration import Stated
from incident_commander.bench.calibration import (
    Halves,
    calibration_table,
    data_halves,
    practice_halves,
    report_of,
)
from incident_commander.bench.diagnoses import Diagnosed
from incident_commander.bench.reading import BadData
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import FaultKind, Hypothesis

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def hypothesis(rank: int, service: str, fault: FaultKind, probability: float) -> Hypothesis:
    return Hypothesis(rank=rank, service=ServiceName(service), fault=fault, probability=probability)


def run(seed: int, *hypotheses: Hypothesis) -> Diagnosed:
    return Diagnosed(
        scenario="leak", seed=seed, variant="", expected_service=ServiceName("orders"), expected_fault="memory_leak",
        verdict="likely", hypotheses=hypotheses,
    )  # fmt: skip


def test_a_cause_is_true_where_its_service_and_its_kind_are() -> None:
    runs = [
        run(2, hypothesis(1, "orders", "memory_leak", 0.8), hypothesis(2, "orders", "overload", 0.1)),
        run(3, hypothesis(1, "search", "memory_leak", 0.6), hypothesis(2, "orders", "memory_leak", 0.3)),
    ]
    lead, others = practice_halves(runs, range(2, 4))
    assert (lead.fitted, lead.reported) == ([Stated(0.8, True)], [Stated(0.6, False)])
    assert (others.fitted, others.reported) == ([Stated(0.1, False)], [Stated(0.3, True)])


def test_what_is_reported_on_is_never_fitted_on() -> None:
    fitted = [Stated(0.9, False)] * 50
    one = report_of([Halves("lead", "even", "odd", fitted, [Stated(0.9, True)] * 10)], NOW, "command")
    other = report_of([Halves("lead", "even", "odd", fitted, [Stated(0.2, False)] * 90)], NOW, "command")
    assert one.sources[0].map == other.sources[0].map
    assert one.sources[0].fitted == 50
    assert one.sources[0].raw.count == 10
    assert one.sources[0].calibrated.brier > one.sources[0].raw.brier, "the halves disagree, and that shows"


def test_a_source_with_nothing_to_report_on_is_left_out_with_the_reason() -> None:
    report = report_of([Halves("lead", "even seeds", "odd seeds", [Stated(0.5, True)], [])], NOW, "command")
    assert report.sources == ()
    assert report.left_out == ("lead: nothing was stated in odd seeds",)
    assert "left out: lead" in calibration_table(report)


def test_given_series_are_told_by_their_layout_also_one_folder_below(tmp_path: Path) -> None:
    for name, slope in (("a", 0.1), ("b", 0.2)):
        path = tmp_path / "any" / "data" / "own" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            f"2026-03-02 {i // 12:02d}:{i % 12 * 5:02d}:00,{50 + slope * i + i * 7919 % 13 / 13}" for i in range(240)
        ]
        path.write_text("\n".join(["timestamp,value", *rows]) + "\n")
    (halves,) = data_halves(tmp_path)
    assert halves.fitted
    assert halves.reported
    assert all(0.0 <= each.probability <= 1.0 for each in halves.reported)


def test_a_folder_without_a_known_layout_is_named_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="ground_truth"):
        data_halves(tmp_path)
    with pytest.raises(BadData, match="is no folder"):
        data_halves(tmp_path / "absent")
