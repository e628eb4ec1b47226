"""A PostgreSQL server of the tests' own: Debian's, in a folder that is thrown away, on a free port of 127.0.0.1."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from incident_commander.store import migrate

from .running import free_port, wait_until

USER = "commander"
PASSWORD = "a pass/word@of:mine"
"""With what a URL must escape, and easy to find where it must not be."""
TEMPLATE = "template_migrated"
SERVICE_USER = "postgres"
"""PostgreSQL refuses to run as root; the package makes this user."""
START_SECONDS = 60.0
STOP_SECONDS = 60.0


def programs() -> Path:
    """The folder of initdb and postgres; skips the test with the line that installs them where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if not found:
        pytest.skip("postgres is not installed; as root: apt-get install --no-install-recommends postgresql")
    return found[-1].parent


class PostgresServer:
    """A running server. `stop` and `start` leave its data where it is."""

    def __init__(self, folder: Path) -> None:
        self._bin = programs()
        self._folder = folder
        self._as_user = ["runuser", "-u", SERVICE_USER, "--"] if os.geteuid() == 0 else []
        self._port = free_port()
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._make()
        self.start()
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate(self.url(TEMPLATE))

    def url(self, database: str) -> str:
        """A database's URL as a person writes it."""
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self._port}/{database}"

    def database(self, template: str = TEMPLATE) -> str:
        """The URL of a new database. It goes with the server: dropping it would take a second of checkpoints."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run a statement as the superuser, outside any transaction."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [
            *self._as_user, str(self._bin / "postgres"), "-D", str(self._folder / "data"), "-p", str(self._port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}",
        ]  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._postmaster = subprocess.Popen(
                command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        wait_until(self._ready, START_SECONDS, f"PostgreSQL to take connections; its log is {self._folder / 'log'}")

    def stop(self) -> None:
        """End it as an administrator in a hurry does: connections are cut and open transactions undone."""
        self._end(signal.SIGINT)

    def throw_away(self) -> None:
        """End it without writing anything more."""
        self._end(signal.SIGQUIT)

    def _end(self, how: signal.Signals) -> None:
        running, self._postmaster = self._postmaster, None
        if running is not None:
            os.killpg(running.pid, how)
            running.wait(STOP_SECONDS)

    def _ready(self) -> bool:
        asked = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(asked).returncode == 0

    def _make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        if self._as_user:
            for path in (self._folder, secret):
                shutil.chown(path, SERVICE_USER, SERVICE_USER)
        command = [
            *self._as_user, str(self._bin / "initdb"), "--no-sync", "-D", str(self._folder / "data"), "-U", USER,
            "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8", "--locale", "C.UTF-8",
        ]  # fmt: skip
        subprocess.run(command, cwd=self._folder, stdin=subprocess.DEVNULL, check=True, capture_output=True)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that ends with the block. Its folder lies where its own user may reach it."""
    folder = Path(tempfile.mkdtemp(prefix="ic-postgres-"))
    try:
        server = PostgresServer(folder)
        try:
            yield server
        finally:
            server.throw_away()
    finally:
        shutil.rmtree(folder)
