"""Whatever is typed, written into a file or passed in Python: a valid scenario, or one line of a `SimError`; in no time.

Real keys, hostile values. `make fuzz` tries many more of them.
"""

from __future__ import annotations

import dataclasses
import math
import time
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sim
from sim.scenario.scenario import Scenario
from sim.settings.budget import BudgetSettings
from sim.settings.market import BackendSettings
from sim.sweeps.sweep import replaced
from tests.worlds import scenario, with_

LONGEST_S = 10.0
"""A load takes a tenth of a second; this much would be a hang."""
fewer = settings(max_examples=settings().max_examples // 2)
"""Where Hydra composes, which takes a tenth of a second."""
more = settings(max_examples=5 * settings().max_examples)


def keys(kind: type, path: str = "") -> Iterator[str]:
    """Every setting there is, by its dotted key."""
    for field in dataclasses.fields(kind):
        key = f"{path}.{field.name}" if path else field.name
        hint = typing.get_type_hints(kind)[field.name]
        yield key
        for each in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(each) and isinstance(each, type):
                yield from keys(each, key if each is hint or type(None) in typing.get_args(hint) else f"{key}.x")


KEYS = sorted({*keys(Scenario), *(f"market.models.claude_opus_4_6.{key}" for key in keys(BackendSettings))})
GROUPS = ["agent", "workload", "router", "market", "tries", "outcome", "budget", "experiment", "profile@matched_chat", "backend"]
ODD_KEYS = [
    "hydra.run.dir", "hydra", "defaults", "agent.turns.dist", "agent.turns.mean", "backends.0", "budgets.x", "a.b.c", "é",
    "agent..turns",
]  # fmt: skip
NUMBERS = [-1, 0, 1, -0.0, 0.5, 3, 1e-320, 1e16, 1e308, 2**63, 10**30, 10**400, math.nan, math.inf, -math.inf, True, False]
WORDS = [
    "", " ", "null", "nan", "x", "é", "日本", "\U0001f600", "\x00", "\n", "1e400", "1_000", "0x10", "2026-02-30", "../../etc",
    "a" * 5000, "solo",
]  # fmt: skip
DISTS = [
    "constant", "exponential", "lognormal", "gamma", "weibull", "geometric", "poisson", "uniform", "normal", "bernoulli",
    "mixture", "empirical", "no", 3,
]  # fmt: skip
PARAMETERS = [
    "value", "mean", "median", "sigma", "shape", "sd", "p", "low", "high", "shift", "weights", "parts", "values", "quantiles",
    "x",
]  # fmt: skip

plain = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.none(), st.floats(), st.integers(), st.text(max_size=8))


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(["turns", "usd", "mean", "agent", "lead", "above_tokens", "from_h", "claude_opus_4_6", "", "é", "a.b"])
    law = st.fixed_dictionaries({"dist": st.sampled_from(DISTS)}, optional=dict.fromkeys(PARAMETERS, inner))
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3), law)


hostile = st.recursive(plain, _around, max_leaves=8)


def written(value: Any) -> str:
    """A value as the shell would write it, or try to."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return "null" if value is None else str(value)


RAW = [
    "{", "}", "[", "]", "'", '"', "\\", "=", "a=b", "1,2", "choice(1,2)", "range(1,3)", "${agent.turns}", "${nope}",
    "${oc.env:HOME}", "???", "[" * 300,
]  # fmt: skip
typed = st.builds(
    lambda sign, key, value: f"{sign}{key}={value}",
    st.sampled_from(["", "", "", "+", "++", "~"]),
    st.one_of(st.sampled_from(KEYS), st.sampled_from(GROUPS + ODD_KEYS)),
    st.one_of(hostile.map(written), st.sampled_from(RAW)),
)


def outcome(attempt: Any) -> Any:
    """What comes of it: a value, or None where it is refused as it should be."""
    began = time.process_time()
    try:
        found, told = attempt(), "taken"
    except sim.SimError as error:
        found, told = None, str(error)
    assert time.process_time() - began < LONGEST_S
    assert told
    assert told.isprintable()
    return found


@fewer
@given(st.lists(typed, min_size=1, max_size=2))
def test_anything_typed(overrides: list[str]) -> None:
    found = outcome(lambda: sim.load(*overrides))
    assert found is None or found.check() is found


WHOLE = with_(scenario(), budgets={"x": BudgetSettings()})
PYTHON = sorted({*keys(Scenario), *(f"market.models.one.{key}" for key in keys(BackendSettings))})


@more
@given(st.dictionaries(st.sampled_from(PYTHON), st.one_of(hostile, st.sampled_from([b"x", object(), (1, 2)])), min_size=1, max_size=2))
def test_anything_set_in_python(values: dict[str, Any]) -> None:
    outcome(lambda: replaced(WHOLE, values).check())


EXPERIMENT = """# @package _global_
defaults:
  - override /workload: users
  - override /agent: team
