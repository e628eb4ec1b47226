"""`incident-commander up`: serve the pages, the API and the practice company on one port, in the foreground."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import typer

from ..access import KeptToken, require_safe_bind, token_source
from ..access.bind import is_loopback
from ..actions.policy_file import load_policy
from ..domain.settings import Settings, read_settings
from ..ingest.queued import Queue
from ..reasoning.models import load_models
from ..store import DatabaseUnusable, check_database, migrate

ROOT = Path(__file__).resolve().parents[2]
"""Where rxconfig.py is: the checkout."""
HEARD_SECONDS = 3.0
"""Longer than a server that was signalled itself takes to stop."""
STOP_SECONDS = 13.0
"""How long the server may take to stop before it is killed."""


def up(
    port: int = typer.Option(None, min=1, max=65535, help="The one port to serve on. [default: IC_PORT or 8000]"),
    host: str = typer.Option(None, help="The address to bind. [default: IC_HOST or 127.0.0.1]"),
) -> None:
    """Build the pages if needed, migrate, and serve until Ctrl-C."""
    settings = read_settings()
    host, port = host or settings.host, port or settings.port
    if not (ROOT / "rxconfig.py").exists():
        typer.echo(f"there is no rxconfig.py in {ROOT}; run this from a checkout's own environment", err=True)
        raise typer.Exit(2)
    _read_reviewed_files(settings)
    token = token_source(settings.operator_token, settings.keys_dir)
    require_safe_bind(host, token)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if isinstance(token, KeptToken) and (made := token.make_first()) is not None:
        typer.echo(first_shown(made))
    _warn_of_databases(settings)
    environment = _reflex_environment(host, port, settings)
    command = [
        sys.executable, "-m", "reflex", "run", "--env", "prod",
        "--backend-host", host, "--backend-port", str(port), "--loglevel", "warning",
    ]  # fmt: skip
    server = subprocess.Popen(command, cwd=ROOT, env=environment)
    _forward_signals(server)
    threading.Thread(target=_announce, args=(server, host, port), daemon=True).start()
    raise typer.Exit(server.wait())


def _read_reviewed_files(settings: Settings) -> None:
    """Refuse to start by a word that is wrong in a file or a setting, before anything is made; the error says where."""
    if settings.policy_file is not None:
        load_policy(settings.policy_file)
    if settings.resources_file is not None:
        # Only who acts on AWS pays for importing its client.
        from ..actions.aws import load_resources

        load_resources(settings.resources_file)
    if settings.cloudwatch_metrics is not None:
        from ..telemetry.aws import load_readings

        load_readings(settings.cloudwatch_metrics)
    for url in settings.sqs_queue_urls:
        Queue.at(url)
    load_models().with_ids(settings.model_ids)


def first_shown(token: str) -> str:
    """What a person reads the one time that a token is shown."""
    return (
        f"\nOperator token:  {token}\n"
        "Keep it: it is shown this once, and only its hash is stored. It is asked for where something is decided or\n"
        "stopped: approvals, kill switch, trust, faults, reset. Lost it, or it leaked:\n"
        "`.venv/bin/incident-commander operator-token --new` makes another.\n"
    )


def _warn_of_databases(settings: Settings) -> None:
    """Say at once what keeps the response from starting; the pages are served all the same."""
    for url in dict.fromkeys((settings.resolved_database_url(), settings.resolved_workflow_database_url())):
        try:
            check_database(url)
        except DatabaseUnusable as error:
            typer.echo(f"{error}\nThe pages are served meanwhile; the response starts once it can be used.", err=True)


def migrate_command() -> None:
    """Bring the database's schema up to date, and stop."""
    settings = read_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrate(settings.resolved_database_url())


def _reflex_environment(host: str, port: int, settings: Settings) -> dict[str, str]:
    """What Reflex needs: this interpreter's own tools first, npm rather than bun, and no calls home."""
    tools = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([tools, os.environ.get("PATH", "")]),
        "REFLEX_USE_NPM": "1",
        "REFLEX_TELEMETRY_ENABLED": "false",
        "REFLEX_CHECK_LATEST_VERSION": "false",
        # The lock file is kept in the checkout: with addresses in it, every start elsewhere would change it.
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
        "IC_HOST": host,
        "IC_PORT": str(port),
        "IC_DATA_DIR": str(settings.data_dir.resolve()),
    }
    if "NPM_CONFIG_REGISTRY" not in os.environ:
        asked = subprocess.run(
            [str(Path(tools) / "npm"), "config", "get", "registry"], env=environment, capture_output=True, text=True
        )
        if asked.returncode == 0 and asked.stdout.startswith("http"):
            environment["NPM_CONFIG_REGISTRY"] = asked.stdout.strip()
    return environment


def _forward_signals(server: "subprocess.Popen[bytes]") -> None:
    """Stop the server when this process is told to stop.

    Ctrl-C, and a signal to the process group, reach the server by themselves, and telling it twice disturbs its end:
    so it is told only where it did not begin to stop.
    """

    def stop(signum: int, frame: object) -> None:
        for seconds, tell in ((HEARD_SECONDS, server.terminate), (STOP_SECONDS, server.kill)):
            timer = threading.Timer(seconds, tell)
            timer.daemon = True
            timer.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _announce(server: "subprocess.Popen[bytes]", host: str, port: int) -> None:
    """Print the address and what to try, once it really serves."""
    shown = host if is_loopback(host) else "127.0.0.1" if host in ("0.0.0.0", "::") else host
    address = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    else:
        return
    typer.echo(
        f"\nIncident Commander serves at {address}\n"
        f"  {address}/demo          what it would have meant: a run beside the same seed without it\n"
        f"  {address}/ops           live operations: start a practice scenario there\n"
        f"  {address}/transparency  why: recorded runs with their evidence, votes and certificates\n"
        f"  {address}/docs          the API\n"
        f"  alerts: point Alertmanager's webhook at {address}/api/alerts/alertmanager\n"
        f"  or run one now:  .venv/bin/incident-commander scenario run database_cascade --seed 1 --server {address}\n"
        "Ctrl-C stops it.\n"
    )
