"""`incident-commander certificate`: export a certificate, and check one anywhere from its file and the public keys."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..consensus.certificate_file import CertificateFile, UnreadableCertificate, read_certificate
from ..consensus.examination import examine
from ..consensus.known_keys import UnusableKey, as_json, known_keys
from ..domain.base import IncidentId
from ..domain.settings import Settings, read_settings
from ..store import Database, SchemaMissing

app = typer.Typer(no_args_is_help=True)
_KEYS_HELP = "The voters' public keys: a folder of VOTER.pub files, or a JSON file. [default: this installation's]"


@app.callback()
def _certificate() -> None:
    """Commands on certificates."""


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A certificate with its plan, as `export` writes it.")],
    keys: Annotated[Path | None, typer.Option(help=_KEYS_HELP)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check a certificate without a server or a database: exit 0 when all of it holds, 1 when not, and say why."""
    try:
        known = known_keys(keys or read_settings().keys_dir)
        held = read_certificate(file)
    except (UnusableKey, UnreadableCertificate) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    findings = examine(held.certificate, held.plan, known)
    holds = all(finding.holds for finding in findings)
    if json:
        import json as codec

        told = [finding.model_dump(mode="json") for finding in findings]
        typer.echo(codec.dumps({"holds": holds, "findings": told}))
    else:
        for finding in findings:
            typer.echo(f"{'holds' if finding.holds else 'FAILS':6}{finding.name}: {finding.detail}")
        typer.echo(_verdict(held) if holds else "NOT valid: nothing may be done on this certificate's word")
    raise typer.Exit(0 if holds else 1)


@app.command()
def export(
    incident: Annotated[str, typer.Argument(help="An incident's id.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    round: Annotated[
        int | None, typer.Option(min=1, help="The round of voting. [default: the last that certified a plan]")
    ] = None,
) -> None:
    """Write an incident's certificate with its plan to a file."""
    settings = read_settings()
    try:
        held = asyncio.run(_read(settings, IncidentId(incident), round))
    except SchemaMissing as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if held is None:
        asked = f" in round {round}" if round else ""
        typer.echo(f"no plan of {incident!r} was certified{asked}; `GET /api/incidents` lists all", err=True)
        raise typer.Exit(1)
    try:
        out.write_text(held.as_json(), "utf-8")
    except OSError as error:
        typer.echo(f"{out} cannot be written: {error.strerror}; give another --out", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"wrote {out}; check it with `incident-commander certificate verify {out}`")


@app.command()
def keys(
    out: Annotated[Path | None, typer.Option(help="The file to write. [default: standard output]")] = None,
) -> None:
    """Write the voters' public keys, with which certificates can be checked elsewhere."""
    try:
        known = as_json(known_keys(read_settings().keys_dir))
    except UnusableKey as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if out is None:
        sys.stdout.write(known)
    else:
        out.write_text(known, "utf-8")


def _verdict(held: CertificateFile) -> str:
    certificate, action = held.certificate, held.plan.action
    what = f"{action.name} {action.target}" if action else "tell a person and do nothing"
    return f"valid for `{what}` in incident {certificate.incident_id}, round {certificate.round}"


async def _read(settings: Settings, incident: IncidentId, round: int | None) -> CertificateFile | None:
    database = Database(settings.resolved_database_url(), settings.keys_dir / "ledger.pem")
    await database.open()
    try:
        async with database.read() as unit:
            held = await unit.certificates.of_incident(incident)
    finally:
        await database.close()
    certified = [CertificateFile(certificate=one, plan=plan) for one, plan in held if round in (None, one.round)]
    return certified[-1] if certified else None
