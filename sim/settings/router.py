"""How a backend is chosen, as it is set; `sim.router.router` does it. Each policy says what it knows."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from sim.settings.bounds import setting


class Policy(enum.Enum):
    """None of them knows a task's difficulty, a draw or how busy a backend is; those that forecast know the profile (one try), the price
    lists of the moment, speed and quality at the forecast length."""

    fixed = "fixed"
    cheapest = "cheapest"
    """Least list price of the prompt at hand; knows price lists and prompt lengths."""
    weighted = "weighted"
    price_weighted = "price_weighted"
    """Shares by the inverse square of the list price, as OpenRouter spreads requests (from memory: assumption); knows price lists."""
    by_role = "by_role"
    meets_floor = "meets_floor"
    """Least forecast bill of a task among the backends of at least `quality_floor`."""
    cost_per_success = "cost_per_success"
    """Least forecast bill of a task over its chance to be solved."""
    most_value = "most_value"
    """Most value x chance - forecast bill - wage x forecast time (`outcome.value_usd`, `outcome.wage_usd_per_h`)."""
    logit = "logit"
    """Shares exp(that / `scale_usd`): people differ in tastes worth about so many dollars (F17)."""
    logit_log = "logit_log"
    """Shares exp(value x chance / `scale_usd`) x bill^-`elasticity`: only ratios of bills count."""

    thompson = "thompson"
    """Learns what tasks cost and bring, draws what is likely (`sim.router.bandit`); knows its own history alone. Needs per=task."""
    ucb = "ucb"
    """Learns the same, takes what could be best."""
    custom = "custom"
    """Yours: `custom` names a function, `my_module:my_policy`, that takes `sim.router.knowledge.Knowledge` and returns the choice."""


class ChoosePer(enum.Enum):
    """How long a choice holds."""

    agent = "agent"
    call = "call"
    task = "task"


class Tastes(enum.Enum):
    """Whose likings make people differ in a logit."""

    task = "task"
    """Each task's anew: one user is now of this mind, now of that."""
    user = "user"
    """A user's, for good: who likes a backend stays until another gets better by more than that (needs workload.kind=users)."""


@dataclass
class RouterSettings:
    """Which backend takes a call."""

    policy: Policy = Policy.fixed
    per: ChoosePer = ChoosePer.agent
    """A choice holds for an agent's life, for a whole task, or is made anew for each call (and loses the cache when it moves)."""
    knows_cache: bool = False
    """cheapest: knows what of the prompt each backend keeps, so that a move which loses the cache has its price."""
    backend: str | None = None
    """fixed: the one to use; null: the first of `backends`."""
    weights: dict[str, float] = setting({}, low=0)
    """weighted: share of choices by backend id; absent means 0, none given means equal shares."""
    roles: dict[str, str] = field(default_factory=dict)
    """by_role: backend id for chat, agent, lead, worker and verifier; a role not named takes `backend`."""
    quality_floor: float = setting(0.0, low=0, high=1)
    """meets_floor: the least quality; where none reaches it, the best is taken."""
    scale_usd: float = setting(1.0, above=0)
    """logit, logit_log: spread of tastes, in dollars a task."""
    elasticity: float = setting(1.0, low=0)
    """logit_log: by how many per cent odds fall when a bill rises by one."""
    tastes: Tastes = Tastes.task
    memory_tasks: float | None = setting(None, above=1)
    """thompson, ucb: a reward counts 1/e after so many others; null: for ever."""
    custom: str = ""
    fallback: list[str] = field(default_factory=list)
    """Where an agent goes, and stays, when an attempt fails: the first of these at the first retry, the next at the next."""
    fee: float = setting(0.0, low=0)
    """Surcharge on every bill for going through this router, where the backend's own is not higher: 0.055 = 5.5 %."""
    heard_after_h: dict[str, Any] = field(default_factory=dict)
    """Awareness: hours after the start at which a user hears of a backend (a quantity by backend id); absent: knows it from the start."""
    review_tasks: int | None = setting(None, low=1)
    """Inertia: a user thinks about the backend only every so many tasks, and else stays; null: each time. Needs per=task."""
    switching_cost_usd: float = setting(0.0, low=0)
    """Inertia: a user moves only where the forecast value of a task is higher by so much."""
