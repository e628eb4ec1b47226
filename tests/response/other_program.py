"""A program that is called like `incident-commander scenario record`, and does what its seed says.

python -m tests.response.other_program RECORDING SIGNS scenario record NAME --seed N --out FILE --progress

RECORDING is the file to hand over; in the folder SIGNS it leaves files that tell a test how far it has come.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

WELL, DIES, HANGS, TRUNCATES, FORGETS, WAITS, IS_KILLED = range(7)
"""Seeds: hands it over, dies, never ends, hands over half of it, nothing, or it once a file is there, is killed."""


def main(recording: Path, signs: Path, seed: int, out: Path) -> None:
    """Do what the seed says."""
    print('{"stage": "company", "text": "under way", "share": 0.5}', flush=True)
    print("a library has something to say", flush=True)
    if seed == DIES:
        print("first words", file=sys.stderr)
        sys.exit("the disk is full")
    if seed == IS_KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if seed == HANGS:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (signs / "unfinished").write_text(f"{os.getpid()} {child.pid}")
        (signs / "unfinished").rename(signs / "pids")
        time.sleep(600)
    if seed == TRUNCATES:
        out.write_bytes(recording.read_bytes()[:2000])
    if seed == WAITS:
        while not (signs / "go").exists():
            time.sleep(0.01)
    if seed in (WELL, WAITS):
        shutil.copy(recording, out)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[sys.argv.index("--seed") + 1]),
        Path(sys.argv[sys.argv.index("--out") + 1]),
    )
