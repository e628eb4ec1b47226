"""A large block of metrics.csv, parsed as columns by Apache Arrow. Imported by who has one: Arrow loads slowly."""

import numpy as np
import pyarrow as pa
from pyarrow import csv

from .fields import seconds, service
from .metric_rows import MISSING, Block, Layout, PlaceArray, Rows, metric_name

_NO_SAMPLE = sorted({spelling for word in MISSING for spelling in (word, word.upper(), word.title())} | {"NaN", "N/a"})
_PARSE_BYTES = 4 * 2**20
_POOL = pa.system_memory_pool()
"""Arrow's own takes memory ahead in amounts that cost more than parsing does."""


def read_columns(block: Block, layout: Layout) -> Rows | None:
    """The rows of a block, the same as row by row; None where any of them needs a closer look."""
    columns = [str(place) for place in range(layout.width)]
    clock, owner, kind, value = (str(place) for place in (layout.time, layout.service, layout.metric, layout.value))
    words = pa.dictionary(pa.int32(), pa.binary())
    try:
        table = csv.read_csv(
            pa.py_buffer(block.content),
            read_options=csv.ReadOptions(column_names=columns, block_size=_PARSE_BYTES),
            convert_options=csv.ConvertOptions(
                include_columns=[clock, owner, kind, value],
                column_types={clock: words, owner: words, kind: words, value: pa.float64()},
                null_values=_NO_SAMPLE,
            ),
            memory_pool=_POOL,
        ).combine_chunks(memory_pool=_POOL)
    except pa.ArrowInvalid:
        return None
    if table.num_rows != block.lines:
        # A blank line, or a quoted text over several.
        return None
    values = table.column(value)
    numbers = values.to_numpy()
    missing = np.isnan(numbers)
    if np.count_nonzero(missing) != values.null_count or np.isinf(numbers).any():
        return None
    try:
        clocks, at = _column(table.column(clock))
        owners, of_service = _column(table.column(owner))
        names, of_metric = _column(table.column(kind))
    except UnicodeDecodeError:
        return None
    times = [time for text in clocks if (time := seconds(text)) is not None]
    services = [named for text in owners if (named := service(text)) is not None]
    metrics = [metric for text in names if (metric := metric_name(text)) is not None]
    if len(times) + len(services) + len(metrics) < len(clocks) + len(owners) + len(names):
        return None
    there = slice(None) if not missing.any() else ~missing
    return Rows(
        times=np.array(times, dtype=np.float64),
        services=services,
        metrics=metrics,
        at=at[there],
        of_service=of_service[there],
        of_metric=of_metric[there],
        values=numbers[there],
    )


def _column(column: pa.ChunkedArray) -> tuple[list[str], PlaceArray]:
    """The distinct texts of a column, and the place of each row's in them."""
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    texts = [text.decode() for text in array.dictionary.to_pylist()]
    return texts, array.indices.to_numpy(zero_copy_only=False).astype(np.int32)
