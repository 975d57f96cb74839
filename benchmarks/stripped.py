"""What SimPy's clock would allow: the least that a call of ours needs, and nothing else.

Two passes through the clock's heap (the tools are over, the answer is there), a packed row, and luck from pages. No tokens
that grow, no cache, slots, retries, prices, sums or digest. What share of the floor this reaches bounds what the kernel can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from heapq import heappush
from typing import Any

from simpy import Event
from simpy.events import NORMAL

from benchmarks import median_calls_per_s
from benchmarks.floor import PROCESSES
from sim.clock import Clock
from sim.columns import CALLS, row_format
from sim.sampling.decisions import Purpose
from sim.sampling.streams import ROW, ROWS, Streams

Then = list[Callable[[Event], Any]]
_AGENT, _COST = row_format(CALLS[:4]), row_format(CALLS[-1:])
_CALL = row_format(CALLS[4:-1], _AGENT.size, _COST.size)
"""A row as the meter packs it (`sim.meter.meter`)."""
_BUFFERED = 16_384  # rows; then written over
TOOL_S, SERVICE_S = 4.0, 10.0


def run(calls: int, agents: int = PROCESSES) -> int:
    """Make `calls` calls, rounded up so that every agent makes equally many."""
    env, streams, rows = Clock(), Streams(1, 0), bytearray(_CALL.size * _BUFFERED)
    turns = math.ceil(calls / agents)
    for number in range(agents):
        then: Then = []
        life = _life(env, streams, rows, then, number, turns)
        then.append(life.send)
        next(life)
    env.run()
    return turns * agents


def _life(env: Clock, streams: Streams, rows: bytearray, then: Then, number: int, turns: int) -> Generator[None, Event, None]:
    """An agent; the clock resumes it twice a call, by `then`."""
    queue, eid, pack, unpack, page = env._queue, env._eid, _CALL.pack_into, ROW.unpack_from, streams.page
    purpose, row_size, call_size, end_of_rows, head = int(Purpose.TURN), ROW.size, _CALL.size, len(rows), _AGENT.pack(number, 0, 0)
    event, luck, at, row = Event(env), b"", 0, number % _BUFFERED * _CALL.size
    event._ok, event._value = True, None
    for turn in range(turns):
        if at == len(luck):
            luck, at = page(purpose, number, 0, turn // ROWS), 0
        u_output, u_result, u_tool, u_noise, _, _ = unpack(luck, at)
        at += row_size
        event.callbacks = then
        heappush(queue, (env._now + TOOL_S * u_tool, NORMAL, next(eid), event))
        yield
        now = env._now
        first_token = now + u_noise
        end = first_token + SERVICE_S * u_output
        pack(rows, row, head, turn, 0, 3, 0, 0, now, now, first_token, end, 9000, 8000, 1000, int(256 * u_output), int(750 * u_result))
        row += call_size
        if row == end_of_rows:
            row = 0
        event.callbacks = then
        heappush(queue, (end, NORMAL, next(eid), event))
        yield
    yield  # the clock must not see it end


if __name__ == "__main__":
    print(f"stripped: {median_calls_per_s(run, 1_000_000):,.0f} calls/s")
