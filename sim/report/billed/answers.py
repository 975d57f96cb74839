"""Answers to what-ifs as a page: what was not replayed, a table, what each assumes, what saves most a month."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import Any

import pandas as pd

from sim.report.billed.remarks import change, named, remarks
from sim.report.numbers import counted, dollars, number
from sim.report.tables import aligned
from sim.sweeps.what_if.answer import Answer
from sim.sweeps.what_if.ask import Finding, WhatIf, row

WIDTH = 100
"""Columns of what is said here."""
BEST = 3
"""Findings that are proposed unasked."""
COLUMNS = (
    "a to b: by what bills show of the model's own work, or by what is assumed. Difference: paired by session, in brackets its 95 % "
    "interval for as many other sessions like these. Hours: that all sessions together take longer. ?: another model at recorded "
    "tokens; how many it takes itself nobody has measured."
)
"""How to read `answered`."""
_ROUGH_DAYS = 7
"""A log of less days says little of a month."""


def page(what_if: WhatIf) -> str:
    """All of it; unasked, what saves most alone."""
    parts = [_base(what_if)]
    if what_if.asked:
        parts += [aligned(answered(what_if)), *_remarks(what_if)]
    return "\n\n".join([*parts, _findings(what_if)])


def _base(what_if: WhatIf) -> str:
    base = what_if.base
    lines = [f"Not replayed: {counted(many, 'call')} {why}" for why, many in base.left_out.items()]
    how = "pricing these sums anew, with their cache reads and writes" if base.of_sums else "replaying these sessions"
    lines.append(f"What if, by {how}: as they were {dollars(base.replayed.usd.sum())} ({_days(base.days)})")
    if base.hour:
        lines.append("Caches that are sold with an hour keep prompts for an hour, as most writes of the log say")
    if base.replayed.lost:
        lines.append(f"{counted(base.replayed.lost, 'session')} came to no end: calls were given up")
    return "\n".join(lines)


def _days(days: float) -> str:
    return "no dates" if math.isnan(days) else f"{days:.1f} days"


def answered(what_if: WhatIf) -> pd.DataFrame:
    """A row an answer: dollars as it was and then, their difference, hours."""
    answers = what_if.answers
    table = {
        "what if, USD": [_short(each.question.text) for each in answers],
        "as it was": [number(each.before_usd) for each in answers],
        "then": [_range(each) for each in answers],
        "difference (95 %)": [_difference(each) for each in answers],
        "hours": [_hours(each) for each in answers],
    }
    return pd.DataFrame(table)


def _short(text: str) -> str:
    return text if len(text) <= 32 else f"{text[:29]}..."


def _range(answer: Answer) -> str:
    low, high = answer.bounds
    return f"{number(low, 2)} to {number(high, 2)}" if _apart(low, high) else number(low) + "?" * answer.unmeasured


def _hours(answer: Answer) -> str:
    """Of a flat rate none: its dollars are of who pays when a window is spent instead of waiting."""
    return f"{answer.hours:+,.1f}" if abs(answer.hours) >= 0.05 and answer.question.flat is None else "0"


def _apart(low: float, high: float) -> bool:
    return high - low > 1e-9 * abs(high)


def _mean(answer: Answer) -> str:
    found = row(answer)
    low, high = found["difference_low_usd"], found["difference_high_usd"]
    return " to ".join(dict.fromkeys((_signed(low, 2), _signed(high, 2)))) if _apart(low, high) else _signed(low)


def _difference(answer: Answer) -> str:
    found = row(answer)
    interval = found["difference_ci_low"], found["difference_ci_high"]
    ends = "" if math.isnan(interval[0]) else f" ({_signed(interval[0], 2)} to {_signed(interval[1], 2)})"
    return f"{_mean(answer)}{ends}{'?' * answer.unmeasured}"


def _signed(usd: float, digits: int = 3) -> str:
    return f"{'+' if usd > 0 else ''}{number(usd, digits)}"


def _remarks(what_if: WhatIf) -> Iterator[str]:
    """By answer, what is changed and what to know of it; last, what the columns are."""
    market = what_if.base.scenario.market.models
    for each in what_if.answers:
        said = [f"- {line}" for line in remarks(what_if, each)]
        what, words = named(each.question, market)
        yield "\n".join([_wrapped(f"{words}: {what}" if words else what), *map(_wrapped, said)])
    yield _wrapped(COLUMNS)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def proposed(what_if: WhatIf) -> tuple[str, list[str]]:
    """What the dollars are of, and what saves, most first; unasked, the best alone."""
    found = what_if.findings
    return _heading(what_if, found), [_finding(what_if, each) for each in (found if what_if.asked else found[:BEST])]


def _findings(what_if: WhatIf) -> str:
    heading, saved = proposed(what_if)
    lines = [heading, *(f"{place}. {line}" for place, line in enumerate(saved, 1))]
    if not what_if.asked:
        tried = ", ".join(f"{each.question.text} ({_mean(each)})" for each in what_if.answers)
        tried = f"Tried, USD of this log: {tried}." if tried else "Nothing was tried: of what is asked unasked this log has none."
        lines.append(f"{tried} What each assumes: --what-if WORDS; what else there is: sim logs --help")
    return "\n".join(map(_wrapped, lines))


def _heading(what_if: WhatIf, found: list[Finding]) -> str:
    if not found:
        return "Nothing that was tried saves."
    days = what_if.base.days
    if math.isnan(what_if.months):
        return "Saved, most first, in dollars of this log (less than a day of it has dates, so a month's are not known):"
    rough = ", too few to be sure of a month" if days < _ROUGH_DAYS else ""
    return f"Saved a month, most first (from {days:.1f} days{rough}):"


def _finding(what_if: WhatIf, found: Finding) -> str:
    answer, months = found.answer, what_if.months
    scale = 1 if math.isnan(months) else months
    least, most, whole = (each / scale for each in (found.least_usd, found.most_usd, answer.before_usd))
    saved = " to ".join(dict.fromkeys(map(dollars, (least, most))))
    slow = answer.hours > answer.sessions / 10 and answer.question.flat is None
    later = f"; sessions take {answer.hours:,.0f} hours longer" if slow else ""
    part = f"; of the {counted(answer.sessions, 'session')} that it can take" if answer.left_out else ""
    doubt = "" if found.sure else f"; {_doubt(found)}"
    what, words = named(answer.question, what_if.base.scenario.market.models)
    return f"{saved} of {dollars(whole)}: {what}{f' [{words}]' if words else ''}{part}{later}{doubt}"


def _doubt(found: Finding) -> str:
    if found.answer.unmeasured:
        return "at recorded tokens: how many it takes itself nobody has measured"
    return "of these sessions, which are too few or too different to say so of others"


def plain(what_if: WhatIf) -> dict[str, Any]:
    """The same for machines; null: not known."""
    market = what_if.base.scenario.market.models
    answers = [
        {**row(each), "change": change(each.question, market), "ends_usd": {label: usd for label, usd in each.ends.items() if label},
         "measured_usd": each.measured,
         "left_out": each.left_out, "remarks": list(remarks(what_if, each))}
        for each in what_if.answers
    ]  # fmt: skip
    months = what_if.months
    findings = [
        {"what_if": each.answer.question.text, "saves_least_usd": each.least_usd, "saves_most_usd": each.most_usd,
         "saves_least_usd_per_month": each.least_usd / months, "saves_most_usd_per_month": each.most_usd / months, "sure": each.sure}
        for each in what_if.findings
    ]  # fmt: skip
    base = {"replayed_usd": float(what_if.base.replayed.usd.sum()), "days": what_if.base.days, "left_out": what_if.base.left_out}
    whole: dict[str, Any] = _known({**base, "answers": answers, "findings": findings, "refused": what_if.refused, "asked": what_if.asked})
    return whole


def _known(value: Any) -> Any:
    """JSON has no nan."""
    if isinstance(value, dict):
        return {str(key): _known(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_known(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
