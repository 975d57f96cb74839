"""Servers of one's own: a fit finds what made the data, and what ships is what is fitted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml

import sim
from calibration.servers import ANSWER, DATA, FILE, SERVERS, Server, fit, left_out, of_other_models, read, saturated, simulated
from sim.scenario.load import CONF
from sim.settings.capacity.servers import BackendKind

TRUE = Server(ttft_s=0.5, prefill_tokens_per_s=9000.0, decode_tokens_per_s=60.0, decode_slowdown=0.02, memory_tokens=190_000.0)


def table(server: Server) -> pd.DataFrame:
    rows = [(prompt, clients) for prompt in (1024.0, 4096.0, 16_384.0) for clients in (4.0, 16.0, 64.0)]
    names = ["isl", "conc", "request_throughput", "median_tpot"]
    return pd.DataFrame([(*row, server.rate(*row), server.token_s(*row)) for row in rows], columns=names)


def test_a_fit_finds_the_server_that_made_the_rows_and_predicts_one_left_out() -> None:
    rows = table(TRUE)
    assert fit(rows) == pytest.approx(tuple(TRUE), rel=0.01)
    assert left_out(rows, TRUE) == pytest.approx(np.ones(len(rows)), rel=0.02)
    assert rows["conc"][saturated(rows)].tolist() == [64.0] * 3


@pytest.mark.parametrize(("prompt", "clients"), [(1024, 4), (4096, 32), (16_384, 32)])
def test_simulated_it_is_as_fast_as_its_closed_form(prompt: int, clients: int) -> None:
    """Also where memory bounds what runs: 11 of 32 calls."""
    assert simulated(TRUE, prompt, clients)["request_throughput"] == pytest.approx(TRUE.rate(prompt, clients), rel=0.02)


def test_another_models_machine_reads_in_proportion_to_active_parameters() -> None:
    """GLM-5 has 40 billion, MiniMax M2.5 has 10: it reads four times as fast, and all else is the same."""
    said = of_other_models({"glm5_fp8_vllm_tp8": TRUE, "minimax_m25_vllm_tep8": TRUE._replace(ttft_s=9.0)}, "minimax_m25_vllm_tep8")
    assert said == pytest.approx(tuple(TRUE._replace(prefill_tokens_per_s=36_000.0)))


@pytest.mark.parametrize("model", SERVERS)
def test_what_ships_runs_and_is_the_same_model_on_another_bill(model: str) -> None:
    scenario = sim.load(f"+server={model}", f"backends=[{model},{model}_own]", "agent=chat", "workload.tasks=3", "replications=1")
    api, own = scenario.chosen().values()
    assert (own.kind, own.qualities, own.works, own.input_usd_per_mtok) == (BackendKind.self_hosted, api.qualities, api.works, 0.0)
    result = sim.simulate(scenario)
    assert result.mean(f"cost_share.{model}_own") > 0


@pytest.mark.slow
@pytest.mark.skipif(not (DATA / FILE).exists(), reason="the measurements are not kept here")
@pytest.mark.parametrize(("model", "machine"), SERVERS.items())
def test_what_ships_is_what_is_fitted(model: str, machine: str) -> None:
    server, shipped = fit(read(DATA)[machine]), yaml.safe_load((CONF / "server" / f"{model}.yaml").read_text())
    for name in ("ttft_s", "prefill_tokens_per_s", "decode_tokens_per_s", "decode_slowdown"):
        assert shipped[name] == pytest.approx(getattr(server, name), rel=0.05)
    assert shipped["servers"]["memory_tokens"] == pytest.approx(server.memory_tokens, rel=0.01)
    assert shipped["servers"]["batch"] * ANSWER < server.memory_tokens
