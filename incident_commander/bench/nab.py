"""`bench nab`: the streaming anomaly detector on the Numenta Anomaly Benchmark, beside what the field publishes."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import FiniteFloat, JsonValue, TypeAdapter

from ..analysis.streaming import StreamingDetector, score_series
from .figures import table
from .nab_corpus import LabelledSeries, read_corpus
from .nab_scoring import ScoredSeries, best_threshold, judge_rows, nab_score
from .reading import BadData, read_json

_STREAMED_ROWS = 20_000
"""So many rows are run through the streaming path as well, to print its rate."""
_PUBLISHED_WHOLE = (
    ("ARTime", 74.9), ("Numenta HTM", 70.5), ("CAD OSE", 69.9), ("earthgecko Skyline", 58.2), ("KNN-CAD", 58.0),
    ("Relative Entropy", 54.6), ("Random Cut Forest", 51.7), ("Twitter ADVec", 47.1), ("windowed Gaussian", 39.6),
    ("random", 11.0),
)  # fmt: skip
_PUBLISHED_FROZEN = (
    ("ARTime", 67.0), ("Numenta HTM", 66.5), ("CAD OSE", 60.0), ("KNN-CAD", 54.7), ("Random Cut Forest", 47.6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NabResult:
    """What one run measured.

    Attributes:
        profiles: Score of each profile, 100 at most.
        thresholds: Of each profile.
        fitted: Whether the thresholds were fitted on the very data they were scored on.
        seconds: What reading and scoring all series took, in this one process.
        streaming_rows_per_second: Rate of `StreamingDetector.update`.
    """

    profiles: Mapping[str, float]
    thresholds: Mapping[str, float]
    fitted: bool
    files: int
    rows: int
    seconds: float
    streaming_rows_per_second: float

    @property
    def rows_per_second(self) -> float:
        """Of one core."""
        return self.rows / self.seconds

    def as_json(self) -> dict[str, JsonValue]:
        """The result as one JSON object."""
        return {
            "profiles": dict(self.profiles),
            "thresholds": dict(self.thresholds),
            "thresholds_fitted_on_this_data": self.fitted,
            "files": self.files,
            "rows": self.rows,
            "seconds": self.seconds,
            "rows_per_second": self.rows_per_second,
            "streaming_rows_per_second": self.streaming_rows_per_second,
        }


def run_nab(data: Path, thresholds: Mapping[str, float] | None = None) -> NabResult:
    """Score every series of a folder in NAB's layout.

    Args:
        thresholds: One for each profile; None: the best on this data.

    Raises:
        BadData: the folder cannot be read, or a profile has no threshold.
    """
    begun = time.perf_counter()
    corpus = read_corpus(data)
    scored: list[ScoredSeries] = []
    for series in corpus.series:
        scored.append(judge_rows(series, score_series(series.timestamps, series.values)))
    seconds = time.perf_counter() - begun
    chosen: dict[str, float] = {}
    for profile, costs in corpus.profiles.items():
        if thresholds is None:
            chosen[profile] = best_threshold(scored, costs)
        elif profile in thresholds:
            chosen[profile] = thresholds[profile]
        else:
            raise BadData(f"no threshold for the profile {profile!r}; write the file with --fit on this data")
    return NabResult(
        profiles={profile: nab_score(scored, costs, chosen[profile]) for profile, costs in corpus.profiles.items()},
        thresholds=chosen,
        fitted=thresholds is None,
        files=len(corpus.series),
        rows=sum(series.values.size for series in corpus.series),
        seconds=seconds,
        streaming_rows_per_second=_streaming_rate(corpus.series),
    )


def nab_table(result: NabResult) -> str:
    """The result for people, the published peers beside."""
    how = "fitted on this very data" if result.fitted else "frozen"
    lines = [
        table(
            ("profile", "score", f"threshold ({how})"),
            [(name, f"{score:.1f}", f"{result.thresholds[name]:.6g}") for name, score in result.profiles.items()],
        ),
        "",
        f"{result.files} series, {result.rows:,} rows in {result.seconds:.1f} s: {result.rows_per_second:,.0f} rows/s "
        f"on one core; {result.streaming_rows_per_second:,.0f} rows/s one row at a time",
        "",
        "Published, standard profile. All 58 series of NAB, threshold fitted on them:",
        _peers(_PUBLISHED_WHOLE),
        "24 of them, threshold frozen on the 34 others:",
        _peers(_PUBLISHED_FROZEN),
    ]
    return "\n".join(lines)


def read_thresholds(path: Path) -> dict[str, float]:
    """The threshold of each profile from a file that `write_thresholds` wrote.

    Raises:
        BadData: there is no such file, or something else is in it.
    """
    try:
        return read_json(path, TypeAdapter(dict[str, FiniteFloat]))
    except BadData as error:
        raise BadData(f"{error}, or write it with --fit") from error


def write_thresholds(path: Path, thresholds: Mapping[str, float]) -> None:
    """Write the threshold of each profile to a file.

    Raises:
        BadData: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(dict(thresholds), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BadData(f"{path} cannot be written: {error.strerror}") from error


def _streaming_rate(corpus: tuple[LabelledSeries, ...]) -> float:
    """Rows a second of the streaming path, over the beginnings of all series."""
    share = max(1, _STREAMED_ROWS // len(corpus))
    rows, begun = 0, time.perf_counter()
    for series in corpus:
        detector = StreamingDetector()
        for timestamp, value in zip(series.timestamps[:share].tolist(), series.values[:share].tolist(), strict=True):
            detector.update(timestamp, value)
            rows += 1
    return rows / (time.perf_counter() - begun)


def _peers(scores: tuple[tuple[str, float], ...]) -> str:
    return "  " + ", ".join(f"{name} {score}" for name, score in scores)
