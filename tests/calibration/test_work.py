"""What bills say of each model's work: fitted on a small table of our own, and on the real one where it is kept."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest
import yaml

import sim
from calibration import work
from calibration.prices import WORKS
from calibration.work import BILLS, DATA, HARNESSES, Fit, Loop, fits, left_out, read_bills, tables
from sim.scenario.load import CONF
from sim.settings.market import BackendSettings, WorkSettings
from sim.settings.work import Work, WorkChoice
from sim.theory import loop_usd, pairs_of

REAL = pytest.mark.skipif(not (DATA / BILLS).exists(), reason="the measured bills are not kept here")
TABLE = """harness,version,date,benchmark,model,tasks,usd_per_task,calls_per_task,note
mini-swe-agent,2.0.0,2026-02-17,swe-bench-verified,claude-opus-4-6,500,0.60,30,
mini-swe-agent,2.0.0,2026-02-17,swe-bench-verified,MiniMax-M2.5,500,0.10,60,
mini-swe-agent,2.0.0,2026-02-17,swe-bench-verified,GLM-5,500,0.30,,
mini-swe-agent,1.17.1,2025-12-01,swe-bench-verified,MiniMax-M2.5,500,9.99,99,another version
OpenHands,v1.11.0,2026-02-07,swe-bench-verified,claude-opus-4-6,500,0.56,,
OpenHands,v1.11.0,2026-02-06,swt-bench,claude-opus-4-6,416,0.45,,
OpenHands,v1.11.3,2026-02-11,swe-bench-verified,MiniMax-M2.5,500,0.10,,"as first published; 0.3066 later"
OpenHands,v1.11.3,2026-02-10,swt-bench,MiniMax-M2.5,433,0.2239,,"recalculated 2026-04-28; first published 0.09, which fits"
OpenHands,v1.11.5,2026-02-21,swt-bench,GLM-5,296,1.35,,
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Fit]:
    folder = tmp_path_factory.mktemp("data")
    (folder / BILLS).write_text(TABLE)
    return {(fit.model.rows[0], fit.harness): fit for fit in fits(read_bills(folder))}


@pytest.mark.slow
def test_ratios_are_of_one_harness_and_benchmark_and_as_first_published(found: dict[tuple[str, str], Fit]) -> None:
    assert found["MiniMax-M2.5", "mini_v2"].measured == pytest.approx({"swe-bench-verified": 6.0})
    assert found["MiniMax-M2.5", "openhands"].measured == pytest.approx({"swe-bench-verified": 5.6, "swt-bench": 5.0})
    assert found["GLM-5", "openhands"].measured == pytest.approx({"swt-bench": 1 / 3})


@pytest.mark.slow
def test_turns_are_counted_or_taken_over_and_less_sure_elsewhere(found: dict[tuple[str, str], Fit]) -> None:
    turns = {key: (fit.work["turn_multiplier"], fit.work["sure"]) for key, fit in found.items()}
    assert turns["MiniMax-M2.5", "mini_v2"] == (2.0, "S")
    assert turns["MiniMax-M2.5", "openhands"] == (2.0, "R")
    assert turns["GLM-5", "mini_v2"] == (1.48, "R")
    assert turns["GLM-5", "openhands"] == (1.48, "A")


def test_an_entry_meets_the_bill_it_was_fitted_to(found: dict[tuple[str, str], Fit]) -> None:
    models = sim.load().market.models
    for (name, harness), fit in found.items():
        loop = Loop.of(HARNESSES[harness].profile)
        choice = WorkChoice(Work.measured, harness)
        listed = models[fit.model.backends[0]]
        ours = choice.done_by(dataclasses.replace(listed, works={harness: WorkSettings(**fit.work)}))
        assert loop.usd(models["claude_opus_4_6"]) / loop.usd(ours) == pytest.approx(fit.ratio, rel=0.01), name


def test_the_discount_goes_first_and_words_take_what_it_cannot_explain(found: dict[tuple[str, str], Fit]) -> None:
    for fit in found.values():
        discount, words = fit.work["cache_discount_realised"], fit.work["verbosity"]
        assert words == 1 or discount == (0 if words > 1 else 1)
        assert (fit.lump > 1) == (discount < 1) or fit.lump == pytest.approx(1)


