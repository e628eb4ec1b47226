"""`incident-commander knowledge`: what ended incidents taught, as articles for a knowledge base."""

from pathlib import Path
from typing import Annotated

import typer

from ..domain.operator import World
from ..response.knowledge import Written, articles, write
from ..store import Database
from .installed import on_database

app = typer.Typer(no_args_is_help=True)
FOLDER = Path("knowledge")


@app.callback()
def _knowledge() -> None:
    """Commands on knowledge."""


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to; made where it is missing.")] = FOLDER,
    practice: Annotated[bool, typer.Option("--practice", help="Practice incidents, not real ones.")] = False,
) -> None:
    """Write each ended incident as a Markdown article without secrets; the same again where nothing changed.

    What a person had forgotten is taken out of the folder.
    """
    world: World = "practice" if practice else "live"

    async def written(database: Database) -> Written:
        found, forgotten = await articles(database, world)
        return write(folder, found, forgotten)

    try:
        done = on_database("no knowledge can be exported", written)
    except OSError as error:
        typer.echo(f"{folder} cannot be written: {error}; name another folder", err=True)
        raise typer.Exit(2) from error
    kinds = "practice" if practice else "real"
    typer.echo(
        f"{folder}: {len(done.new)} new, {len(done.changed)} changed, {len(done.same)} the same, {len(done.gone)} "
        f"taken out, of {kinds} incidents"
    )
