"""Where tasks come from, as it is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.errors import ConfigError
from sim.settings.bounds import alone, setting, twin
from sim.settings.market import TimeWindow
from sim.settings.traits import ALONE, TWIN, Feature

EXCERPT = "excerpt"
"""The name of the trace that ships with the package."""


class WorkloadKind(Feature):
    """Where tasks come from."""

    open = "open", TWIN
    """Tasks of nobody in particular, `interarrival_s` apart."""
    users = "users", TWIN
    """People at work, side by side, each with one session after another."""
    trace = "trace", ALONE._replace(unsolved="a recorded trace: it is its own expectation")
    """Recorded sessions, replayed."""


class TraceCache(Feature):
    """What of a recorded prompt is read from the cache."""

    simulated = "simulated", TWIN
    """As our backends' caches would give it: what was read, or a prompt's length, says how much of it is an earlier one
    (`sim.logs.prefixes`)."""
    recorded = "recorded", TWIN
    """What the log says was read and written, each call at the backend of its own model; settings of caches have no effect."""


class TraceInput(Feature):
    """What input tokens of a log hold, where its format leaves that to who writes it."""

    unsaid = "unsaid", TWIN
    """Whole prompts, as our table and others have it; where nothing in the log shows that, the run says so."""
    whole = "whole", TWIN
    """Whole prompts: cache reads and writes are a part of them."""
    fresh = "fresh", TWIN
    """What was neither read from a cache nor written to it: reads and writes stand beside it."""


@dataclass(kw_only=True)
class DemandWindow(TimeWindow):
    """Times at which more or less comes than usual; the first window that holds counts."""

    times: float = twin(low=0, high=1e6)
    """Over the usual; 0: nothing begins."""


@dataclass
class TeamSettings:
    """People who share backends with others: teams of one organisation, or organisations."""

    users: int = twin(1, low=1, high=1_000_000)
    times: float = setting(1.0, above=0, high=1e6, traits=TWIN._replace(unsolved="{key}: some users ask more often than others"))
    """How many times as often as usual they begin a session."""
    limit_share: float | None = twin(None, above=0, high=1e6)
    """Limits of its own: so many times each of a backend's (requests and tokens a minute, quotas), as a part of them that is set aside, or
    as another organisation has them. null: all teams that have none share the backend's."""


@dataclass
class WorkloadSettings:
    """Who sends which task when. The run ends when all tasks have, or at the horizon."""

    kind: WorkloadKind = WorkloadKind.open
    tasks: int | None = twin(100, low=1)
    """open: tasks to send in all; null: as many as arrive before the horizon."""
    interarrival_s: Any = twin(60.0, low=0, quantity=True)
    """open: seconds between tasks; the arrival rate per hour is 3600 over their mean.
    exponential = Poisson arrivals, gamma or weibull with shape < 1 = bursts."""
    backlog: int = setting(0, low=0, high=10_000_000, traits=TWIN._replace(unsolved="a backlog: tasks that come together, then apart"))
    """open: the first so many tasks are there at second 0 (caches are cold all the same); the others come as they would have."""
    batch_size: Any = twin(1, low=1, quantity=True)
    """open: tasks that arrive together after each gap (the last of them may be cut off)."""
    users: int = twin(10, low=1, high=1_000_000)
    """users: how many people work side by side."""
    tasks_per_user: int | None = twin(1, low=1)
    """users: sessions of each, one after another; null: until the horizon."""
    session_gap_s: Any = twin(0.0, low=0, quantity=True)
    """users: seconds before each session of a user, the first one included."""
    teams: dict[str, TeamSettings] = twin({})
    """users: whose they are, by name, the first users first; empty: of one team. Metrics say who is served and who waits."""
    hours: list[DemandWindow] = setting([], traits=TWIN._replace(unsolved="{key}: demand that changes with the hour"))
    """open, users: when tasks begin. Gaps (`interarrival_s`, `session_gap_s`) run so many times as fast in a window, and stand still at 0
    times; what has begun is worked through."""
    zone: str = twin("UTC")
    """hours: time zone by its IANA name, e.g. Europe/Berlin."""
    otherwise: float = twin(1.0, low=0, high=1e6)
    """hours: times the usual outside of all windows."""
    growth_per_week: float = setting(1.0, above=0, high=1e3, traits=TWIN._replace(unsolved="{key}: demand that grows"))
    """open, users: demand a week later over demand now, week after week from second 0 on."""
    trace: str = alone("")
    """trace: a CSV or Parquet table of calls (columns: `sim.columns.TRACE`), a log of another tool or a folder of logs, as `sim logs` reads
    them; `excerpt` is the table shipped."""
    trace_sha256: str = alone("")
    """trace: what its file holds, as `sha256sum` says; a run fills it in and saves it, and another file is refused."""
    trace_sessions: int | None = alone(None, low=1)
    """trace: replay only so many sessions."""
    trace_cache: TraceCache = TraceCache.simulated
    trace_input: TraceInput = TraceInput.unsaid
    trace_gap_s: float = alone(60.0, low=0)
    """trace: seconds between the starts of two sessions, where the file does not say when they began (assumption)."""
    chat_share: float = setting(0.0, low=0, high=1, traits=TWIN._replace(unsolved="chats among the agent's work"))
    """open, users: share of tasks that are the chat baseline (`matched_chat`) and not the agent's work."""
    urgent_share: float = setting(0.0, low=0, high=1, traits=ALONE._replace(waits=True))
    """Share of tasks whose calls go before all others in a backend's line; what is being served is not interrupted."""

    @property
    def team_of(self) -> list[int]:
        """By user, the place of their team among `teams`; empty: there are none."""
        return [place for place, team in enumerate(self.teams.values()) for _ in range(team.users)]


def check_teams(work: WorkloadSettings) -> None:
    """Raise `ConfigError` where teams are not those of the users."""
    if not work.teams:
        return
    if work.kind is not WorkloadKind.users:
        raise ConfigError(f"workload.teams: needs workload=users, not {work.kind.value}: else nobody is of a team")
    people = sum(team.users for team in work.teams.values())
    if people != work.users:
        raise ConfigError(f"workload.teams: have {people:,} users together, and workload.users={work.users:,}; make them the same")
