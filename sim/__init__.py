"""agent-token-sim: a simulator of the tokens that agent workflows consume.

    scenario = sim.load("agent=team", "agent.fanout=8", "backends=[minimax_m2_5]")
    result = sim.simulate(scenario)
    result.summary
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.errors import ConfigError, DataError, SimError

if TYPE_CHECKING:
    from sim import theory
    from sim.result import Result, simulate
    from sim.scenario import Scenario, load
    from sim.sweep import Sweep, compare, gather, sweep

_WHERE = {
    "Result": "sim.result",
    "Scenario": "sim.scenario",
    "Sweep": "sim.sweep",
    "compare": "sim.sweep",
    "gather": "sim.sweep",
    "load": "sim.scenario",
    "simulate": "sim.result",
    "sweep": "sim.sweep",
}

__all__ = [
    "ConfigError", "DataError", "Result", "Scenario", "SimError", "Sweep",
    "compare", "gather", "load", "simulate", "sweep", "theory",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Names are imported when first used, so that a small run starts fast."""
    from importlib import import_module

    if name == "theory":
        return import_module("sim.theory")
    if name not in _WHERE:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
