"""A recorded workload, known by what its file holds, and whether it fits the backends."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from sim.backends.models import backends_of
from sim.clock import MINUTE_S
from sim.errors import ConfigError, DataError, did_you_mean
from sim.logs.logged import SINCE_1970_S
from sim.logs.prefixes import HEAD
from sim.logs.session import Session
from sim.logs.trace import read_trace
from sim.scenario.scenario import Scenario
from sim.scenario.sources import content, trace_file
from sim.settings.market import BackendSettings
from sim.settings.router import Policy
from sim.settings.scenario import START
from sim.settings.workload import TraceInput, WorkloadKind


def sessions_of(scenario: Scenario) -> list[Session]:
    """The recorded sessions that a scenario replays; none where its workload is of another kind.

    Raises `DataError` where the file does not hold, or no longer holds, what `workload.trace_sha256` says.
    """
    if scenario.workload.kind is not WorkloadKind.trace:
        return []
    file = trace_file(scenario)
    workload = scenario.workload
    return _read_trace(file, workload.trace_sessions, workload.trace_input, workload.trace_sha256 or content(file).sha256)


@functools.lru_cache(maxsize=2)
def _read_trace(file: str, limit: int | None, input: TraceInput, sha256: str) -> list[Session]:
    """Once read it need not be there any more. What is no regular file has no hash, and is for the reader to refuse."""
    before = content(file)
    _check_hash(file, before.sha256, sha256)
    sessions = read_trace(file, limit, input)
    if content(file) != before:
        raise DataError(f"{file}: was changed while it was read")
    return sessions


def forget() -> None:
    """Let go of traces that were read, of files that nobody will replay again: they are some 500 bytes a call."""
    _read_trace.cache_clear()


def _check_hash(file: str, found: str, said: str) -> None:
    if found not in ("", said):
        raise DataError(f"{file}: is another trace than workload.trace_sha256 says ({found[:16]}..., not {said[:16]}...)")


def as_recorded(scenario: Scenario) -> Scenario:
    """The scenario with what its trace says: its hash, so that all of its run is of that; when it begins, unless the scenario says so;
    with `router.policy=recorded` the backends of its models.

    Raises `DataError` where it is another trace, `ConfigError` where no backend is known of a model.
    """
    workload, router = scenario.workload, scenario.router
    if workload.kind is not WorkloadKind.trace:
        return scenario
    found = content(trace_file(scenario)).sha256
    if workload.trace_sha256:
        _check_hash(workload.trace, found, workload.trace_sha256)
    else:
        scenario = dataclasses.replace(scenario, workload=dataclasses.replace(workload, trace_sha256=found))
    sessions = sessions_of(scenario)
    begins = [session.begins_s for session in sessions if session.begins_s is not None]
    if begins and min(begins) > SINCE_1970_S and scenario.start == START:
        scenario = dataclasses.replace(scenario, start=datetime.fromtimestamp(min(begins), UTC).replace(tzinfo=None).isoformat())
    if router.policy is Policy.recorded:
        named = models_of(sessions)
        own = _own_backends(named, scenario, "router.models")
        first = scenario.backends[:1] if "" in named or not own else []
        scenario = dataclasses.replace(scenario, backends=list(dict.fromkeys([*first, *own.values()])))
    return scenario


def models_of(sessions: Sequence[Session]) -> Counter[str]:
    """Calls by the model that their log names; empty: it names none."""
    return Counter(call.model for session in sessions for agent in session.agents for call in agent.calls)


def _own_backends(named: Counter[str], scenario: Scenario, key: str) -> dict[str, str]:
    """The backend of each model that a log names. Raises `ConfigError` for those of which no rule finds it."""
    for model, backend in scenario.router.models.items():
        if backend not in scenario.market.models:
            raise ConfigError(f"{key}.{model}={backend}: {did_you_mean(backend, scenario.market.models)}")
    own = backends_of([model for model in named if model], scenario.market.models, scenario.router.models)
    unknown = [f"{model} ({many:,} call{'s' * (many != 1)})" for model, many in named.items() if model and model not in own]
    if unknown:
        raise ConfigError(
            f"workload.trace: none of market {scenario.market.name} is known to serve {', '.join(unknown[:5])}: say it by {key}, "
            f"e.g. '{key}={{{unknown[0].rpartition(' (')[0]}: {scenario.backends[0]}}}', or send all calls to one backend by backends=[...]"
        )
    return own


def check_trace(scenario: Scenario) -> None:
    """Raise `DataError` for a trace that cannot be read, `ConfigError` for one that does not fit.

    A recorded prompt longer than a backend's window would end its session there, and so would a call that is more than a rate limit
    ever lets through: it would look cheap.
    """
    if scenario.workload.kind is not WorkloadKind.trace:
        return
    sessions = sessions_of(scenario)
    if scenario.as_billed:
        _check_as_billed(scenario, sessions)
    backends = scenario.chosen()
    own: dict[str, str] = {}
    if scenario.router.policy is Policy.recorded:
        own = _own_backends(models_of(sessions), scenario, "router.models")
    largest: dict[str, list[int]] = {}
    for session in sessions:
        for agent in session.agents:
            system = agent.system_tokens if agent.system_tokens >= 0 else scenario.agent.system_tokens
            for call in agent.calls:
                most = largest.setdefault(call.model, [0, 0, 0, 0])
                cached = max(call.warm_tokens, system if call.prefix_tokens == HEAD else call.prefix_tokens, call.read_tokens)
                sizes = call.input_tokens, call.output_tokens, call.input_tokens + call.output_tokens, call.input_tokens - cached
                most[:] = map(max, most, sizes)
    for model, most in largest.items():
        for name in [own[model]] if model in own else scenario.backends[:1] if own else backends:
            _check_fits(name, backends[name], *most)


def _check_fits(name: str, backend: BackendSettings, prompt: int, output: int, both: int, fresh: int) -> None:
    """The most of each in one call; `fresh`: the most that no cache could have given."""
    key = f"market.models.{name}"
    if prompt > backend.context_window_tokens:
        raise ConfigError(
            f"workload.trace: its longest prompt, {prompt:,} tokens, does not fit the context window of {name}, "
            f"{backend.context_window_tokens:,} ({key}.context_window_tokens)"
        )
    counted = prompt if backend.limits_count_cache_reads else fresh
    sizes = {"input_tokens_per_min": counted, "output_tokens_per_min": output}
    sizes["tokens_per_min"] = both if backend.limits_count_cache_reads else max(fresh, output)
    for limit, tokens in sizes.items():
        rate = getattr(backend, limit)
        if rate is not None and tokens > (room := rate * backend.limit_burst_s / MINUTE_S):
            raise ConfigError(
                f"workload.trace: a call of {tokens:,} tokens that count would never pass {key}.{limit}={rate:g}, whose bucket holds "
                f"{room:,.0f} ({key}.limit_burst_s={backend.limit_burst_s:g}): its session would end there, and look cheap"
            )


def _check_as_billed(scenario: Scenario, sessions: Sequence[Session]) -> None:
    """What was read of one model's cache says nothing of another's."""
    key = "workload.trace_cache=recorded"
    if all(call.read_tokens < 0 for session in sessions for agent in session.agents for call in agent.calls):
        raise ConfigError(f"{key}: the trace tells no cache reads (cache_read_tokens or cached_tokens); take simulated")
    named = models_of(sessions)
    if scenario.router.policy is Policy.recorded or set(named) == {""}:
        return
    own = _own_backends(named, scenario, "router.models")
    others = [f"{model} ({named[model]:,} calls)" for model, backend in own.items() if [backend] != scenario.backends]
    if others:
        raise ConfigError(
            f"{key}: {', '.join(others[:5])} of the log would go to other backends than their own, whose caches it says nothing of; "
            "take router.policy=recorded, or workload.trace_cache=simulated"
        )
