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
from ..response.demo_runs import DemoRuns, RunFailed
from ..response.recording import Recording, write_recording
from ..sandbox import load_scenarios

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
) -> None:
    """Record every scenario, one file for each chosen seed; a quarter of a minute each."""
    known = [scenario.name for scenario in load_scenarios()]
    if only and only not in known:
        typer.echo(f"there is no scenario {only!r}; choose one of {', '.join(known)}", err=True)
        raise typer.Exit(2)
    folder.mkdir(parents=True, exist_ok=True)
    if seed:
        wanted = [(name, each) for name in known for each in seed]
    else:
        wanted = [(each.scenario, each.seed) for each in chosen_recordings()]
    failed = asyncio.run(_record_all([each for each in wanted if only in ("", each[0])], folder))
    if failed:
        typer.echo(f"not recorded: {', '.join(failed)}", err=True)
        raise typer.Exit(1)


async def _record_all(wanted: Sequence[tuple[str, int]], folder: Path) -> list[str]:
    """Record one after another, each in a fresh process as the first run on its ledger; those that failed."""
    failed: list[str] = []
    for scenario, seed in wanted:
        file = folder / f"{scenario}-{seed}.json"
        try:
            async with contextlib.aclosing(DemoRuns(at_once=1).run(scenario, seed)) as run:
                async for each in run:
                    if isinstance(each, Recording):
                        write_recording(each, file)
                        typer.echo(f"{file}: {each.report.status}, {file.stat().st_size / 1000:.0f} kB")
        except RunFailed as error:
            typer.echo(f"{file}: {error}", err=True)
            failed.append(file.name)
    return failed


def chosen_recordings(file: Path = CHOICE_FILE) -> tuple[Chosen, ...]:
    """The runs that are shown.

    Raises:
        pydantic.ValidationError: the file that lists them is wrong; the message says where.
    """
    return _Choice.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).recording
