"""A result in a prompt and in a notebook: its numbers, what was lost first, nothing that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.results.saved import SavedResult
from sim.results.told.headline import headline, html
from sim.scenario.told.numbers import dollars
from sim.statistics import Estimate
from tests.worlds import agent, backend, scenario

NAN = float("nan")


@pytest.fixture(scope="module")
def result() -> sim.Result:
    return sim.simulate(scenario(agent(), {"one": backend(input_usd_per_mtok=3.0)}, tasks=5, replications=2))


def test_a_prompt_says_the_bill_and_where_the_rest_is(result: sim.Result) -> None:
    first, second = repr(result).split("\n")
    assert first.startswith(f"Result of {result.scenario.name!r}: {dollars(result.mean('cost_per_task_usd'))} a task")
    assert result.digest in second
    assert "2 replications" in second
    assert ".summary" in second


def test_a_notebook_shows_headlines_and_is_short(result: sim.Result) -> None:
    made = result._repr_html_()
    assert len(made) < 6_000
    assert made.count("<tr>") == 1 + 6
    assert "cost_per_task_usd" in made
    assert result.digest in made


def test_a_saved_run_shows_the_same_numbers(result: sim.Result, tmp_path: Path) -> None:
    saved = SavedResult(result.save(tmp_path / "a run"), result.scenario, result.digest)
    assert repr(saved).split("\n")[0].removeprefix("Run") == repr(result).split("\n")[0].removeprefix("Result")
    assert str(tmp_path / "a run") in repr(saved)
    assert saved._repr_html_().split("</table>")[0].removeprefix("<div>").replace("Run of", "Result of") in result._repr_html_()


def found(**values: float) -> dict[str, Estimate]:
    names = ("cost_per_task_usd", "cost_per_success_usd", "success_rate", "tokens_per_task", "cache_hit_rate", "task_latency_p50_s")
    known = {name: Estimate(values.get(name, NAN), NAN, NAN) for name in names}
    return known | {name: Estimate(values.get(name, 0.0), NAN, NAN) for name in ("tasks", "lost_share", "tasks_in_flight")}


def test_what_was_lost_comes_first_and_what_is_unknown_is_not_a_number() -> None:
    lossy = found(tasks=3, lost_share=0.004, cost_per_task_usd=0.5)
    assert headline(lossy) == "<1\u00a0% of tasks lost, $0.50 a task"
    made = html("run", lossy, [])
    assert made.index("lost_share") < made.index("cost_per_task_usd")
    assert "unknown" in made
    assert "nan" not in made
    assert headline(found()) == "no task ended"


def test_a_metric_that_is_none_names_the_likely_one(result: sim.Result) -> None:
    with pytest.raises(sim.ConfigError, match=r"^mean: 'cost' is not a metric of this run; did you mean 'cost_usd'\?$"):
        result.mean("cost")
