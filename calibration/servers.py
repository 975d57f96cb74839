"""Fits servers of one's own to what 8-GPU machines were measured to do, and says how well, on rows and on models that were left out.

    python -m calibration.servers [DATA]            fit, print the tables
    python -m calibration.servers [DATA] --write    and write conf/server/

DATA is the folder with inferencex_self_hosted_latency.csv (../shared/data if it is there): calls a second of so many clients who ask
again as soon as they are answered, by prompt length, 128 tokens of answer. Five numbers a model are fitted to that throughput
(`sim.theory.stations.batched`), and to the time a token takes where clients are fewest and prompts short, in logarithms, outliers damped:
seconds beside the device, reading speed, decoding speed of a call that is alone, how much others slow it down, and the memory. All other
times to the first token and a token are not fitted: they are simulated, and compared. Beyond the data: prompts over 33,000 tokens, answers
of other lengths, prompts that are read from a cache.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import least_squares

import sim
from sim.results.files import write_whole
from sim.scenario.load import CONF
from sim.settings.agent import AgentKind, AgentSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.market import BackendSettings, CacheKind, MarketSettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from sim.theory import stations

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FILE = "inferencex_self_hosted_latency.csv"
SOURCE = "github SemiAnalysisAI/InferenceX 843c625 (Apache-2.0), February 2026: one machine of 8 GPUs, vLLM"
ANSWER = 128
"""Tokens of every answer."""
SHORT = 4096
"""Prompts up to which a token's time is that of decoding, with the fewest clients: reading takes little of the device."""
ROUNDS = 10
"""Calls of each client: ten times as many prompts as clients."""
WITHIN = 0.2
SERVERS = {"minimax_m2_5": "minimax_m25_vllm_tep8", "glm_5": "glm5_fp8_vllm_tp8"}
"""What ships: the model of the February market, and the machine in the table."""
ACTIVE = {"minimax_m25_vllm_tep8": 10.0, "glm5_fp8_vllm_tp8": 40.0, "qwen35_vllm_tp8": 17.0}
"""Billions of parameters that a token goes through (R: the vendors' model cards)."""
_START = (
    (0.3, 9000.0, 60.0, 0.02, 8e4),
    (0.3, 25_000.0, 60.0, 0.02, 2e5),
    (0.3, 40_000.0, 60.0, 0.02, 6e5),
    (0.3, 25_000.0, 60.0, 0.02, 1e7),
)
_LOW, _HIGH = (1e-3, 1e3, 2.0, 1e-4, 1e4), (10.0, 1e5, 1e3, 5.0, 1e8)


class Server(NamedTuple):
    """What is fitted."""

    ttft_s: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    decode_slowdown: float
    memory_tokens: float

    def rate(self, prompt: float, clients: float) -> float:
        """Calls a second."""
        return stations.batched(
            callers=clients,
            reading_s=prompt / self.prefill_tokens_per_s,
            decoding_s=ANSWER / self.decode_tokens_per_s,
            slowdown=self.decode_slowdown,
            room=max(1.0, self.memory_tokens / (prompt + ANSWER)),
            beside_s=self.ttft_s,
        )

    def token_s(self, prompt: float, clients: float) -> float:
        """Seconds a token: what it takes beside the others that decode, and longer by the share of time in which prompts are read."""
        alone = 1 + self.decode_slowdown * (clients - 1)
        return alone / self.decode_tokens_per_s / (1 - self.rate(prompt, clients) * prompt / self.prefill_tokens_per_s)

    def backend(self) -> BackendSettings:
        """The same as a backend, which nobody pays."""
        return BackendSettings(
            kind=BackendKind.self_hosted,
            input_usd_per_mtok=0.0,
            output_usd_per_mtok=0.0,
            cache=CacheKind.none,
            context_window_tokens=10**9,
            network_rtt_s=0.0,
            ttft_s=self.ttft_s,
            prefill_tokens_per_s=self.prefill_tokens_per_s,
            decode_tokens_per_s=self.decode_tokens_per_s,
            decode_slowdown=self.decode_slowdown,
            servers=ServerSettings(batch=10_000, memory_tokens=int(self.memory_tokens)),
        )


