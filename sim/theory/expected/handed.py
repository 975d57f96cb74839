"""What a lead hands over of its own turns, and to whom: expected turns of leads and of those who share them out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sim.settings.agent import AgentSettings, Split
from sim.theory.expected.loop import message_turns
from sim.theory.expected.moments import Nodes, nodes, survival
from sim.theory.expected.spent import Site, Work

SURE = 1e-6
"""A probability that is taken for none."""


@dataclass
class Handed:
    """A lead's plan; where `why` says something it has none."""

    alive: np.ndarray | None = None
    """P(n > t) of the turns that it does itself; None: those of its settings."""
    places: list[int] = field(default_factory=list)
    """The turns after which it hands out work (from 1)."""
    jobs: list[Nodes] = field(default_factory=list)
    """divide: turns that each wave shares out, if the lead comes so far."""
    varies: bool = False
    """Whether a wave's job hangs on how long the lead's session is."""
    unit: float = 1.0
    """delegated: what model and difficulty have multiplied these turns by."""
    why: str = ""


def handed(agent: AgentSettings, site: Site, work: Work) -> Handed:
    """The plan of a lead on that site."""
    after, waves, share = agent.spawn_after_turn, nodes(agent.waves).rounded(1), agent.delegated_share
    divides = agent.split is Split.divide
    job = nodes(agent.worker.turns).rounded(1)
    if not share and (waves.values == 1).all():
        return Handed(places=[after], jobs=[job] if divides else [])
    if not (nodes(agent.requests).rounded(1).values == 1).all():
        return Handed(why="what leads hand over in sessions of several messages, and when")
    turns = message_turns(agent, site.backend, work.effort)
    less = _less(turns.values, share, after)
    if agent.turns_per_wave is not None:
        waves, less = _whole_waves(less, agent.turns_per_wave * site.backend.turn_multiplier * work.effort, turns, after)
    own = Nodes(turns.values - less, turns.weights)
    places = [after]
    if not (waves.values == 1).all():
        if not ((waves.values == waves.values[0]).all() and (turns.values == turns.values[0]).all()):
            return Handed(why="waves: how many there are, and when, in sessions of random length")
        places = _places(int(own.values[0]), after, int(waves.values[0]))
    there = turns.values >= after
    if share and there.any():
        job = Nodes(less[there], turns.weights[there] / turns.weights[there].sum())
    found = Handed(survival(own) if share else None, places, unit=site.backend.turn_multiplier * work.effort)
    found.jobs = [_part(job, wave, len(places)) for wave in range(len(places))] if divides else []
    found.varies = bool(share) and not (turns.values == turns.values[0]).all()
    return found


def _less(turns: np.ndarray, share: float, after: int) -> np.ndarray:
    """Turns that a lead hands over of a message of so many: `share` of them, but for those up to `after` and one to read the reports."""
    free = turns - np.minimum(turns, max(1, after + 1))
    less: np.ndarray = np.minimum(np.floor(share * turns + 0.5), free)
    return less


def _whole_waves(less: np.ndarray, by: float, turns: Nodes, after: int) -> tuple[Nodes, np.ndarray]:
    """How many waves of so many turns fill what would be handed over, and what then is."""
    waves = np.floor(less / by + 0.5)
    whole: np.ndarray = np.minimum(np.floor(waves * by + 0.5), _less(turns.values, 1.0, after))
    return Nodes(waves, turns.weights), whole


def _places(turns: int, after: int, waves: int) -> list[int]:
    left = turns - after
    waves = min(waves, max(1, left))
    return [after + wave * left // waves for wave in range(waves)]


def _part(job: Nodes, part: int, parts: int) -> Nodes:
    """Of a number of turns that is dealt out, what one gets."""
    return Nodes(job.values // parts + (part < job.values % parts), job.weights)


def shares(agent: AgentSettings, job: Nodes, fanout: Nodes, unit: float, ratio: float) -> np.ndarray:
    """P(n > t) of a worker's turns, averaged over the workers that divide a job: shares differ by one at most.

    Of a random number of workers the larger teams have more. `ratio`: turns of the workers' model to one of the lead's.
    """
    values, weights = [], []
    for size, chance in zip(fanout.values, fanout.weights, strict=True):
        workers = size**agent.depth
        each, rest = np.divmod(job.values, workers)
        for more, of_them in ((0, 1 - rest / workers), (1, rest / workers)):
            share = each + more
            taken = np.maximum(1, np.rint((share + agent.warmup_turns * unit) * ratio))
            values.append(np.where(share + agent.warmup_turns > 0, taken, 0))
            weights.append(job.weights * of_them * chance * size / fanout.mean)
    return survival(Nodes(np.concatenate(values), np.concatenate(weights)))


def sizes_of(fanout: object) -> Nodes:
    """A team's size: its few values, each once."""
    law = nodes(fanout).rounded(1)
    values, place = np.unique(law.values, return_inverse=True)
    return Nodes(values, np.bincount(place, law.weights))
