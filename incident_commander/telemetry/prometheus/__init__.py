"""Prometheus, or whatever speaks its HTTP API, as a source of metrics and of who calls whom."""

from .queries import QueriesError, load_queries
from .source import PrometheusAt, PrometheusSource

__all__ = ["PrometheusAt", "PrometheusSource", "QueriesError", "load_queries"]
