"""Rate limits as arithmetic: the generic cell rate algorithm, which is a token bucket without a clock of its own.

A bucket of C units that fills at r units a second is one number, the moment at which it will be full again. In any window of D seconds
it lets through no more than C + r D. Source: ITU-T I.371, Annex A (virtual scheduling); buckets as in the API documents of vendors.
Over hours, weeks and days what has been let through in a window is counted.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from sim.calendar import HOUR_S, Calendar
from sim.clock import MINUTE_S
from sim.settings.market import BackendSettings

_LATE_S = 1e-9
"""A client that has waited for as long as it was told must not be refused for a rounding error."""
_OUTPUT, _BOTH = 2, 3
"""Places of what is limited: requests, input, output, input and output."""


class Limit(Protocol):
    """One limit on one kind of thing."""

    def wait_s(self, amount: float, now: float, /) -> float:
        """Seconds until so much would pass; inf: never."""

    def take(self, amount: float, now: float, /) -> None:
        """Let so much through."""

    def give_back(self, amount: float, taken_s: float, now: float, /) -> None:
        """So much of what was let through at that second has not been used."""


class Bucket:
    """One that fills all the time."""

    def __init__(self, per_min: float, burst_s: float) -> None:
        self.s_per_unit = MINUTE_S / per_min
        self.burst_s = burst_s
        self._full_at = -math.inf

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until so much would pass; inf where it is more than the bucket ever holds."""
        takes_s = amount * self.s_per_unit
        if takes_s > self.burst_s + _LATE_S:
            return math.inf
        return max(0.0, self._full_at - now + takes_s - self.burst_s) if self._full_at > now else 0.0

    def take(self, amount: float, now: float) -> None:
        """Let so much through."""
        self._full_at = max(self._full_at, now) + amount * self.s_per_unit

    def give_back(self, amount: float, taken_s: float, now: float) -> None:
        """It is fuller by so much, or full."""
        self._full_at -= amount * self.s_per_unit


class Window:
    """So much in any window of that length, whenever it begins."""

    def __init__(self, most: float, window_s: float) -> None:
        self._most = most
        self._window_s = window_s
        self._taken: deque[tuple[float, float]] = deque()
        """(moment at which it counts no more, how much), in the order of taking."""
        self._used = 0.0

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until so much would pass; inf where it is more than a window ever holds."""
        if amount > self._most:
            return math.inf
        while self._taken and self._taken[0][0] <= now:
            self._used -= self._taken.popleft()[1]
        used = self._used
        if used + amount <= self._most:
            return 0.0
        for until, taken in self._taken:
            used -= taken
            if used + amount <= self._most:
                return until - now
        return 0.0

    def take(self, amount: float, now: float) -> None:
        """Let so much through."""
        self._taken.append((now + self._window_s, amount))
        self._used += amount

    def give_back(self, amount: float, taken_s: float, now: float) -> None:
        """That moment counts less, as long as it counts."""
        until = taken_s + self._window_s
        if until <= now:
            return
        place = next(place for place in range(len(self._taken) - 1, -1, -1) if self._taken[place][0] == until)
        self._taken[place] = until, self._taken[place][1] - amount
        self._used -= amount


class Day:
    """So much from midnight to midnight, by the clocks of a zone."""

    def __init__(self, most: float, calendar: Calendar) -> None:
        self._most = most
        self._calendar = calendar
        self._day, self._used = 0, 0.0

    def wait_s(self, amount: float, now: float) -> float:
        """Seconds until so much would pass; inf where it is more than a day ever holds."""
        if amount > self._most:
            return math.inf
        today, _ = self._calendar.at(now)
        if today != self._day or self._used + amount <= self._most:
            return 0.0
        return self._calendar.midnight(today + 1) - now

    def take(self, amount: float, now: float) -> None:
        """Let so much through."""
        today, _ = self._calendar.at(now)
        self._used = amount + (self._used if today == self._day else 0.0)
        self._day = today

    def give_back(self, amount: float, taken_s: float, now: float) -> None:
        """That day counts less, if it is today."""
        if self._calendar.at(taken_s)[0] == self._day:
            self._used -= amount


class Limits:
    """A backend's limits on requests, input tokens, output tokens and both, for all its clients together (one organisation)."""

    def __init__(self, settings: BackendSettings, start: datetime, changes: Sequence[tuple[float, float]] = ()) -> None:
        """`changes`: from which second on limits a minute are so many times those of the settings, in order."""
        self.reads_count = settings.limits_count_cache_reads
        self._settings, self._changes = settings, deque(changes)
        self._quotas = list(_by_quota(settings, start))
        self._limits = [*buckets(settings, 1.0), *self._quotas]
        """(which of these four it limits, limit)"""

    def __len__(self) -> int:
        return len(self._limits)

    def retry_after_s(self, input_tokens: int, output_tokens: int, now: float) -> float:
        """0 where a call passes all limits, and then it counts against all; else the Retry-After of its refusal."""
        self._follow(now)
        amounts = (1, input_tokens, output_tokens, input_tokens + output_tokens)
        wait_s = max(limit.wait_s(amounts[which], now) for which, limit in self._limits)
        if wait_s > _LATE_S:
            return wait_s
        for which, limit in self._limits:
            limit.take(amounts[which], now)
        return 0.0

    def changes_in_s(self, now: float) -> float:
        """Seconds until limits a minute change; inf: never."""
        self._follow(now)
        return self._changes[0][0] - now if self._changes else math.inf

    def _follow(self, now: float) -> None:
        while self._changes and self._changes[0][0] <= now:
            _, times = self._changes.popleft()
            self._limits = [*buckets(self._settings, times), *self._quotas]

    def give_back(self, output_tokens: int, taken_s: float, now: float) -> None:
        """So much output that counted for a call let through at that second has not been made."""
        for which, limit in self._limits:
            if which in (_OUTPUT, _BOTH):
                limit.give_back(output_tokens, taken_s, now)


def buckets(settings: BackendSettings, times: float = 1.0) -> Iterator[tuple[int, Bucket]]:
    """Limits a minute, so many times those of the settings, each with what it limits (0 to 3: requests, input, output, both)."""
    burst_s = settings.limit_burst_s
    per_min = (settings.requests_per_min, settings.input_tokens_per_min, settings.output_tokens_per_min, settings.tokens_per_min)
    for which, rate in enumerate(per_min):
        if rate is not None:
            yield which, Bucket(times * rate, burst_s if which else max(burst_s, MINUTE_S / (times * rate)))


def _by_quota(settings: BackendSettings, start: datetime) -> Iterator[tuple[int, Limit]]:
    for quota in settings.quotas.values():
        for which, most in enumerate((quota.requests, quota.input_tokens, quota.output_tokens, quota.tokens)):
            if most is not None:
                hours = quota.window_h
                yield which, Day(most, Calendar(start, quota.zone)) if hours is None else Window(most, hours * HOUR_S)
