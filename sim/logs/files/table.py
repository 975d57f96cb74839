"""A table of recorded calls in a file, CSV or Parquet: opened within bounds, its columns found by name and read as text or as numbers.

What belongs to no known column is left aside; a name that is nearly a known one is asked about, not ignored.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.errors import DataError
from sim.logs.files.opened import BOM, header, opened, refuse_others

MOST_BYTES = 512 * 1024 * 1024
"""Of text once it is unpacked. A compressed file of a few kilobytes may hold any amount."""
MOST_ROWS = 3_000_000
_LONGEST_HEADER = 64 * 1024
_BLOCK = 4 * 1024 * 1024
_OTHER_THINGS = ("cache_write_tokens",)
"""Near to a known name and yet another thing."""
MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "None", "<NA>"]
"""What a cell of numbers holds that says nothing."""
Choose = Callable[[str, list[str]], dict[int, str]]
"""From a file's path and its header: which columns are wanted, by their place, and how they are called. Raises `DataError`."""
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Table(NamedTuple):
    """Columns of one file by their known names, as Arrow arrays of equal length."""

    path: str
    columns: dict[str, Any]
    rows: int

    def text(self, name: str) -> tuple[np.ndarray, list[str]]:
        """A column as it is written: for each row the number of its word, and the words in the order in which they come; -1: none.

        `007` and `7` are two words. Raises `DataError` for a column that is no text.
        """
        import pyarrow as pa
        from pyarrow import compute

        column = self.columns[name]
        if pa.types.is_floating(column.type):
            column = compute.if_else(compute.is_nan(column), None, column)
        try:
            coded = column if pa.types.is_dictionary(column.type) else column.cast(pa.string()).dictionary_encode()
            words = coded.dictionary.cast(pa.string()).to_pylist()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            raise DataError(f"{self.path}: column '{name}' holds {column.type}, must be text") from None
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        met, first = np.unique(codes[codes >= 0], return_index=True)
        met = met[np.argsort(first)].tolist()
        place: dict[str | None, int] = {}
        new = np.full(len(words) + 1, -1)  # the last is what has none
        new[met] = [place.setdefault(words[code], len(place)) for code in met]
        if None in place:
            new[new == place[None]] = -1
        return new[codes], [str(word) for word in place]

    def numbers(self, name: str, seconds: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """A column as numbers, nan where a cell is empty, and which cells are neither.

        `seconds`: a column of moments or durations counts too, in its own unit; moments since 1970.
        """
        import pyarrow as pa
        from pyarrow import compute, types

        column = self.columns[name]
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        kind = column.type
        if seconds and (types.is_duration(kind) or (types.is_timestamp(kind) and name == "t_s")):
            ticks = column.cast(pa.int64()).cast(pa.float64(), safe=False)
            return ticks.to_numpy(zero_copy_only=False) / _PER_SECOND[kind.unit], np.zeros(self.rows, bool)
        if types.is_null(kind):
            return np.full(self.rows, np.nan), np.zeros(self.rows, bool)
        if types.is_string(kind) or types.is_large_string(kind):
            trimmed = compute.utf8_trim_whitespace(column)
            return _parsed(compute.if_else(compute.is_in(trimmed, value_set=pa.array(MISSING, kind)), None, trimmed))
        if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
            unit = "; is it a duration or a moment? write seconds" if types.is_temporal(kind) else ""
            raise DataError(f"{self.path}: column '{name}' holds {kind}, must be numbers{' of seconds' if seconds else ''}{unit}")
        return column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.zeros(self.rows, bool)

    def zoneless(self, name: str) -> bool:
        """Whether a column holds moments of which nobody has said where on earth they were."""
        import pyarrow as pa

        return name in self.columns and pa.types.is_timestamp(kind := self.columns[name].type) and kind.tz is None

    def thousands(self, name: str) -> np.ndarray:
        """Cells such as `12.000` in a column of texts, which are twelve to some and twelve thousand to others."""
        import pyarrow as pa
        from pyarrow import compute

        column = self.columns[name]
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return np.zeros(self.rows, bool)
        found = compute.match_substring_regex(column, r"^\s*[1-9]\d{0,2}(\.\d{3})+\s*$")
        return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), bool)

    def cell(self, name: str, row: int) -> Any:
        """What stands there, for an error."""
        return self.columns[name][row].as_py()


