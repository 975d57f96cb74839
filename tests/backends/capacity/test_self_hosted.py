"""Servers of one's own, by hand and against closed forms: who is read and who decodes when, who has room, what hours cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import sim
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.market import BackendSettings
from sim.settings.run import RetrySettings, Warmup
from tests.worlds import agent, backend, run, with_

SMALL_BIG_SMALL = 8
"""A seed whose first three tasks are so."""
ONCE: dict[str, Any] = {"turns": 1, "system_tokens": 0, "prompt_tokens": 1000}


def own(servers: ServerSettings | None = None, **changes: Any) -> BackendSettings:
    """1,000 tokens a second are read, 100 a second decoded by a call that is alone; nothing is kept, nothing else takes time."""
    speed = {"prefill_tokens_per_s": 1000.0, "decode_tokens_per_s": 100.0, "ttft_s": 0.0, "cache": "none"}
    return backend(**speed | {"kind": BackendKind.self_hosted, "servers": servers or ServerSettings()} | changes)


def times(result: sim.Result) -> list[tuple[float, ...]]:
    """Start, first token and end of each call, in the order of tasks."""
    calls = result.calls.sort_values("task")
    return [tuple(row) for row in calls[["t_start_s", "t_first_token_s", "t_end_s"]].round(9).itertuples(index=False)]


def at_once(tasks: int, served: BackendSettings, **changes: Any) -> sim.Result:
    """Tasks of one call of 1,000 tokens and 300 more, all at second 0."""
    return run(agent(**ONCE | changes), served, tasks=tasks)


@pytest.mark.parametrize(
    ("slowdown", "ends"),
    [(0.0, [5.0, 6.0]), (0.5, [6.0, 7.0]), (1.0, [7.0, 8.0])],
    ids=["side by side", "half as much again", "taking turns"],
)
def test_who_decodes_stands_still_while_another_is_read(slowdown: float, ends: list[float]) -> None:
    """Each is read for 1 s and decodes for 3. The second comes 2 s later; the first, which has decoded for 1, goes on when it is read."""
    result = run(agent(**ONCE), own(decode_slowdown=slowdown), tasks=2, every_s=2.0)
    assert times(result) == [(2.0, 3.0, 2 + ends[0]), (4.0, 5.0, 2 + ends[1])]


def test_prompts_are_read_one_after_another() -> None:
    assert [first for _, first, _ in times(at_once(3, own()))] == [1.0, 2.0, 3.0]


def test_what_is_beside_the_device_holds_up_nobody() -> None:
    """2 s before each first token that are not the device's."""
    assert [first for _, first, _ in times(at_once(3, own(ttft_s=2.0)))] == [3.0, 4.0, 5.0]


def test_reading_is_lindleys_recursion_path_by_path() -> None:
    """Random arrivals and prompts: begin = max(arrival, end of the one before), to the bit that times are kept in."""
    varied = agent(**ONCE | {"prompt_tokens": {"dist": "exponential", "mean": 800}})
    calls = run(varied, own(ServerSettings(batch=10_000)), tasks=400, every_s={"dist": "exponential", "mean": 1.0}).calls
    calls = calls.sort_values("t_request_s")
    free = 0.0
    for row in calls.itertuples():
        free = max(row.t_request_s, free) + row.input_tokens / 1000
        assert row.t_first_token_s == pytest.approx(free, abs=1e-9)
    assert (calls["t_start_s"] == calls["t_request_s"]).all()
    assert np.mean(calls["t_first_token_s"] - calls["t_request_s"]) > 1.2 * 0.8, "some have waited"


class Running:
    """A call on the reference's server."""

    def __init__(self, read_s: float, decode_s: float, tokens: int) -> None:
        self.read_s, self.decode_s, self.tokens = read_s, decode_s, tokens


def worked_off(arrivals: list[float], calls: list[Running], servers: ServerSettings, slowdown: float) -> list[float]:
    """When each call ends on one server, step by step: in each, the oldest prompt that is not read yet is read, or all decode a little."""
    now, free, line, running = 0.0, servers.memory_tokens or 10**9, list(range(len(calls))), list[int]()
    ends = [0.0] * len(calls)
    while line or running:
        while line and arrivals[line[0]] <= now and len(running) < servers.batch and calls[line[0]].tokens <= free:
            free -= calls[line[0]].tokens
            running.append(line.pop(0))
        arrives = arrivals[line[0]] if line and arrivals[line[0]] > now else float("inf")
        reads = next((number for number in running if calls[number].read_s > 0), None)
        decode = [number for number in running if calls[number].read_s <= 0]
        pace = 1 + slowdown * (len(decode) - 1)
        done = calls[reads].read_s if reads is not None else min((calls[number].decode_s for number in decode), default=float("inf")) * pace
        step = min(done, arrives - now)
        now += step
        if reads is not None:
            calls[reads].read_s = 0.0 if step == done else calls[reads].read_s - step
            continue
        for number in decode:
            calls[number].decode_s -= step / pace
        for number in [number for number in decode if calls[number].decode_s < 1e-12]:
            running.remove(number)
            free += calls[number].tokens
            ends[number] = now
    return ends


