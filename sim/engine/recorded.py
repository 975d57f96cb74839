"""A recorded workload, known by what its file holds, and whether it fits the backends."""

from __future__ import annotations

import dataclasses
import functools

from sim.errors import ConfigError, DataError
from sim.logs.session import Session
from sim.logs.trace import read_trace
from sim.scenario.scenario import Scenario
from sim.scenario.sources import content, trace_file
from sim.settings.workload import WorkloadKind


def sessions_of(scenario: Scenario) -> list[Session]:
    """The recorded sessions that a scenario replays; none where its workload is of another kind.

    Raises `DataError` where the file does not hold, or no longer holds, what `workload.trace_sha256` says.
    """
    if scenario.workload.kind is not WorkloadKind.trace:
        return []
    file = trace_file(scenario)
    return _read_trace(file, scenario.workload.trace_sessions, scenario.workload.trace_sha256 or content(file).sha256)


@functools.lru_cache(maxsize=2)
def _read_trace(file: str, limit: int | None, sha256: str) -> list[Session]:
    """Once read it need not be there any more. What is no regular file has no hash, and is for the reader to refuse."""
    before = content(file)
    _check_hash(file, before.sha256, sha256)
    sessions = read_trace(file, limit)
    if content(file) != before:
        raise DataError(f"{file}: was changed while it was read")
    return sessions


def _check_hash(file: str, found: str, said: str) -> None:
    if found not in ("", said):
        raise DataError(f"{file}: is another trace than workload.trace_sha256 says ({found[:16]}..., not {said[:16]}...)")


def with_hash(scenario: Scenario) -> Scenario:
    """The scenario with what its trace holds now: then all of its run is of that. Raises `DataError` where it says other."""
    workload = scenario.workload
    if workload.kind is not WorkloadKind.trace:
        return scenario
    found = content(trace_file(scenario)).sha256
    if workload.trace_sha256:
        _check_hash(workload.trace, found, workload.trace_sha256)
        return scenario
    return dataclasses.replace(scenario, workload=dataclasses.replace(workload, trace_sha256=found))


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
