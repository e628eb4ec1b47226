"""What pages show is computed from the ledger's events, in words a person can read."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_commander.domain.ballot import VOTERS, Rejection
from incident_commander.domain.base import JsonObject
from incident_commander.domain.plan import Action, CheckOutcome
from incident_commander.domain.provenance import Provenance
from incident_commander.domain.reasoning import Analysis, Counsel, PatternOpinion, SeverityOpinion
from incident_commander.domain.telemetry import Gap
from incident_commander.domain.usage import FREE, AiService, Cost, ReasoningTask, Usage
from incident_commander.response import view_text
from incident_commander.response.view_timeline import timeline_row
from incident_commander.response.views import OpsView, build_ops_view
from tests.ui import story


def test_a_quiet_installation_shows_figures_health_and_agents_that_have_not_run() -> None:
    view = story.view(until=0)
    assert view.head.id == ""
    assert view.incidents == ()
    assert view.timeline == ()
    assert [row.name for row in view.health] == ["database"]
    assert {row.state_text for row in view.agents} == {"Not run yet"}


def test_a_figure_that_is_not_known_says_so_and_names_its_reason() -> None:
    mttr, efficiency = story.view(until=0).figures
    assert (mttr.text, mttr.kind, mttr.source) == ("3 min 4 s", "simulated", "practice company")
    assert (efficiency.text, efficiency.value, efficiency.note) == ("not known yet", None, "none has ended")


def test_the_head_tells_simulated_time_from_the_wall_clock() -> None:
    assert story.view().head.clock_text == "Simulated time"
    wall = story.incident().model_copy(update={"clock": "wall", "practice_run": None})
    assert story.view(shown=wall).head.clock_text == "Wall clock"


def test_an_alert_through_two_doors_is_one_row_with_both_and_the_reason_it_was_grouped() -> None:
    (row,) = story.view().alerts
    assert row.sources == "alertmanager + prometheus"
    assert row.reason == "first alert of this incident"
    assert row.summary == story.HOSTILE, "text is passed on as it is; the page shows it as text"


def test_the_newest_state_of_an_alert_counts() -> None:
    incident = story.incident()
    alerts = {incident.id: (story.alert(status="resolved", received=300), story.alert())}
    view = build_ops_view([incident], story.events(), [], alerts, (), (), story.at(300), story.RULE)
    assert view.alerts[0].status == "resolved"
    assert view.incidents[0].alerts == "1 alert, 0 firing"


def test_the_quorum_is_shown_against_its_line_with_every_voters_choice_and_reason() -> None:
    quorum = story.view().quorum
    assert (quorum.state, quorum.leading, quorum.required, quorum.n) == ("reached", 4, 4, 5)
    assert quorum.text == "4 of 5 for one plan, 4 needed: quorum reached"
    assert [vote.voter for vote in quorum.votes] == list(VOTERS)
    assert [vote.state for vote in quorum.votes] == ["for"] * 4 + ["abstained"]
    assert quorum.votes[0].choice == "Raise the connection pool of orders-db (size 80)"
    assert quorum.votes[4].reason == "cannot tell"


def test_a_vote_under_way_shows_who_has_not_voted() -> None:
    told = [*story.TOLD[:9], story.TOLD[9]]
    view = build_ops_view([story.incident()], story.events(*told), [], {}, (), (), story.at(96), story.RULE)
    assert view.quorum.state == "voting"
    assert [vote.state for vote in view.quorum.votes] == ["for"] + ["missing"] * 4


def test_a_ballot_that_was_not_counted_is_shown_as_such_with_the_reason() -> None:
    rejection = Rejection(voter="diagnosis", sender="diagnosis", reason="bad_signature", detail="not the voter's")
    failed = story.TALLY.model_copy(
        update={
            "certificate": None,
            "rejected": (rejection,),
            "missing": ("diagnosis",),
            "votes": {story.RAISE_POOL.digest: ("detection", "prediction", "resolution")},
        }
    )
    told = [*story.TOLD[:14], ("quorum.failed", "consensus", story.json(failed), 96.0)]
    view = build_ops_view([story.incident()], story.events(*told), [], {}, (), (), story.at(97), story.RULE)
    assert (view.quorum.state, view.quorum.leading) == ("failed", 3)
    assert view.quorum.votes[1].state == "rejected"
    assert [(row.voter, row.reason) for row in view.quorum.rejected] == [("diagnosis", "bad signature")]
    assert view.action.state == "none"


def test_the_action_stands_with_its_certificate_and_policy() -> None:
    action = story.view().action
    assert (action.state, action.state_text) == ("applied", "Carried out")
    assert action.text == "Raise the connection pool of orders-db (size 80)"
    assert action.certificate == story.RAISE_POOL.digest
    assert action.certificate_text.startswith("5 signed ballots, 4 of 5 needed")
    assert action.policy == "Allow: reversible (practice.raise_pool)"


def test_checks_show_their_last_value_and_what_is_still_to_be_judged() -> None:
    pool, latency = story.view().checks
    assert (pool.state, pool.observed) == ("met", "52.4%")
    assert (latency.state, latency.text) == (
        "pending",
        "checkout-api latency p99 below 800 ms within 7 min, held for 1 min",
    )


def test_a_check_with_nothing_to_see_does_not_invent_a_value() -> None:
    outcome = CheckOutcome(
        check=story.POOL_CHECK, met=False, observed=None, judged_at=story.at(400), reason="no sample"
    )
    told = [*story.TOLD, ("check.judged", "verification", story.json(outcome), 400.0)]
    view = build_ops_view([story.incident()], story.events(*told), [], {}, (), (), story.at(400), story.RULE)
    assert (view.checks[0].state, view.checks[0].observed) == ("unmet", "nothing to see")


def test_predictions_carry_their_outcome() -> None:
    (prediction,) = story.view().predictions
    assert (prediction.text, prediction.state_text) == ("checkout-api error above 5%", "Hit")
    assert prediction.cost == "then $412.50 a minute"
    (open_one,) = story.view(until=9).predictions
    assert open_one.state == "pending"


def test_an_update_is_never_shown_as_sent_when_it_was_not() -> None:
    (update,) = story.view().updates
    assert update.delivered == "Kept on the timeline: no channel is configured"


def test_gaps_of_stages_and_diagnosis_are_listed_once() -> None:
    gap = Gap(signal="traces", reason="no source", remedy="configure one")
    seen: JsonObject = {"stage": "predict", "gaps": [gap.model_dump(mode="json")] * 2}
    told = [*story.TOLD, ("stage.finished", "response", seen, 90.0)]
    view = build_ops_view([story.incident()], story.events(*told), [], {}, (), (), story.at(300), story.RULE)
    assert [row.reason for row in view.gaps] == ["no source"]


def test_the_timeline_is_newest_first_and_has_a_line_for_every_event() -> None:
    view = story.view()
    assert [row.sequence for row in view.timeline] == list(range(len(story.TOLD), 0, -1))
    assert all(row.title for row in view.timeline)
    assert view.timeline[-1].title == "Incident opened"
    ballots = [row.title for row in view.timeline if row.kind == "ballot.cast"]
    assert ballots[0] == "Communication: abstains (80%)"
    assert ballots[-1] == "Detection: Raise the connection pool of orders-db (size 80) (80%)"


def test_the_stage_under_way_is_active_and_an_ended_incident_has_none() -> None:
    open_stages = {row.name: row.state for row in story.view().stages}
    assert (open_stages["detect"], open_stages["verify"], open_stages["learn"]) == ("done", "active", "pending")
    ended = {row.state for row in story.view(shown=story.incident("resolved", None)).stages}
    assert ended == {"done", "skipped"}


def test_an_agents_durations_are_values_that_were_measured() -> None:
    runs = [story.RUN.model_copy(update={"duration_ms": float(n)}) for n in range(1, 21)]
    failed = story.RUN.model_copy(update={"error": "out of memory", "confidence": None})
    view = build_ops_view([], [], [*runs, failed], {}, (), (), story.at(0), story.RULE)
    row = view.agents[0]
    assert (row.p50_text, row.p95_text, row.runs, row.failures) == ("10 ms", "19 ms", 21, 1)
    assert (row.state, row.error, row.confidence_text) == ("failed", "out of memory", "90%")


@pytest.mark.parametrize("until", range(len(story.TOLD) + 1))
def test_every_moment_of_an_incident_can_be_shown(until: int) -> None:
    view = story.view(until=until)
    assert OpsView.model_validate_json(view.model_dump_json()) == view


@given(st.text(max_size=50), st.text(max_size=50))
def test_any_text_in_an_alert_event_makes_a_row(name: str, reason: str) -> None:
    (event,) = story.events(("alert.grouped", "ingest", {"name": name, "reason": reason}, 65))
    assert timeline_row(event).title.startswith("Alert")


def counsel_usage(task: ReasoningTask, service: AiService | None, fell_back: str = "") -> Usage:
    return Usage(
        task=task,
        agent="detection",
        service=service,
        provenance=Provenance(kind="live", source="loopback" if service else "local"),
        model="eu.amazon.nova-micro-v1:0" if service else "",
        at=story.BEGAN,
        latency_ms=12.4,
        cost=Cost(usd=Decimal("0.00004"), price="listed") if service else FREE,
        fell_back=fell_back,
    )


def test_what_models_said_is_told_with_who_said_it_and_a_local_answer_without_a_name_of_aws() -> None:
    counsel = Counsel(
        severity=SeverityOpinion(severity="high"),
        pattern=PatternOpinion(category=None, reasoning="nothing tells"),
        analysis=Analysis(),
        usage=(
            counsel_usage("classify", "Nova"),
            counsel_usage("match", None, "it was throttled"),
            counsel_usage("analyse", None),
        ),
    )
    (event,) = story.events(("counsel.given", "response", counsel.model_dump(mode="json"), 65))
    row = timeline_row(event)
    assert (row.title, row.tone) == ("Reasoning services were asked beside local analysis", "quiet")
    assert row.detail == (
        "severity high (Nova eu.amazon.nova-micro-v1:0 by loopback, 12 ms, 0.00004 USD); "
        "no kind of trouble (local, since it was throttled); suspected nothing (local)"
    )
    (partly,) = story.events(("counsel.given", "response", story.json(counsel.with_(Counsel(trouble="no room"))), 65))
    told = timeline_row(partly)
    assert told.title == "Not every reasoning service could be asked; the incident goes on without"
    assert (told.detail, told.tone) == (f"{row.detail}; not all could be asked: no room", "warn")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "250 ms"),
        (4.2, "4.2 s"),
        (42, "42 s"),
        (184, "3 min 4 s"),
        (7800, "2 h 10 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert view_text.duration(seconds) == text
    assert view_text.time_between(story.at(0), story.at(0) + timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.031, "ratio", "3.1%"),
        (1234.5, "count", "1,234"),
        (52.4, "percent", "52.4%"),
        (310, "ms", "310 ms"),
        (18432.7, "USD", "$18,433"),
        (31.5, "per_second", "31.5/s"),
    ],
)
def test_quantities_carry_their_unit(value: float, unit: str, text: str) -> None:
    assert view_text.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"direction": "back", "reference": "41c9e2"}, "Roll back checkout-api (reference 41c9e2)"),
        ({"direction": "forward", "reference": "41c9e2"}, "Roll forward checkout-api (reference 41c9e2)"),
        ({}, "Roll back checkout-api"),
    ],
)
def test_a_rollback_says_which_way_it_goes(arguments: dict[str, int | float | str], text: str) -> None:
    assert view_text.action_text(Action(name="rollback", target=story.CHECKOUT, arguments=arguments)) == text


def test_a_probability_never_rounds_to_certainty() -> None:
    assert view_text.share(0.999) == ">99%"
    assert view_text.share(0.001) == "<1%"
    assert view_text.share(1) == "100%"
