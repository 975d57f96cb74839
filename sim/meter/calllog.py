"""The log of calls: rows in memory while they are few, in a temporary Parquet file, group by group, once they are many."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.columns import CALLS, row_type
from sim.errors import SimError
from sim.meter.leftover import prefix

ROW = row_type(CALLS)
BARE = np.dtype((np.void, ROW.itemsize))
"""A row without its fields: numpy moves those many times faster."""


class Memory:
    """What the logs that share it may keep in memory together; what grows beyond that goes to files, group by group."""

    def __init__(self, most_bytes: int = 32 * 2**20, group: int = 32_768) -> None:
        """`most_bytes`: by default about 400,000 calls. `group`: rows of a group in a file, and of a batch."""
        self.most_bytes = most_bytes
        self.group = group
        self._held: dict[int, int] = {}
        """Bytes by the identity of the log."""

    @property
    def held_bytes(self) -> int:
        """Of all its logs together."""
        return sum(list(self._held.values()))

    @property
    def crowded(self) -> bool:
        """Whether a log has to go to a file."""
        return self.held_bytes > self.most_bytes

    def join(self, log: CallLog) -> None:
        """One more log shares it, as long as that lives."""
        self._held[id(log)] = 0
        weakref.finalize(log, self._held.pop, id(log), None)

    def hold(self, log: CallLog, size: int) -> None:
        """So many bytes of a log are in memory now."""
        self._held[id(log)] = size

    def forget(self) -> None:
        """Logs that are another's: after a fork those of the parent."""
        self._held.clear()

    @contextlib.contextmanager
    def limited(self, most_bytes: int, group: int | None = None) -> Iterator[None]:
        """For a while as large as said; worker processes that begin meanwhile see it so as long as they live."""
        before = self.most_bytes, self.group
        self.most_bytes, self.group = most_bytes, group or self.group
        try:
            yield
        finally:
            self.most_bytes, self.group = before


