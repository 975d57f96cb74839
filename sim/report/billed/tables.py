"""Tables of a log's bill: texts, under a first heading that says what they are. `sim.results.billed.account` has the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sim.report.numbers import compact, number, share
from sim.results.billed.bill import KINDS
from sim.statistics import digits

Found = Mapping[str, Any]
"""An account of a log's bill."""
HEADINGS = ("fresh input", "cache reads", "cache writes", "output", "fees")
"""Of the kinds of token that a bill has, in the order of `KINDS`."""


def by_model(found: Found) -> pd.DataFrame:
    """A row a model that has a price: its bill by kind of token."""
    rows = [row for row in found["models"] if row["backend"]]
    table = {
        "USD by our prices": [row["model"] or "(no name)" for row in rows],
        "backend": [row["backend"] for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        **{
            name: [number(row[f"{kind}_usd"]) for row in rows]
            for name, kind in zip(HEADINGS, KINDS, strict=True)
            if kind != "fees" or any(row["fees_usd"] for row in rows)
        },
        "all": [number(row["priced_usd"]) for row in rows],
        "share": [share(row["priced_usd"] / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows],
    }
    return pd.DataFrame(table)


def against(found: Found) -> pd.DataFrame:
    """The two bills of each model, over calls that have both; empty: the log has no dollars."""
    rows = [row for row in found["models"] if row["billed_calls"]]
    table = {
        "Calls that have both": [row["model"] or "(no name)" for row in rows],
        "prices of": [row["prices_as_of"] or "-" for row in rows],
        "calls": [f"{row['billed_calls']:,}" for row in rows],
        "billed USD": [number(row["billed_usd"]) for row in rows],
        "ours USD": [number(row["priced_usd_where_billed"]) for row in rows],
        "off": [_off(row["priced_usd_where_billed"], row["billed_usd"]) for row in rows],
    }
    return pd.DataFrame(table)


def by_agent(found: Found) -> pd.DataFrame:
    """Lead agents beside sub-agents."""
    rows = found["agents_usd"]
    table = {
        "Who spent it": ["lead agents", "sub-agents"],
        "calls": [f"{row['calls']:,}" for row in rows.values()],
        "input tokens": [compact(row["input_tokens"]) for row in rows.values()],
        "output tokens": [compact(row["output_tokens"]) for row in rows.values()],
        "USD": [_known(row["priced_usd"]) for row in rows.values()],
        "share": [share((row["priced_usd"] or 0) / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows.values()],
    }
    return pd.DataFrame(table)


def written_again(found: Found) -> pd.DataFrame:
    """What was paid above a read for prompts that a cache had had, by why; empty: nothing."""
    rows = found["written_again"]
    table = {
        "Paid again for a prompt that a cache had": [row["why"] for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        "tokens": [compact(row["tokens"]) for row in rows],
        "USD above reads": [number(row["usd"]) for row in rows],
        "share": [share(row["usd"] / found["priced_usd"]) for row in rows],
    }
    return pd.DataFrame(table)


def expensive_sessions(found: Found) -> pd.DataFrame:
    """Those that cost most."""
    rows = found["dearest_sessions"]
    table = {
        "Most expensive sessions": [row["session"] or "(no name)" for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        "agents": [f"{row['agents']:,}" for row in rows],
        "longest prompt": [compact(row["longest_prompt_tokens"] or float("nan")) for row in rows],
        "USD": [_known(row["priced_usd"], row["unpriced_rows"]) for row in rows],
    }
    return pd.DataFrame(table)


def _known(usd: float | None, unpriced: int = 0) -> str:
    """Of calls of which none has a price it is unknown, and not nothing; where some have none there is more of it."""
    return "unknown" if usd is None else f"{'at least ' * bool(unpriced)}{number(usd)}"


def _off(ours: float, billed: float) -> str:
    """How far our bill lies from the one that was paid."""
    if not billed:
        return "-" if ours else "exact"
    return "exact" if abs(ours / billed - 1) < 1e-9 else f"{digits(100 * (ours / billed - 1), 2, '+')} %"
