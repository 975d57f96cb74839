"""Every shipped price list bills as genai-prices does; then the rules that it does not know: batch, fees, hours, gaps.

A price that models.yaml sets by hand is compared with a genai-prices price object made of the same numbers, so that the
rules of billing are compared there too.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import genai_prices
import numpy as np
import pytest
import yaml
from genai_prices.types import ConditionalPrice, ModelPrice, StartDateConstraint, TimeOfDateConstraint

import sim
from calibration import prices as calibration
from sim.backends.pricing import Price
from sim.settings.market import BackendSettings, CacheKind, PriceTier, PriceWindow
from sim.usage import Usage

CONF = Path(__file__).resolve().parents[2] / "conf"
FILES = sorted((CONF / "backend").glob("*/*.yaml"))
MODELS: dict[str, Any] = yaml.safe_load((CONF.parent / "calibration" / "models.yaml").read_text())["markets"]
USAGES = 10_000
"""In all, spread over the files."""


def settings_of(path: Path, **changes: Any) -> BackendSettings:
    fields = yaml.safe_load(path.read_text()) | changes
    fields["tiers"] = [PriceTier(**tier) for tier in fields.get("tiers", [])]
    fields["windows"] = [PriceWindow(**window) for window in fields.get("windows", [])]
    fields["cache"] = CacheKind[fields["cache"]]
    return BackendSettings(**fields)


def entry_of(path: Path) -> tuple[dict[str, Any], datetime]:
    """The backend in models.yaml, and the first second of its market's day."""
    market = MODELS[path.parent.name]
    return market["backends"][path.stem], datetime.combine(market["as_of"], datetime.min.time(), UTC)


def random_usages(settings: BackendSettings, n: int, seed: int) -> list[tuple[Usage, float]]:
    """Calls whose prompts are long, short, and exactly at each tier's threshold, at random seconds of the day."""
    rng = np.random.default_rng(seed)
    edges = [edge for tier in settings.tiers for edge in (tier.above_tokens - 1, tier.above_tokens, tier.above_tokens + 1)]
    out = []
    for at in range(n):
        prompt = edges[at % len(edges)] if edges and at % 4 == 0 else int(10 ** rng.uniform(0, 6.2))
        read = int(prompt * rng.choice([0, 1, rng.random()]))
        write = int((prompt - read) * rng.choice([0, 1, rng.random()])) if settings.cache is CacheKind.explicit else 0
        out.append((Usage(prompt, read, write, int(10 ** rng.uniform(0, 5))), float(rng.integers(86_400))))
    return out