def test_a_harness_is_predicted_from_the_lump_of_the_other(found: dict[tuple[str, str], Fit]) -> None:
    errors = {(fit.model.rows[0], fit.harness): error for fit, _, error in left_out(list(found.values()))}
    assert set(errors) == {(name, harness) for name in ("MiniMax-M2.5", "GLM-5") for harness in HARNESSES}
    mini, opened = (found["GLM-5", harness].lump for harness in HARNESSES)
    assert errors["GLM-5", "mini_v2"] == pytest.approx(math.log(mini / opened))
    told = tables(list(found.values()))
    assert "No counts of calls: GLM-5" in told
    assert "a factor of" in told


def test_turn_by_turn_is_the_closed_form_where_everything_is_cached() -> None:
    loop = Loop.of("swe_task_openhands")
    plain = BackendSettings(
        input_usd_per_mtok=4.0, output_usd_per_mtok=20.0, cache_read_usd_per_mtok=0.4, cache_write_usd_per_mtok=5.0, cache_min_tokens=0
    )
    mean, pairs = pairs_of(lambda u: float(loop.turns[int(u * len(loop.turns))]), len(loop.turns))
    growth = loop.kept * loop.output + loop.result
    closed = loop_usd(base=loop.base, growth=growth, output=loop.output, turns=mean, pairs=pairs, read=0.4e-6, write=5e-6, produced=20e-6)
    assert loop.usd(plain) == pytest.approx(closed)


@pytest.mark.slow
@pytest.mark.parametrize(("agent", "usd", "calls"), [("swe_task", 0.552, 28.9), ("swe_task_openhands", 0.56, None)])
def test_a_task_costs_opus_what_was_measured_in_its_harness(agent: str, usd: float, calls: float | None) -> None:
    settings = [f"agent={agent}", "workload.tasks=600", "replications=4", "log=sample"]
    result = sim.simulate(sim.load(*settings))
    assert result.mean("cost_per_task_usd") == pytest.approx(usd, rel=0.05)
    if calls:
        assert result.mean("calls_per_task") == pytest.approx(calls, rel=0.05)
    spread = float(result.tasks["cost_usd"].map(math.log).std())
    assert 0.4 < spread < 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("harness", "agent", "ratio"), [("mini_v2", "swe_task", 7.56), ("openhands", "swe_task_openhands", 5.64)])
def test_measured_work_simulated_costs_what_bills_say(harness: str, agent: str, ratio: float) -> None:
    shared = [f"agent={agent}", "work=measured", f"work.harness={harness}", "workload.tasks=600", "replications=2", "log=none"]
    opus, ours = (sim.simulate(sim.load(*shared, f"backends=[{name}]")) for name in ("claude_opus_4_6", "minimax_m2_5"))
    assert opus.mean("cost_per_task_usd") / ours.mean("cost_per_task_usd") == pytest.approx(ratio, rel=0.1)


def test_what_ships_says_where_it_is_from() -> None:
    shipped = yaml.safe_load(WORKS.read_text())
    assert {path.stem for path in (CONF / "backend").glob("*/*.yaml")} >= set(shipped)
    for backend in shipped.values():
        for entry in backend.values():
            assert entry["sure"] in ("S", "R", "A")
            assert entry["source"]


@REAL
def test_the_real_bills_turns_alone_explain_m2_5_and_what_ships_was_fitted() -> None:
    real = list(fits(read_bills(DATA)))
    (mini,) = (fit for fit in real if fit.model.rows == ("MiniMax-M2.5",) and fit.harness == "mini_v2")
    assert mini.ratio == pytest.approx(7.56, abs=0.01)
    assert mini.own_turns == pytest.approx(mini.ratio, rel=0.15)
    assert {error for *_, error in left_out(real)}
    assert 0.6 < work.rms([error for *_, error in left_out(real)]) < 1.0, "harnesses differ by a factor of about two"
    assert work.entries(real) == yaml.safe_load(WORKS.read_text()), "what ships is what was fitted"


def test_without_its_table_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"work: name the folder that holds measured_bills.csv"):
        work.main([str(tmp_path)])
