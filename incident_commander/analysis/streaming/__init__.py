"""How unusual each row of a metric is, given only the rows before it."""

from .detector import StreamingDetector, score_series

__all__ = ["StreamingDetector", "score_series"]
