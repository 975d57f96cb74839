"""Who asks for what a bill pays: leads, workers, verifiers, compactions."""

from __future__ import annotations

import numpy as np

from sim.call import Role
from sim.results.result import Result
from sim.settings.run import Log

ROLES = {
    Role.chat: "chat",
    Role.agent: "one agent",
    Role.lead: "lead",
    Role.worker: "workers (sub-agents)",
    Role.compaction: "compaction",
    Role.verifier: "verifiers",
}
ADDS_UP = 1e-9
"""By how much, as a share of the bill, the sum over roles may differ from it: by rounding."""


def dollars_by_role(result: Result) -> dict[int, float]:
    """USD by role, a replication; nothing where what was logged does not add up to the bill."""
    if result.scenario.log is not Log.full:
        return {}
    from_s, spent = result.mean("warmup_s"), np.zeros(len(Role))
    for replication in result.replications:
        for rows in replication.log.batches():
            counted = rows[rows["t_request_s"] >= from_s]
            spent += np.bincount(counted["role"], counted["cost_usd"], minlength=len(Role))
    spent /= len(result.replications)
    bill = result.mean("cost_usd")
    if not bill > 0 or abs(spent.sum() - bill) > ADDS_UP * bill:
        return {}
    return {int(role): float(spent[role]) for role in Role}
