"""What a lead hands over, and when: turns dealt out to messages, waves and sub-agents, to the turn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence


def deal(turns: int, parts: int, under_each: int = 1) -> list[int]:
    """Deal turns out as evenly as they go, the first parts first; `under_each` deal theirs out in turn, so that at the bottom of the
    tree none has two more than another."""
    each, rest = divmod(turns, parts * under_each)
    return [each * under_each + min(max(0, rest - part * under_each), under_each) for part in range(parts)]


def handed_over(turns: Sequence[int], share: float, after: int, by: float | None = None) -> list[int]:
    """Turns that are handed over of each message, as near to `share` of all as may be, in whole waves of `by` where that is given.

    The lead keeps those up to turn `after`, one more to read the reports, and one of every message; of the others each message gives
    in proportion to what it has.
    """
    begins = itertools.accumulate(turns, initial=0)
    free = [each - min(each, max(1, after + 1 - begin)) for each, begin in zip(turns, begins, strict=False)]
    most = sum(free)
    total = min(int(share * sum(turns) + 0.5), most)
    if by is not None:
        total = min(int(filled(total, by) * by + 0.5), most)
    if not total:
        return [0] * len(turns)
    given = [total * up_to // most for up_to in itertools.accumulate(free, initial=0)]
    return [end - begin for begin, end in itertools.pairwise(given)]


def filled(turns: float, by: float) -> int:
    """How many waves of `by` turns so many fill, to the nearest."""
    return int(turns / by + 0.5)


def wave_turns(turns: int, after: int, waves: int) -> list[int]:
    """The turns after which a lead of so many turns hands out work: spread evenly from turn `after` on, each before its last turn, but
    the first one after turn `after` in any case; none where it never gets there."""
    if turns < after:
        return []
    left = turns - after
    waves = min(waves, max(1, left))
    return [after + wave * left // waves for wave in range(waves)]
