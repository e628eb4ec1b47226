"""After the end of a practice incident: how the predictions came out, and what it cost beside its baselines."""

from ..domain.findings import Prediction, PredictionOutcome
from ..domain.incident import Incident
from ..domain.practice import PracticeRun
from ..domain.provenance import Provenance
from ..sandbox import PracticeCompany
from ..store import Database
from .record import Comparison

SOURCE = Provenance(
    kind="simulated",
    source="practice company",
    reason="the same scenario and seed, answered by us, by the modelled human, and by nobody",
)


async def score_predictions(
    database: Database, company: PracticeCompany, incident: Incident, predictions: tuple[Prediction, ...]
) -> tuple[PredictionOutcome, ...]:
    """Score predictions against the world in which nobody acted; for a real incident nobody can know that."""
    if incident.practice_run is None:
        return tuple(
            PredictionOutcome(
                prediction=prediction.reference(),
                outcome="unscored",
                reason="what would have happened without the response is not known for a real incident",
            )
            for prediction in predictions
        )
    async with database.read() as unit:
        run = await unit.practice.get(incident.practice_run)
    outcomes = []
    for prediction in predictions:
        crossed = await company.untouched_crosses(run.id, prediction)
        outcomes.append(
            PredictionOutcome(
                prediction=prediction.reference(),
                outcome="hit" if crossed else "miss",
                reason="in the same world with nobody acting it "
                + ("crossed the threshold by then" if crossed else "had not crossed the threshold by then"),
            )
        )
    return tuple(outcomes)


async def compare_run(company: PracticeCompany, run: PracticeRun, incident: Incident | None) -> Comparison:
    """The run's durations and customer cost beside the modelled human's and nobody's, all in simulated time.

    Returns:
        Durations from the fault's onset (from the first alert where there is no fault); `mttr_seconds` None unless
        the incident is resolved.
    """
    answer = await company.answer(run.id)
    baseline = await company.baseline(run.scenario, run.seed)
    onset = answer.onset or (incident.began_at if incident else None)
    resolved = incident is not None and incident.status == "resolved" and incident.ended_at is not None
    return Comparison(
        ours_usd=await company.customer_cost(run.id),
        human_usd=baseline.customer_cost_usd["human"],
        nobody_usd=baseline.customer_cost_usd["nobody"],
        mttd_seconds=(incident.opened_at - onset).total_seconds() if incident and onset else None,
        mttr_seconds=(incident.ended_at - onset).total_seconds()
        if incident and resolved and incident.ended_at and onset
        else None,
        baseline_mttr_seconds=baseline.mttr_seconds,
        provenance=SOURCE,
    )
