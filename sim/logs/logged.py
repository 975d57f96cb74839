"""One call as the log of another tool has it: the row that every reader gives."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from sim.call import BATCH, STANDARD

MAIN = "main"
"""The agent that the user talks to."""
UNKNOWN = -1
"""Of tokens: the log does not say."""
UNSAID = "\0"
"""Of an agent's parent, in a table that has no such column."""
TRIGGERS = ("user", "tool_result", "other")
"""What a call of a table of ours may answer."""
BLANKS = "with a blank before or behind the name of a session or an agent: taken without it"
NO_PARENT = "of a sub-agent whose parent is not in the log, or goes round in a ring"
ZONELESS = "whose times name no zone: taken as UTC"
BEYOND = "with more blocks of hashes than their prompt fills: another size of block? no more is read than the prompt"
NO_CALL = "no id, no time, no model: a line of totals?"
"""Of a row of an export."""
SINCE_1970_S = 1e8
"""A time above it is a moment; below, seconds since the start of a run or session."""
_LATEST_S = 3.2e10
"""Some time before the year 3000."""
_LARGEST = 10**15
_ANSWERED = ("", "ok", "200", "success", "succeeded", "completed")
_NO_TIER = ("", STANDARD, "default", "auto", "on-demand", "standard-only", "none", "null")
"""What vendors call the tier that their price lists are of (OpenAI, Anthropic, Bedrock, Vertex AI); `auto` is asked for, not given."""


class Counts(enum.IntEnum):
    """What a source's number of input tokens holds."""

    inclusive = 0
    """Cache reads and writes too."""
    disjoint = 1
    """Fresh tokens alone: reads and writes stand beside it."""
    unsure = 2
    """As inclusive by its format; not all who write it keep to that."""


class Reads(enum.IntEnum):
    """What a source's number of cache reads is."""

    billed = 0
    """That of the bill."""
    possible = 1
    """The most that a cache could have given."""
    unsaid = 2
    """None, or no more than an estimate."""


class Source(NamedTuple):
    """What the tokens and times of one source mean."""

    reads: Reads = Reads.billed
    own_clocks: bool = False
    """Each of its sessions has a clock that begins with it: nothing is known of when one began, seen from another."""


class LoggedCall(NamedTuple):
    """One call. Of its prompt and answer nothing is kept, nor of users and paths."""

    session: str
    model: str
    """As it is written; empty: the log names none."""
    counts: Counts
    input_tokens: int
    output_tokens: int
    """Reasoning inside."""
    cache_read_tokens: int = UNKNOWN
    cache_write_tokens: int = UNKNOWN
    cache_write_1h_tokens: int = UNKNOWN
    """Those of them that are kept for an hour; the others for 5 minutes. Unknown: for as long as the backend is set to."""
    reasoning_tokens: int = 0
    start_s: float = math.nan
    """Seconds since 1970 UTC; nan: unknown."""
    end_s: float = math.nan
    agent: str = MAIN
    parent: str = ""
    """The agent of the session that began this one; empty: none."""
    cost_usd: float = math.nan
    """As billed; nan: the log has no dollars."""
    status: str = "ok"
    """ok, or how it failed."""
    tier: str = STANDARD
    """Of service: standard, batch, priority, fast, ..."""
    by_user: bool = False
    """Sent for a message of the user, not of a tool."""
    web_searches: int = 0
    """Made by the backend."""
    key: str = ""
    """By which the same call is known again; empty: it is in the log once."""
    rank: int = 0
    """Of rows with one key the highest is kept, then the one with most tokens, then the first."""
    emitter: str = ""
    """Who counted the tokens, where a file holds several that may count in different ways."""
    calls: int = 1
    """How many it stands for; 0: a total of an unknown number."""


def agent_of(path: str) -> str:
    """What the agent of a run is called in a log, by its path (`sim.columns.CALLS`): the root is `MAIN`."""
    return MAIN if path == "0" else path


def parent_of(path: str) -> str:
    """Who began the agent of a run; later tries and who checks them stand under `MAIN`, which has nobody above it.

    In a pipeline the parts between are the name of a stage and the number of an item: 0.verify.4.2v was begun by 0.
    """
    parts = path.split(".")[:-1]
    stage = next((place for place, part in enumerate(parts) if not part[:1].isdigit()), len(parts))
    return "" if path == "0" else agent_of(".".join(parts[:stage])) or MAIN


_Place = TypeVar("_Place")


def outward(first: _Place, above: Mapping[_Place, _Place]) -> list[_Place]:
    """One, what it is within, and so on to the outermost; where they go round in a ring, which says nothing, it alone."""
    line = [first]
    while outer := above.get(line[-1]):
        if outer in line:
            return [first]
        line.append(outer)
    return line


