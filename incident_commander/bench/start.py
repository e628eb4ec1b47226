"""How long `scripts/up` takes to a served /ops: cold in a fresh clone with empty caches, and warm, started again."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from .figures import Figure, figure
from .process_group import ProcessGroup, free_port
from .served import SERVED_SECONDS, ops_is_served

CHECKOUT = Path(__file__).resolve().parents[2]


class NoCheckout(Exception):
    """There is no git checkout to clone; the message says what to do."""


def start_figures(runs: int) -> tuple[Figure, ...]:
    """Clone what is committed, start it and start it again, `runs` times; about two minutes each.

    Raises:
        NoCheckout: the program does not run from a git checkout.
        EndedTooSoon, NeverHappened: a start failed; the message holds the end of its log.
    """
    if not (CHECKOUT / ".git").exists() or shutil.which("git") is None:
        raise NoCheckout(f"{CHECKOUT} is no git checkout, or git is not installed; run this from a clone")
    cold, warm = zip(*(_cold_and_warm() for _ in range(runs)), strict=True)
    return summarise_starts(cold, warm)


def summarise_starts(cold: Sequence[float], warm: Sequence[float]) -> tuple[Figure, ...]:
    """The two figures from their samples in seconds."""
    return (
        figure("scripts/up to a served /ops, cold", "median", cold, "s", 180, "fresh clone, empty HOME and caches"),
        figure("scripts/up to a served /ops, warm", "median", warm, "s", 40, "the same clone, started again"),
    )


def _cold_and_warm() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="incident-commander-start-") as name:
        clone, home = Path(name) / "fresh clone", Path(name) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "--quiet", CHECKOUT, clone], check=True)
        return _seconds_to_ops(clone, home), _seconds_to_ops(clone, home)


def _seconds_to_ops(clone: Path, home: Path) -> float:
    port = free_port()
    env = {key: value for key, value in os.environ.items() if not key.startswith(("IC_", "VIRTUAL_ENV", "REFLEX_"))}
    env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "PIP_CACHE_DIR": str(home / ".cache" / "pip")}
    # Without the environment this very program may run in, as at a new user's.
    env["PATH"] = os.pathsep.join(
        part for part in env.get("PATH", os.defpath).split(os.pathsep) if not part.startswith(str(CHECKOUT))
    )
    begun = time.perf_counter()
    with ProcessGroup([clone / "scripts" / "up", "--port", str(port)], log=home / "log", cwd=home, env=env) as group:
        group.wait_until(lambda: ops_is_served(f"http://127.0.0.1:{port}"), SERVED_SECONDS, "a served /ops")
        return time.perf_counter() - begun
