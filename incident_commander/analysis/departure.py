"""Whether a window of a series departs from its reference: one tail probability, of any length and distribution.

A row's probability is its rank among the reference's rows, so that no single row, however extreme, says more than the
reference is long. A window departs when a quarter of its rows do together, which the binomial tail of the order
statistic measures (Berk and Jones 1979, with the share fixed); rows that hang together count as fewer, by the
reference's autocorrelation (Bayley and Hammersley 1946). Two looks are taken, at the level and at the rise over the
window's own quiet rows, since levels drift from day to day; the smaller probability is doubled (Bonferroni).
"""

from dataclasses import dataclass

import numpy as np

from ..domain.telemetry import FloatArray

_SHARE = 0.25
"""The part of a window that a departure fills; less is a blip, and two rows of a short window are the least."""
QUIET = 0.25
"""The quantile of a window that is taken as its quiet level."""
_LONGEST_SLIDE = 4_000_000
"""Most elements of the sliding windows that are looked at; beyond it, every n-th window is."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How improbable a window is by its reference.

    Attributes:
        level: The probability that so many rows are as high, in (0, 1].
        rise: That they rise as far over the window's quiet rows; 1.0 where the reference is too short to tell.
        probability: That a window of the reference is as high, or rises as far, in (0, 1].
        blip: That a row of it is as high as the highest here, in (0, 1]: no departure by itself.
    """

    level: float
    rise: float
    probability: float
    blip: float


def departure_of(reference: FloatArray, window: FloatArray) -> Departure:
    """How improbable a window is by its reference.

    Args:
        reference: Of normal times in order, higher is worse, float64[n_reference]; NaN is a missing row.
        window: Likewise, of the time in question, float64[n_window].

    Returns:
        Ones where either has no finite row: nothing can be said.
    """
    usual, now = reference[np.isfinite(reference)], window[np.isfinite(window)]
    if usual.size == 0 or now.size == 0:
        return Departure(1.0, 1.0, 1.0, 1.0)
    inflation = _variance_inflation(usual)
    tails = _row_tails(usual, now, usual.size)
    level = _share_tail(tails, inflation)
    blip = _binomial_tail(1, now.size, float(tails.min()))
    if usual.size < 2 * now.size:
        return Departure(level, 1.0, level, blip)
    stride = 1 + usual.size * now.size // _LONGEST_SLIDE
    slid = np.lib.stride_tricks.sliding_window_view(usual, now.size)[::stride]
    rises = (slid - np.quantile(slid, QUIET, axis=1, keepdims=True)).ravel()
    rise = _share_tail(_row_tails(rises, now - np.quantile(now, QUIET), usual.size), inflation)
    return Departure(level, rise, min(1.0, 2.0 * min(level, rise)), blip)


def _row_tails(usual: FloatArray, now: FloatArray, n_rows: int) -> FloatArray:
    """For each row of `now` the probability of a usual one at least as high; `n_rows` is what `usual` is worth."""
    reached = usual.size - np.searchsorted(np.sort(usual), now, side="left")
    return np.asarray((1.0 + reached * (n_rows / usual.size)) / (1.0 + n_rows), dtype=np.float64)


def _share_tail(tails: FloatArray, inflation: float) -> float:
    """The probability that so large a share of rows is as improbable as this, autocorrelation accounted for."""
    n_rows = tails.size
    n_far = max(min(2, n_rows), int(np.ceil(_SHARE * n_rows)))
    each = float(np.sort(tails)[n_far - 1])
    worth = max(1.0, min(inflation, n_far / 2))
    return _binomial_tail(max(1, round(n_far / worth)), int(np.ceil(n_rows / worth - 1e-9)), each)


def _binomial_tail(at_least: int, n: int, probability: float) -> float:
    """P(Binomial(n, probability) >= at_least)."""
    n = max(n, at_least)
    if probability >= 1.0:
        return 1.0
    k = np.arange(n + 1, dtype=np.float64)
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=np.float64)))))
    choose = log_factorial[n] - log_factorial - log_factorial[::-1]
    terms = choose + k * np.log(probability) + (n - k) * np.log1p(-probability)
    return float(min(1.0, np.exp(terms[at_least:]).sum()))


def _variance_inflation(usual: FloatArray) -> float:
    """How many rows carry the information of one, at least 1: 1 + 2 sum of the significant autocorrelations."""
    low, high = np.quantile(usual, (0.05, 0.95))
    centred = np.clip(usual, low, high)
    centred = centred - centred.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0.0 or usual.size < 10:
        return 1.0
    total = 1.0
    for lag in range(1, usual.size // 10 + 1):
        correlation = float(np.mean(centred[:-lag] * centred[lag:])) / variance
        if correlation <= 2.0 / np.sqrt(usual.size):
            break
        total += 2.0 * correlation
    return total
