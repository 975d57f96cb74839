"""Prompt caches: only waits, moves and compactions make a call miss."""

from __future__ import annotations

import math
from typing import Any

import pytest

import sim
from sim.backends.cache import PromptCache, Shared
from sim.call import Call
from sim.clock import Clock
from sim.settings.market import CacheKind
from sim.settings.profile import LoopSettings
from sim.settings.router import ChoosePer, Policy, RouterSettings
from sim.task import Task
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


def call_of(system_tokens: int = 1500, system_id: int = 0, cached: tuple[int, float] = (0, 0.0)) -> Call:
    """A call by itself, of an agent of which so much is kept until then."""
    call = Call(Clock(), Task(0, 0, 0, 0.0), 0, 0, b"", None)  # type: ignore[arg-type]
    call.system_tokens, call.system_id = system_tokens, system_id
    call.cached_tokens, call.cached_until = cached
    return call


def test_a_shared_entry_is_there_from_its_first_token_on_and_for_its_lifetime_after_it() -> None:
    """Served from second 10 on, first token at 12, kept for 300 s: who comes at 11 finds a prompt that is still being read."""
    shared, call = Shared(math.inf, 300.0), call_of()
    assert shared.read(call, 2000, 0.0) == 0
    shared.keep(call, 10.0, 12.0)
    assert [shared.read(call, 2000, now) for now in (10.0, 11.999, 12.0, 312.0, 312.001)] == [0, 0, 1500, 1500, 0]


def test_of_a_shared_entry_no_more_is_read_than_the_head_the_prompt_and_the_most_of_it() -> None:
    for most, prompt, read in ((math.inf, 2000, 1500), (math.inf, 700, 700), (900, 2000, 900), (900, 700, 700)):
        shared = Shared(most, 300.0)
        shared.keep(call_of(), 0.0, 0.0)
        assert shared.read(call_of(), prompt, 1.0) == read
        assert shared.read(call_of(system_id=1), prompt, 1.0) == 0, "another system prompt"


def test_a_live_shared_entry_stays_there_while_it_is_used_and_one_that_ran_out_is_made_anew() -> None:
    """Kept from 1 to 101; used at 50 and read by 60: there all the time, until 160. Nobody comes until 200: there from 210 on."""
    shared, call = Shared(math.inf, 100.0), call_of()
    shared.keep(call, 0.0, 1.0)
    shared.keep(call, 50.0, 60.0)
    assert [shared.read(call, 2000, now) for now in (0.5, 1.0, 55.0, 160.0, 160.5)] == [0, 1500, 1500, 1500, 0]
    shared.keep(call, 200.0, 210.0)
    assert [shared.read(call, 2000, now) for now in (205.0, 210.0, 310.0)] == [0, 1500, 1500]


def test_an_entry_that_is_used_at_its_last_moment_is_live_and_one_that_is_not_there_yet_comes_no_later() -> None:
    shared, call = Shared(math.inf, 100.0), call_of()
    shared.keep(call, 0.0, 0.0)
    shared.keep(call, 100.0, 120.0)
    assert shared.read(call, 2000, 110.0) == 1500, "it was there at 100, and its use makes it live on"
    late = Shared(math.inf, 100.0)
    late.keep(call, 0.0, 20.0)
    late.keep(call, 1.0, 5.0)
    assert [late.read(call, 2000, now) for now in (4.0, 5.0)] == [0, 1500], "the second was read before the first"


@pytest.mark.parametrize(("prompt", "split"), [(1023, (0, 0)), (1024, (600, 424)), (500, (0, 0)), (2000, (600, 1400))])
def test_the_smallest_prompt_that_is_cached(prompt: int, split: tuple[int, int]) -> None:
    """As long as the smallest is long enough (1,024 at several vendors): what is not read of it is written."""
    assert PromptCache(backend(cache=CacheKind.explicit, cache_min_tokens=1024)).split(call_of(cached=(600, 9.0)), prompt, 5.0) == split


def test_nothing_is_cached_without_a_cache() -> None:
    cache = PromptCache(backend(cache=CacheKind.none))
    assert cache.split(call_of(cached=(600, 9.0)), 10**9, 5.0) == (0, 0)


def test_no_more_is_read_than_there_is_of_the_prompt() -> None:
    """After a compaction the context is shorter than what was kept."""
    cache = PromptCache(backend(cache=CacheKind.explicit))
    assert cache.split(call_of(cached=(5000, 9.0)), 3000, 9.0) == (3000, 0)
    assert cache.split(call_of(cached=(5000, 9.0)), 3000, 9.001) == (0, 3000)
    both = PromptCache(backend(**BOTH))
    assert both.split(call_of(cached=(5000, 9.0)), 1000, 10.0) == (1000, 0)
    assert both.split(call_of(cached=(800, 9.0)), 2000, 10.0) == (800, 1200)


SHARES: dict[str, Any] = {"share_system": True, "cache_min_tokens": 1500}


@pytest.mark.parametrize(("head", "read"), [(1499, 0), (1500, 1500), (1501, 1501)])
def test_the_smallest_head_that_is_shared(head: int, read: int) -> None:
    """What agents share is the system prompt alone, so it has to be long enough by itself; it is there from the first token on."""
    cache = PromptCache(backend(**SHARES))
    cache.keep_shared(call_of(head), 0.0, 1.0)
    assert [cache.split(call_of(head), 2000, now)[0] for now in (0.0, 0.999, 1.0, 2.0)] == [0, 0, read, read]


def test_the_longer_of_ones_own_and_the_shared_entry_is_read() -> None:
    cache = PromptCache(backend(**SHARES))
    cache.keep_shared(call_of(), 0.0, 1.0)
    for kept, read in ((0, 1500), (1499, 1500), (1500, 1500), (1800, 1800)):
        assert cache.split(call_of(cached=(kept, 9.0)), 2000, 2.0)[0] == read
    alone = PromptCache(backend(**SHARES | {"share_system": False}))
    alone.keep_shared(call_of(), 0.0, 1.0)
    assert alone.split(call_of(), 2000, 2.0)[0] == 0


def test_after_minutes_what_is_left_of_a_shared_head_is_what_is_kept_for_an_hour() -> None:
    cache = PromptCache(backend(**BOTH | SHARES | {"cache_1h_tokens": 1500}))
    cache.keep_shared(call_of(1800), 0.0, 1.0)
    assert [cache.split(call_of(1800), 2000, now)[0] for now in (301.0, 301.5, 3601.0, 3601.5)] == [1800, 1500, 1500, 0]
