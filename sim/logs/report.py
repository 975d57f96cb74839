"""What happened while logs were read: duplicates removed, lines that are broken, what was left aside or assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

import numpy as np

from sim.logs.logged import BEYOND, NO_PARENT, SINCE_1970_S, ZONELESS

LONG_ANSWER = 32_000
"""Tokens that few models write at once (assumption)."""
FASTEST_PER_S = 10_000
"""Output tokens that no model writes in a second (assumption: ten times the fastest that are sold): calls closer than that are a slip."""
SLOWEST_PER_S = 0.25
"""Output tokens that any model writes in a second (assumption: a tenth of the slowest that are sold): if most are slower, a slip."""
SLOW_ANSWER = 50
"""Tokens of an answer from which on its speed says something: a few words are soon written, and waited for all the same."""
MOST_AMONG_FEW = 2
"""Calls of which one may well be as large as the others."""
MOST_NAMED = 10
"""Broken lines that are named; all are counted."""


def _wrong(why: object) -> str:
    """What is wrong with an entry: in the words of its reader, or in ours where Python has met another kind of thing."""
    if isinstance(why, KeyError):
        return f"has no {why}"
    pythons = isinstance(why, (TypeError, LookupError, AttributeError)) and not str(why).endswith("is no name")
    return "holds another kind of thing than its format has there (a text for a list?)" if pythons else str(why)


class Report:
    """Filled by whoever reads; read by whoever tells."""

    def __init__(self) -> None:
        self.files: Counter[str] = Counter()
        """Read, by format."""
        self.duplicates: Counter[str] = Counter()
        """Rows that were removed, by what they are."""
        self.broken = 0
        """Lines (of a table: rows; of a list: entries) that could not be read."""
        self.where: list[str] = []
        """The first of them: file, line and what is wrong."""
        self.unknown_columns: dict[str, list[str]] = {}
        """Columns of tables that were not read, by file."""
        self.skipped: dict[str, str] = {}
        """Files in folders that were passed over, and why; empty: their format is not known."""
        self.remarks: Counter[str] = Counter()
        """Calls by what was assumed of them, or left aside."""
        self.slips: list[str] = []
        """Those of the remarks that say what can hardly be as it is written."""
        self.unsure_reads = 0
        """Calls whose cache reads are taken as a part of their input, as their format has it, though nothing in the log shows that."""

    def is_broken(self, file: str, place: str, why: object) -> None:
        """Count a line, and name it if there are not many yet."""
        self.broken += 1
        if len(self.where) < MOST_NAMED:
            self.where.append(f"{file}: {place}: {_wrong(why)[:100]}")

    def has_sums(self, calls: np.ndarray) -> None:
        """Sums over calls beside what they may be sums of, and sums of several files, which may be of the same days."""
        is_sum = calls["calls"] == 0
        files = np.unique(calls["source"][is_sum]).size
        if is_sum.any() and (not is_sum.all() or files > 1):
            what = "calls" if not is_sum.all() else "sums of another file"
            self.remarks[f"sums beside {what}: if they are of the same work, it is counted twice"] = int(is_sum.sum())
        tokens = calls["input_tokens"] + calls["output_tokens"]
        whole, many = (np.bincount(calls["source"], weights)[calls["source"]] for weights in (tokens, None))
        totals = (many > MOST_AMONG_FEW) & (tokens > 0) & (2 * tokens == whole)
        if totals.any():
            self.remarks["with as many tokens as all others together: a line of totals?"] = int(totals.sum())

    def has_twins(self, calls: np.ndarray) -> None:
        """Files whose calls, half of them or more, stand in another one too, by moment and output: two logs of the same work."""
        rows = np.flatnonzero((calls["calls"] == 1) & (calls["start_s"] > SINCE_1970_S) & (calls["output_tokens"] >= SLOW_ANSWER))
        source = calls["source"][rows]
        if len(rows) == 0 or (source == source[0]).all():
            return
        what = np.stack([np.rint(calls["start_s"][rows]).astype(np.int64), calls["output_tokens"][rows].astype(np.int64)], axis=1)
        which = np.unique(what, axis=0, return_inverse=True)[1].reshape(-1)
        pairs = np.unique(np.stack([which, source], axis=1), axis=0)
        twins = np.bincount(pairs[:, 0])[which] > 1
        both, many = (np.bincount(source, weights) for weights in (twins, None))
        same = [int(count) for count, of in zip(both, many, strict=True) if count > MOST_AMONG_FEW and 2 * count >= of]
        if same:
            what_is_odd = "at the moment of a call of another file, and as long: two logs of the same work? then it is counted twice"
            self.remarks[what_is_odd] = min(same)

    def has_slips(self, calls: Mapping[str, np.ndarray] | np.ndarray, ok: np.ndarray) -> None:
        """Calls that cannot be as they are written, or hardly (`ok`: which were answered). Writes for an hour become no more than all."""
        inputs, outputs, hour = calls["input_tokens"], calls["output_tokens"], calls["cache_write_1h_tokens"]
        writes = np.maximum(calls["cache_write_tokens"], 0)
        took = calls["end_s"] - calls["start_s"]
        fast = (took > 0) & (outputs > FASTEST_PER_S * took)
        slow = ok & (outputs >= SLOW_ANSWER) & (outputs < SLOWEST_PER_S * took)
        for wrong, what in (
            (ok & (inputs + outputs == 0), "calls without any token: nothing to price"),
            (ok & (inputs > 0) & (outputs == 0), "answered without an output token: is their number missing? taken as 0"),
            (ok & (inputs == 0) & (outputs > 0), "answered without an input token: is their number missing? taken as 0"),
            (
                (outputs >= LONG_ANSWER) & (outputs > 10 * inputs),
                f"answers of {LONG_ANSWER:,} tokens or more to prompts of a tenth: are input and output in one another's place?",
            ),
            (hour > writes, "with more cache writes for an hour than cache writes: taken as many as those"),
            (
                fast & (2 * fast.sum() > (took > 0).sum()),
                f"answered at more than {FASTEST_PER_S:,} output tokens a second: are times in seconds where milliseconds are meant?",
            ),
            (
                slow & (2 * slow.sum() > (took > 0).sum()),
                f"answered at less than {SLOWEST_PER_S:g} output tokens a second: are times in milliseconds where seconds are meant?",
            ),
            (took < 0, "that end before they begin: clocks of two machines?"),
            (
                calls["reasoning_tokens"] > calls["output_tokens"],
                "with more reasoning than output: is reasoning beside it, and not billed here?",
            ),
        ):
            if wrong.any():
                self.remarks[what] = int(wrong.sum())
                self.slips.append(what)
        np.minimum(hour, writes, out=hour)

    def left_out(self) -> str:
        """What a replay lacks, or has too much of, in a sentence without places of this machine; empty: nothing that is known of."""
        cut = [f"{PurePath(path).name} ({why})" for path, why in self.skipped.items() if why]
        file, _, rest = self.where[0].partition(": ") if self.where else ("", "", "")
        said = [f"broken lines: {self.broken:,}, first {PurePath(file).name}: {rest}" if self.broken else ""]
        said += [f"files that could not be read: {len(cut):,}, first {cut[0]}" if cut else ""]
        told = ("added up", "counted twice", "replayed as", ZONELESS, NO_PARENT, BEYOND)
        slips = [each for each in self.slips if not each.startswith("answers of")]  # which a run says of all its calls
        said += [
            f"{many:,} row{'s' * (many > 1)}: {what}"
            for what, many in self.remarks.items()
            if what in slips or any(word in what for word in told) or (what.endswith("?") and what not in self.slips)
        ]
        return "; ".join(each for each in said if each)
