"""`incident-commander bench ...`: the benchmarks by name."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..domain.telemetry import Signal
from .figures import Figure, figures_table
from .reading import BadData

app = typer.Typer(no_args_is_help=True, help="Measure it: each prints a table, or one JSON object with --json.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Server = Annotated[str | None, typer.Option(help="A running server's address; without it one is started.")]
Seeds = Annotated[int, typer.Option(min=1, help="How many seeds of each scenario.")]
FirstSeed = Annotated[int, typer.Option(min=0, help="The first of them; the others follow it.")]
Without = Annotated[
    list[str] | None, typer.Option(help="Keep a signal from the agents: logs, traces, ...; may be repeated.")
]
Runs = Annotated[int, typer.Option(min=1, help="How often each figure with a limit is measured.")]


# The runners are imported by the command that needs them: they load the whole application.


@app.command()
def scenarios(seeds: Seeds = 20, first_seed: FirstSeed = 1, without: Without = None, as_json: Json = False) -> None:
    """How often causes and plans are right over many seeds, beside two guessers."""
    from ..actions.catalogue import load_catalogue
    from .practice import WatchedRun, practising, watch
    from .scenarios import score, scores_table

    kept = _signals(without or [])

    async def run() -> list[WatchedRun]:
        watched = []
        async with practising(without=kept) as commander:
            names, tried = commander.operations.scenario_names(), range(first_seed, first_seed + seeds)
            async for each in watch(commander, names, tried):
                watched.append(each)
                report = each.report
                typer.echo(f"{report.scenario} seed {report.seed}: {report.status}, {each.seconds:.2f} s", err=True)
        return watched

    scores = score(asyncio.run(run()), load_catalogue(), seeds, first_seed, kept)
    typer.echo(scores.model_dump_json(indent=2) if as_json else scores_table(scores))


@app.command()
def diagnoses(seeds: Seeds = 20, first_seed: FirstSeed = 1, without: Without = None, as_json: Json = False) -> None:
    """How often the diagnosis alone is right when the first alarm fires: many seeds in the time of a few runs."""
    from .diagnoses import Diagnosed, diagnose_worlds, diagnoses_table, summarise

    kept = _signals(without or [])
    runs: list[Diagnosed] = []
    for each in diagnose_worlds(range(first_seed, first_seed + seeds), kept):
        runs.append(each)
        typer.echo(f"{each.scenario} seed {each.seed}: {each.verdict}, {each.seconds:.2f} s", err=True)
    scores = summarise(runs, seeds, first_seed, kept)
    typer.echo(scores.model_dump_json(indent=2) if as_json else diagnoses_table(scores))


@app.command()
def consensus(
    seed: Annotated[int, typer.Option(min=0, help="The first of the seeds; the others follow it.")] = 1,
    as_json: Json = False,
) -> None:
    """How often the quorum is right, abstains or does harm, with none, one and two voters failing in every way."""
    from .consensus import consensus_table, score, try_incidents

    trials = []
    for each in try_incidents(seed):
        if each is not None:
            trials.append(each)
            undecided = sum(not vote.decided for vote in each.votes)
            typer.echo(f"{each.scenario} seed {each.seed}: {undecided} of {len(each.votes)} undecided", err=True)
    scores = score(trials)
    typer.echo(scores.model_dump_json(indent=2) if as_json else consensus_table(scores))


@app.command()
def learning(
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds of each scenario; the later half is judged.")] = 40,
    first_seed: FirstSeed = 1,
    without: Without = None,
    as_json: Json = False,
) -> None:
    """The same stream of incidents with and without memory: is it more often right, and sooner, for having learned?"""
    from .learning import Met, learning_table, meet_incidents, score

    kept = _signals(without or [])
    met: list[Met] = []
    for each in meet_incidents(range(first_seed, first_seed + seeds), kept):
        met.append(each)
        if each.arm == "told":
            typer.echo(f"{each.scenario} seed {each.seed}: {each.verdict}", err=True)
    scores = score(met, seeds, first_seed, kept)
    typer.echo(scores.model_dump_json(indent=2) if as_json else learning_table(scores))


@app.command()
def ingest(server: Server = None, as_json: Json = False) -> None:
    """How fast alerts are durable and answered, and a storm of them to one incident. Writes to the server's data."""
    from .ingest import ingest_figures
    from .served import served

    def measure(url: str) -> None:
        _print(asyncio.run(ingest_figures(url, singles=200, incidents=20, storm=1000)), as_json)

    if server is not None:
        measure(server.rstrip("/"))
    else:
        with served() as product:
            measure(product.url)


@app.command()
def doors(server: Server = None, as_json: Json = False) -> None:
    """How fast each door has an alert durable and answered. Writes to the server's data."""
    from .doors import door_figures
    from .served import served

    def measure(url: str) -> None:
        _print(asyncio.run(door_figures(url, alerts=100)), as_json)

    if server is not None:
        measure(server.rstrip("/"))
    else:
        with served() as product:
            measure(product.url)


@app.command()
def aws(runs: Runs = 20, as_json: Json = False) -> None:
    """How long 50 calls of AWS at once take, of 100 ms each, by a server of our own on this machine."""
    from .aws import aws_figures

    _print(aws_figures(runs), as_json)


@app.command()
def start(runs: Runs = 5, as_json: Json = False) -> None:
    """How long scripts/up takes to a served /ops, cold in a fresh clone and warm; about two minutes a run."""
    from .start import start_figures

    _print(start_figures(runs), as_json)


