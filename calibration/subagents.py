"""Recorded sub-agents beside ours, how sessions hand out work, and what teams cost and take beside one agent.

    python -m calibration.subagents DATA

DATA is the folder with claude_code_calls.csv.gz and claude_code_subagents.csv. It prints three tables. The first reproduces what
`conf/profile/subagent.yaml` was fitted on, but for `last_tokens`, `input_tokens`, `hit_rate` and seconds, which come of the mechanism.
The second is what `conf/agent/team.yaml` takes over. Nothing of the third was fitted: recorded bills have no same task with and without
a team; 0.8 to 1.5 times the dollars of one agent, in less time, is what others measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd

import sim
from calibration.profiles import explorers
from calibration.sessions import delegated_share, read_calls, recorded_hit_rate, spawns, turns_per_wave

TTL_S = 300.0
LONG_CALLS = 100
"""Recorded sessions with sub-agents have 164 calls of their own on average: ours of at least so many have 175 as one agent."""


def recorded(calls: pd.DataFrame, data: Path) -> dict[str, float]:
    """Means over the sub-agents; seconds of those that explored, which no person holds up."""
    of_subs = calls[calls["depth"] > 0]
    listed = pd.read_csv(data / "claude_code_subagents.csv")
    took = listed["duration_s"][listed["kind"] == "Explore"]
    return {
        **_means(of_subs.groupby("key")),
        "hit_rate": recorded_hit_rate(of_subs, TTL_S),
        "mean_s": took.mean(),
        "median_s": took.median(),
        "tool_s": explorers(of_subs[of_subs["position"] > 0], data)["think_time_s"].mean(),
    }


def simulated(tasks: int = 4000) -> dict[str, float]:
    """The same of `profile/subagent`, on the backend on which most of the recorded ones ran."""
    result = sim.simulate(sim.load(*_once("subagent", tasks), "profile@agent=subagent", "backends=[claude_haiku_4_5]"))
    calls = result.calls[result.calls["status"] == "ok"]
    agents = calls.groupby("task")
    took = agents["t_end_s"].max() - agents["t_request_s"].min()
    return {
        **_means(agents),
        "hit_rate": result.mean("cache_hit_rate"),
        "mean_s": took.mean(),
        "median_s": took.median(),
        "tool_s": float(pd.Series(result.scenario.agent.tool_time_s["values"]).mean()),
    }


def _means(agents: Any) -> dict[str, float]:
    """Over agents, each a group of its calls in their order."""
    return {
        "calls": agents.size().mean(),
        "first_tokens": agents["input_tokens"].first().mean(),
        "last_tokens": agents["input_tokens"].last().mean(),
        "input_tokens": agents["input_tokens"].sum().mean(),
        "output_tokens": agents["output_tokens"].sum().mean(),
    }


def _once(agent: str, tasks: int) -> list[str]:
    name = "solo" if agent == "subagent" else agent
    return [f"agent={name}", f"workload.tasks={tasks}", "replications=1", "processes=1", "log=full"]


def beside_one_agent(backend: str, tasks: int = 1000) -> pd.DataFrame:
    """Calls, dollars and elapsed time of teams, over those of one agent at the same tasks, with the same luck; users' thinking left out."""
    rows = []
    for one, teams in (("solo", ["team", "team_2", "team_4"]), ("swe_task", ["swe_team_2", "swe_team_4", "swe_team_8"])):
        alone = _tasks(one, backend, tasks)
        for team in teams:
            crew = _tasks(team, backend, tasks)
            groups = {"all": alone.index}
            if one == "solo":
                groups[f"at least {LONG_CALLS} calls alone"] = alone.index[alone["calls"] >= LONG_CALLS]
            for sessions, chosen in groups.items():
                ratio = (
                    crew.loc[chosen, ["calls", "cost_usd", "elapsed_s"]].sum() / alone.loc[chosen, ["calls", "cost_usd", "elapsed_s"]].sum()
                )
                rows.append(
                    {"team": team, "beside": one, "sessions": sessions, "sub-agents": crew.loc[chosen, "agents"].mean() - 1, **ratio}
                )
    return pd.DataFrame(rows)


def _tasks(agent: str, backend: str, tasks: int) -> pd.DataFrame:
    found = sim.simulate(sim.load(*_once(agent, tasks), f"backends=[{backend}]", "work=measured")).tasks.set_index("task")
    return found.assign(elapsed_s=found["t_end_s"] - found["t_arrive_s"] - found["thinking_s"])


def main(arguments: list[str]) -> None:
    """Print the three tables."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "claude_code_subagents.csv").exists():
        sys.exit("subagents: name the folder that holds claude_code_subagents.csv")
    data = Path(arguments[0])
    calls = read_calls(data)
    table = pd.DataFrame({"recorded": recorded(calls, data), "simulated": simulated()})
    print(table.assign(ratio=table["simulated"] / table["recorded"]).to_string(float_format="{:,.3f}".format))
    found = spawns(data)
    waves = found.groupby("trace").size()
    print(f"\n{len(waves)} of {calls['trace'].nunique()} sessions hand out work, in {len(found)} waves: {sorted(waves)} a session")
    print(f"sub-agents a wave: {found['agents'].value_counts(normalize=True).round(3).to_dict()}, mean {found['agents'].mean():.2f}")
    print(f"their share of all calls of these sessions: {delegated_share(calls):.3f}; {turns_per_wave(calls, found):.1f} calls a wave\n")
    for backend in ("claude_opus_4_6", "minimax_m2_5"):
        print(backend)
        print(beside_one_agent(backend).to_string(index=False, float_format="{:.2f}".format))


if __name__ == "__main__":
    main(sys.argv[1:])
