"""The agent's closed forms against the simulator: equal to the token where nothing varies, within a margin where chance is in it."""

from __future__ import annotations

import dataclasses
from typing import Any

from sim import theory
from sim.results.metrics import metrics
from sim.results.simulate import simulate
from sim.settings.agent import AgentKind, Split
from sim.settings.budget import At, BudgetSettings, Per
from sim.settings.market import CacheKind
from sim.settings.outcome import OutcomeSettings
from sim.settings.profile import LoopSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.tries import Pick, TriesSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.validate.target import SIZES, Check, Target, agent, backend, many, near, world

B, G, O = 2000, 1000, 300  # noqa: E741
CHANCE = 0.04
"""Margin where something is drawn: over two standard errors of what is run here, under what a mistake in a formula makes."""


def tokens() -> list[Target]:
    """F1 to F6: what is sent."""
    chat = agent(kind=AgentKind.chat, turns=1, requests=7, request_tokens=120)
    talk = theory.chat_tokens(exchanges=7, system=1500, first=500, message=120, answer=O)
    split = theory.cache_split(base=B, growth=G, turns=10)
    loop = theory.loop_tokens(base=B, growth=G, output=O, turns=10)
    found = simulate(world(agent()))
    squeezed = simulate(world(agent(turns=41, compact_at_tokens=10_000, summary_tokens=800)))
    short = theory.compacted_tokens(base=B, growth=G, output=O, turns=41, window=10_000, summary=800)
    lead, worker = (theory.loop_tokens(base=B, growth=G, output=O, turns=turns) for turns in (6, 5))
    five = LoopSettings(**SIZES | {"turns": 5})
    team = agent(kind=AgentKind.orchestrator, turns=6, worker=five, fanout=3, depth=3, spawn_after_turn=2, report_tokens=150)
    tree = theory.tree_tokens(lead=lead, worker=worker, fanout=3, depth=3, report=150, turns_after=4)
    job = LoopSettings(**SIZES | {"turns": 80})
    sharing = agent(
        kind=AgentKind.orchestrator, turns=3, worker=job, fanout=7, spawn_after_turn=2, report_tokens=150,
        split=Split.divide, warmup_turns=2,
    )  # fmt: skip
    shares = theory.divided_tokens(base=B, growth=G, output=O, turns=80, workers=7, warmup=2, report=150, reads=1)
    three = theory.loop_tokens(base=B, growth=G, output=O, turns=3)
    return [
        near("F1 chat, input tokens", talk.input, simulate(world(chat)).mean("input_tokens")),
        near("F2 loop, input tokens", loop.input, found.mean("input_tokens")),
        near("F4 cache reads, tokens", split.read, found.mean("cache_read_tokens")),
        near("F4 cache writes, tokens", split.write, found.mean("cache_write_tokens")),
        near("F5 compaction, input tokens", short.input, squeezed.mean("input_tokens")),
        near("F6 tree of 27 workers, input tokens", tree.input, simulate(world(team)).mean("input_tokens")),
        near("F6c job divided by 7, input tokens", three.plus(shares).input, simulate(world(sharing)).mean("input_tokens")),
    ]


def turns_and_misses() -> list[Target]:
    """F3, F4b, F4c: random turns, entries that expire."""
    random = many(world(agent(turns={"dist": "geometric", "mean": 8, "high": 40})))
    turns, pairs = theory.turns_truncated(8, 40)
    expected = theory.loop_tokens(base=B, growth=G, output=O, turns=turns, pairs=pairs)
    slow = agent(turns=30, tool_time_s={"dist": "exponential", "mean": 150})
    missed = many(world(slow, backend(ttft_s=0.0)), 200)
    split = theory.cache_split(base=B, growth=G, turns=30, miss=theory.miss_exponential(300, 150))
    held = theory.cache_split(base=20_000, growth=1750, turns=84, miss=0.021)
    coding = agent(system_tokens=19_000, prompt_tokens=1000, tool_result_tokens=1227, output_tokens=523, turns=84, rewrite_rate=0.021)
    return [
        near("F3 geometric turns, tokens a task", expected.total, random.mean("tokens_per_task"), CHANCE),
        near("F4b misses, tokens read", 200 * split.read, missed.mean("cache_read_tokens"), CHANCE),
        near("F4c hit rate, 84 turns, 2.1 % misses", held.hit_rate, many(world(coding), 50).mean("cache_hit_rate"), 0.01),
    ]


