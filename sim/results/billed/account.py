"""All that a log's bill says, as plain values: what was done, both bills, where the money went, what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np

from sim.logs.logged import SINCE_1970_S
from sim.results.billed.bill import KINDS, LogBill, sums, total
from sim.results.billed.replayed import replayed
from sim.results.billed.rewritten import rewritten

DEAREST = 10
"""Sessions that are listed."""
LONG_GAP_DAYS = 366.0
"""Between two calls of a log there is less, or a clock is wrong (assumption)."""


def account(bill: LogBill) -> dict[str, Any]:
    """All there is to say, as plain values: counts, dollars (None: unknown), and tables by model, kind of token, agents, sessions."""
    log, report = bill.log, bill.log.report
    calls, priced, billed = log.calls, bill.priced, bill.billed
    both = ~np.isnan(priced) & ~np.isnan(billed)
    session_of, sessions = log.sessions()
    whose = session_of[calls["agent"]]
    is_sub = np.array([bool(agent.parent) for agent in log.agents])
    times = calls["start_s"], calls["end_s"]
    since = min(float(np.min(each, where=each > SINCE_1970_S, initial=np.inf)) for each in times)
    until = max(float(np.max(each, where=each > SINCE_1970_S, initial=-np.inf)) for each in times)
    return {
        "calls": int(calls["calls"].sum()),
        "rows": len(calls),
        "sessions": len(sessions),
        "agents": len(log.agents),
        "sub_agents": int(is_sub.sum()),
        "from": _moment(since) if since < np.inf else None,
        "until": _moment(until) if since < np.inf else None,
        "gap": _gap(times[0]),
        "input_tokens": int(calls["input_tokens"].sum()),
        "cache_read_tokens": int(calls["cache_read_tokens"].sum()),
        "cache_write_tokens": int(bill.write_tokens.sum()),
        "output_tokens": int(calls["output_tokens"].sum()),
        "files": dict(report.files),
        "duplicates": dict(report.duplicates),
        "broken_lines": report.broken,
        "broken": report.where,
        "skipped_files": list(report.skipped),
        "skipped_for": {path: why for path, why in report.skipped.items() if why},
        "unknown_columns": report.unknown_columns,
        "remarks": dict(report.remarks),
        "unsure_reads": report.unsure_reads,
        "market": bill.scenario.market.name,
        "billed_usd": None if np.isnan(billed).all() else total(billed),
        "priced_usd": total(priced),
        "web_searches": int(calls["web_searches"].sum()),
        "replayed": replayed(bill)._asdict(),
        "billed_calls_with_price": int(both.sum()),
        "billed_usd_with_price": total(billed[both]),
        "priced_usd_where_billed": total(priced[both]),
        "unpriced_calls": bill.unknown,
        "other_tiers": bill.tiers(),
        "models": list(_models(bill, both)),
        "agents_usd": _agents(bill, is_sub[calls["agent"]]),
        "written_again": [each._asdict() for each in rewritten(bill) if each.calls],
        "failed_usd": total(priced[_failed(bill)]),
        "writes_unsaid": bill.writes_unsaid(),
        "lifetimes_unsaid": bill.lifetimes_unsaid(),
        "beyond_window": bill.beyond_window(),
        "dearest_sessions": _dearest(bill, whose, sessions),
    }


def _gap(starts_s: np.ndarray) -> list[str]:
    """The moments before and after the longest time without a call, where that is so long that a clock may be wrong."""
    dated = np.sort(starts_s[starts_s > SINCE_1970_S])
    if len(dated) < 2 or np.max(gaps := np.diff(dated)) <= LONG_GAP_DAYS * 86400:
        return []
    at = int(np.argmax(gaps))
    return [_moment(dated[at]), _moment(dated[at + 1])]


def _failed(bill: LogBill) -> np.ndarray:
    """By call."""
    found: np.ndarray = np.array([status != "ok" for status in bill.log.statuses])[bill.log.calls["status"]]
    return found


def _models(bill: LogBill, both: np.ndarray) -> Iterator[dict[str, Any]]:
    """A row a model, the dearest first."""
    calls, many = bill.log.calls, len(bill.log.models)
    model = calls["model"]
    kinds = [sums(bill.dollars[:, kind], model, many) for kind in range(len(KINDS))]
    billed, ours = sums(np.where(both, bill.billed, 0), model, many), sums(np.where(both, bill.priced, 0), model, many)
    counts, compared = sums(calls["calls"], model, many), sums(both, model, many)
    whole = sums(bill.priced, model, many)
    for place in sorted(range(many), key=lambda each: -whole[each]):
        backend = bill.backends.get(bill.log.models[place])
        yield {
            "model": bill.log.models[place],
            "backend": backend,
            "prices_as_of": bill.market[backend].as_of if backend else None,
            "calls": int(counts[place]),
            **{f"{kind}_usd": kinds[at][place] for at, kind in enumerate(KINDS)},
            "priced_usd": whole[place] if backend else None,
            "billed_calls": int(compared[place]),
            "billed_usd": billed[place] if compared[place] else None,
            "priced_usd_where_billed": ours[place] if compared[place] else None,
        }


def _agents(bill: LogBill, is_sub: np.ndarray) -> dict[str, dict[str, float | None]]:
    """Lead agents against sub-agents."""
    calls = bill.log.calls
    return {
        name: {
            "calls": int(calls["calls"][rows].sum()),
            "input_tokens": int(calls["input_tokens"][rows].sum()),
            "output_tokens": int(calls["output_tokens"][rows].sum()),
            "priced_usd": None if rows.any() and np.isnan(bill.priced[rows]).all() else total(bill.priced[rows]),
        }
        for name, rows in (("lead", ~is_sub), ("sub_agents", is_sub))
    }


def _dearest(bill: LogBill, whose: np.ndarray, sessions: list[str]) -> list[dict[str, Any]]:
    calls, many = bill.log.calls, len(sessions)
    usd, counts = sums(bill.priced, whose, many), sums(calls["calls"], whose, many)
    unknown = sums(np.isnan(bill.priced), whose, many)
    rows = sums(np.ones(len(calls)), whose, many)
    longest = np.zeros(many, np.int64)
    np.maximum.at(longest, whose, np.where(calls["calls"] == 1, calls["input_tokens"], 0))
    of_session = np.bincount(bill.log.sessions()[0], minlength=many)
    first = sorted(range(many), key=lambda each: -usd[each])[:DEAREST]
    return [
        {
            "session": sessions[each],
            "calls": int(counts[each]),
            "agents": int(of_session[each]),
            "longest_prompt_tokens": int(longest[each]),
            "priced_usd": None if unknown[each] == rows[each] else usd[each],
            "unpriced_rows": int(unknown[each]),
        }
        for each in first
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
