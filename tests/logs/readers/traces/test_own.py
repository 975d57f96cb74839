"""Our own tables as logs: what was recorded is the bill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

import sim
from sim import DataError, LogBill
from sim.logs import read
from sim.report.billed.reconciled import page
from tests.logs.written import FRESH, HOUR, OUT, READ, WRITE, february, lines, rows, usd

HEAD = "trace,agent,call_index,t_s,input_tokens,output_tokens"
MIXED = [(0, 50_000, 300, 0), (10, 8_000, 200, 0), (20, 51_000, 300, 50_000), (30, 9_000, 200, 8_000), (40, 52_000, 300, 51_000)]
"""Case 05: a sub-agent's prompts among the main agent's."""


def test_recorded_reads_are_in_the_bill_of_a_first_call_too(tmp_path: Path) -> None:
    """Case 02: $0.0925. What is not read of a prompt is written."""
    log = read(lines(tmp_path / "x.csv", f"{HEAD},cached_tokens", *(f"s-{each},main,0,0,20000,300,15000" for each in (1, 2))))
    assert usd(log) == pytest.approx([5_000 * WRITE + 15_000 * READ + 300 * OUT] * 2, rel=1e-12)
    assert sum(usd(log)) == pytest.approx(0.0925, rel=1e-12)


def test_reads_beside_the_input_are_recognised(tmp_path: Path) -> None:
    """Case 03: of more reads than input."""
    shown = read(lines(tmp_path / "a.csv", f"{HEAD},cached_tokens", "s,main,0,0,130213,200,0", "s,main,1,30,5,200,128955"))
    assert rows(shown, "input_tokens") == [(130_213,), (128_960,)]
    assert "more of them than input" in next(iter(shown.report.remarks))


@pytest.mark.parametrize(("said", "whole", "expected"), [("unsaid", 24_000, 0.17), ("whole", 24_000, 0.17), ("fresh", 44_000, 0.295)])
def test_reads_that_could_be_either_are_as_it_is_said_or_a_question(tmp_path: Path, said: str, whole: int, expected: float) -> None:
    """Case 03: 24,000 beside 20,000 read cost $0.295; within, as this format has it, $0.17."""
    log = read(lines(tmp_path / "b.csv", f"{HEAD},cached_tokens", "s,main,0,0,20000,200,0", "s,main,1,30,24000,200,20000"), input=said)
    assert rows(log, "input_tokens") == [(20_000,), (whole,)]
    assert sum(usd(log)) == pytest.approx(expected, rel=1e-12)
    assert log.report.unsure_reads == (said == "unsaid")
    assert ("Unclear: do input tokens hold the cache reads of 1 call?" in page(LogBill(log, february()))) == (said == "unsaid")


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("split", [True, False])
def test_a_sub_agents_calls_among_the_main_agents(tmp_path: Path, split: bool, recorded: bool) -> None:
    """Case 05: $0.468 in every form; where no read is recorded, the longest earlier prompt that fits is read."""
    rows = [
        f"s,{'a1' if split and size < 10_000 else 'main'},{place},{second},{size},{out}{f',{kept}' if recorded else ''}"
        for place, (second, size, out, kept) in enumerate(MIXED)
    ]
    log = read(lines(tmp_path / "x.csv", HEAD + (",cached_tokens" if recorded else ""), *rows[:: 1 if recorded else -1]))
    assert sum(usd(log)) == pytest.approx(61_000 * WRITE + 109_000 * READ + 1_300 * OUT, rel=1e-12)
    assert sum(usd(log)) == pytest.approx(0.46825, rel=1e-12)
    assert bool(log.report.remarks) is not recorded


def test_each_row_is_priced_at_its_own_model_and_reads_nothing_of_anothers(tmp_path: Path) -> None:
    """Case 22: unknown models are named, not guessed."""
    log = read(lines(
        tmp_path / "x.csv", "trace,agent,call_index,t_s,model,input_tokens,output_tokens", "s,main,0,0,claude-opus-4-6,100000,1000",
        "s,main,1,30,claude-haiku-4-5,101000,1000", "s,main,2,60,claude-opus-4-6,102000,1000", "s,a1,0,5,claude-sonnet-4-6,50000,500",
        "s,a2,0,5,acme-unknown-1,50000,500",
    ))  # fmt: skip
    bill = LogBill(log, february())
    found = dict(zip(rows(log, "model", "input_tokens"), bill.priced.tolist(), strict=True))
    assert found[("claude-opus-4-6", 102_000)] == pytest.approx(100_000 * READ + 2_000 * WRITE + 1_000 * OUT, rel=1e-12)
    assert found[("claude-haiku-4-5", 101_000)] == pytest.approx((101_000 * 1.25 + 1_000 * 5) / 1e6, rel=1e-12)
    assert found[("claude-sonnet-4-6", 50_000)] == pytest.approx((50_000 * 3.75 + 500 * 15) / 1e6, rel=1e-12)
    assert bill.unknown == {"acme-unknown-1": 1}
    said = LogBill(log, february(), {"acme-unknown-1": "claude_opus_4_6"})
    assert said.priced.sum() == pytest.approx(
        sum(found[each] for each in found if each[0] != "acme-unknown-1") + 50_000 * WRITE + 500 * OUT
    )
    assert not said.unknown


def test_the_name_of_our_own_column_is_understood_and_another_is_asked_about(tmp_path: Path) -> None:
    """Case 25: nothing was read."""
    calls = ("s,main,0,0,100000,100,0", "s,main,1,30,101000,100,0")
    log = read(lines(tmp_path / "x.csv", f"{HEAD},cache_read_tokens", *calls))
    assert usd(log) == pytest.approx([100_000 * WRITE + 100 * OUT, 101_000 * WRITE + 100 * OUT], rel=1e-12)
    with pytest.raises(DataError, match="column 'cache_hits' is not known"):
        read(lines(tmp_path / "y.csv", f"{HEAD},cache_hits", *calls))
    strange = read(lines(tmp_path / "z.csv", f"{HEAD},Cache Read Tokens,colour", *(f"{each},red" for each in calls)))
    assert strange.report.unknown_columns == {str(tmp_path / "z.csv"): ["colour"]}
    assert usd(strange) == usd(log)


def test_what_a_trace_says_of_its_own_bill(tmp_path: Path) -> None:
    head = f"{HEAD},cached_tokens,cache_write_tokens,cost_usd,status,parent,trigger,api_time_s"
    path = lines(
        tmp_path / "x.csv", head, "s,a1,0,1771200000,9000,10,5000,1000,0.04,ok,main,user,7", "s,a1,1,9,9000,10,5000,1000,0,error,,,"
    )
    log = read(path)
    assert usd(log) == pytest.approx([3_000 * FRESH + 5_000 * READ + 1_000 * WRITE + 10 * OUT, 0], rel=1e-12)
    assert rows(log, "cost_usd", "parent", "by_user")[0] == (0.04, "main", 1)
    assert rows(log, "start_s", "end_s")[0] == (1771200000, 1771200007)


def test_a_row_that_stands_twice_in_a_file_is_one_call_and_another_in_its_place_is_told(tmp_path: Path) -> None:
    """A table appended to itself is no second bill: 1,000 in and 100 out, once; another row counts."""
    row, other = "s,main,0,0,1000,100", "s,main,0,0,1000,200"
    again = read(lines(tmp_path / "x.csv", HEAD, row, row, row))
    assert usd(again) == pytest.approx([1_000 * FRESH + 100 * OUT], rel=1e-12)  # too short a prompt for the cache
    assert again.report.duplicates == {"rows that stand twice in a file": 2}
    both = read(lines(tmp_path / "y.csv", HEAD, row, other))
    assert sorted(rows(both, "output_tokens")) == [(100,), (200,)]
    assert any("same call_index" in said for said in both.report.remarks)
    assert len(read(tmp_path / "x.csv", lines(tmp_path / "z.csv", HEAD, row)).calls) == 1
    assert len(read(tmp_path / "x.csv", lines(tmp_path / "z.csv", HEAD, other)).calls) == 2
    uncounted = HEAD.replace(",call_index", "")
    assert len(read(lines(tmp_path / "w.csv", uncounted, "s,main,0,1000,100", "s,main,0,1000,100")).calls) == 2


def test_tokens_that_are_not_there_are_not_none(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, "s,main,0,0,,100", "s,main,1,0,1000,", "s,main,2,0,1000,100"))
    assert rows(log, "input_tokens", "output_tokens") == [(1_000, 100)]
    assert [each.rpartition(": ")[2] for each in log.report.where] == ["input_tokens is empty", "output_tokens is empty"]


@pytest.mark.parametrize(
    "header", ["trace,agent,t_s,input_tokens,output_tokens,input_tokens", "trace,agent,t_s,input_tokens,output_tokens,Input Tokens"]
)
def test_a_column_that_is_there_twice_is_asked_about(tmp_path: Path, header: str) -> None:
    with pytest.raises(DataError, match="column 'input_tokens' is there twice"):
        read(lines(tmp_path / "x.csv", header, "s,main,0,1000,100,99"))


@pytest.mark.slow
def test_a_runs_own_calls_come_back_to_the_dollar(tmp_path: Path) -> None:
    """All that was billed: attempts that failed, sub-agents, several backends, the hour's cache."""
    scenario = sim.load(
        "agent=team", "workload.tasks=4", "replications=2", "processes=1", "router=by_role", "backends=[claude_opus_4_6,minimax_m2_5]",
        "market.models.claude_opus_4_6.error_rate=0.2", "market.models.claude_opus_4_6.error_billed=input",
        "market.models.claude_opus_4_6.cache_ttl_s=3600",
    )  # fmt: skip
    result = sim.simulate(scenario)
    result.save(tmp_path)
    bill = LogBill(read(tmp_path), scenario)
    calls = result.calls
    assert len(bill.log.calls) == len(calls)
    for name in ("input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens"):
        assert bill.log.calls[name].sum() == calls[name].sum()
    assert bill.billed.sum() == pytest.approx(calls["cost_usd"].sum(), rel=1e-12)
    assert bill.priced == pytest.approx(bill.billed, abs=1e-12)
    assert {agent.parent for agent in bill.log.agents} == {"", "main"}
    assert (calls["status"] == "error").any()


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("10k", "'10k' is no number of tokens: write digits alone, no unit, no separators, a point for a comma"),
        ("many", "'many' is no number of tokens: write a number, or nothing"),
        ("N/A", "input_tokens is empty"),
    ],
)
def test_a_cell_that_is_no_number_is_told_in_words_of_ours(tmp_path: Path, cell: str, told: str) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, "s,main,0,0,1000,100", f"s,main,1,60,{cell},100"))
    assert log.report.where == [f"{tmp_path / 'x.csv'}: line 3: {told}"]


