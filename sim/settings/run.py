"""How a run goes: retries of its clients, what is left out at its start, what is logged, what a sweep looks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.errors import ConfigError
from sim.settings.bounds import alone, setting, twin
from sim.settings.capacity.servers import BackendKind
from sim.settings.market import BackendSettings
from sim.settings.traits import ALONE, TWIN, Feature

_BACKOFF = TWIN._replace(unsolved="{key}={value}: expected waits are of full jitter alone")

_BREAKS = ALONE._replace(
    remembers=True, looks=True, waits=True, unsolved="a circuit breaker: whom it turns away", undealt="{key} counts failures of all calls"
)


class Backoff(Feature):
    """How long a client waits after its nth attempt has failed, n from 0 on, before it asks again."""

    full_jitter = "full_jitter", TWIN
    """Any time below min(cap, base x 2^n), all alike."""
    exponential = "exponential", _BACKOFF
    """min(cap, base x 2^n), so whoever fails together comes back together."""
    fixed = "fixed", _BACKOFF
    """The base, each time."""


@dataclass
class RetrySettings:
    """What a client does when an attempt fails: it waits, or for as long as it is told, and asks again."""

    attempts: int = twin(5, low=1, high=50)
    """Attempts in all before the call is given up."""
    backoff: Backoff = Backoff.full_jitter
    backoff_base_s: float = twin(1.0, low=0)
    """Wait before the first retry, at most; twice that before the next, and so on."""
    backoff_cap_s: float = twin(60.0, low=0)
    """Wait before any retry, at most."""
    heeds_retry_after: bool = twin(True)
    """Whether a client that a limit tells when to come back (Retry-After) waits for so long at least."""
    timeout_s: float | None = setting(None, above=0, traits=ALONE._replace(looks=True, unsolved="calls that their client gives up"))
    """Seconds after which an attempt is withdrawn (status timeout) and has failed, wherever it is: in line, held back at a gateway, or
    being answered; then its backend bills what `timeout_billed` says. null: as long as it takes. Not so the batch queue.

    Vendors' own clients wait for 600 s (Anthropic's and OpenAI's for Python, 2026)."""
    patience_s: Any = setting(None, above=0, quantity=True, traits=ALONE._replace(waits=True, unsolved="calls that lose patience in line"))
    """Seconds in a backend's line after which an attempt is withdrawn (status timeout) and has failed; null: as long as it takes."""

    breaker_failures: int | None = setting(None, low=1, high=1_000_000, traits=_BREAKS)
    """A circuit breaker before each backend, of all clients together: after so many attempts in a row that were served and came to nothing
    it opens, and turns calls away (status rate_limited) until `breaker_open_s` has passed; then one attempt is let through in each such
    time, until one is answered. null: none. With `router.fallback` calls move on at once."""
    breaker_open_s: float = alone(60.0, above=0)
    """The default is that of pybreaker (which opens after 5 failures)."""


def check_retry(retry: RetrySettings, models: Mapping[str, BackendSettings]) -> None:
    """Raise `ConfigError` where clients would give up calls whose end nobody knows beforehand; `models` are the backends in use."""
    for name, model in models.items() if retry.timeout_s is not None else ():
        if model.decode_slowdown or model.kind is BackendKind.self_hosted:
            what = "decode_slowdown" if model.decode_slowdown else "kind=self_hosted"
            raise ConfigError(
                f"retry.timeout_s={retry.timeout_s:g}: not simulated with market.models.{name}.{what}; leave one of the two out"
            )


_CUT = ALONE._replace(looks=True, unsolved="a warm-up: what is left of the run without it")


class Warmup(Feature):
    """What the summary leaves out at the start of a run: tasks that arrived and calls that were asked for before a moment."""

    none = "none", TWIN
    """Nothing."""
    fixed = "fixed", _CUT
    """The first `warmup_s` seconds."""
    mser5 = "mser5", _CUT._replace(undealt="the pilot run of warmup=mser5 is not dealt out")
    """As much as MSER-5 says of the task latencies of a pilot run: the same for all replications."""


def check_warmup(scenario: Any) -> None:
    """Raise `ConfigError` where nothing would be left out, or nothing left."""
    warmup, cut_s = scenario.warmup, scenario.warmup_s
    if warmup is Warmup.fixed and not cut_s:
        raise ConfigError("warmup=fixed: needs warmup_s above 0")
    if warmup is not Warmup.fixed and cut_s:
        raise ConfigError(f"warmup_s={cut_s:g}: needs warmup=fixed, not {warmup.value}")
    if scenario.horizon_s is not None and cut_s >= scenario.horizon_s:
        raise ConfigError(f"warmup_s={cut_s:g}: must be less than horizon_s={scenario.horizon_s:g}, or nothing is left")


class Engine(Feature):
    """What turns a run: the same bits whichever it is."""

    auto = "auto", TWIN
    """The compiled twin where it covers all that is set (`sim.engine.compiled`), else the clock."""
    simpy = "simpy", TWIN
    """The clock, that is SimPy, in any case."""
    compiled = "compiled", TWIN
    """As auto; and the notes say why, where it was the clock after all."""


class ShardsOn(Feature):
    """Where replications and their shards run: the same bits wherever it is."""

    local = "local", TWIN
    """In worker processes of this machine."""
    ray = "ray", TWIN
    """By Ray, on the cluster that RAY_ADDRESS names, or else on this machine; it needs the extra `ray`. `processes` is how many shards
    are out at once. null: two a core of the cluster; 1: they are run in this process."""


class Log(Feature):
    """Which rows of calls and tasks a run keeps; sums, percentiles and the timeline are always on."""

    none = "none", TWIN
    """No rows: sums and percentiles alone, the least memory and disk."""
    sample = "sample", TWIN
    """Every task, and all calls of one task in `log_sample`."""
    full = "full", TWIN
    """Every task and every call."""


class Method(Feature):
    """How the drivers of a metric are found."""

    tornado = "tornado", TWIN
    """One setting at a time, at the low and at the high end of its range."""
    sobol = "sobol", TWIN
    """All at once: the share of the metric's variance that each accounts for."""


@dataclass
class SensitivitySettings:
    """What moves a metric. Where `ranges` names settings, `sim` finds that out instead of running the scenario once."""

    method: Method = Method.tornado
    metric: str = twin("cost_per_success_usd")
    """Any of `sim.results.metrics.METRICS`."""
    ranges: dict[str, Any] = twin({})
    """[low, high] of each numeric setting, by its dotted key, e.g. {agent.turns.mean: [20, 120]}."""
    samples: int = twin(128, low=2, high=65_536)
    """sobol: base points, a power of 2; it takes samples x (settings + 2) runs."""


@dataclass
class GoalSettings:
    """What a sweep looks for: of the scenarios that succeed often enough, the one that is best by a metric (`sim.sweeps.goal`).

    An optimiser that Hydra runs (`hydra/sweeper=optuna`) is led by it; any other sweep says which of its scenarios that is.
    """

    metric: str = twin("cost_per_task_usd")
    """Any of `sim.results.metrics.METRICS`: the least is best, or the most where more is better (success, value)."""
    success_floor: float | None = twin(None, low=0, high=1)
    """Least success rate; null: none, and a sweep of the shell looks for nothing."""
