"""Prompt caches: only waits, moves and compactions make a call miss."""

from __future__ import annotations

from typing import Any

import pytest

import sim
from sim.settings.market import CacheKind
from sim.settings.profile import LoopSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from tests.worlds import agent, backend, loop, run, team


def reads(*given: Any, **changes: Any) -> list[int]:
    return list(run(*given, **changes).calls.sort_values(["task", "agent", "turn"])["cache_read_tokens"])


@pytest.mark.parametrize(("gap_s", "read"), [(299.0, 2000), (300.0, 2000), (300.001, 0)])
def test_an_entry_lives_for_the_ttl_after_it_was_read(gap_s: float, read: int) -> None:
    """Used at the first token (t = 1 s); the next prompt is looked up when it is served, a gap after the answer (t = 1 s)."""
    assert reads(agent(turns=2, tool_time_s=gap_s), backend(cache_ttl_s=300)) == [0, read]


def test_each_use_refreshes_the_entry() -> None:
    assert reads(agent(turns=4, tool_time_s=200.0), backend(cache_ttl_s=300)) == [0, 2000, 3000, 4000]


def test_waiting_in_line_can_cost_the_cache() -> None:
    """Two tasks at once on one slot: each waits 400 s for the other."""
    served = backend(slots=1, ttft_s=400.0, cache_ttl_s=300)
    assert reads(agent(turns=2), served, tasks=2) == [0, 0, 0, 0]
    assert reads(agent(turns=2), backend(ttft_s=400.0, cache_ttl_s=300), tasks=2) == [0, 2000, 0, 2000]


@pytest.mark.parametrize(("minimum", "expected"), [(2000, [0, 2000, 3000]), (2001, [0, 0, 3000]), (9999, [0, 0, 0])])
def test_short_prompts_are_not_cached(minimum: int, expected: list[int]) -> None:
    assert reads(agent(turns=3), backend(cache_min_tokens=minimum)) == expected


def test_what_is_not_read_is_written_only_where_writes_are_paid() -> None:
    for kind, written in ((CacheKind.explicit, [2000, 1000, 1000]), (CacheKind.automatic, [0, 0, 0]), (CacheKind.none, [0, 0, 0])):
        calls = run(agent(turns=3), backend(cache=kind)).calls
        assert calls["cache_write_tokens"].tolist() == written
        assert (calls["cache_read_tokens"] + calls["cache_write_tokens"] <= calls["input_tokens"]).all()


def test_a_compaction_loses_the_cache() -> None:
    calls = run(agent(turns=6, compact_at_tokens=4000, summary_tokens=500)).calls
    assert calls["role"].tolist() == ["agent", "agent", "agent", "compaction", "agent", "agent", "compaction", "agent"]
    after = calls["role"].shift() == "compaction"
    assert (calls.loc[after, "cache_read_tokens"] == 0).all()
    assert (calls.loc[~after, "cache_read_tokens"].iloc[1:] > 0).all()


def test_changing_the_head_of_the_context_loses_the_cache() -> None:
    assert reads(agent(turns=5, rewrite_rate=1.0)) == [0] * 5


def test_moving_to_another_backend_finds_nothing_there_at_first() -> None:
    weights = RouterSettings(policy=Policy.weighted, per=ChoosePer.call)
    calls = run(agent(turns=40), {"one": backend(), "two": backend()}, router=weights).calls
    seen: dict[str, int] = {}
    for call in calls.itertuples():
        assert call.cache_read_tokens == seen.get(call.backend, 0), "what this backend has last seen of this agent, no more"
        seen[call.backend] = call.input_tokens
    assert len(seen) == 2


@pytest.mark.parametrize("shared", [False, True])
def test_siblings_share_the_system_prompt_where_the_backend_does(shared: bool) -> None:
    workers = team(3, loop(turns=1), fanout=3, max_parallel=1, spawn_after_turn=1)
    calls = run(workers, backend(share_system=shared)).calls
    first = calls[calls["role"] == "worker"].sort_values("t_start_s")["cache_read_tokens"].tolist()
    assert first == ([0, 1500, 1500] if shared else [0, 0, 0]), "one at a time: the first one writes it, the others read it"


def test_siblings_that_start_at_once_cannot_read_one_another() -> None:
    calls = run(team(3, loop(turns=1), fanout=3, spawn_after_turn=1), backend(share_system=True)).calls
    assert (calls[calls["role"] == "worker"]["cache_read_tokens"] == 0).all()


def test_agents_of_another_kind_have_another_head() -> None:
    lead, worker = {"system_tokens": 1500}, LoopSettings(system_tokens=1500, prompt_tokens=500, turns=1)
    calls = run(team(2, worker, fanout=1, **lead), backend(share_system=True)).calls
    assert (calls[calls["role"] == "worker"]["cache_read_tokens"] == 0).all()


BOTH: dict[str, Any] = {"cache_ttl_s": 300, "cache_1h_tokens": 1500}
"""The head of 1,500 tokens is kept for an hour, the rest of each prompt for five minutes."""


@pytest.mark.parametrize(("gap_s", "read"), [(300.0, 2000), (300.001, 1500), (3600.0, 1500), (3600.001, 0)])
def test_a_head_outlives_the_rest_of_its_prompt(gap_s: float, read: int) -> None:
    """From the first token (t = 1 s) on, which is the last one here."""
    assert reads(agent(turns=2, tool_time_s=gap_s), backend(**BOTH)) == [0, read]


def test_each_use_refreshes_the_head_for_an_hour_and_the_rest_for_minutes() -> None:
    """Every 50 minutes only the head is left; after two of them it is still there."""
    assert reads(agent(turns=4, tool_time_s=3000.0), backend(**BOTH)) == [0, 1500, 1500, 1500]


@pytest.mark.parametrize(("head", "minimum", "read"), [(1500, 1500, 1500), (1500, 1501, 0), (9000, 1024, 2000), (0, 0, 0)])
def test_a_head_that_is_too_short_to_be_cached_by_itself_is_not(head: int, minimum: int, read: int) -> None:
    """One that is longer than the prompt is all of it."""
    served = backend(cache_ttl_s=300, cache_1h_tokens=head, cache_min_tokens=minimum)
    assert reads(agent(turns=2, tool_time_s=1000.0), served) == [0, read]


def test_a_compaction_keeps_no_more_of_the_head_than_stands_in_it() -> None:
    calls = run(agent(turns=6, compact_at_tokens=4000, summary_tokens=500, tool_time_s=1000.0), backend(**BOTH)).calls
    after = (calls["role"].shift() == "compaction").to_numpy()
    assert after.any()
    assert (calls["cache_read_tokens"].to_numpy()[after] == 0).all()


@pytest.mark.parametrize(("head", "read"), [(1500, 1500), (900, 900), (0, 0)])
def test_agents_share_a_head_for_an_hour(head: int, read: int) -> None:
    """Tasks 1,000 s apart with one system prompt of 1,500 tokens: what is left of the other's is the head."""
    served = backend(cache_ttl_s=300, cache_1h_tokens=head, share_system=True)
    assert reads(agent(turns=1), served, tasks=3, every_s=1000.0) == [0, read, read]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cache": CacheKind.automatic}, r"market\.models\.one\.cache_1h_tokens=1500: needs cache=explicit"),
        ({"cache_ttl_s": 3600.0}, r"market\.models\.one\.cache_1h_tokens=1500: needs cache_ttl_s below an hour"),
    ],
)
def test_two_lifetimes_need_a_client_that_says_which_and_a_shorter_one(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(sim.ConfigError, match=said):
        run(agent(), backend(**BOTH | changes))
