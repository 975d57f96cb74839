"""What is said of unlike sweeps: overload first, then what was swept is there for; never a key, never more than intervals tell apart."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sim.report.findings.effects import MOST_WORDS, sentences, words
from sim.report.findings.finding import Found, finding, topic_of
from sim.report.findings.rates import Period

NAMES = {"opus": "Claude Opus 4.6", "mini": "MiniMax M2.5"}
LIMIT = "market.models.opus.input_tokens_per_min"
PLAIN = {"tasks": 100.0, "tasks_in_flight": 0.0, "tokens_per_task": 1e6, "multiplier_per_message": 50.0, "cost_per_task_usd": 2.0,
         "success_rate": 0.5, "task_latency_p50_s": 300.0, "mean_wait_s": 0.0, "lost_share": 0.0, "rate_limited_share": 0.0,
         "timeout_share": 0.0, "given_up_share": 0.0, "cost_usd": 200.0}  # fmt: skip


def swept(
    axis: str, values: list[Any], sure: float = 0.05, more: dict[str, list[Any]] | None = None, **metrics: list[float]
) -> pd.DataFrame:
    """A sweep by hand: metrics by value, as wide on either side as `sure` is a share of them; nan: one replication."""
    rows = []
    for place, value in enumerate(values):
        row = {**{name: each[place] for name, each in (more or {}).items()}, axis: value, **PLAIN}
        row |= {name: each[place] for name, each in metrics.items()}
        kept = 1 - row["lost_share"]
        row |= {"cost_per_finished_task_usd": row["cost_per_task_usd"] / max(kept, 0.01),
                "cost_per_success_usd": row["cost_per_task_usd"] / max(row["success_rate"], 0.01)}  # fmt: skip
        ends = {f"{name}_ci_{end}": row[name] * (1 + way * sure) for name in metrics for end, way in (("low", -1), ("high", 1))}
        per = {f"cost_per_success_usd_ci_{end}": row["cost_per_success_usd"] * (1 + way * sure) for end, way in (("low", -1), ("high", 1))}
        rows.append(row | per | ends)
    return pd.DataFrame(rows)


SWEEPS: dict[str, tuple[pd.DataFrame, list[str]]] = {
    "quota": (
        swept(LIMIT, ["250000", "500000", "1e6", "4e6"], lost_share=[0.29, 0.02, 0, 0], rate_limited_share=[0.04, 0.001, 0, 0]),
        ["Overload with input limit 250k tokens/min: 29 % of tasks lost, 4 % of attempts turned away (429); none lost from 1M tokens"],
    ),
    "quota without loss": (
        swept(LIMIT, [250_000, 1_000_000], rate_limited_share=[0.2, 0.0], mean_wait_s=[40.0, 0.0]),
        [
            "no task lost, 20 % of attempts turned away (429); none lost from 1M tokens/min on.",
            "A call waits on average 0 s with input limit 1M tokens/min, 40 s with input limit 250k tokens/min",
        ],
    ),
    "fan-out": (
        swept("agent.fanout", [1, 16], tokens_per_task=[1e6, 4e6], cost_per_task_usd=[2.0, 7.0]),
        ["A task takes 4.00 times the tokens with 16 sub-agents as with 1 sub-agent; a task costs $2.0 with 1 sub-agent, $7.0 with 16"],
    ),
    "backend": (
        swept("backends", ["[opus]", "[mini]"], cost_per_task_usd=[12.0, 0.5]),
        ["A task costs $0.50 on MiniMax M2.5, $12 on Claude Opus 4.6, 24.0 times as much."],
    ),
    "backend, wide": (
        swept("backends", ["[opus]", "[mini]"], sure=0.9, cost_per_task_usd=[1.2, 0.9]),
        ["A task costs $0.90 to $1.2; 95 % intervals overlap."],
    ),
    "latency": (
        swept("market.models.opus.decode_tokens_per_s", [20, 60], task_latency_p50_s=[900.0, 300.0]),
        ["The median task takes 5.0 min with output speed 60 tokens/s, 15 min with output speed 20 tokens/s"],
    ),
    "servers": (
        swept("market.models.opus.servers.replicas", [1, 4], mean_wait_s=[60.0, 2.0]),
        ["A call waits on average 2.0 s with 4 servers, 60 s with 1 server"],
    ),
    "price": (
        swept("market.models.opus.output_usd_per_mtok", [15.0, 25.0], cost_per_task_usd=[2.0, 3.0]),
        ["A task costs $2.0 with output price $15/Mtok, $3.0 with output price $25/Mtok."],
    ),
    "retries": (
        swept("retry.attempts", [1, 5], lost_share=[0.9, 0.05], given_up_share=[0.3, 0.01]),
        ["Lost work with 1 attempt: 90 % of tasks lost, 30 % of calls given up; least with 5 attempts, 5 %."],
    ),
    "windows": (
        swept(
            "agent.turns", [20, 80], lost_share=[0.0, 0.04], calls_given_up=[0.0, 4.0], calls_too_long=[0.0, 4.0], given_up_share=[0, 0.001]
        ),
        ["Lost work with 80 turns: 4 % of tasks lost, mostly to overlong prompts; none lost up to 20"],
    ),
    "tries": (
        swept("agent.tries.most", [1, 3], success_rate=[0.5, 0.8], cost_per_task_usd=[2.0, 4.0]),
        ["The share of tasks solved is 50 % with 1 try, 80 % with 3 tries"],
    ),
    "population": (
        swept("workload.users", [5, 20], cost_usd=[100.0, 800.0]),
        ["Per developer and month the bill is $87 with 5 users, $174 with 20 users"],
    ),
    "one replication": (
        swept("agent.turns", [20, 80], sure=float("nan"), cost_per_task_usd=[2.0, 8.0], tokens_per_task=[1e6, 5e6]),
        ["A task takes 5.00 times the tokens with 80 turns as with 20 turns.", "$8.0 with 80 turns (no interval known)."],
    ),
    "nothing ended": (
        swept("agent.tool_time_s", [10, 20], tasks=[0.0, 0.0], tasks_in_flight=[3.0, 3.0], cost_per_task_usd=[float("nan")] * 2),
        ["No task ended with tool time 10 s and in 1 other scenario: 3 were under way at the end of the run."],
    ),
    "workflow": (
        swept("agent", ["solo", "debate", "pipeline"], tokens_per_task=[1e6, 2e6, 3e6], cost_per_task_usd=[1.0, 2.0, 3.0]),
        ["A pipeline takes 3.00 times the tokens of one agent; a task costs $1.0 with one agent, $3.0 with pipeline."],
    ),
    "money": (
        swept("budget.usd", [5, 50], lost_share=[0.4, 0.0], tasks_blocked=[40.0, 0.0]),
        ["Lost work with budget $5: 40 % of tasks lost, 40 % of tasks refused for want of money; none lost from $50 on."],
    ),
    "two settings": (
        swept(
            LIMIT,
            [1e6, 1e6, 2e6, 2e6],
            lost_share=[0.1, 0.2, 0.0, 0.0],
            timeout_share=[0.0, 0.01, 0.0, 0.0],
            more={"agent": ["solo", "team_4"] * 2},
        ),
        ["Overload in 2 of 4 scenarios, worst with team of 4, input limit 1M tokens/min: 20 % of tasks lost, 1 % of attempts withdrawn."],
    ),
}


def told(name: str) -> Found:
    period = Period(7.0, 0, True) if name == "population" else None
    return finding(SWEEPS[name][0], NAMES, period=period)


@pytest.mark.parametrize("name", SWEEPS)
def test_what_was_swept_decides_what_is_said(name: str) -> None:
    found = told(name).said.replace("\u00a0", " ")
    for words_ in SWEEPS[name][1]:
        assert words_ in found


@pytest.mark.parametrize("name", SWEEPS)
def test_an_answer_is_two_short_sentences_without_keys(name: str) -> None:
    found = told(name)
    answer = found.said.rstrip(".").split(". ")
    assert 1 <= len(answer) <= 2
    assert max(map(words, answer)) <= MOST_WORDS
    for text in found.paragraphs:
        assert not [mark for mark in ("_", "=", "e+") if mark in text]
        assert "nan" not in text


def test_clauses_share_a_sentence_only_where_it_stays_short() -> None:
    assert sentences(["one two", "", "three"]) == ["One two; three"]
    long = " ".join(["word"] * 20)
    assert sentences([long, long]) == [long.capitalize()] * 2
    assert sentences(["a; b", "c"]) == ["A; b", "C"]


@pytest.mark.parametrize(
    ("axes", "topic"),
    [
        ([LIMIT, "agent"], "limits"),
        (["retry.attempts"], "limits"),
        (["market.models.opus.ttft_s", "backends"], "time"),
        (["agent.tool_time_s.mean"], "time"),
        (["tries"], "success"),
        (["agent.fanout"], "money"),
        (["backends"], "money"),
    ],
)
def test_settings_are_there_for_something(axes: list[str], topic: str) -> None:
    assert topic_of(axes) == topic


def test_what_failed_says_why() -> None:
    failed = SWEEPS["fan-out"][0].copy()
    failed.insert(1, "status", "failed: out of memory")
    assert finding(failed).said == "No scenario finished: out of memory."


def test_what_else_is_known_comes_after_two_sentences() -> None:
    assert Found.of(["A", "B", "C"]) == Found("A. B.", ["C."])
    assert Found.of(["A", "B", "C"]).paragraphs == ["A. B.", "C."]