def tries() -> list[Target]:
    """F7 to F12: retries, backoff, verifiers, cascades, hazards."""
    served, shared = backend(quality=0.6), OutcomeSettings(correlation=0.5)

    def tried(settings: TriesSettings, outcome: OutcomeSettings | None = None, turns: int = 1) -> dict[str, float]:
        result = many(world(agent(turns=turns, tries=settings), served, outcome=outcome or OutcomeSettings()))
        return {name: result.mean(name) for name in ("calls_per_task", "success_rate", "cost_per_success_usd", "input_tokens")}

    five, again = tried(TriesSettings(most=5), shared), tried(TriesSettings(most=3))
    unit = 2300e-6
    kept = theory.reflexion_tokens(base=B, growth=G, output=O, turns=6, success=0.6, tries=4, kept=1500)
    failing = world(agent(turns=1), backend(error_rate=0.4, ttft_s=0.0), retry=RetrySettings(attempts=5, backoff_base_s=2, backoff_cap_s=6))
    judge: dict[str, Any] = {"true_positive": 0.8, "false_positive": 0.3}
    checked, chosen = tried(TriesSettings(most=5, **judge)), tried(TriesSettings(most=5, parallel=True, **judge))
    judged: dict[str, Any] = {"success": 0.6, "tries": 5, **judge}
    reflected = tried(TriesSettings(most=4, keep_tokens=1500), turns=6)
    vote = tried(TriesSettings(most=5, parallel=True, pick=Pick.majority))
    pair = {"weak": backend(quality=0.726), "strong": backend(quality=0.768)}
    weak_first = TriesSettings(most=2, backends=["weak", "strong"])
    both = many(world(agent(turns=1, tries=weak_first), pair, outcome=OutcomeSettings(correlation=0.87)))
    long = tried(TriesSettings(), OutcomeSettings(length_exponent=0.6, reference_turns=10), turns=20)
    wait = theory.backoff_wait(failure=0.4, attempts=5, base_s=2, cap_s=6)
    return [
        near("F7 tries, shared difficulty", theory.retries(success=0.6, tries=5, correlation=0.5)[0], five["calls_per_task"], CHANCE),
        near("F7 success, shared difficulty", theory.retries(success=0.6, tries=5, correlation=0.5)[1], five["success_rate"], CHANCE),
        near(
            "F7 USD a success, whatever the limit", theory.cost_per_success(success=0.6, cost_right=unit, cost_wrong=unit),
            again["cost_per_success_usd"], CHANCE,
        ),
        near("F7c reflexion, input tokens", 2000 * kept.input, reflected["input_tokens"], CHANCE),
        near("F8 backoff, seconds a call", wait, many(failing).mean("backoff_wait_s"), CHANCE),
        near("F9 best of five, success", theory.best_of(**judged), chosen["success_rate"], CHANCE),
        near("F9 majority of five, success", theory.majority(success=0.6, tries=5), vote["success_rate"], CHANCE),
        near("F10 verify loop, tries", theory.verify_tries(**judged), checked["calls_per_task"], CHANCE),
        near("F11 cascade, success", theory.cascade(first=0.726, second=0.768, correlation=0.87)[0], both.mean("success_rate"), CHANCE),
        near("F12 twice the length, success", 0.6 ** (2**0.6), long["success_rate"], CHANCE),
    ]  # fmt: skip


def money_and_time() -> list[Target]:
    """F13, F15, F17, F18, and debates."""
    plain = agent(turns=1, output_tokens={"dist": "exponential", "mean": 2000})
    limit = 400 * 4000e-6
    spent = many(world(plain, budget=BudgetSettings(usd=limit, per=Per.run, at=At.task)), 1000, 24)
    begun = theory.tasks_until_spent(budget=limit, mean=4000e-6, sd=2000e-6)
    slow = LoopSettings(**SIZES | {"turns": 2, "tool_time_s": {"dist": "exponential", "mean": 100}})
    team = many(world(agent(kind=AgentKind.orchestrator, turns=1, worker=slow, fanout=8), backend(ttft_s=0.0)), 600)
    board = theory.debate_tokens(base=B, answer=O, debaters=3, rounds=4)
    debate = simulate(world(agent(kind=AgentKind.debate, fanout=3, turns=4)))
    pair = {
        "dear": backend(quality=0.9, input_usd_per_mtok=100.0, cache=CacheKind.none),
        "cheap": backend(quality=0.7, cache=CacheKind.none),
    }
    router = RouterSettings(policy=Policy.logit, per=ChoosePer.task, scale_usd=2.0)
    choosing = world(agent(), pair, router=router, outcome=OutcomeSettings(value_usd=25.0))
    share = metrics(choosing)["token_share.dear"]
    tallies = many(choosing).tallies
    taken = sum(share(tally) for tally in tallies) / len(tallies)
    p, q, month_s = 1e-7, 1e-6, 30 * 86_400.0
    people = WorkloadSettings(kind=WorkloadKind.users, users=4000, session_gap_s={"dist": "bass", "p": p, "q": q})
    spread = many(dataclasses.replace(world(agent(turns=1), horizon_s=month_s), workload=people))
    adopted = sum(tally.started_tasks for tally in spread.tallies) / len(spread.tallies) / 4000
    return [
        near("F13 tasks until a budget is spent", begun, 1000 - spent.mean("tasks_blocked"), 0.02),
        near(
            "F15 last of 8 exponential workers, seconds", theory.longest_of(workers=8, mean=100), team.mean("task_latency_mean_s"), CHANCE
        ),
        near("F9 debate, input tokens", board.input, debate.mean("input_tokens")),
        near("F17 logit share of the dear one", theory.logit_share(gain=5, extra_cost=65_000 * 99e-6, scale=2.0), taken, CHANCE),
        near("F18 share of users won in a month", theory.bass_share(month_s, p=p, q=q), adopted, CHANCE, "Bass 1969"),
    ]


CHECKS: list[Check] = [tokens, turns_and_misses, tries, money_and_time]
