"""From the surprises of a row to its score: what adds up, what belongs to the same event, what keeps coming back."""

import math
from collections import deque

_EVENT_SHARE = 0.1
_SHORTEST_EVENT_ROWS = 10
_LONGEST_EVENT_ROWS = 300
_CLEARLY_WORSE = 1.1
_ALARMS_REMEMBERED = 200
_RECURRENCE_WEIGHT = 2.0
_HALF_WAY = 10.0
"""A strength of so many nats scores one half: what one signal alone says about once in 22,000 rows."""


class Alarms:
    """Scores rows by their strength against the alarms before them.

    The strength is the cubic norm of the signals' surprises: near the largest, and more where several agree. One alarm
    an event, as KNN-CAD and ARTime do on the Numenta benchmark; an event lasts a tenth of what was seen, within bounds.
    """

    __slots__ = ("_event", "_past")

    def __init__(self) -> None:
        self._event: deque[tuple[int, float]] = deque()
        self._past: deque[float] = deque(maxlen=_ALARMS_REMEMBERED)

    def score(self, row: int, evidence: float) -> float:
        """The score of a row in [0, 1].

        Args:
            row: Its number, ascending from call to call; rows without evidence may be left out.
            evidence: The sum of the cubes of its surprises.
        """
        if evidence <= 0.0:
            return 0.0
        strength = math.cbrt(evidence)
        highest = self._highest_of_event(row)
        self._extend_event(row, strength)
        if strength <= _CLEARLY_WORSE * highest:
            return 0.5 * _on_scale(strength)
        recurrences = sum(each >= strength for each in self._past)
        self._past.append(strength)
        return _on_scale(strength - _RECURRENCE_WEIGHT * math.log1p(recurrences))

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
