"""Which stage of a pipeline a call belongs to: the path of its agent says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sim.call import Role

NO_STAGE = -1
"""Matched chats, and those who judge a try (`0.v`)."""


class StageOfPath:
    """By the numbers that stand for paths: `0` and `1` (roots) are of the first stage, `0.verify.4.2v` is of `verify`."""

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._known = np.zeros(0, np.int64)

    def of(self, rows: Any, paths: Iterable[str]) -> np.ndarray:
        """The place of each row's stage, or `NO_STAGE`; `paths` are all there are by now, in the order of their numbers."""
        new = list(paths)[len(self._known) :]
        if new:
            self._known = np.append(self._known, [self._place(path) for path in new])
        found: np.ndarray = np.where(rows["role"] == Role.chat, NO_STAGE, self._known[rows["agent"]])
        return found

    def _place(self, path: str) -> int:
        _, *below = path.split(".")
        if not below:
            return 0
        return self._places[below[0]] if len(below) > 1 else NO_STAGE