@pytest.mark.parametrize(
    ("agents", "orphans"),
    [({"main": "", "w": "main"}, 0), ({"main": "", "w": "nobody"}, 1), ({"a": "b", "b": "a"}, 2), ({"main": "", "v": "w", "w": "main"}, 0)],
)
def test_sub_agents_whom_nobody_can_have_begun_are_told(tmp_path: Path, agents: dict[str, str], orphans: int) -> None:
    table = [f"s,{name},0,0,1000,100,{parent}" for name, parent in agents.items()]
    log = read(lines(tmp_path / "x.csv", f"{HEAD},parent", *table))
    assert log.report.remarks["of a sub-agent whose parent is not in the log, or goes round in a ring"] == orphans
    assert len(log.calls) == len(agents)


SAID_OF_ROWS = {
    "the columns named again": ("s,main,0,0,10,5", HEAD, "duplicates", "lines that name the columns again"),
    "a falling clock": ("s,main,0,100,10,5", "s,main,1,50,20,5", "remarks", "that begin before the call before them by call_index"),
    "columns in one another's place": (
        "s,main,0,0,10,5",
        "s,main,1,9,100,90000",
        "remarks",
        "are input and output in one another's place?",
    ),
    "no answer": ("s,main,0,0,10,5", "s,main,1,9,100,0", "remarks", "answered without an output token"),
}


