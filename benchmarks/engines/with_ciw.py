"""Ciw: networks of queues, set up and not programmed. A customer cannot split in two and join again, so there is no `fork_join`."""

from __future__ import annotations

import math
from collections.abc import Callable

import ciw

from benchmarks.engines import SERVERS, Found, queue_luck


class Drawn(ciw.dists.Distribution):
    """The next number of a function; infinity, Ciw's word for never, after so many."""

    def __init__(self, draw: Callable[[], float], count: float = math.inf) -> None:
        self.draw, self.left = draw, count

    def sample(self, t: float | None = None, ind: object = None) -> float:
        """As Ciw asks for it."""
        self.left -= 1
        return self.draw() if self.left >= 0 else math.inf


def queue(customers: int, seed: int = 1) -> Found:
    """M/M/c."""
    luck = queue_luck(seed)
    network = ciw.create_network(
        arrival_distributions=[Drawn(luck.gap, customers)], service_distributions=[Drawn(luck.service)], number_of_servers=[SERVERS]
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(customers, method="Finish")
    return Found([(record.arrival_date, record.exit_date) for record in simulation.get_all_records()])
