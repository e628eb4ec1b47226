"""A large block of metrics.csv, parsed as columns by Apache Arrow. Imported by who has one: Arrow loads slowly."""

import numpy as np
import pyarrow as pa
from pyarrow import csv

from .fields import seconds
from .metric_rows import MISSING, Block, Layout, PlaceArray, Rows, series_name

_NO_SAMPLE = sorted({spelling for word in MISSING for spelling in (word, word.upper(), word.title())} | {"NaN", "N/a"})
_PARSE_BYTES = 4 * 2**20


def read_columns(block: Block, layout: Layout) -> Rows | None:
    """The rows of a block, the same as row by row; None where any of them needs a closer look."""
    names = [str(place) for place in range(layout.width)]
    clock, service, metric, value = (str(place) for place in (layout.time, layout.service, layout.metric, layout.value))
    words = pa.dictionary(pa.int32(), pa.binary())
    try:
        table = csv.read_csv(
            pa.py_buffer(block.content),
            read_options=csv.ReadOptions(column_names=names, block_size=_PARSE_BYTES),
            convert_options=csv.ConvertOptions(
                include_columns=[clock, service, metric, value],
                column_types={clock: words, service: words, metric: words, value: pa.float64()},
                null_values=_NO_SAMPLE,
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    if table.num_rows != block.content.count(b"\n"):
        # A blank line, or a quoted text over several.
        return None
    values = table.column(value)
    missing = values.is_null().to_numpy()
    numbers = values.to_numpy()
    if not np.isfinite(numbers[~missing]).all():
        return None
    try:
        times, at = _column(table.column(clock))
        services, of_service = _column(table.column(service))
        metrics, of_metric = _column(table.column(metric))
    except UnicodeDecodeError:
        return None
    epochs = [seconds(text) for text in times]
    pairs, of = np.unique(of_service.astype(np.int64) * len(metrics) + of_metric, return_inverse=True)
    series = [series_name(services[pair // len(metrics)], metrics[pair % len(metrics)]) for pair in pairs.tolist()]
    if None in epochs or None in series:
        return None
    return Rows(
        times=np.array(epochs, dtype=np.float64),
        names=tuple(name for name in series if name is not None),
        at=at[~missing],
        of=of.astype(np.int32)[~missing],
        values=numbers[~missing],
    )


def _column(column: pa.ChunkedArray) -> tuple[list[str], PlaceArray]:
    """The distinct texts of a column, and the place of each row's in them."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    texts = [text.decode() for text in array.dictionary.to_pylist()]
    return texts, array.indices.to_numpy(zero_copy_only=False).astype(np.int32)
