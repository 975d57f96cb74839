"""Numbers as people read them: dollars, counts, shares."""

from __future__ import annotations

import math


def number(value: float, digits: int = 3) -> str:
    """So many significant digits, thousands separated; `-` where there is no number."""
    if not math.isfinite(value):
        return "-"
    size = math.floor(math.log10(abs(value))) if value else 0
    rounded = round(value, digits - 1 - size)
    return f"{rounded:,.{max(0, digits - 1 - size)}f}"


def dollars(value: float) -> str:
    """For sentences: `$0.0022`, `$1.9`, `$41`."""
    return "$" + (number(value, 2 if abs(value) < 100 else 3) if value else "0")


def counted(many: int, what: str) -> str:
    """`1 call`, `12,000 calls`."""
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def compact(value: float) -> str:
    """A count for sentences and axes: `950`, `12k`, `1.3M`, `4.1B`; `-` where there is none."""
    if not math.isfinite(value):
        return "-"
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def share(part: float) -> str:
    """As `percent`, but what is there is never written as none, and what is missing never as nothing: `<1 %`, `>99 %`."""
    return "<1\u00a0%" if 0 < part < 0.01 else ">99\u00a0%" if 0.995 <= part < 1 else percent(part)


def percent(share: float) -> str:
    """A share from 0 to 1 as a whole percentage: `43 %`; `-` where there is none."""
    return f"{100 * share:.0f}\u00a0%" if math.isfinite(share) else "-"
