"""How many replicas there should be: as many as the load takes, and not fewer than it has taken for a while."""

from __future__ import annotations

import math
from collections import deque

from sim.settings.capacity.servers import AutoscaleSettings


class Autoscaler:
    """Looks every `every_s` seconds, at `every_s`, twice that and so on. Between two changes of the load all looks see the same."""

    def __init__(self, settings: AutoscaleSettings) -> None:
        self._settings = settings
        self._most = settings.most or 0
        self._looks = 0
        self._needed: deque[tuple[float, int]] = deque()
        """(moment, replicas needed then) of the last `keep_s`, those alone that no later one exceeds: the first is the greatest."""

    @property
    def next_s(self) -> float:
        """When it looks again."""
        return (self._looks + 1) * self._settings.every_s

    def look(self, load: int) -> int:
        """The next look: how many replicas are needed now, or have been of late."""
        now = self.next_s
        self._looks += 1
        needed = min(max(math.ceil(load / self._settings.target_calls), self._settings.least), self._most)
        while self._needed and self._needed[-1][1] <= needed:
            self._needed.pop()
        self._needed.append((now, needed))
        while self._needed[0][0] < now - self._settings.keep_s:
            self._needed.popleft()
        return self._needed[0][1]

    def skip(self, now: float) -> None:
        """Nothing changes up to `now`: leave out the looks until then, which would all find the same as the last one."""
        if len(self._needed) == 1 and self.next_s <= now:
            self._looks = max(self._looks, math.floor(now / self._settings.every_s) - 1)
            self._needed[0] = self._looks * self._settings.every_s, self._needed[0][1]
