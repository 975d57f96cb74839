"""Expected values against the simulator: exact where nothing varies, within chance where something does; silent where it must be."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

import sim
from sim import theory
from sim.scenario.sources import CONF
from sim.settings.agent import AgentKind, Split
from sim.settings.budget import BudgetSettings
from sim.settings.market import BackendSettings, Billed, CacheKind, PriceTier
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import LoopSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import Log, RetrySettings
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, loop, scenario, team, with_


def exponential(mean: float) -> dict[str, Any]:
    return {"dist": "exponential", "mean": mean}


def lognormal(median: float, sigma: float) -> dict[str, Any]:
    return {"dist": "lognormal", "median": median, "sigma": sigma}


def geometric(mean: float) -> dict[str, Any]:
    return {"dist": "geometric", "mean": mean}


PAIR = {"a": backend(quality=0.9, input_usd_per_mtok=10), "b": backend(turn_multiplier=1.5, verbosity=1.2, cache=CacheKind.automatic)}
SURE: dict[str, Callable[[], sim.Scenario]] = {
    "loop": lambda: scenario(agent(reasoning_share=0.4, keep_reasoning=0.3)),
    "chat": lambda: scenario(agent(kind=AgentKind.chat, turns=1, requests=7, request_tokens=120, think_time_s=100.0)),
    "compaction": lambda: scenario(agent(turns=41, compact_at_tokens=10_000, summary_tokens=800, restore_tokens=333)),
    "tree": lambda: scenario(team(6, loop(turns=5), fanout=3, depth=3, spawn_after_turn=2, report_tokens=150)),
    "inherited": lambda: scenario(team(6, loop(turns=5), fanout=3, depth=2, spawn_after_turn=3, report_tokens=150, inherit_context=True)),
    "waves": lambda: scenario(team(3, loop(turns=4, tool_time_s=2.0), fanout=5, max_parallel=2)),
    "debate": lambda: scenario(agent(kind=AgentKind.debate, fanout=3, turns=4), backend(decode_tokens_per_s=50)),
    "a lead that is slower than its cache": lambda: scenario(team(4, loop(turns=5, tool_time_s=100.0), spawn_after_turn=2)),
    "roles": lambda: scenario(
        team(4, loop(turns=3), fanout=3, spawn_after_turn=2), PAIR,
        router=RouterSettings(policy=Policy.by_role, roles={"lead": "a", "worker": "b"}),
    ),
    "tiers": lambda: scenario(
        agent(turns=20),
        backend(cache_min_tokens=4500, tiers=[PriceTier(above_tokens=12_000, input_usd_per_mtok=7)], prefill_tokens_per_s=900),
    ),
    "a fee": lambda: scenario(router=RouterSettings(fee=0.055)),
    "verifier": lambda: scenario(agent(tries=TriesSettings(most=3, parallel=True, verifier=loop(turns=2)))),
}  # fmt: skip


def differences(world: sim.Scenario) -> dict[str, tuple[float, float, float]]:
    """(theory, simulation, half-width) of every metric that theory gives."""
    expected, found = theory.expect(world), sim.simulate(world).summary
    assert not expected.unsolved
    halves = ((found["ci_high"] - found["ci_low"]) / 2).fillna(0.0)
    return {name: (value, float(found.loc[name, "mean"]), float(halves[name])) for name, value in expected.values.items()}


@pytest.mark.parametrize("name", SURE)
def test_where_nothing_varies_every_metric_is_exact(name: str) -> None:
    compared = differences(SURE[name]())
    assert len(compared) > 20
    for metric, (expected, found, _) in compared.items():
        if metric not in ("success_rate", "cost_per_success_usd"):
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), metric


def test_a_divided_job_is_exact_but_for_its_makespan() -> None:
    world = scenario(team(3, loop(turns=30), fanout=4, spawn_after_turn=2, report_tokens=150, split=Split.divide, warmup_turns=2))
    expected, found = theory.expect(world), sim.simulate(world)
    assert "makespan" in " ".join(expected.unsolved)
    for metric in ("calls", "input_tokens", "cache_read_tokens", "cost_usd"):
        assert found.mean(metric) == pytest.approx(expected.values[metric], rel=1e-12)


MANY: dict[str, Any] = {"tasks": 1500, "replications": 8, "processes": None, "log": Log.none, "every_s": 1.0}
ARRIVING: dict[str, Any] = {"tasks": 8000, "replications": 8, "processes": None, "log": Log.none}
LUCKY: dict[str, Callable[[], sim.Scenario]] = {
    "random sizes": lambda: scenario(
        agent(
            turns=geometric(8), output_tokens=lognormal(300, 0.8), output_scale=lognormal(1, 0.3), tool_result_tokens=lognormal(700, 1),
            prompt_tokens=exponential(500), opening_turns=3, opening_result_tokens=lognormal(2000, 0.5),
            reasoning_share=0.4, rewrite_rate=0.05,
        ), **MANY,
    ),
    "compaction": lambda: scenario(
        agent(turns=geometric(8), compact_at_tokens=10_000, summary_tokens=800),
        backend(error_rate=0.1, noise_sigma=0.3, decode_tokens_per_s=50), **MANY,
    ),
    "misses": lambda: scenario(
        agent(turns=6, tool_time_s=lognormal(150, 1.5), output_tokens=lognormal(300, 0.5)),
        backend(decode_tokens_per_s=3, noise_sigma=0.4, prefill_tokens_per_s=2000, context_s_per_100k_tokens=30, error_rate=0.2), **MANY,
    ),
    "chat": lambda: scenario(
        agent(kind=AgentKind.chat, turns=1, requests=geometric(4), request_tokens=lognormal(120, 0.5), think_time_s=lognormal(178, 1.5)),
        **MANY,
    ),
    "exponential workers": lambda: scenario(team(3, loop(turns=4, tool_time_s=exponential(10)), fanout=8), **MANY),
    "retry": lambda: scenario(
        agent(turns=4, tries=TriesSettings(most=4, keep_tokens=1500)), backend(quality=0.6),
        outcome=OutcomeSettings(correlation=0.5, effort=0.5), **MANY,
    ),
    "cascade": lambda: scenario(
        agent(turns=10, tries=TriesSettings(most=2, backends=["weak", "strong"])),
        {"weak": backend(quality=0.726, input_usd_per_mtok=0.3), "strong": backend(quality=0.768, input_usd_per_mtok=5.0)},
        outcome=OutcomeSettings(correlation=0.87, effort=0.43), **MANY,
    ),
    "verify": lambda: scenario(
        agent(turns=3, tries=TriesSettings(most=3, true_positive=0.8, false_positive=0.3, verifier=loop(turns=2))),
        backend(quality=0.6), **MANY,
    ),
    "vote": lambda: scenario(
        agent(turns=3, tries=TriesSettings(most=5, parallel=True, pick=Pick.majority)), backend(quality=0.6),
        outcome=OutcomeSettings(correlation=0.5), **MANY,
    ),
    "lost": lambda: scenario(
        agent(turns=10, tries=TriesSettings(most=3, stop_when_lost=True)), backend(quality=0.6),
        outcome=OutcomeSettings(correlation=0.5, length_exponent=0.7, reference_turns=10), **MANY,
    ),
    "calls given up": lambda: scenario(
        agent(turns=geometric(4)), backend(quality=0.9, error_rate=0.4, ttft_s=0.5), retry=RetrySettings(attempts=3), **MANY
    ),
    "weights": lambda: scenario(
        agent(), {"a": backend(quality=0.9, input_usd_per_mtok=10), "b": backend(quality=0.5)},
        router=RouterSettings(policy=Policy.weighted, per=ChoosePer.task, weights={"a": 0.3, "b": 0.7}), **MANY,
    ),
    "batch": lambda: scenario(agent(turns=3, tool_time_s=5), backend(batch_latency_s=exponential(100)), batch=True, **MANY),
    "one slot": lambda: scenario(
        agent(turns=1, prompt_tokens=lognormal(500, 0.8), output_tokens=lognormal(100, 0.7)),
        backend(slots=1, ttft_s=0.3, prefill_tokens_per_s=20_000, decode_tokens_per_s=200, noise_sigma=0.4, network_rtt_s=0.05),
        **ARRIVING | {"every_s": exponential(2.0)},
    ),
    "three slots": lambda: scenario(
        agent(turns=1, output_tokens=exponential(1000)), backend(slots=3, ttft_s=0.0, decode_tokens_per_s=500),
        **ARRIVING | {"every_s": exponential(1.0)},
    ),
    "batches": lambda: scenario(
        agent(turns=1),
        backend(slots=1), workload=WorkloadSettings(tasks=8000, interarrival_s=exponential(5.0), batch_size=geometric(2.5)), **ARRIVING,
    ),
    "two lines": lambda: scenario(
        agent(turns=1, output_tokens=exponential(1000)),
        {"a": backend(slots=2, ttft_s=0.0, decode_tokens_per_s=500), "b": backend(slots=1, ttft_s=0.2, decode_tokens_per_s=800)},
        router=RouterSettings(policy=Policy.weighted, per=ChoosePer.task, weights={"a": 0.7, "b": 0.3}),
        **ARRIVING | {"every_s": exponential(1.3)},
    ),
    "people": lambda: scenario(
        agent(turns=3, requests=3, think_time_s=lognormal(178, 1.5), tool_time_s=exponential(20)), backend(slots=5),
        workload=WorkloadSettings(kind=WorkloadKind.users, users=5, tasks_per_user=200), replications=8, log=Log.none,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", LUCKY)
def test_where_something_varies_theory_lies_where_the_simulation_does(name: str) -> None:
    """Within 2.5 half-widths of a 95 % interval over 8 replications (a false alarm in 2,000), or 0.2 % where the interval is narrower."""
    compared = differences(LUCKY[name]())
    assert len(compared) > 18
    for metric, (expected, found, half) in compared.items():
        assert abs(found - expected) <= 2.5 * half + 2e-3 * abs(expected), (metric, expected, found, half)


def waiting(served: BackendSettings | None = None, every_s: Any = None) -> sim.Scenario:
    """Tasks of one call at slots that are not enough for all at once."""
    return scenario(agent(turns=1), served or backend(slots=1), tasks=5, every_s=exponential(9.0) if every_s is None else every_s)


@pytest.mark.parametrize(
    ("world", "word"),
    [
        (lambda: scenario(horizon_s=100.0), "horizon"),
        (lambda: scenario(agent(compact_at_tokens=9000, output_tokens=exponential(300))), "compaction"),
        (lambda: scenario(agent(output_tokens=exponential(300)), backend(tiers=[PriceTier(above_tokens=12_000)])), "may pass 12,000"),
        (lambda: scenario(agent(output_tokens=exponential(300)), backend(cache_min_tokens=4096)), "shorter than 4,096"),
        (lambda: scenario(agent(), backend(slots=1), tasks=5), "waits in line"),
        (lambda: waiting(every_s=9.0), "at random"),
        (lambda: waiting(every_s=exponential(0.1)), "times what can be served"),
        (lambda: waiting(backend(slots=2)), "not exponential"),
        (lambda: waiting(backend(slots=2, decode_tokens_per_s=100, decode_slowdown=0.1)), "others slow down"),
        (lambda: scenario(agent(requests=geometric(3), turns=geometric(3))), "several messages"),
        (lambda: scenario(agent(), backend(error_rate=0.1, error_billed=Billed.input)), "billed"),
        (lambda: scenario(agent(), backend(queue_limit=3, slots=1)), "turned away"),
        (lambda: scenario(budgets={"mine": BudgetSettings(usd=1.0)}), "budget"),
        (lambda: scenario(team(3, loop()), outcome=OutcomeSettings(success_exponent=0.5)), "make up for"),
        (lambda: sim.load("workload=trace"), "trace"),
        (sim.load, "several messages"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_what_it_cannot_say_it_leaves_out_and_says_why(world: Callable[[], sim.Scenario], word: str) -> None:
    expected = theory.expect(world())
    assert word in " ".join(expected.unsolved)
    assert "cost_usd" not in expected.values or "waits in line" in " ".join(expected.unsolved)
    assert all(math.isfinite(value) for value in expected.values.values())
    assert word in str(expected)


@pytest.mark.parametrize("tries", sorted(path.stem for path in (CONF / "tries").glob("*.yaml") if path.stem != "cascade"))
def test_of_no_way_of_trying_is_success_known_where_a_try_may_outgrow_its_window(tries: str) -> None:
    """MiniMax M2.5 takes more turns, and its window is smaller: which tries end is not known, so neither is which of them is right."""
    expected = theory.expect(sim.load("agent=swe_task", f"tries={tries}", "backends=[minimax_m2_5]"))
    assert "success_rate" not in expected.values
    assert "context window: sizes vary, and may outgrow it" in expected.unsolved
    assert 0 < theory.expect(sim.load("agent=swe_task", f"tries={tries}")).values["success_rate"] < 1


def test_sizes_that_vary_leave_what_they_do_not_touch() -> None:
    expected = theory.expect(scenario(agent(output_tokens=exponential(300)), backend(tiers=[PriceTier(above_tokens=12_000)]))).values
    assert expected["input_tokens"] == pytest.approx(65_000, rel=1e-3)
    assert expected["calls"] == 10


def test_closed_forms_are_what_it_comes_to() -> None:
    """F3, F5, F6c, F7 and F15 are special cases of what they add up turn by turn."""
    values = theory.expect(scenario(agent(turns=geometric(8)))).values
    by_form = theory.loop_tokens(base=2000, growth=1000, output=300, turns=8, pairs=theory.pairs_geometric(8))
    assert values["input_tokens"] == pytest.approx(by_form.input, rel=1e-3)
    assert theory.longest_gamma(8, 1, 100.0) == pytest.approx(theory.longest_of(workers=8, mean=100.0), rel=1e-9)
    retried = theory.expect(scenario(agent(tries=TriesSettings(most=5)), backend(quality=0.6), outcome=OutcomeSettings(correlation=0.4)))
    tries, success = theory.retries(success=0.6, tries=5, correlation=0.4)
    assert retried.values["calls"] == pytest.approx(10 * tries, rel=1e-9)
    assert retried.values["success_rate"] == pytest.approx(success, rel=1e-9)


def test_a_planted_error_of_two_per_cent_shows() -> None:
    world = SURE["loop"]()
    planted = with_(world.market.models["one"], cache_read_usd_per_mtok=1.02)
    world.market = dataclasses.replace(world.market, models={"one": planted})
    assert theory.expect(world).values["cost_usd"] == pytest.approx(sim.simulate(world).mean("cost_usd"), rel=1e-12)
    assert theory.expect(SURE["loop"]()).values["cost_usd"] != pytest.approx(sim.simulate(world).mean("cost_usd"), rel=0.01)


def test_a_result_has_its_theory_beside_it() -> None:
    result = sim.simulate(SURE["loop"]())
    assert result.theory.values["input_tokens"] == result.mean("input_tokens")
    assert isinstance(result.scenario.agent, LoopSettings)
