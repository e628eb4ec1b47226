"""The product as a user starts it, in a process group and a data folder of its own, to be measured from outside."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from .process_group import ProcessGroup, free_port

SERVED_SECONDS = 300.0
"""How long a start may take: the first one installs and builds the pages' frontend."""


@dataclass(frozen=True, slots=True)
class Product:
    """A running product; `url` is where it serves, without a slash at the end."""

    url: str
    group: ProcessGroup


@contextlib.contextmanager
def served() -> Iterator[Product]:
    """Start the product on a free port, with data and a frontend folder that are thrown away; ends with the block.

    Raises:
        EndedTooSoon, NeverHappened: it did not come up; the message holds the end of its log.
    """
    with tempfile.TemporaryDirectory(prefix="incident-commander-bench-") as name:
        folder = Path(name)
        port = free_port()
        command: list[str | Path] = [Path(sys.executable).with_name("incident-commander"), "up", "--port", str(port)]
        env = {**os.environ, "IC_DATA_DIR": str(folder / "data"), "REFLEX_WEB_WORKDIR": str(folder / "web")}
        with ProcessGroup(command, log=folder / "log", env=env) as group:
            url = f"http://127.0.0.1:{port}"
            group.wait_until(lambda: ops_is_served(url), SERVED_SECONDS, "a served /ops")
            yield Product(url, group)


def ops_is_served(url: str) -> bool:
    """Whether the page, and the server behind it, answer."""
    return all(
        httpx.get(f"{url}{path}", timeout=2, follow_redirects=True).status_code == 200 for path in ("/health", "/ops")
    )
