"""`chat`: one answer to each message, no tools; the conversation so far is sent with every message."""

from __future__ import annotations

from sim.agents.agent import Agent, Life
from sim.agents.react import react


def chat(agent: Agent) -> Life:
    """m exchanges: a loop whose messages take one turn each (the scenario holds `turns` to 1)."""
    return react(agent)
