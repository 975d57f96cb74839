"""A dated catalogue of backends: what each charges, how long it takes, how often it fails, how good it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim.calendar import HOUR_S
from sim.errors import ConfigError, did_you_mean
from sim.settings.bounds import alone, setting, twin
from sim.settings.capacity.checked import check_hourly
from sim.settings.capacity.limits import DEALT, QuotaSettings, check_reserve
from sim.settings.capacity.reserved import ReservedSettings
from sim.settings.capacity.servers import BackendKind, ServerSettings
from sim.settings.traits import ALONE, TWIN, Feature, Traits


class CacheKind(Feature):
    """How a backend caches prompts."""

    none = "none", TWIN
    automatic = "automatic", TWIN
    """Without being asked and without a surcharge: what is not read is fresh input."""
    explicit = "explicit", TWIN
    """The client marks what to keep: what is not read is written, at the write price."""


TOKEN_KINDS = ("input", "cache_read", "cache_write", "output")
"""What has a price of its own: fresh input, what is read from the cache and written to it, output."""


class Billed(Feature):
    """What a failed attempt costs, and so when it fails."""

    nothing = "nothing", TWIN
    """No token is billed."""
    input = "input", TWIN
    """Its prompt is billed."""
    everything = "everything", TWIN
    """Its prompt and its output are billed."""


@dataclass(kw_only=True)
class PriceTier:
    """Prices of a whole request whose prompt is longer than `above_tokens`; null: the base price."""

    above_tokens: int = twin(low=0)
    input_usd_per_mtok: float | None = twin(None, low=0)
    output_usd_per_mtok: float | None = twin(None, low=0)
    cache_read_usd_per_mtok: float | None = twin(None, low=0)
    cache_write_usd_per_mtok: float | None = twin(None, low=0)
    cache_write_1h_usd_per_mtok: float | None = twin(None, low=0)


@dataclass(kw_only=True)
class TimeWindow:
    """Hours of some days."""

    from_h: float = twin(0.0, low=0, high=24)
    """Hour of the day."""
    until_h: float = twin(24.0, low=0, high=24)
    """It may be past midnight (e.g. 22 to 6): those hours belong to the day on which they began."""
    weekdays: list[str] = twin([])
    """Only on these: mon, tue, wed, thu, fri, sat, sun; empty: on all."""
    dates: list[str] = twin([])
    """Only on these days: 2026-10-01, 2026-10-01/2026-10-08 (both included), 2026-10-01/.. (from then on); empty: on all."""


@dataclass(kw_only=True)
class PriceWindow(TimeWindow):
    """Times at which every price is multiplied, by the clocks of a zone; the first window that holds counts."""

    multiplier: float = twin(low=0)
    """Times every price while the window is open."""
    zone: str = twin("UTC")
    """Time zone by its IANA name, e.g. Asia/Shanghai."""


@dataclass(kw_only=True)
class WorkSettings:
    """What a model was seen to do with the same tasks in one harness, over what Claude Opus 4.6 did: each factor on the backend's own.

    Turns are counted or guessed. Words and the discount are what is left of the bill after that: bills cannot tell them apart, so
    the two are one lump factor, put into the discount as far as it goes and into words beyond."""

    turn_multiplier: float = twin(1.0, above=0)
    """Turns for the same task, over Claude Opus 4.6's."""
    verbosity: float = twin(1.0, above=0)
    """Output of a turn, over Claude Opus 4.6's."""
    cache_discount_realised: float = twin(1.0, low=0, high=1)
    """Share of the cache's discount that bills show."""
    bill: float | None = twin(None, above=0)
    """Dollars a task over those of Claude Opus 4.6 in that harness; null: not measured."""
    sure: str = twin("A")
    """S: turns counted and bills seen in this harness; R: taken over from a neighbour; A: a guess among them."""
    source: str = twin("")
    """Where it comes from, and over what range."""


@dataclass(kw_only=True)
class QualitySettings:
    """How much of SWE-bench Verified a model solves, as one source says."""

    solved: float = twin(low=0, high=1)
    """Share of tasks."""
    sure: str = twin("A")
    """S: computed from the source's data; R: reported; A: assumed."""
    source: str = twin("")
    """Where it comes from."""


COLD = TWIN._replace(unsolved="{key}: which calls find their connection dropped")
"""Traits of what a call on a new connection takes longer."""


def _on_trust(backend: BackendSettings) -> Traits:
    """Slots are taken on trust ahead of the clock: the meter sees when there are too few, unless calls may take no time at all."""
    return TWIN if backend.network_rtt_s + backend.ttft_s else TWIN._replace(waits=True)


_METERED = DEALT._replace(twin=True)
"""The compiled twin has it too, on its clock."""


