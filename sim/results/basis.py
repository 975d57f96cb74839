"""What formulas of metrics take from the scenario, beside the sums of its runs."""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.theory import chat_tokens


class Basis(NamedTuple):
    """What a formula knows of the scenario."""

    backends: tuple[str, ...]
    """Ids, in the order of the tally's rows."""
    quality_known: bool
    """Whether every backend in use says how often it succeeds; without, nobody knows what is a success."""
    worth_usd: float
    """What a solved task is worth (USD); nan where neither value nor wage is set."""
    wage_usd_per_h: float
    """Of whoever waits for a task (USD/h)."""
    chat_exchanges: int
    """Exchanges of the chat baseline."""
    chat_tokens: float
    """Expected tokens of the chat baseline."""
    stages: tuple[str, ...] = ()
    """Names of a pipeline's stages, in the order of the tally's rows."""
    backend: int = -1
    """Of a metric that there is once a backend: which one, by its place in `backends`."""
    stage: int = -1
    """The same for stages."""


def basis_of(scenario: Scenario) -> Basis:
    """The basis of a scenario's metrics."""
    outcome = scenario.outcome
    return Basis(
        backends=tuple(scenario.backends),
        quality_known=all(backend.quality is not None for backend in scenario.chosen().values()),
        worth_usd=outcome.worth_usd(scenario.agent.helpers) if outcome.value_usd or outcome.wage_usd_per_h else math.nan,
        wage_usd_per_h=outcome.wage_usd_per_h,
        chat_exchanges=baseline_exchanges(scenario),
        chat_tokens=baseline_tokens(scenario),
        stages=tuple(scenario.stages_counted()),
    )


def baseline_exchanges(scenario: Scenario) -> int:
    """Exchanges of the chat baseline."""
    return round(distribution(scenario.matched_chat.requests).mean)


def baseline_tokens(scenario: Scenario) -> float:
    """Expected tokens of the chat baseline: what 1 means in `token_multiplier` (F1 with mean sizes)."""
    chat = scenario.matched_chat
    answer = distribution(chat.output_tokens).mean
    return chat_tokens(
        exchanges=baseline_exchanges(scenario),
        system=chat.system_tokens,
        first=distribution(chat.prompt_tokens).mean,
        message=distribution(chat.request_tokens).mean,
        answer=answer,
        kept=answer * (1 - chat.reasoning_share * (1 - chat.keep_reasoning)),
    ).total
