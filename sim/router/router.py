"""Which backend takes a call: a policy over the backends of a scenario."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from sim.backends.backend import Backend
from sim.router.fallback import Fallback
from sim.router.inertia import among_present, aware, inert
from sim.router.knowledge import Choose, Knowledge
from sim.router.policies import CHOOSE_AMONG_ALL, POLICIES, named
from sim.sampling.streams import Streams
from sim.settings.agent import AgentSettings
from sim.settings.outcome import OutcomeSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings, Tastes
from sim.theory.expected.forecast import Forecast, forecast, must_be_known


class Router:
    """A policy over the backends of a scenario."""

    def __init__(
        self, settings: RouterSettings, backends: Sequence[Backend], agent: AgentSettings, outcome: OutcomeSettings, streams: Streams,
        reckon: Callable[[str, int], Forecast] | None = None,
    ) -> None:  # fmt: skip
        """`reckon`: what a task costs on a backend by one of its price lists (`sim.engine.pilot`); without, by formula."""
        self.backends = list(backends)
        self.knowledge = Knowledge(settings, self.backends, _forecaster(agent, reckon), outcome, agent.helpers)
        make = POLICIES[settings.policy]
        self.come_and_go = not all(backend.always_there for backend in self.backends)
        """Whether events launch or retire one of them."""
        if settings.heard_after_h:
            self.choose: Choose = aware(self.knowledge, make, streams)
        elif self.come_and_go and settings.policy not in CHOOSE_AMONG_ALL:
            self.choose = among_present(self.knowledge, make)
        else:
            self.choose = make(self.knowledge)
        self.learn: Callable[[Backend, float, float, bool], None] | None = getattr(self.choose, "learn", None)
        if settings.review_tasks is not None:
            self.choose = inert(self.knowledge, self.choose)
        self.per_call = settings.per is ChoosePer.call or settings.policy is Policy.recorded
        self.per_task = settings.per is ChoosePer.task
        self.draws = settings.policy.traits(settings).random_numbers
        self.by_user = settings.tastes is Tastes.user
        self.fallback = Fallback(settings, [named(name, backends) for name in settings.fallback]) if settings.fallback else None


def _forecaster(agent: AgentSettings, reckon: Callable[[str, int], Forecast] | None) -> Callable[[Backend], Forecast]:
    """What a task would cost on a backend by the list of the moment; nothing where a seat covers it (as if no window were spent)."""

    @functools.cache
    def at_base(backend: Backend, number: int) -> Forecast:
        must_be_known(agent)
        return forecast(agent, backend.settings, backend.price) if reckon is None else reckon(backend.name, number)

    def known(backend: Backend) -> Forecast:
        ahead = at_base(backend, backend.price.number(backend.env.now))
        if backend.covered:
            return ahead._replace(usd=0.0)
        return ahead._replace(usd=ahead.usd * backend.price.multiplier(backend.env.now)) if backend.price.changes else ahead

    return known
