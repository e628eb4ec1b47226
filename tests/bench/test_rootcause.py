import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from incident_commander.bench.commands import app
from incident_commander.bench.reading import BadData
from incident_commander.bench.rootcause import f1, rootcause_table, run_rootcause

SHARED = Path(__file__).parents[3] / "shared" / "data" / "rootcausebench"
KEYS = {
    "cases", "commit_correct", "first_failing_service_correct", "remediation_correct", "blast_radius_f1", "decoys_hit",
    "seconds",
}  # fmt: skip


def case(folder: Path, guilty: str, decoys: tuple[str, ...] = ()) -> None:
    """A service that fails one minute after a deploy that takes a check out."""
    data = folder / "cases" / "shop" / "data"
    (data / "context").mkdir(parents=True)
    alert = {"service": "shop", "metric": "error_ratio", "fired_at": "2026-03-02T10:05:00Z", "summary": "errors"}
    (data / "alert.json").write_text(json.dumps(alert))
    rows = [
        f"2026-03-02T{9 + minute // 60:02d}:{minute % 60:02d}:00Z,shop,error_ratio,{0.001 if minute < 60 else 0.5}"
        for minute in range(75)
    ]
    (data / "metrics.csv").write_text("\n".join(("timestamp,service,metric,value", *rows)))
    deploy = {"timestamp": "2026-03-02T09:59:00Z", "service": "shop", "commit_sha": "1234567890abcdef"}
    (data / "context" / "deploys.json").write_text(json.dumps([deploy]))
    commit = {
        "sha": "1234567890abcdef", "author": "ann", "timestamp": "2026-03-02T09:50:00Z", "message": "simplify",
        "files_changed": ["services/shop/pay.go"],
        "diff": "@@ pay.go @@\n-\tif card == nil {\n-\t\treturn errNoCard\n-\t}\n \treturn card.Charge()\n",
    }  # fmt: skip
    (data / "context" / "commits.json").write_text(json.dumps([commit]))
    truth = {
        "root_cause_commit": guilty, "first_failing_service": "shop", "blast_radius": [], "remediation": "rollback",
        "decoy_deploy_commits": decoys,
    }  # fmt: skip
    (data.parent / "ground_truth.json").write_text(json.dumps(truth))


def test_the_answers_are_counted_against_the_truth(tmp_path: Path) -> None:
    case(tmp_path, "1234567")
    result = run_rootcause(tmp_path).as_json()
    assert result.keys() >= KEYS
    assert (result["cases"], result["commit_correct"], result["first_failing_service_correct"]) == (1, 1, 1)
    assert (result["remediation_correct"], result["decoys_hit"], result["blast_radius_f1"]) == (1, 0, 1.0)


def test_a_decoy_that_is_named_is_a_hit(tmp_path: Path) -> None:
    case(tmp_path, "none", decoys=("1234567890abcdef",))
    result = run_rootcause(tmp_path).as_json()
    assert (result["commit_correct"], result["decoys_hit"]) == (0, 1)


def test_the_answer_does_not_depend_on_the_truth(tmp_path: Path) -> None:
    case(tmp_path, "none")
    before = run_rootcause(tmp_path).cases[0]
    truth = tmp_path / "cases" / "shop" / "ground_truth.json"
    truth.write_text(truth.read_text().replace('"none"', '"1234567890abcdef"').replace("rollback", "scale"))
    after = run_rootcause(tmp_path).cases[0]
    assert (before.commit, before.remediation, before.probability) == (
        after.commit,
        after.remediation,
        after.probability,
    )


def test_the_table_shows_the_published_answers_beside(tmp_path: Path) -> None:
    case(tmp_path, "1234567890abcdef")
    shown = rootcause_table(run_rootcause(tmp_path))
    assert "7 of 24" in shown
    assert "+ 1234567890" in shown


def test_the_f1_of_two_sets() -> None:
    assert f1(frozenset(), frozenset()) == 1.0
    assert f1(frozenset({"a"}), frozenset({"a", "b"})) == pytest.approx(2 / 3)
    assert f1(frozenset({"a"}), frozenset()) == 0.0


def test_a_folder_without_cases_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"ground_truth\.json"):
        run_rootcause(tmp_path)
    outcome = CliRunner().invoke(app, ["rootcause", "--data", str(tmp_path / "absent")])
    assert outcome.exit_code == 1
    assert "Traceback" not in outcome.output


def test_a_truth_that_cannot_be_used_is_refused_by_name(tmp_path: Path) -> None:
    case(tmp_path, "none")
    (tmp_path / "cases" / "shop" / "ground_truth.json").write_text("{")
    with pytest.raises(BadData, match=r"ground_truth\.json"):
        run_rootcause(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public cases are not beside the checkout")
def test_the_given_cases_meet_the_goals() -> None:
    result = run_rootcause(SHARED)
    count = len(result.cases)
    assert sum(case.commit_right for case in result.cases) >= count / 2
    assert sum(case.decoy_hit for case in result.cases) <= count / 8
    assert sum(case.first_failing_right for case in result.cases) >= 0.8 * count
    assert sum(case.remediation_right for case in result.cases) >= 0.7 * count
