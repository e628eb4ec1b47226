"""`incident-commander scenario`: list and run the practice scenarios."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import ValidationError

from ..composition import Commander, build, log_to_stderr, running
from ..domain.ballot import Voter
from ..domain.fault import VoterFault
from ..domain.settings import Settings
from ..response.case_export import practice_case
from ..response.progress import Progress, begun
from ..response.recorder import Tell
from ..response.recording import Recording, write_recording
from ..response.report import RunReport
from ..sandbox import Assumptions, assume, load_assumptions, load_scenarios
from ..telemetry.case_folder import write_case
from .faults import Faults, chosen_faults
from .replay import replay
from .with_services import Services

app = typer.Typer(no_args_is_help=True)
app.command("replay")(replay)

PATIENCE_SECONDS = 120.0
"""How long to wait for a run before giving up on it: several times what one takes."""


class NotACommander(Exception):
    """What answers is not an Incident Commander."""


@app.command("list")
def list_scenarios() -> None:
    """List the scenarios with a line about each."""
    for scenario in load_scenarios():
        typer.echo(f"{scenario.name:20} {scenario.title}")


@app.command("run")
def run(
    name: str = typer.Argument(help="A scenario of `scenario list`."),
    seed: int = typer.Option(..., min=0, max=2**32 - 1, help="The same seed gives the same figures twice."),
    json: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    server: str = typer.Option("", help="Run it on this server instead of in this process, e.g. http://127.0.0.1:8000"),
    faults: Faults = None,
) -> None:
    """Run a scenario end to end and judge the outcome against the answer that no agent saw."""
    _require_scenario(name)
    made_to_fail = chosen_faults(faults)
    log_to_stderr()
    try:
        report = asyncio.run(
            _on_server(server, name, seed, made_to_fail) if server else _in_process(name, seed, made_to_fail)
        )
    except (httpx.HTTPError, httpx.InvalidURL, NotACommander, TimeoutError, ValidationError) as error:
        typer.echo(f"the run did not come to an end: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(report.model_dump_json(exclude={"run_id"}) if json else _readable(report))


@app.command("record")
def record(
    name: Annotated[str, typer.Argument(help="A scenario of `scenario list`.")],
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same figures twice.")],
    out: Annotated[Path, typer.Option(help="The file to write; one that is there is replaced once the run has ended.")],
    assumes: Annotated[
        list[str] | None,
        typer.Option("--assume", metavar="NAME=VALUE", help="A figure to assume in place of the shipped one."),
    ] = None,
    faults: Faults = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="Print a JSON object a line as the run goes on.")
    ] = False,
    services: Services = "local",
) -> None:
    """Run a scenario as `scenario run` does, and write all that is needed to show and to check it to one file."""
    _require_scenario(name)
    figures, made_to_fail = _assumed(assumes or []), chosen_faults(faults)
    if not out.parent.is_dir():
        typer.echo(f"{out} cannot be written: there is no folder {out.parent}; make it first", err=True)
        raise typer.Exit(2)
    log_to_stderr()
    tell = _print_progress if progress else _keep_quiet
    tell(begun("start", "A practice company is being set up"))
    try:
        recording = asyncio.run(_recorded_in_process(name, seed, tell, figures, made_to_fail, services))
        write_recording(recording, out)
    except (TimeoutError, OSError) as error:
        typer.echo(f"the run was not recorded: {type(error).__name__}: {error}", err=True)
        raise typer.Exit(1) from error
    if not progress:
        typer.echo(f"{out}: {name} seed {seed}, {recording.report.status}, {out.stat().st_size / 1000:.0f} kB")


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="A scenario of `scenario list`.")],
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="The same seed gives the same case twice.")],
    out: Annotated[Path, typer.Option(help="The folder to write; files that are there are replaced.")],
) -> None:
    """Write what is seen when a scenario's first alert comes as a case folder, for `diagnose` to read."""
    _require_scenario(name)
    case = practice_case(name, seed)
    if case is None:
        typer.echo(
            f"{name} with seed {seed} raises no alarm, so there is no incident to write; try another seed", err=True
        )
        raise typer.Exit(1)
    try:
        write_case(out, case)
    except OSError as error:
        typer.echo(f"{out} cannot be written: {error.strerror or error}; name another folder", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{out}: {case.alert.summary}, {len(case.observations.metrics)} metrics")


async def _recorded_in_process(
    name: str, seed: int, tell: Tell, figures: Assumptions, faults: Mapping[Voter, VoterFault], services: Services
) -> Recording:
    async with _commander_for_one_run(figures, services) as commander:
        return await commander.recorder.record(name, seed, tell, faults)


async def _in_process(name: str, seed: int, faults: Mapping[Voter, VoterFault]) -> RunReport:
    async with _commander_for_one_run() as commander:
        transport = httpx.ASGITransport(commander.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
            return await run_and_report(client, name, seed, faults)


@contextlib.asynccontextmanager
async def _commander_for_one_run(
    figures: Assumptions | None = None, services: Services = "local"
) -> AsyncIterator[Commander]:
    with tempfile.TemporaryDirectory(prefix="incident-commander-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url="",
            workflow_database_url="",
            notify_urls=[],
            voter_keys="files",
            ai="aws" if services == "aws" else "off",
            ai_practice=services == "aws",
        )
        # A run is a function of its scenario and seed, and of nothing that other runs left behind.
        async with running(build(settings, awaited=True, assumptions=figures, memory="off")) as commander:
            yield commander


async def _on_server(server: str, name: str, seed: int, faults: Mapping[Voter, VoterFault]) -> RunReport:
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        return await run_and_report(client, name, seed, faults)


async def run_and_report(
    client: httpx.AsyncClient, name: str, seed: int, faults: Mapping[Voter, VoterFault] | None = None
) -> RunReport:
    """Start a run through the HTTP routes and wait for its report.

    Raises:
        httpx.HTTPError: the server refused, or cannot be reached.
        NotACommander: it answered something else.
        TimeoutError: no report within `PATIENCE_SECONDS`.
    """
    asked = {"scenario": name, "seed": seed} | ({"faults": dict(faults)} if faults else {})
    answer = await client.post("/api/incidents/demo", json=asked)
    answer.raise_for_status()
    try:
        run_id = answer.json()["run_id"]
    except (ValueError, LookupError, TypeError) as error:
        raise NotACommander(f"{client.base_url} answered {answer.text[:80]!r}; give --server a commander's") from error
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            report = await client.get(f"/api/practice/{run_id}")
            report.raise_for_status()
            if report.status_code == httpx.codes.OK:
                return RunReport.model_validate_json(report.content)
            await asyncio.sleep(0.05)


def _require_scenario(name: str) -> None:
    known = [scenario.name for scenario in load_scenarios()]
    if name not in known:
        typer.echo(f"there is no scenario {name!r}; choose one of {', '.join(known)}", err=True)
        raise typer.Exit(2)


def _assumed(chosen: list[str]) -> Assumptions:
    """The shipped figures with those that were chosen, each given as NAME=VALUE."""
    figures: dict[str, float] = {}
    try:
        for each in chosen:
            name, equals, value = each.partition("=")
            if not equals:
                raise ValueError(f"{each!r} is no NAME=VALUE, such as human_diagnose_seconds=600")
            figures[name] = float(value)
        return assume(load_assumptions(), figures)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _print_progress(progress: Progress) -> None:
    print(progress.model_dump_json(), flush=True)


def _keep_quiet(progress: Progress) -> None:
    """Whoever asked for no progress hears of the end only."""


def _readable(report: RunReport) -> str:
    cause, plan, clock = report.root_cause, report.plan, report.clock
    predictions = report.predictions
    lines = [
        f"{report.scenario} seed {report.seed}: {report.status}, cause {report.verdict or 'not diagnosed'}",
        f"  cause       {cause.service or 'none named'} ({cause.fault or '-'}), {_right(cause.correct)}",
        f"  plan        {plan.action} {plan.target or ''}, {'executed' if plan.executed else 'not executed'}, "
        f"{'acceptable' if plan.acceptable else 'NOT acceptable'}",
        f"  certificate {'valid' if report.certificate.valid else 'none'}, {report.certificate.ballots} ballots",
        f"  MTTD        {_seconds(clock.mttd_seconds)} (simulated, from the fault's onset)",
        f"  MTTR        {_seconds(clock.mttr_seconds)}; the modelled human: {_seconds(clock.baseline_mttr_seconds)}",
        f"  predictions {predictions.made} made, {predictions.hits} hits, {predictions.misses} misses",
        f"  ledger      {report.ledger.events} events, {'valid' if report.ledger.valid else 'NOT valid'}",
        f"  wall time   {report.wall_seconds:.1f} s",
    ]
    if report.faults:
        lines.insert(1, f"  faults      {', '.join(f'{voter} {fault}' for voter, fault in report.faults.items())}")
    return "\n".join(lines)


def _right(correct: bool) -> str:
    return "which is right" if correct else "which is WRONG"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value / 60:.1f} min"