@app.command()
def nab(
    data: Annotated[Path, typer.Option(help="A folder in NAB's layout: data/*/*.csv, labels, config.")],
    fit: Annotated[Path | None, typer.Option(help="Fit the thresholds on this data and write them here.")] = None,
    threshold: Annotated[Path | None, typer.Option(help="Use the thresholds that --fit wrote here.")] = None,
    as_json: Json = False,
) -> None:
    """The streaming anomaly detector on the Numenta Anomaly Benchmark, published detectors beside."""
    from .nab import nab_table, read_thresholds, run_nab, write_thresholds

    if fit is not None and threshold is not None:
        raise typer.BadParameter("--fit finds thresholds and --threshold uses known ones; give one of them")
    with _bad_data_told():
        result = run_nab(data, None if threshold is None else read_thresholds(threshold))
        if fit is not None:
            write_thresholds(fit, result.thresholds)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else nab_table(result))


@app.command()
def petshop(
    data: Annotated[Path, typer.Option(help="A folder in PetShop's layout: dataset/<traffic>/{graph.csv, ...}.")],
    as_json: Json = False,
) -> None:
    """The service at fault from metrics and a call graph on the PetShop data set, published methods beside."""
    from .petshop import petshop_table, run_petshop

    with _bad_data_told():
        result = run_petshop(data)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else petshop_table(result))


@app.command()
def rootcause(
    data: Annotated[Path, typer.Option(help="A folder in RootCauseBench's layout: cases/<name>/{data/, ...}.")],
    as_json: Json = False,
) -> None:
    """The guilty commit, or none, of recorded incidents, published answers beside."""
    from .rootcause import rootcause_table, run_rootcause

    with _bad_data_told():
        result = run_rootcause(data)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else rootcause_table(result))


@app.command()
def logs(
    data: Annotated[Path, typer.Option(help="A folder in Loghub's layout: <System>/<System>_2k.log_structured.csv.")],
    as_json: Json = False,
) -> None:
    """How well log lines are grouped by template on labelled logs, published parsers beside."""
    from .logs import logs_table, run_logs

    with _bad_data_told():
        result = run_logs(data)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else logs_table(result))


@app.command()
def forecast(
    data: Annotated[Path | None, typer.Option(help="Series in NAB's layout; without it simulated ones.")] = None,
    as_json: Json = False,
) -> None:
    """When a limit is crossed, or that it is not going to be, a linear and a last-value forecaster beside."""
    from .forecast import forecast_table, run_forecast

    with _bad_data_told():
        result = run_forecast(data)
    typer.echo(json.dumps(result.as_json(), indent=2) if as_json else forecast_table(result))


@app.command()
def calibration(
    data: Annotated[Path | None, typer.Option(help="A data set, or a folder of data sets, to report on too.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="How many seeds of each practice scenario.")] = 20,
    first_seed: Annotated[int, typer.Option(min=1, help="The first of them; the others follow it.")] = 301,
    write: Annotated[bool, typer.Option("--write", help="Keep it as the report that /transparency shows.")] = False,
    as_json: Json = False,
) -> None:
    """Whether stated probabilities hold: Brier score and reliability, fitted and reported on different seeds."""
    from ..analysis.calibration_report import COMMAND, REPORT
    from . import calibration as bench
    from .diagnoses import diagnose_worlds

    tried = range(first_seed, first_seed + seeds)
    with _bad_data_told():
        halves = bench.data_halves(data) if data is not None else []
        halves = [*bench.practice_halves(diagnose_worlds(tried), tried), bench.forecast_halves(), *halves]
    command = f"{COMMAND} --seeds {seeds} --first-seed {first_seed}" + ("" if data is None else " --data DIR")
    report = bench.report_of(halves, datetime.now(UTC).replace(microsecond=0), command)
    if write:
        REPORT.write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
    typer.echo(report.model_dump_json(indent=2) if as_json else bench.calibration_table(report))


@app.command()
def speed(runs: Runs = 5, as_json: Json = False) -> None:
    """Memory, ingest, page, plan, scenario and event loop beside their limits; `start` has the other two."""
    from .served import served
    from .speed import idle_memory, practice_figures, served_figures

    with served() as product:
        figures = [idle_memory(product), *asyncio.run(served_figures(product, runs))]
    figures += asyncio.run(practice_figures(runs))
    _print(figures, as_json)


def _signals(names: Sequence[str]) -> tuple[Signal, ...]:
    known: tuple[Signal, ...] = ("metrics", "logs", "traces", "changes", "topology", "impact")
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is no signal that can be kept back; these are: {', '.join(known)}")
    return tuple(signal for signal in known if signal in names)


@app.command()
def diagnose(
    services: Annotated[
        list[int] | None, typer.Option(min=4, max=5000, help="How many services; may be given more than once.")
    ] = None,
    as_json: Json = False,
) -> None:
    """How long `diagnose` takes for a day of many services at one-minute steps, and how much memory."""
    from .diagnose import LARGE, SMALL, diagnose_figures, run_diagnose

    runs = [run_diagnose(count) for count in services or (SMALL, LARGE)]
    figures = diagnose_figures(runs)
    if as_json:
        named = {"runs": [run.model_dump() for run in runs], "figures": [each.model_dump() for each in figures]}
        typer.echo(json.dumps(named, indent=2))
    else:
        typer.echo(figures_table(figures))


@contextmanager
def _bad_data_told() -> Iterator[None]:
    """Data that cannot be used is told in a sentence, and the command fails."""
    try:
        yield
    except BadData as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _print(figures: Sequence[Figure], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"figures": [each.model_dump(mode="json") for each in figures]}, indent=2))
    else:
        typer.echo(figures_table(figures))