@pytest.mark.parametrize("servers", [ServerSettings(batch=1000), ServerSettings(batch=4), ServerSettings(batch=6, memory_tokens=8000)])
def test_every_call_ends_when_a_server_that_is_worked_off_step_by_step_has_it(servers: ServerSettings) -> None:
    """Random calls and prompts, 1.1 s of the device each: lines form. To 1e-6 s after 300 of them."""
    spread = {"dist": "exponential", "mean": 700, "high": 4000}
    work = agent(**ONCE | {"prompt_tokens": spread, "output_tokens": {"dist": "exponential", "mean": 150, "high": 3000}})
    calls = run(work, own(servers, decode_slowdown=0.15), tasks=300, every_s={"dist": "exponential", "mean": 1.3}).calls.sort_values("task")
    made = [Running(row.input_tokens / 1000, row.output_tokens / 100, row.input_tokens + row.output_tokens) for row in calls.itertuples()]
    ends = worked_off(calls["t_request_s"].tolist(), made, servers, 0.15)
    assert (calls["t_start_s"] > calls["t_request_s"]).mean() > (0 if servers.batch == 1000 else 0.3) - 1e-9
    np.testing.assert_allclose(calls["t_end_s"], ends, atol=1e-6)


def test_without_reading_one_server_is_slots_that_share_their_decoding() -> None:
    """To the bit: and those are the birth-death chain of continuous batching (F14, tests/theory/test_formulas.py)."""
    spread = {"dist": "exponential", "mean": 300}
    work = agent(turns=3, output_tokens=spread, tool_time_s={"dist": "exponential", "mean": 3})
    shared = backend(decode_tokens_per_s=100.0, decode_slowdown=0.3, slots=3, noise_sigma=0.4, error_rate=0.2)
    mine = with_(shared, slots=None, kind=BackendKind.self_hosted, servers=ServerSettings(batch=3))
    one, other = (run(work, served, tasks=60, every_s={"dist": "exponential", "mean": 9.0}) for served in (shared, mine))
    assert one.mean("wait_line_s") > 0.5
    assert one.digest == other.digest


def test_a_call_goes_to_the_emptiest_server_and_waits_when_all_are_full() -> None:
    """Three at once on two servers of one: the third is read when the first has ended, at 4."""
    assert times(at_once(3, own(ServerSettings(replicas=2, batch=1)))) == [(0.0, 1.0, 4.0), (0.0, 1.0, 4.0), (4.0, 5.0, 8.0)]
    assert [first for _, first, _ in times(at_once(4, own(ServerSettings(replicas=2))))] == [1.0, 1.0, 2.0, 2.0]


def test_memory_bounds_what_runs_and_the_head_of_the_line_holds_up_those_behind() -> None:
    """1,300 tokens each: 2,600 have room for two (one ends at 5, as the other is read
    from 1 to 2), 2,599 for one; what is larger than all of it runs alone."""
    for memory, starts in ((2600, [0.0, 0.0, 5.0]), (2599, [0.0, 4.0, 8.0]), (100, [0.0, 4.0, 8.0])):
        got = [start for start, *_ in times(at_once(3, own(ServerSettings(memory_tokens=memory))))]
        assert got == starts, memory


def test_who_leaves_the_line_lets_those_behind_it_in() -> None:
    """A call of 5,000 tokens waits for memory from 0.5 s on; when it gives up at 1.5 the small one behind it is served."""
    sizes = {"dist": "mixture", "weights": [0.5, 0.5], "parts": [10, 5000]}
    served = own(ServerSettings(memory_tokens=5300), prefill_tokens_per_s=None)
    retry = RetrySettings(attempts=1, patience_s=1.0)
    result = run(agent(**ONCE | {"prompt_tokens": sizes}), served, tasks=3, every_s=0.25, retry=retry, seed=SMALL_BIG_SMALL)
    calls = result.calls.sort_values("task")
    assert calls["status"].tolist() == ["ok", "timeout", "ok"]
    assert calls["t_start_s"].tolist() == [0.25, 1.5, 1.5]


def test_a_full_line_turns_away() -> None:
    """Two run, one waits, the rest find the line full."""
    served = own(ServerSettings(batch=2), queue_limit=1)
    result = run(agent(**ONCE), served, tasks=5, retry=RetrySettings(attempts=1))
    assert result.calls.sort_values("task")["status"].tolist() == ["ok", "ok", "ok", "rate_limited", "rate_limited"]


def test_hours_are_paid_whether_or_not_there_are_calls() -> None:
    """Two servers for 8 s at $3.60 an hour; one runs 4 s, the other two calls after one another."""
    result = at_once(3, own(ServerSettings(replicas=2, batch=1, usd_per_h=3.6)))
    by_call = 3 * 1300e-6
    assert result.mean("servers_h.one") == pytest.approx(16 / 3600)
    assert result.mean("cost_servers_usd") == pytest.approx(0.016)
    assert result.mean("cost_usd") == pytest.approx(by_call + 0.016)
    assert result.mean("cost_per_task_usd") == pytest.approx(result.mean("cost_usd") / 3)
    assert result.mean("servers_idle_share.one") == pytest.approx(0.25)
    assert result.calls["cost_usd"].sum() == pytest.approx(by_call)
    assert "25 % of them idle" in result.notes["servers"]


def test_hours_before_the_warm_up_has_ended_do_not_count() -> None:
    """Of 18 s, the last 13: the server is busy from 4 to 8, from 8 to 12 and from 12 to 16."""
    served = own(ServerSettings(usd_per_h=3.6))
    result = run(agent(**ONCE), served, tasks=3, every_s=4.0, warmup=Warmup.fixed, warmup_s=5.0, horizon_s=18.0)
    assert result.mean("cost_servers_usd") == pytest.approx(0.013)
    assert result.mean("servers_idle_share.one") == pytest.approx(2 / 13)
