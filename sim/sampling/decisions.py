"""Which random number decides what: one table, from which everybody draws. A column is one decision, whether it is used or not.

A new decision takes a new name at the end of a row, or an entry of its own. Tests hold that no two decisions share a column.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Purpose(enum.IntEnum):
    """What the pages of random numbers are for: each purpose has its own."""

    ARRIVAL = 1
    TASK = 2
    TURN = 3
    MESSAGE = 4
    RETRY = 5
    COMPACTION = 6
    ROUTE = 7
    TRY = 8
    TASTE = 9
    AWARENESS = 10
    STAGE = 11
    TEAM = 12


class Decisions(NamedTuple):
    """Names of some columns of the pages of one purpose."""

    purpose: Purpose
    names: tuple[str, ...]
    drawn_by: tuple[str, ...]
    """Files in which they are drawn."""
    branch: int | None = None
    """Of the pages; None: that of the agent (or try) whose decisions they are."""
    page: int | None = None
    """None: every page, unless `from_page` says from which on."""
    from_page: int = 0
    first_column: int = 0
    repeated: bool = False
    """The names stand for a row, which comes again and again, to the end of each page (one name: a number each of many)."""
    instead_of: str = ""
    """Other decisions whose columns these take, since no agent has both."""

    def in_order(self, *names: str) -> None:
        """For whoever unpacks a row by itself: raise `ValueError` unless these are the names, in their order."""
        if names != self.names:
            raise ValueError(f"random numbers of {self.purpose.name}: {names} are not {self.names}")


GAPS = Decisions(Purpose.ARRIVAL, ("gap",), ("workload/arrivals.py", "engine/compiled/batch.py"), branch=0, repeated=True)
USER_GAP = Decisions(Purpose.ARRIVAL, ("gap",), ("workload/sources.py",), branch=1)
SIZES = Decisions(Purpose.ARRIVAL, ("size",), ("workload/arrivals.py",), branch=2, repeated=True)
TASK = Decisions(Purpose.TASK, ("difficulty", "urgent", "chats"), ("engine/desk.py",), branch=0, page=0)
JOB = Decisions(Purpose.TASK, ("turns",), ("agents/orchestrator.py",), branch=0, page=1)
AGENT = Decisions(
    Purpose.TURN,
    ("requests", "first_message", "prior", "output_scale", "result_scale", "turns_scale", "compact_at", "report"),
    ("agents/agent.py",),
    page=0,
)
FIRST_MESSAGE = Decisions(Purpose.TURN, ("turns",), ("agents/react.py",), page=0, first_column=12)
FIRST_TURNS = Decisions(
    Purpose.TURN, ("output", "result", "tool_time", "noise", "error", "rewrite"), ("agents/react.py", "agents/replay.py"),
    page=0, first_column=18, repeated=True,
)  # fmt: skip
TURNS = FIRST_TURNS._replace(page=None, from_page=1, first_column=0)
"""What `FIRST_TURNS` are, on the pages after the first."""
DEBATE_ROUNDS = Decisions(Purpose.TURN, ("rounds",), ("agents/debate.py",), page=0, first_column=18, instead_of="FIRST_TURNS")
DEBATE_TURN = Decisions(Purpose.TURN, ("output", "noise", "error"), ("agents/debate.py",), from_page=1, instead_of="TURNS")
MESSAGE = Decisions(Purpose.MESSAGE, ("turns", "message", "think_time"), ("agents/react.py",), repeated=True)
RETRY = Decisions(Purpose.RETRY, ("backoff", "noise", "error", "patience"), ("engine/dispatch.py",))
COMPACTION = Decisions(Purpose.COMPACTION, ("summary", "noise", "error", "restore"), ("agents/context.py",))
ROUTE = Decisions(Purpose.ROUTE, ("backend",), ("engine/dispatch.py",), repeated=True)
TRY = Decisions(Purpose.TRY, ("score", "accepted", "kept"), ("agents/tries.py", "engine/desk.py"), page=0)
PICK = Decisions(Purpose.TRY, ("answer",), ("agents/tries.py",), branch=0, page=1)
TASTE = Decisions(Purpose.TASTE, ("backend",), ("engine/dispatch.py",), branch=0, page=0, repeated=True)
TEAM = Decisions(Purpose.TEAM, ("waves", "resumed"), ("agents/orchestrator.py",), page=0)
WAVE = Decisions(Purpose.TEAM, ("fanout",), ("agents/debate.py", "agents/orchestrator.py"), from_page=1)
AWARENESS = Decisions(Purpose.AWARENESS, ("backend",), ("router/inertia.py",), branch=0, page=0, repeated=True)
GROUP = Decisions(Purpose.STAGE, ("width", "passes"), ("agents/pipeline.py",), page=0)
"""Of those who work together in a stage: on one item, or all."""
FOUND = Decisions(Purpose.STAGE, ("items",), ("agents/pipeline.py",), page=1)
ITEM = Decisions(Purpose.STAGE, ("passes", "report"), ("agents/pipeline.py",), from_page=2, repeated=True)
