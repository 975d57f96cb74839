"""Write conf/backend/ and conf/market/ from calibration/models.yaml, works.yaml and the prices in the installed genai-prices.

    python -m calibration.prices            write the files and show where the two sources disagree
    python -m calibration.prices --check    write nothing; end with 1 and one line when a file is not up to date

No network: genai-prices ships its data.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sim.calendar import HOUR_S, Calendar
from sim.errors import ConfigError
from sim.settings.bounds import check
from sim.settings.market import BackendSettings, CacheKind, PriceTier, PriceWindow, QualitySettings, WorkSettings

MODELS = Path(__file__).resolve().with_name("models.yaml")
WORKS = MODELS.with_name("works.yaml")
"""What bills say of each model's work: `python -m calibration.work` writes it."""
CONF = MODELS.parents[1] / "conf"
KEYS = {
    "input_usd_per_mtok": "input_mtok",
    "output_usd_per_mtok": "output_mtok",
    "cache_read_usd_per_mtok": "cache_read_mtok",
    "cache_write_usd_per_mtok": "cache_write_mtok",
    "cache_write_1h_usd_per_mtok": "cache_write_1h_mtok",
}
"""Our name of each price, and the one of genai-prices; both in USD per million tokens."""
GROUPS = (
    ("label", "vendor", "origin", "serving", "source", "as_of"),
    (*KEYS, "tiers", "windows", "request_usd", "web_search_usd_per_1k", "regional_surcharges", "batch_discount", "batch_discounts", "fee"),
    ("cache", "cache_ttl_s", "cache_min_tokens", "share_system"),
)
"""Fields that stand together in a file, in this order; the others follow as `BackendSettings` has them."""
WORKS_HEAD = "# Over Claude Opus 4.6; S: turns counted, R: a neighbour's, A: a guess. Words and discount are one lump (calibration/work.py)"
QUALITIES_HEAD = "# Share of SWE-bench Verified solved, by who measured it (outcome.quality_source)"
BY_HAND = "Written by `python -m calibration.prices`; edit calibration/models.yaml instead."


class Fact(NamedTuple):
    """A value of models.yaml, with what it rests on (S: seen in a primary source; R: reported; A: assumption)."""

    value: Any
    mark: str = ""
    why: str = ""

    @property
    def note(self) -> str:
        """For the end of a line."""
        return f"  # {self.mark}: {self.why}" if self.mark else ""


Prices = dict[str, Decimal]
"""By our name."""


@dataclass
class PriceList:
    """What one model costs on one day."""

    base: Prices
    tiers: list[tuple[int, Prices]] = field(default_factory=list)
    """(prompt tokens above which they hold, prices)."""
    windows: list[PriceWindow] = field(default_factory=list)
    """The first one that holds counts."""
    search_usd_per_1k: Decimal | None = None
    """A fee for 1,000 web searches."""


@dataclass
class Backend:
    """One file to write."""

    name: str
    label: str
    source: str
    prices: PriceList
    facts: dict[str, Fact]
    remarks: list[str]
    listed: PriceList
    listed_window: int | None
    """What genai-prices says, for comparison."""


def main(arguments: list[str] | None = None, conf: Path = CONF) -> int:
    """The shell's entry; returns the exit code. `conf`: where the files are."""
    parser = argparse.ArgumentParser(prog="python -m calibration.prices", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 when a file is not up to date")
    only_check = parser.parse_args(arguments).check
    try:
        models: dict[str, Any] = yaml.safe_load(MODELS.read_text())["markets"]
        markets = {name: list(backends(market)) for name, market in models.items()}
    except (ConfigError, ImportError, LookupError) as error:
        return _complain(f"no {error} in models.yaml" if isinstance(error, KeyError) else str(error))
    files = {path: text for name, market in models.items() for path, text in render(conf, name, market, markets[name])}
    stale = [path for path, text in files.items() if not path.is_file() or _versionless(path.read_text()) != _versionless(text)]
    left = [path for name in markets for path in sorted((conf / "backend" / name).glob("*.yaml")) if path not in files]
    if only_check:
        names = ", ".join(str(path.relative_to(conf.parent)) for path in [*stale, *left])
        return _complain(f"not up to date: {names}; run python -m calibration.prices") if names else 0
    for path, text in files.items():
        _write(path, text)
    for path in left:
        path.unlink()
    print(disagreements(markets))
    return 0


def _complain(message: str) -> int:
    print(f"calibration.prices: {message}", file=sys.stderr)
    return 1


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".yaml.new")
    aside.write_text(text)
    os.replace(aside, path)


