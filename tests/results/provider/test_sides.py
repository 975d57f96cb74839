"""The provider's side of a run: its dollars are those that users pay, its energy that of the tokens, place by place."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.results.files import PROVIDERS, Files
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.market import BackendSettings
from sim.settings.population.plan import Beyond, PlanSettings, PlanWindow
from sim.settings.router import Policy, RouterSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.settings.provider.test_fleet import provider
from tests.worlds import agent, backend, scenario, with_

TWO = {
    "one": backend(vendor="A", origin="cn", serving="us", cache_read_usd_per_mtok=0.1, error_rate=0.2),
    "two": backend(vendor="B", origin="us", serving="cn", input_usd_per_mtok=3.0, request_usd=0.001),
}
BOTH = RouterSettings(policy=Policy.weighted, weights={"one": 1.0, "two": 2.0}, fee=0.055)


def served(models: dict[str, BackendSettings] | None = None, **changes: Any) -> sim.Result:
    plain: dict[str, Any] = {"tasks": 30, "every_s": 5.0, "replications": 3, "provider": provider(), "router": BOTH}
    return sim.simulate(scenario(agent(output_tokens={"dist": "exponential", "mean": 300}), models or TWO, **(plain | changes)))


@pytest.fixture(scope="module")
def result() -> sim.Result:
    return served()


def test_what_those_who_serve_take_in_is_what_users_pay(result: sim.Result) -> None:
    rows = result.providers.set_index("who")
    assert list(rows.index) == ["one", "two", "router's surcharge", "all"]
    assert rows.loc["all", "revenue_usd"] == pytest.approx(result.mean("cost_usd"), rel=1e-12)
    assert rows["revenue_usd"].iloc[:-1].sum() == pytest.approx(result.mean("cost_usd"), rel=1e-12)
    bills = result.calls.groupby("backend")["cost_usd"].sum() / 3
    for name in TWO:
        assert rows.loc[name, "revenue_usd"] == pytest.approx(bills[name] / 1.055, rel=1e-12)
    assert rows.loc["router's surcharge", "revenue_usd"] == pytest.approx(result.mean("cost_usd") * (1 - 1 / 1.055), rel=1e-12)


def test_energy_and_cost_are_those_of_the_tokens(result: sim.Result) -> None:
    """Low ends by hand: 10, 1 and 100 Wh a million fresh, cached and decoded tokens, a PUE of 1.1, $1 for an hour of 2 kW."""
    calls = result.calls[result.calls["backend"] == "one"]
    cached, output = (calls[name].sum() / 3e6 for name in ("cache_read_tokens", "output_tokens"))
    fresh = calls["input_tokens"].sum() / 3e6 - cached
    assert cached > 0
    kwh = (10 * fresh + cached + 100 * output) / 1000
    row = result.providers.set_index("who").loc["one"]
    assert row["kwh_low"] == pytest.approx(1.1 * kwh, rel=1e-12)
    assert row["cost_usd_low"] == pytest.approx(kwh / 2.0, rel=1e-12)
    assert row["electricity_usd_low"] == pytest.approx(1.1 * kwh * 0.05, rel=1e-12)
    assert row["margin_high"] == pytest.approx(1 - kwh / 2.0 / row["revenue_usd"], rel=1e-12)
    assert row["kwh_high"] == pytest.approx(1.5 * (20 * fresh + 2 * cached + 400 * output) / 1000, rel=1e-12)


def test_tokens_are_exported_by_where_they_are_served_and_not_by_whose_model_it_is(result: sim.Result) -> None:
    share = {name: result.mean(f"token_share.{name}") * result.mean("total_tokens") for name in TWO}
    assert result.mean("served_tokens.us") == pytest.approx(share["one"], rel=1e-12)
    assert result.mean("served_tokens.cn") == pytest.approx(share["two"], rel=1e-12)
    dollars = result.mean("served_usd.us") + result.mean("served_usd.cn")
    assert 1.055 * dollars == pytest.approx(result.mean("cost_usd"), rel=1e-12)
    rows = result.providers.set_index("who")
    for metric, column in (("energy_low_kwh", "kwh_low"), ("cost_high_usd", "cost_usd_high"), ("margin_low", "margin_low")):
        assert result.mean(f"served_{metric}.cn") == pytest.approx(rows.loc["two", column], rel=1e-12)


def test_in_one_place_everybody_is_added_up() -> None:
    models = {name: with_(model, serving="us") for name, model in TWO.items()}
    found = served(models, router=with_(BOTH, fee=0.0))
    rows = found.providers.set_index("who")
    assert "served_tokens.cn" not in found.summary.index
    assert found.mean("served_usd.us") == pytest.approx(found.mean("cost_usd"), rel=1e-12)
    assert found.mean("served_energy_high_kwh.us") == pytest.approx(rows["kwh_high"].iloc[:2].sum(), rel=1e-12)


@pytest.mark.parametrize("then", list(Beyond), ids=lambda then: then.value)
def test_with_seats_they_take_in_the_fees_and_what_goes_beyond(then: Beyond) -> None:
    """Vendor A's seats: its calls bring nothing but beyond the window, B's are paid by the list; together as `plan_paid_usd`."""
    window = {"short": PlanWindow(usd=0.02, window_h=1.0)}
    seats = PlanSettings(name="seat", vendors=["A"], usd_per_month=30.0, windows=window, then=then)
    people = WorkloadSettings(kind=WorkloadKind.users, users=2, tasks_per_user=8, session_gap_s=9.0)
    found = served(workload=people, plan=seats, horizon_s=86_400.0)
    rows = found.providers.set_index("who")
    assert rows.loc["all", "revenue_usd"] == pytest.approx(found.mean("plan_paid_usd.seat"), rel=1e-12)
    assert rows.loc["fees of seats", "revenue_usd"] == found.mean("plan_fee_usd.seat") > 0
    assert rows.loc["one", "revenue_usd"] == pytest.approx(found.mean("plan_overflow_usd.seat") / 1.055, rel=1e-9)
    assert bool(rows.loc["one", "revenue_usd"] > 0) is (then is Beyond.overflow)
    assert rows.loc["one", "kwh_low"] > 0
    at_home = found.mean("served_usd.us")
    assert at_home == pytest.approx(rows.loc["one", "revenue_usd"] + found.mean("plan_fee_usd.seat"), rel=1e-12), "fees go to A's place"


def test_servers_of_ones_own_take_in_their_hours() -> None:
    own = with_(TWO["one"], kind=BackendKind.self_hosted, servers=ServerSettings(replicas=2, usd_per_h=6.0), input_usd_per_mtok=0.0,
                output_usd_per_mtok=0.0, cache_read_usd_per_mtok=0.0, decode_tokens_per_s=50.0)  # fmt: skip
    found = served(TWO | {"one": own}, router=with_(BOTH, fee=0.0))
    rows = found.providers.set_index("who")
    assert rows.loc["all", "revenue_usd"] == pytest.approx(found.mean("cost_usd"), rel=1e-12)
    assert rows.loc["one", "revenue_usd"] == pytest.approx(found.mean("cost_servers_usd"), rel=1e-12)
    assert rows.loc["one", ["cost_usd_low", "cost_usd_high"]].tolist() == [rows.loc["one", "revenue_usd"]] * 2
    assert rows.loc["one", "margin_high"] == 0
    assert rows.loc["one", "kwh_low"] > 0


def test_hours_of_reserved_units_are_taken_in_whoever_uses_them() -> None:
    """Three units at $2 an hour, in a run of some minutes: on top of what spilled, and no part of what serving costs."""
    some = with_(TWO["one"], reserved=ReservedSettings(units=3, usd_per_h=2.0, tokens_per_min=2000.0))
    found, plain = served(TWO | {"one": some}, router=with_(BOTH, fee=0.0)), served(router=with_(BOTH, fee=0.0))
    rows, before = found.providers.set_index("who"), plain.providers.set_index("who")
    assert found.mean("cost_units_usd") > 0
    assert rows.loc["all", "revenue_usd"] == pytest.approx(found.mean("cost_usd"), rel=1e-12)
    spilled = found.mean("cost_usd") - found.mean("cost_units_usd") - before.loc["two", "revenue_usd"]
    assert rows.loc["one", "revenue_usd"] == pytest.approx(spilled + found.mean("cost_units_usd"), rel=1e-9)
    assert rows.loc["one", "cost_usd_low"] == pytest.approx(before.loc["one", "cost_usd_low"], rel=1e-12)


def test_whoever_is_not_asked_for_is_not_there(result: sim.Result, tmp_path: Any) -> None:
    silent = served(provider=sim.Scenario().provider)
    assert silent.providers.empty
    assert silent.digest == result.digest
    assert not [name for name in silent.summary.index if name.startswith("served")]
    result.save(tmp_path)
    assert Files(tmp_path).table(PROVIDERS)["revenue_usd"].tolist() == result.providers["revenue_usd"].tolist()
    silent.save(tmp_path)
    assert not Files(tmp_path).has(PROVIDERS)
