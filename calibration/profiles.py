"""Fits `conf/profile/` to recorded sessions and says how well, on sessions that were not used.

    python -m calibration.profiles DATA            fit, print the goodness
    python -m calibration.profiles DATA --write    and write conf/profile/

DATA is the folder with claude_code_calls.csv.gz, claude_code_sessions.csv, claude_code_subagents.csv,
mooncake_conversation.csv.gz and tool_latency_published.csv. Fitted on sessions of even rank, those joined in their middle too, tested
on those of odd rank; `--swap` does it the other way round.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from calibration import chats
from calibration.goodness import Goodness, latency
from calibration.sessions import read_calls
from sim.results.files import write_whole
from sim.results.fitted.mixtures import means
from sim.results.fitted.profile import session, sub_agent
from sim.results.fitted.sessions import halves
from sim.scenario.load import CONF

Profile = dict[str, Any]
SOURCE = "github callanjfox/kv-cache-tester 94f6046 (Apache-2.0): 386 recorded Claude Code sessions"
TOOL_TIME_S = {
    "dist": "mixture",
    "weights": [0.61, 0.27, 0.08, 0.04],
    "parts": [
        {"dist": "lognormal", "median": 0.07, "sigma": 1.0, "high": 1},
        {"dist": "lognormal", "median": 3, "sigma": 0.6, "low": 1, "high": 10},
        {"dist": "lognormal", "median": 24, "sigma": 0.5, "low": 10, "high": 60},
        {"dist": "exponential", "mean": 298, "shift": 60},
    ],
}
"""Published shares of calls under 1 s, 1-10 s, 10-60 s and above; the last part's mean gives it 85 % of all tool time."""


def coding_session(calls: pd.DataFrame) -> Profile:
    """A session of a person with a coding agent, whole or joined in its middle; its tools' times as published."""
    return session(calls, expires_s=math.inf).profile | {"tool_time_s": TOOL_TIME_S}


def subagent(calls: pd.DataFrame, data: Path) -> Profile:
    """A sub-agent, as coding agents start them (39 recorded: 33 explore a code base)."""
    listed = pd.read_csv(data / "claude_code_subagents.csv")
    system = int((listed["tool_tokens"] + listed["system_tokens"]).median() // 100 * 100)
    waits = explorers(calls[calls["position"] > 0], data)["think_time_s"]
    return sub_agent(calls, system).profile | {"tool_time_s": means(waits, 40)}


def explorers(calls: pd.DataFrame, data: Path) -> pd.DataFrame:
    """Calls of the sub-agents that explore: they only read, so nobody is asked for leave, and their waits are their tools'."""
    listed = pd.read_csv(data / "claude_code_subagents.csv")
    names = listed["trace"] + "/" + listed["agent"]
    return calls[calls["key"].isin(names[listed["kind"] == "Explore"])]


def recorded_waits(calls: pd.DataFrame, parts: int = 200) -> Profile:
    """Waits after tool results as they were recorded: the means of so many equal parts, in order, so that the mean is the recorded one."""
    waits = calls["think_time_s"][(calls["trigger"] != "user") & (calls["position"] > 0)]
    return {"defaults": ["coding_session", "_self_"], "tool_time_s": means(waits, parts)}


NOTES = {
    "coding_session": f"""A person's session with a coding agent, as it is met: whole, or (44 %) joined in its middle. {SOURCE}.
Fitted on sessions of even rank. prior_tokens, resumed_turns: those joined in their middle (first prompt over 40,000 tokens).
window_tokens: of agents that came up to where a window of 200,000 is compacted this share went on, up to 880,000 tokens (Sonnet 4 and
4.5, a few of Opus 4.6; none of Opus 4.5). compact_at_share: where half of the others were compacted (`python -m calibration.contexts`;
Claude Code's own rule, reported: 0.835; other harnesses 0.80 to 0.95, reported).
Assumption: summary_tokens. Reported, not fitted: reasoning_share. tool_time_s: TraceLab, github uw-syfi/TraceLab 0b8a262 (CC BY
4.0), 432,510 calls: the recorded waits after tool results hold more than the tool (approvals, sleeping laptops), and are in
coding_session_recorded_waits.
turns and requests are heavy-tailed: planning with their means would halve the quadratic part of the bill.""",
    "subagent": f"""A sub-agent that a coding agent starts, with a context of its own. {SOURCE}; 39 sub-agents of 418 calls,
33 of which explored a code base (claude-haiku-4-5) and 6 planned or worked (claude-opus-4-5). Too few to hold any out.
Assumption: summary_tokens, window_tokens (none of them compacted), opening_turns. tool_time_s: waits between calls of the 33 that
explored, as recorded: they only read, and nobody is asked for leave, so what passes is their tools' time and the harness's. Published
tool times (see coding_session) are those of sessions that run tests and builds: 17 s a turn, of which a sub-agent shows 7.
Not in it: who has read much stops sooner (correlation of calls and growth a call -0.64), so 7 % of ours outgrow their window.""",
    "coding_session_recorded_waits": f"""The same session, waiting after tool results as recorded sessions did: for tools, approvals and
sleeping laptops. {SOURCE}, all of them.
  sim agent=solo profile@agent=coding_session_recorded_waits""",
}


def write(profiles: dict[str, Profile], notes_of: dict[str, str], goodness: str) -> None:
    """Write `conf/profile/<name>.yaml`, each with its source and how well it fits."""
    for name, profile in profiles.items():
        notes = notes_of[name] + (
            f"\nGoodness on sessions of odd rank, which were not used:\n{goodness}" if name == "coding_session" else ""
        )
        head = "".join(f"# {line}\n" for line in [*notes.splitlines(), "Written by: python -m calibration.profiles DATA --write"])
        body = yaml.safe_dump(profile, sort_keys=False, default_flow_style=None, width=130)
        _write_text(CONF / "profile" / f"{name}.yaml", head + body)


def _write_text(path: Path, text: str) -> None:
    put: Callable[[Path], object] = lambda aside: aside.write_text(text)  # noqa: E731
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, put)


def main(arguments: list[str]) -> None:
    """Fit, test, print; write when asked to."""
    folders = [argument for argument in arguments if not argument.startswith("--")]
    if len(folders) != 1 or not (Path(folders[0]) / "claude_code_calls.csv.gz").exists():
        sys.exit("profiles: name the folder that holds claude_code_calls.csv.gz")
    data = Path(folders[0])
    calls = read_calls(data)
    fit, held_out = halves(calls)
    if "--swap" in arguments:
        fit, held_out = held_out, fit
    session = coding_session(fit)
    profiles = {
        "coding_session": session,
        "coding_session_recorded_waits": recorded_waits(calls[calls["depth"] == 0]),
        "subagent": subagent(calls[calls["depth"] > 0], data),
    } | chats.chats(data, session["think_time_s"])
    found = Goodness.of(session, fit, held_out)
    goodness = str(found)
    print(goodness)
    print(latency(calls))
    reports = calls[calls["depth"] > 0].groupby("key")["output_tokens"].last()
    print(f"last output of a sub-agent (its report): median {reports.median():.0f}, sd of log {np.log(reports).std():.2f} tokens")
    if "--write" in arguments:
        write(profiles, NOTES | chats.notes(data, session["think_time_s"]), goodness)


if __name__ == "__main__":
    main(sys.argv[1:])
