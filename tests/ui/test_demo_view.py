"""What /demo shows of a run: the report's figures, plain sentences, an honest end."""

from pathlib import Path

import pytest

from incident_commander.response import view_text as text
from incident_commander.response.recording import Recording
from incident_commander.ui.demo.assumptions import (
    NotTaken,
    as_shipped,
    in_force,
    parse_figure,
    rows,
    shipped_figures,
    written,
)
from incident_commander.ui.demo.frames import Played
from incident_commander.ui.demo.telling import human_side, our_side, predictions, stopwatch
from incident_commander.ui.demo.view import demo_view, label
from tests.ui.recorded import FIGURES, FILES, courses, kept, recording


def played(of: Recording, **prices: float) -> Played:
    return Played(of, in_force(of.assumptions, prices))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_at_the_end_the_figures_are_the_reports(file: Path) -> None:
    of = kept(file.name)
    shown = played(of)
    end, clock = shown.frame(shown.seconds), of.report.clock
    for seconds, cell in (
        (clock.mttd_seconds, end.ours.mttd),
        (clock.mttr_seconds, end.ours.mttr),
        (clock.baseline_mttr_seconds, end.human.mttr),
        (of.baseline.acknowledged_seconds, end.human.mtta),
    ):
        assert cell.text == text.duration(seconds) if seconds is not None else cell.state == "never"
    comparison = of.record.comparison if of.record else None
    if comparison is not None:
        assert end.ours.usd.text == text.usd(comparison.ours_usd)
        assert end.human.usd.text == text.usd(comparison.human_usd)
        assert end.nobody.usd.text == text.usd(comparison.nobody_usd)
        assert end.saved == text.usd(round(comparison.human_usd - comparison.ours_usd, 2))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_recording_that_comes_with_the_product_can_be_shown(file: Path) -> None:
    of = kept(file.name)
    view = demo_view(played(of), "recorded")
    assert view.ending.title
    assert view.ending.really
    assert view.result
    assert len(view.ours) > 3
    assert [line.state for line in view.predictions].count("hit") == of.report.predictions.hits


def test_figures_run_with_the_clock_until_they_are_reached() -> None:
    shown = played(recording())
    assert (shown.frame(30).ours.mttd.text, shown.frame(30).ours.mttd.state) == ("30 s", "running")
    assert (shown.frame(65).ours.mttd.text, shown.frame(65).ours.mttd.state) == ("1 min 5 s", "reached")
    assert shown.frame(200).ours.mttr.state == "running"
    assert shown.frame(300).ours.mttr.text == "5 min"
    assert shown.frame(0).ours.usd.text == "$0.00"


def test_savings_are_counted_against_the_human_and_never_against_nobody() -> None:
    shown = played(recording())
    end = shown.frame(shown.seconds)
    assert (end.ours.usd.text, end.human.usd.text, end.nobody.usd.text) == ("$48.00", "$168.00", "$288.00")
    assert (end.saved, end.gain) == ("$120.00", "saved")


def test_a_run_that_cost_customers_more_than_the_human_says_so() -> None:
    shown = played(recording(told=courses(ours=60, human=20)))
    end = shown.frame(shown.seconds)
    assert (end.saved, end.gain) == ("-$120.00", "lost")


def test_another_price_costs_the_same_run_anew() -> None:
    shown = played(recording(), usd_per_failed_request=0.04)
    assert shown.frame(shown.seconds).saved == "$240.00"


def test_the_next_moment_is_when_something_happens_on_either_side() -> None:
    shown = played(recording())
    moments = [0.0]
    while moments[-1] < shown.seconds:
        moments.append(shown.next_moment(moments[-1]))
    assert {0.0, 65.0, 98.0, 365.0, 800.0, shown.seconds} <= set(moments)
    assert moments == sorted(set(moments))


def test_both_sides_are_told_in_the_order_of_time() -> None:
    of = recording()
    ours, human = our_side(of), human_side(of.courses)
    for told in (ours, human):
        assert [sentence.at for sentence in told] == sorted(sentence.at for sentence in told)
    words = " ".join(sentence.text for sentence in ours)
    assert "An alarm fires: checkout-api fails 12% of its requests." in words
    assert "It names a cause: connection pool exhaustion of orders-db (confirmed, 86% sure)." in words
    assert "4 of 5 agents vote for one plan, 4 are needed: raise the connection pool of orders-db." in words
    assert "It acts: raise the connection pool of orders-db." in words
    assert "1 of 1 checks met." in words
    assert words.endswith("Resolved, and proven.")
    assert [sentence.text for sentence in human][1:3] == [
        "The same alarm fires.",
        "The engineer on call has the page and starts to look.",
    ]


def test_customers_who_were_well_before_the_alarm_are_not_told_as_mended() -> None:
    of = recording(told=courses(ours=4, human=4), onset=False, executed=False, acceptable=True, status="closed")
    assert "Customers are well again." not in [sentence.text for sentence in (*our_side(of), *human_side(of.courses))]
    assert human_side(of.courses)[-1].text == "There was nothing for the engineer to mend."


def test_a_run_without_an_alarm_is_told_too() -> None:
    of = recording(alarm=False, executed=False, acceptable=True, onset=False, mttr_seconds=None)
    view = demo_view(played(of), "run")
    assert [sentence.text for sentence in view.ours][-1] == "No alarm fired, so nothing was looked at."
    end = played(of).frame(1e9)
    assert (end.ours.mttd.text, end.human.mtta.text) == ("no alarm", "no alarm")
    assert view.predictions == ()


