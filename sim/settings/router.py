"""How a backend is chosen, as it is set; `sim.router.router` does it. Each policy says what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.settings.bounds import alone, setting, twin
from sim.settings.traits import ALONE, TWIN, Feature, Traits

_CHOOSES = ALONE._replace(unsolved="router {value}: which backend it takes")
_FORECASTS = _CHOOSES._replace(forecasts=True)
_LEARNS = _CHOOSES._replace(
    random_numbers=True, remembers=True, learns=True, undealt="router.policy={value} learns from all tasks together"
)


_FALLS_BACK = ALONE._replace(looks=True, remembers=True, undealt="{key} counts the failures of all tasks together")


def _by_draw(router: RouterSettings) -> Traits:
    """A mixture of tasks is solved, as long as a task stays where it was drawn."""
    stays = router.per is ChoosePer.task and not router.fallback and not router.review_tasks
    return (TWIN if stays else _CHOOSES._replace(twin=True))._replace(random_numbers=True)


class Policy(Feature):
    """None of them knows a task's difficulty, a draw or how busy a backend is; those that forecast know what a task costs
    and takes alone on each backend (one try, by simulation: `sim.engine.pilot`), the price lists of the moment, and quality."""

    fixed = "fixed", TWIN
    """Always the same: `backend`, or the first of `backends`."""
    cheapest = "cheapest", _CHOOSES
    """Least list price of the prompt at hand; knows price lists and prompt lengths."""
    weighted = "weighted", _by_draw
    """Shares of agents, by chance: `weights`."""
    price_weighted = "price_weighted", _CHOOSES._replace(random_numbers=True)
    """Shares by the inverse square of the list price, as OpenRouter spreads requests (from memory: assumption); knows price lists."""
    by_role = "by_role", TWIN
    """By what an agent is to its task: `roles`."""
    meets_floor = "meets_floor", _FORECASTS
    """Least forecast bill of a task among the backends of at least `quality_floor`."""
    cost_per_success = "cost_per_success", _FORECASTS
    """Least forecast bill of a task over its chance to be solved."""
    most_value = "most_value", _FORECASTS
    """Most value x chance - forecast bill - wage x forecast time (`outcome.value_usd`, `outcome.wage_usd_per_h`)."""
    logit = "logit", _FORECASTS._replace(random_numbers=True)
    """Shares exp(that / `scale_usd`): people differ in tastes worth about so many dollars (F17)."""
    logit_log = "logit_log", _FORECASTS._replace(random_numbers=True)
    """Shares exp(value x chance / `scale_usd`) x bill^-`elasticity`: only ratios of bills count."""

    thompson = "thompson", _LEARNS
    """Learns what tasks cost and bring, draws what is likely (`sim.router.bandit`); knows its own history alone. Needs per=task."""
    ucb = "ucb", _LEARNS
    """Learns the same, takes what could be best."""
    recorded = "recorded", ALONE
    """Each call of a trace at the backend of the model that its log names (`sim.backends.models`); `backends` are those that it takes,
    and the first of them has the calls that name no model."""
    custom = "custom"
    """Yours: `custom` names a function, `my_module:my_policy`, that takes `sim.router.knowledge.Knowledge` and returns the choice."""


class ChoosePer(Feature):
    """How long a choice holds."""

    agent = "agent", TWIN
    """For an agent's life."""
    call = "call", TWIN
    """For one call: a move loses the cache."""
    task = "task", TWIN
    """For a whole task, all its agents."""


class Tastes(Feature):
    """Whose likings make people differ in a logit."""

    task = "task", TWIN
    """Each task's anew: one user is now of this mind, now of that."""
    user = "user", ALONE
    """A user's, for good: who likes a backend stays until another gets better by more than that (needs workload.kind=users)."""


@dataclass
class RouterSettings:
    """Which backend takes a call."""

    policy: Policy = Policy.fixed
    """Which backend takes a call; none of them knows a task's difficulty or a draw before it has come."""
    per: ChoosePer = ChoosePer.agent
    """A choice holds for an agent's life, for a whole task, or is made anew for each call (and loses the cache when it moves)."""
    knows_cache: bool = alone(False)
    """cheapest: knows what of the prompt each backend keeps, so that a move which loses the cache has its price."""
    backend: str | None = twin(None)
    """fixed: the one to use; null: the first of `backends`."""
    weights: dict[str, float] = twin({}, low=0)
    """weighted: share of choices by backend id; absent means 0, none given means equal shares."""
    roles: dict[str, str] = twin({})
    """by_role: backend id for chat, agent, lead, worker and verifier; a role not named takes `backend`."""
    models: dict[str, str] = alone({})
    """recorded: backend id by a model's name in the log, where no rule finds it."""
    quality_floor: float = alone(0.0, low=0, high=1)
    """meets_floor: the least quality; where none reaches it, the best is taken."""
    scale_usd: float = alone(1.0, above=0)
    """logit, logit_log: spread of tastes, in dollars a task."""
    elasticity: float = alone(1.0, low=0)
    """logit_log: by how many per cent odds fall when a bill rises by one."""
    tastes: Tastes = Tastes.task
    memory_tasks: float | None = alone(None, above=1)
    """thompson, ucb: a reward counts 1/e after so many others; null: for ever."""
    custom: str = alone("")
    """policy=custom: my_module:my_policy."""
    fallback: list[str] = setting([], traits=_FALLS_BACK)
    """Where a call goes whose attempts fail: to the first of these, then to the next; the agent's next call begins at its own backend again
    (`sim.router.fallback`)."""
    fallback_retries: int = alone(2, low=0, high=50)
    """Retries at a backend before the next one is tried (LiteLLM's default)."""
    allowed_fails: int = alone(3, low=0, high=1_000_000)
    """Calls that may have to leave a backend within a minute before all calls pass it over for a while (LiteLLM's default)."""
    cooldown_s: float = alone(5.0, low=0)
    """How long they do (LiteLLM's default)."""
    fee: float = twin(0.0, low=0)
    """Surcharge on every bill for going through this router, where the backend's own is not higher: 0.055 = 5.5 %."""
    heard_after_h: dict[str, Any] = setting({}, traits=ALONE._replace(unsolved="awareness: who has heard of which backend"))
    """Awareness: hours after the start, or after its launch (`events`), at which a user hears of a backend (a quantity by backend id);
    absent: knows it from the start."""
    review_tasks: int | None = setting(None, low=1, traits=ALONE._replace(remembers=True))
    """Inertia: a user thinks about the backend only every so many tasks, and else stays; null: each time. Needs per=task."""
    switching_cost_usd: float = alone(0.0, low=0)
    """Inertia: a user moves only where the forecast value of a task is higher by so much; 0: wherever the policy sends them."""
