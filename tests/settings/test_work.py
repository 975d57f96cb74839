"""Work that depends on the model: chosen in one place, the same everywhere, and told."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.agent import AgentKind
from sim.settings.market import WorkSettings
from sim.settings.work import Work, WorkChoice
from sim.settings.workload import WorkloadSettings
from sim.theory.expected.forecast import calls_ahead
from tests.worlds import agent, backend, loop, run, scenario, with_

FIRST = WorkSettings(turn_multiplier=2.0, verbosity=1.5, cache_discount_realised=0.5, bill=0.2, sure="S", source="counted")
OTHER = WorkSettings(turn_multiplier=3.0, bill=0.6, sure="R")
PRICES: dict[str, Any] = {"input_usd_per_mtok": 4.0, "cache_read_usd_per_mtok": 0.4, "output_usd_per_mtok": 20.0}
MODELS = {
    "ours": backend(**PRICES, works={"mini": FIRST, "open": OTHER}),
    "elsewhere": backend(**PRICES, works={"open": OTHER}),
    "unknown": backend(**PRICES),
}


def world(kind: Work, harness: str = "mini", **changes: Any) -> sim.Scenario:
    return scenario(changes.pop("agent_", agent()), MODELS, work=WorkChoice(kind, harness), replications=2, **changes)


@pytest.mark.parametrize(
    ("kind", "ours", "elsewhere"),
    [(Work.same, (1, 1, 1), (1, 1, 1)), (Work.own_turns, (2, 1, 1), (3, 1, 1)), (Work.measured, (2, 1.5, 0.5), (3, 1, 1))],
)
def test_a_scenario_has_its_backends_with_their_work(kind: Work, ours: tuple[float, ...], elsewhere: tuple[float, ...]) -> None:
    chosen = world(kind).chosen()
    found = {name: (each.turn_multiplier, each.verbosity, each.cache_discount_realised) for name, each in chosen.items()}
    assert found == {"ours": ours, "elsewhere": elsewhere, "unknown": (1, 1, 1)}


def test_the_work_comes_on_top_of_what_is_set_by_hand_and_once() -> None:
    mine = with_(MODELS["ours"], turn_multiplier=1.5)
    once = WorkChoice(Work.measured, "mini").done_by(mine)
    assert once.turn_multiplier == 3
    assert WorkChoice(Work.measured, "mini").done_by(once) == once


def test_measured_work_costs_what_a_backend_with_these_settings_costs() -> None:
    by_hand = with_(MODELS["ours"], works={}, turn_multiplier=2.0, verbosity=1.5, cache_discount_realised=0.5)
    set_so = run(agent(), {"ours": by_hand})
    chosen = run(agent(), {"ours": MODELS["ours"]}, work=WorkChoice(Work.measured, "mini"))
    assert chosen.digest == set_so.digest
    assert sim.theory.expect(chosen.scenario).values == sim.theory.expect(set_so.scenario).values
    assert chosen.mean("cost_per_task_usd") == pytest.approx(sim.theory.expect(chosen.scenario).values["cost_per_task_usd"])


def test_the_same_work_is_that_of_a_backend_without_bills_and_a_chat_is_the_same_for_all() -> None:
    plain = {"ours": with_(MODELS["ours"], works={})}
    assert run(agent(), {"ours": MODELS["ours"]}, work=WorkChoice(Work.same)).digest == run(agent(), plain).digest
    chat = agent(kind=AgentKind.chat, turns=1, requests=3)
    assert run(chat, {"ours": MODELS["ours"]}, work=WorkChoice(Work.measured, "mini")).digest == run(chat, plain).digest


def test_a_chat_has_one_call_a_message_on_any_model() -> None:
    slow = backend(turn_multiplier=3.0)
    for chat, share in ((agent(kind=AgentKind.chat, turns=1, requests=4), 0.0), (agent(), 1.0)):
        work = WorkloadSettings(tasks=2, interarrival_s=0.0, chat_share=share)
        result = run(chat, slow, workload=work, matched_chat=loop(turns=1, requests=4))
        assert result.mean("calls_per_task") == 4
    world = scenario(agent(kind=AgentKind.chat, turns=1, requests=4), slow)
    assert sim.theory.expect(world).values["calls_per_task"] == pytest.approx(4)
    assert calls_ahead(world) == pytest.approx(4)


def test_a_note_says_whose_bills_and_where_there_are_none() -> None:
    told = sim.simulate(world(Work.measured)).notes["work"]
    assert "bills in mini support them: ours (S)" in told
    assert "bills in open support them: elsewhere (R)" in told
    assert "No measured bills for unknown: same work assumed" in told
    assert "ours 3-fold" in told
    assert "work" not in sim.simulate(world(Work.same)).notes
    assert "fold" not in sim.simulate(world(Work.own_turns)).notes["work"]


def test_words_that_nobody_has_counted_are_no_measured_seconds() -> None:
    wordy = {"loud": backend(**PRICES, works={"mini": FIRST}), "calm": backend(**PRICES, works={"mini": OTHER})}
    wordy["loud"].works["mini"] = with_(FIRST, verbosity=4.5)
    told = sim.simulate(scenario(agent(), wordy, work=WorkChoice(Work.measured, "mini"))).notes["lump"]
    assert "(loud 4.5-fold)" in told
    assert "seconds there are not" in told
    assert "lump" not in sim.simulate(scenario(agent(), wordy, work=WorkChoice(Work.own_turns, "mini"))).notes
    assert "lump" not in sim.simulate(world(Work.measured)).notes


def test_a_harness_that_nobody_knows_is_refused() -> None:
    with pytest.raises(sim.ConfigError, match=r"^work.harness=opne: did you mean 'open'"):
        world(Work.measured, "opne")
    with pytest.raises(sim.ConfigError, match=r"cache_discount_realised=1.5: must be at most 1"):
        scenario(agent(), backend(cache_discount_realised=1.5))
    scenario(agent(), backend(), work=WorkChoice(Work.measured, "opne"))