def fit(rows: pd.DataFrame, starts: tuple[tuple[float, ...], ...] = _START) -> Server:
    """The server of some rows of the table (columns isl, conc, request_throughput, median_tpot)."""
    columns = [rows[name].to_numpy(float) for name in ("isl", "conc", "request_throughput", "median_tpot")]
    light = (columns[1] == columns[1].min()) & (columns[0] <= SHORT)

    def off(logs: np.ndarray) -> np.ndarray:
        server = Server(*np.exp(logs))
        rates = [server.rate(prompt, clients) / rate for prompt, clients, rate, _ in zip(*columns, strict=True)]
        tokens = [server.token_s(prompt, clients) / token_s for prompt, clients, _, token_s in np.stack(columns, axis=1)[light]]
        return np.log([*rates, *tokens])

    bounds = np.log(_LOW), np.log(_HIGH)
    found = [least_squares(off, np.log(start), bounds=bounds, loss="soft_l1", f_scale=0.1) for start in starts]
    return Server(*map(float, np.exp(min(found, key=lambda each: each.cost).x)))


def left_out(rows: pd.DataFrame, whole: Server) -> np.ndarray:
    """Throughput predicted over measured, of each row by a fit to the others; shape (rows,)."""
    ratios = []
    for place in range(len(rows)):
        row = rows.iloc[place]
        server = fit(rows.drop(rows.index[place]), (tuple(whole),))
        ratios.append(server.rate(row["isl"], row["conc"]) / row["request_throughput"])
    return np.array(ratios)


def of_other_models(fitted: dict[str, Server], name: str) -> Server:
    """What the other models' machines say of this one: reading speed by active parameters, all else their geometric mean."""
    others = {other: server for other, server in fitted.items() if other != name and other in ACTIVE}
    mean = Server(*np.exp(np.mean([np.log(server) for server in others.values()], axis=0)).tolist())
    work = np.exp(np.mean([np.log(server.prefill_tokens_per_s * ACTIVE[other]) for other, server in others.items()]))
    return mean._replace(prefill_tokens_per_s=float(work / ACTIVE[name]))


def simulated(server: Server, prompt: float, clients: float) -> dict[str, float]:
    """Calls a second, median seconds to the first token and a token, of as many calls as were measured."""
    chat = AgentSettings(
        kind=AgentKind.chat, turns=1, requests=1, system_tokens=0, prompt_tokens=int(prompt), output_tokens=ANSWER, reasoning_share=0.0
    )
    calls = sim.simulate(
        sim.Scenario(
            replications=1,
            processes=1,
            backends=["own"],
            market=MarketSettings("own", {"own": server.backend()}),
            workload=WorkloadSettings(kind=WorkloadKind.users, users=int(clients), tasks_per_user=ROUNDS, session_gap_s=0.0),
            agent=chat,
        )
    ).calls
    decoding = calls["t_end_s"] - calls["t_first_token_s"]
    return {
        "request_throughput": len(calls) / calls["t_end_s"].max(),
        "median_ttft": float((calls["t_first_token_s"] - calls["t_request_s"]).median()),
        "median_tpot": float(decoding.median()) / (ANSWER - 1),
    }


def saturated(rows: pd.DataFrame) -> pd.Series:
    """Which rows have the most clients of their prompt length."""
    return rows["conc"] == rows.groupby("isl")["conc"].transform("max")


def rms(ratios: Any) -> float:
    """Root mean square of logarithms."""
    return float(np.sqrt(np.mean(np.log(ratios) ** 2)))


def read(data: Path) -> dict[str, pd.DataFrame]:
    """Rows by machine."""
    table = pd.read_csv(data / FILE)
    return {str(tag): rows.reset_index(drop=True) for tag, rows in table.groupby("tag") if tag in ACTIVE}


def tables(data: Path) -> tuple[dict[str, Server], pd.DataFrame, pd.DataFrame]:
    """The servers; a row a machine: how well; a row for each left out that is more than 20 % off at the most clients."""
    machines = read(data)
    fitted = {name: fit(rows) for name, rows in machines.items()}
    goodness, misses = [], []
    for name, rows in machines.items():
        server = fitted[name]
        ratios = left_out(rows, server)
        most = saturated(rows).to_numpy()
        ours = pd.DataFrame([simulated(server, *each) for each in zip(rows["isl"], rows["conc"], strict=True)])
        other = [of_other_models(fitted, name).rate(*each) for each in zip(rows["isl"], rows["conc"], strict=True)]
        goodness.append(
            {"machine": name, "rows": len(rows)}
            | server._asdict()
            | {
                "fit": rms([server.rate(*each) for each in zip(rows["isl"], rows["conc"], strict=True)] / rows["request_throughput"]),
                "row left out": rms(ratios),
                "most clients, left out": rms(ratios[most]),
                "within 20 %": f"{int((np.abs(ratios[most] - 1) <= WITHIN).sum())} of {int(most.sum())}",
                "model left out": rms(other / rows["request_throughput"]),
                "first token": rms(ours["median_ttft"] / rows["median_ttft"]),
                "a token": rms(ours["median_tpot"] / rows["median_tpot"]),
            }
        )
        off = beside(rows).assign(machine=name, predicted=ratios * rows["request_throughput"], off=ratios - 1)
        misses.append(off[most & (np.abs(ratios - 1) > WITHIN)])
    columns = ["machine", "isl", "conc", "request_throughput", "predicted", "off", "fewer clients", "shorter prompts"]
    return fitted, pd.DataFrame(goodness), pd.concat(misses, ignore_index=True)[columns]