def _versionless(text: str) -> str:
    """The same prices from another release of genai-prices are no difference."""
    return re.sub(r"genai-prices [\d.]*\d", "genai-prices", text)


def backends(market: dict[str, Any]) -> Iterator[Backend]:
    """The backends of one market of models.yaml, priced."""
    day: date = market["as_of"]
    works: dict[str, Any] = yaml.safe_load(WORKS.read_text())
    for name, entry in market["backends"].items():
        rest = dict(entry)
        wanted, override, note, scores = rest.pop("price"), rest.pop("override", None), rest.pop("note", None), rest.pop("qualities")
        days = rest.pop("window_days", None)
        model = find(wanted["provider"], wanted["model"])
        listed = price_list(model, day)
        source = f"genai-prices {version('genai-prices')}, {wanted['provider']}/{wanted['model']}"
        remarks = [note] if note else []
        if model.id.lower() != wanted["model"].lower():
            remarks.append(f"genai-prices prices {wanted['model']} under its entry {model.id}.")
        prices = listed
        if days:
            prices = dataclasses.replace(listed, windows=[_local(window, _fact(days).value, day) for window in listed.windows])
            remarks.append(f"Hours of windows in {days['is']['zone']}; {days['mark']}: {days['why']}.")
        if override:
            prices = PriceList({key: Decimal(str(override[key])) for key in KEYS if key in override})
            remarks += [override["why"], f"It is not what {source} says: {_listed(listed.base)}."]
            source = override["source"]
        facts = {key: _fact(value) for key, value in rest.items()}
        facts["speed_sure"] = Fact(_weaker(facts["ttft_s"], facts["decode_tokens_per_s"]))
        facts["qualities"] = _qualities(scores)
        facts |= {"source": Fact(source), "as_of": Fact(day.isoformat())}
        if name in works:
            facts["works"] = Fact(works[name])
        if prices.search_usd_per_1k is not None and "web_search_usd_per_1k" not in facts:
            facts["web_search_usd_per_1k"] = Fact(_plain(float(prices.search_usd_per_1k)), "S", "genai-prices")
        if "context_window_tokens" not in facts:
            facts["context_window_tokens"] = Fact(model.context_window, "S", "genai-prices")
        backend = Backend(name, rest["label"], source, prices, facts, remarks, listed, model.context_window)
        _must_fit(backend)
        yield backend


def _weaker(*facts: Fact) -> str:
    """The mark of the one that is known less well."""
    return max((fact.mark for fact in facts), key="SRA".index)


def _fact(entry: Any) -> Fact:
    """`{is: value, mark: S, why: source}`, or a bare value."""
    return Fact(entry["is"], entry["mark"], entry["why"]) if isinstance(entry, dict) else Fact(entry)


def _qualities(entry: dict[str, Any]) -> Fact:
    """A fact a source, as the backend's file has them; or that there is none."""
    if "is" in entry:
        return _fact(entry)
    found = {source: _fact(fact) for source, fact in entry.items()}
    return Fact({source: {"solved": fact.value, "sure": fact.mark, "source": fact.why} for source, fact in found.items()})


def _must_fit(backend: Backend) -> None:
    """Raise `ConfigError` for what the simulator would not take, or would silently bill otherwise."""
    known = {each.name for each in fields(BackendSettings)}
    values = {key: fact.value for key, fact in backend.facts.items() if fact.value is not None}
    for key in sorted(set(values) - known):
        raise ConfigError(f"{backend.name}.{key}: not a setting of a backend")
    values["qualities"] = {source: QualitySettings(**found) for source, found in values.get("qualities", {}).items()}
    values["works"] = {harness: WorkSettings(**work) for harness, work in values.get("works", {}).items()}
    prices: dict[str, Any] = {key: float(value) for key, value in backend.prices.base.items()}
    tiers = [PriceTier(above_tokens=above, **{key: float(value) for key, value in of.items()}) for above, of in backend.prices.tiers]
    settings = BackendSettings(**values, **prices, tiers=tiers, windows=backend.prices.windows)
    check(settings, backend.name)
    if settings.cache is not CacheKind.explicit and {"cache_write_usd_per_mtok", "cache_write_1h_usd_per_mtok"} & set(prices):
        raise ConfigError(f"{backend.name}.cache={settings.cache.name}: has a write price, so must be explicit")


