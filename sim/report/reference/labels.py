"""What settings, their values and metrics are called: `input limit of Claude Sonnet 4.6`, `1M tokens/min`, `team of 4`; never a key.

A setting that is nowhere named here is called by its key's last part, and by its unit as `sim.report.reference.settings` has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from sim.report.reference.settings import ending
from sim.settings.work import HARNESS_NAMES

Names = Mapping[str, str]
"""Backends' names for people, by id."""
AGENT, BACKENDS, FANOUT = "agent", "backends", "agent.fanout"
ONE_AGENT = ("solo", "swe_task")
"""Choices of `agent` that are one agent alone."""
SIZED = re.compile(r"(?:swe_)?(team|replicas|reviewed)_(\d+)")
"""Choices of `agent` that are named by their sub-agents."""
SHORT = {
    "_usd_per_1k_searches": ("$", "/1,000 searches"),
    "_usd_per_1k": ("$", "/1,000"),
    "_usd_per_mtok": ("$", "/Mtok"),
    "_usd_per_month": ("$", "/month"),
    "_usd_per_kwh": ("$", "/kWh"),
    "_usd_per_h": ("$", "/h"),
    "_wh_per_mtok": ("", " Wh/Mtok"),
    "_kw": ("", " kW"),
    "_tokens_per_min": ("", " tokens/min"),
    "_tokens_per_s": ("", " tokens/s"),
    "_per_min": ("", "/min"),
    "_per_week": ("", "/week"),
    "_per_h": ("", "/h"),
    "_s_per_100k_tokens": ("", " s/100k tokens"),
    "_tokens": ("", " tokens"),
    "_usd": ("$", ""),
    "_s": ("", " s"),
    "_h": ("", " h"),
    "_days": ("", " days"),
    "_weeks": ("", " weeks"),
    "_share": ("", " %"),
    "_rate": ("", " %"),
}
"""Before and after a number, by the end of a setting's name: as `sim.report.reference.settings.UNITS`, shorter."""
_SAID = {
    "agent": "workflow",
    "fanout": "sub-agents",
    "input_tokens_per_min": "input limit",
    "output_tokens_per_min": "output limit",
    "tokens_per_min": "token limit",
    "requests_per_min": "request limit",
    "slots": "calls served at once",
    "limit_gateway_most": "calls held at the gateway",
    "ttft_s": "time to first token",
    "network_rtt_s": "network round trip",
    "decode_tokens_per_s": "output speed",
    "prefill_tokens_per_s": "prompt-reading speed",
    "cache_ttl_s": "cache lifetime",
    "compact_at_tokens": "compaction at",
    "cache_1h_tokens": "prompt cached for an hour",
    "horizon_s": "length of the run",
    "interarrival_s": "time between tasks",
    "session_gap_s": "time between sessions",
    "servers.replicas": "servers",
    "autoscale.most": "servers at most",
    "autoscale.least": "servers at least",
    "servers.usd_per_h": "server price",
    "servers.batch": "calls at once per server",
    "warmup_s": "warm-up left out",
    "usd": "dollars",
    "usd_per_h": "price",
    "usd_per_month": "fee",
    "usd_per_kwh": "electricity price",
    "retry.attempts": "attempts at most",
    "retry.timeout_s": "timeout",
    "retry.patience_s": "patience in line",
    "tries.most": "tries at most",
    "goal.success_floor": "success floor",
    "value_usd": "worth of a solved task",
    "budget.usd": "budget",
    "work.harness": "harness",
    "budget.per": "budget period",
}
"""Names that nobody would guess from the key: by its last part, or by its last two."""
_COUNTED = {
    "fanout": "sub-agent", "users": "user", "tasks": "task", "servers.replicas": "server", "retry.attempts": "attempt", "waves": "wave",
    "turns": "turn", "slots": "slot", "replications": "replication", "tries.most": "try", "requests": "message",
}  # fmt: skip
"""What a number counts, where that reads better than the setting's name before it."""
_SILENT = ("agent", "workload", "outcome", "tries")
"""Owners that go without saying, but for a name that says nothing alone."""
_BARE = ("kind", "name", "backends", "pick", "parallel", "order")
_OWNERS = {
    "matched_chat": "chat baseline", "chat_baselines": "chat baseline", "retry": "retries", "tiers": "tier", "windows": "window",
    "quotas": "quota", "teams": "team", "budgets": "budget", "events": "event", "works": "work", "qualities": "success", "stages": "stage",
}  # fmt: skip
_PARAMETERS = ("mean", "median", "sigma", "shape", "sd", "p", "low", "high", "value", "shift")
"""Of a distribution."""


def setting_name(key: str, names: Names | None = None) -> str:
    """`input limit of Claude Sonnet 4.6`, `worker tool time (mean)`, `cache read price`; without its unit.

    A backend is named where `names` has it.
    """
    *owners, leaf = re.sub(r"\[(\d+)\]", r".\1", key).split(".")
    parameter = f" ({leaf})" if leaf in _PARAMETERS and owners else ""
    if parameter:
        *owners, leaf = owners
    model = owners[2] if owners[:2] == ["market", "models"] and len(owners) > 2 else ""
    owners = owners[3:] if model else owners
    pair = ".".join([*owners[-1:], leaf])
    said = _SAID.get(pair) or (_SAID.get(leaf, "") if pair not in _SAID else "")
    whose = [_OWNERS.get(owner, owner.replace("_", " ")) for owner in owners if owner not in _SILENT or leaf in _BARE]
    if not said:
        end = ending(leaf)
        bare = leaf.removesuffix(end) if end not in ("_share", "_rate", "_tokens") else leaf
        said = bare.replace("_", " ") + (" price" if end == "_usd_per_mtok" else "")
    elif pair in _SAID:
        whose = whose[:-1]
    of = f" of {names[model]}" if names and model in names else ""
    return f"{' '.join([*whose, said])}{parameter}{of}"


