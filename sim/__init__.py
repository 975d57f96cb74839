"""agent-token-sim: a simulator of the tokens that agent workflows consume.

scenario = sim.load("agent=team", "agent.fanout=8", "backends=[minimax_m2_5]")
result = sim.simulate(scenario)
result.summary
"""

from sim import theory
from sim.errors import ConfigError, DataError, LawError, SimError
from sim.results.billed.bill import LogBill
from sim.results.capacity.reserve import reserve
from sim.results.capacity.sheet import Capacity, capacity
from sim.results.exported.export import export
from sim.results.outlook.outlook import Outlook, estimate
from sim.results.result import Result
from sim.results.simulate import simulate
from sim.scenario.load import load, load_run
from sim.scenario.scenario import Scenario
from sim.settings.traits import ALONE, Traits
from sim.sweeps.comparison import compare
from sim.sweeps.sensitivity import Tornado, sobol, tornado
from sim.sweeps.sweep import Sweep, gather, rank, replaced, sweep
from sim.sweeps.what_if.ask import what_if
from sim.version import __version__

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
