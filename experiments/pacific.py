"""The article says that a request crosses the Pacific and is back in about a second. What is that second, and what is it to an agent?

    python -m experiments.pacific

A client in the US and MiniMax M2.5 in China, a client in China and Claude Opus 4.6 in the US, and each with the other one next door
(`place=us`, `place=cn`). The same work with the same random numbers once more without handshakes, without a gateway, and without any
distance: what is gone each time is that part. A chat's first word, its whole answer, an agent's step (a call and the tools after it), a
whole session (`agent=solo`, its user's thinking left out).

Reported: round trips of 0.18 s (0.10 to 0.30); a gateway of 0.03 s (0.003 to 0.34). From documents: two round trips for a new connection
(TCP, TLS 1.3), which is dropped after 5 s without use. Calibrated: sessions, their tools' published times, speeds as marked in
`conf/backend` (M2.5's time to first token is as others measured it, so what is the model's is not a matter of where it stands). Assumed:
agents do not share connections. Not simulated: a prompt is text, some 4 bytes a token, and a connection that is new or was idle sends
14,600 bytes at first and twice as many each round trip (TCP's slow start: RFC 6928, and 2861 where the system keeps to it); the table says
what that would add at most. Would change the finding: a client that keeps its connections open, faster models, prompts that stay there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import sim
from experiments import folder_of
from sim.report.study import COLOURS, aligned, draw_key, number, publish, sheet, styled

TASKS = 150
ROUND_TRIP_S, ENDS_S, NEAR_S = 0.18, (0.10, 0.30), 0.03
GATEWAY_S, GATEWAY_ENDS_S = 0.03, (0.003, 0.34)
HANDSHAKES = 2
FIRST_BYTES, BYTES_PER_TOKEN = 14_600, 4
CASES = {"MiniMax M2.5 from the US": ("minimax_m2_5", "us", "cn"), "Claude Opus 4.6 from China": ("claude_opus_4_6", "cn", "us")}
"""Backend, where the client is, where the backend is."""
PARTS = ("round trips", "handshakes", "gateway", "model", "tools")
FILLS = ((COLOURS[1], ""), (COLOURS[5], "//"), (COLOURS[2], "xx"), (COLOURS[4], ""), ("#BBBBBB", ".."))
FIRST_WORD, ANSWER, STEP, SESSION = "a chat's first word", "a chat's answer", "an agent's step", "an agent's session"


@dataclass(frozen=True)
class Way:
    """What lies between."""

    round_trip_s: float = ROUND_TRIP_S
    gateway_s: float = GATEWAY_S
    handshakes: int = HANDSHAKES


@dataclass(frozen=True)
class Lived:
    """Seconds, in the mean."""

    first_word: float
    answer: float
    session: float
    calls: float
    """Of a session."""
    slow_rounds: float
    """Round trips more a call, if each prompt is sent on a connection that starts slowly."""


@cache
def at_work(case: str, agent: str, tasks: int) -> sim.Scenario:
    """Composed once for all ways."""
    backend, client, _ = CASES[case]
    size = (f"workload.tasks={tasks}", "replications=1", "processes=1")
    return sim.load(f"agent={agent}", f"backends=[{backend}]", f"place={client}", *size)


def lived(case: str, agent: str, way: Way, tasks: int) -> Lived:
    """An agent's or a chat's life over such a way."""
    server = CASES[case][2]
    way_of = {f"place.round_trips_s.{server}": way.round_trip_s, "place.gateway_s": way.gateway_s}
    found = sim.simulate(sim.replaced(at_work(case, agent, tasks), way_of | {"place.handshake_round_trips": way.handshakes}))
    calls, ended = found.calls.query("status == 'ok'"), found.tasks
    busy = ended["t_end_s"] - ended["t_arrive_s"] - ended["thinking_s"]
    return Lived(
        float((calls["t_first_token_s"] - calls["t_request_s"]).mean()), float((calls["t_end_s"] - calls["t_request_s"]).mean()),
        float(busy.mean()), len(found.calls) / len(ended), float(slow_rounds(calls["input_tokens"].to_numpy()).mean()),
    )  # fmt: skip


def slow_rounds(tokens: np.ndarray) -> np.ndarray:
    """Round trips that a prompt takes beyond the first: 14,600 bytes go at once, then twice as many each time."""
    rounds: np.ndarray = np.maximum(np.ceil(np.log2(1 + BYTES_PER_TOKEN * tokens / FIRST_BYTES)) - 1, 0.0)
    return rounds


def seconds(one: Lived) -> dict[str, float]:
    """Of each thing that somebody may wait for."""
    return {FIRST_WORD: one.first_word, ANSWER: one.answer, STEP: one.session / one.calls, SESSION: one.session}


def rows_of(case: str, tasks: int) -> list[dict[str, object]]:
    """A row a thing that somebody waits for, in parts."""
    kinds = {"chat": (FIRST_WORD, ANSWER), "solo": (STEP, SESSION)}
    rows = []
    for agent, things in kinds.items():
        ways = [Way(), Way(handshakes=0), Way(handshakes=0, gateway_s=0.0), Way(0.0, 0.0, 0), Way(NEAR_S)]
        ways += [Way(*each) for each in zip(ENDS_S, GATEWAY_ENDS_S, strict=True)]
        whole, one, bare, nowhere, near, low, high = (lived(case, agent, way, tasks) for way in ways)
        for thing in things:
            s = [seconds(each)[thing] for each in (whole, one, bare, nowhere, near, low, high)]
            calls = whole.calls if thing == SESSION else 1.0
            served = nowhere.answer * calls if agent == "solo" else s[3]
            parts = (s[2] - s[3], s[0] - s[1], s[1] - s[2], served, s[3] - served)
            row: dict[str, object] = {"case": case, "of": thing, "seconds": s[0]} | dict(zip(PARTS, parts, strict=True))
            row |= {"network": 1 - s[3] / s[0], "network, low": 1 - s[3] / s[5], "network, high": 1 - s[3] / s[6], "next door, s": s[4]}
            rows.append(row | {"if prompts start slowly, s": calls * whole.slow_rounds * ROUND_TRIP_S, "calls": calls})
    return rows


def table(tasks: int) -> pd.DataFrame:
    """Both ways across, from so many chats and sessions each."""
    return pd.DataFrame([row for case in CASES for row in rows_of(case, tasks)])


def finding(found: pd.DataFrame) -> str:
    """What the second is, how much of an agent's time, and where the sentence misleads."""
    ours = found[found["case"] == next(iter(CASES))].set_index("of")
    word, answer, step, session = (ours.loc[thing] for thing in (FIRST_WORD, ANSWER, STEP, SESSION))
    network = session["seconds"] - session["model"] - session["tools"]
    no_ocean = (word["model"] + word["gateway"]) / word["seconds"]
    return (
        f"A chat's first word is back in {word['seconds']:.1f} s, of which {word['round trips']:.2f} s cross the Pacific, "
        f"{word['handshakes']:.2f} s open a connection and {word['model']:.1f} s are the model, wherever it stands; all of it in "
        f"{answer['seconds']:.1f} s. To an agent the network is {100 * step['network']:.1f} % of a step "
        f"({100 * step['network, low']:.1f} to {100 * step['network, high']:.1f}), {network:.0f} s of a session's "
        f"{session['seconds'] / 60:.0f} minutes. So the second misleads: {100 * no_ocean:.0f} % of it are no ocean, an agent crosses "
        f"{session['calls']:.0f} times and not once, and what it sends each time is its whole context, which could cost more "
        f"({step['if prompts start slowly, s']:.1f} s a step, if connections start slowly) than the way does"
    )


