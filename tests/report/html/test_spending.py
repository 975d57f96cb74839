"""Where the money goes adds up to the bill."""

from __future__ import annotations

import pytest

import sim
from sim.report.html.content import Table
from sim.report.html.spending import by_kind, by_role, calls_by_role
from sim.settings.run import Log
from tests.worlds import backend, loop, scenario, team


def ran(log: Log = Log.full) -> sim.Result:
    world = scenario(team(4, loop()), backend(output_usd_per_mtok=7.0), tasks=5, replications=2, log=log)
    return sim.simulate(world)


def total(table: Table, column: str) -> float:
    return sum(float(text.replace(",", "")) for text in table.texts[column])


def test_kinds_and_roles_each_make_the_whole_bill() -> None:
    result = ran()
    bill = result.mean("cost_usd")
    assert total(by_kind(result.summary["mean"]), "USD") == pytest.approx(bill, rel=0.01)
    [roles] = by_role(result)
    assert total(roles, "USD") == pytest.approx(bill, rel=0.01)
    calls = result.calls
    lead = calls[calls["role"] == "lead"]["cost_usd"].sum() / 2
    assert float(roles.texts.set_index("who asks")["USD"]["lead"]) == pytest.approx(lead, rel=0.01)
    [again] = [calls_by_role("", [calls])]
    assert list(again.texts["share of the bill"]) == list(roles.texts["share of the bill"])


@pytest.mark.parametrize("log", [Log.none, Log.sample])
def test_roles_are_the_same_whatever_is_logged(log: Log) -> None:
    assert by_role(ran(log))[0].texts.equals(by_role(ran())[0].texts)
