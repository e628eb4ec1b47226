"""How long `diagnose` takes and how much memory, for a day of a small company and of a large one."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from ..domain.base import Value
from ..response.case_report import CaseReport
from .figures import Figure, figure
from .large_case import write_large_case

SMALL, LARGE = 40, 1000
"""Services of the two cases that have limits."""
_SECONDS = {SMALL: 1.0, LARGE: 30.0}
_MEGABYTES = 4096.0
_SEED = 7


class DiagnoseRun(Value):
    """One case through the command, in a process of its own.

    Attributes:
        seconds: Reading and diagnosing, as the command reports it; process_seconds: from its start to its end.
        cpu_seconds: Of all its threads.
        peak_rss_mb: The most memory it held, MiB.
        right: Whether the service at fault and the guilty commit were named first.
    """

    services: int
    rows: int
    megabytes: float
    seconds: float
    process_seconds: float
    cpu_seconds: float
    peak_rss_mb: float = Field(ge=0)
    right: bool


def run_diagnose(services: int) -> DiagnoseRun:
    """Write a case of so many services and diagnose it.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    with tempfile.TemporaryDirectory(prefix="incident-commander-") as name:
        case = write_large_case(Path(name) / "case", services, _SEED)
        answer = Path(name) / "answer.json"
        command = [sys.executable, "-m", "incident_commander", "diagnose", str(case.folder), "--json"]
        begun = time.perf_counter()
        with answer.open("wb") as out, subprocess.Popen(command, stdout=out) as process:
            # Waited for by its id, which alone tells what this one child used.
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        process_seconds = time.perf_counter() - begun
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
        report = CaseReport.model_validate_json(answer.read_bytes())
        first = report.hypotheses[0] if report.hypotheses else None
        return DiagnoseRun(
            services=services,
            rows=case.rows,
            megabytes=(case.folder / "metrics.csv").stat().st_size / 1e6,
            seconds=report.seconds,
            process_seconds=process_seconds,
            cpu_seconds=used.ru_utime + used.ru_stime,
            peak_rss_mb=used.ru_maxrss / 1024.0,
            right=first is not None and (first.service, first.commit) == (case.service, case.commit),
        )


def diagnose_figures(runs: Sequence[DiagnoseRun]) -> tuple[Figure, ...]:
    """The runs beside their limits."""
    figures = []
    for run in runs:
        size = f"{run.services:,} services"
        what = f"{run.rows:,} rows, {run.megabytes:,.0f} MB; {'right' if run.right else 'WRONG'} answer"
        figures += [
            figure(f"{size}: read and diagnosed", "value", [run.seconds], "s", _SECONDS.get(run.services), what),
            figure(
                f"{size}: with start-up", "value", [run.process_seconds], "s", detail=f"{run.cpu_seconds:.1f} CPU s"
            ),
            figure(f"{size}: peak memory", "value", [run.peak_rss_mb], "MiB", _MEGABYTES),
        ]
    return tuple(figures)
