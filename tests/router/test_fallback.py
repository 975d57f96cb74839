"""Fallback as gateways do it: retries first, then the next backend, a cool-down, and back; moves say what they found cold."""

from __future__ import annotations

import pytest

from sim.settings.router import RouterSettings
from sim.settings.run import RetrySettings
from sim.settings.workload import WorkloadKind, WorkloadSettings
from tests.worlds import agent, backend, run

EAGER = RetrySettings(attempts=9, backoff_base_s=0.0)


def test_two_retries_then_the_next_backend_and_each_call_begins_anew() -> None:
    """Nobody has failed often enough to be passed over."""
    worlds = {"down": backend(error_rate=1.0), "shaky": backend(error_rate=1.0), "up": backend()}
    calls = run(agent(turns=2), worlds, router=RouterSettings(backend="down", fallback=["shaky", "up"]), retry=EAGER).calls
    assert list(calls["backend"]) == (["down"] * 3 + ["shaky"] * 3 + ["up"]) * 2
    assert list(calls["attempt"]) == [*range(7)] * 2


@pytest.mark.parametrize(("allowed", "until"), [(0, 1), (1, 2), (3, 4)])
def test_after_the_allowed_fails_a_backend_is_passed_over_until_it_has_cooled_down(allowed: int, until: int) -> None:
    """Calls of a second, back to back: the nine that begin within the cool-down of 10 s go elsewhere from the start."""
    worlds = {"down": backend(error_rate=1.0, ttft_s=0.5), "up": backend()}
    router = RouterSettings(backend="down", fallback=["up"], fallback_retries=0, allowed_fails=allowed, cooldown_s=10.0)
    calls = run(agent(turns=until + 12), worlds, router=router, retry=EAGER).calls
    began = calls[calls["attempt"] == 0].sort_values("turn")["backend"].tolist()
    assert began[: until + 10] == ["down"] * until + ["up"] * 9 + ["down"]


def test_fails_of_more_than_a_minute_ago_count_no_more() -> None:
    worlds = {"down": backend(error_rate=1.0, ttft_s=0.5), "up": backend()}
    router = RouterSettings(backend="down", fallback=["up"], fallback_retries=0, allowed_fails=1, cooldown_s=1000.0)
    calls = run(agent(turns=5, tool_time_s=61.0), worlds, router=router, retry=EAGER).calls
    assert calls[calls["attempt"] == 0]["backend"].tolist() == ["down"] * 5


def test_a_prompt_that_no_retry_helps_moves_at_once() -> None:
    tight = backend(input_tokens_per_min=1000)
    calls = run(agent(turns=1), {"tight": tight, "wide": backend()}, router=RouterSettings(fallback=["wide"])).calls
    assert calls["backend"].tolist() == ["tight", "wide"]
    assert (calls["t_request_s"] == 0).all(), "elsewhere nobody has to be waited for"


def test_a_few_errors_send_next_to_nothing_elsewhere() -> None:
    """Sixty developers, no limit, one call in a hundred fails: three failures in a row are one in a million."""
    people = WorkloadSettings(kind=WorkloadKind.users, users=60, tasks_per_user=2, session_gap_s={"dist": "exponential", "mean": 60})
    worlds = {"first": backend(error_rate=0.01), "second": backend()}
    result = run(agent(turns=20, tool_time_s=3.0), worlds, workload=people, router=RouterSettings(fallback=["second"]))
    assert result.mean("failed_attempts") > 10
    assert result.mean("token_share.second") < 0.001


def test_a_move_in_the_middle_of_a_session_says_what_it_found_cold() -> None:
    """The third call meets the limit of two requests: 2,000 + 2 x 1,000 tokens, of which the first had the 3,000 of the last prompt."""
    price = {"cache_read_usd_per_mtok": 0.1, "cache_ttl_s": 1e6}
    worlds = {"first": backend(requests_per_min=1, limit_burst_s=120.0, **price), "second": backend(**price)}
    router = RouterSettings(fallback=["second"], fallback_retries=0)
    result = run(agent(turns=3), worlds, router=router)
    assert result.calls["backend"].tolist() == ["first", "first", "first", "second"]
    assert result.mean("fallback_share") == 1 / 3
    assert result.mean("switch_cold_tokens") == 3000
    assert result.mean("switch_cold_usd") == pytest.approx(3000 * 0.9e-6)
    assert result.notes["fallback"].startswith("Fallback took 1 of 3 calls (33 %); 1 moves in the middle of a session")


def test_nothing_is_said_where_nothing_moved() -> None:
    result = run(agent(turns=2), {"one": backend(), "two": backend()}, router=RouterSettings(fallback=["two"]))
    assert "fallback" not in result.notes
