"""Servers of one's own, as they are set: how many, what they cost by the hour, how much runs on each at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.errors import ConfigError
from sim.settings.bounds import alone
from sim.settings.traits import ALONE, TWIN, Feature


class BackendKind(Feature):
    """Who serves a backend's calls, and so how they are paid."""

    api = "api", TWIN
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
class AutoscaleSettings:
    """How many replicas there are over time: as many as the calls there are take, looked at every so often, by the rule of Kubernetes'
    horizontal autoscaler (its documents of 2025: ceil of load over target; more at once, fewer when fewer have been enough for a while)."""

    most: int | None = alone(None, low=1, high=10_000)
    """null: there are `replicas`, all the time."""
    least: int = alone(1, low=0, high=10_000)
    """Replicas that are never taken away."""
    target_calls: float = alone(32.0, above=0)
    """Calls, running and in line, that a replica should have. Assumption: half a batch."""
    every_s: float = alone(15.0, above=0)
    """Seconds between two looks (Kubernetes' default)."""
    start_s: float = alone(300.0, low=0)
    """From the order of a replica until it takes calls; it is paid from the order on. Assumption: a machine comes up and reads some
    hundred GB of weights."""
    keep_s: float = alone(300.0, low=0)
    """A replica goes when it has not been needed for so long (Kubernetes' default): it takes no more calls, ends what it has, and stops."""


@dataclass
class ServerSettings:
    """The replicas of a model on servers of one's own (`kind=self_hosted`): one line for all, and who is served goes to the emptiest.

    What an agent's earlier calls have left in the prompt cache is found on any replica and takes no room (assumption: calls of a session
    come back to their replica, or the store is shared)."""

    replicas: int = alone(1, low=0, high=10_000)
    """At the start, and as long as nothing changes it."""
    autoscale: AutoscaleSettings = field(default_factory=AutoscaleSettings)
    usd_per_h: float = alone(16.0, low=0, high=1e6)
    """Of a replica, for each hour from when it is ordered until it has stopped, idle or not. Assumption: 8 GPUs at $2 an hour (reported of
    H800s: DeepSeek's disclosure of 2025)."""
    batch: int = alone(64, low=1, high=100_000)
    """Calls that a replica runs at once; beyond, they wait in line. Assumption: as far as `calibration/servers.py` has data."""
    memory_tokens: int | None = alone(None, low=1)
    """Tokens of prompts and answers that its memory has room for (KV cache); a call holds room for all of its own from start to end, and
    one that is larger than that runs alone. null: no limit."""


def check_servers(servers: ServerSettings, key: str) -> None:
    """Raise `ConfigError` where there would be no server, or more than an autoscaler allows."""
    auto = servers.autoscale
    if auto.most is None:
        if auto != AutoscaleSettings():
            raise ConfigError(f"{key}.autoscale: needs {key}.autoscale.most, how many replicas there may be, or nothing is scaled")
        if not servers.replicas:
            raise ConfigError(f"{key}.replicas=0: must be at least 1, or {key}.autoscale.most must be set")
    elif not auto.least <= servers.replicas <= auto.most:
        raise ConfigError(f"{key}.replicas={servers.replicas}: must be from autoscale.least={auto.least} to autoscale.most={auto.most}")
