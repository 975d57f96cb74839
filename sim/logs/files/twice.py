"""A name that stands twice in one JSON object: of tokens either may be meant, and Python would take the last in silence."""

from __future__ import annotations

import json
import re
from typing import Any

_COUNTED = (b'"input_tokens"', b'"output_tokens"', b'"prompt_tokens"', b'"completion_tokens"', b'"input"', b'"output"')
"""Names that, more than once in a line, make it worth a second look, which takes three times as long as the first."""
_MATTER = re.compile(r"token|^(input|output|cached|read|write|total|usage|cost|spend|model|timestamp)$", re.IGNORECASE)
_MOST_BYTES = 8 * 1024 * 1024
"""Of a text that is looked at."""


class _TwiceError(Exception):
    """Which name."""


def twice(text: bytes) -> str:
    """The name of what is counted or priced that an object of a JSON text has twice; empty: none, or it was not looked for."""
    if len(text) > _MOST_BYTES or not any(text.count(name) > 1 for name in _COUNTED):
        return ""
    try:
        json.loads(text, object_pairs_hook=_checked)
    except _TwiceError as found:
        return str(found)
    except (ValueError, RecursionError):
        return ""
    return ""


def _checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        again = next((name for place, name in enumerate(names) if name in names[:place] and _MATTER.search(name)), "")
        if again:
            raise _TwiceError(again)
    return found
