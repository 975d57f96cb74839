"""Logs of sums over calls (ccusage): they tell no call that could be sent again, so they are priced anew, cache and all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sim.call import BATCH
from sim.errors import ConfigError
from sim.logs.log import Log
from sim.results.billed.bill import LogBill
from sim.scenario.scenario import Scenario
from sim.sweeps.what_if.question import Question

if TYPE_CHECKING:
    import pandas as pd

_OF_PRICES = ("usd", "discount", "fee", "tiers", "windows")
"""In the last part of a setting that changes what tokens cost, and nothing else."""


def are_sums(log: Log) -> bool:
    """Whether it has nothing else."""
    return bool((log.calls["calls"] != 1).all())


def check_asked(question: Question) -> None:
    """Raise `ConfigError` for what depends on single calls and their times."""
    only = Question(question.text, question.settings, question.moves, batch=question.batch)
    if question != only or not all(map(_of_prices, question.settings)):
        raise ConfigError(f"--what-if {question.text}: the log has sums over calls alone: of these another backend, batch, a market or a "
                          "price can be asked")  # fmt: skip


def _of_prices(word: str) -> bool:
    key = word.partition("=")[0]
    return key == "market" or (key.startswith("market.models.") and any(part in key.rpartition(".")[2] for part in _OF_PRICES))


def priced(log: Log, scenario: Scenario, said: Mapping[str, str], session: np.ndarray) -> tuple[pd.DataFrame, str]:
    """A row a sum (of `session`), with what of `sim.columns.CALLS` it has, and a digest of what each costs where."""
    import pandas as pd

    if scenario.batch:
        calls = log.calls.copy()
        calls["tier"] = len(log.tiers)
        names = {"model": log.models, "status": log.statuses, "tier": [*log.tiers, BATCH]}
        log = Log(calls, log.agents, names, log.sources, log.report)
    bill = LogBill(log, scenario, said)
    rows = pd.DataFrame({
        "session": session, "agent": log.calls["agent"], "turn": np.arange(len(log.calls)), "role": "sum",
        "backend": np.array([*scenario.market.models])[bill.backend], "cost_usd": bill.priced, "t_start_s": log.calls["start_s"],
    })  # fmt: skip
    return rows, hashlib.sha256(bill.priced.tobytes() + bill.backend.tobytes()).hexdigest()
