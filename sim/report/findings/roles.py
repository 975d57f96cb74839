"""Who asks for what a bill pays: leads, workers, verifiers, compactions."""

from __future__ import annotations

from sim.call import Role
from sim.meter.sums import real
from sim.results.result import Result

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
    """USD by role, a replication; nothing where that is not the whole bill: hours of servers and of reserved units are nobody's."""
    pooled, bill = result.estimates.pooled, result.mean("cost_usd")
    spent = [float(real(units)) / pooled.replications for units in pooled.role_units]
    if not bill > 0 or abs(sum(spent) - bill) > ADDS_UP * bill:
        return {}
    return {int(role): spent[role] for role in Role}
