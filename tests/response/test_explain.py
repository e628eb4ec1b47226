"""The tabs of /transparency show what a recording holds, in words, and nothing that it does not hold."""

from decimal import Decimal
from pathlib import Path

import pytest

from incident_commander.analysis.calibration import wilson_interval
from incident_commander.domain.ballot import VOTERS
from incident_commander.domain.base import JsonObject
from incident_commander.domain.incident import STAGES
from incident_commander.domain.reasoning import Counsel
from incident_commander.domain.usage import FREE, Cost
from incident_commander.response.explain.analytics import analytics_view
from incident_commander.response.explain.communication import communication_view
from incident_commander.response.explain.confidence import confidence_view
from incident_commander.response.explain.decisions import decisions_view
from incident_commander.response.explain.head import head_view
from incident_commander.response.explain.reasoning import reasoning_view
from incident_commander.response.explain.services import services_view
from incident_commander.response.recording import Recording
from tests.analysis import counsels
from tests.response import recorded
from tests.ui import recorded as quiet
from tests.ui import story

RECORDING = recorded.recording()
NO_QUORUM = recorded.recording(for_it=3)
SILENT = quiet.recording(alarm=False)


def test_the_label_says_what_was_recorded_when_and_by_what() -> None:
    head = head_view("one", RECORDING)
    assert (head.name, head.scenario, head.seed) == ("one", "database_cascade", 7)
    assert head.recorded == "2026-01-03 15:00:00"
    assert head.versions == "incident-commander 0.1.0"
    assert (head.unasked, head.services) == ("No language model was asked", ())
    assert (
        head.judgement
        == "The cause was orders-db, connection pool exhaustion: named right. What was decided was right."
    )
    assert head.votes == "4 of 5 for one plan, 4 needed: quorum reached"


def test_what_could_not_be_used_is_shown_as_paid_for_and_what_gave_no_answer_as_unpriced() -> None:
    paid, silent, kept = (
        counsels.asked("analyse", "Nova", counsels.NOVA, error="it was cut").model_copy(
            update={"cost": Cost(usd=Decimal("0.0021"), price="listed", basis="genai-prices")}
        ),
        counsels.asked("analyse", "Claude", counsels.CLAUDE, error="gave no answer within 40 s"),
        counsels.asked("analyse", None).model_copy(update={"cost": FREE, "requests": 0}),
    )
    told = story.events(("counsel.given", "response", story.json(Counsel(usage=(paid, silent, kept))), 60))
    view = services_view(RECORDING.model_copy(update={"events": (*RECORDING.events, *told)}))
    assert [(row.by, row.cost) for row in view.calls] == [
        ("Nobody", "$0.0021 listed"),
        ("Nobody", "unpriced"),
        ("Local", ""),
    ]
    assert view.totals == "2 requests sent, $0.0021, 1 call unpriced"


def test_a_wrong_cause_is_said_to_be_wrong() -> None:
    head = head_view("one", quiet.recording(correct=False, acceptable=False))
    assert not head.right
    assert "not named right" in head.judgement
    assert "What was decided was wrong" in head.judgement


def test_the_steps_stand_in_order_with_both_clocks_apart() -> None:
    steps = reasoning_view(RECORDING).steps
    assert [step.name for step in steps] == ["alerts", *STAGES]
    detect = steps[1]
    assert (detect.at, detect.took, detect.computed) == ("14:01:20", "2 s", "91 ms")
    assert detect.conclusion == "1 anomalous signal"
    assert detect.confidence == "97%"
    assert not next(step for step in steps if step.name == "learn").ran


def test_each_plan_has_every_voters_score_and_why_it_was_chosen_or_not() -> None:
    chosen, other = decisions_view(RECORDING).alternatives
    assert (chosen.chosen, chosen.votes, [cell.choice for cell in chosen.scores]) == (True, 4, [True] * 4 + [False])
    assert chosen.why[:2] == ("4 of 5 signed ballots name it, 4 are needed", "Detection: as detection sees it")
    assert "policy says allow by its rule practice.raise_pool" in chosen.why
    assert [cell.text for cell in other.scores] == ["0.85", "0.10", "0.10", "0.10", "0.10"]
    assert other.why == (
        "1 of 5 ballots name it, 4 are needed",
        "for it, communication: as communication sees it",
        "detection cannot tell it from the certified plan (0.85 and 0.90, less than 0.08 apart) and takes the one "
        "proposed first",
        "diagnosis gives it 0.10, the certified plan 0.90",
        "prediction gives it 0.10, the certified plan 0.90",
        "resolution gives it 0.10, the certified plan 0.90",
    )


def test_without_a_quorum_nothing_is_chosen_and_the_reason_stands() -> None:
    view = decisions_view(NO_QUORUM)
    assert not any(row.chosen for row in view.alternatives)
    assert not view.certificate.there
    assert view.certificate.reason == "the most votes for one plan were 3 of 5; 4 are required"
    assert view.alternatives[0].why[0] == "3 of 5 ballots name it, 4 are needed"


def test_the_certificate_and_what_came_of_it_are_told_in_order() -> None:
    view = decisions_view(RECORDING)
    assert view.certificate.plan_digest == story.RAISE_POOL.digest
    assert view.certificate.rule == "n = 5 voters, f = 1 of them arbitrary: 4 must name the same plan"
    kinds = [row.kind for row in view.course]
    assert kinds.index("checks.registered") < kinds.index("action.received") < kinds.index("check.judged")
    assert (view.action.state, view.checks[0].state) == ("applied", "met")
    assert [row.claim for row in view.ballots] == [f"ballot.{voter}" for voter in VOTERS]


