"""A fit as settings in a folder of one's own: profiles, agents and an experiment, all of them or none."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.errors import ConfigError
from sim.results.files import write_whole
from sim.results.fitted.fit import Fit
from sim.results.provenance import SOFTWARE
from sim.scenario.load import CONF

TASKS = 100


def name_of(folder: Path) -> str:
    """What the fit is called: as its folder. Raises `ConfigError` for what no setting can be called, or is called already."""
    name = re.sub(r"\W+", "_", folder.resolve().name).strip("_")
    if not re.match(r"[A-Za-z]", name):
        raise ConfigError(f"--fit {folder}: the folder's name is that of the profile, so begins with a letter")
    for group in ("profile", "agent", "experiment"):
        if any((CONF / group / f"{each}.yaml").exists() for each in (name, f"{name}_team", f"{name}_subagent")):
            raise ConfigError(f"--fit {folder}: {group}={name} ships, and would be taken instead; name another folder")
    return name


def refuse_what_is_there(folder: Path) -> None:
    """Raise `ConfigError` where a file would be written over."""
    name = name_of(folder)
    every = [
        folder / group / f"{each}.yaml"
        for group in ("profile", "agent", "experiment")
        for each in (name, f"{name}_team", f"{name}_subagent")
    ]
    every.append(folder / "figures" / "fit.png")
    if there := [path for path in every if path.exists()]:
        raise ConfigError(f"{there[0]}: is there already, and nothing is written over; remove it, or name another folder")


def write_fit(found: Fit, folder: Path, said: str, market: str) -> list[Path]:
    """Write the files; `said` is how well it fits, for their heads. Raises `ConfigError` where one is there already."""
    refuse_what_is_there(folder)
    name = name_of(folder)
    files = {folder / place: text for place, text in _texts(found, name, said, market).items()}
    written: list[Path] = []
    try:
        for path, text in files.items():
            if path.exists():
                raise ConfigError(f"{path}: is there already, and nothing is written over; remove it, or name another folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda aside, text=text: aside.write_text(text, encoding="utf-8"))  # type: ignore[misc]
            written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def _texts(found: Fit, name: str, said: str, market: str) -> dict[str, str]:
    head = list(_head(found))
    texts = {
        f"profile/{name}.yaml": (["A session of one's own agents.", *head, *_assumed(found, ""), *said.splitlines()], found.profile),
        f"agent/{name}.yaml": (["One agent, as it was recorded."], _agent(name, None, {})),
    }
    if found.subagent is not None:
        share = found.team["sessions_share"]
        lead = [
            "An agent with sub-agents, as they were recorded.",
            f"{100 * share:.3g} % of the recorded sessions had some; here every session has. Their calls come beside the lead's own.",
        ]
        own = list(_assumed(found, "sub-agents: "))
        texts[f"profile/{name}_subagent.yaml"] = (["A sub-agent of one's own agents.", *head, *own], found.subagent)
        team = {key: value for key, value in found.team.items() if key != "sessions_share"}
        texts[f"agent/{name}_team.yaml"] = ([*lead, *head], _agent(name, f"{name}_subagent", team))
    own = (
        []
        if found.reference
        else [f"work=same: the turns and words are those of {found.backend} already; another backend is given the same."]
    )
    texts[f"experiment/{name}.yaml"] = (
        [f"What one's own agents will do.  sim --config-dir FOLDER experiment={name}", *head, *own],
        _experiment(found, name, market),
    )
    return {place: _written(lines, body, place) for place, (lines, body) in texts.items()}


def _head(found: Fit) -> Iterator[str]:
    """Where the numbers are from; no names but those of models."""
    many, of = found.used["trace"].nunique(), found.held_out["trace"].nunique() if len(found.held_out) else 0
    days = "" if found.days != found.days else f", over {found.days:.3g} days"
    yield f"Fitted by {SOFTWARE} on {datetime.now(UTC):%Y-%m-%d} to {many:,} sessions, {len(found.used):,} calls,"
    yield f"of a log ({of:,} other sessions were held out){days}. Models: {_listed(found.models)}. In dollars of {found.backend}."


def _listed(models: Mapping[str, int]) -> str:
    return ", ".join(f"{name or 'not named'} {many:,} calls" for name, many in list(models.items())[:6])


def _assumed(found: Fit, of: str) -> Iterator[str]:
    """How many values each quantity rests on, and what was too few."""
    sizes = {name.removeprefix(of): many for name, many in found.sizes.items() if (name.startswith("sub-agents: ") == bool(of))}
    yield "Values: " + ", ".join(f"{name} {many:,}" for name, many in sizes.items()) + "."
    for name, why in found.missing.items():
        if name.startswith("sub-agents: ") == bool(of):
            yield f"Not fitted: {name}: {why}."


def _agent(name: str, worker: str | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    workers = [{"/profile@worker": worker}] if worker else []
    return {
        "defaults": [{"/profile@_here_": name}, *workers, "_self_"],
        "kind": "orchestrator" if worker else "react",
        **settings,
    }


def _experiment(found: Fit, name: str, market: str) -> dict[str, Any]:
    known = [{"override /market": market}] if (CONF / "market" / f"{market}.yaml").exists() else []
    same = [] if found.reference else [{"override /work": "same"}]
    return {
        "defaults": [*known, *same, {"override /agent": name}, {"override /profile@agent": name}],
        "name": name,
        "backends": [found.backend],
        "workload": {"tasks": TASKS, **found.workload},
    }


def _written(lines: list[str], body: Mapping[str, Any], place: str) -> str:
    import yaml

    package = "# @package _global_\n" if place.startswith("experiment/") else ""
    wrapped = [part for line in lines for part in (textwrap.wrap(line, 130, break_on_hyphens=False) if len(line) > 130 else [line])]
    return (
        package
        + "".join(f"# {line}".rstrip() + "\n" for line in wrapped)
        + yaml.safe_dump(dict(body), sort_keys=False, default_flow_style=None, width=130)
    )
