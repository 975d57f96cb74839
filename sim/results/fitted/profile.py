"""A profile of an agent from recorded calls: what there is enough of is fitted, the rest stays as it ships, and is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from sim.results.fitted.contexts import REACHED_TOKENS, WINDOW_TOKENS, compact_at_share, long_share, rewrites, stretches, windows
from sim.results.fitted.mixtures import between_sessions, lognormals, means, narrowed, quantiles, scale
from sim.results.fitted.turns import turns_left, turns_of
from sim.scenario.load import CONF
from sim.scenario.text import read_settings

Profile = dict[str, Any]
FEW, MANY = 20, 60
"""Values that a quantity is fitted to at least: below, the shipped one stays; and a mixture of several parts (assumptions)."""
SHIPPED, SHIPPED_SUB = "coding_session", "subagent"
EXPIRES_S = 300.0
"""A prompt that waited longer may have left the cache."""
OPENING_TURNS, SUMMARY_TOKENS = 5, 2000
REASONING_SHARE, KEEP_REASONING = 0.5, 0.6
"""Half of output is reasoning (OpenRouter, reported); growth after long outputs says that 0.2 of output leaves the context."""
DROPPED = REASONING_SHARE * (1 - KEEP_REASONING)
LEAST_TOKENS = 20
"""Recorded growth that is shorter than what its turn's output left: taken as a result of so many tokens."""


class Fitted:
    """A profile, quantity by quantity: fitted where there are enough values, else as it ships."""

    def __init__(self, shipped: str, of: str = "") -> None:
        self.profile: Profile = {}
        self.sizes: dict[str, int] = {}
        """How many values each was fitted to."""
        self.missing: dict[str, str] = {}
        """Of the others: why, and what stands for it."""
        self.shipped, self._of = shipped, of

    def take(self, name: str, values: Any, fitted: Callable[[pd.Series], Any], few: int = FEW) -> None:
        """`fitted` of the values, unless they are too few."""
        values = pd.Series(values).dropna()
        if len(values) < few:
            self.keep(name, f"{len(values)} values, {few} needed")
            return
        self.sizes[self._of + name] = len(values)
        self.profile[name] = fitted(values)

    def keep(self, name: str, why: str) -> None:
        """As it ships."""
        self.assume(name, f"{why}: taken from profile/{self.shipped}")
        self.profile[name] = read_settings(CONF / "profile" / f"{self.shipped}.yaml")[name]

    def assume(self, name: str, why: str) -> None:
        """Say what the log does not."""
        self.missing[self._of + name] = why

    def set(self, name: str, value: Any) -> None:
        """What needs no values."""
        self.profile[name] = value


