"""Reading the world: one module for each kind of telemetry source."""

from .prometheus import PrometheusAt
from .source import SourceMisconfigured, SourceState
from .sources import Sources, telemetry_sources

__all__ = ["PrometheusAt", "SourceMisconfigured", "SourceState", "Sources", "telemetry_sources"]