def test_confidence_stands_beside_what_it_really_was() -> None:
    view = confidence_view(RECORDING)
    assert [(row.probability_text, row.leading, row.true) for row in view.hypotheses] == [
        ("86%", True, True),
        ("9%", False, False),
    ]
    assert view.rest == "5%"
    assert view.margin == "2.3 nats, which is 9.56 to 1"
    assert (view.truth.right_text, view.truth.given) == ("named right", "86%")
    assert view.truth.seen == "its first signal is dated 10 s after it began"


def test_what_would_have_changed_the_mind_and_what_was_not_seen_is_told() -> None:
    view = confidence_view(RECORDING)
    assert view.next_question == "Who holds the connections?"
    assert view.doubts[0].startswith("Evidence of more than 2.3 nats for checkout-api")
    assert view.doubts[-1] == "Against it speaks already, -0.3 nats: CPU stayed at 38%."
    assert [(gap.reason, gap.remedy) for gap in view.gaps] == [("no trace source is configured", "configure one")]


def test_an_interval_is_shown_only_where_one_was_recorded() -> None:
    assert [row.interval for row in confidence_view(RECORDING).forecasts] == [""]
    trend = story.PREDICTION.model_copy(update={"earliest": story.at(180), "latest": story.at(260)})
    row = confidence_view(_predicting(trend.model_dump(mode="json"))).forecasts[0]
    assert row.interval == "80% interval 14:03:00 to 14:04:20"
    never = story.PREDICTION.model_copy(update={"earliest": story.at(180)})
    row = confidence_view(_predicting(never.model_dump(mode="json"))).forecasts[0]
    assert row.interval == "80% interval 14:03:00 to never"


def test_predictions_are_held_against_what_came_to_pass() -> None:
    scored = confidence_view(RECORDING).calibration
    assert (scored.scored, scored.hits, scored.stated, scored.brier) == (1, 1, "78%", "0.048")
    assert confidence_view(NO_QUORUM).calibration.scored == 0


@pytest.mark.parametrize(
    ("hits", "scored", "low", "high"), [(3, 4, 0.3006, 0.9544), (0, 5, 0.0, 0.4345), (10, 10, 0.7225, 1.0)]
)
def test_the_interval_of_a_share_is_wilsons(hits: int, scored: int, low: float, high: float) -> None:
    assert wilson_interval(hits, scored) == pytest.approx((low, high), abs=1e-4)


def test_a_message_says_to_whom_when_and_by_which_channel_it_went() -> None:
    view = communication_view(RECORDING)
    (message,) = view.messages
    assert (message.audience, message.at, message.after) == ("The person on call", "14:03:31", "3 min 31 s")
    assert (message.channel, message.sent) == ("Sent to slack", True)
    assert story.HOSTILE in message.subject, "text is passed on as it is; the page shows it as text"
    assert view.postmortem == recorded.POSTMORTEM


def test_the_two_clocks_are_never_added_up() -> None:
    view = analytics_view(RECORDING)
    assert [(row.label, row.simulated, row.measured) for row in view.durations][:2] == [
        ("Detect", "2 s", "91 ms"),
        ("Diagnose", "5 s", "120 ms"),
    ]
    assert (view.simulated_total, view.measured_total) == ("32 s", "811 ms")


def test_evidence_is_added_up_by_signal_and_side() -> None:
    (row,) = analytics_view(RECORDING).signals
    assert (row.signal, row.pro, row.pro_text, row.contra, row.contra_text) == ("Metrics", 1, "+1.20", 1, "-0.30")
    assert (row.pro_share, row.contra_share) == (100, 25)


def test_agreement_is_by_scores_and_by_choice() -> None:
    view = analytics_view(RECORDING)
    assert view.agreed == "6 of 10 pairs of voters chose the same plan"
    detection = view.agreement[0]
    assert detection.cells[0].own
    assert (detection.cells[1].text, detection.cells[1].same) == ("0.62", True)
    assert (view.agreement[1].cells[2].text, view.agreement[1].cells[4].same) == ("1.00", False)


def test_the_impact_is_costed_at_the_prices_of_the_run() -> None:
    impact = analytics_view(RECORDING).impact
    assert [(curve.tone, curve.total) for curve in impact.curves] == [
        ("ours", "$48.00"),
        ("human", "$168.00"),
        ("nobody", "$288.00"),
    ]
    assert impact.saved == "$120.00"
    assert impact.prices == ("per failed request: 0.02 USD (assumption, no source)",)


def test_a_run_without_an_alert_has_nothing_to_show_but_the_answer_and_what_customers_felt() -> None:
    assert decisions_view(SILENT).alternatives == ()
    assert communication_view(SILENT).messages == ()
    assert confidence_view(SILENT).truth.cause == "orders-db: connection pool exhaustion"
    assert analytics_view(SILENT).impact.curves
    assert head_view("quiet", SILENT).incident == ""


@pytest.mark.parametrize("file", quiet.FILES, ids=lambda file: file.stem)
def test_every_tab_of_every_shipped_recording_can_be_shown(file: Path) -> None:
    shipped = quiet.kept(file.name)
    assert reasoning_view(shipped).steps
    assert decisions_view(shipped).alternatives
    assert confidence_view(shipped).agents
    assert communication_view(shipped).postmortem
    assert analytics_view(shipped).durations


def _predicting(prediction: JsonObject) -> Recording:
    """The recording with another prediction in place of its own."""
    events = tuple(
        event.model_copy(update={"payload": {"predictions": [prediction], "impact": None}})
        if event.kind == "predictions.made"
        else event
        for event in RECORDING.events
    )
    return RECORDING.model_copy(update={"events": events})
