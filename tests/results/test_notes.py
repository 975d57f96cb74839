"""What a result says of its own numbers."""

from __future__ import annotations

import pytest

import sim
from sim.settings.market import CacheKind
from tests.worlds import agent, backend, scenario


@pytest.mark.parametrize(("counts", "words"), [(False, "do not count"), (True, "count")])
def test_limits_say_whether_they_count_cache_reads_and_what_that_is_worth(counts: bool, words: str) -> None:
    served = backend(cache=CacheKind.automatic, tokens_per_min=1e9, limits_count_cache_reads=counts, label="One")
    result = sim.simulate(scenario(agent(turns=4), served, tasks=3))
    said, reads = result.notes["limits"], result.mean("cache_hit_rate")
    assert said.startswith(f"Limits on tokens of One {words} cache reads (limits_count_cache_reads={str(counts).lower()})")
    assert f"{100 * reads:.0f} % of all prompts" in said
    assert f"{1 / (1 - reads):.2g} times the quota" in said


def test_no_word_of_limits_where_none_is_on_tokens() -> None:
    assert "limits" not in sim.simulate(scenario(agent(turns=4), backend(cache=CacheKind.automatic, requests_per_min=1e6), tasks=3)).notes
