"""In which form a command says what came out: what matters first, all of it, or JSON for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


ALSO = ("pdf", "xlsx")
"""Each figure for slides, all numbers for a spreadsheet."""


class Form(Enum):
    """By its flag on the command line."""

    short = ""
    all = "--all"
    """Every metric of a run."""
    json = "--json"


def form_of(words: Sequence[str]) -> tuple[Form, list[str]]:
    """What a command line asks for, and its other words. JSON holds all."""
    flags = {form.value: form for form in (Form.all, Form.json)}
    asked = [flags[word] for word in words if word in flags]
    return max(asked, key=list(Form).index, default=Form.short), [word for word in words if word not in flags]


def also_of(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a command line asks for beside its page, `pdf` and `xlsx`, and its other words."""
    flags = {f"--{name}": name for name in ALSO}
    return [flags[word] for word in words if word in flags], [word for word in words if word not in flags]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def written(found: Mapping[str, Any]) -> str:
    """As JSON: numbers that are none or have no end are null."""
    return json.dumps(_plain(found), indent=1)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