@pytest.mark.parametrize("what", sorted(SAID_OF_ROWS))
def test_what_is_odd_of_a_row_is_told(tmp_path: Path, what: str) -> None:
    first, second, where, told = SAID_OF_ROWS[what]
    report = read(lines(tmp_path / "x.csv", HEAD, first, second)).report
    assert not report.broken
    assert [many for said, many in getattr(report, where).items() if told in said] == [1]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("0,1763629360000", "line 3: a time of 1763629360000 s is after the year 2999: are those milliseconds? write seconds"),
        ("0,-5", "line 3: a time of -5 s: must be from 0 on"),
        ("-1,9", "line 3: call_index=-1: must be a whole number from 0 on"),
        ("0.5,9", "line 3: call_index=0.5: must be a whole number from 0 on"),
    ],
)
def test_a_row_that_cannot_be_is_named_with_its_line(tmp_path: Path, cells: str, told: str) -> None:
    log = read(lines(tmp_path / "x.csv", HEAD, "s,main,0,0,10,5", f"s,main,{cells},20,5"))
    assert [where.partition(": ")[2] for where in log.report.where] == [told]


def test_writes_for_an_hour_are_no_more_than_writes(tmp_path: Path) -> None:
    """50 written, 500 of them for an hour: 50 at the hour's price, and not 500 there less 450 at the other."""
    head = f"{HEAD},cache_write_tokens,cache_write_1h_tokens"
    log = read(lines(tmp_path / "x.csv", head, "s,main,0,0,1000,100,50,500"))
    assert usd(log) == pytest.approx([950 * FRESH + 50 * HOUR + 100 * OUT], rel=1e-12)
    assert "with more cache writes for an hour than cache writes: taken as many as those" in log.report.remarks