@styled
def parts(found: pd.DataFrame) -> Figure:
    """What each wait is made of, in per cent, the seconds beside it."""
    note = (
        f"Round trips of {ROUND_TRIP_S} s, {HANDSHAKES} more for a new connection, a gateway of {GATEWAY_S} s. Prompts that start slowly "
        "(not drawn) would add to it: see the table."
    )
    figure = sheet(finding(found).partition(" So the second")[0].rstrip("."), 6.6, note, key=True)
    every = figure.subplots(1, len(CASES), sharey=True)
    for axes, case in zip(every, CASES, strict=True):
        mine = found[found["case"] == case].iloc[::-1]
        places, left = np.arange(len(mine)), np.zeros(len(mine))
        for part, (colour, hatch) in zip(PARTS, FILLS, strict=True):
            width = 100 * (mine[part] / mine["seconds"]).to_numpy()
            axes.barh(places, width, left=left, height=0.6, color=colour, hatch=hatch, edgecolor="white", label=part)
            left = left + width
        for place, (_, row) in zip(places, mine.iterrows(), strict=True):
            axes.annotate(f"{number(row['seconds'], 2)} s", (100, place), (5, 0), textcoords="offset points", va="center", fontsize=10)
        axes.set_yticks(places, list(mine["of"]))
        axes.set_xlim(0, 115)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel("share of the wait (%)")
        axes.set_title(case)
        axes.grid(visible=False, axis="y")
    draw_key(figure, every[0])
    return figure


def text(found: pd.DataFrame) -> str:
    """As people read it."""
    shown = found[["case", "of"]].copy()
    for column in ("seconds", *PARTS, "next door, s"):
        shown[column] = [number(value) if abs(value) > 1e-9 else "" for value in found[column]]
    spans = zip(found["network"], found["network, low"], found["network, high"], strict=True)
    shown["network"] = [f"{100 * at:.1f} % ({100 * low:.1f} to {100 * high:.1f})" for at, low, high in spans]
    shown["if prompts start slowly"] = [f"+{number(value, 2)}" for value in found["if prompts start slowly, s"]]
    return aligned(shown)


def main() -> None:
    """Simulate, take apart, print, draw."""
    folder = folder_of("pacific", __doc__)
    found = table(TASKS)
    publish("pacific", found, finding(found) + ".", {"pacific": parts(found)}, folder, text(found))


if __name__ == "__main__":
    main()
