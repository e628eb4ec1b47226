"""The Numenta Anomaly Benchmark's score: one threshold for a whole corpus, and what a profile pays for it.

Lavin & Ahmad, "Evaluating Real-time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark", ICMLA 2015,
section II, as its published scorer works it out: rows of the probation are not scored; of each labelled window the
earliest detection counts, the more the earlier it is; each detection outside costs, the more the further it lies past
the last window; the sum is put on a scale from detecting nothing (0) to perfection (100).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..domain.telemetry import FloatArray
from .nab_corpus import CostMatrix, LabelledSeries

_PROBATION_SHARE = 0.15
_PROBATION_ROWS = 750
_FAR = 3.0
"""So many window widths past a window a false detection costs its full weight."""
NEVER = 1.1
"""A threshold that no score reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSeries:
    """What each row that counts is worth, in the order of rows.

    Attributes:
        scores: The detector's scores of rows past the probation, float64[n].
        worth: In (0, 1] for rows in a window, in [-1, 0) outside, before the profile's weights, float64[n].
        window: Index of the row's window, -1 outside, int64[n].
    """

    scores: FloatArray
    worth: FloatArray
    window: npt.NDArray[np.int64]


def nab_score(scored: Sequence[ScoredSeries], costs: CostMatrix, threshold: float) -> float:
    """The corpus' score on NAB's scale when rows scored at least `threshold` are detections."""
    thresholds, scores = _score_curve(scored, costs)
    reached = np.flatnonzero(thresholds >= threshold)
    return float(scores[reached[-1]]) if reached.size else 0.0


def best_threshold(scored: Sequence[ScoredSeries], costs: CostMatrix) -> float:
    """The threshold with the highest score, the highest of them where several tie; `NEVER` where none is above 0."""
    thresholds, scores = _score_curve(scored, costs)
    return float(thresholds[np.argmax(scores)]) if scores.size and scores.max() > 0 else NEVER


def judge_rows(series: LabelledSeries, scores: FloatArray) -> ScoredSeries:
    """What a detection at each row of a series would be worth."""
    n_rows = scores.size
    rows = np.arange(n_rows)
    worth = np.full(n_rows, -1.0)
    window = np.full(n_rows, -1, dtype=np.int64)
    for index, (first, last) in enumerate(series.windows):
        width = last - first + 1
        distance = (rows[last + 1 :] - last) / max(width - 1, 1)
        worth[last + 1 :] = np.where(distance < _FAR, _sigmoid(np.minimum(distance, _FAR)), -1.0)
        inside = slice(first, last + 1)
        worth[inside] = _sigmoid(-(last - rows[inside] + 1) / width) / _sigmoid(np.array(-1.0))
        window[inside] = index
    counted = slice(int(min(np.floor(_PROBATION_SHARE * n_rows), _PROBATION_ROWS)), n_rows)
    return ScoredSeries(scores[counted], worth[counted], window[counted])


def _score_curve(scored: Sequence[ScoredSeries], costs: CostMatrix) -> tuple[FloatArray, FloatArray]:
    """Every distinct score as a threshold, descending, and the corpus' score with it."""
    all_scores, all_gains = [], []
    n_windows = 0
    for series in scored:
        order = np.argsort(-series.scores, kind="stable")
        scores, worth, window = series.scores[order], series.worth[order], series.window[order]
        gain = np.where(window < 0, worth * costs.false_positive, 0.0)
        for index in np.unique(window[window >= 0]):
            rows = np.flatnonzero(window == index)
            best = np.maximum.accumulate(worth[rows] * costs.true_positive)
            gain[rows] = np.diff(best, prepend=-costs.false_negative)
            n_windows += 1
        all_scores.append(scores)
        all_gains.append(gain)
    scores = np.concatenate(all_scores) if all_scores else np.empty(0)
    order = np.argsort(-scores, kind="stable")
    scores, total = scores[order], np.cumsum(np.concatenate(all_gains)[order]) if all_gains else np.empty(0)
    last_of_its_score = np.append(np.diff(scores) < 0, True)[: scores.size]
    span = n_windows * (costs.true_positive + costs.false_negative)
    return scores[last_of_its_score], 100.0 * total[last_of_its_score] / span if span else total[last_of_its_score]


def _sigmoid(position: FloatArray) -> FloatArray:
    """NAB's scaled sigmoid of the position relative to a window's right edge, in window widths."""
    return np.asarray(2.0 / (1.0 + np.exp(5.0 * position)) - 1.0, dtype=np.float64)
