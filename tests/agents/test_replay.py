"""Recorded sessions on our caches, and as they were billed: made-up rows, priced by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim
from sim.engine.replicate import replicate
from sim.logs import read
from tests.logs.readers.harnesses.test_claude_code import said, usage
from tests.logs.written import FRESH, OUT, READ, WRITE, lines

HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens"
OPUS = "market.models.claude_opus_4_6"
BOTH = pytest.mark.parametrize("cache", ["simulated", "recorded"])


def run(path: Path, *more: str) -> sim.Result:
    """On Claude Opus 4.6 of February 2026."""
    words = ["workload=trace", f"workload.trace={path}", "backends=[claude_opus_4_6]", "replications=1", f"{OPUS}.error_rate=0"]
    return sim.simulate(sim.load(*words, *more))


def bill(fresh: int = 0, write: int = 0, read: int = 0, out: int = 0) -> float:
    return fresh * FRESH + write * WRITE + read * READ + out * OUT


@BOTH
@pytest.mark.parametrize("more", [(), (f"{OPUS}.share_system=true",)])
@pytest.mark.parametrize("column", ["cached_tokens", "cache_read_tokens"])
def test_a_session_whose_first_call_read_something_is_warm_from_before(tmp_path: Path, cache: str, more: list[str], column: str) -> None:
    path = lines(tmp_path / "x.csv", f"{HEAD},{column}", "s-1,main,0,0,24000,100,18000", "s-2,main,0,0,24000,100,18000")
    usd = run(path, f"workload.trace_cache={cache}", *more).mean("cost_usd")
    assert usd == pytest.approx(2 * bill(write=6_000, read=18_000, out=100), rel=1e-12)


def test_of_a_prompt_that_was_rewritten_tools_and_system_prompt_are_read(tmp_path: Path) -> None:
    """Nothing where the prompt is shorter than they are; what a log's first calls read goes before the agent's settings."""
    path = lines(tmp_path / "x.csv", HEAD, "s,main,0,0,120000,400", "s,main,1,20,30000,400")
    assert run(path, "agent.system_tokens=17000").mean("cost_usd") == pytest.approx(
        bill(write=120_000 + 13_000, read=17_000, out=800), rel=1e-12
    )
    assert "before (compaction, a side call): 1, of which only tools and system prompt" in run(path).notes["trace"]
    assert run(path, "agent.system_tokens=31000").mean("cost_usd") == pytest.approx(bill(write=150_000, out=800), rel=1e-12)
    rows = ("s,main,0,0,90000,400,11000", "t,main,0,0,120000,400,", "t,main,1,20,30000,400,")
    known = run(lines(tmp_path / "y.csv", f"{HEAD},cache_read_tokens", *rows))
    assert known.mean("cost_usd") == pytest.approx(bill(write=79_000 + 120_000 + 19_000, read=22_000, out=1200), rel=1e-12)


MIXED = [(0, 60_000, 0), (10, 9_000, 0), (20, 62_000, 60_000), (30, 9_500, 9_000), (40, 63_000, 62_000)]


@pytest.mark.parametrize("told", ["", "cached_tokens", "cache_read_tokens"])
@pytest.mark.parametrize("split", [True, False])
def test_a_sub_agents_calls_among_the_main_agents_lose_no_prefix(tmp_path: Path, split: bool, told: str) -> None:
    rows = [
        f"s,{'sub' if split and size < 10_000 else 'main'},{place},{second},{size},100{f',{kept}' if told else ''}"
        for place, (second, size, kept) in enumerate(MIXED)
    ]
    path = lines(tmp_path / "x.csv", HEAD + f",{told}" * bool(told), *rows)
    expected = bill(write=60_000 + 2_000 + 1_000 + 9_000 + 500, read=60_000 + 62_000 + 9_000, out=500)
    assert run(path).mean("cost_usd") == pytest.approx(expected, rel=1e-12)


@BOTH
def test_recorded_reads_of_nothing_are_none(tmp_path: Path, cache: str) -> None:
    path = lines(tmp_path / "x.csv", f"{HEAD},cache_read_tokens", "s,main,0,0,70000,100,0", "s,main,1,30,71000,100,0")
    assert run(path, f"workload.trace_cache={cache}").mean("cost_usd") == pytest.approx(bill(write=141_000, out=200), rel=1e-12)


def test_a_miss_after_a_long_wait_is_a_hit_in_a_cache_of_an_hour(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.csv", f"{HEAD},cache_read_tokens", "s,main,0,0,70000,100,0", "s,main,1,900,71000,100,0")
    assert run(path).calls["cache_read_tokens"].tolist() == [0, 0]
    longer = run(path, f"{OPUS}.cache_ttl_s=3600")
    assert longer.calls["cache_read_tokens"].tolist() == [0, 70_000]
    assert "simulated: 70,000 tokens; the log tells 0" in longer.notes["trace"]


def test_short_and_failed_calls_erase_no_cache(tmp_path: Path) -> None:
    """What failed for nothing is not replayed, what was billed is."""
    rows = ("s,main,0,0,50000,100,ok,", "s,main,1,10,0,0,error,", "s,main,2,20,51000,0,error,0", "s,main,3,30,300,5,ok,",
            "s,main,4,40,52000,100,ok,")  # fmt: skip
    result = run(lines(tmp_path / "x.csv", f"{HEAD},status,cost_usd", *rows))
    assert result.calls["input_tokens"].tolist() == [50_000, 300, 52_000]
    assert result.mean("cost_usd") == pytest.approx(bill(300, 50_000 + 2_000, 50_000, 205), rel=1e-12)


def recorded(folder: Path) -> Path:
    """Reads, writes of both lifetimes, web searches, a sub-agent, prompts above 200,000 tokens."""
    hour = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 4_000}
    searched = {"server_tool_use": {"web_search_requests": 3}}
    lines(
        folder / "s.jsonl", said(1, "1", usage(10, 5_000, 0, 90)), said(20, "2", usage(7, 4_100, 5_000, 80, cache_creation=hour)),
        said(30, "3", usage(9, 0, 0, 70, **searched)), said(40, "4", usage(3, 900, 12_000, 60), isSidechain=True, agentId="a"),
        said(50, "5", usage(3, 150_000, 90_000, 60)),
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("more", [(), ("horizon_s=10000",), (f"{OPUS}.cache_ttl_s=3600",)])
def test_a_log_replayed_with_recorded_reads_costs_what_it_cost(tmp_path: Path, more: list[str]) -> None:
    """On its own backend, to the last digit of our price list; whatever its cache is set to, since lifetimes are in the log."""
    path = recorded(tmp_path)
    priced = sim.LogBill(read(path), sim.load()).priced.sum()
    result = run(path, "workload.trace_cache=recorded", f"{OPUS}.context_window_tokens=1000000", *more)
    assert result.mean("cost_usd") == pytest.approx(priced, rel=1e-9)
    assert result.calls["cost_usd"].sum() == pytest.approx(priced, rel=1e-9)
    assert result.mean("calls") == 5


def test_recorded_reads_are_given_step_by_step_too(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    words = ("workload.trace_cache=recorded", f"{OPUS}.context_window_tokens=1000000")
    ahead, limited = run(path, *words), run(path, *words, f"{OPUS}.requests_per_min=1000")
    assert ahead.digest == limited.digest


def test_an_agent_of_many_sessions_is_as_quick_a_call_as_one_of_few(tmp_path: Path) -> None:
    """Prompts that all differ: no more is remembered than is looked at."""
    sizes = [20_000 - 7 * each % 9_000 for each in range(4_000)]
    path = lines(tmp_path / "x.csv", HEAD, *(f"s,main,{place},{place},{size},1" for place, size in enumerate(sizes)))
    assert run(path).mean("input_tokens") == sum(sizes)


def test_a_log_in_json_is_a_trace(tmp_path: Path) -> None:
    session = {"id": "a", "block_size": 64, "requests": [{"t": 0, "in": 6400, "out": 5, "hash_ids": [*range(100)], "api_time": 1}] * 2}
    (tmp_path / "w.json").write_text(json.dumps(session))
    assert run(tmp_path / "w.json").calls["cache_read_tokens"].tolist() == [0, 6400]


def models(path: Path, *names: str) -> Path:
    """One session: a conversation that changes its model and comes back, and sub-agents of these models."""
    subs = [f"s,a{place},0,5,{name},40000,300" for place, name in enumerate(names)]
    main = [f"s,main,{place},{30 * place},{name},{80_000 + 1000 * place},700" for place, name in enumerate(
        ("claude-opus-4-6", "claude-haiku-4-5-20251001", "claude-opus-4-6"))]  # fmt: skip
    return lines(path, "trace,agent,call_index,t_s,model,input_tokens,output_tokens", *main, *subs)


def unnamed(path: Path, *more: str) -> sim.Result:
    """Without a word on backends."""
    return sim.simulate(sim.load("workload=trace", f"workload.trace={path}", "replications=1", *more))


def test_each_call_goes_to_the_backend_of_its_own_model(tmp_path: Path) -> None:
    """Where no backends are named; a prompt reads nothing of what another model has cached. Haiku 4.5: 1 / 5, write 1.25 USD a million."""
    result = unnamed(models(tmp_path / "x.csv", "claude-haiku-4-5", "claude-sonnet-4-6"))
    assert result.scenario.backends == ["claude_opus_4_6", "claude_haiku_4_5", "claude_sonnet_4_6"]
    assert result.scenario.router.policy.value == "recorded"
    usd = result.calls.groupby("backend")["cost_usd"].sum()
    assert usd["claude_opus_4_6"] == pytest.approx(bill(write=82_000, read=80_000, out=1400), rel=1e-12)
    assert usd["claude_haiku_4_5"] == pytest.approx((121_000 * 1.25 + 1000 * 5) / 1e6, rel=1e-12)
    assert usd["claude_sonnet_4_6"] == pytest.approx((40_000 * 3.75 + 300 * 15) / 1e6, rel=1e-12)


def test_a_backend_that_is_named_takes_them_all(tmp_path: Path) -> None:
    result = unnamed(models(tmp_path / "x.csv", "acme-1"), "backends=[minimax_m2_5]")
    assert set(result.calls["backend"]) == {"minimax_m2_5"}
    assert "the log names 3 models (acme-1, claude-haiku-4-5-20251001, claude-opus-4-6)" in result.notes["trace"]
    assert result.calls["cache_read_tokens"].tolist()[-2:] == [80_000, 81_000]


def test_models_that_nobody_knows_are_named_and_said(tmp_path: Path) -> None:
    path = models(tmp_path / "x.csv", "acme-1", "acme-1", "acme-2")
    with pytest.raises(sim.ConfigError, match=r"none of market feb_2026 is known to serve acme-1 \(2 calls\), acme-2 \(1 call\): say it"):
        unnamed(path)
    result = unnamed(path, "+router.models={acme-1: minimax_m2_5, acme-2: glm_5}")
    assert result.scenario.backends == ["claude_opus_4_6", "claude_haiku_4_5", "minimax_m2_5", "glm_5"]
    with pytest.raises(sim.ConfigError, match=r"router\.models\.acme-1=glm_6"):
        unnamed(path, "+router.models={acme-1: glm_6}")


def test_recorded_reads_hold_at_their_own_backend_alone(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    words = ["workload.trace_cache=recorded", f"{OPUS}.context_window_tokens=1000000"]
    assert unnamed(path, *words).mean("cost_usd") == pytest.approx(run(path, *words).mean("cost_usd"), rel=1e-12)
    with pytest.raises(sim.ConfigError, match=r"claude-opus-4-6 \(5 calls\) of the log would go to other backends than their own"):
        unnamed(path, "workload.trace_cache=recorded", "backends=[minimax_m2_5]")
    with pytest.raises(sim.ConfigError, match="the trace tells no cache reads"):
        unnamed(models(tmp_path / "x.csv"), "workload.trace_cache=recorded")


LIMITS = [("input_tokens_per_min=50000", "60,000"), ("output_tokens_per_min=400", "500"), ("tokens_per_min=50000", "60,000")]


@pytest.mark.parametrize(("limit", "tokens"), LIMITS)
def test_a_call_that_could_never_pass_stops_the_run(tmp_path: Path, limit: str, tokens: str) -> None:
    path = lines(tmp_path / "x.csv", HEAD, "s,main,0,0,60000,500", "s,main,1,30,61000,100")
    with pytest.raises(
        sim.ConfigError, match=rf"a call of {tokens} tokens that count would never pass {OPUS}\.{limit.split('=', maxsplit=1)[0]}"
    ):
        run(path, f"{OPUS}.{limit}")
    assert run(path, f"{OPUS}.{limit}", f"{OPUS}.limit_burst_s=100").mean("calls") >= 2


TIERS = f"{HEAD},cache_read_tokens,tier"
IN_BATCH = ("s,main,0,0,70000,100,0,batch", "s,main,1,30,71000,100,70000,Message_Batches", "s,main,2,60,72000,100,71000,default")


@BOTH
def test_calls_of_a_batch_tier_cost_what_the_batch_queue_does(tmp_path: Path, cache: str) -> None:
    """Half of all prices at Claude Opus 4.6; the third call is of no tier."""
    path = lines(tmp_path / "x.csv", TIERS, *IN_BATCH)
    result = run(path, f"workload.trace_cache={cache}")
    expected = [bill(write=70_000, out=100) / 2, bill(write=1_000, read=70_000, out=100) / 2, bill(write=1_000, read=71_000, out=100)]
    assert result.calls["cost_usd"].tolist() == pytest.approx(expected, rel=1e-12)
    assert "Of a batch tier: 2 calls, at its prices, as fast as the others." in result.notes["trace"]
    spent = replicate(result.scenario, 0).tally.dollars[0].tolist()
    assert spent == pytest.approx([0, 35_000 * READ + 71_000 * READ, 36_500 * WRITE, 200 * OUT, 0], rel=1e-12)


@BOTH
def test_a_batch_price_by_kind_and_all_of_it_in_batch(tmp_path: Path, cache: str) -> None:
    """What is in batch already is not made cheaper twice."""
    path = lines(tmp_path / "x.csv", TIERS, *IN_BATCH[:2])
    words = (f"workload.trace_cache={cache}", f"{OPUS}.batch_discounts={{cache_read: 0, output: 0.9}}")
    expected = bill(write=71_000) / 2 + bill(read=70_000) + bill(out=200) / 10
    for batch in (False, True):
        assert run(path, *words, f"batch={str(batch).lower()}").mean("cost_usd") == pytest.approx(expected, rel=1e-12)


def test_tiers_of_no_known_price_are_said(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.csv", TIERS, "s,main,0,0,70000,100,0,flex", "s,main,1,30,71000,100,70000,Priority")
    result = run(path)
    assert result.mean("cost_usd") == pytest.approx(bill(write=71_000, read=70_000, out=200), rel=1e-12)
    assert "prices are not known here, taken as standard: flex (1 calls), priority (1 calls)." in result.notes["trace"]
