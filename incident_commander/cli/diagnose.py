"""`incident-commander diagnose FOLDER`: the ranked causes of a recorded incident with their evidence."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def diagnose(
    folder: Annotated[Path, typer.Argument(help="The folder that holds alert.json; every other file is optional.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Name the cause of a recorded incident, with the evidence; exit 2 when the folder cannot be read."""
    from ..response.case_report import diagnose_folder
    from ..response.case_text import case_text
    from ..telemetry.case_folder import CaseFolderError

    try:
        diagnosed = diagnose_folder(folder)
    except CaseFolderError as error:
        _print(f"the case cannot be read: {error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        _print(json.dumps(diagnosed.report().model_dump(mode="json"), indent=2))
    else:
        _print(case_text(diagnosed))


def _print(text: str, err: bool = False) -> None:
    """Print, also where the terminal knows fewer characters than the text has."""
    encoding = (sys.stderr if err else sys.stdout).encoding or "utf-8"
    typer.echo(text.encode(encoding, "replace").decode(encoding), err=err)