def find(provider: str, model: str) -> Any:
    """The entry of genai-prices for a model as named by its provider."""
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError:
        raise ImportError("needs genai-prices: pip install 'agent-token-sim[dev]'") from None
    return get_snapshot().find_provider_model(model, None, provider, None)[1]


def price_list(model: Any, day: date) -> PriceList:
    """A genai-prices entry on `day` as our prices: its last dated price that holds, and the hours of day that come after it."""
    from genai_prices.types import ConditionalPrice, TimeOfDateConstraint

    noon = datetime.combine(day, time(12), UTC)
    entries = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    daily = [isinstance(entry.constraint, TimeOfDateConstraint) for entry in entries]
    dated = [at for at, entry in enumerate(entries) if not daily[at] and (entry.constraint is None or entry.constraint.active(noon))]
    current = dated[-1] if dated else 0
    out = PriceList(*_flat(entries[current].prices))
    search = entries[current].prices.web_searches_kcount
    if search is not None:
        out.search_usd_per_1k = Decimal(str(search))
    for at in reversed(range(current + 1, len(entries))):
        if daily[at]:
            out.windows.append(_window(model.id, entries[at], out))
    return out


def _local(window: PriceWindow, days: dict[str, Any], day: date) -> PriceWindow:
    """Hours of UTC as those of a zone that sets no clocks, on its weekdays: genai-prices knows neither."""
    calendar = Calendar(datetime.combine(day, time(), UTC), days["zone"])
    from_h, until_h = (calendar.at(hour * HOUR_S)[1] / HOUR_S for hour in (window.from_h, window.until_h))
    return dataclasses.replace(window, from_h=from_h, until_h=until_h, **days)


def _flat(prices: Any) -> tuple[Prices, list[tuple[int, Prices]]]:
    """Base prices and tiers. genai-prices has tiers by kind of token; ours hold for all kinds, so each is filled up."""
    found = {ours: getattr(prices, theirs) for ours, theirs in KEYS.items() if getattr(prices, theirs) is not None}
    tiers = {key: price.tiers for key, price in found.items() if hasattr(price, "tiers")}
    base = {key: price.base if key in tiers else price for key, price in found.items()}
    starts = sorted({tier.start for of_key in tiers.values() for tier in of_key})

    def at(start: int) -> Prices:
        return base | {key: tier.price for key, of_key in tiers.items() for tier in of_key if tier.start <= start}

    return base, [(start, at(start)) for start in starts]


def _window(model: str, entry: Any, base: PriceList) -> PriceWindow:
    """Hours with other prices as one multiplier; `ConfigError` when they are no common multiple of the base."""
    ends = (entry.constraint.start_time, entry.constraint.end_time)
    if any(end.utcoffset() for end in ends):
        raise ConfigError(f"{model}: hours {entry.constraint} are not in UTC")
    hours = [end.hour + end.minute / 60 + end.second / 3600 for end in ends]
    prices, tiers = _flat(entry.prices)
    factor = prices.get("input_usd_per_mtok", Decimal(0)) / (base.base["input_usd_per_mtok"] or 1)
    if [(0, prices), *tiers] != [
        (start, {key: price * factor for key, price in of.items()}) for start, of in [(0, base.base), *base.tiers]
    ]:
        raise ConfigError(f"{model}: prices from {hours[0]:g} to {hours[1]:g} h are no common multiple of the base: {_listed(prices)}")
    return PriceWindow(from_h=hours[0], until_h=hours[1], multiplier=float(factor))


def render(conf: Path, name: str, market: dict[str, Any], members: list[Backend]) -> Iterator[tuple[Path, str]]:
    """The files of a market: (path, text)."""
    for backend in members:
        yield conf / "backend" / name / f"{backend.name}.yaml", backend_text(backend)
    lines = [f"# {market['about']} {BY_HAND}", "defaults:"]
    lines += [f"  - /backend/{name}:", *(f"      - {backend.name}" for backend in members), "  - _self_", f"name: {name}"]
    yield conf / "market" / f"{name}.yaml", "\n".join(lines) + "\n"


