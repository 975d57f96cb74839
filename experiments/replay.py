"""What did recorded sessions cost at Opus 4.6 prices: cached for 5 minutes, for an hour, not at all?

    python -m experiments.replay                          the excerpt that ships
    python -m experiments.replay my_calls.csv.gz          a table of calls of your own (columns: sim.columns.TRACE)

Every call is replayed with its own token counts and waits; caching, pricing and the time of a call are ours. A busy hour is
what it is in every study (`cost_per_busy_hour_usd`): a session's time with waits before its user's messages left out. Waits
for tools count, and in recordings these hold more than the tool (approvals, a laptop that slept).

Calibrated: prices, speed of the backend. Recorded: tokens, waits, shared prefixes (to 64 tokens, no expiry).
Assumed: nothing is cached between sessions. Another TTL rule, or requests that overlap, would change the finding.
"""

from __future__ import annotations

import sys

import pandas as pd

import sim
from sim import Result, Scenario
from sim.report.study import aligned

BACKEND = "claude_opus_4_6"
EXCERPT = "excerpt"
"""What `workload.trace` calls the trace that ships."""
MARKETS = {"feb_2026": "2026-02: twice the price above 200,000 tokens", "nov_2026": "2026-11: one price for every length"}
REGIMES = {
    "5 minutes": ["cache_ttl_s=300"],
    "1 hour": ["cache_ttl_s=3600"],
    "none": ["cache=none"],
}


def scenario(trace: str, *changes: str, market: str = "feb_2026") -> Scenario:
    """The trace on Opus 4.6, unlimited and with a window that holds every recorded prompt."""
    model = f"market.models.{BACKEND}"
    return sim.load(
        f"market={market}", "workload=trace", f"workload.trace={trace}", f"backends=[{BACKEND}]", "replications=1", "log=none",
        f"{model}.context_window_tokens=1000000", f"{model}.error_rate=0", *[f"{model}.{change}" for change in changes],
    )  # fmt: skip


def table(results: dict[str, Result]) -> pd.DataFrame:
    """One row a caching regime: dollars by call, session and busy hour, hit rate, and the bill over the first regime's."""
    rows = []
    for name, result in results.items():
        mean = result.mean
        rows.append(
            {
                "cached for": name,
                "USD per call": mean("cost_usd") / mean("calls"),
                "USD per session": mean("cost_per_task_usd"),
                "USD per busy hour": mean("cost_per_busy_hour_usd"),
                "hit rate": mean("cache_hit_rate"),
                "USD in all": mean("cost_usd"),
            }
        )
    frame = pd.DataFrame(rows).set_index("cached for")
    frame["times"] = frame["USD in all"] / frame["USD in all"].iloc[0]
    return frame


def main(trace: str) -> None:
    """Replay a trace in each regime, at both lists, and say what it cost."""
    results = {
        market: {name: sim.simulate(scenario(trace, *changes, market=market)) for name, changes in REGIMES.items()} for market in MARKETS
    }
    print(_counts(results["feb_2026"]["none"]))
    for market, prices in MARKETS.items():
        frame = table(results[market])
        print(f"\nOpus 4.6 at the list of {prices}\n{aligned(frame.map('{:,.3f}'.format).reset_index())}")
        print(f"Without a cache the same sessions cost {frame['times'].iloc[-1]:.1f} times as much.")


def _counts(result: Result) -> str:
    tasks, calls, read, written = (f"{result.mean(kind):,.0f}" for kind in ("tasks", "calls", "input_tokens", "output_tokens"))
    return f"{tasks} sessions, {calls} calls: {read} input and {written} output tokens"


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else EXCERPT)
    except sim.SimError as error:
        sys.exit(f"replay: {error}")
