"""What a result says of its own numbers: how sure they are, and where not to trust them."""

from __future__ import annotations

import math

from sim.call import Status
from sim.meter.sums import real
from sim.results.estimates import Estimates
from sim.results.hourly.metrics import told as on_servers
from sim.results.monthly.plan import told as of_month
from sim.results.notes.of_backends import kept_prices, same_work
from sim.results.notes.of_engine import clock
from sim.results.notes.of_logs import assumed
from sim.results.notes.of_settings import floor, never, prices, room, together, turns, waits
from sim.results.notes.of_success import given_up, late, success
from sim.results.notes.of_teams import alone, shared
from sim.results.notes.unused import unused
from sim.results.seats.metrics import told as on_seats
from sim.scenario.coupling import told_of_chance
from sim.scenario.scenario import Scenario
from sim.settings.events.event import told
from sim.settings.market import BackendSettings
from sim.settings.profile import AtCap
from sim.settings.run import Warmup
from sim.settings.work import HARNESS_NAMES, Work
from sim.statistics import digits

MUCH_OF_THE_BILL = 0.2
"""The most expensive 1 % of tasks carry this much of the bill, or a tail index below 2: worth a word."""


def notes(scenario: Scenario, estimates: Estimates) -> dict[str, str]:
    """Plain sentences by kind, what was lost first; as there are."""
    said = {
        "lost": _lost(scenario, estimates),
        "late": late(scenario, estimates.pooled),
        "never": never(scenario),
        "plan": on_seats(scenario, estimates.pooled),
        "servers": on_servers(scenario, estimates.pooled),
        "refused": _refused(estimates),
        "given up": given_up(estimates.pooled),
        "teams": shared(scenario, estimates.pooled),
        "alone": alone(scenario, estimates.sample.whole),
        "month": of_month(scenario, estimates.sample),
        "money": _money(estimates),
        "prices": prices(scenario),
        "kept prices": kept_prices(scenario),
        "limits": _limits(scenario, estimates),
        "fallback": _fallback(estimates),
        "events": told(scenario.events, scenario.chosen(), scenario.start_time(), estimates.pooled.ended_s),
        "trace": assumed(scenario, estimates),
        "unused": unused(scenario),
        "same work": same_work(scenario),
        "idle": _idle(scenario, estimates),
        "floor": floor(scenario),
        "room": room(scenario),
        "waits": waits(scenario),
        "turns": turns(scenario),
        "together": together(scenario),
        "chance": told_of_chance(scenario),
        "replications": _alone(estimates),
        "sample": _sample(scenario, estimates),
        "warmup": _warmup(scenario, estimates),
        "precision": _precision(scenario, estimates),
        "tail": _tail(estimates),
        "work": _work(scenario),
        "lump": _lump(scenario),
        "speed": _speed(scenario),
        "caps": _caps(scenario, estimates),
        "success": success(scenario),
        "engine": clock(scenario, estimates.pooled),
    }
    return {kind: text for kind, text in said.items() if text}


def _lost(scenario: Scenario, estimates: Estimates) -> str:
    """Work that ended without an answer: before anything else, since what looks cheap there was not done."""
    pooled = estimates.pooled
    if not pooled.lost:
        return ""
    attempts, value = scenario.retry.attempts, estimates.sample.whole
    too_long = int(pooled.attempts[:, Status.too_long].sum())
    unpaid = int(pooled.attempts[:, Status.cancelled].sum())
    tried = pooled.given_up - too_long - unpaid
    why = [
        f"prompts longer than the context window: {too_long:,}" if too_long else "",
        f"{tried:,} calls were given up after {attempts} attempts at most" if tried else "",
        f"{_share(value['rate_limited_share'])} of attempts were turned away (429)" if value["rate_limited_share"] else "",
        f"{_share(value['timeout_share'])} were withdrawn: too long in line, or without the whole answer in time"
        if value["timeout_share"]
        else "",
        f"{pooled.blocked:,} tasks were refused for want of money (budget)" if pooled.blocked else "",
        f"{unpaid:,} calls were refused for want of money (budget)" if unpaid else "",
        f"{pooled.capped:,} came to a cap" if pooled.capped else "",
    ]
    because = f" ({'; '.join(said)})" if (said := [each for each in why if each]) else ""
    lost_usd, usd = (pooled.replications * value[name] for name in ("lost_usd", "cost_usd"))
    bill = f"${digits(lost_usd, 4)} of ${digits(usd, 4)} went into them"
    if pooled.lost == pooled.tasks:
        return f"Work was lost: all {pooled.tasks:,} tasks, all replications together, ended without an answer{because}; {bill}."
    return (
        f"Work was lost: {pooled.lost:,} of {pooled.tasks:,} tasks, all replications together, ended without an answer{because}; {bill}. "
        "Dollars and tokens per task are low there because work was not done: see dollars per solved and per finished task."
    )