@pytest.mark.parametrize(("status", "ok"), [("200", True), ("Success", True), ("", True), ("500", False), ("failed", False)])
def test_a_status_is_told_in_several_ways(tmp_path: Path, status: str, ok: bool) -> None:
    log = read(lines(tmp_path / "x.csv", f"{HEAD},status", f"s,main,0,0,1000,100,{status}"))
    assert (rows(log, "status") == [("ok",)]) == ok


def test_a_start_may_be_a_date(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", f"{HEAD},session_start_s", "s,main,0,9,10,5,2026-02-16T09:00:00Z"))
    assert rows(log, "start_s") == [(1_771_232_409.0,)]


def test_a_blank_beside_a_name_makes_no_other_session(tmp_path: Path) -> None:
    """Nor another agent; and it is told, a row each."""
    log = read(lines(tmp_path / "x.csv", HEAD, "s,main,0,0,10,5", "s ,main,1,9,20,5", "s, main,2,20,30,5"))
    assert [(each.session, each.name) for each in log.agents] == [("s", "main")]
    assert log.report.remarks["with a blank before or behind the name of a session or an agent: taken without it"] == 2


@pytest.mark.parametrize(
    ("head", "row", "told"),
    [
        ("", "total,,,90,3700,370", "agent is empty: a line of totals?"),
        ("", ",main,3,90,10,5", "trace is empty: a line of totals?"),
        ("", "s,all,,90,3700,370", "call_index is empty: a line of totals?"),
        (",trigger", "s,main,3,90,10,5,person", "trigger=person: must be one of user, tool_result, other"),
        (",think_time_s", "s,main,3,90,10,5,-5", "think_time_s is below 0"),
    ],
)
def test_a_row_that_says_what_cannot_be_is_broken(tmp_path: Path, head: str, row: str, told: str) -> None:
    """A line of totals would double the bill."""
    log = read(lines(tmp_path / "x.csv", HEAD + head, f"s,main,0,0,10,5{',' * bool(head)}", row))
    assert rows(log, "input_tokens") == [(10,)]
    assert [where.partition(": ")[2] for where in log.report.where] == [f"line 3: {told}"]


def test_a_trigger_may_have_capitals(tmp_path: Path) -> None:
    log = read(lines(tmp_path / "x.csv", f"{HEAD},trigger", "s,main,0,0,10,5,User", "s,main,1,9,10,5, TOOL_RESULT"))
    assert log.calls["by_user"].tolist() == [1, 0]


@pytest.mark.parametrize(("lasts", "told"), [("6000", 1), ("6", 0), ("20.9", 0), ("", 0)])
def test_calls_that_last_into_the_next_are_asked_about(tmp_path: Path, lasts: str, told: int) -> None:
    log = read(lines(tmp_path / "x.csv", f"{HEAD},api_time_s", f"s,main,0,0,10,5,{lasts}", f"s,main,1,20,20,5,{lasts}"))
    assert log.report.remarks["that last until after the next call of their agent has begun: is api_time_s in milliseconds?"] == told


def test_durations_and_bytes_of_a_parquet_file_are_seconds_and_names(tmp_path: Path) -> None:
    columns = {
        "trace": [b"s"],
        "agent": [b"main"],
        "t_s": pa.array([5000], pa.duration("ms")),
        "api_time_s": pa.array([7], pa.duration("s")),
    }
    pq.write_table(pa.table({**columns, "input_tokens": [1000], "output_tokens": [100]}), tmp_path / "x.parquet")
    assert rows(read(tmp_path / "x.parquet"), "session", "agent", "start_s", "end_s") == [("s", "main", 5, 12)]


def test_cells_that_say_nothing_are_none_and_a_time_has_to_be_there(tmp_path: Path) -> None:
    """As pandas writes them: no dollars are nan, and no reason to leave a call out; a name may be any word."""
    cells = ["NA,main,0,0,1000,100,nan,NaN", "NA,main,1,nan,1000,100,,", "NA,main,2,,1000,100,,"]
    log = read(lines(tmp_path / "x.csv", f"{HEAD},cost_usd,api_time_s", *cells))
    assert rows(log, "session", "input_tokens") == [("NA", 1000)]
    assert np.isnan(log.calls["cost_usd"][0])
    assert [where.rpartition("x.csv: ")[2] for where in log.report.where] == [
        f"line {line}: t_s is empty: a line of totals?" for line in (3, 4)
    ]


def test_reads_that_nobody_recorded_show_nothing_of_what_input_holds(tmp_path: Path) -> None:
    """1,000 of each prompt were written, so 99,000 at most were read; the prompts are 100,000 long, and not 101,000 or 201,000."""
    log = read(lines(tmp_path / "x.csv", f"{HEAD},cache_write_tokens", *(f"s,main,{n},{60 * n},100000,1000,1000" for n in range(4))))
    assert rows(log, "input_tokens", "cache_read_tokens") == [(100_000, 0), *[(100_000, 99_000)] * 3]
    assert not any("show it" in each for each in log.report.remarks)


def test_times_in_milliseconds_and_a_row_of_totals_are_told(tmp_path: Path) -> None:
    calls = [f"s,main,{n},{60 * n},100000,1000,9" for n in range(4)]
    assert not read(lines(tmp_path / "x.csv", f"{HEAD},api_time_s", *calls)).report.slips
    slow = read(lines(tmp_path / "y.csv", f"{HEAD},api_time_s", *(f"s,main,{n},{60_000 * n},100000,1000,9000" for n in range(4))))
    told = "answered at less than 0.25 output tokens a second: are times in milliseconds where seconds are meant?"
    assert slow.report.remarks[told] == 4
    summed = read(lines(tmp_path / "z.csv", f"{HEAD},api_time_s", *calls, "Summe,main,0,0,400000,4000,"))
    assert summed.report.remarks["with as many tokens as all others together: a line of totals?"] == 1