def session(calls: pd.DataFrame, expires_s: float = EXPIRES_S) -> Fitted:
    """A session's main agent, by calls of several (`sim.results.fitted.sessions.followed`), whole or joined in its middle.

    `expires_s`: reads after a longer wait do not say whether a prompt has changed in its middle.
    """
    put = Fitted(SHIPPED)
    begun, joined = calls[~calls["joined"]], calls[calls["joined"]]
    if begun["trace"].nunique() < 5 <= joined["trace"].nunique():  # long prompts from the start, not sessions that were resumed
        begun, joined = calls, calls.iloc[:0]
    first = begun.groupby("trace")["input_tokens"].first()
    system = int(first.quantile(0.1) // 100 * 100) if len(first) else 0
    put.take("system_tokens", first, lambda _: system, few=5)
    put.take("prompt_tokens", (first - system).clip(lower=50), lambda values: quantiles(values, 21), few=5)
    grown = calls[calls["growth"] > 0]
    told = calls["reasoning_tokens"].sum() > 0 if "reasoning_tokens" in calls else False
    reasoning = float(calls["reasoning_tokens"].sum() / calls["output_tokens"].sum()) if told else REASONING_SHARE
    if not told:
        put.assume("reasoning_share", f"the log has no reasoning tokens: taken from profile/{SHIPPED}")
    put.assume("keep_reasoning", f"no log says what stays in the prompt: taken from profile/{SHIPPED}")
    dropped = reasoning * (1 - KEEP_REASONING)
    result = (grown["growth"] - (1 - dropped) * grown["kept_from"]).clip(lower=LEAST_TOKENS)
    said, opening = grown["trigger"] == "user", (grown["position"] <= OPENING_TURNS) & ~grown["trace"].isin(joined["trace"])
    _resumed(put, first, joined)
    spoken = bool((calls["trigger"] == "user").any())
    whole = begun if len(begun) else calls
    exponent, turns = turns_of(whole)
    put.set("resumed_turns", turns_left(joined, turns, exponent) if len(joined) else 1.0)
    if spoken:
        put.take("requests", calls.groupby("trace")["message"].max(), lambda values: quantiles(values, 41), few=5)
        put.take("request_tokens", result[said], lambda values: _parts(values, 2))
        think = calls["think_time_s"][(calls["trigger"] == "user") & (calls["position"] > 0)]
        put.take("think_time_s", think.clip(lower=1), lambda values: _parts(values, 2))
    else:
        put.assume(
            "requests", "the log does not tell a user's messages from tool results: sessions are one message, all waits their tools'"
        )
        put.set("requests", 1)
    put.take("turns", whole.groupby(["trace", "message"]).size(), lambda _: turns, few=5)
    put.set("turns_exponent", exponent)
    spread_out = between_sessions(calls["output_tokens"], calls["trace"])
    spread_in = between_sessions(result[~said], grown["trace"][~said])
    put.take("output_tokens", calls["output_tokens"], lambda values: narrowed(_parts(values, 2), spread_out))
    put.set("output_scale", scale(spread_out))
    put.set("reasoning_share", round(reasoning, 3))
    put.set("keep_reasoning", KEEP_REASONING)
    put.take("tool_result_tokens", result[~said & ~opening], lambda values: narrowed(_parts(values, 3), spread_in))
    put.set("opening_turns", OPENING_TURNS)
    put.take("opening_result_tokens", result[~said & opening], lambda values: narrowed(_parts(values, 2), spread_in))
    put.set("result_scale", scale(spread_in))
    later = calls[(calls["trigger"] != "user") & (calls["position"] > 0)]
    put.take("tool_time_s", later["think_time_s"], lambda values: means(values, min(100, len(values))))
    _caches_and_windows(put, calls, first, expires_s)
    return put


def _resumed(put: Fitted, first: pd.Series, joined: pd.DataFrame) -> None:
    """Sessions that go on with an earlier one."""
    found = joined.groupby("trace")["input_tokens"].first()
    if not len(found):
        put.set("prior_tokens", 0)
        return
    share = len(found) / (len(found) + len(first))
    parts = [{"dist": "constant", "value": 0}, quantiles((found - (first.median() if len(first) else 0)).clip(lower=1), 21)]
    put.set("prior_tokens", {"dist": "mixture", "weights": [round(1 - share, 3), round(share, 3)], "parts": parts})


def _caches_and_windows(put: Fitted, calls: pd.DataFrame, first: pd.Series, expires_s: float) -> None:
    """Prompts that changed in their middle, compactions, windows."""
    read = calls[(calls["position"] > 0) & calls["cached_tokens"].notna() & ~(calls["think_time_s"] > expires_s)]
    put.take("rewrite_rate", read["position"], lambda _: round(rewrites(read), 4))
    compacted = calls[calls["dropped"] & (calls["previous"] > REACHED_TOKENS)]
    lasts = stretches(calls)
    at = compact_at_share(lasts)
    reached = int(lasts["ended"].sum())
    if reached < 5 or not 0 < at <= 1:
        for name in ("window_tokens", "compact_at_share"):
            put.keep(name, f"{reached} compactions, 5 needed")
    else:
        put.set("window_tokens", windows(long_share(lasts)))
        put.set("compact_at_share", at)
    put.set("summary_tokens", SUMMARY_TOKENS)
    start = float(first.median()) if len(first) else 0.0
    restored = (compacted["input_tokens"] - start - SUMMARY_TOKENS).clip(lower=0)
    put.take("restore_tokens", restored, lambda values: quantiles(values, 11), few=5)


def sub_agent(calls: pd.DataFrame, system_tokens: int) -> Fitted:
    """A sub-agent, by calls of several."""
    put = Fitted(SHIPPED_SUB, "sub-agents: ")
    agents = calls.groupby("key")
    grown = calls[calls["growth"] > 0]
    result = (grown["growth"] - (1 - DROPPED) * grown["kept_from"]).clip(lower=LEAST_TOKENS)
    opening = grown["position"] <= OPENING_TURNS
    first = (agents["input_tokens"].first() - system_tokens).clip(lower=50)
    put.set("system_tokens", system_tokens)
    put.take("prompt_tokens", first, lambda values: lognormals(values, 1), few=5)
    put.set("requests", 1)
    put.take("turns", agents.size(), lambda values: quantiles(values, 11), few=5)
    put.take("output_tokens", calls["output_tokens"], lambda values: _parts(values, 2))
    put.set("reasoning_share", REASONING_SHARE)
    put.set("keep_reasoning", KEEP_REASONING)
    put.take("tool_result_tokens", result[~opening], lambda values: quantiles(values, 41))
    put.set("opening_turns", OPENING_TURNS)
    put.take("opening_result_tokens", result[opening], lambda values: quantiles(values, 41))
    put.take("tool_time_s", calls["think_time_s"][calls["position"] > 0], lambda values: means(values, min(40, len(values))))
    put.set("window_tokens", WINDOW_TOKENS)
    put.set("summary_tokens", SUMMARY_TOKENS)
    return put


def _parts(values: pd.Series, most: int) -> Profile:
    """Lognormals: one where there are too few values for more."""
    return lognormals(values, most if len(values) >= MANY else 1)
