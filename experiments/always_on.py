"""What does an assistant cost that is always on, on a day on which nobody asks it for anything?

    python -m experiments.always_on

A timer wakes an agent of the OpenClaw type every 30 minutes (every 60 on a subscription, over OAuth), and it reads all of its context to
find that there is nothing to do. The profile `always_on` says what a wake-up adds. What is asked here is what becomes of a day: with a
session that begins anew at each wake-up, each day, or never (it grows until it is compacted, at 160,000 tokens, and again); with a cache
that lasts 5 minutes, an hour, or none; on which model the wake-ups run.

Calibrated: prices and caches of February 2026. Matched: 53,000 tokens a request of a session that begins anew each day, as OpenClaw on
OpenRouter. Not fitted: dollars, and everything about the other two sessions; 80,000 to 136,000 tokens a request and $22 to more than $100 a
day on Claude Opus 4.6 were reported of people who let contexts grow, and who also ask for things. Assumed: 20,000 tokens of tools and files
before each prompt, two calls a wake-up, the same work on every model, caches of models that publish no lifetime (5 minutes). Would change
the finding: what a wake-up reads (mail, calendars), a shorter list of tools, and what its owner asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

import sim
from sim.report.study import COLOURS, INK, aligned, draw_key, publish, scale, sheet, styled

from . import folder_of

OPUS = "claude_opus_4_6"
RIVALS = (
    "claude_sonnet_4_6", "claude_haiku_4_5", "gpt_5_2", "gemini_3_pro", "gemini_3_flash", "kimi_k2_5", "glm_5", "minimax_m2_5",
    "deepseek_v3_2",
)  # fmt: skip
CACHES: dict[str, dict[str, Any]] = {"5 minutes": {}, "an hour": {"cache_ttl_s": 3600.0}, "none": {"cache": "none"}}
"""What a client of Opus 4.6 may ask for."""
BEATS = {"30 min": 1800, "60 min": 3600, "55 min": 3300}
"""The default, that of OAuth, and just under an hour."""
SESSIONS = ("each wake-up", "each day", "never")
"""When a session begins anew."""
DAYS, DAY_S = 14, 86_400
"""Of a session that never does."""
REPLICATIONS = 6
REPORTED_USD, REPORTED_TOKENS = (22, 100), (80_000, 136_000)
REQUEST_TOKENS = 53_000
"""Of a request, OpenClaw on OpenRouter in 2026 (reported)."""


@cache
def _assistant() -> sim.Scenario:
    """Composed once for all models."""
    return sim.load("agent=always_on", "work=same", "log=none")


def day(backend: str, session: str = "each day", beat_s: int = 1800, changes: Mapping[str, Any] | None = None) -> dict[str, float]:
    """Dollars a day, calls a day and tokens a request, one assistant after the other; `changes` are of the backend."""
    beats = DAY_S // beat_s
    messages, days = {"each wake-up": (1, beat_s / DAY_S), "each day": (beats, 1), "never": (beats * DAYS, DAYS)}[session]
    settings = {
        "backends": [backend], "agent.requests": messages, "agent.think_time_s": beat_s, "replications": REPLICATIONS,
        "workload.tasks": {"each wake-up": beats * 10, "each day": 20, "never": 4}[session], "workload.interarrival_s": days * DAY_S,
        **{f"market.models.{backend}.{name}": value for name, value in ({"share_system": True} | dict(changes or {})).items()},
    }  # fmt: skip
    found = sim.simulate(sim.replaced(_assistant(), settings))
    calls = found.mean("calls_per_task") / days
    return {
        "usd": found.mean("cost_per_task_usd") / days,
        "calls": calls,
        "tokens": found.mean("input_tokens") / found.mean("calls"),
    }


def table() -> pd.DataFrame:
    """A row a model and cache: dollars a day by session at 30 minutes, then at 60 and at 55; tokens a request."""
    cases = [(OPUS, f"Claude Opus 4.6, cache {name}", changes) for name, changes in CACHES.items()]
    models = sim.load().market.models
    cases += [(rival, models[rival].label, {}) for rival in RIVALS]
    rows = []
    for backend, name, changes in cases:
        row: dict[str, object] = {"wake-ups on": name}
        for session in SESSIONS:
            found = day(backend, session, changes=changes)
            row[f"{session}, USD/day"] = found["usd"]
            row[f"{session}, tokens/request"] = found["tokens"]
        row |= {f"each day, {beat}, USD/day": day(backend, "each day", BEATS[beat], changes)["usd"] for beat in ("60 min", "55 min")}
        rows.append(row)
    return pd.DataFrame(rows)


def finding(found: pd.DataFrame) -> str:
    """What an idle day costs, and what takes most of it away."""
    rows = found.set_index("wake-ups on")
    short, hour, none = (rows.loc[f"Claude Opus 4.6, cache {name}"] for name in CACHES)
    never, daily, each = (f"{session}, USD/day" for session in ("never", "each day", "each wake-up"))
    cheap = rows.loc["Claude Haiku 4.5"]
    late, early = hour["each day, 60 min, USD/day"], hour["each day, 55 min, USD/day"]
    return (
        f"An idle assistant on Opus 4.6 burns ${short[daily]:.0f} a day if its session begins anew each day, ${short[never]:.0f} if it "
        f"never does and ${none[never]:.0f} if there is no cache either; then ${hour[never]:.1f} with an hour's cache, "
        f"${cheap[never]:.1f} on Haiku 4.5, and ${short[each]:.1f} with a new session a wake-up. Every 60 minutes that cache has just "
        f"expired: ${late:.1f} a day, and ${early:.1f} every 55"
    )


@styled
def dollars_a_day(found: pd.DataFrame) -> Figure:
    """A line a model and cache, a mark a session, over what was reported."""
    note = (
        f"Wake-ups every 30 minutes and nothing else. Shaded: ${REPORTED_USD[0]} to {REPORTED_USD[1]} a day on Opus 4.6, as reported, "
        "owners' own tasks included. Never: compacted at 160,000 tokens."
    )
    figure = sheet(finding(found).partition(". Every")[0], 7.6, note, key=True)
    axes = figure.subplots()
    places = list(range(len(found)))[::-1]
    axes.axvspan(*REPORTED_USD, color="#EEEEEE", zorder=0)
    for session, colour, marker in zip(SESSIONS, COLOURS, "osD", strict=False):
        axes.plot(
            found[f"{session}, USD/day"],
            places,
            marker,
            color=colour,
            markersize=9,
            markeredgecolor="white",
            label=f"new session: {session}",
        )
    for place, low, high in zip(places, found["each wake-up, USD/day"], found["never, USD/day"], strict=True):
        axes.plot([low, high], [place, place], color=INK, linewidth=0.8, zorder=1)
    axes.set_yticks(places, list(found["wake-ups on"]))
    scale(axes, "x", 0.1, 120, "$")
    axes.set_xlabel("an idle day (USD, log scale)")
    draw_key(figure, axes)
    return figure


def text(found: pd.DataFrame) -> str:
    """In two tables: dollars, then tokens a request."""
    usd = found[["wake-ups on", *(name for name in found if name.endswith("USD/day"))]].copy()
    usd.columns = pd.Index([name.replace(", USD/day", "") for name in usd])
    tokens = found[["wake-ups on", *(name for name in found if name.endswith("tokens/request"))]].head(1)
    shown = usd.map(lambda value: f"{value:,.2f}" if isinstance(value, float) else value)
    mean = ", ".join(f"{session} {tokens[f'{session}, tokens/request'].iloc[0]:,.0f}" for session in SESSIONS)
    low, high = REPORTED_TOKENS
    return (
        f"Dollars a day by when a session begins anew (every 30 min unless said otherwise):\n\n{aligned(shown)}\n\n"
        f"Tokens a request: {mean}; OpenRouter's {REQUEST_TOKENS:,} (matched for each day), {low:,} to {high:,} reported of long ones."
    )


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("always_on", __doc__)
    found = table()
    publish("always_on", found, finding(found) + ".", {"always_on": dollars_a_day(found)}, folder, text(found))


if __name__ == "__main__":
    main()
