"""Which random number decides what: no two decisions share a column, and each is drawn where the table says."""

from __future__ import annotations

import ast
import itertools
import math
from pathlib import Path

import pytest

import sim
from sim.sampling import decisions
from sim.sampling.decisions import Decisions
from sim.sampling.streams import COLUMNS, ROWS

TABLE = {name: found for name, found in vars(decisions).items() if isinstance(found, Decisions)}
SIM = Path(sim.__file__).parent


def clash(one: Decisions, other: Decisions) -> bool:
    """Whether some column of some page may be of both."""
    if one.purpose != other.purpose or (None not in (one.branch, other.branch) and one.branch != other.branch):
        return False
    pages = [(what.from_page, math.inf) if what.page is None else (what.page, what.page) for what in (one, other)]
    spans = [(what.first_column, math.inf if what.repeated else what.first_column + len(what.names) - 1) for what in (one, other)]
    return all(max(first, second) <= min(last, end) for (first, last), (second, end) in (pages, spans))


def test_no_two_decisions_share_a_column() -> None:
    for (name, one), (another, other) in itertools.combinations(TABLE.items(), 2):
        meant = another in one.instead_of or name in other.instead_of
        assert not clash(one, other) or meant, f"{name} and {another}"


@pytest.mark.parametrize(
    "planted",
    [
        decisions.TASK._replace(names=("mood",)),
        decisions.RETRY._replace(page=3),
        decisions.AGENT._replace(first_column=7, names=("mood",)),
        decisions.TURNS._replace(from_page=5),
    ],
)
def test_a_clash_is_seen(planted: Decisions) -> None:
    assert any(clash(planted, known) for known in TABLE.values())


def test_each_is_drawn_in_the_files_that_the_table_names_and_in_no_other() -> None:
    """A second place that draws the same column for another decision would move both at once."""
    drawn: dict[str, set[str]] = {name: set() for name in TABLE}
    for file in SIM.rglob("*.py"):
        where = file.relative_to(SIM).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "sim.sampling.decisions":
                names = [alias.name for alias in node.names]
            else:
                names = [node.attr] if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "decisions" else []
            for name in set(names) & set(drawn):
                drawn[name].add(where)
    seen = {name: files for name, files in drawn.items() if name not in ("TURNS", "FIRST_TURNS", "FIRST_MESSAGE", "AGENT")}
    assert seen == {name: set(TABLE[name].drawn_by) for name in seen}
    together = drawn["TURNS"] | drawn["FIRST_TURNS"]
    assert together - {"agents/agent.py"} == set(decisions.TURNS.drawn_by), "an agent's page is laid out in agent.py"


def test_rows_fill_a_page_to_its_end() -> None:
    assert decisions.FIRST_TURNS.first_column % COLUMNS == 0
    assert len(decisions.TURNS.names) == COLUMNS
    assert len(decisions.MESSAGE.names) <= COLUMNS <= ROWS * COLUMNS


def test_who_unpacks_a_row_names_its_columns() -> None:
    decisions.RETRY.in_order("backoff", "noise", "error", "patience")
    with pytest.raises(ValueError, match="RETRY"):
        decisions.RETRY.in_order("noise", "backoff", "error", "patience")
