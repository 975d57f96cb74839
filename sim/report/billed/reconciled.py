"""What a log says was done and billed, held against our prices, for people: `sim.results.billed.account` in words and tables."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from sim.report.billed.tables import Found, against, by_agent, by_model, expensive_sessions, written_again
from sim.report.numbers import compact, counted, dollars, number
from sim.report.tables import aligned
from sim.results.billed.account import account
from sim.results.billed.bill import LogBill

REMARKS = 12
"""Lines on what was assumed."""
NAMED = 3
"""Broken lines; `--json` has more."""


def page(bill: LogBill) -> str:
    """What was read, the two bills, where the money went, what was assumed."""
    found = account(bill)
    first = [what_was_read(found), *removed(found), *unsure(found), reconciled(found), resent(found), *wanting(found)]
    tables = [by_model(found), against(found), by_agent(found), written_again(found), expensive_sessions(found)]
    lines = assumed(found)
    if len(lines) > REMARKS:
        lines[REMARKS:] = [f"{len(lines) - REMARKS:,} more: --json has all"]
    shown = [aligned(table) for table in tables if len(table)]
    said = ["\n".join(f"- {line}" for line in lines)] if lines else []
    return "\n\n".join(["\n".join(first), *shown, *said])


def what_was_read(found: Found) -> str:
    """How much there is, of when, from which files."""
    files = ", ".join(f"{many:,} {name}" for name, many in found["files"].items())
    span = f"{found['from']} to {found['until']}" if found["from"] else "no dates"
    subs = f" ({counted(found['sub_agents'], 'sub-agent')} among them)" if found["sub_agents"] else ""
    done = ", ".join(counted(found[f"{what}s"], what) for what in ("call", "session", "agent") if found[f"{what}s"])
    done = done if found["calls"] else f"{counted(found['rows'], 'sum')} over an unknown number of calls, {done}"
    tokens = f"{compact(found['input_tokens'])} input tokens, {compact(found['output_tokens'])} output"
    return f"{done}{subs}; {span}; {tokens} (files: {files})"


def removed(found: Found) -> Iterator[str]:
    """What is not counted: copies, and lines that cannot be read."""
    if found["duplicates"]:
        named = ", ".join(f"{what}: {many:,}" for what, many in found["duplicates"].items())
        yield f"Duplicates removed: {sum(found['duplicates'].values()):,} ({named})"
    if found["broken_lines"]:
        more = "; ..." if found["broken_lines"] > NAMED else ""
        yield f"Broken lines, left out: {found['broken_lines']:,} ({'; '.join(found['broken'][:NAMED])}{more})"


def unsure(found: Found) -> Iterator[str]:
    """Before the dollars that hang on it."""
    if many := found["unsure_reads"]:
        yield f"Unclear: do input tokens hold the cache reads of {counted(many, 'call')}? taken so: --input whole or fresh says it"


def reconciled(found: Found) -> str:
    """Both bills, over the calls that have both."""
    part = "without what is not priced " if found["unpriced_calls"] else ""
    ours = f"by our prices {part * has_price(found)}{of_ours(found, found['priced_usd'])} (market={found['market']})"
    if found["billed_usd"] is None:
        return f"As billed: the log has no dollars; {ours}"
    first = f"As billed {usd(found['billed_usd'])}, {ours}"
    billed, same, compared = found["billed_usd_with_price"], found["priced_usd_where_billed"], found["billed_calls_with_price"]
    if not compared:
        return f"{first}; no call has both"
    off = f"{_less_or_more(same, billed)}{_why(found)}"
    if compared == found["rows"]:
        return f"{first}, {off}"
    return f"{first}; of {counted(compared, 'call')} with both: {usd(billed)} against {usd(same)}, {off}"


def resent(found: Found) -> str:
    """The bill of the same calls sent again, held against the tokens that were recorded."""
    done, priced = found["replayed"], found["priced_usd"]
    if done["why_not"]:
        return f"Not replayed: {done['why_not']}"
    ours = "our cache" + " of an hour, as most writes are," * done["of_an_hour"]
    ways = {"recorded cache reads": done["recorded_usd"], ours: done["simulated_usd"]}
    told = [f"{usd(each)} with {how} ({_less_or_more(each, priced)})" for how, each in ways.items() if each is not None]
    apart = f"; fees of web searches ({found['web_searches']:,}) stand with recorded reads alone, and in no what-if"
    return f"By our replay {', '.join(told)}, against our prices of what was recorded{apart if found['web_searches'] else ''}"


def _why(found: Found) -> str:
    """Which models make the most of the difference."""
    rows = [row for row in found["models"] if row["billed_calls"]]
    parts = sorted(((row["priced_usd_where_billed"] - row["billed_usd"], row["model"]) for row in rows), key=lambda each: -abs(each[0]))
    named = [f"{model or '(no name)'} {'+' if part > 0 else '-'}{usd(abs(part))}" for part, model in parts[:3] if abs(part) >= 5e-5]
    return f": {', '.join(named)}" if named else ""


def wanting(found: Found) -> Iterator[str]:
    """Models without a price here."""
    for name, many in found["unpriced_calls"].items():
        said = f"--model {shlex.quote(f'{name}=BACKEND')}"
        yield f"Not priced: {counted(many, 'call')} of {name}, which is none of this market's: {said} says which it is"


def assumed(found: Found) -> list[str]:
    """What was assumed of rows, columns and files that do not say it, or left aside; a line each."""
    lines = [f"{counted(many, 'row')}: {what}" for what, many in found["remarks"].items()]
    if found["gap"]:
        lines.append(f"no call from {' to '.join(found['gap'])}: is a clock wrong? what a month is reckoned from spans it")
    nameless = [row for row in found["models"] if row["backend"] and not row["model"]]
    lines += [f"{counted(row['calls'], 'row')}: no model named: priced as {row['backend']} (backends=[...] says which)" for row in nameless]
    tiers = found["other_tiers"].items()
    lines += [f"{counted(many, 'row')}: service tier {name}, priced as standard, which may be wrong" for name, many in tiers]
    if many := found["writes_unsaid"]:
        lines.append(f"{counted(many, 'row')}: no cache writes in the log; what was not read is taken as written, at that price")
    if many := found["lifetimes_unsaid"]:
        lines.append(f"{counted(many, 'row')}: no lifetime of cache writes in the log, taken as the backend's cache_ttl_s")
    if many := found["beyond_window"]:
        lines.append(f"{counted(many, 'row')}: a prompt longer than the context window of its backend: is it a sum? priced as it stands")
    if found["failed_usd"]:
        lines.append(f"{usd(found['failed_usd'])} of it is for calls that failed")
    lines += [f"{file}: columns not read: {', '.join(names)}" for file, names in found["unknown_columns"].items()]
    for words, files in _passed_over(found).items():
        more = ", ..." if len(files) > 3 else ""
        lines.append(f"{counted(len(files), 'file')} {words}: {', '.join(files[:3])}{more}")
    return lines


def _passed_over(found: Found) -> dict[str, list[str]]:
    """Files that were not read, by why: those that cannot be come first."""
    why = found["skipped_for"]
    parts = {
        "passed over, which may be part of the log": [f"{file} ({why[file]})" for file in why],
        "of no known format passed over": [file for file in found["skipped_files"] if file not in why],
    }
    return {words: files for words, files in parts.items() if files}


def usd(value: float) -> str:
    """Dollars of a bill: to the cent, or to three digits below a dollar."""
    return f"${value:,.2f}" if abs(value) >= 1 else dollars(value) if value == 0 else f"${number(value)}"


def has_price(found: Found) -> bool:
    """Whether any model of the log has one here."""
    return any(row["backend"] for row in found["models"])


def of_ours(found: Found, value: float) -> str:
    """Dollars by our prices; unknown, and not nothing, where no model has one."""
    return usd(value) if has_price(found) else "unknown"


def _less_or_more(ours: float, billed: float) -> str:
    """The same in words."""
    if not billed:
        return "exact" if not ours else "billed at nothing"
    if abs(ours / billed - 1) < 1e-9:
        return "exact"
    return f"{number(100 * abs(ours / billed - 1), 2)} % {'more' if ours > billed else 'less'}"
