"""The three courses of a seed, replayed: as the run went, as the modelled human would have, and with nobody."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from ..domain.plan import Action
from ..domain.practice import Answer, Course, Courses, Flow, JournalEntry, PracticeRun
from ..sandbox import answers
from ..sandbox.remedies import Impossible, Received
from ..sandbox.scenarios import draw, scenario_named
from ..sandbox.topology import load_company


def courses_of(run: PracticeRun, journal: Sequence[JournalEntry], answer: Answer) -> Courses:
    """Replay the courses, over the time that a baseline's costs are counted."""
    company = load_company()
    episode = draw(company, scenario_named(run.scenario), run.seed)
    untouched, decided = answers.finish(answers._up_to_decision(company, episode))
    end = answers._costs_end(untouched, decided)
    figures, alarmed = untouched.world.assumptions, untouched.first_firing
    nobody, human = untouched.fork(), untouched
    answers.finish(nobody.run(end))
    acknowledged = acts = well = None
    human = nobody
    if alarmed is not None:
        acknowledged = alarmed + figures.human_notice_seconds.value + figures.human_acknowledge_seconds.value
    if acknowledged is not None and answer.acceptable:
        acts = acknowledged + figures.human_diagnose_seconds.value + figures.human_repair_seconds.value
        waiting = untouched.fork()
        answers.finish(waiting.run(acts))
        for name, target in answer.acceptable:
            attempt = waiting.fork()
            try:
                attempt.world.accept(Action(name=name, target=target), attempt.world.seconds)
            except Impossible:
                continue
            answers.finish(attempt.run(end))
            well = answers._well_from(attempt, acts)
            if well is not None:
                human = attempt
                break
    ours = answers.Course.start(company, episode)
    taken = []
    for entry in journal:
        if entry.applied:
            at = (entry.received_at - run.epoch).total_seconds()
            taken.append(Received(entry.action, at, at + figures.action_seconds(entry.action.name)))
            ours.world.replay(taken[-1])
    answers.finish(ours.run(end))
    acted = taken[0].received_at if taken else None

    def moment(seconds: float | None) -> datetime | None:
        return None if seconds is None else run.epoch + timedelta(seconds=seconds)

    def course(name: Literal["ours", "human", "nobody"], of: answers.Course) -> Course:
        archive = of.world.archive
        low, high = int(episode.onset / archive.interval), min(int(end / archive.interval), archive.count)
        felt = archive.customers[low:high].tolist()
        return Course(
            name=name,
            requests_per_second=tuple(row[0] for row in felt),
            flows=(
                Flow(name="failed requests", price="usd_per_failed_request", per_second=tuple(r[1] for r in felt)),
                Flow(name="slow requests", price="usd_per_slow_request", per_second=tuple(r[2] for r in felt)),
                Flow(name="late order events", price="usd_per_slow_request", per_second=tuple(r[3] for r in felt)),
            ),
            acknowledged_at=moment({"ours": alarmed, "human": acknowledged}.get(name)),
            acted_at=moment({"ours": acted, "human": acts if human is not nobody else None}.get(name)),
            well_at=moment(
                well if name == "human" else answers._well_from(of, acted if acted is not None else decided)
            ),
        )

    interval = untouched.world.archive.interval
    return Courses(
        start=run.epoch + timedelta(seconds=int(episode.onset / interval) * interval),
        interval_seconds=interval,
        alerted_at=moment(alarmed),
        ours=course("ours", ours),
        human=course("human", human),
        nobody=course("nobody", nobody),
    )
