"""When are one's own GPUs, or reserved units, cheaper than the API?

    python -m experiments.self_host_or_api

Developers with a coding agent for a week (`workload=office`, `agent=solo`), each size of team in five ways: MiniMax M2.5 by its vendor's
API, on 8-GPU servers of one's own that run all week, and on such servers that an autoscaler starts and stops; GPT-5.2 by its API, and with
Azure's reserved units and spill, at the number of units that costs least. Beside it, chats that come all day long, on one server.

Fitted, not predicted: how fast a server is (`calibration/servers.py`: 128 tokens of answer, prompts up to 33,000; agents' are longer).
Assumed: 8 GPUs at $16 an hour; a prompt cache that takes no room and is found on any server; nobody is paid to run them. Reported: prices
of units, by the month. Would change the finding: memory for more than two long prompts a server, cheaper GPUs, work at night.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from experiments import folder_of
from sim.report.study import aligned, compact, dollars, draw_key, number, pen, percent, publish, scale, sheet, styled

TEAMS = (15, 45, 135)
WEEK_S = 604_800.0
CHATS_S = 1800.0
CHATS_A_S = (0.75, 1.5, 2.25, 3.0)
"""Chats that begin in a second."""
REPLICATIONS = 2
BORNE = 0.97
"""Of the calls that the API has answered: with less a server falls behind."""
UNITS = (0.3, 0.6, 1.2)
"""Units that are tried, a developer."""
OWN = "market.models.minimax_m2_5_own.servers"
API, SERVERS, SCALED, OTHER, RESERVED = "M2.5, API", "M2.5, own servers", "M2.5, own, autoscaled", "GPT-5.2, API", "GPT-5.2, units"
WAYS = (API, SERVERS, SCALED, OTHER, RESERVED)
MONTHS = WEEK_S / 86_400 * 12 / 365.2425
"""In a week."""


def office(users: int, *more: str, **changes: Any) -> sim.Result:
    """A week of that many developers."""
    size = {"workload.users": users, "horizon_s": WEEK_S, "replications": REPLICATIONS, "yes": True, "log": "none"}
    return sim.simulate(sim.load("workload=office", "agent=solo", *more, size | changes))


def servers_for(calls: pd.DataFrame, memory_tokens: float) -> int:
    """So many that the prompts and answers of the API's calls find room, as 95 % of them see it when they begin."""
    tokens = (calls["input_tokens"].astype(float) + calls["output_tokens"]).to_numpy()
    moments = np.concatenate([calls["t_start_s"], calls["t_end_s"]])
    order = np.lexsort((np.repeat([1, 0], len(tokens)), moments))
    held = np.cumsum(np.concatenate([tokens, -tokens])[order])
    begins = order < len(tokens)
    return max(1, math.ceil(float(np.quantile(held[begins], 0.95)) / memory_tokens))


def row(way: str, users: int, result: sim.Result, detail: str = "") -> dict[str, Any]:
    """What a week comes to."""
    idle = next((value for name, value in result.summary["mean"].items() if str(name).startswith("servers_idle_share")), math.nan)
    used = next((value for name, value in result.summary["mean"].items() if str(name).startswith("units_used_share")), math.nan)
    usd = result.mean("cost_usd")
    return {
        "developers": users,
        "way": way,
        "USD a week": usd,
        "USD a developer and month": usd / users / MONTHS,
        "of which by the hour": (result.mean("cost_servers_usd") + result.mean("cost_units_usd")) / usd,
        "idle": idle if math.isnan(used) else 1 - used,
        "p95 wait, s": result.mean("wait_p95_s"),
        "with": detail,
    }


