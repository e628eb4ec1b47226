"""From the surprises of a row to its score: what adds up, and what belongs to the same event."""

import math
from collections import deque

ALARM_SCORE = 0.5
"""A score above this is worth an alarm: noise reaches it less than once in a thousand rows."""
_EVENT_SHARE = 0.1
_SHORTEST_EVENT_ROWS = 10
_LONGEST_EVENT_ROWS = 500
_CLEARLY_WORSE = 1.1
_LONG_HISTORY_ROWS = 2_000
"""A week at five minutes; what is rare in less may be usual in more."""
_HALF_WAY = 15.0
"""A strength of so many nats scores `ALARM_SCORE`."""


class Alarms:
    """Scores rows by their strength: the Euclidean norm of the surprises of all signals.

    That is near the largest where one signal speaks, and more where several do. There is one alarm an event, as KNN-CAD
    and ARTime do on the Numenta benchmark; an event lasts a tenth of what was seen, within bounds. Where little was
    seen, the strength is lowered by the logarithm of what is missing to a long history.
    """

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: deque[tuple[int, float]] = deque()

    def score(self, row: int, evidence: float) -> float:
        """The score of a row in [0, 1].

        Args:
            row: Its number, ascending from call to call; rows without evidence may be left out.
            evidence: The sum of the squares of its surprises.
        """
        if evidence <= 0.0:
            return 0.0
        strength = math.sqrt(evidence)
        highest = self._highest_of_event(row)
        self._extend_event(row, strength)
        score = _on_scale(strength - math.log(max(1.0, _LONG_HISTORY_ROWS / (row + 1))))
        return score if strength > _CLEARLY_WORSE * highest else 0.5 * score

    def _highest_of_event(self, row: int) -> float:
        length = min(max(_SHORTEST_EVENT_ROWS, int(_EVENT_SHARE * row)), _LONGEST_EVENT_ROWS)
        while self._event and self._event[0][0] < row - length:
            self._event.popleft()
        return self._event[0][1] if self._event else 0.0

    def _extend_event(self, row: int, strength: float) -> None:
        """Keep the strengths that may yet be the highest: descending, as in any running maximum."""
        while self._event and self._event[-1][1] <= strength:
            self._event.pop()
        self._event.append((row, strength))


def _on_scale(strength: float) -> float:
    return strength / (strength + _HALF_WAY) if strength > 0.0 else 0.0
