"""`incident-commander record-scenarios`: the recordings that /transparency plays, made anew."""

import asyncio
import contextlib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field

from ..domain.base import Value
from ..domain.settings import read_settings
from ..response.demo_runs import DemoRuns, RunFailed
from ..response.recording import Recording, UnreadableRecording, load_recording, write_recording
from ..response.recording_changes import differences
from ..response.view_insights import answering
from ..sandbox import load_scenarios
from .with_services import Services, services_of

CHOICE_FILE = Path(__file__).parent / "recordings.toml"


class Chosen(Value):
    """A seed that is worth showing, and why."""

    scenario: str
    seed: int = Field(ge=0, lt=2**32)
    why: str = Field(min_length=1)


class _Choice(Value):
    recording: tuple[Chosen, ...]


def record_scenarios(
    seed: Annotated[
        list[int] | None, typer.Option(min=0, max=2**32 - 1, help="Record these seeds instead of the chosen ones.")
    ] = None,
    only: Annotated[str, typer.Option(metavar="NAME", help="Record this scenario alone.")] = "",
    folder: Annotated[Path, typer.Option(help="Where to write <scenario>-<seed>.json.")] = Path("assets/scenarios"),
    services: Services = "local",
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing: say what the files there say differently; 1 where they do.")
    ] = False,
) -> None:
    """Record every scenario, one file for each chosen seed; a quarter of a minute each, without reasoning services."""
    known = [scenario.name for scenario in load_scenarios()]
    if only and only not in known:
        typer.echo(f"there is no scenario {only!r}; choose one of {', '.join(known)}", err=True)
        raise typer.Exit(2)
    if seed:
        wanted = [(name, each) for name in known for each in seed]
    else:
        wanted = [(each.scenario, each.seed) for each in chosen_recordings()]
    wanted = [each for each in wanted if only in ("", each[0])]
    runs = DemoRuns(at_once=1, services=services_of(read_settings()) if services == "aws" else None)
    if diff:
        raise typer.Exit(asyncio.run(_compare_all(runs, wanted, folder)))
    folder.mkdir(parents=True, exist_ok=True)
    failed = asyncio.run(_record_all(runs, wanted, folder))
    if failed:
        typer.echo(f"not recorded: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


async def _record_all(runs: DemoRuns, wanted: Sequence[tuple[str, int]], folder: Path) -> list[str]:
    """Record one after another, each in a fresh process as the first run on its ledger; those that failed."""
    failed: list[str] = []
    for scenario, seed in wanted:
        file = folder / f"{scenario}-{seed}.json"
        try:
            recording = await _recorded(runs, scenario, seed)
        except RunFailed as error:
            typer.echo(f"{file}: {error}", err=True)
            failed.append(file.name)
            continue
        write_recording(recording, file)
        size = f"{file.stat().st_size / 1000:.0f} kB"
        typer.echo(f"{file}: {recording.report.status}, {_answered(recording)}, {size}")
    return failed


async def _compare_all(runs: DemoRuns, wanted: Sequence[tuple[str, int]], folder: Path) -> int:
    """Run each recording again and say what differs; the command's exit code: 2 where one could not be compared."""
    code = 0
    for scenario, seed in wanted:
        file = folder / f"{scenario}-{seed}.json"
        try:
            before = load_recording(file)
            after = await _recorded(runs, scenario, seed)
        except (UnreadableRecording, RunFailed) as error:
            typer.echo(f"{file}: {error}", err=True)
            code = 2
            continue
        found = differences(before, after)
        typer.echo(f"{file}: {'the same' if not found else f'{len(found)} difference(s)'}, {_answered(after)}")
        for each in found:
            typer.echo(f"  {each.what}\n    - {each.before}\n    + {each.after}")
        code = max(code, 1 if found else 0)
    return code


async def _recorded(runs: DemoRuns, scenario: str, seed: int) -> Recording:
    async with contextlib.aclosing(runs.run(scenario, seed)) as run:
        async for each in run:
            if isinstance(each, Recording):
                return each
    raise RunFailed("the run ended without a recording")


def _answered(recording: Recording) -> str:
    """Who answered in it: `local`, or each service with where it is."""
    record = recording.record
    who = answering(record.counsel.usage) if record else ()
    return ", ".join(f"{service} ({source})" for service, source in who) or "local"


def chosen_recordings(file: Path = CHOICE_FILE) -> tuple[Chosen, ...]:
    """The runs that are shown.

    Raises:
        pydantic.ValidationError: the file that lists them is wrong; the message says where.
    """
    return _Choice.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).recording