MEMORY = Memory()
"""The one that the logs of this process share where nobody gives them another."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=MEMORY.forget)


class CallLog:
    """Rows of calls (`sim.columns.CALLS`, without the replication), appended, then finished, then read.

    Its file is in the system's temporary folder and goes when the log does: with the last reference to it, or with the process; of one
    that is killed, at a later start (`sim.meter.leftover`). Pickled by its content, as any copy; `hand_over` makes that a matter of its
    path.
    """

    def __init__(self, memory: Memory | None = None) -> None:
        """`memory`: that which it shares with others; `MEMORY` where none is given, and after it was pickled."""
        self._memory = memory or MEMORY
        self._memory.join(self)
        self._rows: list[np.ndarray] = []
        self._lows: list[float] = []
        """Least `t_start_s` of each group in the file."""
        self._size = 0
        """Bytes in memory."""
        self._length = 0
        self._path = ""
        self._writer: Any = None
        self._leaves = False

    def __len__(self) -> int:
        return self._length

    def append(self, rows: np.ndarray) -> None:
        """Add rows, which nobody else writes to from now on. Raises `SimError` where there is no room for its file."""
        if not len(rows):
            return
        self._rows.append(rows)
        self._length += len(rows)
        self._hold(self._size + rows.nbytes)
        if self._size >= self._memory.group * ROW.itemsize if self._path else self._memory.crowded:
            self._write(all_of_it=False)

    def finish(self) -> CallLog:
        """Nothing more will come: it is whole in memory, or where this process holds too much whole in its file; returns itself."""
        if self._path or (self._length and self._memory.crowded):
            self._write(all_of_it=True)
        return self

    def batches(self) -> Iterator[np.ndarray]:
        """The rows of a finished log in their order, some at a time; not to be written to."""
        if not self._path:
            group = self._memory.group
            yield from (self.read()[at : at + group] for at in range(0, self._length, group))
            return
        from pyarrow import parquet

        with parquet.ParquetFile(self._path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, use_threads=False)
                rows = np.empty(len(table), ROW)
                for name in ROW.names or ():
                    rows[name] = table.column(name).to_numpy()
                yield rows

    def read(self) -> np.ndarray:
        """All rows of a finished log at once; not to be written to."""
        if self._path:
            return joined(list(self.batches()))
        if len(self._rows) != 1:  # put together by the first who asks: most logs of a sweep are only handed on
            self._rows = [joined(self._rows)]
        return self._rows[0]

    def lows(self) -> list[float]:
        """The least `t_start_s` of each batch."""
        return self._lows if self._path else [float(rows["t_start_s"].min()) for rows in self.batches()]

    def hand_over(self) -> None:
        """The next to unpickle this finished log, in another process, owns its file; this one must not be read any more."""
        if self._path:
            self._file_goes.detach()
            self._leaves = True

    def __getstate__(self) -> tuple[Any, ...]:
        content = None if self._leaves else Path(self._path).read_bytes() if self._path else self.read()
        return self._path, content, self._lows, self._length

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__()  # type: ignore[misc]
        path, content, self._lows, self._length = state
        if not path:
            self._rows = [content]
            self._hold(content.nbytes)
            return
        with _room():
            self._own_file()
            if content is None:
                shutil.move(path, self._path)
            else:
                Path(self._path).write_bytes(content)

    def _own_file(self) -> None:
        number, self._path = tempfile.mkstemp(prefix=prefix("calls"), suffix=".parquet")
        os.close(number)
        self._file_goes = weakref.finalize(self, _remove, self._path, os.getpid())

    def _write(self, all_of_it: bool) -> None:
        """Rows in memory go to the file in groups; of what fills none, the rest stays until all is written and the file closed."""
        rows = joined(self._rows)
        group = self._memory.group
        full = len(rows) if all_of_it else len(rows) // group * group
        with _room():
            if not self._path:
                self._own_file()
            try:
                for at in range(0, full, group):
                    self._write_group(rows[at : min(at + group, full)])
                if all_of_it and self._writer is not None:
                    self._writer.close()
                    self._writer = None
            except OSError:
                if self._writer is not None:
                    self._writer.is_open = False  # or it would try again when it is freed
                raise
        self._rows = [rows[full:].copy()] if full < len(rows) else []
        self._hold((len(rows) - full) * ROW.itemsize)

    def _hold(self, size: int) -> None:
        self._size = size
        self._memory.hold(self, size)

    def _write_group(self, rows: np.ndarray) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.table({name: np.ascontiguousarray(rows[name]) for name in ROW.names or ()})
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._path, table.schema, compression="snappy", use_dictionary=False)
        self._writer.write_table(table)
        self._lows.append(float(rows["t_start_s"].min()))


class Early:
    """Rows of attempts that the clock has not reached: kept back, since others may come before them."""

    def __init__(self) -> None:
        self._rows, self._many = np.zeros(0, ROW), 0
        """Those kept back stand first; there is room for more, which is used again: new memory costs more than the rows in it."""

    def ripe(self, rows: np.ndarray, until: float) -> np.ndarray:
        """Of these rows and those kept back, the ones that start before `until`, in that order; a copy."""
        many = self._many + len(rows)
        if many > len(self._rows):
            kept, self._rows = self._rows, np.empty(2 * many, ROW)
            self._rows.view(BARE)[: self._many] = kept.view(BARE)[: self._many]
        self._rows.view(BARE)[self._many : many] = rows.view(BARE)
        held = self._rows[:many]
        before = held["t_start_s"] < until
        found = by_start(held, np.flatnonzero(before))
        late = held.view(BARE)[~before]
        self._many = len(late)
        held.view(BARE)[: self._many] = late
        return found


def merged(logs: Sequence[CallLog], agents: Sequence[np.ndarray], memory: Memory | None = None) -> CallLog:
    """Finished logs as one, in the order of `t_start_s` (then of the logs, then of their rows); `agents[i]` has the new numbers of paths.

    What lies before the least start of all that is still to be read is in place, so that little is held of logs that are nearly in order.
    """
    batches = [log.batches() for log in logs]
    starts = [[*np.minimum.accumulate(log.lows()[::-1])[::-1].tolist(), math.inf] for log in logs]
    """By log: the least start in each batch and all after it."""
    waiting = [np.empty(0, ROW) for _ in logs]
    whole = CallLog(memory)
    while any(len(ahead) > 1 for ahead in starts):
        log = min(range(len(logs)), key=lambda each: starts[each][0])
        rows = next(batches[log]).copy()
        rows["agent"] = agents[log][rows["agent"]]
        waiting[log] = by_start(joined([waiting[log], rows]))
        del starts[log][0]
        least = min(ahead[0] for ahead in starts)
        ripe = [int(np.searchsorted(rows["t_start_s"], least)) for rows in waiting]
        whole.append(by_start(joined([rows[:to] for rows, to in zip(waiting, ripe, strict=True)])))
        waiting = [rows[to:] for rows, to in zip(waiting, ripe, strict=True)]
    return whole.finish()


def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Rows one after another."""
    return np.concatenate([np.empty(0, BARE), *(rows.view(BARE) for rows in parts)]).view(ROW)


def by_start(rows: np.ndarray, places: np.ndarray | None = None) -> np.ndarray:
    """Rows, or those at some places, in the order of `t_start_s`, stable."""
    order = rising(rows["t_start_s"] if places is None else rows["t_start_s"][places])
    found: np.ndarray = rows.view(BARE)[order if places is None else places[order]].view(ROW)
    return found


def rising(numbers: np.ndarray) -> np.ndarray:
    """Places of numbers from the least to the largest, equal ones in their order: as a stable `argsort`, in half its time."""
    order = np.argsort(numbers)
    found = numbers[order]
    equal = found[1:] == found[:-1]
    if (order[1:] < order[:-1])[equal].any():
        alike = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        which = np.cumsum(np.append(True, found[alike][1:] != found[alike][:-1])) * len(numbers)
        order[alike] = np.sort(which + order[alike]) % len(numbers)
    return order


@contextlib.contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = f"the log of calls does not fit into {tempfile.gettempdir()}: {error.strerror or error}"
        raise SimError(f"{said}; set TMPDIR to a folder with room, or log=sample, or log=none") from None


def _remove(path: str, process: int) -> None:
    """Not by a child that was forked while its parent had the file."""
    if os.getpid() == process:
        Path(path).unlink(missing_ok=True)
