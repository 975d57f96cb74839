"""What cannot be is refused before it runs, in Python as on the shell, in one line that names the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.logs.trace import read_trace
from sim.settings.bounds import LARGEST
from sim.settings.router import RouterSettings
from sim.sweeps.sweep import replaced
from tests.worlds import agent, backend, run, scenario

ONE = "market.models.one."
REFUSED: dict[str, tuple[str, Any, str]] = {
    "null": ("agent.tool_time_s", None, "agent.tool_time_s=null: must be a number or a mapping"),
    "null batch": (f"{ONE}batch_latency_s", None, "batch_latency_s=null"),
    "list": ("agent.fanout", [3], "agent.fanout=[3]: must be a number"),
    "list of a whole number": ("agent.depth", [3], "agent.depth=[3]: must be a number"),
    "part of a count": ("agent.fanout", 2.5, "agent.fanout=2.5: must be a whole number"),
    "no end of them": ("agent.waves", {"dist": "geometric", "mean": 2}, "agent.waves: goes up to inf, must be at most 1000"),
    "infinite count": ("agent.fanout", float("inf"), "agent.fanout=inf: must be a finite number"),
    "text for a switch": ("batch", "perhaps", "batch='perhaps': must be true or false"),
    "number for a text": ("start", 3, "start=3: must be a text"),
    "no settings": ("agent", {"fanout": 3}, "agent={'fanout': 3}: must be AgentSettings"),
    "no list": (f"{ONE}tiers", None, f"{ONE}tiers=None: must be a list"),
    "wrong item": ("backends", [1], "backends[0]=1: must be a text"),
    "huge seed": ("seed", 10**400, "seed=a huge number: must be at most"),
    "huge tokens": ("agent.output_tokens", 5e9, "agent.output_tokens=5000000000.0: must be at most"),
    "huge tail": ("agent.output_tokens", {"dist": "lognormal", "median": 1e9, "sigma": 1}, "one in a thousand is above 1,000,000,000"),
    "huge spread": ("agent.turns", {"dist": "lognormal", "median": 8, "sigma": 100}, "agent.turns.sigma=100: must be from 0 to 5"),
    "no shape": ("workload.interarrival_s", {"dist": "weibull", "mean": 5, "shape": 1e-5}, "shape=1e-05: must be from 0.02"),
    "huge count": ("agent.turns", {"dist": "poisson", "mean": 1e12}, "must be at most 100,000"),
    "crossed": ("agent.turns", {"dist": "exponential", "mean": 8, "low": 9, "high": 3}, "agent.turns: high=3 is below low=9"),
    "no parts": ("agent.turns", {"dist": "mixture", "weights": [1], "parts": 5}, "agent.turns.parts=5: must be a list of distributions"),
    "no name": ("agent.turns", {"dist": ["poisson"]}, "agent.turns.dist=['poisson']"),
    "endless": ("agent.turns", 1e8, "100,000,000 calls a task on average, must be at most 10,000,000"),
    "standstill": (f"{ONE}decode_tokens_per_s", 1e-320, "must be at least 0.001"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line_with_its_key(case: str) -> None:
    key, value, told = REFUSED[case]
    with pytest.raises(sim.ConfigError) as refused:
        replaced(scenario(), {key: value}).check()
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_largest_numbers_still_run() -> None:
    result = run(agent(turns=2, tool_time_s=LARGEST, output_tokens=1e6))
    assert result.mean("task_latency_p50_s") == pytest.approx(LARGEST, rel=0.02)


def test_a_tail_beyond_what_a_row_can_hold_is_told() -> None:
    with pytest.raises(sim.ConfigError, match="a call of more than 4,294,967,295 tokens"):
        run(agent(turns=1, output_tokens=1e9, output_scale=5))


@pytest.mark.parametrize("values", [[], 3, "12"])
def test_an_axis_takes_a_list(values: Any) -> None:
    with pytest.raises(sim.ConfigError, match=r"agent\.fanout=.*: an axis takes a list"):
        sim.sweep(scenario(), {"agent.fanout": values})


HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens"
BROKEN = {
    "twice": (f"{HEAD}\ns,main,0,0,9,1\ns,main,0,5,9,1\n", "row 3, call_index=0: this agent has one of that number already"),
    "nobody": (f"{HEAD}\ns,,0,0,9,1\n", "row 2, agent=: must not be empty"),
    "too much": (f"{HEAD}\ns,main,0,0,5e9,1\n", "row 2, input_tokens=5e9: must be a whole number from 0 to"),
    "yes": (f"{HEAD}\ns,main,0,0,True,1\n", "row 2, input_tokens=True: must be a whole number"),
    "never": (f"{HEAD}\ns,main,0,1e308,9,1\n", "row 2, t_s=1e308: must be a number of seconds"),
    "word": (f"{HEAD},trigger\ns,main,0,0,9,1,User\n", "row 2, trigger=User: must be one of user, tool_result, other"),
    "more than all": (f"{HEAD},cached_tokens\ns,main,0,0,9,1,10\n", "row 2, cached_tokens=10: must be at most input_tokens"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_row_is_told(tmp_path: Path, case: str) -> None:
    text, told = BROKEN[case]
    (tmp_path / "calls.csv").write_text(text)
    with pytest.raises(sim.DataError) as refused:
        read_trace(tmp_path / "calls.csv")
    assert told in str(refused.value)


def test_a_recorded_prompt_that_does_not_fit_is_refused_not_dropped(tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(f"{HEAD}\ns,main,0,0,500,1\ns,main,1,9,2000,1\n")
    world = replaced(scenario(), {"workload.kind": "trace", "workload.trace": str(tmp_path / "calls.csv")})
    with pytest.raises(sim.ConfigError, match="longest prompt, 2,000 tokens, does not fit the context window of one, 1,000"):
        sim.simulate(replaced(world, {f"{ONE}context_window_tokens": 1000}))
    assert sim.simulate(world).mean("input_tokens") == 2500


def test_fallback_passes_over_backends_whose_window_is_too_small() -> None:
    worlds = {"down": backend(error_rate=1.0), "small": backend(context_window_tokens=2200), "up": backend()}
    long_or_short = agent(turns=1, prompt_tokens={"dist": "empirical", "values": [500, 800]})
    calls = run(long_or_short, worlds, tasks=20, router=RouterSettings(backend="down", fallback=["small", "up"])).calls
    answered = calls[calls["status"] == "ok"]
    assert answered.groupby("backend")["input_tokens"].agg(["min", "max"]).to_dict("index") == {
        "small": {"min": 2000, "max": 2000},
        "up": {"min": 2300, "max": 2300},
    }
    assert len(answered) == 20


def test_what_has_passed_once_is_looked_at_again_where_it_has_changed() -> None:
    one = scenario(agent(fanout=2))
    for _ in range(2):
        one.check()
    one.market.models["one"].input_usd_per_mtok = -1.0
    for _ in range(2):
        with pytest.raises(sim.ConfigError, match="input_usd_per_mtok"):
            one.check()


def test_a_choice_by_its_name_becomes_one_each_time() -> None:
    for _ in range(2):
        named: Any = scenario(agent(fanout=2))
        kind = named.agent.kind
        named.agent.kind = kind.name
        assert named.check().agent.kind is kind
