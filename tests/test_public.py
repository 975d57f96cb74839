"""The names that others call."""

from __future__ import annotations

import ast
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import sim
from sim import Result, Scenario
from sim.columns import CALLS, TASKS, TIMELINE
from sim.meter.histogram import Sketch
from sim.results.metrics import METRICS
from sim.settings.workload import WorkloadSettings
from tests.worlds import agent, backend, scenario

CONTRACT = ["load", "simulate", "sweep", "compare", "rank", "theory", "Scenario", "Result", "Sweep"]


def small(*overrides: str) -> Scenario:
    return sim.load("agent=team", "agent.turns_per_wave=null", "workload.tasks=4", "replications=3", "processes=1", *overrides)


def test_exports_are_sorted_and_there() -> None:
    assert sim.__all__ == sorted(sim.__all__)
    assert set(CONTRACT) <= set(sim.__all__)
    assert all(hasattr(sim, name) for name in sim.__all__)


def test_each_name_comes_from_where_types_are_checked() -> None:
    """Names are found when they are asked for; a type checker reads the imports, and completion shows what is for users."""
    source = ast.parse(Path(sim.__file__).read_text(encoding="utf-8"))
    [checked] = [node for node in source.body if isinstance(node, ast.If)]
    told = {alias.name: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert sorted(told) == sim.__all__ == dir(sim)
    for name, module in told.items():
        found = import_module(f"sim.{name}") if name in ("logs", "theory") else getattr(import_module(module or ""), name)
        assert getattr(sim, name) is found
    with pytest.raises(AttributeError, match="module 'sim' has no attribute 'nothing'"):
        _ = sim.nothing


def test_a_verb_that_runs_nothing_does_not_wait_for_what_runs() -> None:
    script = "import sys; import sim.shell.cli; sys.exit(bool({'numpy', 'simpy', 'yaml', 'hydra', 'pandas'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_functions_stay_functions_whatever_was_imported_before() -> None:
    script = "import sim.sweeps.sweep, sim.shell.cli, sim; assert callable(sim.sweep) and callable(sim.compare)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_scenario_built_in_python_runs_without_hydra_and_without_what_draws() -> None:
    script = """
import sys
import sim
from sim.settings.market import BackendSettings, MarketSettings
from sim.settings.workload import WorkloadSettings

market = MarketSettings(models={"mine": BackendSettings(input_usd_per_mtok=0.3, output_usd_per_mtok=1.2)})
result = sim.simulate(sim.Scenario(backends=["mine"], market=market, workload=WorkloadSettings(tasks=7)))
heavy = {"hydra", "omegaconf", "pandas", "matplotlib", "pyarrow", "tqdm"} & set(sys.modules)
assert not heavy, heavy
assert result.mean("tasks") == 7
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_tables_have_the_documented_columns() -> None:
    result = sim.simulate(small())
    assert list(result.calls.columns) == [column.name for column in CALLS]
    assert list(result.tasks.columns) == [column.name for column in TASKS]
    assert list(result.timeline.columns) == [column.name for column in TIMELINE]
    assert list(result.summary.columns) == ["unit", "mean", "ci_low", "ci_high", "n"]
    plain = [metric.name for metric in METRICS if "<" not in metric.name]
    assert list(result.summary.index[: len(plain)]) == plain
    assert list(result.summary.index[len(plain) :]) == ["token_share.claude_opus_4_6", "cost_share.claude_opus_4_6"]


def test_tables_add_up_to_the_summary() -> None:
    result = sim.simulate(small())
    for kind in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_usd"):
        total = result.mean(kind) * 3
        for table in (result.calls, result.tasks, result.timeline):
            assert abs(table[kind].sum() - total) <= 1e-9 * max(total, 1)
    assert len(result.calls) == result.mean("calls") * 3 == result.timeline["calls"].sum()


def test_percentiles_are_those_of_the_calls() -> None:
    result = sim.simulate(small("workload.tasks=40"))
    calls = result.calls[result.calls["status"] == "ok"]
    times = calls["t_end_s"] - calls["t_request_s"]
    for share in (0.50, 0.95, 0.99):
        assert abs(result.mean(f"call_latency_p{100 * share:.0f}_s") / times.quantile(share) - 1) < 0.01
    assert Sketch().percentile(0.5) != Sketch().percentile(0.5), "nan without any"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bits_whatever_is_logged_and_wherever_it_runs() -> None:
    digests = {sim.simulate(small(*extra)).digest for extra in ([], ["log=none"], ["log=sample"], ["processes=2"])}
    assert len(digests) == 1
    assert sim.simulate(small("seed=2")).digest not in digests


def test_a_sweep_in_python_has_a_row_a_scenario() -> None:
    swept = sim.sweep(small(), {"agent.fanout": [1, 2], "seed": [1, 2]})
    assert list(swept.results["agent.fanout"]) == [1, 1, 2, 2]
    assert list(swept.results.columns[:2]) == ["agent.fanout", "seed"]
    assert swept.results["total_tokens"].is_monotonic_increasing or len(swept.runs) == 4


@pytest.mark.slow
def test_what_is_no_scenario_and_no_result_is_one_line() -> None:
    for wrong, said in (
        (lambda: sim.simulate(sim.load(), progress=5), "progress is a function of a number of calls, or None, not int"),  # type: ignore[arg-type]
        (lambda: sim.sweep(sim.load(), {"seed": [1]}, progress=5), "progress is a function of a number of calls, or None, not int"),  # type: ignore[arg-type]
        (lambda: sim.simulate(5), "simulate takes a scenario, as sim.load returns it, not int"),  # type: ignore[arg-type]
        (lambda: sim.compare(1, "a"), "compare takes two results, of sim.simulate or sim.load_run, not int and str"),  # type: ignore[arg-type]
    ):
        with pytest.raises(sim.ConfigError, match=f"^{said}$"):
            wrong()


def test_a_comparison_is_paired_and_says_when_it_sees_nothing() -> None:
    few, many = sim.simulate(small()), sim.simulate(small("agent.fanout=8"))
    table = sim.compare(few, many)
    assert table.loc["total_tokens", "verdict"] == "more"
    assert table.loc["tasks", "verdict"] == "no difference seen"
    same = sim.compare(few, few)
    assert (same["difference"].fillna(0) == 0).all()


@pytest.mark.slow
def test_a_sweep_can_name_a_baseline() -> None:
    axes: dict[str, list[Any]] = {"agent.fanout": [1, 2, 4], "backends": [["claude_opus_4_6"], ["minimax_m2_5"]]}
    swept = sim.sweep(small("replications=6"), axes, baseline={"agent.fanout": 1})
    table = swept.results.set_index(["agent.fanout", "backends"])
    for fanout, name in ((2, "minimax_m2_5"), (4, "claude_opus_4_6")):
        found, base = table.loc[(fanout, name)], table.loc[(1, name)]
        assert found["cost_per_task_usd_difference"] == pytest.approx(found["cost_per_task_usd"] - base["cost_per_task_usd"])
        assert found["cost_per_task_usd_ratio"] == pytest.approx(found["cost_per_task_usd"] / base["cost_per_task_usd"])
        assert found["cost_per_task_usd_verdict"] == "more"
    assert (table.loc[1]["cost_per_task_usd_verdict"] == "no difference seen").all()
    with pytest.raises(sim.ConfigError, match=r"baseline.agent.fanut: not an axis of the sweep; did you mean 'agent.fanout'?"):
        sim.sweep(small(), axes, baseline={"agent.fanut": 1})
    with pytest.raises(sim.ConfigError, match=r"baseline.agent.fanout=3: not in the sweep"):
        sim.sweep(small(), axes, baseline={"agent.fanout": 3})


def test_a_baseline_may_be_a_list_as_backends_are() -> None:
    assert small("baseline={backends: [glm_5], agent.fanout: 1}").baseline == {"backends": ["glm_5"], "agent.fanout": 1}


@pytest.mark.slow
def test_a_ranking_says_which_may_be_best() -> None:
    swept = sim.sweep(small("replications=6", "work=same"), {"backends": [["claude_opus_4_6"], ["minimax_m2_5"], ["minimax_m2_5_launch"]]})
    ranked = sim.rank(swept, "cost_per_task_usd")
    assert ranked["cost_per_task_usd"].is_monotonic_increasing
    assert list(ranked["best"]) == ["yes", "no", "no"]
    assert list(sim.rank(swept, "tokens_per_task")["best"]) == ["maybe"] * 3, "the same work on each"


@pytest.mark.slow
def test_scenarios_of_unequal_length_are_compared_by_what_both_have() -> None:
    """From folders only sums without each replication are left: to first order they say what the first ones do."""
    long, short = sim.simulate(small("replications=12", "workload.tasks=30")), sim.simulate(small("replications=8", "workload.tasks=30"))
    cut = long.estimates.sample.first(8)
    assert cut.whole["cost_per_task_usd"] == pytest.approx(short.mean("cost_per_task_usd"), rel=1e-9)
    assert cut.whole["cache_hit_rate"] == pytest.approx(short.mean("cache_hit_rate"), rel=1e-2)
    assert sim.compare(long, short).loc["cost_per_task_usd", "difference"] == 0


@pytest.mark.slow
def test_a_price_twice_as_high_doubles_the_bill_exactly() -> None:
    plain = sim.load("agent=solo", "workload.tasks=5", "replications=1")
    dear = sim.load("agent=solo", "workload.tasks=5", "replications=1")
    backend = dear.market.models["claude_opus_4_6"]
    for name in vars(backend):
        value = getattr(backend, name)
        if name.endswith("_usd_per_mtok") and value is not None:
            setattr(backend, name, value * 2)
    for tier in backend.tiers:
        for name, value in vars(tier).items():
            if name.endswith("_usd_per_mtok") and value is not None:
                setattr(tier, name, value * 2)
    assert sim.simulate(dear).mean("cost_usd") == 2 * sim.simulate(plain).mean("cost_usd")


def test_a_result_is_a_result() -> None:
    assert isinstance(sim.simulate(small("workload.tasks=1")), Result)


SMALL = scenario(agent(), backend(), workload=WorkloadSettings(tasks=1))


async def _later(calls: int) -> None: ...


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "capacity": (lambda: sim.capacity(cast("Any", None)), "capacity takes a scenario, as sim.load returns it, not NoneType"),
    "estimate": (lambda: sim.estimate(cast("Any", "agent=solo")), "estimate takes a scenario, as sim.load returns it, not str"),
    "expect": (lambda: sim.theory.expect(cast("Any", None)), "expect takes a scenario, as sim.load returns it, not NoneType"),
    "line": (lambda: sim.theory.queues.line(rate=1.0, service_s=1.0, slots=0), "slots=0: must be a whole number of at least 1"),
    "half a slot": (lambda: sim.theory.queues.line(rate=1.0, service_s=1.0, slots=cast("Any", 2.5)), "slots=2.5: must be a whole number"),
    "load_run": (lambda: sim.load_run(cast("Any", None)), "load_run takes the folder of a run, not NoneType"),
    "logs": (lambda: sim.logs.read(cast("Any", [])), "logs are read from files, folders and globs, not list"),
    "no log": (lambda: sim.logs.read(""), "a path is empty; the current folder is ."),
    "LogBill": (lambda: sim.LogBill(cast("Any", None), SMALL), "LogBill takes a log, as sim.logs.read returns it"),
    "what_if": (lambda: sim.what_if(cast("Any", None)), "what_if takes a log, as sim.logs.read returns it, not NoneType"),
    "sweep": (lambda: sim.sweep(cast("Any", "solo"), {}), "sweep takes a scenario, as sim.load returns it, not str"),
    "axes": (lambda: sim.sweep(SMALL, cast("Any", [("seed", [1])])), "sweep takes axes, lists of values by key"),
    "axis": (lambda: sim.sweep(SMALL, {"seed": cast("Any", 5)}), "seed=5: an axis takes a list of one value or more"),
    "twice": (lambda: sim.sweep(SMALL, {"seed": [1, 2, 1]}), "seed=[1, 2, 1]: has a value twice, which would be one scenario run twice"),
    "folder": (lambda: sim.sweep(SMALL, {"seed": [1]}, folder=cast("Any", 5)), "sweep saves its runs in a folder, a path, not int"),
    "no folder": (lambda: sim.sweep(SMALL, {"seed": [1]}, folder=""), "sweep saves its runs in a folder, a path: it is empty; the current"),
    "a file": (lambda: sim.sweep(SMALL, {"seed": [1]}, folder=__file__), f"{__file__}: is a file; sweep saves its runs in a folder"),
    "baseline": (lambda: sim.sweep(SMALL, {"seed": [1]}, baseline=cast("Any", "seed=1")), "baseline takes values by key such as"),
    "once": (lambda: sim.sweep(SMALL, {"agent.turns": [3, np.float64(3.0)]}), "agent.turns=[3, 3.0]: has a value twice"),
    "Sweep": (lambda: sim.Sweep([{"seed": 1}], []), "Sweep takes as many runs as values of its axes, not 0 and 1"),
    "Result": (lambda: sim.Result(SMALL, []), "Result takes the replications of a run, one at least"),
    "rank": (lambda: sim.rank(cast("Any", [])), "rank takes a sweep, as sim.sweep returns it, not list"),
    "an axis": (lambda: sim.rank(sim.sweep(SMALL, {"agent.turns": [1]}), "agent.turns"), "rank: 'agent.turns' is not a metric; did you"),
    "an end": (lambda: sim.rank(sim.sweep(SMALL, {"seed": [1]}), "cost_usd_ci_low"), "rank: 'cost_usd_ci_low' is not a metric; did"),
    "replaced": (lambda: sim.replaced(cast("Any", "solo"), {}), "replaced takes a scenario, as sim.load returns it, not str"),
    "values": (lambda: sim.replaced(SMALL, cast("Any", [("seed", 2)])), "replaced takes values by key such as"),
    "key": (lambda: sim.replaced(SMALL, cast("Any", {3: 2})), "names of settings are texts such as 'agent.fanout', not int"),
    "tornado": (lambda: sim.tornado(cast("Any", "solo"), {"agent.turns": (2, 4)}), "what moves a metric takes a scenario, as sim.load"),
    "ranges": (lambda: sim.tornado(SMALL, cast("Any", ["agent.turns"])), "ranges: [low, high] by key, such as"),
    "huge": (lambda: sim.tornado(SMALL, {"agent.turns": (2, 10**400)}, "cost_usd"), "ranges: agent.turns=(2, 1000"),
    "unpaired": (lambda: sim.tornado(SMALL, {"replications": (2, 4)}, "cost_usd"), "ranges: replications: says how a scenario is run"),
    "sobol": (lambda: sim.sobol(SMALL, {"agent.turns": (2, 4)}, "cost_usd", cast("Any", 4.0)), "samples=4.0: must be a power of 2"),
    "told two": (lambda: sim.tornado(SMALL, {"agent.turns": (2, 4)}, "cost_usd", cast("Any", abs)), "progress: takes (x, /), must take 2"),
    "told none": (lambda: sim.simulate(SMALL, cast("Any", lambda: 0)), "progress: takes (), must take 1 argument, a number of"),
    "told async": (lambda: sim.simulate(SMALL, _later), "progress is a function of a number of calls, or None; this one is async"),
    "budget": (lambda: sim.estimate(SMALL).over(float("nan")), "over: a budget is dollars, from 0 on, not nan"),
    "times": (lambda: sim.capacity(SMALL, [True]), "times=[True]: must be whole numbers from 1, one at least"),
    "reserve": (lambda: sim.reserve(cast("Any", SMALL), "backend"), "reserve takes a result, of sim.simulate, not Scenario"),
    "gather": (lambda: sim.gather(cast("Any", None)), "gather takes the folder of a sweep, a path, not NoneType"),
    "export": (lambda: sim.export(cast("Any", None), "otel"), "export takes the folder of a run, not NoneType"),
    "trust": (lambda: sim.load_run(".", cast("Any", "no")), "load_run: trust is True or False, not str"),
    "its file": (lambda: sim.load_run(__file__), f"{__file__}: is a file; load_run takes the folder of a run"),
    "config_dir": (lambda: sim.load(config_dir=""), "config_dir is a folder of settings, a path: it is empty; the current folder is ."),
    "mean": (lambda: sim.simulate(SMALL).mean(cast("Any", ["cost_usd"])), "mean: a metric is a text such as 'cost_per_task_usd', not list"),
    "save": (lambda: sim.simulate(SMALL).save(""), "save takes a folder, a path: it is empty; the current folder is ."),
    "rows": (lambda: sim.simulate(SMALL).save("nowhere", group_rows=0), "group_rows=0: must be a whole number of at least 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_what_a_function_cannot_take_is_told_in_a_line(name: str) -> None:
    call, told = WRONG[name]
    with pytest.raises(sim.SimError, match=f"^{re.escape(told)}"):
        call()


def test_an_axis_may_be_an_array_or_a_range() -> None:
    swept = sim.sweep(SMALL, {"seed": cast("Any", range(1, 3)), "replications": cast("Any", np.array([1]))})
    assert [axes["seed"] for axes in swept.axes] == [1, 2]
    assert swept.runs[0].mean("tasks") == 1.0


def test_a_metric_that_there_is_not_gets_the_likely_one() -> None:
    with pytest.raises(sim.ConfigError, match="mean: 'cost' is not a metric of this run; did you mean 'cost_usd'"):
        sim.simulate(SMALL).mean("cost")


def test_who_changes_a_scenario_later_changes_no_result() -> None:
    """Nor its table, its price list, or what is saved of it."""
    ours = scenario(agent(), backend(), workload=WorkloadSettings(tasks=1))
    result, swept = sim.simulate(ours), sim.sweep(ours, {"seed": [1]})
    [name] = ours.backends
    ours.workload.tasks, ours.backends[0], ours.market.models[name].input_usd_per_mtok = 9, "another", 99.0
    for kept in (result, cast("Result", swept.runs[0])):
        assert (kept.scenario.workload.tasks, kept.calls["backend"].unique().tolist()) == (1, [name])
        assert kept.scenario.market.models[name].input_usd_per_mtok != 99.0


def test_a_result_can_be_pickled_once_it_was_looked_at() -> None:
    result = sim.simulate(SMALL)
    assert len(result.summary)
    again = pickle.loads(pickle.dumps(result))
    assert again.digest == result.digest
    assert again.summary.equals(result.summary)


def test_numbers_of_numpys_are_numbers() -> None:
    assert sim.simulate(sim.replaced(SMALL, {"workload.tasks": np.int64(2)})).mean("tasks") == 2
    table = sim.tornado(SMALL, {"agent.turns": cast("Any", np.array([2, 4]))}, "calls_per_task").table
    assert table[["at_low", "at_high"]].to_numpy().tolist() == [[2.0, 4.0]]


def test_a_sweep_does_not_go_among_the_files_of_a_run(tmp_path: Path) -> None:
    sim.simulate(SMALL).save(tmp_path)
    with pytest.raises(sim.ConfigError, match="holds a run; a sweep saves its runs in a folder of their own"):
        sim.sweep(SMALL, {"seed": [1]}, folder=tmp_path)