def backend_text(backend: Backend) -> str:
    """One file of conf/backend/."""
    remarks = [
        backend.label,
        f"Prices: {backend.source}, on {backend.facts['as_of'].value}, USD per million tokens.",
        *backend.remarks,
        "S: seen in a primary source or computed from its data; R: reported; A: assumption.",
        BY_HAND,
    ]
    head = [f"# @package market.models.{backend.name}", *(f"# {remark}" for remark in remarks)]
    lines = {key: [f"{key}: {_scalar(fact.value)}{fact.note}"] for key, fact in backend.facts.items() if fact.value is not None}
    lines |= {key: [f"# {key} not known{fact.note.replace('  # ', '; ')}"] for key, fact in backend.facts.items() if fact.value is None}
    lines |= {key: [f"{key}: {_number(price)}"] for key, price in backend.prices.base.items()}
    if backend.prices.tiers:
        tiers = [{"above_tokens": f"{above}"} | {key: _number(price) for key, price in of.items()} for above, of in backend.prices.tiers]
        lines["tiers"] = ["tiers:", *(f"  - {{{', '.join(f'{key}: {text}' for key, text in tier.items())}}}" for tier in tiers)]
    if backend.prices.windows:
        lines["windows"] = ["windows:", *(f"  - {_flow(_shown(window))}" for window in backend.prices.windows)]
    if "works" in backend.facts:
        works = backend.facts["works"].value
        lines["works"] = [WORKS_HEAD, "works:", *(f"  {harness}: {_flow(work)}" for harness, work in works.items())]
    else:
        lines["works"] = ["# works not known: no measured bills, so the same work is assumed"]
    if (found := backend.facts["qualities"].value) is not None:
        lines["qualities"] = [QUALITIES_HEAD, "qualities:", *(f"  {source}: {_flow(score)}" for source, score in found.items())]
    grouped = {key for group in GROUPS for key in group}
    rest = [each.name for each in fields(BackendSettings) if each.name not in grouped]
    blocks = [[line for key in group for line in lines.get(key, [])] for group in (*GROUPS, rest)]
    return "\n\n".join("\n".join(block) for block in [[*head, *blocks[0]], *blocks[1:]]) + "\n"


def _scalar(value: Any) -> str:
    """A number, a text or a mapping as YAML, on one line."""
    if isinstance(value, dict):
        return _flow(value)
    text: str = yaml.safe_dump(value, width=10_000, allow_unicode=True)
    return text.partition("\n")[0]


def _shown(window: PriceWindow) -> dict[str, Any]:
    """What of a window is not its default; whole numbers as such."""
    plain = PriceWindow(multiplier=1)
    shown = {name: value for name, value in dataclasses.asdict(window).items() if name == "multiplier" or value != getattr(plain, name)}
    return {name: _plain(value) for name, value in shown.items()}


def _plain(value: Any) -> Any:
    """A whole number as such."""
    return int(value) if isinstance(value, float) and value == int(value) else value


def _flow(mapping: dict[str, Any]) -> str:
    """The same of a mapping."""
    text: str = yaml.safe_dump(mapping, width=10_000, allow_unicode=True, default_flow_style=True, sort_keys=False)
    return text.strip()


def _number(price: Decimal) -> str:
    return format(price.normalize(), "f")


def _listed(prices: Prices) -> str:
    return ", ".join(f"{key.removesuffix('_usd_per_mtok').replace('_', ' ')} {_number(price)}" for key, price in prices.items())


def disagreements(markets: dict[str, list[Backend]]) -> str:
    """Where models.yaml sets aside what genai-prices says, as a table for people."""
    rows = [("market", "backend", "", "genai-prices", "models.yaml")]
    for market, members in markets.items():
        for backend in members:
            for key in KEYS:
                listed, ours = (_number(of.base[key]) if key in of.base else "-" for of in (backend.listed, backend.prices))
                if listed != ours:
                    rows.append((market, backend.name, key, listed, ours))
            window = backend.facts["context_window_tokens"].value
            if window != backend.listed_window:
                rows.append((market, backend.name, "context_window_tokens", f"{backend.listed_window or '-'}", f"{window}"))
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


if __name__ == "__main__":
    sys.exit(main())
