"""What Hydra and OmegaConf refuse, in one line for those who know neither."""

from __future__ import annotations

import re
import traceback
import typing
from dataclasses import fields

from sim.errors import did_you_mean
from sim.sampling.distributions import PARAMETERS
from sim.scenario.composed.forms import deeper, holder, kinds, list_form
from sim.scenario.composed.slips import as_meant, of_type
from sim.scenario.composed.typed import menus
from sim.scenario.scenario import Scenario
from sim.scenario.sources import CONF, market_with


def is_hydras(error: BaseException) -> bool:
    """Whether Hydra, or what it stands on, has refused something: now and then it says so in a plain ValueError."""
    told_by = {type(error).__module__.split(".")[0]}
    last = 100 if isinstance(error, RecursionError) else 1  # where a stack ends is chance
    told_by |= {frame.f_globals["__name__"].split(".")[0] for frame, _ in list(traceback.walk_tb(error.__traceback__))[-last:]}
    return isinstance(error, UnicodeDecodeError) or bool(told_by & {"hydra", "hydra_plugins", "optuna", "omegaconf", "antlr4", "yaml"})


def explain(error: BaseException) -> str:
    """Hydra's and OmegaConf's words in one line, with the likely key where one is unknown."""
    cause = error.__cause__ if error.__cause__ is not None and str(error).startswith(("Could not override", "Error merging")) else None
    message = _one_line(cause or error) or _one_line(error.__cause__ or error) or "a file of settings that makes no sense"
    if isinstance(error, UnicodeDecodeError):
        message = f"a file of settings is not UTF-8 text: {error.reason} at byte {error.start}"
    if isinstance(error, RecursionError):
        message = "settings nested too deeply, or files whose defaults name one another"
    of_file = re.match(r"In '([^']+)': \w+ raised while composing config: ?(.*)", message)
    place, message = of_file.groups() if of_file else ("", message)
    told = re.search(r"full_key: ?(\S.*)", str(cause or error))
    key = _whole(_key(error) if cause else "", told[1] if told else getattr(cause or error, "full_key", None))
    plain = _not_installed(message) or _not_on_menu(message) or _one_backend(message) or _in_the_head(message)
    plain = plain or _unknown(message, key if of_file else _key(error)) or _no_word(error, message)
    plain = plain or f"{key}: {_plainer(message, key)}".removeprefix(": ")
    return f"{place}, {plain}" if place not in ("", "config") else plain


def _not_installed(message: str) -> str:
    """Of a plugin that is asked for and not there."""
    plugin = re.search(r"Could not find 'hydra/(sweeper/optuna|launcher/submitit)", message)
    if plugin is None:
        return ""
    kind, name = plugin[1].split("/")
    return f"hydra/{kind}={name}: is not installed; pip install hydra-{name}-{kind}"


def _not_on_menu(message: str) -> str:
    """Of a choice that a group has not, with the likely one."""
    found = re.search(r"Could not find '(.+)/([^/]*)'; Available options in '\1': ?(.*)", message)
    if found is None:
        return ""
    group, choice, menu = found.groups()
    return f"{group}={choice}: not on the menu; {did_you_mean(choice, filter(None, menu.split('; ')))}"


def _one_backend(message: str) -> str:
    """Of `backend=NAME`: that group adds one to the market, the list `backends` says who is used."""
    loop = re.search(r"append to your default list use \+profile=(.+)$", message)
    if loop is not None:
        return f"profile={loop[1]}: say whose loop it is: profile@agent={loop[1]}"
    found = re.search(r"append to your default list use \+backend=(.+)$", message)
    if found is None:
        return ""
    name = re.sub(r"[\[\]' ]", "", found[1])
    likely = "" if market_with(name) or "," in name else likely_backends(name)
    return f"backend={name}: who is used is a list, backends=[{name}]; +backend= adds one of your own to the market{likely}"


