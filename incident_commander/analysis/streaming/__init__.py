"""How unusual each row of a metric is, given only the rows before it."""

from .alarms import ALARM_SCORE
from .detector import StreamingDetector, score_series

__all__ = ["ALARM_SCORE", "StreamingDetector", "score_series"]
