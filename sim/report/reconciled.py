"""What a log says was done and billed, held against our prices: for people, and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from sim.report.numbers import compact, counted, dollars, number, percent
from sim.report.tables import aligned
from sim.results.billed.bill import KINDS, SINCE_1970_S, LogBill, sums, total

DEAREST = 10
"""Sessions that are listed."""
REMARKS = 12
"""Lines on what was assumed."""
_HEADINGS = ("fresh input", "cache reads", "cache writes", "output", "fees")


def figures(bill: LogBill) -> dict[str, Any]:
    """All there is to say, as plain values: counts, dollars (None: unknown), and tables by model, kind of token, agents, sessions."""
    log, report = bill.log, bill.log.report
    calls, priced, billed = log.calls, bill.priced, bill.billed
    both = ~np.isnan(priced) & ~np.isnan(billed)
    session_of, sessions = log.sessions()
    whose = session_of[calls["agent"]]
    is_sub = np.array([bool(agent.parent) for agent in log.agents])
    times = np.concatenate([calls["start_s"], calls["end_s"]])
    times = times[times > SINCE_1970_S]
    return {
        "calls": int(calls["calls"].sum()),
        "rows": len(calls),
        "sessions": len(sessions),
        "agents": len(log.agents),
        "sub_agents": int(is_sub.sum()),
        "from": _moment(times.min()) if len(times) else None,
        "until": _moment(times.max()) if len(times) else None,
        "input_tokens": int(calls["input_tokens"].sum()),
        "cache_read_tokens": int(calls["cache_read_tokens"].sum()),
        "cache_write_tokens": int(bill.write_tokens.sum()),
        "output_tokens": int(calls["output_tokens"].sum()),
        "files": dict(report.files),
        "duplicates": dict(report.duplicates),
        "broken_lines": report.broken,
        "broken": report.where,
        "skipped_files": report.skipped,
        "unknown_columns": report.unknown_columns,
        "remarks": dict(report.remarks),
        "market": bill.scenario.market.name,
        "billed_usd": None if np.isnan(billed).all() else total(billed),
        "priced_usd": total(priced),
        "billed_calls_with_price": int(both.sum()),
        "billed_usd_with_price": total(billed[both]),
        "priced_usd_where_billed": total(priced[both]),
        "unpriced_calls": bill.unknown,
        "other_tiers": bill.tiers(),
        "models": list(_models(bill, both)),
        "agents_usd": _agents(bill, is_sub[calls["agent"]]),
        "dearest_sessions": _dearest(bill, whose, sessions),
    }


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


def _agents(bill: LogBill, is_sub: np.ndarray) -> dict[str, dict[str, float]]:
    """Lead agents against sub-agents."""
    calls = bill.log.calls
    return {
        name: {
            "calls": int(calls["calls"][rows].sum()),
            "input_tokens": int(calls["input_tokens"][rows].sum()),
            "output_tokens": int(calls["output_tokens"][rows].sum()),
            "priced_usd": total(bill.priced[rows]),
        }
        for name, rows in (("lead", ~is_sub), ("sub_agents", is_sub))
    }


def _dearest(bill: LogBill, whose: np.ndarray, sessions: list[str]) -> list[dict[str, Any]]:
    calls, many = bill.log.calls, len(sessions)
    usd, counts = sums(bill.priced, whose, many), sums(calls["calls"], whose, many)
    longest = np.zeros(many, np.int64)
    np.maximum.at(longest, whose, calls["input_tokens"])
    of_session = np.bincount(bill.log.sessions()[0], minlength=many)
    first = sorted(range(many), key=lambda each: -usd[each])[:DEAREST]
    return [
        {
            "session": sessions[each],
            "calls": int(counts[each]),
            "agents": int(of_session[each]),
            "longest_prompt_tokens": int(longest[each]),
            "priced_usd": usd[each],
        }
        for each in first
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def page(bill: LogBill) -> str:
    """The same for people: what was read, the two bills, where the money went, what was assumed."""
    found = figures(bill)
    parts = ["\n".join([_read(found), *_removed(found), _reconciled(found), *_wanting(found)]), _by_model(found)]
    if found["billed_usd"] is not None:
        parts.append(_against(found))
    return "\n\n".join([*parts, _by_agent(found), _sessions(found), *_remarks(found)])


def _read(found: dict[str, Any]) -> str:
    files = ", ".join(f"{many:,} {name}" for name, many in found["files"].items())
    span = f"{found['from']} to {found['until']}" if found["from"] else "no dates"
    subs = f" ({counted(found['sub_agents'], 'sub-agent')} among them)" if found["sub_agents"] else ""
    done = ", ".join(counted(found[f"{what}s"], what) for what in ("call", "session", "agent"))
    tokens = f"{compact(found['input_tokens'])} input tokens, {compact(found['output_tokens'])} output"
    return f"{done}{subs}; {span}; {tokens} (files: {files})"


def _removed(found: dict[str, Any]) -> Iterator[str]:
    if found["duplicates"]:
        named = ", ".join(f"{what}: {many:,}" for what, many in found["duplicates"].items())
        yield f"Duplicates removed: {sum(found['duplicates'].values()):,} ({named})"
    if found["broken_lines"]:
        more = "; ..." if found["broken_lines"] > len(found["broken"]) else ""
        yield f"Broken lines, left out: {found['broken_lines']:,} ({'; '.join(found['broken'])}{more})"


def _reconciled(found: dict[str, Any]) -> str:
    """Both bills, over the calls that have both."""
    part = "without what is not priced " if found["unpriced_calls"] else ""
    ours = f"by our prices {part}{_usd(found['priced_usd'])} (market={found['market']})"
    if found["billed_usd"] is None:
        return f"As billed: the log has no dollars; {ours}"
    first = f"As billed {_usd(found['billed_usd'])}, {ours}"
    billed, same, compared = found["billed_usd_with_price"], found["priced_usd_where_billed"], found["billed_calls_with_price"]
    if not compared:
        return f"{first}; no call has both"
    off = f"{_less_or_more(same, billed)}{_why(found)}"
    if compared == found["rows"]:
        return f"{first}, {off}"
    return f"{first}; of {counted(compared, 'call')} with both: {_usd(billed)} against {_usd(same)}, {off}"


def _why(found: dict[str, Any]) -> str:
    """Which models make the most of the difference."""
    rows = [row for row in found["models"] if row["billed_calls"]]
    parts = sorted(((row["priced_usd_where_billed"] - row["billed_usd"], row["model"]) for row in rows), key=lambda each: -abs(each[0]))
    named = [f"{model or '(no name)'} {'+' if part > 0 else '-'}{_usd(abs(part))}" for part, model in parts[:3] if abs(part) >= 5e-5]
    return f": {', '.join(named)}" if named else ""


def _wanting(found: dict[str, Any]) -> Iterator[str]:
    for name, many in found["unpriced_calls"].items():
        yield f"Not priced: {counted(many, 'call')} of {name}, which is none of this market's: --model {name}=BACKEND says which it is"


def _by_model(found: dict[str, Any]) -> str:
    rows = [row for row in found["models"] if row["backend"]]
    table = {
        "USD by our prices": [row["model"] or "(no name)" for row in rows],
        "backend": [row["backend"] for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        **{
            name: [number(row[f"{kind}_usd"]) for row in rows]
            for name, kind in zip(_HEADINGS, KINDS, strict=True)
            if kind != "fees" or any(row["fees_usd"] for row in rows)
        },
        "all": [number(row["priced_usd"]) for row in rows],
        "share": [percent(row["priced_usd"] / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows],
    }
    return aligned(pd.DataFrame(table))


def _against(found: dict[str, Any]) -> str:
    rows = [row for row in found["models"] if row["billed_calls"]]
    table = {
        "Calls that have both": [row["model"] or "(no name)" for row in rows],
        "prices of": [row["prices_as_of"] or "-" for row in rows],
        "calls": [f"{row['billed_calls']:,}" for row in rows],
        "billed USD": [number(row["billed_usd"]) for row in rows],
        "ours USD": [number(row["priced_usd_where_billed"]) for row in rows],
        "off": [_off(row["priced_usd_where_billed"], row["billed_usd"]) for row in rows],
    }
    return aligned(pd.DataFrame(table))


def _by_agent(found: dict[str, Any]) -> str:
    rows = found["agents_usd"]
    table = {
        "Who spent it": ["lead agents", "sub-agents"],
        "calls": [f"{row['calls']:,}" for row in rows.values()],
        "input tokens": [compact(row["input_tokens"]) for row in rows.values()],
        "output tokens": [compact(row["output_tokens"]) for row in rows.values()],
        "USD": [number(row["priced_usd"]) for row in rows.values()],
        "share": [percent(row["priced_usd"] / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows.values()],
    }
    return aligned(pd.DataFrame(table))


def _sessions(found: dict[str, Any]) -> str:
    rows = found["dearest_sessions"]
    table = {
        "Dearest sessions": [row["session"] or "(no name)" for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        "agents": [f"{row['agents']:,}" for row in rows],
        "longest prompt": [compact(row["longest_prompt_tokens"]) for row in rows],
        "USD": [number(row["priced_usd"]) for row in rows],
    }
    return aligned(pd.DataFrame(table))


def _remarks(found: dict[str, Any]) -> Iterator[str]:
    lines = [f"{counted(many, 'call')}: {what}" for what, many in found["remarks"].items()]
    tiers = found["other_tiers"].items()
    lines += [f"{counted(many, 'call')}: service tier {name}, priced as standard, which may be wrong" for name, many in tiers]
    lines += [f"{file}: columns not read: {', '.join(names)}" for file, names in found["unknown_columns"].items()]
    if skipped := found["skipped_files"]:
        more = ", ..." if len(skipped) > 3 else ""
        lines.append(f"{len(skipped):,} files of no known format passed over: {', '.join(skipped[:3])}{more}")
    if len(lines) > REMARKS:
        lines[REMARKS:] = [f"{len(lines) - REMARKS:,} more: --json has all"]
    if lines:
        yield "\n".join(f"- {line}" for line in lines)


def _usd(value: float) -> str:
    """To the cent, or to three digits below a dollar."""
    return f"${value:,.2f}" if abs(value) >= 1 else dollars(value) if value == 0 else f"${number(value)}"


def _less_or_more(ours: float, billed: float) -> str:
    """The same in words."""
    if not billed:
        return "exact" if not ours else "billed at nothing"
    if abs(ours / billed - 1) < 1e-9:
        return "exact"
    return f"{number(100 * abs(ours / billed - 1), 2)} % {'more' if ours > billed else 'less'}"


def _off(ours: float, billed: float) -> str:
    """How far our bill lies from the one that was paid."""
    if not billed:
        return "-" if ours else "exact"
    return "exact" if abs(ours / billed - 1) < 1e-9 else f"{100 * (ours / billed - 1):+.2g} %"