def _in_the_head(message: str) -> str:
    """Of the head of a file: where its settings belong, and a list `defaults` that means to choose from a menu."""
    if re.match(r"Key '_?global_?' (?:not in|is not in struct)", message):
        return "begins with a comment that says where its settings belong: write it as # @package _global_"
    absent = r"Could not find '(?:.*/)?(\w+)/([^/']+)'$|Could not override '(?:.*/)?(\w+)(?:@\w+)?'\. No match"
    found = re.match(rf"(?:In '([^']+)': )?(?:{absent})", message)
    twice = re.match(r"Multiple values for (\w+)\. To override a value use 'override \w+: (.*)'", message)
    if found is None and twice is None:
        return ""
    file, group, choice = (found[1], found[2] or found[4], found[3]) if found else ("", *twice.groups())  # type: ignore[union-attr]
    if group == "backend" and choice and file in ("", "config", None):
        there = " and ".join(f"market={file.parent.name}" for file in sorted(CONF.glob(f"backend/*/{choice}.yaml")))
        added = f"backends=[{choice}] is all it needs, it ships with {there}"
        added = added if there else f"needs a file backend/{choice}.yaml in a --config-dir{likely_backends(choice)}"
        return f"+backend={choice}: {added}"
    if group == "experiment" and choice:
        return f"experiment={choice}: without the +"
    if group in ("server", "reserved") and file in ("", "config", None):
        return f"{group}={choice or 'NAME'}: is added to what there is: +{group}=NAME; see sim list {group}"
    told = f"defaults: '{group}' is not a menu; {did_you_mean(group, menus())}"
    if group in menus():
        told = f"defaults: another choice of a menu is written override /{group}: {choice or 'CHOICE'}"
    return f"{file}, {told}" if file else told


def _no_word(error: BaseException, message: str) -> str:
    """Of a word in which nothing can be read."""
    word = getattr(error, "override", None)
    unread = message.startswith(("mismatched input", "extraneous input", "no viable alternative"))
    return f"'{word}' is not KEY=VALUE; see sim --help" if word and unread else ""


def _meant_at_top(name: str) -> str:
    """Of a name that is none at the top; empty where nobody can tell what it is."""
    if name in _BACKENDS:
        return "who is used is a list, backends=[NAME]; sim list backends shows them"
    inside = deeper(name)
    return f"is not a setting at the top; did you mean {' or '.join(inside)}?" if inside else ""


def _beside(name: str, key: str) -> str:
    """Of a name that a mapping has not: a backend of the market, a parameter of a distribution."""
    if key.startswith("market.models."):
        return f"market.models: '{name}' {_PLAIN['dict is not a subclass of BackendSettings']}{likely_backends(name)}"
    whole = f"; give it whole: {key.rpartition('.')[0]}={{dist: ..., {name}: ...}}" if name in PARAMETERS else ""
    return f"{key}: there is no '{name}'{whole}"


def likely_backends(name: str) -> str:
    """The nearest backend of each market that ships, as the tail of an error; empty where none is near."""
    markets = sorted({file.parent for file in CONF.glob("backend/*/*.yaml")})
    likely = {each.name: did_you_mean(name, [file.stem for file in each.glob("*.yaml")]) for each in markets}
    near = {market: tail.split("'")[1] for market, tail in likely.items() if tail.startswith("did")}
    if len(set(near.values())) < 2:
        return "".join(f"; did you mean '{each}'?" for each in set(near.values()))
    return f"; did you mean {' or '.join(f'{each!r} (market={market})' for market, each in near.items())}?"


def _unknown(message: str, key: str) -> str:
    """Of a setting that there is not, with the likely one."""
    unknown = re.search(r"Key '([^']+)' (?:not in|is not in struct)(?: '(\w+)')?", message)
    if unknown is None:
        return ""
    name, kind = unknown.groups()
    if key.startswith("hydra."):
        return f"{key}: is no setting of Hydra"
    if not kind and "." in key:
        return _beside(name, key)
    if "." in name:
        top, _, rest = name.rpartition(".")
        levels = "".join(f"{each}: {{" for each in top.split("."))
        return f"{key or name}: in a file a dot is a level of its own: write {levels}{rest}: ...{'}' * (top.count('.') + 1)}"
    known = [field.name for field in fields(kinds(Scenario).get(kind or "", Scenario))]
    within = holder(kind) if kind and "." not in key else ""
    key = within or key
    if not within and key in ("", name) and (meant := _meant_at_top(name)):
        return f"{name}: {meant}"
    known += menus() if not within and key in ("", name) else []
    above = key.removesuffix(f".{name}")
    told = f"'{name}' is not a setting; {did_you_mean(name, set(known))}"
    if name.isdigit():
        told = f"'{name}' is no name of a setting: a number has a point and no comma, as 0.{name}"
    if above == name != key:
        told = f"settings of {name} are meant already: leave out the line {name}: above them"
    return f"{key or name}: {told}"


_BACKENDS = ("model", "models", "model_name", "llm", "vendor")
"""What users call it, at the top."""
_PLAIN = {
    "has missing mandatory value": "is missing, and has to be given",
    "is not Optional": "cannot be null",
    "Incompatible value 'None'": "cannot be null",
    "Recursive interpolation": "names itself in ${...}; write its value",
    "Interpolation key": "names a setting in ${...} that is not there",
    "is not a valid bool": "must be true or false",
    "Unexpected type for root": "a setting inside a group that is null: give the group as a mapping, e.g. agent.tries.verifier={turns: 2}",
    "Config group override must be": "a group, such as agent= or workload=, takes the name of a file of its menu, not null or a number "
    "(see --help)",
    "dict is not a subclass of BackendSettings": "is not in the market; a backend of your own is a file, backend/NAME.yaml in a "
    "--config-dir, and then +backend=NAME",
}
"""Other words for what only those who know Hydra would understand, by a part of its own."""