def read_table(path: str | Path, choose: Choose) -> Table:
    """The chosen columns of a CSV (also .gz, any usual separator) or Parquet file.

    Raises `DataError` naming the file, and the row and column where there is one.
    """
    path = Path(path)
    with opened(path) as file:
        is_parquet = path.suffix.lower() == ".parquet" or file.read(4) == b"PAR1"
    try:
        return (_parquet if is_parquet else _csv)(path, choose)
    except DataError:
        raise
    except Exception as error:  # of whatever has unpacked or parsed it
        cut = is_parquet and isinstance(error, (OSError, ValueError))
        raise DataError(f"{path}: not a table of calls ({'a Parquet file that is cut or broken' if cut else _told(error)})") from None


def _told(error: Exception) -> str:
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", str(error))
    if ragged:
        return f"row {int(ragged[1]) + 1} has {ragged[3]} cells, its header {ragged[2]}"
    unread = re.search(r"Row #(\d+): .*invalid UTF8", str(error))
    if unread:
        return f"row {int(unread[1]) + 1} is not text in UTF-8: save it as that"
    return (str(error).splitlines() or [type(error).__name__])[0]


def _csv(path: Path, choose: Choose) -> Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    text = memoryview(_unpacked(path))
    head = bytes(text[:_LONGEST_HEADER]).removeprefix(BOM).lstrip(b"\r\n")
    if head.startswith((b"{", b"[{", b"[\n")):
        raise DataError(f"{path}: is JSON, not a table of calls")
    start = min(len(text), _LONGEST_HEADER) - len(head)
    end = re.search(rb"\r\n|\r|\n", head)
    line = head[: end.start()] if end else head
    if not bytes(text[: 4 * _LONGEST_HEADER]).removeprefix(BOM).strip():
        raise DataError(f"{path}: is empty")
    if not line or b"\0" in head or (end is None and len(head) > _LONGEST_HEADER // 2):
        raise DataError(f"{path}: not a table of calls (it does not begin with a line of column names in UTF-8)")
    separator, columns = header(path, line.decode())
    found = choose(str(path), columns)
    body = text[start + end.end() :] if end else text[:0]
    if not bytes(body[:_LONGEST_HEADER]).strip():
        raise DataError(f"{path}: holds no calls")
    names = [found.get(place, f"#{place}") for place in range(len(columns))]
    table = arrow_csv.read_csv(
        pa.BufferReader(pa.py_buffer(body)),
        arrow_csv.ReadOptions(use_threads=False, column_names=names),  # only one thread numbers a row that is wrong
        arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        arrow_csv.ConvertOptions(include_columns=list(found.values()), column_types=dict.fromkeys(found.values(), pa.string())),
    )
    return _table(path, table)


def _unpacked(path: Path) -> bytes:
    """The whole text; what would be too much is refused before it is in memory."""
    blocks: list[bytes] = []
    size = 0
    with opened(path) as stream:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > MOST_BYTES:
                raise DataError(f"{path}: holds more than {MOST_BYTES >> 20:,} MB of text: cut it into several")
            if not blocks:
                refuse_others(path, block.removeprefix(BOM).lstrip())
            if (zero := block.find(b"\0")) >= 0:
                line = 1 + sum(each.count(b"\n") for each in blocks) + block[:zero].count(b"\n")
                if line > 1:
                    raise DataError(f"{path}: line {line:,} holds zero bytes, as where a machine has stopped: take it away")
                raise DataError(f"{path}: is not text in UTF-8: a table of calls is a CSV or a Parquet file")
            blocks.append(block)
    return b"".join(blocks)


def _parquet(path: Path, choose: Choose) -> Table:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    about = file.metadata
    size = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or size > MOST_BYTES:
        raise DataError(f"{path}: holds {about.num_rows:,} rows, {size >> 20:,} MB: cut it into several of at most {MOST_ROWS:,} rows")
    written, kinds = file.schema_arrow.names, file.schema_arrow.types
    found = choose(str(path), written)
    texts = [written[place] for place in found if str(kinds[place]) in ("string", "large_string")]  # a word repeated is kept once
    wanted = [written[place] for place in found]
    table = parquet.ParquetFile(path, read_dictionary=texts).read(columns=wanted)
    return _table(path, table.rename_columns({written[place]: name for place, name in found.items()}))


def _table(path: Path, table: Any) -> Table:
    if not table.num_rows:
        raise DataError(f"{path}: holds no calls")
    if table.num_rows > MOST_ROWS:
        raise DataError(f"{path}: holds {table.num_rows:,} rows, must be at most {MOST_ROWS:,}: cut it into several")
    table = table.unify_dictionaries().combine_chunks()
    return Table(str(path), {name: table.column(name).chunk(0) for name in table.column_names}, table.num_rows)


def plain(name: str) -> str:
    """`Input Tokens`, `input-tokens` and `inputTokens` as `input_tokens`."""
    return re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())).lower()


