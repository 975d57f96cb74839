"""Metrics of teams that share backends: who is served, who starves, and how evenly (Jain's index)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from sim.meter.capacity.teams import TeamSums
from sim.meter.tally import Tally
from sim.statistics import digits


def jain(shares: list[float]) -> float:
    """(sum x)^2 / (n sum x^2): 1 where all have the same, 1/n where one has everything. Source: Jain, Chiu and Hawe 1984."""
    squares = math.fsum(share * share for share in shares)
    return math.fsum(shares) ** 2 / (len(shares) * squares) if squares else math.nan


def served_share(team: TeamSums) -> float:
    """Of the time that a team's calls took, waits of any kind included, the part in which they were being answered."""
    took_s = team.served_s + team.waited_s
    return team.served_s / took_s if took_s else math.nan


def evenness(tally: Tally, teams: int) -> float:
    """Jain's index of the teams' served shares; of those that asked for anything."""
    shares = [share for place in range(teams) if not math.isnan(share := served_share(tally.teams.each.get(place, TeamSums())))]
    return jain(shares) if shares else math.nan


def _of_calls(above: Callable[[TeamSums], float]) -> Callable[[Tally, int], float]:
    def formula(tally: Tally, place: int) -> float:
        team = tally.teams.each.get(place, TeamSums())
        return above(team) / team.waits.calls if team.waits.calls else math.nan

    return formula


def _token_share(tally: Tally, place: int) -> float:
    every = sum(team.tokens for team in tally.teams.each.values())
    return tally.teams.each.get(place, TeamSums()).tokens / every if every else math.nan


OF_TEAMS: tuple[tuple[str, str, str, Callable[[Tally, int], float]], ...] = (
    ("team_served_share", "", "of the time that a team's calls took, waits of any kind included, the part in which they were answered",
     lambda tally, place: served_share(tally.teams.each.get(place, TeamSums()))),
    ("team_wait_s", "s", "mean wait of a team's calls, whatever they wait for", _of_calls(lambda team: team.waited_s)),
    ("team_refused_share", "", "share of a team's calls that were turned away at least once", _of_calls(lambda team: team.waits.refused)),
    ("team_given_up_share", "", "share of a team's calls that were given up", _of_calls(lambda team: team.waits.calls - team.answered)),
    ("team_token_share", "", "a team's part of all tokens", _token_share),
)  # fmt: skip
"""(name, unit, meaning, formula); there is one of each for each team, with its name behind a dot."""


def told(tally: Tally, names: list[str]) -> Iterator[str]:
    """How each team fared, in words."""
    for place, name in enumerate(names):
        team = tally.teams.each.get(place, TeamSums())
        if team.waits.calls:
            yield f"{name} {served_share(team):.0%} (a call waits {digits(team.waited_s / team.waits.calls, 3)} s)"