def _refused(estimates: Estimates) -> str:
    """Attempts that were turned away, where no task was lost by it."""
    pooled, value = estimates.pooled, estimates.sample.whole
    if pooled.lost or not value["rate_limited_share"] > 0:
        return ""
    attempts, calls = (_share(value[name]) for name in ("rate_limited_share", "refused_share"))
    return (
        f"Rate limits or full queues turned away {attempts} of attempts (429), {calls} of calls at least once; no task was lost by it. "
        f"A call waits {digits(value['mean_wait_s'], 3)} s on average, one in 20 longer than {digits(value['wait_p95_s'], 3)} s."
    )


def _share(part: float) -> str:
    """Two digits, but 100 % is no 1e+02 %."""
    return f"{digits(100 * part, 2)} %" if part < 0.995 else f"{100 * part:.0f} %"


def _money(estimates: Estimates) -> str:
    """Tasks that waited until there was money again: hours that no wait of a call shows."""
    pooled = estimates.pooled
    if not pooled.waits.money_tasks:
        return ""
    hours = real(pooled.waits.money_units) / pooled.waits.money_tasks / 3600
    return (
        f"Budgets made {pooled.waits.money_tasks:,} of {pooled.tasks:,} ended tasks, all replications together, wait for money: "
        f"{digits(hours, 3)} hours each on average. That is in the times of tasks, and not in the waits of calls."
    )


def _limits(scenario: Scenario, estimates: Estimates) -> str:
    """Whether limits on tokens count what was read from the cache: for agents that is most of it."""
    reads = estimates.sample.whole["cache_hit_rate"]
    limited = {name: model for name, model in scenario.chosen().items() if _limits_tokens(model)}
    if not limited or not 0 < reads < 1:
        return ""
    said = []
    for counts, words in ((False, "do not count"), (True, "count")):
        named = [model.label or name for name, model in limited.items() if model.limits_count_cache_reads is counts]
        if named:
            said.append(f"Limits on tokens of {', '.join(named)} {words} cache reads (limits_count_cache_reads={str(counts).lower()}).")
    times = digits(1 / (1 - reads), 2)
    return f"{' '.join(said)} They are {100 * reads:.0f} % of all prompts: counted, input takes {times} times the quota."


def _limits_tokens(model: BackendSettings) -> bool:
    names = ("input_tokens_per_min", "tokens_per_min", "input_tokens", "tokens")
    return any(getattr(limit, name, None) is not None for limit in (model, *model.quotas.values()) for name in names)


def _fallback(estimates: Estimates) -> str:
    """Calls that went to another backend, and what the moves cost."""
    pooled, value = estimates.pooled, estimates.sample.whole
    switches = pooled.switches
    if not switches.calls:
        return ""
    gone = f"{switches.calls:,} of {pooled.requested:,} calls ({digits(100 * value['fallback_share'], 2)} %)"
    cold = f"{switches.moves:,} moves in the middle of a session, there and back, found {switches.cold_tokens:,} tokens cold"
    return f"Fallback took {gone}; {cold}: about ${digits(switches.cold_usd, 3)} more than reading them from the cache."


def _idle(scenario: Scenario, estimates: Estimates) -> str:
    """Backends that no call went to, but for those that stand by for others."""
    pooled, router = estimates.pooled, scenario.router
    stand_by = {*router.fallback, *(one.downgrade_to for one in scenario.all_budgets()), *scenario.agent.tries.backends}
    asked = pooled.attempts.sum(axis=1)
    idle = [name for name, calls in zip(scenario.backends, asked, strict=True) if not calls and name not in stand_by]
    if not idle or not pooled.requested:
        return ""
    labels = ", ".join(scenario.market.models[name].label or name for name in idle)
    return f"No call went to {labels} (router.policy={router.policy.value})."


def _alone(estimates: Estimates) -> str:
    return "" if len(estimates.tallies) > 1 else "One replication gives no intervals: set replications=5, or precision=0.02."


def _sample(scenario: Scenario, estimates: Estimates) -> str:
    """Where only some of the shards were run: how many tasks the totals rest on."""
    run, shards = scenario.shards_run, scenario.shards
    if run is None or run == shards:
        return ""
    tasks, times = estimates.pooled.tasks, shards / run
    simulated = f"A sample: {tasks:,} tasks were simulated, {run} of {shards} shards"
    return f"{simulated}, and totals are {digits(times, 4)} times theirs; peaks, scaled so, are too high."


def _warmup(scenario: Scenario, estimates: Estimates) -> str:
    """What was left out at the start, and who says so."""
    pooled = estimates.pooled
    if scenario.warmup is Warmup.none:
        return ""
    why = " (MSER-5 on the task latencies of a pilot run)" if scenario.warmup is Warmup.mser5 else ""
    if not pooled.cut_s:
        return f"No warm-up had to be left out{why}."
    of = f"{pooled.left_out:,} of {pooled.left_out + pooled.tasks:,} tasks"
    return f"Warm-up: the first {digits(pooled.cut_s, 4)} s are left out{why}, and with them {of}."