def theirs(path: Path, usage: Usage, t_s: float, hour: int, context: dict[str, str] | None = None) -> float:
    """The bill by genai-prices, so many tokens of it written for an hour; by a price object of models.yaml's numbers where it overrides."""
    entry, start = entry_of(path)
    kinds = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    kinds |= {"cache_read_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens}
    if hour:
        kinds["cache_write_1h_tokens"] = hour
    tokens = genai_prices.Usage(**kinds)
    if "override" in entry:
        known = {theirs: entry["override"].get(ours) for ours, theirs in calibration.KEYS.items()}
        price = ModelPrice(**{key: Decimal(str(value)) for key, value in known.items() if value is not None})
        return float(price.calc_price(tokens)["total_price"])
    return float(
        genai_prices.calc_price(
            tokens,
            entry["price"]["model"],
            provider_id=entry["price"]["provider"],
            genai_request_timestamp=start + timedelta(seconds=t_s),
            price_context=context,
        ).total_price
    )


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("hour", [False, True], ids=["5 min", "1 h"])
@pytest.mark.parametrize("path", FILES, ids=named)
def test_bills_as_genai_prices(path: Path, hour: bool) -> None:
    settings = settings_of(path, **({"cache_ttl_s": 3600.0} if hour else {}))
    price = Price(settings, entry_of(path)[1])
    for usage, t_s in random_usages(settings, -(-USAGES // (2 * len(FILES))), seed=FILES.index(path)):
        expected = theirs(path, usage, t_s, usage.cache_write_tokens if hour else 0) * (1 + settings.fee)
        assert price.dollars(usage, t_s).total == pytest.approx(expected, rel=1e-9, abs=0), (usage, t_s)


@pytest.mark.parametrize("path", [path for path in FILES if "cache_write_1h" in path.read_text()], ids=named)
def test_bills_of_two_lifetimes_in_one_request_as_genai_prices(path: Path) -> None:
    """What is written of the first 20,000 tokens is kept for an hour."""
    settings = settings_of(path, cache_1h_tokens=20_000)
    price = Price(settings, entry_of(path)[1])
    for usage, t_s in random_usages(settings, 60, seed=11):
        for_an_hour = min(usage.cache_write_tokens, max(0, 20_000 - usage.cache_read_tokens))
        expected = theirs(path, usage, t_s, for_an_hour)
        assert price.dollars(usage, t_s).total == pytest.approx(expected, rel=1e-9, abs=0), usage


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "nov_2026"], ids=named)
def test_batch_bills_as_genai_prices(path: Path) -> None:
    settings = settings_of(path)
    price = Price(settings, entry_of(path)[1], batch=True)
    for usage, t_s in random_usages(settings, 20, seed=7):
        expected = theirs(path, usage, t_s, 0, {"processing": "batch"})
        assert price.dollars(usage, t_s).total == pytest.approx(expected, rel=1e-9, abs=0), (usage, t_s)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_many_calls_at_once_cost_the_same(path: Path) -> None:
    settings = settings_of(path, request_usd=0.003, cache_1h_tokens=20_000, **EU)
    price = Price(settings, entry_of(path)[1])
    calls = [*random_usages(settings, 50, seed=3), (Usage(), 0.0)]
    columns = {name: np.array([getattr(usage, name) for usage, _ in calls]) for name in Usage._fields}
    rows = columns | {"t_request_s": np.array([t_s for _, t_s in calls])}
    np.testing.assert_allclose(price.dollars_of(rows), [price.dollars(usage, t_s) for usage, t_s in calls], rtol=1e-12)


USAGE = Usage(input_tokens=100_000, cache_read_tokens=70_000, cache_write_tokens=20_000, output_tokens=5_000)
FULL: dict[str, Any] = {
    "input_usd_per_mtok": 4.0,
    "output_usd_per_mtok": 20.0,
    "cache_read_usd_per_mtok": 0.5,
    "cache_write_usd_per_mtok": 5.0,
    "cache_write_1h_usd_per_mtok": 8.0,
}


MONDAY = datetime(2026, 2, 16, tzinfo=UTC)


def bill(usage: Usage = USAGE, t_s: float = 0.0, start: datetime = MONDAY, batch: bool = False, **changes: Any) -> float:
    return Price(BackendSettings(**(FULL | changes)), start, batch=batch).dollars(usage, t_s).total


def test_each_kind_of_token_has_its_price() -> None:
    parts = Price(BackendSettings(**FULL)).dollars(USAGE)
    assert parts == pytest.approx((0.04, 0.035, 0.1, 0.1, 0.0))
    assert bill(cache_ttl_s=3600.0) == pytest.approx(0.04 + 0.035 + 0.16 + 0.1)


def test_batch_takes_its_discount_off() -> None:
    assert bill(batch=True) == pytest.approx(bill() / 2, rel=1e-12)
    assert bill(batch=True, batch_discount=0.0) == bill()


def test_batch_discounts_by_kind_of_token() -> None:
    """0.04 fresh, 0.035 read, 0.1 written, 0.1 out; what is not named has the general discount."""
    kinds = {"input": 0.1, "cache_read": 0.2, "cache_write": 0.3, "output": 0.4}
    assert bill(batch=True, batch_discounts=kinds) == pytest.approx(0.036 + 0.028 + 0.07 + 0.06, rel=1e-12)
    assert bill(batch=True, batch_discounts={"cache_read": 0.0}) == pytest.approx(0.02 + 0.035 + 0.05 + 0.05, rel=1e-12)
    assert bill(batch=True, batch_discounts=kinds, cache_ttl_s=3600.0) == pytest.approx(0.036 + 0.028 + 0.112 + 0.06, rel=1e-12)
    assert bill(batch_discounts=kinds) == bill(), "no batch, no discount"
    dear = [PriceTier(above_tokens=0, cache_read_usd_per_mtok=1.0)]
    assert bill(batch=True, batch_discounts=kinds, tiers=dear) == pytest.approx(0.036 + 0.056 + 0.07 + 0.06, rel=1e-12)
    assert bill(batch=True, batch_discounts=kinds, cache_read_usd_per_mtok=None) == pytest.approx(0.036 + 0.252 + 0.07 + 0.06, rel=1e-12)


EU: dict[str, Any] = {"region": "eu", "regional_surcharges": {"us": 0.3, "eu": 0.1}}


def test_a_region_costs_more_of_every_token_and_of_nothing_else() -> None:
    """0.275 dollars of tokens; a fee of a request is the same anywhere, and a router's surcharge comes on top of both."""
    assert bill(**EU) == pytest.approx(1.1 * 0.275, rel=1e-12)
    assert bill(regional_surcharges=EU["regional_surcharges"]) == bill(), "nobody asks for a region"
    assert bill(**EU, batch=True) == pytest.approx(1.1 * 0.275 / 2, rel=1e-12)
    assert bill(**EU, request_usd=0.01, fee=0.055) == pytest.approx(1.055 * (1.1 * 0.275 + 0.01), rel=1e-12)
    assert bill(**EU, cache_1h_tokens=75_000) == pytest.approx(1.1 * bill(cache_1h_tokens=75_000), rel=1e-12)
    dear = [PriceTier(above_tokens=0, input_usd_per_mtok=6.0, output_usd_per_mtok=30.0)]
    assert bill(**EU, tiers=dear) == pytest.approx(1.1 * (0.06 + 0.035 + 0.1 + 0.15), rel=1e-12)
    night = [PriceWindow(from_h=0, until_h=1, multiplier=0.5)]
    hours = [bill(**EU, windows=night, t_s=t_s) for t_s in (60.0, 3660.0)]
    assert hours == pytest.approx([1.1 * 0.275 / 2, 1.1 * 0.275], rel=1e-12)


def test_fee_multiplies_the_bill() -> None:
    assert bill(fee=0.055) == pytest.approx(1.055 * bill(), rel=1e-12)


def test_a_request_has_a_fee_whatever_its_tokens() -> None:
    """A cent a request; dearer hours and a router's surcharge are on it too, a batch discount is not."""
    assert Price(BackendSettings(**FULL, request_usd=0.01)).dollars(USAGE).fees == 0.01
    assert bill(request_usd=0.01) == pytest.approx(bill() + 0.01, rel=1e-12)
    assert bill(request_usd=0.01, usage=Usage(output_tokens=1)) == pytest.approx(0.01 + 20e-6, rel=1e-12)
    assert bill(request_usd=0.01, usage=Usage()) == 0, "refused, or not billed"
    assert bill(request_usd=0.01, fee=0.055) == pytest.approx(1.055 * (bill() + 0.01), rel=1e-12)
    assert bill(request_usd=0.01, batch=True) == pytest.approx(bill() / 2 + 0.01, rel=1e-12)
    noon = [PriceWindow(from_h=12, until_h=13, multiplier=3.0)]
    assert bill(request_usd=0.01, windows=noon, t_s=12.5 * 3600) == pytest.approx(3 * (bill() + 0.01), rel=1e-12)
    assert Price(BackendSettings(**FULL, request_usd=0.01, windows=noon)).at_base(USAGE).total == pytest.approx(bill() + 0.01, rel=1e-12)


def test_twice_the_price_is_twice_the_bill_exactly() -> None:
    assert bill(**{key: 2 * value for key, value in FULL.items()}) == 2 * bill()


@pytest.mark.parametrize(("hour", "factor"), [(21.99, 1), (22, 3), (23.5, 3), (0, 3), (5.99, 3), (6, 1), (12, 1), (46, 3)])
def test_window_wraps_midnight(hour: float, factor: int) -> None:
    night = [PriceWindow(from_h=22, until_h=6, multiplier=3)]
    assert bill(t_s=hour * 3600, windows=night) == pytest.approx(factor * bill(), rel=1e-12)


def test_window_goes_by_the_hour_of_day_at_which_the_run_starts() -> None:
    morning = [PriceWindow(from_h=9, until_h=10, multiplier=2)]
    start = datetime(2026, 2, 16, 8, 30, tzinfo=UTC)
    assert bill(t_s=1799, start=start, windows=morning) == pytest.approx(bill(), rel=1e-12)
    assert bill(t_s=1800, start=start, windows=morning) == pytest.approx(2 * bill(), rel=1e-12)


def test_a_head_is_written_for_an_hour_and_the_rest_for_minutes() -> None:
    """20,000 written behind 70,000 read: of a head of 75,000 that is 5,000 at 8 and 15,000 at 5; of one that was read, none."""
    usual = bill() - 0.1
    for head, written in ((75_000, 0.04 + 0.075), (70_000, 0.1), (1000, 0.1), (90_000, 0.16), (1_000_000, 0.16)):
        assert bill(cache_1h_tokens=head) == pytest.approx(usual + written, rel=1e-12)
    assert bill(cache_1h_tokens=75_000, cache_write_1h_usd_per_mtok=None) == pytest.approx(bill(), rel=1e-12)
    assert bill(cache_1h_tokens=75_000, cache_min_tokens=80_000) == bill(), "too short to be cached by itself"
    assert bill(cache_1h_tokens=75_000, batch=True) == pytest.approx((usual + 0.115) / 2, rel=1e-12)


def test_missing_price_falls_back() -> None:
    assert bill(cache_read_usd_per_mtok=None) == bill(cache_read_usd_per_mtok=FULL["input_usd_per_mtok"])
    assert bill(cache_write_usd_per_mtok=None) == bill(cache_write_usd_per_mtok=FULL["input_usd_per_mtok"])
    assert bill(cache_write_1h_usd_per_mtok=None, cache_ttl_s=3600.0) == bill(cache_ttl_s=300.0)
    tier = [PriceTier(above_tokens=50_000, output_usd_per_mtok=30.0)]
    assert bill(tiers=tier) == pytest.approx(bill() + 5_000 * 10e-6)


def test_tier_starts_above_its_threshold() -> None:
    tier = [PriceTier(above_tokens=100_000, input_usd_per_mtok=8.0)]
    fresh = Usage(input_tokens=100_000)
    assert bill(fresh, tiers=tier) == pytest.approx(0.4)
    assert bill(fresh._replace(input_tokens=100_001), tiers=tier) == pytest.approx(8e-6 * 100_001)


def test_tiers_hold_in_the_order_of_their_thresholds_however_they_are_listed() -> None:
    """4 up to 1,000 tokens, 5 above them, 6 above 2,000; looking ahead must know where the first one begins."""
    above_2000, above_1000 = PriceTier(above_tokens=2000, input_usd_per_mtok=6.0), PriceTier(above_tokens=1000, input_usd_per_mtok=5.0)
    price = Price(BackendSettings(**BASE, tiers=[above_2000, above_1000]))
    for prompt, usd in ((1000, 4e-6), (1001, 5e-6), (2000, 5e-6), (2001, 6e-6)):
        assert price.rates(prompt, 0.0).fresh == pytest.approx(usd)
        assert price.dollars(Usage(input_tokens=prompt)).total == pytest.approx(prompt * usd)
        assert price.at_base(Usage(input_tokens=prompt)).total == pytest.approx(prompt * usd)
    assert price.first_tier == 1000
    assert Price(BackendSettings(**BASE)).first_tier > 10**15, "no prompt comes there"


def test_rates_and_fees_are_those_of_their_hour() -> None:
    """Three times as dear from noon to one."""
    price = Price(BackendSettings(**FULL, request_usd=0.01, windows=[PriceWindow(from_h=12, until_h=13, multiplier=3.0)]), MONDAY)
    for t_s, factor in ((0.0, 1), (12.5 * 3600, 3)):
        assert price.rates(1, t_s) == pytest.approx(price.base.times(factor))
        assert price.fee(t_s) == pytest.approx(0.01 * factor)
    plain = Price(BackendSettings(**FULL, request_usd=0.01), MONDAY)
    assert plain.rates(1, 12.5 * 3600) == plain.base
    assert plain.fee(12.5 * 3600) == 0.01


def test_a_bill_at_no_stated_time_is_that_of_the_first_second() -> None:
    """A window of a single second, from midnight on."""
    first = [PriceWindow(from_h=0, until_h=1 / 3600, multiplier=3.0)]
    assert Price(BackendSettings(**FULL, windows=first), MONDAY).dollars(USAGE).total == pytest.approx(3 * bill(), rel=1e-12)


def test_one_token_is_a_request_too() -> None:
    one = Usage(input_tokens=1)
    price = Price(BackendSettings(**FULL, request_usd=0.01))
    rows = {name: np.array([getattr(one, name)]) for name in Usage._fields} | {"t_request_s": np.zeros(1)}
    assert price.dollars(one).fees == price.dollars_of(rows)[0, 4] == 0.01


@pytest.mark.parametrize("kind", ["input", "output"])
def test_what_is_free_costs_nothing(kind: str) -> None:
    price = Price(BackendSettings(**BASE | {f"{kind}_usd_per_mtok": 0.0}))
    assert price.dollars(Usage(**{f"{kind}_tokens": 10**6})).total == 0.0


def test_automatic_cache_has_no_write_price() -> None:
    assert bill(cache=CacheKind.automatic) == bill(cache_write_usd_per_mtok=FULL["input_usd_per_mtok"])


# ---- the files ---------------------------------------------------------------------------------------------------------


def test_files_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert calibration.main(["--check"]) == 0, capsys.readouterr().err


def test_check_names_the_file_that_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conf = tmp_path / "conf"
    assert calibration.main([], conf) == 0
    assert calibration.main(["--check"], conf) == 0
    changed = conf / "backend" / "feb_2026" / "glm_5.yaml"
    changed.write_text(changed.read_text().replace("input_usd_per_mtok: 1\n", "input_usd_per_mtok: 2\n"))
    capsys.readouterr()
    assert calibration.main(["--check"], conf) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "conf/backend/feb_2026/glm_5.yaml" in error


DAYTIME = TimeOfDateConstraint(time(8, tzinfo=UTC), time(20, tzinfo=UTC))


def conditional(constraint: Any, **prices: int) -> ConditionalPrice:
    return ConditionalPrice(constraint, prices=ModelPrice(**{key: Decimal(value) for key, value in prices.items()}))


def test_hours_become_a_multiplier() -> None:
    later = StartDateConstraint(date(2027, 1, 1))
    entries = [conditional(None, input_mtok=2, output_mtok=6), conditional(later, input_mtok=9, output_mtok=9)]
    model = SimpleNamespace(id="m", prices=[*entries, conditional(DAYTIME, input_mtok=5, output_mtok=15)])
    prices = calibration.price_list(model, date(2026, 11, 23))
    assert prices.base == {"input_usd_per_mtok": 2, "output_usd_per_mtok": 6}
    assert prices.windows == [PriceWindow(from_h=8, until_h=20, multiplier=2.5)]


def test_hours_without_a_common_multiple_are_refused() -> None:
    entries = [conditional(None, input_mtok=2, output_mtok=6), conditional(DAYTIME, input_mtok=4, output_mtok=6)]
    with pytest.raises(sim.ConfigError, match="m: prices from 8 to 20 h are no common multiple"):
        calibration.price_list(SimpleNamespace(id="m", prices=entries), date(2026, 11, 23))


@pytest.mark.parametrize("market", sorted(MODELS))
def test_market_composes(market: str) -> None:
    first = next(iter(MODELS[market]["backends"]))
    scenario = sim.load(f"market={market}", f"backends=[{first}]", f"market.models.{first}.input_usd_per_mtok=0.15")
    assert scenario.market.name == market
    assert set(scenario.market.models) == set(MODELS[market]["backends"])
    assert scenario.market.models[first].input_usd_per_mtok == 0.15


BASE: dict[str, Any] = {"input_usd_per_mtok": 4.0, "output_usd_per_mtok": 20.0}
HALF = BASE | {"cache_read_usd_per_mtok": 0.4, "cache_write_usd_per_mtok": 5.0}
"""A cache discount of 3.60: half realised, a read costs 2.20; in the tier 4.40."""
DEAR = PriceTier(above_tokens=200_000, input_usd_per_mtok=8.0, cache_read_usd_per_mtok=0.8)


def test_of_a_discount_that_is_half_realised_half_is_paid() -> None:
    half = Price(BackendSettings(**HALF, tiers=[DEAR], cache_discount_realised=0.5))
    bill = half.dollars(Usage(100_000, 90_000, 10_000, 1000))
    assert bill.cache_read == pytest.approx(0.198)
    assert bill.total == pytest.approx(0.198 + 0.05 + 0.02)
    assert half.dollars(Usage(300_000, 290_000, 10_000, 0)).cache_read == pytest.approx(290_000 * 4.4e-6)
    none = Price(BackendSettings(**HALF, tiers=[DEAR], cache_discount_realised=0.0))
    assert none.base.cache_read == none.base.fresh
    assert none.rates(250_000, 0.0).cache_read == none.rates(250_000, 0.0).fresh


def test_a_discount_that_is_realised_in_full_is_the_list_to_the_bit() -> None:
    listed = Price(BackendSettings(**HALF, tiers=[DEAR]))
    full = Price(BackendSettings(**HALF, tiers=[DEAR], cache_discount_realised=1.0))
    for prompt in (1000, 300_000):
        assert listed.rates(prompt, 0.0) == full.rates(prompt, 0.0)
    without = BackendSettings(**BASE, cache_discount_realised=0.5)
    assert Price(without).base.cache_read == Price(without).base.fresh, "no discount, nothing to realise"