def beside(rows: pd.DataFrame) -> pd.DataFrame:
    """Each row with the throughput measured with the next fewer clients, and with the next shorter prompts: no server that slows down as
    more is asked of it gives less with more clients, or more with longer prompts."""
    wide = rows.pivot_table(index="isl", columns="conc", values="request_throughput")
    fewer, shorter = wide.shift(1, axis=1).stack(), wide.shift(1, axis=0).stack()
    places = pd.MultiIndex.from_frame(rows[["isl", "conc"]])
    return rows.assign(**{"fewer clients": fewer.reindex(places).to_numpy(), "shorter prompts": shorter.reindex(places).to_numpy()})


def text(model: str, server: Server, row: pd.Series) -> str:
    """A file of conf/server/."""
    facts = {
        "prefill_tokens_per_s": float(f"{server.prefill_tokens_per_s:.3g}"),
        "decode_tokens_per_s": float(f"{server.decode_tokens_per_s:.3g}"),
        "decode_slowdown": float(f"{server.decode_slowdown:.2g}"),
        "ttft_s": float(f"{server.ttft_s:.2g}"),
        "servers": {"batch": 64, "memory_tokens": int(float(f"{server.memory_tokens:.3g}")), "usd_per_h": 16.0},
    }
    fitted, one_out, first, token = (np.exp(row[name]) for name in ("fit", "row left out", "first token", "a token"))
    return f"""# @package market.models.{model}_own
# The same model on servers of one's own:  sim +server={model} backends=[{model}_own]
# Fitted to {row["rows"]} rows of {row["machine"]}: {SOURCE}.
# Throughput within a factor of {fitted:.2f} (rms), {one_out:.2f} on a row left out; with the most clients {row["within 20 %"]} rows left
# out are within 20 %. Simulated, and not fitted: the first token within a factor of {first:.2f}, a token {token:.2f}.
# A: usd_per_h (8 GPUs at $2 an hour), batch (as far as the data go), a prompt cache that takes no room, works and qualities of the API.
# Written by `python -m calibration.servers`, never by hand.
defaults:
  - /backend/feb_2026/{model}@_here_
  - _self_

label: {LABELS[model]}, own
kind: self_hosted
source: paid by the hour
input_usd_per_mtok: 0
output_usd_per_mtok: 0
cache_read_usd_per_mtok: null
cache_write_usd_per_mtok: null
cache: automatic
serving: us  # A
network_rtt_s: 0.03  # A: near
context_s_per_100k_tokens: 0  # not in the data beyond what a token takes to read
noise_sigma: 0
error_rate: 0
speed_sure: S
{yaml.safe_dump(facts, sort_keys=False, default_flow_style=False)}"""


LABELS = {"minimax_m2_5": "MiniMax M2.5", "glm_5": "GLM-5"}


def main(words: list[str]) -> None:
    """Fit, print, write if told to."""
    folders = [Path(word) for word in words if not word.startswith("-")]
    fitted, goodness, misses = tables(folders[0] if folders else DATA)
    with pd.option_context("display.width", 200, "display.max_columns", 30):
        print(f"{goodness.round(4).T.to_string(header=False)}\n\nErrors are rms of ln. With the most clients, off by more than 20 %:\n")
        print(misses.round(2).to_string(index=False))
    if "--write" in words:
        for model, machine in SERVERS.items():
            row = goodness.set_index("machine", drop=False).loc[machine]
            write_whole(CONF / "server" / f"{model}.yaml", partial(Path.write_text, data=text(model, fitted[machine], row)))


if __name__ == "__main__":
    main(sys.argv[1:])
