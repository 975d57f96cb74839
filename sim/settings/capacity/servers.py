"""Servers of one's own, as they are set: how many, what they cost by the hour, how much runs on each at once."""

from __future__ import annotations

from dataclasses import dataclass

from sim.settings.bounds import alone
from sim.settings.traits import ALONE, Feature


class BackendKind(Feature):
    """Who serves a backend's calls, and so how they are paid."""

    api = "api", ALONE
    """A provider, by the token: each call has its own speed, but for `decode_slowdown`."""
    self_hosted = (
        "self_hosted",
        ALONE._replace(
            looks=True,
            waits=True,
            unsolved="{key}={value}: batches, lines and hours of servers of one's own",
            undealt="{key}={value}: its servers take the calls of all tasks together",
        ),
    )
    """Servers of one's own (`servers`), by the hour, idle or not. Each is one device: prompts are read one after another at
    `prefill_tokens_per_s`, and while it reads it does not decode; the n calls that decode share it (`decode_tokens_per_s` of one that is
    alone, `decode_slowdown`). That is continuous batching as vLLM does it without chunked prefill: with it means are the same, and gaps
    between tokens smoother. `ttft_s` is spent beside the device."""


@dataclass
class ServerSettings:
    """The replicas of a model on servers of one's own (`kind=self_hosted`): one line for all, and who is served goes to the emptiest.

    What an agent's earlier calls have left in the prompt cache is found on any replica and takes no room (assumption: calls of a session
    come back to their replica, or the store is shared)."""

    replicas: int = alone(1, low=1, high=10_000)
    usd_per_h: float = alone(16.0, low=0, high=1e6)
    """Of a replica, for each hour from when it is ordered until it has stopped, idle or not. Assumption: 8 GPUs at $2 an hour (reported of
    H800s: DeepSeek's disclosure of 2025)."""
    batch: int = alone(64, low=1, high=100_000)
    """Calls that a replica runs at once; beyond, they wait in line. Assumption: as far as `calibration/servers.py` has data."""
    memory_tokens: int | None = alone(None, low=1)
    """Tokens of prompts and answers that its memory has room for (KV cache); a call holds room for all of its own from start to end, and
    one that is larger than that runs alone. null: no limit."""
