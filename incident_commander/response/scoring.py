"""After the end of a practice incident: how the predictions came out, and what it cost beside its baselines."""

from collections.abc import Sequence

from .. import sandbox
from ..domain.base import Digest, Value
from ..domain.findings import Prediction, PredictionOutcome
from ..domain.incident import Incident
from ..domain.practice import PracticeRun
from ..domain.provenance import Provenance
from ..sandbox import Assumptions, PracticeCompany, Received
from .record import Comparison
from .workers import Workers

SOURCE = Provenance(
    kind="simulated",
    source="practice company",
    reason="the same scenario and seed, answered by us, by the modelled human, and by nobody",
)


class Scores(Value):
    """How an incident's predictions came out: payload of `predictions.scored`.

    Attributes:
        happened: The predictions that came to pass all the same, in the world where we acted.
    """

    outcomes: tuple[PredictionOutcome, ...]
    happened: tuple[Digest, ...] = ()


async def score_predictions(
    company: PracticeCompany, incident: Incident, predictions: tuple[Prediction, ...]
) -> Scores:
    """Score predictions against the world in which nobody acted; for a real incident nobody can know that."""
    if incident.practice_run is None:
        reason = "what would have happened without the response is not known for a real incident"
        return Scores(
            outcomes=tuple(
                PredictionOutcome(prediction=prediction.reference(), outcome="unscored", reason=reason)
                for prediction in predictions
            )
        )
    seen = await company.outcome(incident.practice_run, predictions)
    return Scores(
        outcomes=tuple(
            PredictionOutcome(
                prediction=prediction.reference(),
                outcome="hit" if crossed else "miss",
                reason="in the same world with nobody acting it "
                + ("crossed the threshold by then" if crossed else "had not crossed the threshold by then"),
            )
            for prediction, crossed in zip(predictions, seen.untouched, strict=True)
        ),
        happened=tuple(
            prediction.reference() for prediction, happened in zip(predictions, seen.happened, strict=True) if happened
        ),
    )


async def compare_run(
    company: PracticeCompany, run: PracticeRun, incident: Incident | None, predictions: tuple[Prediction, ...] = ()
) -> Comparison:
    """The run's durations and customer cost beside the modelled human's and nobody's, all in simulated time.

    Args:
        predictions: Those that were scored, so that what was computed for them serves here too.

    Returns:
        Durations from the fault's onset. Where there is no fault, nothing was there to detect, so `mttd_seconds` is
        None, and `mttr_seconds` counts from the first alert; `mttr_seconds` is None unless the incident is resolved.
    """
    answer = await company.answer(run.id)
    baseline = await company.baseline(run.scenario, run.seed)
    ours = await company.outcome(run.id, predictions)
    onset = answer.onset or (incident.began_at if incident else None)
    ended_at = incident.ended_at if incident and incident.status == "resolved" else None
    return Comparison(
        ours_usd=ours.cost_usd,
        human_usd=baseline.customer_cost_usd["human"],
        nobody_usd=baseline.customer_cost_usd["nobody"],
        mttd_seconds=(incident.opened_at - answer.onset).total_seconds() if incident and answer.onset else None,
        mttr_seconds=(ended_at - onset).total_seconds() if ended_at and onset else None,
        baseline_mttr_seconds=baseline.mttr_seconds,
        provenance=SOURCE,
    )


class Hindsight:
    """Computes what only the end can tell in worker processes, beside the run itself."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def hindsight(self, scenario: str, seed: int, figures: Assumptions) -> sandbox.Hindsight:
        """See sandbox.hindsight_of."""
        return (await self._workers.run(sandbox.hindsight_of, scenario, seed, figures)).value

    async def outcome(
        self,
        scenario: str,
        seed: int,
        received: Sequence[Received],
        predictions: Sequence[Prediction],
        figures: Assumptions,
    ) -> sandbox.Outcome:
        """See sandbox.outcome_of."""
        return (await self._workers.run(sandbox.outcome_of, scenario, seed, received, predictions, figures)).value
