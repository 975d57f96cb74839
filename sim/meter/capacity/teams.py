"""What each of the teams that share backends got: exact sums, so that parts of a run add up to the whole."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sim.call import Status
from sim.meter.sums import exact, real
from sim.meter.waits import Waits, WaitsOfCalls


@dataclass
class TeamSums:
    """Of one team."""

    waits: Waits = field(default_factory=Waits)
    answered: int = 0
    tokens: int = 0
    """Of all attempts, input and output."""
    served_units: int = 0
    """Time in which its answers were made, in units of `sim.meter.sums`."""

    def plus(self, other: TeamSums) -> TeamSums:
        """Both together."""
        sums = self.answered + other.answered, self.tokens + other.tokens, self.served_units + other.served_units
        return TeamSums(self.waits.plus(other.waits), *sums)

    @property
    def served_s(self) -> float:
        """Time in which its answers were made."""
        return float(real(self.served_units))

    @property
    def waited_s(self) -> float:
        """Waits of its calls that were answered or given up, whatever they waited for."""
        return float(self.waits.seconds.sum())


@dataclass
class TeamsSums:
    """Of all of them, by their place in the settings."""

    each: defaultdict[int, TeamSums] = field(default_factory=lambda: defaultdict(TeamSums))

    def plus(self, other: TeamsSums) -> TeamsSums:
        """Both together."""
        total = TeamsSums()
        for place in self.each.keys() | other.each.keys():
            total.each[place] = self.each.get(place, TeamSums()).plus(other.each.get(place, TeamSums()))
        return total


class WaitsOfTeams(WaitsOfCalls):
    """Follows the calls of all, and those of each team beside it. A task's number says whose it is (`sim.workload.sources`)."""

    def __init__(self, sums: Waits, teams: TeamsSums, team_of: np.ndarray) -> None:
        """`team_of`: by user, the place of their team."""
        super().__init__(sums)
        self._team_of = team_of
        self._teams = teams
        self._each = {place: WaitsOfCalls(teams.each[place].waits) for place in np.unique(team_of).tolist()}

    def add_calls(self, rows: Any) -> None:
        """Rows of attempts, those of one call in their order."""
        super().add_calls(rows)
        teams = self._team_of[rows["task"] % len(self._team_of)]
        for place, waits in self._each.items():
            mine = rows[teams == place]
            answered, sums = mine[mine["status"] == Status.ok], self._teams.each[place]
            waits.add_calls(mine)
            sums.answered += len(answered)
            sums.tokens += int(mine["input_tokens"].sum(dtype=np.int64) + mine["output_tokens"].sum(dtype=np.int64))
            sums.served_units += exact(answered["t_end_s"] - answered["t_start_s"])

    def add_tasks(self, tasks: Any) -> None:
        """Numbers of tasks that have ended."""
        super().add_tasks(tasks)
        teams = self._team_of[tasks % len(self._team_of)]
        for place, waits in self._each.items():
            waits.add_tasks(tasks[teams == place])