def test_that_there_was_no_fault_is_not_told_before_the_end() -> None:
    shown = played(recording(onset=False, executed=False, acceptable=True, mttr_seconds=None, status="closed"))
    assert shown.frame(shown.seconds - 1).ours.mttd.state == "reached"
    assert shown.frame(shown.seconds).ours.mttd.text == "no fault to detect"


@pytest.mark.parametrize(
    ("of", "tone", "title"),
    [
        (recording(), "good", "Right cause, right action, proven"),
        (recording(correct=False), "warn", "Mended, for the wrong reason"),
        (recording(acceptable=False, status="escalated"), "bad", "It acted, and it was the wrong thing to do"),
        (recording(status="escalated"), "warn", "It did the right thing, but could not prove it in time"),
        (recording(executed=False, acceptable=True, status="escalated"), "good", "Right to leave it alone"),
        (
            recording(executed=False, acceptable=True, correct=False, status="escalated"),
            "warn",
            "Right to leave it alone, but wrong about the cause",
        ),
        (
            recording(executed=False, acceptable=False, named=False, correct=False, status="escalated"),
            "warn",
            "Inconclusive: it said so, and called a person",
        ),
        (
            recording(executed=False, acceptable=False, correct=False, status="escalated"),
            "bad",
            "It named the wrong cause",
        ),
        (
            recording(executed=False, acceptable=False, status="escalated"),
            "warn",
            "Right cause, but it did not act",
        ),
    ],
)
def test_the_end_says_honestly_how_it_came_out(of: Recording, tone: str, title: str) -> None:
    ending = demo_view(played(of), "run").ending
    assert (ending.tone, ending.title) == (tone, title)
    assert ending.really.startswith("Report readers hold all sessions of orders-db.")


def test_a_person_who_was_called_is_not_counted_as_a_repair() -> None:
    of = recording(status="escalated", mttr_seconds=None, executed=False, acceptable=False)
    shown = played(of)
    assert shown.frame(shown.seconds).ours.mttr.text == "a person was called"
    assert "What that person then does is not modelled" in demo_view(shown, "run").result


def test_a_prediction_says_how_likely_by_when_and_how_it_came_out() -> None:
    (line,) = predictions(recording())
    assert (line.text, line.probability, line.by) == ("checkout-api error above 5%", "78%", "4:00")
    assert line.state == "hit"
    assert line.outcome == "came true with nobody acting, and was prevented here"


def test_the_chart_says_in_words_what_it_shows() -> None:
    chart = demo_view(played(recording()), "run").chart
    assert [curve.tone for curve in chart.curves] == ["nobody", "human", "ours"]
    assert "Incident Commander: $48.00" in chart.summary
    assert [mark.text for mark in chart.marks] == ["alarm", "commander acts", "engineer acts"]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.4, "0:59"), (65, "1:05"), (6450, "107:30"), (-3, "0:00")]
)
def test_a_stopwatch_counts_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert stopwatch(seconds) == shown


def test_a_scenario_has_a_name_that_a_person_reads() -> None:
    assert [label(name) for name in ("ddos_attack", "api_overload", "memory_leak")] == [
        "DDoS attack",
        "API overload",
        "Memory leak",
    ]


@pytest.mark.parametrize("wrote", ["0", "0.02", " 240 ", "1e3", ".5"])
def test_a_figure_is_a_number_from_nothing_up(wrote: str) -> None:
    assert parse_figure("usd_per_failed_request", wrote) == float(wrote)


@pytest.mark.parametrize(
    ("wrote", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("-1", "negative"),
        ("-1e309", "negative"),
        ("1e309", "too large"),
        ("1000001", "too large"),
        ("nan", "not a number"),
        ("inf", "too large"),
        ("two", "not a number"),
        ("1_000", "not a number"),
        ("1,000", "not a number"),
        ("\u0663", "not a number"),
        ("9" * 5000, "not a number"),
        ("<script>", "not a number"),
    ],
)
def test_another_figure_is_refused_with_why_and_what_is_possible(wrote: str, why: str) -> None:
    with pytest.raises(NotTaken, match=rf"{why}; give a number from 0 to 1,000,000 \(USD\)") as refused:
        parse_figure("usd_per_failed_request", wrote)
    assert len(str(refused.value)) < 200


def test_what_the_viewer_chose_is_told_from_what_ships() -> None:
    (failed, *others) = rows(FIGURES, {"usd_per_failed_request": 0.5}, {"human_notice_seconds": "not a number"})
    assert (failed.value, failed.shipped, failed.yours) == ("0.5", "0.02", True)
    assert [row.yours for row in others] == [False] * 3
    assert [row.problem for row in others] == ["", "not a number", ""]
    assert [row.group for row in (failed, *others)] == ["price", "price", "human", "other"]


def test_a_runs_own_choices_can_be_put_back_to_what_shipped() -> None:
    (notice,) = (figure for figure in FIGURES if figure.name == "human_notice_seconds")
    chosen = notice.model_copy(update={"value": 5.0, "shipped": 60.0})
    assert as_shipped([chosen]) == (notice,)


def test_every_shipped_figure_names_its_source() -> None:
    shipped = rows(shipped_figures(), {}, {})
    assert {"price", "human", "other"} == {row.group for row in shipped}
    assert all(row.source for row in shipped)


@pytest.mark.parametrize(("value", "shown"), [(240.0, "240"), (0.005, "0.005"), (5e-05, "0.00005"), (0.0, "0")])
def test_a_figure_is_written_without_an_exponent(value: float, shown: str) -> None:
    assert written(value) == shown