def _precision(scenario: Scenario, estimates: Estimates) -> str:
    """Whether the asked precision was reached, or the cap came first: of which metrics, and how wide they are."""
    asked, n = scenario.precision, len(estimates.tallies)
    if asked is None:
        return ""
    wide = {name: width for name, width in estimates.widths.items() if not width <= asked}
    if not wide:
        return f"{n} replications: every headline is known to within {_percent(asked)}."
    told = ", ".join(f"{name} {_percent(width)}" for name, width in sorted(wide.items(), key=lambda item: -item[1]))
    return f"Stopped at {n} replications, the most allowed, before all headlines were within {_percent(asked)}: {told}."


def _percent(width: float) -> str:
    return f"±{digits(100 * width, 2)} %" if math.isfinite(width) else "of unknown width"


def _tail(estimates: Estimates) -> str:
    """A bill that few tasks make up: its intervals need more tasks than they seem to."""
    share, index = (estimates.sample.whole[name] for name in ("dearest_1pct_cost_share", "cost_tail_index"))
    if not (share >= MUCH_OF_THE_BILL or index < 2):
        return ""
    why = "; below 2 costs have no variance, and no interval of a mean can be trusted" if index < 2 else ""
    return (
        f"The most expensive 1 % of tasks carry {100 * share:.0f} % of the bill (tail index {digits(index, 2)}{why}): "
        f"with {estimates.pooled.tasks:,} tasks, means and their intervals rest on few of them."
    )


def _work(scenario: Scenario) -> str:
    """Where work depends on the model: whose bills say so, and how far harnesses disagree."""
    work = scenario.work_taken
    if work.kind is Work.same:
        billed = [model.label or name for name, model in scenario.chosen().items() if model.works]
        told = scenario.work.kind is Work.same and len(billed) > 1
        return f"The same work on every backend (work=same): bills say that {', '.join(billed)} differ in it." if told else ""
    models = {name: scenario.market.models[name] for name in scenario.backends}
    of = "Turns" if work.kind is Work.own_turns else "Turns, words and cache discounts"
    taken = {name: work.found(model) for name, model in models.items()}
    harnesses: dict[str, list[str]] = {}
    for name, found in taken.items():
        if found is not None:
            harnesses.setdefault(found[0], []).append(f"{models[name].label or name} ({found[1].sure})")
    said = [
        f"{of} as bills in {HARNESS_NAMES.get(harness, harness)} support them: {', '.join(names)}." for harness, names in harnesses.items()
    ]
    missing = ", ".join(models[name].label or name for name, found in taken.items() if found is None)
    if missing:
        said.append(f"No measured bills for {missing}: same work assumed.")
    apart = [f"{model.label or name} {digits(factor, 2)}-fold" for name, model in models.items() if (factor := _disagreement(model)) > 1]
    if apart and work.kind is Work.measured:
        said.append(f"Harnesses differ in the bill, over that of Claude Opus 4.6: {', '.join(apart)}.")
    return " ".join(said)


def _lump(scenario: Scenario) -> str:
    """Where a bill is met by words that nobody has counted."""
    words = {name: scenario.work_taken.uncounted(scenario.market.models[name]) for name in scenario.backends}
    labels = {name: scenario.market.models[name].label or name for name in words}
    wordy = [f"{labels[name]} {digits(times, 2)}-fold" for name, times in words.items() if times is not None]
    if not wordy:
        return ""
    counted = f"words that nobody has counted ({', '.join(wordy)})"
    return f"Bills are met by {counted}: dollars are measured, output tokens and seconds there are not."


def _speed(scenario: Scenario) -> str:
    """Where nobody has measured how fast a backend is."""
    guessed = [model.label or name for name, model in scenario.chosen().items() if model.speed_sure == "A"]
    return f"Speeds of {', '.join(guessed)} are assumed, not measured (A in conf/backend): so are seconds there." if guessed else ""


def _disagreement(model: BackendSettings) -> float:
    """Largest over smallest bill of a model, over harnesses."""
    bills = [each.bill for each in model.works.values() if each.bill is not None]
    return max(bills) / min(bills) if bills else 1.0


def _caps(scenario: Scenario, estimates: Estimates) -> str:
    """How many tasks came to a cap on their agents or tokens, and what became of them."""
    agent, pooled = scenario.agent, estimates.pooled
    if not pooled.capped:
        return ""
    caps = {"agent.max_agents": agent.max_agents, "agent.max_tokens": agent.max_tokens}
    which = " or ".join(f"{name}={most:,}" for name, most in caps.items() if most is not None)
    then = "they ended there, unfinished" if agent.at_cap is AtCap.stop else "agents were left out, and later stages had what there was"
    return f"Caps: {pooled.capped:,} of {pooled.tasks:,} tasks came to {which}: {then}."
