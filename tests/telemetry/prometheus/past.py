"""What a Prometheus has measured before, written by hand, and a real one that has it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from incident_commander.domain.telemetry import MetricSeries, Window
from incident_commander.telemetry.prometheus import PrometheusAt, PrometheusSource
from tests.loopback.monitoring import prometheus

EVERY = 15.0
"""Seconds between samples."""
MINUTES = 40.0


@dataclass(slots=True)
class Past:
    """Series over the last minutes, each labelled with the world that it is of.

    Attributes:
        end: Seconds since the epoch, a multiple of two minutes, so that every grid has it.
    """

    end: float
    lines: list[str] = field(default_factory=list)

    @property
    def start(self) -> float:
        """When it begins."""
        return self.end - MINUTES * 60

    @property
    def window(self) -> Window:
        """The last half hour of it."""
        end = datetime.fromtimestamp(self.end, UTC)
        return Window(start=end - timedelta(minutes=30), end=end)

    def gauge(self, name: str, world: str, value: float | Callable[[float], float | str], **labels: str) -> None:
        """A series whose value is a function of the seconds since the beginning; `""` for no sample."""
        written = ",".join(f"{label}={json.dumps(text)}" for label, text in {"world": world, **labels}.items())
        for number in range(int(MINUTES * 60 / EVERY)):
            sample = value(number * EVERY) if callable(value) else value
            if sample != "":
                self.lines.append(f"{name}{{{written}}} {sample} {self.start + number * EVERY:.3f}")

    def counter(self, name: str, world: str, per_second: float, resets: Sequence[float] = (), /, **labels: str) -> None:
        """A counter that goes up evenly, and begins anew at some seconds since the beginning."""

        def value(seconds: float) -> float:
            return per_second * (seconds - max((reset for reset in resets if reset <= seconds), default=0.0))

        self.gauge(name, world, value, **labels)

    def histogram(self, name: str, world: str, per_second: Mapping[str, float], **labels: str) -> None:
        """A histogram: how many observations a second are at most each bound, in ascending order."""
        for bound, rate in per_second.items():
            self.counter(f"{name}_bucket", world, rate, le=bound, **labels)
        self.counter(f"{name}_count", world, per_second["+Inf"], **labels)

    def text(self) -> str:
        """OpenMetrics, with the heartbeat that Prometheus writes itself."""
        for number in range(int((MINUTES + 30) * 60 / EVERY)):  # it is asked how it is now
            self.lines.append(f'up{{job="heartbeat",instance="a:1"}} 1 {self.start + number * EVERY:.3f}')
        return "\n".join([*self.lines, "# EOF", ""])


@contextmanager
def remembering(folder: Path, write: Callable[[Past], None]) -> Iterator[tuple[Past, str]]:
    """A real Prometheus with a past; its URL."""
    past = Past(end=float(datetime.now(UTC).timestamp() // 120 * 120))
    write(past)
    with prometheus(folder / "prometheus", history=past.text()) as server:
        yield past, server.url


async def read(url: str, window: Window, world: str, queries: Path | None = None) -> tuple[MetricSeries, ...]:
    """The metrics of one world."""
    source = PrometheusSource(PrometheusAt(url, match=f'world="{world}"', queries=queries))
    try:
        return await source.metrics(window)
    finally:
        await source.close()
