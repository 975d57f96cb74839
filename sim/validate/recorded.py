"""Recorded sessions, replayed: their tokens come out to the token."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sim.results.simulate import simulate
from sim.scenario.load import CONF, load
from sim.settings.run import Log
from sim.validate.target import Check, Target

RECORDED = "claude_code_calls.csv.gz"


def replayed(name: str, path: Path) -> list[Target]:
    """Input, output and calls of a file against those of its replay on a backend that does not fail."""
    table = pd.read_csv(path)
    scenario = load("workload=trace", f"workload.trace={path}", "backends=[claude_opus_4_6]")
    scenario.market.models["claude_opus_4_6"].error_rate = 0.0
    scenario.replications, scenario.processes, scenario.log = 1, 1, Log.none
    result = simulate(scenario)
    source = "github callanjfox/kv-cache-tester 94f6046"
    return [
        Target(f"{name}: calls", len(table), result.mean("calls"), source=source),
        Target(f"{name}: input tokens", int(table["input_tokens"].sum()), result.mean("input_tokens"), source=source),
        Target(f"{name}: output tokens", int(table["output_tokens"].sum()), result.mean("output_tokens"), source=source),
    ]


def excerpt() -> list[Target]:
    """The file that ships."""
    return replayed("shipped excerpt", CONF / "trace" / "excerpt.csv")


def checks(folder: Path | None) -> list[Check]:
    """The shipped excerpt, and the whole recording where a folder holds it."""
    return [excerpt] if folder is None else [excerpt, lambda: replayed("recorded sessions", folder / RECORDED)]
