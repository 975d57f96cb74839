"""How many calls a message takes: fewer, the more messages a session has, and heavy-tailed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.results.fitted.mixtures import weighted_quantiles
from sim.statistics import ks_distance

Profile = dict[str, Any]


def turns_of(calls: pd.DataFrame) -> tuple[float, Profile]:
    """How many calls a message takes, in a session of m messages: m^-exponent times a heavy-tailed number.

    The exponent is the one of a grid with which whole sessions get the right number of calls (smallest KS distance).
    """
    messages = calls.groupby("trace")["message"].max()
    turns = calls.groupby(["trace", "message"]).size()
    count = messages.reindex(turns.index.get_level_values(0)).to_numpy(float)
    recorded = calls.groupby("trace").size().to_numpy()
    fits: list[tuple[float, float, Profile]] = []
    for exponent in np.arange(0.5, 1.25, 0.1):
        shape = weighted_quantiles(turns.to_numpy() * count**exponent, 1 / count, 101)
        fits.append((ks_distance(_calls_a_session(messages, shape, exponent), recorded), round(float(exponent), 2), shape))
    _, best, shape = min(fits, key=lambda fit: fit[0])
    return best, shape


def turns_left(joined: pd.DataFrame, shape: Profile, exponent: float) -> float:
    """What sessions that were joined in their middle still take of the turns of a whole one (smallest KS distance)."""
    messages, recorded = joined.groupby("trace")["message"].max(), joined.groupby("trace").size().to_numpy()
    fits = [(ks_distance(_calls_a_session(messages, shape, exponent, left), recorded), left) for left in np.arange(0.1, 1.01, 0.05)]
    return round(float(min(fits)[1]), 2)


def _calls_a_session(messages: pd.Series, shape: Profile, exponent: float, left: float = 1.0) -> np.ndarray:
    """Calls of 4,000 simulated sessions."""
    luck = np.random.default_rng(1)
    count = luck.choice(messages.to_numpy(), 4000)
    session = np.repeat(np.arange(len(count)), count)
    drawn = np.interp(luck.random(len(session)), np.linspace(0, 1, len(shape["quantiles"])), shape["quantiles"])
    return np.bincount(session, np.maximum(1, np.round(drawn * left * count[session] ** -exponent)))