def ways(users: int) -> list[dict[str, Any]]:
    """One size of team in each way."""
    api = office(users, backends=["minimax_m2_5"], log="full")
    calls = api.calls[(api.calls["replication"] == 0) & (api.calls["status"] == "ok")]
    scenario = sim.load("+server=minimax_m2_5", "backends=[minimax_m2_5_own]")
    many = servers_for(calls, scenario.market.models["minimax_m2_5_own"].servers.memory_tokens or math.inf)
    own: dict[str, Any] = {"backends": ["minimax_m2_5_own"]}
    still = office(users, "+server=minimax_m2_5", **own | {f"{OWN}.replicas": many})
    auto = {"most": 2 * many, "least": 1, "target_calls": 2, "keep_s": 1800}
    scaled = office(users, "+server=minimax_m2_5", **own | {f"{OWN}.autoscale.{name}": value for name, value in auto.items()})
    other = office(users, backends=["gpt_5_2"])
    key = "market.models.gpt_5_2.reserved.units"
    tried = {max(15, round(users * each / 5) * 5) for each in UNITS}
    units = {each: office(users, "+reserved=gpt_5_2", **{"backends": ["gpt_5_2"], key: each}) for each in tried}
    best = min(units, key=lambda each: units[each].mean("cost_usd"))
    return [
        row(API, users, api),
        row(SERVERS, users, still, f"{many} servers"),
        row(SCALED, users, scaled, f"{scaled.mean('servers_h.minimax_m2_5_own'):,.0f} server-hours"),
        row(OTHER, users, other),
        row(RESERVED, users, units[best], f"{best} PTUs"),
    ]


def chats() -> pd.DataFrame:
    """Chats that come at random, all day, on one server and by the API: dollars an hour, and how long they wait."""
    rows = []
    for rate in CHATS_A_S:
        steady: dict[str, Any] = {
            "workload.tasks": None, "workload.interarrival_s": {"dist": "exponential", "mean": 1 / rate}, "replications": REPLICATIONS,
            "horizon_s": CHATS_S + 600, "warmup": "fixed", "warmup_s": 600.0, "log": "none", "yes": True,
        }  # fmt: skip
        api = sim.simulate(sim.load("agent=chat", steady | {"backends": ["minimax_m2_5"]}))
        own = sim.simulate(sim.load("agent=chat", "+server=minimax_m2_5", steady | {"backends": ["minimax_m2_5_own"]}))
        hours = CHATS_S / 3600
        rows.append(
            {
                "chats a second": rate,
                "API, USD/h": api.mean("cost_usd") / hours,
                "own, USD/h": own.mean("cost_usd") / hours,
                "own, p95 wait, s": own.mean("wait_p95_s"),
                "own, done": own.mean("calls") / api.mean("calls"),
            }
        )
    return pd.DataFrame(rows)


def crossing(x: np.ndarray, ratio: np.ndarray) -> float:
    """Where a ratio that falls goes through 1, on a line in logarithms; nan: nowhere between the first and the last."""
    logs = np.log(ratio)
    return float(np.exp(np.interp(0.0, logs[::-1], np.log(x)[::-1]))) if logs[0] > 0 > logs[-1] else math.nan


def most_borne(talk: pd.DataFrame) -> float:
    """The most chats a second with which a server does not fall behind."""
    return float(talk[talk["own, done"] > BORNE]["chats a second"].max())


def break_evens(table: pd.DataFrame, talk: pd.DataFrame) -> dict[str, float]:
    """From how many developers units pay; below what price of a server own ones do; from how many chats a second one does."""
    usd = table.pivot(index="developers", columns="way", values="USD a week")
    sizes = usd.index.to_numpy(float)
    pays = crossing(talk["chats a second"].to_numpy(), (talk["own, USD/h"] / talk["API, USD/h"]).to_numpy())
    server_usd = sim.load("+server=minimax_m2_5").market.models["minimax_m2_5_own"].servers.usd_per_h
    return {
        "developers from which units pay": crossing(sizes, (usd[RESERVED] / usd[OTHER]).to_numpy()),
        "servers pay below, USD/h": float((usd[API] / usd[SERVERS]).iloc[-1]) * server_usd,
        "autoscaled servers pay below, USD/h": float((usd[API] / usd[SCALED]).iloc[-1]) * server_usd,
        "chats a second from which a server pays": pays if pays <= most_borne(talk) else math.nan,
    }


