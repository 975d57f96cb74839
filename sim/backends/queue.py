"""Calls in line at a backend with a door."""

from __future__ import annotations

from collections import OrderedDict

from sim.call import Call


class Line:
    """First come, first served, calls of urgent tasks before the others; who waits can leave from the middle."""

    def __init__(self) -> None:
        self._urgent: OrderedDict[Call, int] = OrderedDict()
        self._others: OrderedDict[Call, int] = OrderedDict()
        self._joined = 0

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def append(self, call: Call) -> None:
        """Join the end of one's class."""
        self._joined += 1
        self._class_of(call)[call] = self._joined

    def popleft(self) -> Call:
        """The next to be served."""
        return (self._urgent or self._others).popitem(last=False)[0]

    def place(self, call: Call) -> int:
        """Number of a call's wait, 0 if it does not wait: the same call may wait again later."""
        return self._class_of(call).get(call, 0)

    def leave(self, call: Call) -> None:
        """Wait no longer."""
        del self._class_of(call)[call]

    def _class_of(self, call: Call) -> OrderedDict[Call, int]:
        return self._urgent if call.task.urgent else self._others
