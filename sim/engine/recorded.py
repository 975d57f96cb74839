"""Where a recorded workload is, and whether it fits the backends."""

from __future__ import annotations

import functools

from sim.errors import ConfigError
from sim.logs.trace import EXCERPT, Session, read_trace
from sim.scenario.load import CONF
from sim.scenario.scenario import Scenario
from sim.settings.workload import WorkloadKind


@functools.lru_cache(maxsize=2)
def _read_trace(path: str, limit: int | None) -> list[Session]:
    return read_trace(path, limit)


def sessions_of(scenario: Scenario) -> list[Session]:
    """The recorded sessions that a scenario replays; none where its workload is of another kind."""
    if scenario.workload.kind is not WorkloadKind.trace:
        return []
    return _read_trace(trace_file(scenario), scenario.workload.trace_sessions)


def trace_file(scenario: Scenario) -> str:
    """Where a recorded workload is."""
    return str(CONF / "trace" / "excerpt.csv") if scenario.workload.trace == EXCERPT else scenario.workload.trace


def check_trace(scenario: Scenario) -> None:
    """Raise `DataError` for a trace that cannot be read, `ConfigError` for one that does not fit.

    A recorded prompt longer than a backend's window would end its session there, which would look cheap.
    """
    if scenario.workload.kind is not WorkloadKind.trace:
        return
    longest = max(call.input_tokens for session in sessions_of(scenario) for agent in session.agents for call in agent.calls)
    for name, backend in scenario.chosen().items():
        if longest > backend.context_window_tokens:
            raise ConfigError(
                f"workload.trace: its longest prompt, {longest:,} tokens, does not fit the context window of {name}, "
                f"{backend.context_window_tokens:,} (market.models.{name}.context_window_tokens)"
            )