def finding(table: pd.DataFrame, talk: pd.DataFrame) -> str:
    """What each way costs, and where two cost the same."""
    largest = table[table["developers"] == table["developers"].max()].set_index("way")
    even = break_evens(table, talk)
    month = largest["USD a developer and month"]
    best = float(largest["USD a week"][RESERVED] / largest["USD a week"][OTHER])
    pays = even["chats a second from which a server pays"]
    units = even["developers from which units pay"]
    since = f"from {units:.0f} developers on" if not math.isnan(units) else "at no size of these"
    chatting = (
        f"from {number(pays)} a second on, of {number(most_borne(talk))} that it bears" if not math.isnan(pays) else "at no rate of these"
    )
    price, scaled_price = even["servers pay below, USD/h"], even["autoscaled servers pay below, USD/h"]
    return (
        f"For coding agents M2.5 on servers of one's own costs {dollars(month[SERVERS])} a developer and month, {dollars(month[SCALED])} "
        f"autoscaled, {dollars(month[API])} by the API: memory holds two or three such prompts, and most hours are idle. A server would "
        f"have to cost {dollars(price)} an hour, or {dollars(scaled_price)} autoscaled. GPT-5.2's units pay {since} "
        f"({percent(1 - best)} less for {largest['developers'].iloc[0]}), since what they read from a cache is free. "
        f"With short chats all day long one server pays {chatting}"
    )


@styled
def by_demand(table: pd.DataFrame, talk: pd.DataFrame) -> Figure:
    """Dollars a developer and month by size of team; dollars an hour by chats a second."""
    even = break_evens(table, talk)
    pays, units = even["chats a second from which a server pays"], even["developers from which units pay"]
    usd = table.pivot(index="developers", columns="way", values="USD a week")
    loses = bool((usd[[SERVERS, SCALED]].min(axis=1) > usd[API]).all())
    with_agents = "lose to the API at every size of team" if loses else "win at some sizes of team"
    with_chats = f"pay from {number(pays)} a second on" if not math.isnan(pays) else "do not pay at these rates"
    reserved = f"pay from {units:.0f} developers on" if not math.isnan(units) else "do not pay here"
    title = f"With coding agents own servers {with_agents}, with chats they {with_chats}; reserved units {reserved}"
    borne = talk[talk["own, done"] > BORNE]
    note = (
        "Left: a week of office hours, idle hours of servers and units inside. Right: chats all day on one server, as far as it bears them."
    )
    figure = sheet(title, 5.2, note, key=True)
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1])
    for index, way in enumerate(WAYS):
        mine = table[table["way"] == way]
        left.plot(mine["developers"], mine["USD a developer and month"], label=way, **pen(index))
    scale(left, "x", min(TEAMS) * 0.8, max(TEAMS) * 1.25)
    scale(left, "y", float(table["USD a developer and month"].min()) * 0.7, float(table["USD a developer and month"].max()) * 1.4)
    left.set_xlabel("developers (log scale)")
    left.set_ylabel("USD a developer and month (log scale)")
    right.plot(talk["chats a second"], talk["API, USD/h"], **pen(0))
    right.plot(borne["chats a second"], borne["own, USD/h"], **pen(1))
    right.set_ylim(0, None)
    right.set_xlabel("chats that begin in a second")
    right.set_ylabel("USD an hour")
    draw_key(figure, left)
    return figure


def main() -> None:
    """Simulate, print, draw."""
    folder = folder_of("self_host_or_api", __doc__)
    table, talk = pd.DataFrame([each for users in TEAMS for each in ways(users)]), chats()
    shown = table.copy()
    for name in ("USD a week", "USD a developer and month"):
        shown[name] = shown[name].map(compact)
    for name in ("of which by the hour", "idle"):
        shown[name] = shown[name].map(lambda value: "" if math.isnan(value) else percent(value))
    shown["p95 wait, s"] = shown["p95 wait, s"].map(number)
    even = "\n".join(f"{name}: {number(value)}" for name, value in break_evens(table, talk).items())
    text = f"{aligned(shown)}\n\n{aligned(talk.map(number))}\n\n{even}"
    figures = {"self_host_or_api": by_demand(table, talk)}
    publish("self_host_or_api", table, finding(table, talk) + ".", figures, folder, text, {"chats": talk})


if __name__ == "__main__":
    main()
