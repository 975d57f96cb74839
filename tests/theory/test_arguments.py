"""What cannot be is refused by name, with its bounds; what can be at its edge has its value."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from sim import ConfigError, theory
from sim.theory import queues, stations
from sim.theory.arguments import bounded

LOOP: dict[str, Any] = {"base": 20, "growth": 10, "output": 5, "turns": 3}
TREE: dict[str, Any] = {"lead": 5, "worker": 5, "fanout": 2, "depth": 1, "report": 5, "turns_after": 1}
ONLY_LEAD: dict[str, Any] = {"lead": 5}


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (lambda: theory.loop_tokens(**LOOP | {"base": -5}), "base=-5: must be at least 0"),
        (
            lambda: theory.tree_tokens(**ONLY_LEAD),
            "tree_tokens: missing a required argument: 'worker'; takes lead=, worker=, fanout=, depth=, report=, turns_after= by name",
        ),
        (
            lambda: theory.tree_tokens(**TREE),
            "tree_tokens: lead takes Tokens, not int",
        ),
        (lambda: theory.loop_tokens(**LOOP | {"turns": -3}), "turns=-3: must be at least 0"),
        (lambda: theory.loop_tokens(**LOOP | {"growth": math.nan}), "growth=nan: must be a number"),
        (lambda: theory.loop_tokens(**LOOP | {"output": "5"}), "output='5': must be a number"),
        (lambda: theory.chat_tokens(exchanges=2, system=1, first=1, message=1, answer=-1), "answer=-1: must be at least 0"),
        (lambda: theory.cache_split(base=1, growth=1, turns=2, miss=3), "miss=3: must be from 0 to 1"),
        (lambda: theory.compacted_tokens(**LOOP | {"window": 50, "summary": 200}), "window=50: must be at least 220"),
        (lambda: theory.divided_tokens(**LOOP | {"workers": 0, "warmup": 0, "report": 0, "reads": 0}), "workers=0: must be a whole number"),
        (lambda: theory.pairs_geometric(0.5), "mean=0.5: must be at least 1"),
        (lambda: theory.reads_overtake_writes(read=0, write=1), "read=0: must be above 0"),
        (lambda: theory.miss_exponential(-300, 60), "ttl_s=-300: must be at least 0"),
        (lambda: theory.cost_per_success(success=0, cost_right=1, cost_wrong=1), "success=0: must be above 0 and at most 1"),
        (lambda: theory.majority(success=0.5, tries=0), "tries=0: must be a whole number of at least 1"),
        (lambda: theory.retries(success=0.5, tries=2, correlation=2), "correlation=2: must be from 0 to 1"),
        (lambda: theory.both_succeed(0.5, 0.5, 5), "correlation=5: must be from 0 to 1"),
        (lambda: theory.phi_of(1, 0.5, 0), "first=1, second=0.5: must lie between 0 and 1"),
        (lambda: theory.logit_share(gain=-1, extra_cost=-2, scale=0), "scale=0: must be above 0"),
        (lambda: theory.longest_gamma(-1, 2, 5), "many=-1: must be at least 0"),
        (lambda: theory.longest_of(workers=True, mean=1), "workers=True: must be a number"),
        (lambda: queues.erlang_c(offered=-1, slots=2), "offered=-1: must be at least 0"),
        (lambda: stations.closed_line(users=0, think_s=1, service_s=1), "users=0: must be a whole number of at least 1"),
        (lambda: stations.fork_join(rate=-1, service_s=1), "rate=-1: must be at least 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(formula: Callable[[], object], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        formula()
    assert str(error.value).startswith(told)


def test_the_edges_can_be() -> None:
    """Base 20, growth 10: prompts of 20, 30 and 40 tokens; steps that never fail last all turns; losses may be gains."""
    assert theory.loop_tokens(**LOOP) == (90, 15, 3)
    assert theory.loop_tokens(**LOOP | {"turns": 0}) == (0, 0, 0)
    assert theory.turns_until_lost(step=1, turns=7) == 7
    assert theory.logit_share(gain=-1, extra_cost=-1, scale=1) == 0.5
    assert theory.cost_per_success(success=1, cost_right=2, cost_wrong=3) == 2


def test_every_formula_of_numbers_is_bounded() -> None:
    """What is left out says of itself what it takes, takes no number, or gives nan for what is unknown."""
    exempt = {"expect", "fleet_of", "together", "pairs_of", "bass_share", "cost_per_hour"}
    formulas = {name: getattr(theory, name) for name in theory.__all__ if name[0].islower()}
    assert {name for name, each in formulas.items() if callable(each) and not hasattr(each, "__wrapped__")} == exempt


def test_what_may_be_left_out_may_be_none() -> None:
    @bounded(counts="many")
    def formula(many: int | None = None, *, much: float = 1.0) -> tuple[object, float]:
        return many, much

    assert formula() == formula(None) == (None, 1.0)
    assert formula(2, much=0) == (2, 0)
    with pytest.raises(ConfigError, match=r"^much=None: must be a number$"):
        formula(much=None)  # type: ignore[arg-type]
