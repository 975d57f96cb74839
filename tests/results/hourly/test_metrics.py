"""Hours in the bill: whose share they are, and that a run says so."""

from __future__ import annotations

import pytest

import sim
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.router import Policy, RouterSettings
from tests.worlds import agent, backend, run


def test_a_bill_is_of_calls_and_of_hours_and_each_backend_has_its_share() -> None:
    """A task of 10 turns on each of two backends, 100 s a call on both: a server for $3.60 an hour, and an API at $1 a million tokens."""
    own = backend(kind=BackendKind.self_hosted, servers=ServerSettings(usd_per_h=3.6), input_usd_per_mtok=0.0, output_usd_per_mtok=0.0)
    result = run(agent(), {"own": own, "api": backend()}, tasks=2, every_s=500.0, router=RouterSettings(policy=Policy.weighted), seed=3)
    assert set(result.calls["backend"]) == {"own", "api"}
    calls, hours = result.calls["cost_usd"].sum(), result.mean("cost_servers_usd")
    assert hours == pytest.approx(result.tasks["t_end_s"].max() * 0.001)
    assert result.mean("cost_usd") == pytest.approx(calls + hours)
    assert result.mean("cost_share.own") == pytest.approx(hours / (calls + hours))
    assert result.mean("cost_share.api") == pytest.approx(calls / (calls + hours))
    assert result.notes["servers"].startswith("own runs on servers of one's own: 0.2806 hours at $3.6")


def test_a_price_list_that_is_charged_beside_the_hours_is_told() -> None:
    """10 turns at $1 a million tokens, 74,000 of them; twice, so that it is a mean."""
    result = run(agent(), backend(kind=BackendKind.self_hosted, cache="none"), replications=2)
    assert result.notes["servers"].endswith("Its price list is charged too, $0.068 a run: set its prices to 0 if that is not meant.")


def test_who_has_no_servers_says_nothing_of_them() -> None:
    result = sim.simulate(sim.load("workload.tasks=1", "replications=1"))
    assert "servers" not in result.notes
    assert result.mean("cost_servers_usd") == 0
    assert not [name for name in result.summary.index if name.startswith("servers_")]
