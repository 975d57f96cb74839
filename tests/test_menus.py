"""Every choice of every menu of `conf/`, and every pair of them, goes through to its reader; so does a run in which nothing ends."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

import sim
from sim.errors import SimError
from sim.report.findings.finding import finding
from sim.report.grid import study
from sim.report.multipliers import multipliers
from sim.report.page import show_run, show_sweep
from sim.report.plots import gallery
from sim.report.tables import aligned, grid, readable
from sim.scenario.load import CONF
from sim.shell.run import run as shell
from sim.sweeps.sweep import row
from tests.worlds import agent, backend, scenario, with_

SMALL = (
    "replications=2", "processes=1", "backends=[claude_opus_4_6,minimax_m2_5]", "workload.tasks=2", "workload.users=2",
    "workload.tasks_per_user=1", "workload.trace_sessions=2",
)  # fmt: skip
NEEDS = {
    ("router", "logit_users"): ("workload", "users"),
    ("budget", "layers"): ("workload", "users"),
    ("budget", "five_hours_and_week"): ("workload", "users"),
    ("plan", "max_20x"): ("workload", "users"),
    ("plan", "max_20x_overflow"): ("workload", "users"),
}
"""Choices that cannot do without another, and are refused in a line."""
MANY = 100
"""Examples of a generated test, from which on a run is meant to take long."""
MENUS = ("agent", "workload", "router", "market", "work", "tries", "outcome", "budget", "plan", "place", "provider")


def choices(menu: str) -> list[str]:
    return sorted(path.stem for path in (CONF / menu).glob("*.yaml"))


@functools.cache
def chosen(menu: str, choice: str) -> sim.Scenario:
    """Composed with choices from other menus, each of which sets groups of its own (but `early_stop`, which sets the outcome too)."""
    alone = [row[menu] == choice and (menu != "outcome" or row["tries"] != "early_stop") for row in each_once()]
    return _composed(alone.index(True))


@functools.cache
def _composed(number: int) -> sim.Scenario:
    row = each_once()[number]
    return sim.load(*(f"{menu}={choice}" for menu, choice in row.items()), *SMALL)


def together(row: Mapping[str, str]) -> sim.Scenario:
    """A choice of every menu in one scenario, as composing them from the shell would have it: each menu is a field of its own."""
    by_menu = {menu: chosen(menu, choice) for menu, choice in row.items()}
    market, budget = by_menu["market"], by_menu["budget"]
    alike: dict[str, Any] = {menu: getattr(by_menu[menu], menu) for menu in ("workload", "router", "work", "outcome")}
    if row["tries"] == "early_stop":  # it brings what it needs of the outcome
        ours = by_menu["tries"].outcome
        alike["outcome"] = with_(alike["outcome"], length_exponent=ours.length_exponent, reference_turns=ours.reference_turns)
    agent = with_(by_menu["agent"].agent, tries=by_menu["tries"].agent.tries)
    seats, alike["place"], alike["provider"] = by_menu["plan"], by_menu["place"].place, by_menu["provider"].provider
    return with_(market, agent=agent, budget=budget.budget, budgets=budget.budgets, plan=seats.plan, horizon_s=seats.horizon_s, **alike)


def covering() -> Iterator[dict[str, str]]:
    """Rows of a choice of each menu in which every pair of choices stands that may stand together (greedy, in the order of the menus)."""
    every = {menu: choices(menu) for menu in MENUS}
    left = {
        frozenset(pair)
        for one, other in itertools.combinations(MENUS, 2)
        for pair in itertools.product([(one, choice) for choice in every[one]], [(other, choice) for choice in every[other]])
    }
    left = {pair for pair in left if _fits(dict(pair))}
    while left:
        row = dict(min(left, key=sorted))
        for menu in MENUS:
            if menu not in row:
                settled = list(row.items())
                fits = [choice for choice in every[menu] if _fits({**row, menu: choice})]
                row[menu] = max(fits, key=lambda choice: sum(frozenset(((menu, choice), each)) in left for each in settled))
        left -= {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}
        yield row


def _fits(row: Mapping[str, str]) -> bool:
    """Whether each choice has what it needs, as far as that is chosen."""
    return all(row.get(needed, choice) == choice for one, (needed, choice) in NEEDS.items() if one in row.items())


def told(result: sim.Result, whole: bool) -> str:
    """What a reader gets; expected values and figures only of the `whole`."""
    names = {name: each.label or name for name, each in result.scenario.market.models.items()}
    table = pd.DataFrame([row({"backends": ",".join(result.scenario.backends)}, result.summary)])
    text = (
        aligned(readable(result.summary, result.theory.values if whole else {}))
        + multipliers(study(table, names), names)
        + " ".join(finding(table, names).paragraphs)
    )
    if whole:
        gallery.of_run(result, table, names)
    return text + " ".join(result.notes.values())


def each_once() -> list[dict[str, str]]:
    """As many rows as the longest menu has choices, with every choice of every menu in one of them at least."""
    every = {menu: choices(menu) for menu in MENUS}
    rows = [{menu: every[menu][number % len(every[menu])] for menu in MENUS} for number in range(max(map(len, every.values())))]
    seated = [row if row["workload"] == "users" else row | {"plan": "none"} for row in rows]
    return [row | dict(NEEDS[one] for one in row.items() if one in NEEDS) for row in seated]


def test_no_choice_is_left_out() -> None:
    assert {one for row in each_once() for one in row.items()} == {(menu, choice) for menu in MENUS for choice in choices(menu)}


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_every_choice_runs_to_its_page(part: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for one in each_once()[part::2]:
        page = tmp_path / one["agent"]
        result = sim.simulate(together(one).check())
        assert result.mean("cost_usd") > 0, one
        assert sum(result.mean(f"token_share.{name}") for name in result.scenario.backends) == pytest.approx(1), one
        assert result.scenario.success_unknown or 0 <= result.mean("success_rate") <= 1, one
        show_run(result, page)
        assert (page / "report.md").read_text(encoding="utf-8").startswith("# "), one
        assert len(list((page / "figures").glob("*.png"))) >= 4, one
        assert "nan" not in capsys.readouterr().out.replace("finance", "").split(), one


@pytest.mark.slow
def test_choices_that_need_another_say_so() -> None:
    for menu, choice in NEEDS:
        with pytest.raises(SimError, match="needs ") as refused:
            sim.load(f"{menu}={choice}", *SMALL)
        assert len(str(refused.value).splitlines()) == 1


@pytest.mark.slow
def test_every_pair_of_choices_runs_to_what_is_told_of_it() -> None:
    """Or is refused in one line before it runs. An eighth of the rows; `make fuzz` runs them all, some minutes."""
    rows, refused = [], dict[str, str]()
    for number, choice in itertools.islice(enumerate(covering()), 0, None, 1 if settings().max_examples > MANY else 8):
        try:
            one = with_(together(choice), replications=1 + number % 2).check()
        except SimError as error:
            refused[str(choice)] = str(error)
            continue
        result = sim.simulate(one)
        assert told(result, whole=number % 48 == 0), choice
        rows.append(row(choice, result.summary))
    print(f"{len(rows)} rows ran, refused: {refused}")
    assert not refused
    table = pd.DataFrame(rows)
    assert finding(table).said
    assert grid(study(table), {})


IDLE: dict[str, dict[str, Any]] = {
    "nothing begins": {"horizon_s": 1e-3},
    "nothing ends": {"horizon_s": 15.0},
    "all is lost": {"backends": backend(error_rate=1.0, quality=0.5)},
}


@pytest.mark.parametrize("why", IDLE)
def test_a_run_without_a_finished_task_has_its_page(why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = scenario(agent(turns=40), backend(quality=0.5), tasks=2, every_s=10.0, replications=2)
    changes = dict(IDLE[why])
    served = changes.pop("backends", None)
    if served is not None:
        world = scenario(agent(turns=40), served, tasks=2, every_s=10.0, replications=2)
    result = sim.simulate(with_(world, **changes))
    assert result.mean("tasks") == result.mean("tasks_lost")
    show_run(result, tmp_path)
    assert (tmp_path / "report.md").exists()
    said = capsys.readouterr().out
    assert {"nothing begins": "No task began: ", "nothing ends": "No task ended: ", "all is lost": "Work was lost: 100"}[why] in said
    assert "nan" not in said.split()


@pytest.mark.slow
@pytest.mark.parametrize("values", ["1,15,100000", "1,15"])
def test_a_sweep_with_points_where_nothing_ends_has_table_figures_and_page(
    values: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["-m", "agent=swe_task", "workload.tasks=2", "replications=2", "processes=1", f"horizon_s={values}", "hydra.sweep.dir=out"]
    assert shell(words) == 0
    assert (tmp_path / "out" / "report.md").exists()
    assert len(list((tmp_path / "out" / "figures").glob("*.png"))) == 5
    said = capsys.readouterr().out
    assert "No task began with length of the run 1 s and in 1 other scenario" in said
    assert "nan" not in said.split()
    assert "an unknown multiple" not in said


def test_a_sweep_of_which_no_scenario_ran_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show_sweep(pd.DataFrame({"agent": ["solo"], "status": ["failed: no room"]}), tmp_path)
    assert "No scenario finished: no room." in capsys.readouterr().out
