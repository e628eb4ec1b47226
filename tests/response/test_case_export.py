"""An incident of the practice company, written as a case folder, is diagnosed from there as it is in the company."""

from pathlib import Path

import pytest

from incident_commander.agents.diagnosis import diagnose
from incident_commander.response.case_export import practice_case
from incident_commander.response.case_report import diagnose_folder
from incident_commander.telemetry.case_folder import write_case


@pytest.mark.parametrize(("scenario", "seed"), [("storage_failure", 1), ("security_breach", 1)])
def test_a_practice_incident_is_diagnosed_from_its_folder_as_in_the_company(
    tmp_path: Path, scenario: str, seed: int
) -> None:
    case = practice_case(scenario, seed)
    assert case is not None
    assert case.alert.service is not None
    write_case(tmp_path, case)
    here = diagnose(case.observations, {case.alert.service: case.alert.fired_at}).diagnosis
    there = diagnose_folder(tmp_path).findings.diagnosis
    assert (there.verdict, there.gaps) == (here.verdict, here.gaps)
    assert [(h.service, h.fault) for h in there.hypotheses[:1]] == [(h.service, h.fault) for h in here.hypotheses[:1]]


def test_a_scenario_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        practice_case("nonsense", 1)
