"""Hydra for ourselves inside whatever program this is: its own Hydra is left as it was, object for object."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sim.scenario.hydra_private import asks_for_version_base, resolvers_kept
from sim.scenario.scenario import Scenario

SCHEMA = "schema"
"""What `conf/config.yaml` calls the types of all settings."""


@contextlib.contextmanager
def own_hydra() -> Iterator[None]:
    """While it lasts Hydra knows our schema and nothing that the program around us has stored or initialised.

    A stored node named `config`, as many programs have, would otherwise be taken for the schema of our `config.yaml`. Hydra's state
    belongs to the process: other threads that use Hydra meanwhile meet ours.
    """
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.utils import JobRuntime
    from hydra.version import VersionBase

    theirs, store = GlobalHydra.instance(), ConfigStore.instance()
    with contextlib.ExitStack() as kept:
        kept.enter_context(resolvers_kept())
        kept.enter_context(_kept(theirs, "hydra"))
        kept.callback(GlobalHydra.set_instance, theirs)  # Hydra's own contexts leave a copy in its place
        kept.enter_context(_kept(store, "repo"))
        kept.enter_context(_kept(HydraConfig.instance(), "cfg"))
        kept.enter_context(_kept(VersionBase.instance(), "version_base"))
        kept.enter_context(_kept(JobRuntime.instance().conf, "name"))
        theirs.clear()
        store.repo = _hydras_own(store.repo)
        store.store(name=SCHEMA, node=Scenario)
        yield


@contextlib.contextmanager
def _kept(holder: Any, name: str) -> Iterator[None]:
    """Afterwards this attribute is what it was."""
    before = getattr(holder, name)
    try:
        yield
    finally:
        setattr(holder, name, before)


def version_base() -> dict[str, str]:
    """What `hydra.main` and `initialize_*` are told of the version, where they ask."""
    return {"version_base": "1.3"} if asks_for_version_base() else {}


def _hydras_own(repo: dict[str, Any]) -> dict[str, Any]:
    """The nodes of Hydra and its plugins. The groups are shared: a plugin that is imported meanwhile stays registered."""
    import hydra.conf  # noqa: F401  registers Hydra's own on its first import

    return {key: node for key, node in repo.items() if key == "hydra" or getattr(node, "provider", None) == "hydra"}
