"""What is asked of every log: a small set of what-ifs that a team can act on."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sim.settings.market import BackendSettings, CacheKind
from sim.sweeps.what_if.answer import Base
from sim.sweeps.what_if.recast import is_sub
from sim.sweeps.what_if.replayed import served

COMPACT_TOKENS = 60_000
"""Near the least bill of prompts that grow by some 1,750 tokens a call at Claude Opus 4.6's prices (F5b)."""


def usual(base: Base) -> list[str]:
    """In words as a user would write them; only what the log has something of."""
    if base.of_sums:
        return [each for each in [_least_bill(base.scenario.market.models, _dearest(base))] if each]
    log, market = base.log, base.scenario.market.models
    backend, used = served(log, base.scenario, base.said)
    found = []
    if any(market[name].cache is CacheKind.explicit and market[name].cache_write_1h_usd_per_mtok for name in used):
        found.append("cache=5m" if base.hour else "cache=1h")
    if (log.calls["input_tokens"][log.calls["calls"] == 1] > COMPACT_TOKENS).any():
        found.append(f"compact={COMPACT_TOKENS // 1000}k")
    sub = is_sub(log)[log.calls["agent"]]
    families = Counter((each.session, each.parent) for each, is_one in zip(log.agents, is_sub(log), strict=True) if is_one)
    if any(many > 1 for many in families.values()):
        found.append("fanout=half")
    if sub.any() and (cheaper := _cheaper_of_vendor(market, _most(backend[sub & (backend >= 0)], used))):
        found.append(f"sub_agents={cheaper}")
    if best := _least_bill(market, _dearest(base)):
        found.append(best)
    return found


def _dearest(base: Base) -> str:
    """The backend with the most dollars."""
    found: str = base.replayed.calls.groupby("backend")["cost_usd"].sum().idxmax()
    return found


def _most(places: np.ndarray, used: list[str]) -> str:
    """The backend with the most calls; empty: none."""
    return used[int(np.bincount(places).argmax())] if len(places) else ""


def _cheaper_of_vendor(market: dict[str, BackendSettings], name: str) -> str:
    """The cheapest backend of the same vendor, by the list price of input, if it is another."""
    if not name:
        return ""
    mine = [each for each, model in market.items() if model.vendor == market[name].vendor]
    least = min(mine, key=lambda each: market[each].input_usd_per_mtok)
    return least if market[least].input_usd_per_mtok < market[name].input_usd_per_mtok else ""


def _least_bill(market: dict[str, BackendSettings], name: str) -> str:
    """The backend whose measured bills are surely less than this one's, and least; empty: none, or nobody has measured."""
    bills = {}
    for each, model in market.items():
        ratios = [
            work.bill / mine.bill
            for harness, work in model.works.items()
            if (mine := market[name].works.get(harness)) is not None and work.bill and mine.bill
        ]
        if ratios and max(ratios) < 1:
            bills[each] = max(ratios)
    return min(bills, key=lambda each: bills[each], default="")
