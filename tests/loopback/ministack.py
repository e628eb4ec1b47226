"""ministack on a free port of 127.0.0.1: a stand-in for AWS that others wrote, from an environment of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ..running import REPOSITORY, ProcessGroup, free_port

PROGRAM = REPOSITORY / ".data" / "ministack" / "bin" / "ministack"
READY_SECONDS = 60.0


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """The URL of a running ministack; skips the test where it is not set up."""
    if not PROGRAM.exists():
        pytest.skip("ministack is not set up; run scripts/ministack")
    folder.mkdir(parents=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # It would listen on every address.
    env = {**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "HOME": str(folder)}
    with ProcessGroup([PROGRAM], log=folder / "log", cwd=folder, env=env) as group:
        group.wait_until(lambda: httpx.get(f"{url}/_ministack/health").is_success, READY_SECONDS, "ministack")
        yield url
