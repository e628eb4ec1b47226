"""What is told of a practice run after its end."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal

from incident_commander.actions.policy_file import load_policy
from incident_commander.domain.findings import Prediction
from incident_commander.domain.practice import Answer, Baseline, Course
from incident_commander.domain.provenance import Provenance
from incident_commander.response.scoring import compare_run
from incident_commander.sandbox import POLICY_FILE, Assumptions, Hindsight, Outcome, PracticeCompany, Received
from tests.sandbox.worlds import office
from tests.store.databases import NOON, incident


def quiet(name: Literal["ours", "human", "nobody"]) -> Course:
    return Course(name=name, requests_per_second=(), flows=())


class Nothing:
    """Hindsight on a day without a fault."""

    async def hindsight(self, scenario: str, seed: int, figures: Assumptions) -> Hindsight:
        """See Compute."""
        return Hindsight(
            answer=Answer(service=None, fault=None, acceptable=(), harmful=(), explanation="nothing was wrong"),
            baseline=Baseline(
                acknowledged_seconds=None, mttr_seconds=None, customer_cost_usd={"human": 1, "nobody": 1},
                assumptions={}, provenance=Provenance(kind="assumed", source="a test"),
            ),
            start=NOON, interval_seconds=15, alerted_at=None, human=quiet("human"), nobody=quiet("nobody"),
        )  # fmt: skip

    async def outcome(
        self,
        scenario: str,
        seed: int,
        received: Sequence[Received],
        predictions: Sequence[Prediction],
        figures: Assumptions,
    ) -> Outcome:
        """See Compute."""
        return Outcome(cost_usd=1, course=quiet("ours"), untouched=(), happened=())


async def test_where_there_was_no_fault_no_time_to_detect_it_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as place:
        company = PracticeCompany(place.database, load_policy(POLICY_FILE), place.post, place.wall, Nothing())
        run = await company.start("memory_leak", 6)
        ended = incident(status="resolved", practice_run=run.id, ended_at=NOON + timedelta(minutes=10))
        comparison = await compare_run(company, run, ended)
        await company.close()
    assert comparison.mttd_seconds is None
    assert comparison.mttr_seconds == 600
