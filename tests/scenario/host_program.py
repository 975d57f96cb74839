"""A program with a Hydra, a log and warnings of its own, that asks the simulator in the middle of a job: run by test_hydra_host.

Prints what differs afterwards, a line each.
"""

from __future__ import annotations

import logging
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import hydra
import scipy.special  # noqa: F401  adds a filter of warnings when first imported, whoever does so
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobRuntime
from hydra.version import getbase
from omegaconf import OmegaConf

import sim


@dataclass
class Theirs:
    """Settings of the host: they fit none of ours."""

    learning_rate: float = 0.1


def state() -> dict[str, Any]:
    """What a library has to leave alone."""
    root = logging.getLogger()
    hydra_now = GlobalHydra.instance()
    return {
        "GlobalHydra": (id(hydra_now), id(hydra_now.hydra)),
        "HydraConfig": id(HydraConfig.instance().cfg),
        "ConfigStore": (id(ConfigStore.instance().repo), {key: id(node) for key, node in ConfigStore.instance().repo.items()}),
        "schema": repr(ConfigStore.instance().load("schema.yaml")),
        "job name": JobRuntime.instance().get("name"),
        "version base": str(getbase()),
        "resolver": OmegaConf.create({"at": "${now:%Y}"})["at"],
        "logging": (root.level, list(map(id, root.handlers)), root.manager.disable, logging.getLogger("host").level),
        "loggers": {name for name in root.manager.loggerDict if name.startswith("host")},
        "warnings": list(warnings.filters),
        "sys.path": list(sys.path),
        "sys.argv": list(sys.argv),
    }


def ask(own: str) -> None:
    """All that a host may ask for, a policy of its own and mistakes included."""
    small = ("agent=chat", "workload.tasks=3", "replications=2", "log=none", "backends=[glm_5,minimax_m2_5]")
    scenario = sim.load(*small, "router.policy=custom", f"router.custom={own}")
    assert sim.simulate(scenario).mean("tasks") == 3
    for mistake in ("agent.fanuot=3", "agent=teem", "router.custom=nowhere:f"):
        try:
            sim.load(*small, "router.policy=custom", mistake)
        except sim.ConfigError:
            continue
        raise AssertionError(mistake)
    swept = sim.sweep(sim.load(*small), {"seed": [1, 2]}, folder="swept")
    assert len(swept.results) == 2
    sim.compare(swept.runs[0], swept.runs[1])


def changed() -> list[str]:
    """Names of what is not as it was before `ask`."""
    before = state()
    ask("own_policy:choose")
    after = state()
    return [f"{name}: {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]


def main(settings: Any) -> None:
    """A job of the host's."""
    print("job", settings.learning_rate, *changed(), sep="\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("host").setLevel(logging.ERROR)
    warnings.filterwarnings("error", category=FutureWarning, module="host")
    ConfigStore.instance().store(name="schema", node=Theirs)
    ConfigStore.instance().store(name="config", node=Theirs)  # as Hydra's own tutorial has it
    OmegaConf.register_new_resolver("now", lambda _: "never", replace=True)
    print("outside", *changed(), sep="\n")
    asked = {"version_base": "1.2"} if hydra.__version__ < "1.4" else {}
    hydra.main(config_path=None, config_name="config", **asked)(main)()
    print("afterwards", *changed(), sep="\n")
