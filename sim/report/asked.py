"""What a page's numbers are of, in one line: who sent how much work, which workflow did it, on which backends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sim.report.numbers import counted
from sim.report.reference.labels import setting_name
from sim.settings.agent import AgentKind
from sim.settings.workload import WorkloadKind
from sim.statistics import digits

Settings = Mapping[str, Any]
_WORKFLOWS = {
    AgentKind.chat.value: "as a chat",
    AgentKind.react.value: "by one agent",
    AgentKind.orchestrator.value: "by a lead with sub-agents",
    AgentKind.debate.value: "by agents that debate",
    AgentKind.pipeline.value: "by agents in stages",
    AgentKind.custom.value: "by a workflow of one's own",
}


def asked(scenario: Settings, names: Mapping[str, str], axes: Collection[str] = ()) -> str:
    """A scenario, by its settings as plain values, in words; `axes` are settings that differ from run to run, which the table shows."""
    parts: dict[tuple[str, ...], Callable[[Settings], str]] = {
        ("workload", "workload.users", "workload.tasks", "workload.tasks_per_user", "workload.trace"): _work,
        ("agent", "agent.kind"): lambda found: "" if _recorded(found) else _WORKFLOWS[found["agent"]["kind"]],
        ("backends",): lambda found: f"on {', '.join(names.get(name, name) for name in found['backends'])}",
        ("market",): lambda found: f"prices of {found['market']['name']}",
        ("replications",): lambda found: counted(found["replications"], "replication"),
    }
    told = [said for keys, tell in parts.items() if not set(keys) & set(axes) and (said := tell(scenario))]
    varied = f"; in the table: {', '.join(setting_name(axis, names) for axis in axes)}" if axes else ""
    return f"What was run: {', '.join(told)}{varied}."


def _recorded(scenario: Settings) -> bool:
    """Whether sessions are replayed as they are, whatever workflow is set."""
    return bool(scenario["workload"]["kind"] == WorkloadKind.trace.value)


def _work(scenario: Settings) -> str:
    work = scenario["workload"]
    until = f"for {_long(scenario['horizon_s'])}" if scenario["horizon_s"] else "until the end"
    if work["kind"] == WorkloadKind.users.value:
        each = f"sessions {until}" if work["tasks_per_user"] is None else f"{counted(work['tasks_per_user'], 'session')} each"
        told = f"{counted(work['users'], 'user')} with {each}"
    elif work["kind"] == WorkloadKind.trace.value:
        return f"sessions as recorded ({work['trace']})"
    else:
        told = f"tasks {until}" if work["tasks"] is None else counted(work["tasks"], "task")
    return f"{told}, by the hour ({work['zone']})" if work["hours"] else told


def _long(seconds: float) -> str:
    """Days, hours or seconds."""
    for unit, of in (("day", 86_400), ("hour", 3_600)):
        if seconds >= 2 * of:
            return f"{digits(seconds / of, 3)} {unit}s"
    return f"{digits(seconds, 6)} s"
