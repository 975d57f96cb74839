"""Which backend takes a call: the policies, and what they know (list prices, roles, prompt lengths)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from sim.backends.service import Backend
from sim.call import Call, Role
from sim.settings import ChoosePer, Policy, RouterSettings

Choose = Callable[[Call, float], Backend]
"""(call, a uniform for this choice) -> backend."""

INPUT_PER_OUTPUT = 294.0
"""Input tokens by output token of coding agents, with which `cheapest` weighs a price list (TraceLab, 4,265 sessions)."""


class Router:
    """A policy over the backends of a scenario."""

    def __init__(self, settings: RouterSettings, backends: Sequence[Backend]) -> None:
        self.backends = list(backends)
        self.choose: Choose = _POLICIES[settings.policy](settings, self.backends)
        self.per_call = settings.per is ChoosePer.call
        self.needs_luck = settings.policy is Policy.weighted


def _fixed(settings: RouterSettings, backends: Sequence[Backend]) -> Choose:
    only = _named(settings.backend, backends)
    return lambda call, u: only


def _named(name: str | None, backends: Sequence[Backend]) -> Backend:
    """The backend of that id (the scenario has checked that there is one); the first where none is named."""
    return backends[0] if name is None else next(backend for backend in backends if backend.name == name)


def _cheapest(settings: RouterSettings, backends: Sequence[Backend]) -> Choose:
    """Least list price of this prompt, uncached, with the output usual for such a prompt."""

    def list_price(backend: Backend, prompt: int) -> float:
        rates = backend.price.rates(prompt, backend.env.now)
        return rates.fresh * INPUT_PER_OUTPUT + rates.output

    def choose(call: Call, u: float) -> Backend:
        prompt = call.input_tokens
        fitting = [b for b in backends if prompt <= b.window] or backends
        return min(fitting, key=lambda backend: list_price(backend, prompt))

    return choose


def _weighted(settings: RouterSettings, backends: Sequence[Backend]) -> Choose:
    weights = [settings.weights.get(backend.name, 0.0) if settings.weights else 1.0 for backend in backends]
    total = sum(weights)
    edges = [edge / total for edge in accumulate(weights)][:-1]
    return lambda call, u: backends[bisect_right(edges, u)]


def _by_role(settings: RouterSettings, backends: Sequence[Backend]) -> Choose:
    table = {int(role): _named(settings.roles.get(role.name, settings.backend), backends) for role in Role}
    return lambda call, u: table[call.agent_role]


_POLICIES: dict[Policy, Callable[[RouterSettings, Sequence[Backend]], Choose]] = {
    Policy.fixed: _fixed,
    Policy.cheapest: _cheapest,
    Policy.weighted: _weighted,
    Policy.by_role: _by_role,
}
