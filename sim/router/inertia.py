"""What keeps people where they are: not every backend is there, they do not know of each, think about it now and then, shun the trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.backends.backend import Backend
from sim.call import Call
from sim.router.knowledge import Choose, Knowledge
from sim.sampling.decisions import AWARENESS
from sim.sampling.distributions import distribution
from sim.sampling.streams import Streams

HOUR_S = 3600.0


def inert(known: Knowledge, choose: Choose) -> Choose:
    """A user stays where they are, but for a review now and then, and moves only for a gain that is worth the trouble."""
    homes: dict[int, tuple[Backend, int]] = {}
    every, trouble = known.settings.review_tasks or 1, known.settings.switching_cost_usd

    def stay(call: Call, draws: Sequence[float]) -> Backend:
        user = call.task.user
        home, since = homes.get(user, (None, 0))
        if home is None or since + 1 >= every or not home.there:
            there = choose(call, draws)
            since = -1
            if home is None or not home.there or not trouble or known.value_usd(there) - known.value_usd(home) > trouble:
                home = there
        homes[user] = (home, since + 1)
        return home

    return stay


def among_present(known: Knowledge, make: Callable[[Knowledge], Choose]) -> Choose:
    """A choice among the backends that are launched and not retired; one policy for each set of them."""
    policies: dict[tuple[Backend, ...], Choose] = {}

    def choose(call: Call, draws: Sequence[float]) -> Backend:
        present = tuple(backend for backend in known.backends if backend.there)
        if present not in policies:
            policies[present] = make(known._replace(backends=present))
        return policies[present](call, draws)

    return choose


def aware(known: Knowledge, make: Callable[[Knowledge], Choose], streams: Streams) -> Choose:
    """A user chooses among the backends they have heard of, of those that are there; people who know the same ones share a policy.

    Of a backend that is launched during the run they hear so long after its launch."""
    heard_after_h = known.settings.heard_after_h
    hears = [distribution(heard_after_h.get(backend.name, 0.0)).quantile() for backend in known.backends]
    clock = known.backends[0].env
    moments: dict[int, list[float]] = {}
    policies: dict[tuple[Backend, ...], Choose] = {}

    def choose(call: Call, draws: Sequence[float]) -> Backend:
        user = call.task.user
        if user not in moments:
            u_hears = streams.draws(AWARENESS, user, 0, 0, len(hears))
            moments[user] = [
                max(0.0, backend.launched_s) + HOUR_S * hour(u) for backend, hour, u in zip(known.backends, hears, u_hears, strict=True)
            ]
        seen = tuple(b for b, moment in zip(known.backends, moments[user], strict=True) if moment <= clock.now and b.there)
        if seen not in policies:
            policies[seen] = make(known._replace(backends=seen))
        return policies[seen](call, draws)

    return choose