def _plainer(message: str, key: str) -> str:
    """Other words for what only those who know Hydra would understand."""
    unread = re.match(r"LexerNoViableAltException: (.*?);? *\^?$", message)
    unread = unread or re.match(r"Error parsing override '(.*)'; missing EQUAL at", message)
    if unread:
        return f"'{unread[1]}' is not KEY=VALUE; {as_meant(unread[1])}"
    if message.startswith(("mismatched input", "extraneous input", "no viable alternative")):
        return "is not KEY=VALUE; see sim --help"
    several = re.match(r"Ambiguous value for argument '(.*?)(=.*?)';", message)
    if several:
        point = f": {one[1]}.{one[2]}?" if (one := re.fullmatch(r"=(\d+),(\d+)", several[2])) else ""
        return f"{several[1]}{several[2]}: several values: -m runs each, {several[1]}=[...] is a list; a number has no comma inside{point}"
    if form := _second(message) or _in_a_list(message, key) or _there_already(message):
        return form
    priced = re.match(r"market\.models\.([^.]+)\.", key)
    for words, plain in _PLAIN.items():
        if words in message:
            return plain + (likely_backends(priced[1]) if priced and words.startswith("has missing") and not market_with(priced[1]) else "")
    return _mixed(key) if message in _MIXED else of_type(message, key.rpartition(".")[2]) or message


def _there_already(message: str) -> str:
    """Of a + before what there is; empty for other messages."""
    found = re.match(r"Could not append to config\. An item is already at '([^']+)'.*?: '(.*?)'(?:;|$)", message)
    return f"{found[1]}: is there already, so without the +: {found[2]}" if found else ""


def _second(message: str) -> str:
    """Of a settings file with several documents: where the second begins; empty for other messages."""
    places = re.findall(r'in "([^"]+)", line (\d+)', message) if message.startswith("expected a single document") else []
    return "".join(f"{file}, line {line}: a second document begins: leave one, without the line ---" for file, line in places[-1:])


def _in_a_list(message: str, key: str) -> str:
    """Of what should be a list, or a group of settings in one; empty for other messages."""
    if " is not a ListConfig, list or tuple" in message:
        return f"must be {list_form(key)}"
    if key.endswith("]") and "is not a subclass of" in message:
        kind = (
            "cannot be null" if "NoneType is not" in message else "must be a text" if " subclass of str" in message else "must be a mapping"
        )
        return f"{kind}: the whole is {list_form(key[: key.rindex('[')])}"
    return ""


def _mixed(key: str) -> str:
    """Of a list and a mapping in one another's place."""
    if not key:
        return "a list where a mapping has to be, or a mapping where a list has to be"
    hints = [typing.get_type_hints(kind).get(key.rpartition(".")[2]) for kind in kinds(Scenario).values()]
    if any(typing.get_origin(hint) is list for hint in hints):
        return f"must be {list_form(key)}, not a mapping"
    if key != "sensitivity.ranges" and any(typing.get_origin(hint) is dict for hint in hints):
        return "must be a mapping such as {NAME: VALUE}, not a list"
    kind = "a mapping such as {agent.fanout: [2, 8]}" if key == "sensitivity.ranges" else "a number or a mapping with 'dist'"
    return f"must be {kind}, not a list"


_MIXED = ("Cannot merge DictConfig with ListConfig", "Cannot merge incompatible container types")
"""In OmegaConf 2.3 and 2.4."""


def _key(error: BaseException) -> str:
    """The key that an override error is about."""
    found = re.search(r"(?:Could not override '|Error merging override \+*)([\w.]+)", str(error))
    return found.group(1) if found else ""


def _whole(key: str, within: object) -> str:
    """The key that an error is about, whole: OmegaConf counts from the top, or inside a list from its element on."""
    if not isinstance(within, str) or f".{key}".endswith(f".{within}"):
        return key
    return within if not key or within.startswith(key) else f"{key}, {within}"


def _one_line(error: BaseException) -> str:
    """The telling lines of a many-line message."""
    noise = (
        "object_type",
        "reference_type",
        "set_errno",
        "full_key",
        "See https",
        "Set the environment",
        "Config search path",
        "provider=",
    )
    told = [" ".join(line.split()) for line in str(error).splitlines()]
    line = "; ".join(line for line in told if line and not line.startswith(noise)).replace(":;", ":")
    return re.sub(r"^ConfigError raised while resolving interpolation: ", "", line)
