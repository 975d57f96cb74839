"""agent-token-sim: a simulator of the tokens that agent workflows consume.

scenario = sim.load("agent=team", "agent.fanout=8", "backends=[minimax_m2_5]")
result = sim.simulate(scenario)
result.summary
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim import logs, theory
    from sim.errors import ConfigError, DataError, LawError, SimError
    from sim.results.billed.bill import LogBill
    from sim.results.capacity.reserve import reserve
    from sim.results.capacity.sheet import Capacity, capacity
    from sim.results.exported.export import export
    from sim.results.outlook.outlook import Outlook, estimate
    from sim.results.provenance import __version__
    from sim.results.result import Result
    from sim.results.simulate import simulate
    from sim.scenario.load import load, load_run
    from sim.scenario.scenario import Scenario
    from sim.settings.traits import ALONE, Traits
    from sim.sweeps.comparison import compare
    from sim.sweeps.sensitivity import Tornado, sobol, tornado
    from sim.sweeps.sweep import Sweep, gather, rank, replaced, sweep
    from sim.sweeps.what_if.ask import what_if

__all__ = [
    "ALONE",
    "Capacity",
    "ConfigError",
    "DataError",
    "LawError",
    "LogBill",
    "Outlook",
    "Result",
    "Scenario",
    "SimError",
    "Sweep",
    "Tornado",
    "Traits",
    "__version__",
    "capacity",
    "compare",
    "estimate",
    "export",
    "gather",
    "load",
    "load_run",
    "logs",
    "rank",
    "replaced",
    "reserve",
    "simulate",
    "sobol",
    "sweep",
    "theory",
    "tornado",
    "what_if",
]
_FROM = {
    "sim.errors": ["ConfigError", "DataError", "LawError", "SimError"],
    "sim.results.billed.bill": ["LogBill"],
    "sim.results.capacity.reserve": ["reserve"],
    "sim.results.capacity.sheet": ["Capacity", "capacity"],
    "sim.results.exported.export": ["export"],
    "sim.results.outlook.outlook": ["Outlook", "estimate"],
    "sim.results.provenance": ["__version__"],
    "sim.results.result": ["Result"],
    "sim.results.simulate": ["simulate"],
    "sim.scenario.load": ["load", "load_run"],
    "sim.scenario.scenario": ["Scenario"],
    "sim.settings.traits": ["ALONE", "Traits"],
    "sim.sweeps.comparison": ["compare"],
    "sim.sweeps.sensitivity": ["Tornado", "sobol", "tornado"],
    "sim.sweeps.sweep": ["Sweep", "gather", "rank", "replaced", "sweep"],
    "sim.sweeps.what_if.ask": ["what_if"],
}
"""Where each name is found when it is asked for: a command that runs nothing does not wait for what runs."""
_PLACES = {name: module for module, names in _FROM.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in ("logs", "theory"):
        return importlib.import_module(f"sim.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'sim' has no attribute '{name}'")
    globals()[name] = found = getattr(importlib.import_module(_PLACES[name]), name)
    return found


def __dir__() -> list[str]:
    """What is for users; completion shows no more."""
    return __all__
