"""What keeps people where they are: they do not know of every backend, think about it now and then, and shun the trouble of a move."""

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
        if home is None or since + 1 >= every:
            there = choose(call, draws)
            since = -1
            if home is None or known.value_usd(there) - known.value_usd(home) > trouble:
                home = there
        homes[user] = (home, since + 1)
        return home

    return stay


def aware(known: Knowledge, make: Callable[[Knowledge], Choose], streams: Streams) -> Choose:
    """A user chooses among the backends they have heard of; people who know the same ones share a policy."""
    heard_after_h = known.settings.heard_after_h
    hears = [distribution(heard_after_h.get(backend.name, 0.0)).quantile() for backend in known.backends]
    clock = known.backends[0].env
    moments: dict[int, list[float]] = {}
    policies: dict[tuple[Backend, ...], Choose] = {}

    def choose(call: Call, draws: Sequence[float]) -> Backend:
        user = call.task.user
        if user not in moments:
            u_hears = streams.draws(AWARENESS, user, 0, 0, len(hears))
            moments[user] = [HOUR_S * hour(u) for hour, u in zip(hears, u_hears, strict=True)]
        seen = tuple(b for b, moment in zip(known.backends, moments[user], strict=True) if moment <= clock.now)
        if seen not in policies:
            policies[seen] = make(known._replace(backends=seen))
        return policies[seen](call, draws)

    return choose
