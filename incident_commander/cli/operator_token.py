"""`incident-commander operator-token`: whether there is one, and another one."""

import typer

from ..access import SetToken, token_source
from ..access.token import KeptToken
from ..domain.settings import read_settings
from .up import first_shown


def operator_token(
    new: bool = typer.Option(False, "--new", help="Make another and show it; the old one stops working at once."),
) -> None:
    """Say whether there is an operator token; with --new make another."""
    settings = read_settings()
    token = token_source(settings.operator_token, settings.keys_dir)
    if isinstance(token, SetToken):
        typer.echo("the operator token is the one that IC_OPERATOR_TOKEN sets", err=new)
        if new:
            typer.echo("to have another, set it there and start again; to have one made here, unset it", err=True)
            raise typer.Exit(2)
        return
    kept = KeptToken(settings.keys_dir)
    if new:
        typer.echo(first_shown(kept.make()))
    elif (made_at := kept.made_at()) is None:
        typer.echo("there is no operator token yet; the first `up`, or --new, makes one and shows it")
    else:
        typer.echo(
            f"an operator token was made at {made_at:%Y-%m-%d %H:%M:%S} UTC; only its hash is kept in {kept.path}"
        )
