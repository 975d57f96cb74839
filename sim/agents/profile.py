"""Settings of a loop or a stage, compiled: every quantity a function from a uniform to a number."""

from __future__ import annotations

from sim.call import Role
from sim.sampling.distributions import distribution, whole
from sim.settings.agent import AgentSettings
from sim.settings.profile import LoopSettings, StageRole, StageSettings


class Profile:
    """What one kind of agent sends, keeps and waits for. `id` names its system prompt."""

    def __init__(self, settings: LoopSettings, number: int) -> None:
        self.id = number
        self.settings = settings
        self.system_tokens = settings.system_tokens
        self.prompt_tokens = whole(distribution(settings.prompt_tokens), 0)
        self.prior_tokens = whole(distribution(settings.prior_tokens), 0)
        self.requests = whole(distribution(settings.requests), 1)
        self.request_tokens = whole(distribution(settings.request_tokens), 0)
        self.turns = distribution(settings.turns).quantile()
        self.turns_scale = distribution(settings.turns_scale).quantile()
        self.turns_exponent = settings.turns_exponent
        self.output_tokens = distribution(settings.output_tokens).quantile()
        self.output_scale = distribution(settings.output_scale).quantile()
        self.tool_result_tokens = distribution(settings.tool_result_tokens).quantile()
        self.opening_turns = settings.opening_turns
        self.opening_result_tokens = distribution(settings.opening_result_tokens).quantile()
        self.result_scale = distribution(settings.result_scale).quantile()
        self.tool_time_s = distribution(settings.tool_time_s).quantile()
        self.think_time_s = distribution(settings.think_time_s).quantile()
        self.reasoning_share = settings.reasoning_share
        self.keep_reasoning = settings.keep_reasoning
        self.rewrite_rate = settings.rewrite_rate
        compact_at = settings.compact_at_tokens
        self.compact_at_tokens = None if compact_at is None else distribution(compact_at).quantile()
        window = settings.window_tokens
        self.window_tokens = None if window is None else distribution(window).quantile()
        self.resumed_turns = settings.resumed_turns
        self.compact_at_share = settings.compact_at_share
        self.summary_tokens = whole(distribution(settings.summary_tokens), 1)
        self.restore_tokens = whole(distribution(settings.restore_tokens), 0)


class StageProfile(Profile):
    """What one kind of agent does in a pipeline; other stages by their place."""

    def __init__(self, name: str, settings: StageSettings, number: int, order: list[str]) -> None:
        super().__init__(settings, number)
        self.name = name
        self.role = int(Role[settings.role.value])
        self.mark = "v" if settings.role is StageRole.verifier else ""
        """At the end of its agents' paths: the meter tells by it who verifies."""
        self.each = None if settings.each is None else order.index(settings.each)
        self.reads = [order.index(other) for other in settings.reads]
        self.width = whole(distribution(settings.width), 1)
        self.judges = settings.judges
        self.items = whole(distribution(1 if settings.items is None else settings.items), 0)
        self.passes = settings.passes
        self.report_tokens = whole(distribution(settings.report_tokens), 0)


_OTHERS = 4
"""Numbers of profiles that are taken: the root's, a worker's, a verifier's, the chat's."""


def stages_of(settings: AgentSettings) -> tuple[StageProfile, ...]:
    """A pipeline's, in their order, the root's first; none of another workflow."""
    order = settings.order
    numbers = [0, *range(_OTHERS, _OTHERS + len(order))]
    return tuple(StageProfile(name, stage, number, order) for name, stage, number in zip(order, settings.staged, numbers, strict=False))
