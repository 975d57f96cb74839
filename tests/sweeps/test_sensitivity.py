"""What moves a metric: tornadoes and Sobol indices against closed forms, through the simulator; ranges that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from sim import theory
from sim.report import drivers
from sim.report.numbers import percent
from sim.report.plots.drivers import sobol_bars, tornado_bars
from sim.settings.market import CacheKind
from tests.report.test_page import overlapping
from tests.typed import typed as shell
from tests.worlds import agent, backend, loop, scenario, team

PLAIN = backend(cache=CacheKind.none, quality=0.5)


def luck(**changes: Any) -> sim.Scenario:
    """Geometric turns, three replications of 20 tasks."""
    return scenario(agent(turns={"dist": "geometric", "mean": 10}), PLAIN, tasks=20, replications=3, **changes)


def test_the_swing_of_turns_is_that_of_the_closed_form() -> None:
    """F2: n B + g n (n - 1) / 2, exactly, and a price moves the bill in proportion."""
    found = sim.tornado(
        scenario(agent(), PLAIN), {"market.models.one.input_usd_per_mtok": (0.5, 4), "agent.turns": (5, 40)}, metric="cost_usd"
    )
    assert list(found.table["setting"]) == ["agent.turns", "market.models.one.input_usd_per_mtok"]
    bill = {turns: theory.loop_tokens(base=2000, growth=1000, output=300, turns=turns) for turns in (5, 10, 40)}
    dollars = {turns: (tokens.input + tokens.output) / 1e6 for turns, tokens in bill.items()}
    turns, price = found.table.to_dict("records")
    assert found.base == pytest.approx(dollars[10], rel=1e-12)
    assert turns["swing"] == pytest.approx(dollars[40] - dollars[5], rel=1e-12)
    assert turns["difference_at_low"] == pytest.approx(dollars[5] - dollars[10], rel=1e-12)
    assert price["difference_at_high"] == pytest.approx(3 * bill[10].input / 1e6, rel=1e-12)
    assert (turns["base"], price["base"]) == (10, 1)


def test_differences_are_paired_and_reach_inside_a_quantity() -> None:
    base = luck()
    row = sim.tornado(base, {"agent.turns.mean": (5, 20)}, metric="tokens_per_task").table.iloc[0]
    longer = sim.simulate(scenario(agent(turns={"dist": "geometric", "mean": 20}), PLAIN, tasks=20, replications=3))
    paired = sim.compare(sim.simulate(base), longer).loc["tokens_per_task"]
    assert row["at_high"] == longer.mean("tokens_per_task")
    for tail in ("", "_ci_low", "_ci_high"):
        assert row[f"difference_at_high{tail}"] == paired[f"difference{tail}"]
    assert row["difference_at_low_ci_high"] < 0 < row["difference_at_high_ci_low"]
    assert row["base"] == 10


def test_whole_numbers_are_rounded() -> None:
    row = sim.tornado(scenario(team(3, loop()), PLAIN), {"agent.fanout": (1.6, 8.4)}, metric="agents").table.iloc[0]
    assert (row["low"], row["base"], row["high"]) == (2, 4, 8)
    assert (row["at_low"], row["at_high"]) == (3, 9)


@pytest.mark.slow
def test_sobol_indices_are_those_of_the_closed_form() -> None:
    """One call: cost = p T + q O with p, q, T uniform; T multiplies p, q is added."""
    spans = {"p": (0.0, 4.0), "T": (0, 4000), "q": (0.0, 20.0)}
    keys = {"market.models.one.input_usd_per_mtok": "p", "agent.system_tokens": "T", "market.models.one.output_usd_per_mtok": "q"}
    mean = {name: (low + high) / 2 for name, (low, high) in spans.items()}
    var = {name: (high - low) ** 2 / 12 for name, (low, high) in spans.items()}
    square = {name: mean[name] ** 2 + var[name] for name in spans}
    total = square["p"] * square["T"] - (mean["p"] * mean["T"]) ** 2 + 300**2 * var["q"]
    first = {"p": var["p"] * mean["T"] ** 2 / total, "T": var["T"] * mean["p"] ** 2 / total, "q": 300**2 * var["q"] / total}
    whole = {"p": var["p"] * square["T"] / total, "T": var["T"] * square["p"] / total, "q": first["q"]}

    world = scenario(agent(turns=1, prompt_tokens=0), PLAIN)
    found = sim.sobol(world, {key: spans[name] for key, name in keys.items()}, metric="cost_usd", samples=128).set_index("setting")
    for key, name in keys.items():
        assert found.loc[key, "S1"] == pytest.approx(first[name], abs=0.06)
        assert found.loc[key, "ST"] == pytest.approx(whole[name], abs=0.06)
        assert 0 < found.loc[key, "ST_conf"] < 0.2
    assert whole["p"] - first["p"] > 0.1, "the interaction is more than the tolerance"
    assert found.attrs["mean"] == pytest.approx((mean["p"] * mean["T"] + 300 * mean["q"]) / 1e6, rel=0.02)
    assert found.attrs["runs"] == 128 * 5


def test_sobol_draws_each_whole_number_alike_and_runs_it_once() -> None:
    """Agents of a team of 1 to 4 that are equally likely: 2 to 5, mean 3.5; only four runs are needed."""
    told: list[tuple[int, int]] = []
    found = sim.sobol(
        scenario(team(1, loop(turns=1)), PLAIN), {"agent.fanout": (1, 4)}, "agents", samples=64, progress=lambda *done: told.append(done)
    )
    assert found.attrs["mean"] == pytest.approx(3.5, abs=0.05)
    assert found.loc[0, "S1"] == pytest.approx(1, abs=0.1)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "typo": ({"agent.fanuot": (1, 2)}, "did you mean 'fanout'?"),
    "inside": ({"agent.turns.maen": (1, 2)}, "did you mean 'mean'?"),
    "bounds": ({"market.models.one.error_rate": (0.1, 1.5)}, "error_rate=1.5: must be at most 1"),
    "mean of a count": ({"agent.turns.mean": (0.5, 2)}, "must be at least 1"),
    "turned round": ({"agent.turns.mean": (9, 3)}, "low must be less than high"),
    "rounded away": ({"agent.fanout": (2.1, 2.4)}, "a whole number"),
    "one end": ({"agent.turns.mean": (9,)}, "must be [low, high], two finite numbers"),
    "word": ({"agent.turns.mean": "ab"}, "must be [low, high], two finite numbers"),
    "infinite": ({"agent.turns.mean": (1, float("inf"))}, "two finite numbers"),
    "choice": ({"router.backend": (1, 2)}, "router.backend: is not a number"),
    "kind": ({"agent.turns.dist": (1, 2)}, "agent.turns.dist: is not a number"),
    "unused": ({"market.models.two.quality": (0, 1)}, "'two' is not among backends"),
    "none": ({}, "name at least one setting"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_range_that_cannot_be_costs_one_line_before_anything_runs(name: str) -> None:
    ranges, words = BAD[name]
    world = luck()
    world.market.models["two"] = backend()
    for study in (sim.tornado, sim.sobol):
        with pytest.raises(sim.ConfigError) as refused:
            study(world, ranges, progress=lambda *_: pytest.fail("it ran"))
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_metric_that_cannot_be_and_samples_that_cannot() -> None:
    ranges = {"agent.turns.mean": (5, 20)}
    with pytest.raises(sim.ConfigError, match="did you mean 'cost_per_task_usd'"):
        sim.tornado(luck(), ranges, metric="cost_per_taks_usd")
    with pytest.raises(sim.ConfigError, match="cost_per_success_usd: has no value at this scenario"):
        sim.tornado(scenario(agent(), backend()), {"agent.turns": (5, 20)})
    with pytest.raises(sim.ConfigError, match=r"precision=0.1: must be null here"):
        sim.tornado(luck(precision=0.1), ranges)
    with pytest.raises(sim.ConfigError, match="samples=100: must be a power of 2"):
        sim.sobol(luck(), ranges, samples=100)


def test_findings_and_figures_say_what_the_tables_say() -> None:
    ranges = {"agent.turns.mean": (5, 20), "market.models.one.quality": (0.3, 1.0), "market.models.one.input_usd_per_mtok": (0.9, 1.1)}
    found, shares = sim.tornado(luck(), ranges), sim.sobol(luck(), ranges, samples=4)
    low, high = (drivers.written("cost_per_success_usd", found.table.loc[0, end]) for end in ("at_low", "at_high"))
    said = drivers.tornado_finding(found)
    assert said.startswith(f"What moves cost per solved task most is not sure, perhaps turns: {low} at 5, {high} at 20")
    assert said.endswith("Turns and quality cannot be told apart (95\u00a0%).")
    assert overlapping(tornado_bars(found)) == []
    assert f"{percent(shares.loc[0, 'S1'])} of the variance" in drivers.sobol_finding(shares)
    assert overlapping(sobol_bars(shares)) == []


def test_settings_that_move_nothing_are_called_so() -> None:
    world, ranges = scenario(agent(), PLAIN), {"agent.fanout": (2, 8)}
    found, shares = sim.tornado(world, ranges, "tokens_per_task"), sim.sobol(world, ranges, "tokens_per_task", samples=4)
    assert drivers.tornado_finding(found) == drivers.sobol_finding(shares) == "None of these settings moves tokens per task."
    assert np.isnan(shares.loc[0, "S1"])
    for figure in (tornado_bars(found), sobol_bars(shares)):
        assert overlapping(figure) == []


def test_ranges_typed_as_a_list_are_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"^sensitivity.ranges: must be a mapping such as \{agent.fanout: \[2, 8\]\}, not a list$"):
        sim.load("sensitivity.ranges=[agent.fanout, 2, 8]")


@pytest.mark.slow
def test_a_bad_range_in_the_shell_leaves_nothing(tmp_path: Path) -> None:
    ran = shell(tmp_path, "sensitivity.ranges={agent.fanuot: [2, 8]}")
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == "sim: agent.fanuot: 'fanuot' is unknown; did you mean 'fanout'?"
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "extra"), [("tornado", []), ("sobol", ["sensitivity.samples=2"])])
def test_the_shell_shows_what_moves_the_bill(tmp_path: Path, name: str, extra: list[str]) -> None:
    ran = shell(tmp_path, f"experiment={name}", "workload.tasks=10", "hydra.run.dir=out", *extra)
    assert ran.returncode == 0, ran.stderr
    out = tmp_path / "out"
    assert {path.name for path in out.iterdir()} >= {"results.csv", "report.md", "report.html", "scenario.yaml", "figures"}
    assert {path.name for path in (out / "figures").iterdir()} == {f"{name}.png", f"{name}.svg"}
    table = pd.read_csv(out / "results.csv")
    assert len(table) == 7
    assert "turns" in ran.stdout.split("\n\n")[-2]
    assert ran.stdout.split("\n\n")[0] in (out / "report.md").read_text()


@pytest.mark.parametrize("metric", ["cost_usd", "cost_per_task_usd"])
def test_a_difference_that_all_runs_share_has_no_interval_of_last_digits(metric: str) -> None:
    """Ten calls of 65,000 tokens a task, 0.7 USD a million less: the same in each replication, to a ten-billionth of a cent."""
    row = sim.tornado(
        scenario(agent(), PLAIN, tasks=7, replications=7), {"market.models.one.input_usd_per_mtok": (0.3, 1.1)}, metric=metric
    ).table.iloc[0]
    tasks = 7 if metric == "cost_usd" else 1
    assert row["difference_at_low"] == pytest.approx(-0.7 * 65_000 * tasks / 1e6, rel=1e-12)
    assert row["difference_at_low_ci_low"] == row["difference_at_low"] == row["difference_at_low_ci_high"]
    assert row["difference_at_high_ci_low"] == row["difference_at_high"] == row["difference_at_high_ci_high"]
