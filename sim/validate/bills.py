"""Measured bills and successes: what the settings were fitted on, and what they predict of a harness that was left out."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from typing import Any

from sim import theory
from sim.results.simulate import simulate
from sim.scenario.load import load
from sim.settings.market import BackendSettings, CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.run import Log
from sim.settings.tries import TriesSettings
from sim.settings.work import Work, WorkChoice
from sim.validate.target import Check, Kind, Target, agent, many, within, world

OPUS = "claude_opus_4_6"
HARNESSES = {"mini_v2": "swe_task", "openhands": "swe_task_openhands"}
"""And the agent that does a task as in it."""
NOISE = 0.8
"""Root mean square of the logarithm of the factor by which two harnesses differ in a model's bill over Claude Opus 4.6's: six models."""
TASKS = 120
"""The same tasks for each model (common random numbers), so the ratio of two bills needs few."""
GUESSED = "its turns are a guess or another model's, and its bills in the two harnesses differ by more than a factor of two beyond them"
UNKNOWN_PRICE = "the prices behind its bills are not known; a version of mini-SWE-agent before, it cost a sixteenth of this bill"
MISSED = {"kimi_k2_5": GUESSED, "glm_5": GUESSED, "deepseek_v3_2": UNKNOWN_PRICE}
"""Models that one harness's bills do not predict in the other."""


def task_usd(harness: str, model: str, work: WorkChoice, *overrides: str) -> float:
    """The bill of a task done as in a harness, with a model's work as another may support it; no call fails."""
    scenario = load(f"agent={HARNESSES[harness]}", f"backends=[{model}]", f"workload.tasks={TASKS}", "replications=1", *overrides)
    scenario.market.models[model].error_rate = 0.0
    return simulate(replace(scenario, work=work, processes=1, log=Log.none)).mean("cost_per_task_usd")


def own_turns(*overrides: str) -> list[Target]:
    """MiniMax M2.5 in the harness where turns were counted: its turns and the price list, without a look at its bill."""
    turns = WorkChoice(Work.own_turns, "mini_v2")
    opus, ours = (task_usd("mini_v2", name, turns, *overrides) for name in (OPUS, "minimax_m2_5"))
    return [
        Target(
            name="mini v2, own turns: Opus 4.6 / MiniMax M2.5", target=7.6, ours=opus / ours, margin=0.15,
            source="0.552 and 0.073 USD a task of SWE-bench Verified, mini-SWE-agent 2.0.0", made=Kind.predicted,
            basis="28.9 and 60.5 calls a task, counted there; list prices; a task's size, fitted on Opus 4.6's bill there",
        )
    ]  # fmt: skip


def left_out() -> list[Target]:
    """Each harness's bills, predicted from those of the other."""
    models = load().market.models
    ratios: dict[tuple[str, str], tuple[float, float]] = {}
    for harness in HARNESSES:
        (other,) = HARNESSES.keys() - {harness}
        opus = task_usd(harness, OPUS, WorkChoice(Work.measured, other))
        for name in _in_both(models):
            ours = opus / task_usd(harness, name, WorkChoice(Work.measured, other))
            ratios[harness, name] = (1 / (models[name].works[harness].bill or math.nan), ours)
    return compared(ratios, {name: models[name].label for name in models})


def _in_both(models: dict[str, BackendSettings]) -> list[str]:
    """Models with a bill in each harness, one backend each; the reference is none."""
    routes = ("minimax_m2_5_launch", "minimax_m2_5_openrouter")
    billed = [name for name, model in models.items() if all(each in model.works and model.works[each].bill for each in HARNESSES)]
    return [name for name in billed if name not in (OPUS, *routes)]


def compared(ratios: dict[tuple[str, str], tuple[float, float]], labels: dict[str, str]) -> list[Target]:
    """The rows, of (measured, predicted) ratios by harness and model: each within the noise of one, all together within that of all."""
    basis = "words and discount as bills in the other harness support them, turns as counted in mini v2 or guessed; the task as in this one"
    source = "leaderboards of mini-SWE-agent 2.0.0; github OpenHands/openhands-index-results 3015ac6"
    asked: dict[str, Any] = {"source": source, "made": Kind.predicted, "basis": basis}
    rows = [
        Target(
            name=f"{harness} left out: Opus 4.6 / {labels[name]}", target=measured, ours=ours, missed=MISSED.get(name, ""),
            **within(math.exp(NOISE), measured), **asked,
        )
        for (harness, name), (measured, ours) in ratios.items()
    ]  # fmt: skip
    errors = [math.log(ours / measured) ** 2 for measured, ours in ratios.values()]
    rms = math.sqrt(sum(errors) / len(errors))
    return [*rows, Target(name="a harness left out: rms of ln, all of these", target=NOISE, ours=rms, low=0.0, high=NOISE, **asked)]


def cascade() -> list[Target]:
    """V5: MiniMax M2.5, then Claude Opus 4.6 with a perfect check, on the 500 tasks of one harness.

    A hard task takes more turns (`effort`), so it costs Opus more where M2.5 has failed: correlation and effort are fitted on this pair.
    """
    flat: dict[str, Any] = {"turns": 40, "output_tokens": 1, "tool_result_tokens": 0, "reasoning_share": 1.0}

    def priced(quality: float, usd: float) -> BackendSettings:
        each = usd / 40 / 2001 * 1e6
        plain = world(agent()).market.models["one"]
        return replace(plain, quality=quality, input_usd_per_mtok=each, output_usd_per_mtok=each, cache=CacheKind.none)

    pair = {"weak": priced(0.726, 0.0993), "strong": priced(0.768, 0.772)}
    tried = agent(tries=TriesSettings(most=2, backends=["weak", "strong"]), **flat)
    found = many(world(tried, pair, outcome=OutcomeSettings(correlation=0.87, effort=0.43)), 1500)
    make = functools.partial(
        Target, source="github OpenHands/openhands-index-results 3015ac6", made=Kind.fitted,
        basis="both models' successes and first published bills, and how their failures and bills go together, on these 500 tasks",
    )  # fmt: skip
    return [
        make(name="V5 cascade: success", target=0.814, ours=found.mean("success_rate"), margin=0.03),
        make(name="V5 cascade: USD a success", target=0.53, ours=found.mean("cost_per_success_usd"), margin=0.05),
        make(name="V5 phi of the pair", target=0.65, ours=theory.phi_of(0.726, 0.768, 0.87), margin=0.03),
    ]


CHECKS: list[Check] = [own_turns, left_out, cascade]
