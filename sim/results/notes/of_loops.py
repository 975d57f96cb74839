"""Settings of an agent's loop that change nothing of it, since another says that they are not asked for; and stages that do not run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

from sim.results.notes.of_settings import shipped_loops
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.scenario.text import plain
from sim.settings.agent import AgentKind, Split
from sim.settings.profile import LoopSettings, StageSettings, staff
from sim.settings.workload import WorkloadKind

_DEBATE = (
    "request_tokens think_time_s turns_scale turns_exponent resumed_turns tool_result_tokens opening_turns opening_result_tokens "
    "result_scale tool_time_s rewrite_rate compact_at_tokens window_tokens",
    "debaters answer agent.turns times: one message, no tools, nothing is summed up",
)
_SHARED_OUT = (
    "requests request_tokens think_time_s turns turns_scale turns_exponent resumed_turns",
    "with agent.split=divide and agent.delegated_share sub-agents take their turns from their lead",
)

Asked = Callable[[Scenario, LoopSettings], bool]

_NEEDS: tuple[tuple[str, Asked, str], ...] = (
    (
        "request_tokens think_time_s turns_exponent",
        lambda _, loop: distribution(loop.requests).support()[1] >= 1.5,
        "needs {key}.requests above 1",
    ),
    (
        "compact_at_tokens",
        lambda scenario, loop: (
            loop.compact_at_tokens is None
            or distribution(loop.compact_at_tokens).support()[0]
            < loop.compact_at_share * max(model.context_window_tokens for model in scenario.chosen().values())
        ),
        "{key}.compact_at_share of the context window comes before it",
    ),
    ("resumed_turns", lambda _, loop: distribution(loop.prior_tokens).support()[1] > 0, "needs {key}.prior_tokens"),
    (
        "opening_result_tokens",
        lambda scenario, loop: loop.opening_turns > 0 or scenario.agent.kind is AgentKind.chat,
        "needs {key}.opening_turns",
    ),
    (
        "keep_reasoning",
        lambda scenario, loop: loop.reasoning_share > 0 or any(model.reasoning_share for model in scenario.chosen().values()),
        "needs {key}.reasoning_share",
    ),
)


_FOUND = ("items", "passes", "report_tokens")
"""Of a stage: what later ones get."""


def loops(scenario: Scenario) -> Iterator[str]:
    """What was set of loops otherwise than any loop that ships, and is not asked for; recorded work and one's own say nothing here."""
    agent = scenario.agent
    if agent.kind is AgentKind.pipeline and (left := [name for name in agent.stages if name not in agent.order]):
        yield f"agent.stages.{', '.join(left)} (not in agent.order)"
    if agent.kind is AgentKind.custom or scenario.workload.kind is WorkloadKind.trace:
        return
    if agent.kind is AgentKind.pipeline:
        found = staff(agent.order, agent.stages)
        for place, name in enumerate(agent.order):
            key, stage = f"agent.stages.{name}", agent.stages[name]
            yield from _loop(scenario, key, stage)
            if not found[name].agents:
                yield f"{key} (agent.stages.{stage.each} leaves it no items)"
            later = [agent.stages[other] for other in agent.order[place + 1 :]]
            if not any(other.each == name or name in other.reads for other in later):
                own = [each for each in _FOUND if getattr(stage, each) != getattr(StageSettings, each) and not _ships(each, stage)]
                if own:
                    yield f"{key}.{', '.join(own)} (no later stage has it as each or reads it)"
        return
    yield from _loop(scenario, "agent", agent, _DEBATE if agent.kind is AgentKind.debate else None)
    if agent.kind is AgentKind.orchestrator:
        shared = agent.split is Split.divide and agent.delegated_share > 0
        yield from _loop(scenario, "agent.worker", agent.worker, _SHARED_OUT if shared else None)


def _loop(scenario: Scenario, key: str, loop: LoopSettings, never: tuple[str, str] | None = None) -> Iterator[str]:
    """Of one loop; `never`: what workflows of this kind do without in any case, and why."""
    changed = [name for name in _fields() if _is_own(name, getattr(loop, name))]
    rows: list[tuple[str, str]] = [] if never is None else [never]
    rows += [(names, why.format(key=key)) for names, asked, why in _NEEDS if not asked(scenario, loop)]
    told: set[str] = set()
    for names, why in rows:
        if new := [name for name in changed if name in names.split() and name not in told]:
            told |= set(new)
            yield f"{key}.{', '.join(new)} ({why})"


@functools.cache
def _fields() -> dict[str, Any]:
    """Settings of a loop, as they are by default."""
    plain_one = LoopSettings()
    return {field.name: getattr(plain_one, field.name) for field in dataclasses.fields(plain_one)}


def _is_own(name: str, value: Any) -> bool:
    """Whether no loop of the menu has that value: those that one has, nobody may have asked for."""
    return value != _fields()[name] and plain(value) not in _shipped(name)


def _ships(name: str, loop: Any) -> bool:
    return plain(getattr(loop, name)) in _shipped(name)


@functools.cache
def _shipped(name: str) -> list[Any]:
    return [value for loop in shipped_loops() for value in _values(loop, name)]


def _values(group: dict[str, Any], name: str) -> Iterator[Any]:
    """What a setting is in a file of settings, at any depth."""
    for key, value in group.items():
        if key == name:
            yield value
        elif isinstance(value, dict):
            yield from _values(value, name)
