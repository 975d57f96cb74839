"""What formulas of metrics take from the scenario, beside the sums of its runs."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

from sim.results.provider.sides import Providers, providers_of
from sim.results.seats.metrics import Seats, seats_of
from sim.sampling.distributions import distribution
from sim.scenario.scenario import Scenario
from sim.settings.capacity.servers import BackendKind
from sim.settings.profile import LoopSettings
from sim.settings.workload import WorkloadKind
from sim.theory import chat_tokens
from sim.theory.expected.moments import nodes


class Chat(NamedTuple):
    """A conversation in expectation: what multipliers are of."""

    messages: float
    """Of a user, in the mean."""
    pairs: float
    """Mean of m (m - 1) / 2 for m messages: how often one of them is sent again."""
    system: float
    first: float
    message: float
    answer: float
    kept: float
    """Of an answer, in the prompts that follow."""

    @property
    def tokens(self) -> float:
        """Of the whole conversation."""
        return self.of(self.messages, self.pairs)

    @property
    def message_tokens(self) -> float:
        """Of a request, which is what a message to a chat comes to: prompt and answer, in the mean over all of them."""
        return self.tokens / self.messages

    def of(self, messages: float, pairs: float) -> float:
        """Tokens of conversations of other lengths: of so many messages and pairs in all."""
        return _tokens(messages, pairs, self.system, self.first, self.message, self.answer, self.kept)


@functools.lru_cache(maxsize=256)
def _tokens(messages: float, pairs: float, system: float, first: float, message: float, answer: float, kept: float) -> float:
    """Several metrics of a run ask for the same."""
    return chat_tokens(exchanges=messages, pairs=pairs, system=system, first=first, message=message, answer=answer, kept=kept).total


class Basis(NamedTuple):
    """What a formula knows of the scenario."""

    backends: tuple[str, ...]
    """Ids, in the order of the tally's rows."""
    quality_known: bool
    """Whether it was measured how often such work succeeds on every backend in use; without, nobody knows what is a success."""
    worth_usd: float
    """What a solved task is worth (USD); nan where neither value nor wage is set."""
    wage_usd_per_h: float
    """Of whoever waits for a task (USD/h)."""
    chats: tuple[Chat, ...]
    """The chat baseline first, then the other measured ones."""
    stages: tuple[str, ...] = ()
    """Names of a pipeline's stages, in the order of the tally's rows."""
    backend: int = -1
    """Of a metric that there is once a backend: which one, by its place in `backends`."""
    stage: int = -1
    """The same for stages."""
    seats: tuple[Seats, ...] = ()
    """A plan, if there is one."""
    providers: Providers | None = None
    """Those who serve, if anything is to be said of them."""
    place: str = ""
    """Of a metric that there is once a place of service: which one."""
    teams: tuple[str, ...] = ()
    """Names of teams that share the backends."""
    team: int = -1
    """Of a metric that there is once a team: which one."""
    own: tuple[int, ...] = ()
    """Places of backends on servers of one's own."""
    units: tuple[int, ...] = ()
    """Of those with reserved units."""
    horizon_s: float = math.nan
    """How long the run is; nan: until its last task has ended."""
    users: int = 0
    """Of workload=users."""


def basis_of(scenario: Scenario) -> Basis:
    """The basis of a scenario's metrics."""
    outcome = scenario.outcome
    return Basis(
        backends=tuple(scenario.backends),
        quality_known=not scenario.success_unknown,
        worth_usd=outcome.worth_usd(scenario.agent.helpers) if outcome.value_usd or outcome.wage_usd_per_h else math.nan,
        wage_usd_per_h=outcome.wage_usd_per_h,
        chats=tuple(map(chat_of, (scenario.matched_chat, *scenario.chat_baselines.values()))),
        stages=tuple(scenario.stages_counted()),
        seats=seats_of(scenario),
        providers=providers_of(scenario),
        units=tuple(place for place, model in enumerate(scenario.chosen().values()) if model.reserved.units),
        teams=tuple(scenario.workload.teams),
        horizon_s=math.nan if scenario.horizon_s is None else scenario.horizon_s,
        users=scenario.workload.users if scenario.workload.kind is WorkloadKind.users else 0,
        own=tuple(place for place, model in enumerate(scenario.chosen().values()) if model.kind is BackendKind.self_hosted),
    )


def baseline_tokens(scenario: Scenario) -> float:
    """Expected tokens of the chat baseline: what 1 means in `token_multiplier` (F1 with mean sizes)."""
    return chat_of(scenario.matched_chat).tokens


def chat_of(loop: LoopSettings) -> Chat:
    """What is expected of a conversation."""
    answer, messages = distribution(loop.output_tokens).mean, nodes(loop.requests).rounded(1)
    return Chat(
        messages=messages.mean,
        pairs=(messages.variance + messages.mean**2 - messages.mean) / 2,
        system=loop.system_tokens,
        first=distribution(loop.prompt_tokens).mean,
        message=distribution(loop.request_tokens).mean,
        answer=answer,
        kept=answer * (1 - loop.reasoning_share * (1 - loop.keep_reasoning)),
    )