name: mine
backends: [claude_opus_4_6, minimax_m2_5]
horizon_s: 28800
workload: {users: 12, tasks_per_user: null}
agent:
  fanout: 6
  turns: {dist: lognormal, median: 8, sigma: 0.9}
  worker: {tool_time_s: {dist: exponential, mean: 12}}
router: {policy: by_role, roles: {lead: claude_opus_4_6, worker: minimax_m2_5}}
market: {models: {minimax_m2_5: {input_usd_per_mtok: 0.15, slots: 40}}}
"""
BITS = [
    "", "\x00", "\t", ":", "- ", "  ", "{", "}", "[", "]", "&a ", "*a", "!!python/object:os.system ", "---\n", "null", "é",
    "9" * 400, "nan", "<<: ", "? ", "|", "\n",
]  # fmt: skip
edits = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 12), st.sampled_from(BITS)), min_size=1, max_size=3)


TYPED = ["agent.tries.verifier={turns: 2}", "budgets.team={usd: 20}", "market.models.mine={input_usd_per_mtok: 1, output_usd_per_mtok: 2}"]


@pytest.mark.slow
@pytest.mark.parametrize("group", TYPED)
def test_a_group_that_may_be_absent_is_typed_as_a_mapping(group: str) -> None:
    found = sim.load(group, "backends=[mine]" if "mine" in group else "backends=[glm_5]")
    (settings,) = (each for each in (found.agent.tries.verifier, found.budgets.get("team"), found.market.models.get("mine")) if each)
    given = yaml.safe_load(group.partition("=")[2])
    assert {name: getattr(settings, name) for name in given} == given
    with pytest.raises(sim.ConfigError, match="'nope' is not a setting; known:"):
        sim.load(group.replace("{", "{nope: 1, "))


def edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    """A text with some stretches replaced."""
    for at, length, bit in changes:
        place = at % (len(text) + 1)
        text = text[:place] + bit + text[place + length :]
    return text


def tree(path: list[str], value: Any) -> Any:
    """A value under nested keys."""
    return {path[0]: tree(path[1:], value)} if path else value


files = st.one_of(
    edits.map(lambda changes: edited(EXPERIMENT, changes).encode()),
    st.tuples(edits, st.binary(max_size=4)).map(lambda both: edited(EXPERIMENT, both[0]).encode("latin-1", "replace") + both[1]),
    st.tuples(st.sampled_from(KEYS), hostile).map(
        lambda both: b"# @package _global_\n" + yaml.safe_dump(tree(both[0].split("."), both[1]), allow_unicode=True).encode()
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for files of one's own."""
    made = tmp_path_factory.mktemp("mine")
    (made / "experiment").mkdir()
    return made


@pytest.mark.slow
@fewer
@given(written_as=files)
@example(written_as=b"? " + EXPERIMENT.encode())
@example(written_as=EXPERIMENT.replace("median: 8", "0.8: 8").encode())
def test_any_file_of_settings(folder: Path, written_as: bytes) -> None:
    (folder / "experiment" / "mine.yaml").write_bytes(written_as)
    outcome(lambda: sim.load("experiment=mine", config_dir=folder))


ROWS = [
    {"trace": f"s{session}", "agent": agent, "call_index": call, "t_s": 10.0 * call, "input_tokens": 900 + 100 * call, "output_tokens": 50,
     "cached_tokens": 900, "think_time_s": 1.0, "api_time_s": 2.0, "trigger": "user"}
    for session in range(2) for agent in ("main", "sub") for call in range(2)
]  # fmt: skip
COLUMNS = sorted(ROWS[0])
cells = st.tuples(st.integers(0, len(ROWS) - 1), st.sampled_from(COLUMNS), st.one_of(plain, st.just([1]), st.just(b"x")))
shapes = st.tuples(
    st.lists(cells, max_size=3), st.lists(st.sampled_from(COLUMNS), max_size=2), st.integers(0, len(ROWS)),
    st.sampled_from([",", ",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"]), st.one_of(st.just([]), edits),
)  # fmt: skip


@given(shape=shapes, parquet=st.booleans())
def test_any_recorded_trace(folder: Path, shape: Any, parquet: bool) -> None:
    changes, without, count, separator, encoding, mangled = shape
    table = pd.DataFrame(ROWS[:count], columns=list(ROWS[0])).astype(object)
    for row, column, value in changes:
        if row < count:
            table.at[row, column] = value
    table = table.drop(columns=without)
    file = folder / ("calls.parquet" if parquet else "calls.csv")
    try:
        if parquet:
            table.to_parquet(file)
        else:
            file.write_bytes(edited(table.to_csv(index=False, sep=separator), mangled).encode(encoding, "replace"))
    except (ValueError, TypeError, OverflowError):  # pandas or pyarrow cannot write such a table: nobody has one
        return
    world = replaced(scenario(horizon_s=1e9), {"workload.kind": "trace", "workload.trace": str(file)})
    result = outcome(lambda: sim.simulate(world))
    assert result is None or result.mean("tasks") <= len({row["trace"] for row in ROWS}) + count
