"""The errors a caller may meet: of settings, of data, of broken laws.

SimError
 +-- ConfigError   a setting that cannot be: the message names key, value and what is allowed
 +-- DataError     a file that cannot be read: the message names file, row and column
 +-- LawError      a run whose own counts contradict one another: a fault of the software, never of its user
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from os import PathLike
from typing import Any

LONGEST = 600
"""Characters of an error: a value that makes it longer is not worth reading whole."""


class SimError(ValueError):
    """Anything this package refuses, said in one line; what is too long is cut in the middle."""

    def __init__(self, message: str) -> None:
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in message).split())
        super().__init__(line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 2 :]}")


class ConfigError(SimError):
    """A setting out of bounds, unknown or missing."""


class DataError(SimError):
    """A recorded trace or result file that does not hold what it must."""


class LawError(SimError):
    """A run that breaks an operational law (`sim.meter.laws`): its numbers must not be used."""


def of_kind(value: object, kind: Any, told: str) -> None:
    """Raise `ConfigError` where a function was given another kind of thing; `told` says what it takes."""
    if not isinstance(value, kind):
        raise ConfigError(f"{told}, not {type(value).__name__}")


def of_path(value: object, told: str) -> None:
    """Raise `ConfigError` for what is no path, and for an empty one, which would be the current folder; `told` says what it takes."""
    of_kind(value, str | PathLike, told)
    if not str(value).strip():
        raise ConfigError(f"{told}: it is empty; the current folder is .")


def shown(value: object) -> str:
    """What somebody's function has returned, for an error: as it is written, or of which kind it is."""
    written = repr(value)
    return f"a {type(value).__name__}" if " at 0x" in written else written[:80]


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The tail of an error line for an unknown `word`: the nearest known one, or all of them."""
    names = sorted(known)
    alike = {_bare(name): name for name in reversed(names)}
    parts = {*str(word).split("_")}
    near = sorted((name for name in names if len(parts) > 1 and parts <= {*name.split("_")}), key=len)  # usd_per_task: cost_per_task_usd
    near = near or difflib.get_close_matches(str(word), names, n=1)  # YAML reads some names as numbers
    near = near or [alike[bare] for bare in difflib.get_close_matches(_bare(str(word)), alike, n=1)]
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names) or 'none'}"


def _bare(name: str) -> str:
    """`MiniMax-M2.5` and `minimax_m2_5` are one name to whoever types it."""
    return re.sub(r"[\W_]+", "", name.casefold())
