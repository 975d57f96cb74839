"""Lines of totals below the rows of a table, which are no calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.logs.logged import count

TOTALS = "lines of totals below their rows, no calls: left out"
_WORDS = ("total", "totals", "sum", "sums", "subtotal", "grand total")
"""What stands first in such a line."""


class Totals:
    """What the rows of one file come to so far."""

    def __init__(self) -> None:
        self._rows = self._input = self._output = 0

    def is_one(self, entry: Mapping[str, Any], known: tuple[bool, bool], input_tokens: Any, output_tokens: Any) -> bool:
        """Whether an entry is a line of totals: it says so and lacks its model or time (`known`), or lacks both and has the tokens of
        all rows before it."""
        first = next((str(cell) for cell in entry.values() if cell not in (None, "")), "")
        if not all(known) and first.strip().rstrip(":").lower() in _WORDS:
            return True
        tokens = count(input_tokens), count(output_tokens)
        if self._rows > 1 and not any(known) and any(tokens) and tokens == (self._input, self._output):
            return True
        self._rows, self._input, self._output = self._rows + 1, self._input + tokens[0], self._output + tokens[1]
        return False