@dataclass(kw_only=True)
class BackendSettings:
    """One model as served by one provider: what it charges, how long it takes, how often it fails."""

    label: str = twin("")
    """Name for people."""
    vendor: str = twin("")
    """Who sells it."""
    origin: str = twin("")
    """Country whose company trained the model (us, cn, ...)."""
    serving: str = twin("")
    """Country where the requests are served: not the same thing."""
    region: str = twin("")
    """Where requests have to stay (data residency), one of `regional_surcharges`; empty: wherever the vendor sends them."""
    source: str = twin("")
    """Where the prices come from."""
    as_of: str = twin("")
    """The day for which they hold."""

    kind: BackendKind = BackendKind.api
    servers: ServerSettings = field(default_factory=ServerSettings)
    reserved: ReservedSettings = field(default_factory=ReservedSettings)

    input_usd_per_mtok: float = twin(low=0)
    """List price of input that no cache had."""
    output_usd_per_mtok: float = twin(low=0)
    """List price of output, reasoning included."""
    cache_read_usd_per_mtok: float | None = twin(None, low=0)
    """null: cached tokens cost as much as fresh ones."""
    cache_write_usd_per_mtok: float | None = twin(None, low=0)
    """Kept for 5 minutes; null: as fresh input."""
    cache_write_1h_usd_per_mtok: float | None = twin(None, low=0)
    """Kept for an hour (taken when `cache_ttl_s` is 3600 or more); null: as the 5-minute one."""
    tiers: list[PriceTier] = twin([])
    windows: list[PriceWindow] = twin([])
    request_usd: float = twin(0.0, low=0)
    """A fee for each request that is billed, whatever its tokens; no batch discount, but `windows` and `fee` hold."""
    web_search_usd_per_1k: float = twin(0.0, low=0)
    """A fee for 1,000 searches that the backend makes; `web_searches_per_call` of the scenario says how many."""
    regional_surcharges: dict[str, float] = twin({}, low=0, high=10)
    """By region: what is added to the price of every token where requests stay in it, e.g. {us: 0.1}; not to fees of requests and
    searches. With batch discounts, tiers, `windows` and `fee`."""
    cache_discount_realised: float = twin(1.0, low=0, high=1)
    """Share of the cache discount that bills show: 1 = the vendor's own API at its best, 0 = none, a cached token costs as much as a
    fresh one. In every tier."""
    batch_discount: float = twin(0.5, low=0, high=1)
    """Share off every price when calls go through the batch queue."""
    batch_discounts: dict[str, float] = twin({}, low=0, high=1)
    """The same by kind of token (input, cache_read, cache_write, output) where it is another, e.g. {cache_read: 0}."""
    fee: float = twin(0.0, low=0)
    """A router's surcharge on the bill: 0.055 = 5.5 %."""

    cache: CacheKind = CacheKind.explicit
    cache_ttl_s: float = twin(300.0, low=0)
    """Seconds a cached prompt outlives its last use."""
    cache_1h_tokens: int = setting(0, low=0, traits=TWIN._replace(unsolved="{key}: two lifetimes in one prompt"))
    """The first so many tokens of each prompt (tools and system) are kept for an hour after their last use, and written at
    `cache_write_1h_usd_per_mtok`; the rest for `cache_ttl_s`. Policies that know the cache do not reckon with it."""
    cache_min_tokens: int = twin(1024, low=0)
    """Shorter prompts are never cached."""
    share_system: bool = setting(False, traits=ALONE._replace(looks=True))
    """Agents with the same system prompt read it from one another's cache."""

    context_window_tokens: int = twin(200_000, low=1)
    """Of a call's prompt and output together, at most."""
    network_rtt_s: float = twin(0.03, low=0)
    """There and back; by where the client is: `place`."""
    handshake_s: float = setting(0.0, low=0, traits=COLD)
    """Seconds more for a call on a new connection: an agent's first one here, or after `connection_idle_s` without any."""
    connection_idle_s: float = twin(5.0, low=0)
    """Seconds without a call after which a connection is dropped."""
    ttft_s: float = twin(1.0, low=0)
    """Constant part of the time to first token."""
    prefill_tokens_per_s: float | None = twin(None, low=0.001)
    """Speed of reading uncached input; null: no time."""
    context_s_per_100k_tokens: float = twin(0.0, low=0)
    """Extra seconds for each 100,000 tokens of prompt, cached or not."""
    decode_tokens_per_s: float | None = twin(50.0, low=0.001)
    """Output speed of a call that is alone; null: no time."""
    speed_sure: str = twin("")
    """How well the weaker of `ttft_s` and `decode_tokens_per_s` is known: S measured, R reported, A assumed; empty: nobody says."""
    noise_sigma: float = twin(0.0, low=0, high=3)
    """Lognormal noise on the server's time (median 1)."""
    slots: int | None = setting(None, low=1, traits=_on_trust)
    """Calls served at once (concurrency), the rest wait in line; null: no limit."""
    queue_limit: int | None = setting(None, low=0, traits=_METERED)
    """Calls that may wait in line; one that finds it full is turned away (status rate_limited) for nothing; null: no limit."""
    requests_per_min: float | None = setting(None, above=0, traits=_METERED)
    """Rate limit of requests (RPM) of one organisation, all clients of the run together (status rate_limited, Retry-After); null: none.

    Published: Anthropic's tier 1 for Claude Opus 4.x gave 50 requests, 30,000 input and 8,000 output tokens a minute; in
    October 2026 its Start tier 1,000, 500,000 and 100,000, its Scale tier 4,000, 4M and 800,000."""
    input_tokens_per_min: float | None = setting(None, above=0, traits=_METERED)
    """Rate limit of input, a quota by the minute (TPM, ITPM); null: none."""
    output_tokens_per_min: float | None = setting(None, above=0, traits=_METERED)
    """Rate limit of output, a quota by the minute (OTPM); null: none."""
    tokens_per_min: float | None = setting(None, above=0, traits=_METERED)
    """Rate limit of input and output together (TPM); null: none."""
    quotas: dict[str, QuotaSettings] = alone({})
    """Limits over longer windows by name, all in force at once, beside those a minute."""
    limit_burst_s: float = twin(60.0, above=0)
    """Each limit's bucket holds what it lets through in so many seconds, and one request at least (assumption: a minute's worth)."""
    limits_count_cache_reads: bool = twin(False)
    """Whether tokens read from the cache count as input, a minute and in quotas.

    Anthropic's documents: not on current models, on older ones they did."""
    limits_reserve_output_tokens: int | None = alone(None, low=1)
    """Output that counts against limits when a call is let through: its client's `max_tokens`; what the answer did not take is given back
    when it has ended, well or not. null: as many as it will have. Anthropic's and Amazon Bedrock's documents reserve so."""
    limit_gateway: bool = alone(False)
    """Calls over a limit a minute or a quota are held back in the order in which they come, as by a gateway of one's own, instead of
    being turned away; no effect without a limit (which is what touches others). `retry.patience_s` is not of the wait there."""
    limit_gateway_most: int | None = alone(None, low=0)
    """Calls that the gateway holds; the next is shed, that is turned away (status rate_limited). null: any number."""
    decode_slowdown: float = setting(0.0, low=0, traits=ALONE._replace(waits=True))
    """With n calls decoding, each runs at speed / (1 + slowdown x (n - 1)); 1 = one server shared out."""
    error_rate: float = twin(0.0, low=0, high=1)
    """Probability that an attempt fails."""
    error_billed: Billed = Billed.nothing
    timeout_billed: Billed = Billed.everything
    """Of an answer that its client gives up (`retry.timeout_s`): everything is the prompt and what had come by then (assumption)."""
    batch_latency_s: Any = twin(3600.0, low=0, quantity=True)
    """How long a call takes through the batch queue."""

    reasoning_share: float | None = twin(None, low=0, high=1)
    """Share of output that is reasoning; null: the profile's."""
    turn_multiplier: float = twin(1.0, above=0)
    """Turns that this model takes for the same work, over those of the profile; a chat has one a message on any."""
    verbosity: float = twin(1.0, above=0)
    """Output tokens that it takes for the same turn, over those of the profile."""
    works: dict[str, WorkSettings] = twin({})
    """By harness: what bills measured in it say of this model's turns, words and cache discount (`work` chooses)."""
    qualities: dict[str, QualitySettings] = twin({})
    """By who measured it: the share of coding tasks solved (`outcome.quality_source` chooses)."""
    quality: float | None = twin(None, low=0, high=1)
    """Share of coding tasks solved, set by hand; null: as `qualities` says, or not known, so success is not reported."""

    @property
    def regional_factor(self) -> float:
        """On the price of every token."""
        return 1 + self.regional_surcharges.get(self.region, 0.0)

    @property
    def served_in(self) -> str:
        """The region where requests stay, or else the country where they are served."""
        return self.region or self.serving

    @property
    def long_lived_tokens(self) -> int:
        """The head of a prompt that is kept for an hour while the rest is not; one too short to be cached by itself is not."""
        return self.cache_1h_tokens if self.cache_1h_tokens >= self.cache_min_tokens else 0


