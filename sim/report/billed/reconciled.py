"""What a log says was done and billed, held against our prices, for people: `sim.results.billed.account` in words and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from sim.report.numbers import compact, counted, dollars, number, share
from sim.report.tables import aligned
from sim.results.billed.account import account
from sim.results.billed.bill import KINDS, LogBill

REMARKS = 12
"""Lines on what was assumed."""
NAMED = 3
"""Broken lines; `--json` has more."""
_HEADINGS = ("fresh input", "cache reads", "cache writes", "output", "fees")


def page(bill: LogBill) -> str:
    """What was read, the two bills, where the money went, what was assumed."""
    found = account(bill)
    parts = [
        "\n".join([_read(found), *_removed(found), *_unsure(found), _reconciled(found), _replayed(found), *_wanting(found)]),
        _by_model(found),
    ]
    if found["billed_usd"] is not None:
        parts.append(_against(found))
    return "\n\n".join([*parts, _by_agent(found), *_again(found), _sessions(found), *_remarks(found)])


def _read(found: dict[str, Any]) -> str:
    files = ", ".join(f"{many:,} {name}" for name, many in found["files"].items())
    span = f"{found['from']} to {found['until']}" if found["from"] else "no dates"
    subs = f" ({counted(found['sub_agents'], 'sub-agent')} among them)" if found["sub_agents"] else ""
    done = ", ".join(counted(found[f"{what}s"], what) for what in ("call", "session", "agent") if found[f"{what}s"])
    done = done if found["calls"] else f"{counted(found['rows'], 'sum')} over an unknown number of calls, {done}"
    tokens = f"{compact(found['input_tokens'])} input tokens, {compact(found['output_tokens'])} output"
    return f"{done}{subs}; {span}; {tokens} (files: {files})"


def _removed(found: dict[str, Any]) -> Iterator[str]:
    if found["duplicates"]:
        named = ", ".join(f"{what}: {many:,}" for what, many in found["duplicates"].items())
        yield f"Duplicates removed: {sum(found['duplicates'].values()):,} ({named})"
    if found["broken_lines"]:
        more = "; ..." if found["broken_lines"] > NAMED else ""
        yield f"Broken lines, left out: {found['broken_lines']:,} ({'; '.join(found['broken'][:NAMED])}{more})"


def _unsure(found: dict[str, Any]) -> Iterator[str]:
    """Before the dollars that hang on it."""
    if many := found["unsure_reads"]:
        yield f"Unclear: do input tokens hold the cache reads of {counted(many, 'call')}? taken so: --input whole or fresh says it"


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


def _replayed(found: dict[str, Any]) -> str:
    """The bill of the same calls sent again, held against the tokens that were recorded."""
    done, priced = found["replayed"], found["priced_usd"]
    if done["why_not"]:
        return f"Not replayed: {done['why_not']}"
    ours = "our cache" + " of an hour, as most writes are," * done["of_an_hour"]
    ways = {"recorded cache reads": done["recorded_usd"], ours: done["simulated_usd"]}
    told = [f"{_usd(usd)} with {how} ({_less_or_more(usd, priced)})" for how, usd in ways.items() if usd is not None]
    return f"By our replay {', '.join(told)}, against our prices of what was recorded"


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
        "share": [share(row["priced_usd"] / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows],
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
        "share": [share(row["priced_usd"] / found["priced_usd"]) if found["priced_usd"] else "-" for row in rows.values()],
    }
    return aligned(pd.DataFrame(table))


def _again(found: dict[str, Any]) -> Iterator[str]:
    rows = found["written_again"]
    if rows:
        table = {
            "Paid again for a prompt that a cache had": [row["why"] for row in rows],
            "calls": [f"{row['calls']:,}" for row in rows],
            "tokens": [compact(row["tokens"]) for row in rows],
            "USD above reads": [number(row["usd"]) for row in rows],
            "share": [share(row["usd"] / found["priced_usd"]) for row in rows],
        }
        yield aligned(pd.DataFrame(table))


def _sessions(found: dict[str, Any]) -> str:
    rows = found["dearest_sessions"]
    table = {
        "Dearest sessions": [row["session"] or "(no name)" for row in rows],
        "calls": [f"{row['calls']:,}" for row in rows],
        "agents": [f"{row['agents']:,}" for row in rows],
        "longest prompt": [compact(row["longest_prompt_tokens"] or float("nan")) for row in rows],
        "USD": [number(row["priced_usd"]) for row in rows],
    }
    return aligned(pd.DataFrame(table))


def _remarks(found: dict[str, Any]) -> Iterator[str]:
    lines = [f"{counted(many, 'row')}: {what}" for what, many in found["remarks"].items()]
    tiers = found["other_tiers"].items()
    lines += [f"{counted(many, 'row')}: service tier {name}, priced as standard, which may be wrong" for name, many in tiers]
    if many := found["writes_unsaid"]:
        lines.append(f"{counted(many, 'row')}: no cache writes in the log; what was not read is taken as written, at that price")
    if many := found["lifetimes_unsaid"]:
        lines.append(f"{counted(many, 'row')}: no lifetime of cache writes in the log, taken as the backend's cache_ttl_s")
    if found["failed_usd"]:
        lines.append(f"{_usd(found['failed_usd'])} of it is for calls that failed")
    lines += [f"{file}: columns not read: {', '.join(names)}" for file, names in found["unknown_columns"].items()]
    for words, files in _passed_over(found).items():
        more = ", ..." if len(files) > 3 else ""
        lines.append(f"{counted(len(files), 'file')} {words}: {', '.join(files[:3])}{more}")
    if len(lines) > REMARKS:
        lines[REMARKS:] = [f"{len(lines) - REMARKS:,} more: --json has all"]
    if lines:
        yield "\n".join(f"- {line}" for line in lines)


def _passed_over(found: dict[str, Any]) -> dict[str, list[str]]:
    """Files that were not read, by why: those that cannot be come first."""
    why = found["skipped_for"]
    parts = {
        "passed over, which may be part of the log": [f"{file} ({why[file]})" for file in why],
        "of no known format passed over": [file for file in found["skipped_files"] if file not in why],
    }
    return {words: files for words, files in parts.items() if files}


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
