"""Small logs as other tools write them, with made-up details, and their bills at the prices of February 2026 (Claude Opus 4.6)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import sim
from sim import LogBill, Scenario
from sim.logs import Log

FRESH, READ, WRITE, HOUR, OUT = (usd / 1e6 for usd in (5, 0.5, 6.25, 10, 25))
"""USD a token of Claude Opus 4.6 up to 200,000 tokens of prompt, by the vendor's list of February 2026."""


def lines(path: Path, *entries: Any) -> Path:
    """One in each line; a text is written as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in entries)
    path.write_text(text, encoding="utf-8")
    return path


@cache
def february() -> Scenario:
    return sim.load()


def usd(log: Log, **models: str) -> list[float]:
    """By call, in their order."""
    found: list[float] = LogBill(log, february(), models).priced.tolist()
    return found


def rows(log: Log, *names: str) -> list[tuple[Any, ...]]:
    """Columns of all calls; agents and models by name."""
    words = {"agent": [each.name for each in log.agents], "model": log.models, "status": log.statuses, "tier": log.tiers}
    words["session"] = [each.session for each in log.agents]
    words["parent"] = [each.parent for each in log.agents]
    columns = []
    for name in names:
        values = log.calls["agent" if name in ("session", "parent") else name].tolist()
        columns.append([words[name][each] for each in values] if name in words else values)
    return list(zip(*columns, strict=True))