@dataclass
class MarketSettings:
    """A dated catalogue of backends."""

    name: str = twin("")
    """Of which date, as on the menu."""
    models: dict[str, BackendSettings] = twin({})


def check_backend(model: BackendSettings, key: str) -> None:
    """Raise `ConfigError` where a backend's settings contradict one another."""
    if model.region and model.region not in model.regional_surcharges:
        there = ", ".join(model.regional_surcharges) or "none"
        raise ConfigError(f"{key}.region={model.region}: not among its regional_surcharges ({there}); empty: wherever the vendor sends it")
    long_lived = f"{key}.cache_1h_tokens={model.cache_1h_tokens}"
    if model.cache_1h_tokens and model.cache is not CacheKind.explicit:
        raise ConfigError(f"{long_lived}: needs cache=explicit, where the client says what to keep, not {model.cache.value}")
    if model.cache_1h_tokens and model.cache_ttl_s >= HOUR_S:
        raise ConfigError(f"{long_lived}: needs cache_ttl_s below an hour; all of the prompt is kept for {model.cache_ttl_s:g} s already")
    for kind in model.batch_discounts.keys() - set(TOKEN_KINDS):
        raise ConfigError(f"{key}.batch_discounts.{kind}: {did_you_mean(kind, TOKEN_KINDS)}")
    check_reserve(model, key)
    check_hourly(model, key)
