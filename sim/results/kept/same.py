"""Whether two folders of runs hold the same tables, to the last bit of every number."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from sim.results.files import CALLS, REPLICATIONS, SUMMARY, TASKS, TIMELINE, Files, read_table
from sim.scenario.sources import content

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = (SUMMARY, REPLICATIONS, TIMELINE, TASKS, CALLS)


def differing(one: Path, other: Path) -> list[str]:
    """Names of the tables that are in one of them alone, or differ between them."""
    return [name for name in TABLES if not _same(one / name, other / name)]


def _same(one: Path, other: Path) -> bool:
    there = [Files(file.parent).has(file.name) for file in (one, other)]
    if not all(there):
        return not any(there)
    return content(one).sha256 == content(other).sha256 or (_same_rows if one.suffix == ".parquet" else _same_texts)(one, other)


def _same_texts(one: Path, other: Path) -> bool:
    """Of tables whose versions of pandas write the same numbers in other words."""
    try:
        return bool(read_table(one).equals(read_table(other)))
    except ValueError:
        return False


def _same_rows(one: Path, other: Path) -> bool:
    """Whatever the groups in which they are kept, some rows at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(one) as mine, parquet.ParquetFile(other) as yours:
            if mine.schema_arrow.names != yours.schema_arrow.names or mine.metadata.num_rows != yours.metadata.num_rows:
                return False
            pairs = itertools.zip_longest(mine.iter_batches(65_536), yours.iter_batches(65_536))
            return all(_equal(first, second) for first, second in pairs)
    except (OSError, pa.ArrowException):
        return False


def _equal(one: pa.RecordBatch | None, other: pa.RecordBatch | None) -> bool:
    """Not-a-number is itself."""
    return one is not None and other is not None and bool(one.to_pandas().equals(other.to_pandas()))