def setting_unit(key: str) -> str:
    """`USD/Mtok`, `tokens/min`, `s`; empty for counts and choices."""
    before, after = SHORT.get(ending(_leaf(key)), ("", ""))
    return ("USD" if before else "") + after.strip()


def axis_name(key: str, names: Names | None = None) -> str:
    """What stands under an axis, with its unit: `input limit of Claude Sonnet 4.6 (tokens/min)`."""
    known = {AGENT: "workflow (team of n: a lead and n sub-agents)", FANOUT: "sub-agents of each lead", BACKENDS: "backend"}
    unit = setting_unit(key) if ending(_leaf(key)) != "_tokens" or not setting_name(key).endswith("tokens") else ""
    return known.get(key) or f"{setting_name(key, names)}{f' ({unit})' if unit else ''}"


def value_name(key: str, value: Any, names: Names | None = None) -> str:
    """A value where its setting is named elsewhere: `1M tokens/min`, `5 min`, `$3/Mtok`, `team of 4`, `Kimi K2.5`."""
    if key == BACKENDS:
        return " + ".join((names or {}).get(each.strip(), each.strip()) for each in str(value).strip("[]").split(","))
    found = _number(value)
    if found is None:
        return _choice(key, value)
    end = ending(_leaf(key))
    if end == "_s":
        return _time(found)
    if end in ("_share", "_rate"):
        return f"{100 * found:.6g}\u00a0%"
    before, after = SHORT.get(end, ("", ""))
    return f"{before}{plain_number(found)}{after}"


def tick_name(key: str, value: Any, names: Names | None = None) -> str:
    """A value on an axis that says the unit: `1M`, `team of 4`."""
    found = _number(value) if key != BACKENDS else None
    if found is None:
        return value_name(key, value, names)
    return f"{100 * found:.6g}" if ending(_leaf(key)) in ("_share", "_rate") else plain_number(found)


def worded(key: str, value: Any, names: Names | None = None, among: Collection[str] = ()) -> str:
    """A value in a sentence: `input limit 1M tokens/min`, `16 sub-agents`, `Kimi K2.5`, `team of 4`.

    `among`: the settings that are told together; a backend is named where two of them would be called the same.
    """
    if key in (AGENT, BACKENDS):
        return value_name(key, value, names)
    found = _number(value)
    *owners, leaf = _whole(key).split(".")
    what = _COUNTED.get(".".join([*owners[-1:], leaf])) or _COUNTED.get(leaf)
    unique = [setting_name(other) for other in among].count(setting_name(key)) < 2
    if found is not None and what and unique and owners[-1:] != ["worker"]:
        plural = "tries" if what == "try" else f"{what}s"
        return f"{plain_number(found)} {what if found == 1 else plural}"
    return f"{setting_name(_whole(key), None if unique else names)} {value_name(key, value, names)}"


def metric_name(metric: str) -> str:
    """`cost per solved task` of `cost_per_success_usd`."""
    said = re.sub(r"_(usd|s)$", "", metric).replace("_", " ").replace(" usd per mtok", " price")
    return said.replace("per success", "per solved task")


def plain_number(value: float) -> str:
    """All of a number: `16`, `2,500`, `250k`, `1.5M`, `123,456`."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        short = f"{value / size:.4g}"
        if abs(value) >= max(size, 1e4) and float(short) * size == value:
            return short + letter
    return f"{value:,.10g}"


def _choice(key: str, value: Any) -> str:
    text = str(value).strip()
    if key == AGENT or not key:
        if text in ONE_AGENT:
            return "one agent"
        if size := SIZED.fullmatch(text):
            return {"team": f"team of {size[2]}", "replicas": f"{size[2]} replicas", "reviewed": f"{size[2]} reviewers"}[size[1]]
    if text in HARNESS_NAMES:
        return HARNESS_NAMES[text]
    if text.lower() in ("", "none", "null", "[]"):
        return "none"
    if text.lower() in ("true", "false"):
        return {"true": "on", "false": "off"}[text.lower()]
    return text.strip("{}").replace("_", " ").replace("dist: ", "")


def _time(seconds: float) -> str:
    """`30 s`, `5 min`, `2 h`, `7 days`: the largest unit that there are whole ones of."""
    for unit, of in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= of and seconds % of == 0 and (unit != "days" or seconds >= 2 * of) and (unit != "min" or seconds >= 2 * of):
            return f"{seconds / of:,.10g} {unit}"
    return f"{plain_number(seconds)} s"


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _whole(key: str) -> str:
    """The key of the setting, where this one is of a parameter of its distribution."""
    owner, _, leaf = key.rpartition(".")
    return owner if leaf in _PARAMETERS and owner else key


def _leaf(key: str) -> str:
    return _whole(key).rpartition(".")[2]