def known_columns(path: str, header: Sequence[str], known: Iterable[str]) -> dict[int, str]:
    """The known columns by their place; capitals, spaces and hyphens do not matter.

    Raises `DataError` where one is there twice.
    """
    found: dict[int, str] = {}
    for place, written in enumerate(header):
        name = plain(written)
        if name in known:
            twin = next((header[other] for other, taken in found.items() if taken == name), None)
            if twin is not None:
                raise DataError(f"{path}: column '{name}' is there twice (as '{twin}' and as '{written}')")
            found[place] = name
    return found


def ask_of_twins(path: str, header: Sequence[str], known: Iterable[str]) -> None:
    """Raise `DataError` where a column that is read is there twice: either may be meant."""
    names = list(map(plain, header))
    twin = next((name for place, name in enumerate(names) if name in known and name in names[:place]), "")
    if twin:
        raise DataError(f"{path}: column '{twin}' is there twice: leave one out")


def ask_of_likely(path: str, header: Sequence[str], found: Mapping[int, str], known: Iterable[str]) -> None:
    """Raise `DataError` where a column is nearly a known one that is missing: what is left aside in silence may be what matters."""
    missing = [name for name in known if name not in found.values()]
    for place, written in enumerate(header):
        name = plain(written)
        if place in found or name in _OTHER_THINGS:
            continue
        near = difflib.get_close_matches(name, missing, n=1, cutoff=0.8)
        if "cached_tokens" in missing and re.search("cache.*(read|hit)|(read|hit).*cache", name):
            near = ["cached_tokens"]
        if near:
            within = ", if it is a part of input_tokens" if near[0] == "cached_tokens" else ""
            raise DataError(f"{path}: column '{written}' is not known: call it '{near[0]}'{within}, or leave it out")


def _parsed(texts: Any) -> tuple[np.ndarray, np.ndarray]:
    """Texts as numbers, and which of them are none."""
    import pyarrow as pa

    try:
        return texts.cast(pa.float64()).to_numpy(zero_copy_only=False), np.zeros(len(texts), bool)
    except pa.ArrowInvalid:
        cells = [None if each is None else _number(each) for each in texts.to_pylist()]
        wrong = np.array([each is not None and np.isnan(each) for each in cells])
        return np.array([np.nan if each is None else each for each in cells]), wrong


def _number(text: str) -> float:
    """nan where it is none: what Python reads beyond that (1_000, other digits) is a slip in a table."""
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else np.nan