def begun_by(call: LoggedCall, session: str, agents: Sequence[str]) -> LoggedCall:
    """As a call of the first of these agents, each begun by the next; the last, or nobody, is its session's main one."""
    names = [*agents[:-1], MAIN]
    return call._replace(session=session, agent=names[0], parent=names[1] if len(names) > 1 else "")


def is_ok(status: str) -> bool:
    """Whether a word, or an HTTP status, says that a call was answered."""
    return status.strip().lower() in _ANSWERED


def tier_of(written: str) -> str:
    """A tier of service by one name: standard, batch, or as it is written (flex, priority, fast, ...)."""
    word = written.strip().lower().replace("_", "-")
    return BATCH if BATCH in word else STANDARD if word in _NO_TIER else word


def under(value: Any, *names: str) -> Any:
    """What lies under these names, one in the other; None: nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


class ZonelessTime(float):
    """A moment since 1970 of which nobody has said where on earth it was: taken as UTC."""


def check_time(seconds: float) -> None:
    """Raise `ValueError` for what can be no time of a call (nan can: unknown)."""
    if seconds < 0:
        raise ValueError(f"a time of {seconds:g} s: must be from 0 on")
    if seconds > _LATEST_S:
        raise ValueError(f"a time of {seconds:.0f} s is after the year 2999: are those milliseconds? write seconds")


def count(value: Any) -> int:
    """A number of tokens; what is absent is 0. Raises `ValueError` for what is none."""
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    if value is None or value == "":
        return 0
    if isinstance(value, str) and "." in value and re.fullmatch(r"[1-9]\d{0,2}(\.\d{3})+", value.strip()):
        raise ValueError(f"{value.strip()[:40]} is a fraction, or thousands")
    number = value if type(value) is int else number_of(value, "number of tokens")
    if not 0 <= number <= _LARGEST or number != int(number) or isinstance(value, bool):
        raise ValueError(f"{str(value)[:40]} is no number of tokens")
    return int(number)


def needed(entry: Mapping[str, Any], name: str) -> int:
    """A number of tokens that has to be there: nothing in its place is no 0. Raises `KeyError` or `ValueError` where it is not."""
    value = entry[name]
    if value is None or value == "":
        raise ValueError(f"{name} is empty")
    return count(value)


def listed(entry: Mapping[str, Any], name: str) -> list[Any]:
    """A list; what is absent is an empty one. Raises `ValueError` for what is none."""
    value = entry.get(name)
    if value is not None and not isinstance(value, list):
        raise ValueError(f"{name}={str(value)[:40]}: must be a list")
    return value or []


def number_of(value: Any, what: str) -> float:
    """Raises `ValueError` for a text that is no number: in words of ours, since the file is the user's."""
    try:
        if (number := float(value)) == number:
            return number
        raise ValueError
    except ValueError:
        cell = str(value).strip()
        wanted = "digits alone, no unit, no separators, a point for a comma" if re.search(r"\d", cell) else "a number, or nothing"
        raise ValueError(f"'{cell[:40]}' is no {what}: write {wanted}") from None


def said(value: Any) -> int:
    """The same; what is absent is `UNKNOWN`."""
    return UNKNOWN if value is None or value == "" else count(value)


def dollars(value: Any) -> float:
    """An amount in USD; what is absent is nan. Raises `ValueError` for what is none."""
    if value is None or value == "":
        return math.nan
    amount = number_of(value, "amount of dollars")
    if not 0 <= amount < math.inf:
        raise ValueError(f"{str(value)[:40]} is no amount of dollars")
    return amount


def moment(text: Any) -> float:
    """Seconds since 1970 of a time in ISO 8601 (without a zone: UTC); what is absent is nan. Raises `ValueError` for what is none."""
    if text is None or text == "":
        return math.nan
    if isinstance(text, datetime):
        when = text
    elif not isinstance(text, str):
        raise ValueError(f"{str(text)[:40]} is no moment in ISO 8601")
    else:
        try:
            when = datetime.fromisoformat(f"{text[:-4]}+00:00" if text.endswith(" UTC") else text)
        except ValueError:
            raise ValueError(f"'{text[:40]}' is no moment in ISO 8601, such as 2026-11-20T09:00:00Z") from None
    if when.tzinfo:
        return when.timestamp()
    of_a_day = isinstance(text, str) and ":" not in text  # 2026-11-20, which is in no zone
    return (float if of_a_day else ZonelessTime)(when.replace(tzinfo=UTC).timestamp())
