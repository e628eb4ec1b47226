"""A diagnosis in the terminal says first who did it and what to do, and obeys no control character from outside."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incident_commander.agents.diagnosis import DiagnosisFindings
from incident_commander.domain.base import ServiceName
from incident_commander.domain.findings import Diagnosis, Evidence, Hypothesis, ReviewedChange
from incident_commander.domain.provenance import Provenance
from incident_commander.response.case_report import DiagnosedCase, diagnose_folder
from incident_commander.response.case_text import WIDTH, case_text
from incident_commander.telemetry.case_folder import read_case

from ..telemetry.case_folder.cases import given_cases, small_case


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return small_case(tmp_path / "data")


def found_guilty(folder: Path) -> DiagnosedCase:
    """The small case with the commit convicted, whatever the analysis makes of it."""
    case = read_case(folder)
    orders = ServiceName("orders")
    seen = Evidence(
        signal="metrics",
        what="db pool in use of orders rose from 11 to 50",
        when=datetime(2026, 3, 2, 9, 55, tzinfo=UTC),
        service=orders,
        weight=4.0,
        provenance=Provenance(kind="recorded", source="local"),
    )
    lead = Hypothesis(
        rank=1,
        service=orders,
        fault="connection_pool_exhaustion",
        change="feed",
        onset=datetime(2026, 3, 2, 9, 55, tzinfo=UTC),
        probability=0.82,
        evidence=(seen, seen),
        against=(seen.model_copy(update={"what": "nobody else pools", "weight": -1.0}),),
    )
    diagnosis = Diagnosis(
        verdict="likely",
        hypotheses=(lead, lead.model_copy(update={"rank": 2, "fault": "overload", "change": None, "probability": 0.1})),
        first_failing=orders,
        blast_radius=(ServiceName("frontend"),),
        next_question="Why then?",
    )
    flag, commit, _ = case.observations.changes
    findings = DiagnosisFindings(
        diagnosis=diagnosis,
        nothing=0.08,
        evidence=(seen,),
        confidence=0.8,
        remediation="rollback",
        reviews=(
            ReviewedChange(
                change=commit, service=orders, convicted=True, reason="it keeps sessions", does="keeps sessions"
            ),
            ReviewedChange(change=flag, service=ServiceName("frontend"), convicted=False, reason="it paints"),
        ),
    )
    return DiagnosedCase(case, findings, 0.25)


def test_the_first_line_names_verdict_service_fault_and_change_with_its_author_and_what_it_did(folder: Path) -> None:
    assert " ".join(case_text(found_guilty(folder)).split("\n\n")[0].split()) == (
        "LIKELY, 82 %: connection pool exhaustion in orders, since 09:55:00 UTC, "
        'from commit feed by ada ("Keep sessions open": it keeps sessions).'
    )


def test_it_says_what_to_do_who_suffers_and_which_changes_are_not_guilty(folder: Path) -> None:
    text = case_text(found_guilty(folder))
    assert "\nDo:            roll back commit feed at orders (rollback)\n" in text
    assert "\nFirst failing: orders\n" in text
    assert "\nWho suffers:   frontend\n" in text
    assert "\nAlert:         orders db_pool_in_use at 50 (limit 45), fired 2026-03-02 10:00:00 UTC, critical\n" in text
    assert "Why\n  + metrics: db pool in use of orders rose from 11 to 50\n\nWhat speaks against it\n" in text
    assert "  - flag new_layout on frontend, 09:20:00: it paints\n" in text
    assert "  - 10 %: overload of orders\n" in text
    assert "Ask next:      Why then?\n" in text


def test_no_line_is_wider_than_the_terminal_and_none_holds_a_control_character(folder: Path) -> None:
    commits = json.loads((folder / "context" / "commits.json").read_text())
    commits[0] |= {"author": "\x1b[31mada\x07", "message": "wipe\x1b]0;title\x07 \u202e the screen\nand more " * 20}
    (folder / "context" / "commits.json").write_text(json.dumps(commits))
    text = case_text(found_guilty(folder))
    assert all(len(line) <= WIDTH for line in text.split("\n"))
    assert text.replace("\n", "").isprintable()


def test_the_most_tempting_innocent_changes_are_told_whole_and_the_others_are_counted_by_what_they_are(
    folder: Path,
) -> None:
    guilty = found_guilty(folder)
    flag = guilty.findings.reviews[1]
    orders = ServiceName("orders")

    def review(number: int, service: ServiceName, minutes: int, *files: str) -> ReviewedChange:
        at = datetime(2026, 3, 2, 9, 55, tzinfo=UTC) + timedelta(minutes=minutes)
        change = flag.change.model_copy(update={"reference": f"c{number}", "at": at, "files": files})
        return flag.model_copy(update={"change": change, "service": service, "reason": f"it paints {'x ' * 60}wholly"})

    reviews = (
        *(review(n, ServiceName("frontend"), -n) for n in range(1, 4)),
        *(review(n, orders, -n) for n in range(11, 16)),
        review(21, orders, 15),
        review(22, orders, 16),
        review(23, orders, -1, "docs/run.md", "orders/pool_test.py"),
    )
    text = case_text(DiagnosedCase(guilty.case, guilty.findings.model_copy(update={"reviews": reviews}), 0.25))
    told = text.split("Changes that are not guilty\n")[1].split("\n\n")[0]
    assert [line.split(" on ")[0] for line in told.split("\n") if line.startswith("  - flag")] == [
        f"  - flag c{number}" for number in range(11, 16)
    ]
    assert told.count("wholly") == 5
    assert told.endswith("  - and 6 more: 3 on other services, 2 after the onset, 1 of docs or tests alone")


def test_a_streaming_detector_that_agrees_is_told_of_and_weighs_nothing(folder: Path) -> None:
    rows = [
        f"2026-03-02T0{9 - h}:{m:02}:00Z,orders,db_pool_in_use,{10 + m % 3}" for h in range(1, 7) for m in range(60)
    ]
    with (folder / "metrics.csv").open("a") as file:
        file.write("\n".join(rows))
    lead = diagnose_folder(folder).findings.diagnosis.hypotheses[0]
    (seen,) = [each for each in lead.evidence if each.what.startswith("the streaming detector alarms as well")]
    assert (lead.service, seen.weight) == ("orders", 0.0)
    assert "first, at 09:5" in seen.what


def test_reasons_are_told_once_and_the_light_ones_are_counted(folder: Path) -> None:
    guilty = found_guilty(folder)
    lead = guilty.findings.diagnosis.hypotheses[0]
    first = lead.evidence[0]
    change = first.model_copy(update={"signal": "changes", "what": f"commit feed: it keeps sessions; {first.what}"})
    others = tuple(first.model_copy(update={"what": f"reason {n}"}) for n in range(10))
    evidence = (first, change, first.model_copy(update={"what": "it keeps sessions"}), *others)
    leading = lead.model_copy(update={"evidence": evidence})
    unlikely = tuple(
        lead.model_copy(update={"rank": rank, "fault": "bad_data", "probability": 0.001}) for rank in (2, 3)
    )
    diagnosis = guilty.findings.diagnosis.model_copy(update={"hypotheses": (leading, *unlikely)})
    findings = guilty.findings.model_copy(update={"diagnosis": diagnosis})
    text = case_text(DiagnosedCase(guilty.case, findings, 0.25))
    assert "  + changes: commit feed: it keeps sessions\n  + metrics: reason 0\n" in text
    assert "  + metrics: reason 5\n  + and 4 more that weigh less (--json tells them)\n" in text
    assert "Other causes weighed\n  - under 1 %: data that orders cannot read, data that orders cannot read\n" in text


def test_what_could_not_be_seen_is_listed_with_its_remedy(folder: Path) -> None:
    (folder / "logs.ndjson").write_bytes(b"\xff\xfe\x00binary")
    (folder / "metrics.csv").unlink()
    text = case_text(diagnose_folder(folder))
    assert "Could not be seen\n" in text
    joined = " ".join(text.split())
    assert "logs.ndjson: 1 line skipped, at line 1: this is not UTF-8 text (byte 0xff)" in joined
    assert "there is no metrics.csv: no metric can be looked at; export metrics.csv with the case" in joined


def test_an_alert_alone_is_inconclusive_and_asks_a_question(tmp_path: Path) -> None:
    (tmp_path / "alert.json").write_text('{"service": "orders", "fired_at": "2026-03-02T10:00:00Z"}')
    text = case_text(diagnose_folder(tmp_path))
    assert text.startswith("INCONCLUSIVE")
    assert "Ask next:" in text


def test_the_report_for_machines_has_these_keys_and_a_commit_or_none(folder: Path) -> None:
    report = found_guilty(folder).report().model_dump(mode="json")
    assert set(report) == {
        "verdict", "hypotheses", "first_failing_service", "blast_radius", "remediation", "gaps", "seconds",
    }  # fmt: skip
    first = report["hypotheses"][0]
    assert set(first) == {"rank", "service", "fault", "commit", "probability", "evidence", "against"}
    assert set(first["evidence"][0]) == {"signal", "what", "when", "weight"}
    assert (first["rank"], first["service"], first["commit"]) == (1, "orders", "feed")
    assert report["hypotheses"][1]["commit"] == "none"


def test_the_given_cases_fit_the_terminal() -> None:
    for folder in given_cases():
        text = case_text(diagnose_folder(folder))
        assert all(len(line) <= WIDTH for line in text.split("\n"))
        assert text.split(" ")[0].rstrip(",:") in ("CONFIRMED", "LIKELY", "INCONCLUSIVE")
